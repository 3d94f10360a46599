"""Random entities with fields of random kinds, random records of them, and random filters on these.

The same filter is asked of a database and of the evaluator in memory, which must name the same records, or both refuse.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs

from pycrm import CRM, ExchangeRate, Money, Principal, Ref
from pycrm.errors import QueryError
from pycrm.plugin import Extension, OwnedRecord, Plugin, field
from pycrm.query.ast import (
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Node,
    Not,
    Operand,
    Or,
    Path,
)
from pycrm.query.evaluate import Evaluator
from pycrm.query.paths import ToMany
from pycrm.query.sorts import kind_sort
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.schema.record import slot_of
from reliability.kind_values import KINDS, people
from reliability.workers import ADMINISTRATOR

__all__ = ["Disagreement", "RandomWorld"]

OTHERS, THINGS = 12, 25
ORDERED = ("=", "!=", "<", "<=", ">", ">=")
NUMBERS: tuple[Any, ...] = (0, 1, -1, 7, 2**63, 10**30, Decimal("0.5"), Decimal("-0.000001"), Decimal("1e-20"))
SEARCHED = ("", "a", "Ａ", "ß", "海", "青岛", "é", "😀", "%", "_", "\\", "'", "1")
PATTERNS = ("", "%", "_%", "%a%", "%岛", "%\\%", "__", "%😀%", "Z%")
CURRENCIES = ("CNY", "USD", "XAU", "EUR")
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Pacific/Kiritimati")
OF_DATE = ("YEAR", "QUARTER", "MONTH", "DAY", "WEEKDAY")
OF_TEXT = ("LOWER", "FOLD", "PINYIN", "PINYIN_NAME")


class Disagreement(AssertionError):
    """The database and the evaluator differ on a filter."""


@attrs.frozen
class Asked:
    """A field that filters ask, with the name of the kind in `KINDS` that its values are drawn by."""

    path: str
    made_by: str
    kind: Any


class RandomWorld:
    """One random schema in an empty database, with random records.

    Args:
        url: Of the database.
        chance: Where all of it is drawn from.
    """

    def __init__(self, url: str, chance: random.Random) -> None:
        self.chance = chance
        self.thing, self.other, self.beside, plugins = _entities(chance)
        self.asker = Principal("check", roles={"administrator"}, attributes={"time_zone": chance.choice(ZONES)})
        self.crm = CRM(url, plugins=plugins, base_currency=chance.choice((None, *CURRENCIES)))
        self.crm.migrate()
        with self.crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many(people())
            self.quoted = ws.create_many(_rates(chance)).created
            for entity in (self.thing, self.other):
                for name, (declared, _) in _drawn(chance, 4).items():
                    ws.define_field(entity, name, declared)
            self._fill(ws)
            listed = [*ws.list(self.thing, limit=1_000), *ws.list(self.other, limit=1_000)]
        self.records = {record.id: record for record in listed}
        self.things = [record for record in listed if isinstance(record, self.thing)]

    def close(self) -> None:
        """Let go of the database."""
        self.crm.close()

    # What is in it

    def _fill(self, ws: Any) -> None:
        others: list[Any] = []
        for number in range(OTHERS):
            other = self.other(name=f"o{number}", parent=self.chance.choice([None, *others]))
            others.append(ws.create(self._valued(other)))
        things = [
            self._valued(self.thing(name=f"t{number}", other=self.chance.choice([None, *others])))
            for number in range(THINGS)
        ]
        ws.create_many(things)

    def _valued(self, record: Any) -> Any:
        """Give the drawn fields of *record* values, six times in ten."""
        for asked in self._own(self.crm.schema.entity_of(record)):
            if self.chance.random() < 0.6:
                self._put(record, asked.path, KINDS[asked.made_by][1](self.chance))
        return record

    def _put(self, record: Any, path: str, value: Any) -> None:
        owner, _, name = path.rpartition(".")
        if owner == "custom":
            record.custom[name] = value
        else:
            setattr(record[self.beside] if owner else record, name, value)

    def _own(self, entity: Entity) -> list[Asked]:
        found = []
        for path, each in entity.fields.items():
            made_by = path.rpartition(".")[2].rpartition("_k")[0]
            if made_by in KINDS:
                found.append(Asked(path, made_by, each.kind))
        return found

    # As the evaluator asks for it

    def one(self, entity: Entity, reference: UUID | Ref[Any]) -> Record:
        """Return the record that *reference* leads to."""
        found: Record = self.records[reference.id if isinstance(reference, Ref) else reference]
        return found

    def many(self, link: ToMany, record: Record) -> Sequence[Record]:
        """Return the records that refer to *record*."""
        assert link.target is not None
        slot = slot_of(link.field)
        target = link.target.record_class
        found = (each for each in self.records.values() if isinstance(each, target))
        return [each for each in found if _id(getattr(each, slot)) == record.id]

    def rates(self) -> Sequence[Any]:
        """Return the exchange rates."""
        return self.quoted

    # Questions

    def compare(self, count: int) -> dict[str, int]:
        """Ask *count* random filters of both; return how many were answered, how many refused, and records found.

        Raises:
            Disagreement: They differ.
        """
        told = {"answered": 0, "refused": 0, "found": 0}
        schema = self.crm.schema
        entity = schema.entity(self.thing)
        with self.crm.reading_as(self.asker) as ws:
            for node in self._nodes(count):
                settled = ws._settled(node)
                assert settled is not None
                try:
                    holds = Evaluator(schema, entity, settled, self).holds
                except QueryError as error:
                    self._refused(ws, node, error)
                    told["refused"] += 1
                    continue
                expected = {thing.id for thing in self.things if holds(thing)}
                found = {thing.id for thing in ws.list(self.thing, where=node, limit=1_000)}
                if found != expected:
                    raise Disagreement(f"{node!r}\ndatabase: {len(found)}, memory: {len(expected)}")
                told["answered"] += 1
                told["found"] += len(found)
        return told

    def _refused(self, ws: Any, node: Node, error: QueryError) -> None:
        try:
            ws.list(self.thing, where=node, limit=1)
        except QueryError as other:
            # The database's may tell the place and the names besides.
            if type(other) is type(error):
                return
            raise Disagreement(f"{node!r}\ndatabase: {other}\nmemory: {error}") from error
        raise Disagreement(f"{node!r}\nonly memory refuses: {error}")

    def _nodes(self, count: int) -> Iterator[Node]:
        near = self._own(self.crm.schema.entity(self.thing))
        far = self._own(self.crm.schema.entity(self.other))
        for _ in range(count):
            yield self._node(near, far, depth=2)

    def _node(self, near: list[Asked], far: list[Asked], depth: int) -> Node:
        chance = self.chance
        choice = chance.randrange(10)
        if depth and choice < 3:
            items = tuple(self._node(near, far, depth - 1) for _ in range(chance.randrange(4)))
            return And(items) if chance.random() < 0.5 else Or(items)
        if depth and choice == 3:
            return Not(self._node(near, far, depth - 1))
        if choice == 4:
            return self._tree()
        if choice == 5:
            mode: Any = chance.choice(("any", "all", "none"))
            if chance.random() < 0.5:
                return Linked(mode, Path(("other", "things")), self._condition(chance.choice(near), ()))
            return Linked(mode, Path(("other", "children")), self._condition(chance.choice(far), ()))
        if choice < 8:
            return self._condition(chance.choice(near), ())
        before = chance.choice((("other",), ("other", "parent")))
        return self._condition(chance.choice(far), before)

    def _tree(self) -> Node:
        ids = [record.id for record in self.records.values() if isinstance(record, self.other)]
        chosen: Any = self.chance.choice(ids) if self.chance.random() < 0.5 else tuple(self.chance.sample(ids, 3))
        return Compare("under", Path(self.chance.choice((("other",), ("other", "parent")))), chosen)

    def _condition(self, asked: Asked, before: tuple[str, ...]) -> Node:
        """Return a condition on one field, behind the references *before*."""
        chance = self.chance
        path = Path((*before, *asked.path.split(".")))
        sort = kind_sort(asked.kind)
        if chance.random() < 0.1:
            return IsNull(path, chance.random() < 0.5)
        if sort is not None and chance.random() < 0.4:
            return self._computed(path, sort)
        if "has" in asked.kind.operators and chance.random() < 0.7:
            value = self._value(asked)
            members = tuple(value) if isinstance(value, list | tuple) else (value,)
            several: Any = chance.choice(("has any", "has all"))
            return Compare(several, path, members) if chance.random() < 0.6 else Compare("has", path, members[0])
        offered: list[Any] = [each for each in ORDERED if each in asked.kind.operators]
        if "in" in asked.kind.operators and (chance.random() < 0.2 or not offered):
            return In(path, tuple(self._value(asked) for _ in range(chance.randrange(4))))
        if not offered:
            return IsNull(path)
        return Compare(chance.choice(offered), path, self._value(asked))

    def _value(self, asked: Asked) -> Any:
        """Return a value that some record may have, or one that is new."""
        if self.chance.random() < 0.6:
            record = self.chance.choice(list(self.records.values()))
            known = self.crm.schema.entity_of(record).fields.get(asked.path)
            value = None if known is None else value_at(record, known)
            if value is not None and value != ():
                return value
        return KINDS[asked.made_by][1](self.chance)

    def _computed(self, path: Path, sort: str) -> Node:
        chance = self.chance
        symbol: Any = chance.choice(ORDERED)
        match sort:
            case "number":
                sign: Any = chance.choice("+-*/")
                return Compare(symbol, Arithmetic(sign, path, chance.choice(NUMBERS)), chance.choice(NUMBERS))
            case "text" if chance.random() < 0.5:
                matching: Any = chance.choice(("contains", "starts with", "like"))
                return Compare(matching, path, chance.choice(PATTERNS if matching == "like" else SEARCHED))
            case "text":
                return Compare(symbol, Call(chance.choice(OF_TEXT), (path,)), chance.choice(SEARCHED))
            case "date":
                return Compare(symbol, Call(chance.choice(OF_DATE), (path,)), chance.choice((1, 3, 7, 12, 2026)))
            case "instant":
                return Compare(symbol, Call("YEAR", (Call("DATE", (path,)),)), chance.choice((1, 1999, 9999)))
            case "money" if chance.random() < 0.5:
                currency = chance.choice(CURRENCIES)
                return Compare(symbol, Call("CONVERT", (path, currency)), Money(chance.choice(NUMBERS), currency))
            case "money" | "quantity":
                return Compare(symbol, Arithmetic("*", path, chance.choice(NUMBERS)), 0)
        same: Operand = path
        return Compare(chance.choice(("=", "!=")), same, same)


def _entities(chance: random.Random) -> tuple[type[Any], type[Any], type[Any], list[Plugin]]:
    """Return two record classes with random fields, the second a tree, an extension of the first, and the plugins."""
    plugin, beside = Plugin("drawn"), Plugin("beside", requires=["drawn"])
    other = _record(
        plugin, "Other", _drawn(chance, 6), {"parent": field.ref("drawn.other", many="children", tree=True)}
    )
    thing = _record(plugin, "Thing", _drawn(chance, 8), {"other": field.ref("drawn.other", many="things")})
    drawn = {name: declared for name, (declared, _) in _drawn(chance, 3).items()}
    body = {**drawn, "__annotations__": dict.fromkeys(drawn, "Any | None"), "__module__": __name__}
    extension: type[Any] = beside.extend(thing)(type("Beside", (Extension,), body))
    return thing, other, extension, [plugin, beside]


def _record(plugin: Plugin, name: str, drawn: dict[str, Any], links: dict[str, Any]) -> type[Any]:
    fields = {each: declared for each, (declared, _) in drawn.items()}
    body = {
        "name": field.text(),
        **links,
        **fields,
        "__annotations__": {"name": "str", **dict.fromkeys([*links, *fields], "Any | None")},
        "__module__": __name__,
        "__doc__": "Drawn by chance.",
    }
    return plugin.entity(title="name")(type(name, (OwnedRecord,), body))


def _rates(chance: random.Random) -> list[ExchangeRate]:
    """Return rates of a few pairs of currencies."""
    pairs = [(one, other) for one in CURRENCIES for other in CURRENCIES if one != other]
    return [
        ExchangeRate(
            from_currency=one,
            to_currency=other,
            quoted_on=date(2020, 1, chance.randint(1, 28)),
            rate=Decimal(chance.randint(1, 10**12)).scaleb(-10),
        )
        for one, other in chance.sample(pairs, chance.randint(0, len(pairs)))
    ]


def _drawn(chance: random.Random, count: int) -> dict[str, Any]:
    """Return so many declarations and makers by a name that begins with the kind's."""
    names = [*chance.sample(sorted(KINDS), count - 1), chance.choice(("decimal", "integer", "text", "date"))]
    return {f"{name}_k{number}": KINDS[name] for number, name in enumerate(names)}


def _id(reference: Any) -> Any:
    return reference.id if isinstance(reference, Ref) else reference
