"""Names in the database fit, are stable and tell apart."""

from __future__ import annotations

import pytest

from pycrm.errors import ConfigurationError
from pycrm.storage.names import MAX_NAME_BYTES, check_name_length, short_name


def test_short_name_is_joined() -> None:
    """What fits is kept as it is."""
    assert short_name("crm_item", "code", "key") == "crm_item_code_key"


@pytest.mark.parametrize("word", ["x" * 80, "大" * 40, "😀" * 20])
def test_long_name_is_cut(word: str) -> None:
    """A long name keeps its beginning, fits, and differs from others of the same beginning."""
    name = short_name("crm_item", word, "idx")

    assert name.startswith("crm_item_")
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name == short_name("crm_item", word, "idx") != short_name("crm_item", word, "key")


def test_name_of_63_bytes_passes() -> None:
    """The limit is PostgreSQL's, in bytes."""
    assert check_name_length("大" * 21, "it") == "大" * 21


def test_longer_name_is_refused() -> None:
    """The message says what, how long and the cure."""
    with pytest.raises(ConfigurationError, match=r"item\.大+ would be stored as .* 66 bytes.*shorter"):
        check_name_length("大" * 22, "item." + "大" * 22)
