"""How much TLS a mail host is owed: DANE (RFC 7672), MTA-STS (RFC 8461), and what came of it (TLS-RPT, RFC 8460)."""
