from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pycrm.exchange.joined import joined, parted

parts = st.text(st.sampled_from('ab;," \n国')) | st.text()


@given(st.lists(parts.filter(bool), max_size=5))
def test_texts_come_back(texts: list[str]) -> None:
    """Whatever stands in them, texts that were joined come apart as they were."""
    assert parted(joined(texts)) == tuple(texts)


def test_joined_as_people_write() -> None:
    """Harmless texts stand as people write them, others in quotes."""
    assert joined(["red", 'say "no"', "a;b", " c"]) == 'red; say "no"; "a;b"; " c"'


@given(st.text(st.sampled_from('ab;" ')))
def test_anything_is_parted(text: str) -> None:
    """What people write by hand is taken apart at the separators; no text is refused."""
    assert all(part for part in parted(text))


def test_hand_written() -> None:
    """Blanks and missing texts do not count."""
    assert parted(" red ;; light green;") == ("red", "light green")
