"""Rich text: nothing harmful passes, and nothing passes where nobody can tell."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.builtin.kinds import RichTextKind
from pycrm.builtin.kinds.plain_text import plain_text
from pycrm.errors import MissingExtraError, Problem

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>body{background:url(javascript:alert(1))}</style>",
    "<p style='position:fixed' onclick='alert(1)'>x</p>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example'>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_harmful_stays(attack: str) -> None:
    """Scripts, handlers, frames, forms, styles and addresses that run code are gone."""
    cleaned = RichTextKind().parse(f"<p>before</p>{attack}<p>after</p>").lower()

    for part in ("script", "onerror=", "onload=", "onclick=", "<iframe", "<form", "<style", "style=", "<meta", "<base"):
        assert part not in cleaned


def test_emphasis_stays() -> None:
    """Emphasis, lists, tables and links stay; a link tells the other side nothing."""
    html = '<h2>Offer</h2><ul><li><b>100</b> pcs</li></ul><a href="https://example.com">page</a>'

    cleaned = RichTextKind().parse(html)

    assert cleaned == html.replace('com"', 'com" rel="noopener noreferrer nofollow"')


def test_refused_without_sanitizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra nothing is taken, however harmless, and the message says what to install."""
    monkeypatch.setitem(sys.modules, "nh3", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'pycrm\[text\]'"):
        RichTextKind().parse("harmless")


@pytest.mark.parametrize("value", ["x" * 11, "&&&"])
def test_length_counts_tags(value: str) -> None:
    """The limit holds for what is given and for what is kept."""
    with pytest.raises(Problem, match="tags counted"):
        RichTextKind(max_length=10).parse(value)


@given(
    st.lists(
        st.one_of(st.sampled_from(ATTACKS), st.sampled_from(["<p>", "</p>", "<b", "&lt;", "&", "<table><td>", "<!--"]))
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
        max_size=8,
    )
)
def test_cleaned_once_for_all(parts: list[str]) -> None:
    """What was cleaned is not changed by cleaning it again."""
    cleaned = RichTextKind().parse("".join(parts))

    assert RichTextKind().parse(cleaned) == cleaned


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one <b>two</b></p><p>three</p>", "one two\nthree"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("<p>  many\n  blanks  </p>", "many blanks"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    """The plain text has a line per block and no tags."""
    assert plain_text(html) == text
    assert RichTextKind().display(html) == text
