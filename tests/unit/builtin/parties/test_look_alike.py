"""Names that look alike, after the table of Unicode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CASES, absent

from pycrm import looks_like
from pycrm.builtin.parties.look_alike import skeleton
from pycrm.testing import disguised


def pairs() -> list[tuple[str, str]]:
    """Return every pair of the public table: characters, and what they look like."""
    path = CASES / "unicode-confusables" / "confusables.txt"
    if not path.exists():
        absent(f"public case {path}")
    lines = [line for line in path.read_text("utf-8-sig").splitlines() if line and not line.startswith("#")]
    return [(_text(line.split(";")[0]), _text(line.split(";")[1])) for line in lines]


def _text(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


def test_public_table() -> None:
    """Two characters that the table calls alike have one skeleton, alone and within a name."""
    table = pairs()

    assert len(table) == 6311
    assert [pair for pair in table if skeleton(pair[0]) != skeleton(pair[1])] == []


def test_look_alikes_are_found() -> None:
    """A name in other letters is told from the name itself, and from other names."""
    others = ["раураl", "paypal", "paypaI", "PayPal", "payp al", "pay\u200bpal", "ｐａｙｐａｌ", "pal"]

    assert looks_like("paypal", others) == ["раураl", "paypaI", "pay\u200bpal", "ｐａｙｐａｌ"]


def test_composed_or_not() -> None:
    """A letter with its accent, in one character or in two, looks the same."""
    assert skeleton("Müller") == skeleton("Mu\u0308ller")
    assert looks_like("Müller", ["Mu\u0308ller", "Muller"]) == ["Mu\u0308ller"]


@given(st.text(), st.text())
def test_skeleton_of_skeleton(one: str, other: str) -> None:
    """Looking like something is mutual and passes on."""
    assert skeleton(skeleton(one)) == skeleton(one)
    assert bool(looks_like(one, [other])) == bool(looks_like(other, [one]))


@given(st.integers(0, 1000))
def test_disguised_name(seed: int) -> None:
    """The helper's name is another and looks the same; one seed gives one name."""
    made = disguised("Qingdao Haichen 国际", seed=seed)

    assert looks_like("Qingdao Haichen 国际", [made]) == [made]
    assert disguised("Qingdao Haichen 国际", seed=seed) == made


def test_nothing_to_disguise() -> None:
    """Where nothing looks like any character the helper says so."""
    with pytest.raises(ValueError, match="no character of '☃' has a look-alike"):
        disguised("☃")
