from __future__ import annotations

import pytest

from pycrm import ConfigurationError, Problem
from pycrm.values.file_limits import FileLimits, read_content_type


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("image/PNG", "image/png"),
        ("text/plain; charset=UTF-8", "text/plain; charset=UTF-8"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
        ("image/svg+xml", None),
    ],
)
def test_type_is_read(text: str, read: str | None) -> None:
    """A type is kept in small letters, its parameters as they are."""
    assert read_content_type(text) == (read or text)


@pytest.mark.parametrize("text", ["", "png", "image/", "image/*", "a/b/c", "a b/c", "text/html\r\nX: y", "图/片"])
def test_what_is_no_type(text: str) -> None:
    """What could not stand in a header is no type."""
    with pytest.raises(Problem) as caught:
        read_content_type(text)

    assert caught.value.code == "attachment.bad_type"


@pytest.mark.parametrize("content_type", ["image/png", "application/pdf", "application/pdf; version=1"])
def test_type_is_allowed(content_type: str) -> None:
    """A type is allowed by its name or by its first half."""
    FileLimits(content_types=("IMAGE/*", "application/pdf")).check_type(content_type)


@pytest.mark.parametrize("content_type", ["text/html", "application/pdfx", "imagex/png", "application/image"])
def test_type_is_refused(content_type: str) -> None:
    """Any other type is refused, with those that are allowed."""
    with pytest.raises(Problem) as caught:
        FileLimits(content_types=("image/*", "application/pdf")).check_type(content_type)

    assert (caught.value.code, caught.value.facts["allowed"]) == ("attachment.wrong_type", "image/*, application/pdf")


def test_size_is_limited() -> None:
    """A file may have as many bytes as the limit says, and no more."""
    limits = FileLimits(max_bytes=10)
    limits.check_size(10)

    with pytest.raises(Problem) as caught:
        limits.check_size(11)
    assert caught.value.code == "attachment.too_large"


def test_nothing_is_limited_by_default() -> None:
    """Without limits every file is taken."""
    FileLimits().check_size(2**40)
    FileLimits().check_type("x/y")


def test_bad_pattern_is_refused() -> None:
    """A limit that no type could keep is a mistake of who sets it."""
    with pytest.raises(ConfigurationError):
        FileLimits(content_types=("png",))
