"""Settings: one typed object, from the environment (CORREIO_*), a TOML file and flags."""

from __future__ import annotations

from pathlib import Path

import msgspec

MIB = 1024 * 1024


class Endpoint(msgspec.Struct, frozen=True):
    """A listening address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Every bound on what comes in. Sizes in octets, times in seconds."""

    message_size: int = 50 * MIB
    recipients: int = 1000
    account_quota: int = 0
    """Octets an account may hold unless it has its own quota; 0 is no bound."""
    mailboxes: int = 10_000
    mailbox_depth: int = 32
    mailbox_name: int = 255
    """Octets of one level of a mailbox name in UTF-8."""
    keywords: int = 256
    """Different keywords in one mailbox."""
    command_line: int = 64 * 1024
    """Octets of one IMAP command without its literals."""
    connections: int = 20_000
    connections_per_address: int = 1_000
    idle_timeout: float = 1800.0
    login_timeout: float = 60.0
    smtp_timeout: float = 300.0
    request_body: int = 64 * MIB
    """Octets of one HTTP request body."""
    graphql_body: int = MIB
    """Octets of one GraphQL request body."""
    graphql_tokens: int = 4_000
    """Tokens of one GraphQL document, comments included."""
    graphql_depth: int = 16
    """Nested fields of one GraphQL operation, fragments spread; introspection has its own bound."""
    graphql_aliases: int = 100
    """Aliased fields in one GraphQL document."""
    graphql_cost: int = 20_000
    """Objects one GraphQL operation may ask for, as its page sizes multiply them."""
    graphql_list: int = 500
    """Items of one list in the arguments of a GraphQL field."""
    graphql_page: int = 200
    """Nodes of one page of a GraphQL connection."""
    graphql_time: float = 30.0
    """Seconds one GraphQL query may take; a mutation is never cut short."""
    cache: int = 256 * MIB
    """Octets of message metadata and small bodies kept in memory by one process."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All of Correio's settings. An endpoint that is None is turned off."""

    http: Endpoint | None = Endpoint("127.0.0.1", 8080)
    smtp: Endpoint | None = Endpoint("127.0.0.1", 2525)
    submission: Endpoint | None = Endpoint("127.0.0.1", 2587)
    lmtp: Endpoint | None = Endpoint("127.0.0.1", 2424)
    imap: Endpoint | None = Endpoint("127.0.0.1", 2143)
    pop3: Endpoint | None = Endpoint("127.0.0.1", 2110)
    submissions: Endpoint | None = Endpoint("127.0.0.1", 2465)
    imaps: Endpoint | None = Endpoint("127.0.0.1", 2993)
    pop3s: Endpoint | None = Endpoint("127.0.0.1", 2995)
    data: Path = Path("data")
    mongodb_uri: str | None = None
    """None: the embedded server, with its files under ``data``."""
    database: str = "correio"
    hostname: str | None = None
    """The name this server gives itself in greetings and trace headers; None: the machine's own."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    graphql_introspection: bool = True
    """Whether GraphQL clients may read the schema (it is public all the same: schema/schema.graphql)."""
    log_level: str = "info"
    log_json: bool = False
    limits: Limits = Limits()
