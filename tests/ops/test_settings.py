"""Settings from defaults, file, environment and flags."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correio.config import MIB, Endpoint, Settings
from correio.config_sources import (
    SETTINGS,
    ConfigError,
    Setting,
    listeners,
    load_settings,
    parse,
    parse_endpoint,
    parse_size,
    to_text,
    unknown_variables,
)
from correio.settings_page import settings_page


def test_without_anything_the_defaults_hold() -> None:
    assert load_settings() == Settings()
    assert load_settings({}, {}) == Settings()


def test_the_contract_of_names_and_ports() -> None:
    ports = {
        "CORREIO_HTTP": 8080,
        "CORREIO_SMTP": 2525,
        "CORREIO_SUBMISSION": 2587,
        "CORREIO_LMTP": 2424,
        "CORREIO_IMAP": 2143,
        "CORREIO_POP3": 2110,
        "CORREIO_SUBMISSIONS": 2465,
        "CORREIO_IMAPS": 2993,
        "CORREIO_POP3S": 2995,
    }
    found = {setting.variable: setting.default for setting in SETTINGS}
    for variable, port in ports.items():
        assert found[variable] == Endpoint("127.0.0.1", port)
    assert found["CORREIO_DATA"] == Path("data")
    assert found["CORREIO_MONGODB_URI"] is None
    assert found["CORREIO_LIMIT_MESSAGE_SIZE"] == 50 * MIB


def test_the_last_source_wins(tmp_path: Path) -> None:
    file = tmp_path / "correio.toml"
    file.write_text(
        'imap = "127.0.0.1:1"\npop3 = "127.0.0.1:2"\nsmtp = ""\n[limits]\nmessage_size = "2MiB"\nkeywords = 9\n'
    )
    environment = {"CORREIO_POP3": "127.0.0.1:3", "CORREIO_LIMIT_MESSAGE_SIZE": "3MiB", "OTHER": "x"}
    settings = load_settings({"limits.message_size": "4MiB", "http": None}, environment, file)
    assert settings.imap == Endpoint("127.0.0.1", 1)
    assert settings.pop3 == Endpoint("127.0.0.1", 3)
    assert settings.smtp is None
    assert settings.http == Endpoint("127.0.0.1", 8080)
    assert settings.limits.message_size == 4 * MIB
    assert settings.limits.keywords == 9
    assert load_settings({}, {"CORREIO_CONFIG": str(file)}).limits.keywords == 9


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_reads_what_it_writes(setting: Setting) -> None:
    assert setting.description.endswith(".")
    assert parse(setting, setting.default_text, setting.variable) == setting.default
    assert to_text(setting, setting.default) == setting.default_text


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:25", Endpoint("127.0.0.1", 25)),
        ("[::1]:143", Endpoint("::1", 143)),
        ("[::]:0", Endpoint("::", 0)),
        (":8080", Endpoint("", 8080)),
        ("mail.example.org:65535", Endpoint("mail.example.org", 65535)),
    ],
)
def test_addresses(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text", ["8080", "host", "host:", "host:65536", "host:-1", "::1:143", "[::1]", "[::1", "a b:1", "host:١"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^CORREIO_IMAP: "):
        load_settings({}, {"CORREIO_IMAP": text})


@given(st.text(max_size=30))
def test_no_address_is_ever_a_traceback(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except ValueError:
        return
    assert 0 <= endpoint.port <= 65535


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", 0),
        ("1024", 1024),
        ("50MiB", 50 * MIB),
        ("1.5 MiB", 3 * MIB // 2),
        ("1kB", 1000),
        ("1K", 1024),
        ("2gib", 2 << 30),
    ],
)
def test_sizes(text: str, octets: int) -> None:
    assert parse_size(text) == octets


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CORREIO_LIMIT_MESSAGE_SIZE", "big", "not a size such as 50MiB"),
        ("CORREIO_LIMIT_MESSAGE_SIZE", "-1", "not a size"),
        ("CORREIO_LIMIT_MESSAGE_SIZE", "10", "least possible, 1KiB"),
        ("CORREIO_LIMIT_MESSAGE_SIZE", "9999999TiB", "too large"),
        ("CORREIO_LIMIT_RECIPIENTS", "1.5", "whole number"),
        ("CORREIO_LIMIT_RECIPIENTS", "500MiB", "whole number"),
        ("CORREIO_LIMIT_IDLE_TIMEOUT", "soon", "a time such as"),
        ("CORREIO_LOG_LEVEL", "loud", "none of debug, info"),
        ("CORREIO_MAIL_AUTHENTICATION", "maybe", "none of auto, on, off"),
        ("CORREIO_ARC_TRUSTED", "lists.test,a..b", "'a..b' is not a domain name"),
        ("CORREIO_LOG_JSON", "maybe", "neither true nor false"),
        ("CORREIO_DATA", "", "cannot be empty"),
        ("CORREIO_MONGODB_URI", "localhost", "must begin with mongodb://"),
        ("CORREIO_DATABASE", "a/b", "not a name"),
        ("CORREIO_TLS_KEY", "/k.pem", "set both or neither"),
        ("CORREIO_HOSTNAME", "two words", "not a host name"),
        ("CORREIO_IMAPS", "127.0.0.1:2143", "cannot both listen"),
    ],
)
def test_an_error_names_the_setting_and_says_what_is_wrong(variable: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({}, {variable: value})
    assert says in str(caught.value)
    assert variable in str(caught.value) or "imaps" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("imap = ", "is not TOML"),
        ("imapp = ''", "imapp in .* is not a setting .did you mean imap.?"),
        ("[limits]\nmesage_size = 1", "did you mean limits.message_size"),
        ("limits = 3", "must be a table"),
        ("imap = 143", "imap in .*wrong type"),
        ("log_json = 1", "log_json in .*wrong type"),
        ("[limits]\nkeywords = true", "limits.keywords in .*wrong type"),
        ("data = [1]", "data in .*wrong type"),
    ],
)
def test_an_error_in_the_file_names_the_file(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings({}, {}, file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load_settings({}, {"CORREIO_CONFIG": "/nowhere/c.toml"})


def test_larger_messages_may_also_be_imported_over_http() -> None:
    assert load_settings({}, {"CORREIO_LIMIT_MESSAGE_SIZE": "200MiB"}).limits.request_body == 200 * MIB
    with pytest.raises(ConfigError, match="CORREIO_LIMIT_REQUEST_BODY"):
        load_settings({}, {"CORREIO_LIMIT_REQUEST_BODY": "1MiB"})


def test_entries_of_metadata_fit_into_a_document() -> None:
    assert load_settings({}, {"CORREIO_LIMIT_ANNOTATION_SIZE": "8MiB"}).limits.annotation_size == 8 * MIB
    with pytest.raises(ConfigError, match="CORREIO_LIMIT_ANNOTATION_SIZE"):
        load_settings({}, {"CORREIO_LIMIT_ANNOTATION_SIZE": "9MiB"})


@pytest.mark.parametrize("text", ["postmaster@example.org", "mailto:", "mailto:a b", "mailto:joão@x.test", ":x"])
def test_who_is_to_be_contacted_is_a_uri(text: str) -> None:
    assert load_settings({}, {"CORREIO_CONTACT": "mailto:a@x.test"}).contact == "mailto:a@x.test"
    with pytest.raises(ConfigError, match="CORREIO_CONTACT"):
        load_settings({}, {"CORREIO_CONTACT": text})


def test_lists_have_commas_in_text_and_are_arrays_in_toml(tmp_path: Path) -> None:
    both = (Endpoint("192.0.2.1", 53), Endpoint("2001:db8::1", 5353))
    assert load_settings({}, {"CORREIO_DNS": "192.0.2.1:53, [2001:db8::1]:5353,"}).dns == both
    file = tmp_path / "c.toml"
    file.write_text('dns = ["192.0.2.1:53", "[2001:db8::1]:5353"]')
    assert load_settings({}, {}, file).dns == both
    assert load_settings({}, {"CORREIO_DNS": " "}).dns == ()
    assert "dns" not in listeners(load_settings({}, {"CORREIO_DNS": "192.0.2.1:2525"}))


@pytest.mark.parametrize("text", ["192.0.2.1", "dns.example.org:53", "::1:53", ":53"])
def test_resolvers_are_numeric_addresses(text: str) -> None:
    with pytest.raises(ConfigError, match="CORREIO_DNS"):
        load_settings({}, {"CORREIO_DNS": text})


def test_a_misspelt_variable_is_noticed() -> None:
    found = unknown_variables({"CORREIO_LIMIT_MESAGE_SIZE": "1", "CORREIO_IMAP": "", "CORREIO_CORPUS": "x", "PATH": ""})
    assert found == ["CORREIO_LIMIT_MESAGE_SIZE (did you mean CORREIO_LIMIT_MESSAGE_SIZE?)"]


def test_the_page_of_settings_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text("utf-8") == settings_page(), "run: python -m correio.settings_page > docs/settings.md"
