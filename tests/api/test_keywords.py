"""Keywords as JMAP writes them and the flags they stand for."""

from __future__ import annotations

import pytest

from api.rest.keywords import keyword_change
from correio.errors import InvalidInputError
from correio.mail.flags import SYSTEM_FLAGS, flag_set
from correio.mail.keywords import flag_of, keywords_of


def test_system_flags_go_there_and_back() -> None:
    assert keywords_of(flag_set(SYSTEM_FLAGS)) == ["$answered", "$deleted", "$draft", "$flagged", "$seen"]
    for flag in SYSTEM_FLAGS:
        (keyword,) = keywords_of(flag_set({flag}))
        assert flag_of(keyword) == flag
        assert flag_of(keyword.upper()) == flag


def test_other_keywords_keep_their_name() -> None:
    assert flag_of("$Forwarded") == "$Forwarded"
    assert keywords_of(flag_set({"\\Seen", "work", "$Junk"})) == ["$Junk", "$seen", "work"]


@pytest.mark.parametrize("keyword", ["\\Seen", "\\Recent", "a b", "", "x" * 129, "tod(o", "naïve", "a\r\nb"])
def test_what_is_no_keyword_is_refused(keyword: str) -> None:
    with pytest.raises(InvalidInputError):
        flag_of(keyword)


def test_an_object_patches_and_a_list_replaces() -> None:
    patch = keyword_change({"$seen": True, "work": False})
    assert (patch.add, patch.remove, patch.replace) == ({"\\Seen"}, {"work"}, None)
    assert keyword_change(["$flagged"]).replace == {"\\Flagged"}
    assert keyword_change([]).replace == frozenset()
