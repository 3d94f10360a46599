"""Email addresses and URLs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.builtin.kinds import EmailKind, UrlKind
from pycrm.errors import Problem


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize(
    "value",
    [
        "mei@example.com",
        "Mei.Lin+crm@Sub.Example.COM",
        "张梅@例子.公司",
        "o'brien_1@example.co.uk",
        '"mei lin"@example.com',
        "mei@[192.0.2.1]",
        "mei@[IPv6:2001:db8::1]",
        "mei@xn--fsqu00a.xn--55qx5d",
        "δοκιμή@παράδειγμα.δοκιμή",
        "a@डाटामेल.भारत",
    ],
)
def test_email_kept_as_written(value: str) -> None:
    """An address in any script is taken and kept to the character."""
    assert EmailKind().parse(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "mei",
        "@example.com",
        "mei@",
        "mei@example",
        "mei@example.com ",
        " mei@example.com",
        "Mei <mei@example.com>",
        "mei lin@example.com",
        "mei@example..com",
        "mei@-example.com",
        "mei@example.com.",
        ".mei@example.com",
        "m..ei@example.com",
        "mei@lin@example.com",
        "mei@例子。公司",
        "mei@192.0.2.1",
        "mei@[example.com]",
        "mei\n@example.com",
        "mei@exam\tple.com",
        f"{'m' * 65}@example.com",
        f"mei@{'e' * 64}.com",
        f"mei@{'e.' * 130}com",
        "mei@example.com,li@example.com",
    ],
)
def test_email_refused(value: str) -> None:
    """What no mail arrives at is refused, and so is an address with a name or several addresses."""
    assert code(EmailKind(), value) == "email.invalid"


def test_email_is_text() -> None:
    """What is no text, or no storable text, is refused as text is."""
    assert code(EmailKind(), 5) == "text.invalid"
    assert code(EmailKind(), "mei\0@example.com") == "text.unstorable"


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTP://Example.com/A?b=c#d", "HTTP://Example.com/A?b=c#d"),
        ("example.com/page", "https://example.com/page"),
        ("www.例子.公司/产品?类=纺织", "https://www.例子.公司/产品?类=纺织"),
        ("example.com:8443/x", "https://example.com:8443/x"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        ("https://example.com./", "https://example.com./"),
    ],
)
def test_url_can_be_followed(value: str, url: str) -> None:
    """A page's address is kept as written; without a scheme it gets ``https``."""
    assert UrlKind().parse(value) == url
    assert UrlKind().parse(url) == url


@pytest.mark.parametrize(
    "value",
    [
        "",
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.com",
        "mailto:mei@example.com",
        "https://",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://user:secret@example.com",
        "https://bank.example@evil.example",
        "https://example.com:99999",
        "https://example.com\\@evil.example",
        "https://[::1",
        "our page",
        "https://example.com/\n",
    ],
)
def test_url_refused(value: str) -> None:
    """What no browser should follow is refused: scripts, files, secrets in the address, hosts that are none."""
    assert code(UrlKind(), value) == "url.invalid"


def test_url_length() -> None:
    """The limit counts the scheme that is added."""
    kind = UrlKind(max_length=20)

    assert kind.parse("example.com") == "https://example.com"
    assert code(kind, "example.com/a") == "url.too_long"


ASCII = st.sampled_from("aZ09.-+_@:/%?#[] xn--")


@pytest.mark.parametrize("kind", [EmailKind(), UrlKind(), UrlKind(max_length=15)])
@given(parts=st.lists(ASCII | st.sampled_from(["@", ".com", "https://", "example", "a.b", "/"]), max_size=12))
def test_short_way_is_sound(kind: Any, parts: list[str]) -> None:
    """What the generated parser lets through, the kind takes as it is."""
    text = "".join(parts)
    if eval(kind.parse_source("v"), {**kind.source_names, "v": text}):
        assert kind.parse(text) == text
