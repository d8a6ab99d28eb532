"""Elements: every text is cleaned and escaped, markup is not touched again."""

import pytest

from koscom_async.export.html.cells import Markup, element, joined


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('" onmouseover="x', "&quot; onmouseover=&quot;x"),
        ("a & b's", "a &amp; b&#x27;s"),
        ("right\u202eleft\u0000", "right left"),
        (" · 2 lots", " · 2 lots"),
        ("read ", "read "),
        ("   ", " "),
        ("", ""),
        ("삼성전자", "삼성전자"),
    ],
)
def test_text_is_cleaned_and_escaped_and_keeps_its_distance(text, written):
    assert element("td", text) == f"<td>{written}</td>"


def test_attributes_are_escaped_and_those_without_a_value_left_out():
    assert element("i", kind="a b", title='"><script>', hidden=None) == (
        '<i class="a b" title="&quot;&gt;&lt;script&gt;"></i>'
    )
    assert element("meta", http_equiv="x", charset="utf-8") == '<meta http-equiv="x" charset="utf-8">'


def test_markup_is_escaped_once_and_children_may_be_nested():
    inner = element("b", "<1>")
    assert joined("<", None, [inner, [Markup("<br>")]]) == "&lt;<b>&lt;1&gt;</b><br>"
