"""How the log looks."""

from __future__ import annotations

import json
import logging
import sys

from correio.log_format import JsonFormatter, LineFormatter


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("correio.node", logging.INFO, __file__, 1, message, arguments, None)
    made.created, made.msecs = 1_700_000_000.25, 250.0
    made.__dict__.update(extra)
    return made


def test_a_line_carries_its_values() -> None:
    line = LineFormatter().format(record("ready", imap="127.0.0.1:2143", note='two "words"', empty=""))
    assert line == (
        '2023-11-14T22:13:20.250Z info correio.node ready imap=127.0.0.1:2143 note="two \\"words\\"" empty=""'
    )


def test_a_client_cannot_write_lines_of_its_own() -> None:
    line = LineFormatter().format(record("HELO %s", "x\r\n2023 info correio forged\x1b[31m", address="a\nb"))
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line
    assert "forged" in line


def test_a_traceback_follows() -> None:
    made = record("failed")
    try:
        int("inside")
    except ValueError:
        made.exc_info = sys.exc_info()
    assert "ValueError: invalid literal" in LineFormatter().format(made)
    assert "ValueError: invalid literal" in json.loads(JsonFormatter().format(made))["traceback"]


def test_json_is_one_line() -> None:
    line = JsonFormatter().format(record("Olá\nmundo", pid=3))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "correio.node",
        "message": "Olá\nmundo",
        "pid": 3,
    }
