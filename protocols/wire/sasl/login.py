"""LOGIN (draft-murchison-sasl-login), for programs that know nothing better."""

from __future__ import annotations

from protocols.wire.sasl.mechanism import PasswordClaim, SaslError, Step, text_of


class Login:
    """The name, then the password, each asked for. Many programs send the name as an initial response."""

    def __init__(self) -> None:
        self._name: str | None = None

    def step(self, response: bytes | None) -> Step:
        """See Mechanism."""
        if response is None:
            return b"Username:"
        if self._name is None:
            self._name = text_of(response)
            if not self._name:
                raise SaslError("The name is missing.")
            return b"Password:"
        password = text_of(response)
        if not password:
            raise SaslError("The password is missing.")
        return PasswordClaim("", self._name, password)
