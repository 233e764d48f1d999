"""The MIME parts of a message and their octets."""
