"""Sieve (RFC 5228): the language, its extensions, and what a script wants done with a message. Pure."""
