"""Writing messages: from fields to the octets of a message (RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 6532)."""
