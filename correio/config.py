"""Settings: one typed object. Where they come from is :mod:`correio.config_sources`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

MIB: Final = 1024 * 1024


class Endpoint(msgspec.Struct, frozen=True):
    """A listening address. An empty host is every address of the machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


RouteTls = Literal["starttls", "implicit", "opportunistic", "none"]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A smarthost: another server that mail for some domains is handed to, whatever their MX records say."""

    name: str
    host: str
    port: int
    tls: RouteTls = "starttls"
    """"starttls" and "implicit" (RFC 8314) with a certificate that is checked, "opportunistic" with or without TLS."""
    user: str = ""
    """Empty: no AUTH."""
    password: str = ""
    domains: tuple[str, ...] = ("*",)
    """``example.org``, ``.example.org`` for what is below it, ``*`` for all."""

    def __repr__(self) -> str:
        return f"Route({self.name}, {self.host}:{self.port}, {self.tls})"


def _about(text: str, unit: str = "", least: int = 0) -> msgspec.Meta:
    """Describe a setting. ``unit`` is "octets" or "seconds"; ``least`` is its least value if it is a number."""
    return msgspec.Meta(description=text, extra={"unit": unit, "least": least})


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Every bound on what comes in. Sizes in octets, times in seconds."""

    message_size: Annotated[int, _about("The largest message.", "octets", 1024)] = 50 * MIB
    recipients: Annotated[int, _about("Recipients of one SMTP or LMTP transaction.", least=100)] = 1000
    account_quota: Annotated[
        int, _about("What an account may hold unless it has its own quota; 0: no bound.", "octets")
    ] = 0
    account_messages: Annotated[
        int, _about("How many messages an account may hold unless it has its own quota; 0: no bound.")
    ] = 0
    mailboxes: Annotated[int, _about("Mailboxes of one account.", least=10)] = 10_000
    mailbox_depth: Annotated[int, _about("Levels of a mailbox name.", least=1)] = 32
    mailbox_name: Annotated[int, _about("One level of a mailbox name in UTF-8.", "octets", 8)] = 255
    keywords: Annotated[int, _about("Different keywords in one mailbox.", least=1)] = 256
    annotations: Annotated[
        int, _about("Entries of IMAP METADATA of one mailbox, and of an account itself.", least=10)
    ] = 100
    annotation_size: Annotated[int, _about("The value of one entry of IMAP METADATA.", "octets", 1024)] = 64 * 1024
    annotation_storage: Annotated[
        int, _about("The values of all entries of IMAP METADATA of one account.", "octets", 64 * 1024)
    ] = 8 * MIB
    sieve_scripts: Annotated[int, _about("Sieve scripts of one account.", least=1)] = 16
    sieve_script_size: Annotated[int, _about("One Sieve script.", "octets", 1024)] = 64 * 1024
    sieve_redirects: Annotated[int, _about("Addresses that a Sieve script may redirect one message to.")] = 5
    sieve_memory: Annotated[
        int,
        _about(
            "What the Sieve scripts of one account remember: answers given and messages seen. The oldest is forgotten first.",
            least=1000,
        ),
    ] = 10_000
    command_line: Annotated[int, _about("One IMAP command without its literals.", "octets", 8192)] = 64 * 1024
    connections: Annotated[int, _about("Connections of one listener.", least=1)] = 20_000
    connections_per_address: Annotated[int, _about("Connections of one listener from one client address.", least=1)] = (
        1_000
    )
    idle_timeout: Annotated[
        float,
        _about("Silence of a signed-in IMAP or POP3 client (RFC 9051 asks for at least 30 minutes).", "seconds", 1),
    ] = 1800.0
    login_timeout: Annotated[float, _about("Silence of an IMAP or POP3 client before it signs in.", "seconds", 1)] = (
        60.0
    )
    smtp_timeout: Annotated[float, _about("Silence of an SMTP or LMTP client.", "seconds", 1)] = 300.0
    smtp_rate: Annotated[
        int,
        _about("Messages that one client address may begin by SMTP in a minute; loopback has no bound.", least=1),
    ] = 30_000
    authentication_time: Annotated[
        float,
        _about("How long the lookups for SPF, DKIM, DMARC and ARC of one message may take together.", "seconds", 1),
    ] = 10.0
    request_body: Annotated[int, _about("One HTTP request body.", "octets", 1024)] = 64 * MIB
    graphql_body: Annotated[int, _about("One GraphQL request body.", "octets", 1024)] = MIB
    graphql_tokens: Annotated[int, _about("Tokens of one GraphQL document, comments included.", least=1)] = 4_000
    graphql_depth: Annotated[
        int,
        _about("Nested fields of one GraphQL operation, fragments spread; introspection has its own bound.", least=1),
    ] = 16
    graphql_aliases: Annotated[int, _about("Aliased fields in one GraphQL document.")] = 100
    graphql_cost: Annotated[
        int, _about("Objects one GraphQL operation may ask for, as its page sizes multiply them.", least=1)
    ] = 20_000
    graphql_list: Annotated[int, _about("Items of one list in the arguments of a GraphQL field.", least=1)] = 500
    graphql_page: Annotated[int, _about("Nodes of one page of a GraphQL connection.", least=1)] = 200
    graphql_time: Annotated[
        float, _about("How long one GraphQL query may take; a mutation is never cut short.", "seconds", 1)
    ] = 30.0
    cache: Annotated[int, _about("Message metadata and small bodies kept in memory by one process.", "octets")] = (
        256 * MIB
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All of Correio's settings. An endpoint that is None is turned off."""

    http: Annotated[Endpoint | None, _about("REST, GraphQL, health and metrics.")] = Endpoint("127.0.0.1", 8080)
    smtp: Annotated[Endpoint | None, _about("Mail from other servers, STARTTLS.")] = Endpoint("127.0.0.1", 2525)
    submission: Annotated[Endpoint | None, _about("Mail from your own people, after they sign in; STARTTLS.")] = (
        Endpoint("127.0.0.1", 2587)
    )
    lmtp: Annotated[Endpoint | None, _about("Mail from a mail transfer agent beside this server.")] = Endpoint(
        "127.0.0.1", 2424
    )
    imap: Annotated[Endpoint | None, _about("IMAP, STARTTLS.")] = Endpoint("127.0.0.1", 2143)
    pop3: Annotated[Endpoint | None, _about("POP3, STLS.")] = Endpoint("127.0.0.1", 2110)
    submissions: Annotated[Endpoint | None, _about("Submission under TLS.")] = Endpoint("127.0.0.1", 2465)
    imaps: Annotated[Endpoint | None, _about("IMAP under TLS.")] = Endpoint("127.0.0.1", 2993)
    pop3s: Annotated[Endpoint | None, _about("POP3 under TLS.")] = Endpoint("127.0.0.1", 2995)
    data: Annotated[Path, _about("The directory that holds all state.")] = Path("data")
    mongodb_uri: Annotated[
        str | None, _about("A MongoDB replica set or sharded cluster. Empty: the embedded database, below data.")
    ] = None
    database: Annotated[str, _about("The name of the database in MongoDB.")] = "correio"
    embedded_cache: Annotated[
        int, _about("How much memory the embedded database may use for its cache.", "octets", 32 * MIB)
    ] = 512 * MIB
    contact: Annotated[
        str | None,
        _about("How to reach the administrator, a URI such as mailto:postmaster@example.org. IMAP clients may see it."),
    ] = None
    hostname: Annotated[
        str | None,
        _about("The name this server gives itself in greetings and trace headers. Empty: the machine's own."),
    ] = None
    tls_certificate: Annotated[
        Path | None, _about("The certificate chain in PEM. Empty: a self-signed one is made below data.")
    ] = None
    tls_key: Annotated[Path | None, _about("The private key of tls_certificate in PEM.")] = None
    scram_iterations: Annotated[
        int,
        _about(
            "Hashes between a password and its SCRAM-SHA-256 credentials. Clients pay them at every sign-in; an account"
            " takes on a new value when its password is next sent or set.",
            least=4096,
        ),
    ] = 20_000
    outbound: Annotated[
        bool,
        _about("Whether this process delivers what waits in the queue. Off: it accepts mail, and others deliver it."),
    ] = True
    sent_lifetime: Annotated[
        int, _about("How long is kept what became of a message that went out.", "seconds", 3600)
    ] = 30 * 86_400
    reverse_dns: Annotated[
        bool, _about("Whether Received fields have the name of an SMTP client, where its address and that name agree.")
    ] = False
    dnsbl: Annotated[
        tuple[str, ...],
        _about(
            "Zones of the DNS that list addresses from which no mail is taken, such as zen.spamhaus.org (RFC 5782)."
        ),
    ] = ()
    greylist: Annotated[
        float,
        _about(
            "For how long mail of an unknown SMTP client and sender is put off at its first attempt (RFC 6647); 0: not at all.",
            "seconds",
        ),
    ] = 0.0
    rspamd_url: Annotated[
        str | None,
        _about(
            "Where rspamd's normal worker takes messages to be judged, such as http://127.0.0.1:11333. Empty: no one judges."
        ),
    ] = None
    queue_retry: Annotated[
        float,
        _about(
            "The pause after the first attempt to deliver that failed for now. The next ones are 5, 10, 20, 40, 60, 120 and"
            " 240 times as long.",
            "seconds",
            1,
        ),
    ] = 60.0
    queue_lease: Annotated[
        float,
        _about("After how long another process tries what a process had in hand when it died.", "seconds", 3),
    ] = 90.0
    queue_connections: Annotated[int, _about("Connections to other servers that one process has at once.", least=1)] = (
        20
    )
    queue_fault: Annotated[
        str,
        _about("For tests of crashes: the point of the queue worker at which the process kills itself. Empty: none."),
    ] = ""
    queue_lifetime: Annotated[
        int,
        _about("How long delivery to another server is tried before the sender is told that it failed.", "seconds", 60),
    ] = 5 * 86_400
    dns: Annotated[
        tuple[Endpoint, ...],
        _about(
            "The resolvers to ask, numeric HOST:PORT, several with commas between them. Empty: those of /etc/resolv.conf."
        ),
    ] = ()
    dns_trusted: Annotated[
        bool,
        _about(
            "Whether to believe resolvers that are not on this machine when they say that DNSSEC has validated an answer"
            " (the AD bit): only where nobody can come between."
        ),
    ] = False
    mail_authentication: Annotated[
        str,
        _about(
            "Whether SPF, DKIM, DMARC and ARC of mail from other servers are checked: on, off, or auto: of clients that are not"
            " in a private network or on this machine, and of all where dns is set."
        ),
    ] = "auto"
    dmarc_apply: Annotated[
        bool,
        _about("Whether mail is refused, or filed as junk, where the DMARC policy of its author's domain wants that."),
    ] = True
    arc_trusted: Annotated[
        tuple[str, ...],
        _about(
            "Domains, of mailing lists and forwarders, whose ARC seals are believed: mail that passed DMARC when they got it is"
            " accepted."
        ),
    ] = ()
    outbound_port: Annotated[int, _about("The port of other people's mail servers.", least=1)] = 25
    outbound_source: Annotated[
        tuple[str, ...],
        _about(
            "The numeric addresses that connections to other servers come from, one of IPv4, one of IPv6. Empty: as the"
            " system chooses."
        ),
    ] = ()
    outbound_connect_timeout: Annotated[
        float, _about("How long one address of another server may take to answer a connection.", "seconds", 1)
    ] = 30.0
    outbound_command_timeout: Annotated[
        float,
        _about(
            "How long another server may take for its greeting and for the reply to a command (RFC 5321 section 4.5.3.2 asks"
            " for 5 minutes).",
            "seconds",
            1,
        ),
    ] = 300.0
    outbound_end_timeout: Annotated[
        float, _about("How long another server may take to answer for a message it has been sent.", "seconds", 1)
    ] = 600.0
    outbound_require_tls: Annotated[
        tuple[str, ...],
        _about(
            "The domains that mail is sent to under TLS or not at all: example.org, .example.org for those below it, * for all."
        ),
    ] = ()
    outbound_dane: Annotated[
        bool, _about("Whether TLSA records that DNSSEC vouches for bind the certificates of mail hosts (RFC 7672).")
    ] = True
    outbound_mta_sts: Annotated[bool, _about("Whether the MTA-STS policies of domains are kept (RFC 8461).")] = True
    outbound_mta_sts_port: Annotated[int, _about("The port that MTA-STS policies are fetched from.", least=1)] = 443
    outbound_ca: Annotated[
        Path | None,
        _about(
            "Certificates in PEM of authorities to believe besides the system's, in smarthosts, mail hosts and MTA-STS."
        ),
    ] = None
    smarthost: Annotated[
        str | None,
        _about(
            "Where all mail goes that no route of the file takes: smtp://USER:PASSWORD@HOST:PORT with STARTTLS, smtps:// with"
            " TLS from the start; without a user STARTTLS is used where it is offered. Empty: to each domain's own servers."
        ),
    ] = None
    graphql_introspection: Annotated[
        bool, _about("Whether GraphQL clients may read the schema (it is public all the same: schema/schema.graphql).")
    ] = True
    log_level: Annotated[str, _about("debug, info, warning or error.")] = "info"
    log_json: Annotated[bool, _about("Log one JSON object a line.")] = False
    limits: Limits = Limits()
    routes: tuple[Route, ...] = ()
    """The smarthosts of the file's tables ``[routes.NAME]``, and that of ``smarthost``, whose name is "smarthost"."""
