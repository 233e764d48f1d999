"""Reading and writing mail in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correio.archive.read_maildir import folder_name, folder_path
from correio.archive.read_path import read_path
from correio.archive.stored_mail import ReadingBounds, StoredMail, Unreadable
from correio.archive.trace_date import received_date
from correio.archive.write_mail import EmlWriter, MaildirWriter, MboxWriter, file_name
from correio.mail.flags import FLAGGED, SEEN, flag_set

BOUNDS = ReadingBounds(message_size=100_000)
MESSAGE = b"From: a@x.test\r\nSubject: one\r\n\r\nbody\r\n"


def messages(path: Path) -> list[StoredMail]:
    found = list(read_path(path, BOUNDS))
    assert not [each for each in found if isinstance(each, Unreadable)]
    return [each for each in found if isinstance(each, StoredMail)]


def test_an_eml_file_comes_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(b"From the beginning, not an mbox\r\nSubject: x\n\n\x00\xff")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    [found] = messages(file)
    assert found.raw == file.read_bytes()
    assert found.date == 1_600_000_000
    assert found.mailbox is None


def test_an_mbox_is_split_and_unquoted(tmp_path: Path) -> None:
    file = tmp_path / "box"
    file.write_bytes(
        b"From a@x.test Thu Jan  1 00:00:10 1970\nSubject: one\nStatus: RO\n\n>From here\n>>From there\nFrom inside\n\n"
        b"From b@x.test Thu Jan  1 00:00:20 1970\nSubject: two\nX-Status: FA\n\nno empty line before this one:\n"
        b"From c@x.test Thu Jan  1 00:00:30 1970\n\nFrom  \nSubject: three\n\nend\n"
    )
    first, second, third = messages(file)
    assert first.raw == b"Subject: one\nStatus: RO\n\nFrom here\n>From there\nFrom inside\n"
    assert first.date == 10
    assert first.flags == (SEEN,)
    assert second.raw.endswith(b"1970\n")
    assert set(second.flags) == {"\\Answered", FLAGGED}
    assert third.raw == b"Subject: three\n\nend\n"
    assert third.date is None


def test_an_mbox_with_crlf(tmp_path: Path) -> None:
    file = tmp_path / "box.mbox"
    file.write_bytes(
        b"From a Thu Jan  1 00:00:10 1970\r\n" + MESSAGE + b"\r\nFrom b Thu Jan  1 00:00:10 1970\r\n" + MESSAGE
    )
    assert [found.raw for found in messages(file)] == [MESSAGE, MESSAGE]


def test_what_cannot_be_read_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    box = tmp_path / "a.mbox"
    box.write_bytes(b"From a\nx: 1\n\n" + b"y" * 200_000 + b"\n\nFrom b\nSubject: fits\n\n\nFrom c\n\n")
    (tmp_path / "b.eml").write_bytes(b"z" * 100_001)
    (tmp_path / "c.eml").write_bytes(b"")
    (tmp_path / "d.mbox").write_bytes(b"no mbox at all\n")
    found = list(read_path(tmp_path, BOUNDS))
    assert [each.raw for each in found if isinstance(each, StoredMail)] == [b"Subject: fits\n\n", b"no mbox at all\n"]
    refused = {each.origin: each.reason for each in found if isinstance(each, Unreadable)}
    assert len(refused) == 4
    assert "at most 100000" in refused[f"{box}, line 1"]
    assert refused[str(tmp_path / "c.eml")] == "is empty"


def test_directories_are_searched_for_mail_and_other_files_passed_over(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "1.eml").write_bytes(MESSAGE)
    (deep / "2").write_bytes(b"Received: by x\r\n\r\n")
    (deep / "README.md").write_bytes(b"Note: this is no mail\n")
    (deep / "notes").write_bytes(b"hello\n")
    (deep / ".hidden.eml").write_bytes(MESSAGE)
    assert len(messages(tmp_path)) == 2


def test_a_maildir_with_flags_and_subfolders(tmp_path: Path) -> None:
    for folder in ("", ".Sent", ".Enviados.2026", ".Ent&APw-rfe"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / folder / part).mkdir(parents=True)
    (tmp_path / "cur" / "2.x:2,FS").write_bytes(MESSAGE)
    (tmp_path / "new" / "1.x").write_bytes(MESSAGE)
    (tmp_path / "tmp" / "0.x").write_bytes(MESSAGE)
    os.utime(tmp_path / "new" / "1.x", (100, 100))
    os.utime(tmp_path / "cur" / "2.x:2,FS", (200, 200))
    for folder in (".Sent", ".Enviados.2026", ".Ent&APw-rfe"):
        (tmp_path / folder / "cur" / "1:2,").write_bytes(MESSAGE)
    found = [(each.mailbox, each.flags, each.date) for each in messages(tmp_path)]
    assert found[:2] == [(None, (), 100), (None, (SEEN, FLAGGED), 200)]
    assert [mailbox for mailbox, _, _ in found[2:]] == ["Entürfe", "Enviados/2026", "Sent"]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1), min_size=1)
)
def test_every_mailbox_name_survives_a_maildir(levels: list[str]) -> None:
    path = "/".join(levels)
    name = folder_name(path)
    assert "/" not in name
    assert folder_path(name) == path


def test_a_maildir_name_in_plain_utf_8(tmp_path: Path) -> None:
    assert folder_path(".Entürfe.&bad") == "Entürfe/&bad"


@pytest.mark.parametrize("level", ["..", ".", "a/b", "con:", "x\0y", "é" * 300, "end.", "%41", ""])
def test_file_names_are_safe(level: str) -> None:
    name = file_name(level)
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name.encode()) <= 200


@settings(max_examples=60)
@given(
    st.lists(
        st.binary(max_size=80).map(
            lambda body: b"S: x\r\n\r\n" + body.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, raws: list[bytes]) -> None:
    for kind in (EmlWriter, MaildirWriter, MboxWriter):
        root = tmp_path_factory.mktemp("out")
        writer = kind(root)
        writer.begin("INBOX")
        for uid, raw in enumerate(raws, 1):
            writer.write(uid, raw, flag_set((SEEN,)), 1_000_000 + uid)
        writer.close()
        found = messages(root)
        exact = [each.raw.replace(b"\n", b"\r\n") if kind is MboxWriter else each.raw for each in found]
        assert exact == raws
        assert [each.date for each in found] == [1_000_000 + uid for uid in range(1, len(raws) + 1)]
        if kind is MaildirWriter:
            assert all(each.flags == (SEEN,) for each in found)


def test_lines_that_begin_with_from_survive_an_mbox(tmp_path: Path) -> None:
    raw = b"S: x\r\n\r\nFrom a\r\n>From b\r\n>>From c\r\n From d\r\n"
    writer = MboxWriter(tmp_path)
    writer.begin("Arquivo/2026")
    writer.write(1, raw, flag_set(), 0)
    writer.write(2, raw, flag_set(), 0)
    assert (tmp_path / "Arquivo" / "2026.mbox").read_bytes().count(b"\nFrom ") == 1
    assert [each.raw.replace(b"\n", b"\r\n") for each in messages(tmp_path)] == [raw, raw]


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (
            b"Received: from a by b;\r\n Thu, 1 Jan 1970 00:01:40 +0000\r\nReceived: x; Fri, 2 Jan 1970 00:00:00 +0000\r\n\r\n",
            100,
        ),
        (b"Date: Thu, 1 Jan 1970 01:00:05 +0100\n\nReceived: x; Fri, 2 Jan 1970 00:00:00 +0000\n", 5),
        (b"Received: nothing\r\nDate: Thu, 1 Jan 1970 00:00:07 +0000\r\n\r\n", 7),
        (b"Date: yesterday\r\n\r\n", None),
        (b"Date: Thu, 1 Jan 99999 00:00:07 +0000\r\n\r\n", None),
        (b"", None),
    ],
)
def test_when_a_message_was_received(raw: bytes, seconds: int | None) -> None:
    assert received_date(raw) == seconds


@given(st.binary(max_size=300).map(lambda octets: b"Date:" + octets + b"\r\nReceived:" + octets[::-1]))
def test_no_date_is_ever_a_traceback(raw: bytes) -> None:
    received_date(raw)
