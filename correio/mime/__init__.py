"""RFC 5322 messages and MIME: byte-exact parsing, rendering and decoding. Pure functions, no I/O."""
