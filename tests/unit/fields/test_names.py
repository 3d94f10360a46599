"""Names of fields and their labels."""

from __future__ import annotations

import pytest

from pycrm.errors import ConfigurationError
from pycrm.fields.names import COMMON_NAMES, check_name, english_label


@pytest.mark.parametrize("name", ["region", "大区", "größe", "x1", "a" * 60, "Region", "list", "type"])
def test_good_names(name: str) -> None:
    """Letters of any script name a field."""
    check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "a letter first"),
        ("two words", "a letter first"),
        ("1st", "a letter first"),
        ("a.b", "a letter first"),
        ('x"; DROP TABLE', "a letter first"),
        ("💰", "a letter first"),
        ("_private", "leading underscore"),
        ("a" * 61, "61 characters"),
        ("ﬁeld", "usual form, 'field'"),
        ("class", "keyword"),
        ("custom", "reserved"),
        ("null", "reserved"),
        *((name, "reserved") for name in COMMON_NAMES),
    ],
)
def test_bad_names_are_refused(name: str, reason: str) -> None:
    """A name that code, text or storage could not carry is refused with the reason."""
    with pytest.raises(ConfigurationError, match=f"cannot name a field: .*{reason}"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("close_on", "Close on"),
        ("is_primary", "Is primary"),
        ("account_id", "Account"),
        ("id", "ID"),
        ("trade.incoterm", "Incoterm"),
        ("custom.大区", "大区"),
    ],
)
def test_english_label(name: str, label: str) -> None:
    """The English label derives from the name."""
    assert english_label(name) == label
