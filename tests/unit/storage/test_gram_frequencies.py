"""How many rows may hold what is asked for, by the statistics of the commonest grams."""

from __future__ import annotations

from pycrm.storage.gram_frequencies import Frequencies

KNOWN = Frequencies(rows=1_000, common={1: 0.5, 2: 0.25, 3: 0.125}, read_at=0.0)


def test_all_grams() -> None:
    """Of an alternative the rarest gram decides, of a term all alternatives count, of terms the rarest decides."""
    assert KNOWN.most_rows([[[1, 2]]]) == 250
    assert KNOWN.most_rows([[[1], [2]]]) == 750
    assert KNOWN.most_rows([[[1]], [[3]]]) == 125


def test_rare() -> None:
    """What is not among the commonest is held by few."""
    assert KNOWN.most_rows([[[1, 9]]]) == 0
    assert KNOWN.most_rows([[[9], [2]]]) == 250
