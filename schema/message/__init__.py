"""Messages, and lists of them."""
