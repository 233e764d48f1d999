"""The listeners of the protocols' own tests."""

from tests.imap.conftest import imap, serve
from tests.pop3.conftest import pop3, server_tls

__all__ = ["imap", "pop3", "serve", "server_tls"]
