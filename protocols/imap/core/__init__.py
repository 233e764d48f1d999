"""The IMAP protocol without I/O: octets to commands, values to responses, and the rules of what may be said when."""
