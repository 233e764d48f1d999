"""One message of the corpus, and what a person would say it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """``raw`` is what is sent; the rest, where not None, is what every decoded surface must show."""

    name: str
    raw: bytes
    subject: str | None = None
    text: str | None = None
    """The text a person reads first, without the line breaks at its end."""
    attachments: tuple[tuple[str | None, bytes], ...] | None = None
    """File name and decoded octets of each leaf that has a file name, in document order."""

    @property
    def canonical(self) -> bytes:
        """The octets after the CRLF rule: every bare CR and bare LF is a line end."""
        return _canonical(self.raw)

    @property
    def transmitted(self) -> bytes:
        """The octets after DATA: the sender ends the last line (RFC 5321 section 4.1.1.4), then the CRLF rule."""
        return _canonical(self.raw if self.raw.endswith(b"\r\n") or not self.raw else self.raw + b"\r\n")


def _canonical(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
