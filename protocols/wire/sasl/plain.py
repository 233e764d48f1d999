"""PLAIN (RFC 4616)."""

from __future__ import annotations

from protocols.wire.sasl.mechanism import PasswordClaim, SaslError, Step, text_of


class Plain:
    """``[authzid] NUL authcid NUL password`` in UTF-8."""

    def step(self, response: bytes | None) -> Step:
        """See Mechanism."""
        if response is None:
            return b""
        fields = response.split(b"\0")
        if len(fields) != 3:
            raise SaslError("PLAIN takes two names and a password with NUL between them.")
        authorization, name, password = map(text_of, fields)
        if not name or not password:
            raise SaslError("The name or the password is missing.")
        return PasswordClaim(authorization, name, password)
