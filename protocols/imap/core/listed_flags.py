"""The flags that FLAGS and PERMANENTFLAGS name (RFC 9051 sections 2.3.2 and 7.3.5). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correio.mail.flags import SYSTEM_FLAGS, flag_set

WELL_KNOWN: Final = ("$Forwarded", "$Junk", "$MDNSent", "$NotJunk", "$Phishing")
"""Keywords of RFC 9051 section 2.3.2: any mailbox here can have them, so clients are told before anybody uses them."""
_FOLDED: Final = {keyword.casefold(): keyword for keyword in WELL_KNOWN}


def listed_flags(keywords: Iterable[str]) -> bytes:
    """Return the system flags, the well-known keywords and a mailbox's own, as a flag list with parentheses."""
    # A keyword is the same in any case (RFC 9051 section 2.3.2); the mailbox's own spelling is the one that FETCH shows.
    listed = {**_FOLDED, **{keyword.casefold(): keyword for keyword in keywords}}
    return flag_set(frozenset((*SYSTEM_FLAGS, *listed.values()))).imap
