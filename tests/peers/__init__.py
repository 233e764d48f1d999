"""The other end of each protocol: small exact clients that trust nothing and share no code with Correio."""
