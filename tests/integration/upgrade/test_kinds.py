"""A field changes its kind or its options where the stored values bear it; else it is refused before anything moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from pycrm import CRM, Account, Contact, Money, UpgradeRefusedError, User, ValidationError, field
from pycrm.plugin import Lifecycle, Move, State

from .conftest import MEI

Upgrade = Callable[..., tuple[CRM, list[str]]]

OPEN = Lifecycle(State("open"), State("done", final=True), Move("finish", "open", "done"))
OPEN_OR_LATE = Lifecycle(State("open"), State("late"), State("done"), Move("finish", "open late", "done"))
OPEN_ONLY = Lifecycle(State("open"), State("new"), Move("start", "open", "new"))

BORNE = {
    "longer text": (field.text(), field.text(max_length=1000), "x" * 255),
    "text to long text": (field.text(), field.long_text(), "x"),
    "shorter text that fits": (field.text(), field.text(max_length=3), "xxx"),
    "long text that fits": (field.long_text(), field.text(), "x"),
    "more options": (field.choice(["S", "M"]), field.choice(["XL", "M", "S"]), "M"),
    "text that is an option": (field.text(), field.choice(["S", "M"]), "M"),
    "options as text": (field.choice(["S", "M"]), field.text(), "M"),
    "more states": (field.status(OPEN), field.status(OPEN_OR_LATE), "open"),
    "state that stays": (field.status(OPEN), field.status(OPEN_ONLY), "open"),
    "text as a number to be given": (field.text(), field.autonumber("A-{seq}"), "A-7"),
    "another pattern": (field.autonumber("A-{seq}"), field.autonumber("B-{seq}"), "A-7"),
    "finer money that fits": (field.money(places=4), field.money(), Money("1.25", "USD")),
    "more targets": (field.any_ref(Account), field.any_ref(), None),
    "another way back": (field.ref(Account, many="shelves"), field.ref(Account, many="racks", part_of=True), None),
    "options as tags": (field.multi_choice(["a", "b"]), field.tags(), ("a", "b")),
    "tags that are options": (field.tags(), field.multi_choice(["a", "b", "c"]), ("a", "b")),
}

# One upgrade changes all fields that one entity can have at a time, of which one is a status.
BORNE_TOGETHER = [
    ("shelf", [case for case in BORNE if case != "state that stays"]),
    ("shelf", ["state that stays"]),
    ("terms", list(BORNE)),
]

REFUSED_BY_VALUES = {
    "shorter text": (field.text(), field.text(max_length=3), "xxxx", "'xxxx' has 4 characters where 3 are allowed"),
    "text that is no option": (field.text(), field.choice(["S", "M"]), "L", "'L' is none of"),
    "state that goes": (field.status(OPEN), field.status(OPEN_ONLY), "done", "'done' is none of the states"),
    "too fine money": (
        field.money(places=4),
        field.money(),
        Money("1.2345", "USD"),
        "has more than the 2 decimal digits",
    ),
}

REFUSED_BY_DECLARATION = {
    "other scale": (
        field.decimal(places=2),
        field.decimal(places=3),
        "1.25",
        "places changed, which the stored values",
    ),
    "other scale of money": (field.money(), field.money(places=6), None, "places changed, which the stored values"),
    "number to text": (field.integer(), field.text(), 1, "integer becomes text, which the stored values do not bear"),
    "text to number": (field.text(), field.integer(), "1", "text becomes integer, which the stored values do not bear"),
    "other target": (
        field.ref(Account, many="xs"),
        field.ref(Contact, many="xs"),
        None,
        "target changed, which the stored values do not",
    ),
    "one reference to several": (field.ref(User), field.refs(User), None, "ref becomes refs, which the stored values"),
}


@pytest.mark.parametrize(("place", "cases"), BORNE_TOGETHER)
def test_borne(upgrade: Upgrade, place: str, cases: list[str]) -> None:
    """Each value is there as it was, and can be written back."""
    fields = {f"x{number}": BORNE[case] for number, case in enumerate(cases) if _can_be(BORNE[case][0], place)}
    crm, made = _written(upgrade, {name: (old, value) for name, (old, _, value) in fields.items()}, place)
    del crm

    crm, done = upgrade(version="1.1", **_declared({name: new for name, (_, new, _) in fields.items()}, place))

    assert len(done) == 1 + len(fields), done
    assert crm.migrate() == []
    wanted = {_path(name, place): value for name, (_, _, value) in fields.items()}
    with crm.acting_as(MEI) as ws:
        read = _read(ws, crm, made, place)
        assert _values(read, wanted) == wanted
        ws.update(read, name="changed")
        assert _values(_read(ws, crm, made, place), wanted) == wanted


@pytest.mark.parametrize("place", ["shelf", "terms"])
@pytest.mark.parametrize("refused", [REFUSED_BY_VALUES, REFUSED_BY_DECLARATION], ids=["values", "declaration"])
def test_refused(upgrade: Upgrade, refused: Mapping[str, tuple[Any, ...]], place: str) -> None:
    """All are refused with entity, field, value and reason; the database is as it was, and the old code goes on."""
    cases = [case for case in refused.values() if _can_be(case[0], place)]
    fields = {f"x{number}": case for number, case in enumerate(cases)}
    crm, _ = _written(upgrade, {name: (old, value) for name, (old, _, value, _) in fields.items()}, place)

    with pytest.raises(UpgradeRefusedError) as caught:
        upgrade(version="1.1", **_declared({name: new for name, (_, new, _, _) in fields.items()}, place))

    where = "depot.shelf." if place == "shelf" else "account.depot."
    told = {name: next(each for each in caught.value.refusals if f"{where}{name}:" in each) for name in fields}
    assert {name for name, (*_, reason) in fields.items() if reason not in told[name]} == set(), told
    assert len(caught.value.refusals) == len(fields)
    assert crm.migrate() == []


def test_removed_option_is_retired(upgrade: Upgrade) -> None:
    """An option that is no longer declared stays with the records that have it, and is not taken any more."""
    crm, _ = upgrade(shelf={"size": field.choice(["S", "M", "XL"])}, terms={"sizes": field.multi_choice(["S", "XL"])})
    with crm.acting_as(MEI) as ws:
        made = ws.create(crm.entities["depot.shelf"](name="s", size="XL"))
        account = ws.create(Account(name="a"))
        ws.update(account, **{"depot.sizes": ["XL"]})

    fewer = {"shelf": {"size": field.choice(["S", "M"])}, "terms": {"sizes": field.multi_choice(["S"])}}
    upgrade(version="1.1", **fewer)
    crm, done = upgrade(version="1.2", **fewer)

    assert done == ["upgraded depot from 1.1 to 1.2"]
    shelf = crm.entities["depot.shelf"]
    kind: Any = crm.schema.entity(shelf).fields["size"].kind
    assert (list(kind.offered), kind.by_value["XL"].retired) == (["S", "M"], True)
    with crm.acting_as(MEI) as ws:
        read: Any = ws.get(shelf, made.id)
        assert (read.size, ws.get(Account, account.id).document_values()["depot.sizes"]) == ("XL", ("XL",))
        ws.update(read, name="changed")
        with pytest.raises(ValidationError, match=r"choice\.retired"):
            ws.create(shelf(name="new", size="XL"))

    crm, _ = upgrade(version="1.3", shelf={"size": field.choice(["S", "M", "XL"])}, terms=fewer["terms"])
    with crm.acting_as(MEI) as ws:
        ws.create(crm.entities["depot.shelf"](name="new", size="XL"))


def _can_be(declared: Any, place: str) -> bool:
    """Whether a field may be declared so; only a plugin's own entity has states and numbers."""
    return place == "shelf" or declared.kind.name not in ("status", "autonumber")


