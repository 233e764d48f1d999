"""What the server can do, as CAPABILITY says it (RFC 9051 section 7.2.2)."""

from __future__ import annotations

from typing import Final

EXTENSIONS: Final = (
    "LITERAL+",
    "SASL-IR",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "STATUS=SIZE",
    "ESEARCH",
    "SEARCHRES",
    "PARTIAL",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "I18NLEVEL=1",
    "CONDSTORE",
    "QRESYNC",
    "BINARY",
    "MULTIAPPEND",
    "OBJECTID",
    "SAVEDATE",
    "WITHIN",
    "UTF8=ACCEPT",
    "PREVIEW",
    "REPLACE",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE",
    "QUOTA=RES-MAILBOX",
)
AFTER_SIGN_IN: Final = ("COMPRESS=DEFLATE", "INPROGRESS", "METADATA", "NOTIFY")
"""Extensions of no use to a client that has not signed in."""
ENABLED_BY_CLIENT: Final = frozenset({b"CONDSTORE", b"QRESYNC", b"UTF8=ACCEPT", b"IMAP4REV2", b"METADATA"})
PARAMETERS: Final = ("APPENDLIMIT",)
"""Capabilities whose name here lacks the value that stands behind it on the wire."""


def switch_of(capability: str) -> str:
    """Return the name by which a capability, as it is advertised, is switched: upper case, and without a value."""
    name, _, _ = capability.partition("=")
    return name if name in PARAMETERS else capability.upper()


def capabilities(
    *,
    signed_in: bool,
    tls_offered: bool,
    private: bool,
    mechanisms: tuple[str, ...],
    message_size: int,
    off: frozenset[str] = frozenset(),
) -> str:
    """Return the capabilities of a connection, separated by spaces.

    ``tls_offered``: STARTTLS is possible; ``private``: a password may be sent (RFC 9051 section 11.1); ``mechanisms``
    are those of AUTHENTICATE. ``off`` are those that are off for the account, as
    :func:`protocols.imap.core.capability_switch.switched_off` gives them.
    """
    names = ["IMAP4rev1", "IMAP4rev2", *EXTENSIONS, f"APPENDLIMIT={message_size}"]
    if signed_in:
        names.extend(AFTER_SIGN_IN)
    else:
        if tls_offered:
            names.append("STARTTLS")
        names.extend(f"AUTH={name}" for name in mechanisms)
        if not private:
            names.append("LOGINDISABLED")
    if off:
        if "LITERAL+" in off:
            # The lesser of the two, which must not stand beside the greater (RFC 7888 section 5).
            names.append("LITERAL-")
        names = [name for name in names if switch_of(name) not in off]
    return " ".join(names)
