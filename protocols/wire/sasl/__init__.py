"""SASL (RFC 4422): the mechanisms, the same for every protocol. Does no I/O.

SMTP, POP3 and IMAP each have their own words around the same exchange of octets; ``protocols.wire.sign_in`` asks the
authenticator what a mechanism wants to know.
"""