def _path(name: str, place: str) -> str:
    return name if place == "shelf" else f"depot.{name}"


def _declared(fields: Mapping[str, Any], place: str) -> dict[str, Any]:
    return {"shelf": fields} if place == "shelf" else {"shelf": {}, "terms": fields}


def _written(upgrade: Upgrade, fields: Mapping[str, tuple[Any, Any]], place: str) -> tuple[CRM, Any]:
    """Return the first release and a record with the given value, or none, in each of the declared fields."""
    crm, _ = upgrade(**_declared({name: declared for name, (declared, _) in fields.items()}, place))
    with crm.acting_as(MEI) as ws:
        made: Any = ws.create(crm.entities["depot.shelf"](name="s") if place == "shelf" else Account(name="a"))
        for name, (declared, value) in fields.items():
            if value == "done":
                ws.move(made, "finish")
            elif value is not None and declared.kind.name != "status":
                ws.update(made, **{_path(name, place): value})
    return crm, made


def _read(ws: Any, crm: CRM, made: Any, place: str) -> Any:
    return ws.get(crm.entities["depot.shelf"] if place == "shelf" else Account, made.id)


def _values(record: Any, paths: Iterable[str]) -> dict[str, Any]:
    return {path: record.get_document_value(path) if "." in path else getattr(record, path) for path in paths}
