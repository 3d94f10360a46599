"""Names on their way through an upgrade: of fields over several releases, of columns in an order that works."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pycrm.fields.registry import KINDS
from pycrm.fields.text import LongTextKind, TextKind
from pycrm.schema.upgrade import MustBeUnique, MustExist, MustFit, Renamed
from pycrm.storage.upgrade.progress import Unfinished
from pycrm.storage.upgrade.renaming import in_order
from pycrm.storage.upgrade.state import Renames

NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, NAMES, max_size=6).filter(lambda names: len(set(names.values())) == len(names)))
def test_order_of_renamings(renamed: dict[str, str]) -> None:
    """Done one after the other none meets a taken name, and each value ends under its new name."""
    rows = dict.fromkeys(renamed, "") | {name: name for name in renamed}
    for old, new in in_order(renamed):
        assert new not in rows
        rows[new] = rows.pop(old)

    assert rows == {new: old for old, new in renamed.items()}


def test_there_and_back() -> None:
    """A path is followed over all releases; a field that took over a name is not what had it before."""
    renames = Renames([Renamed("e", "a", "b"), Renamed("f", "b", "z"), Renamed("e", "b", "c")])

    assert (renames.after("e", "a"), renames.before("e", "c")) == ("c", "a")
    assert (renames.after("e", "x"), renames.before("e", "x")) == ("x", "x")
    assert renames.before("e", "a") is None
    assert renames.before("f", "z") == "b"


def test_progress_as_text() -> None:
    """How far an upgrade has come is kept with all that is needed to go on."""
    unfinished = Unfinished(
        "1.0",
        {"entities": {"大": {}}, "extensions": {}},
        (Renamed("e", "a", "b"),),
        (
            MustBeUnique("e", ("a", "b")),
            MustFit("e", "a", LongTextKind(), TextKind(10)),
            MustExist("e", "c", "user"),
        ),
        1,
        2,
        "018f",
    )

    assert Unfinished.from_text(unfinished.to_text(), KINDS) == unfinished
