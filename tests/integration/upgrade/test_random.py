"""Whatever releases add, rename, drop and index: values follow, and the tables are those of a new database."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from tests.conftest import DATABASES

from pycrm import CRM, Account, Money, User, field
from reliability.structure import structure

from .conftest import MEI, depot

NAMES = [f"{letter}{number}" for letter in "abcdef" for number in range(4)]
KINDS: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "text": (field.text, ["x", "青岛 'y' \"z\"", ""]),
    "long_text": (field.long_text, ["line\n" * 9]),
    "integer": (field.integer, [0, -(2**63)]),
    "decimal": (lambda **facts: field.decimal(places=3, **facts), [Decimal("0.125")]),
    "boolean": (field.boolean, [True, False]),
    "date": (field.date, [date(2026, 3, 1)]),
    "choice": (lambda **facts: field.choice(["S", "M"], **facts), ["M"]),
    "money": (field.money, [Money("1.50", "EUR")]),
    "tags": (field.tags, [("a", "大")]),
    "ref": (lambda **facts: field.ref(User, **facts), ["me"]),
    "soft": (lambda **facts: field.ref(User, soft=True, **facts), ["me"]),
    "refs": (field.refs, ["us"]),
}


@attrs.frozen
class Kept:
    """One field of the model: what it is, whether it has an index, and the value of the one record."""

    kind: str
    indexed: bool
    value: Any


class Model:
    """What a release declares in one place, and what must be read there."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._free = iter(chance.sample(NAMES, len(NAMES)))
        self.fields: dict[str, Kept] = {}
        self.was: dict[str, str] = {}

    def next(self) -> None:
        """Drop, rename, index and add."""
        chance = self._chance
        before, self.fields, self.was = self.fields, {}, {}
        for name, kept in before.items():
            fate = chance.random()
            if fate < 0.2:
                continue
            now = next(self._free) if fate < 0.5 else name
            if now != name:
                self.was[now] = name
            kind = kept.kind
            if kind in ("ref", "soft") and chance.random() < 0.3:
                kind = "soft" if kind == "ref" else "ref"
            if kind == "text" and chance.random() < 0.3:
                kind = "long_text"
            self.fields[now] = Kept(kind, chance.random() < 0.5, kept.value)
        for _ in range(chance.randint(1, 3)):
            self.fields[next(self._free)] = Kept(chance.choice(list(KINDS)), chance.random() < 0.5, None)
        self.fields = dict(chance.sample(list(self.fields.items()), len(self.fields)))

    def declared(self) -> Mapping[str, Any]:
        """Return the fields as an author writes them."""
        return {name: self._declare(name, kept) for name, kept in self.fields.items()}

    def _declare(self, name: str, kept: Kept) -> Any:
        facts: dict[str, Any] = {"was": self.was.get(name)}
        if kept.kind == "refs":
            return field.refs(User, **facts)
        if kept.kind in ("ref", "soft"):
            facts["many"] = f"of_{name}"
        return KINDS[kept.kind][0](indexed=kept.indexed and kept.kind not in ("tags", "long_text"), **facts)

    def values(self, me: Any) -> dict[str, Any]:
        """Give some fields a value and return those."""
        meant = {"me": me, "us": (me,)}
        for name in self._chance.sample(list(self.fields), len(self.fields) // 2):
            kept = self.fields[name]
            value = self._chance.choice(KINDS[kept.kind][1])
            self.fields[name] = attrs.evolve(kept, value=meant.get(value, value) if isinstance(value, str) else value)
        return {name: kept.value for name, kept in self.fields.items() if kept.value is not None}


def read(record: Any, path: str) -> Any:
    """Return a value for comparison: references as ids, an empty one as None."""
    value = record.get_document_value(path) if "." in path else getattr(record, path)
    if isinstance(value, tuple):
        return tuple(getattr(each, "id", each) for each in value) or None
    return getattr(value, "id", value)


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
@pytest.mark.parametrize("seed", range(4))
def test_any_releases(engine: str, seed: int, new_database: Callable[[str], str]) -> None:
    """After each of four releases every value is read where the model has it; at the end the structure is the same."""
    chance = random.Random(seed)
    shelf, terms = Model(chance), Model(chance)
    url, fresh = new_database(engine), new_database(engine)
    ids: tuple[Any, Any, Any] | None = None
    for release in range(1, 6):
        shelf.next()
        terms.next()
        plugin = depot(f"{release}", shelf=shelf.declared(), terms=terms.declared())
        crm = CRM(url, plugins=[plugin])
        crm.migrate(backup=False)
        with crm.acting_as(MEI) as ws:
            if ids is None:
                account = ws.create(Account(name="a"))
                ids = ws.create(crm.entities["depot.shelf"](name="s")).id, account.id, account.created_by.id
            both = (ws.get(crm.entities["depot.shelf"], ids[0]), ws.get(Account, ids[1]))
            for record, model, prefix in zip(both, (shelf, terms), ("", "depot."), strict=True):
                for name, kept in model.fields.items():
                    assert read(record, prefix + name) == kept.value, name
                ws.update(record, **{prefix + name: value for name, value in model.values(ids[2]).items()})
        crm.close()
    new = CRM(fresh, plugins=[plugin])
    new.migrate()
    new.close()

    found, expected = structure(url), structure(fresh)
    columns = found["crm_depot_shelf"]["columns"]
    for name in columns.keys() - expected["crm_depot_shelf"]["columns"].keys():
        del columns[name]
    assert found == expected
