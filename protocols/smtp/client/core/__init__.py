"""The pure half of the client: replies, commands and the order of both. No I/O."""
