"""Foreign text can neither steer a terminal nor speak rich's markup."""

import json

import pytest

from koscom_async.cli.output import json_text
from koscom_async.cli.views.layout import plain_text
from koscom_async.export.texts import clean, counted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("\x1b]8;;http://x\x07link", "]8;;http://x link"),
        ("\x9b31mred", "31mred"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("right\u202eleft", "right left"),
        ("zero\u200bwidth", "zero width"),
        ("lone\ud800surrogate", "lone surrogate"),
        ("[bold red]x[/]", "[bold red]x[/]"),
        ("삼성전자\u3000우선주", "삼성전자 우선주"),
        ("long " * 1000, "long " * 199 + "long…"),
        ("", ""),
    ],
)
def test_text_is_one_line_without_what_cannot_be_seen(text, shown):
    assert clean(text) == shown
    assert plain_text(text).plain == shown
    assert plain_text(text).spans == []


def test_json_escapes_what_terminals_obey_and_nothing_else():
    assert json_text({"이름": "가\x9b31m\x1b\ud800₩"}) == '{\n  "이름": "가\\u009b31m\\u001b\\ud800₩"\n}'

    marks = "\u202e\u2066\u200b\ufeff\xad"
    assert json_text({"name": f"a{marks}b"}).isascii()
    assert json.loads(json_text({"name": f"a{marks}b"})) == {"name": f"a{marks}b"}


def test_nouns_follow_their_number():
    assert [counted(1, "call"), counted(2, "call"), counted(0, "row")] == ["1 call", "2 calls", "0 rows"]
