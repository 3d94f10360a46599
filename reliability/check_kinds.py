"""Values of every field kind survive every path, alike on both databases, and all validators judge alike."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pycrm import CRM, ValidationError
from pycrm.errors import Problem
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.status import StatusKind
from pycrm.plugin import OwnedRecord, Plugin, field
from pycrm.schema.border import dump_value, load_values
from pycrm.schema.diff import value_at
from pycrm.schema.parser import make_parser, parse_fields
from reliability.checks import NewDatabase, check
from reliability.kind_values import KINDS, STATES, people, rubbish
from reliability.workers import ADMINISTRATOR

plugin = Plugin("every_kind")


def _make_entity() -> type[Any]:
    fields = {name: declared for name, (declared, _) in KINDS.items()}
    body: dict[str, Any] = {
        "code": field.text(unique=True),
        "number": field.autonumber("K-{seq}"),
        "state": field.status(STATES),
        **fields,
        "__annotations__": {"code": "str", "number": "str", "state": "str", **dict.fromkeys(fields, "Any | None")},
        "__module__": __name__,
        "__doc__": "Has a field of every kind.",
    }
    return plugin.entity(title="code")(type("Specimen", (OwnedRecord,), body))


Specimen: Any = _make_entity()


class Specimens:
    """A database, and beside it what its records should hold.

    Attributes:
        wanted: By code, what each path should have as dumped data; absent values are left out.
        written: How many values were written.
    """

    def __init__(self, url: str, chance: random.Random) -> None:
        self.crm = CRM(url, plugins=[plugin])
        self.crm.migrate()
        self.chance = chance
        self.wanted: dict[str, dict[str, Any]] = {}
        self.written = 0
        with self.crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many(people())
            for name, (declared, _) in KINDS.items():
                ws.define_field(Specimen, name, declared)
        self.entity = self.crm.schema.entity(Specimen)
        self.paths = [path for name in KINDS for path in (name, f"custom.{name}")]

    def new(self, code: str) -> Any:
        """Return a new record with values of most kinds."""
        record = Specimen(code=code, state=self.chance.choice(("new", "old")))
        self.wanted[code] = {}
        self._put(record, "code", code)
        self._put(record, "state", record.state)
        if self.chance.random() < 0.2:
            self._put(record, "number", f"X-{code}")
        self.change(record, share=0.7)
        return record

    def change(self, record: Any, *, share: float, paths: Iterable[str] | None = None, emptying: bool = False) -> Any:
        """Give *share* of the fields of *record* a new value, or none now and then if *emptying*; return it."""
        for path in self.paths if paths is None else paths:
            if self.chance.random() < share:
                empties = emptying and self.chance.random() < 0.2
                value = None if empties else KINDS[path.removeprefix("custom.")][1](self.chance)
                self._put(record, path, value)
        return record

    def _put(self, record: Any, path: str, value: Any) -> None:
        if path.startswith("custom."):
            record.custom[path.removeprefix("custom.")] = value
        else:
            setattr(record, path, value)
        kind = self.entity.fields[path].kind
        wanted = self.wanted[record.code]
        if value is None:
            wanted.pop(path, None)
        else:
            wanted[path] = _dumped(kind, kind.parse(value))
            self.written += 1

    def different(self, crm: CRM | None = None) -> int:
        """Return how many values another unit reads otherwise than they should be."""
        different = 0
        with (crm or self.crm).reading_as(ADMINISTRATOR) as reader:
            found = {record.code: record for record in reader.iterate(Specimen)}
        for code, wanted in self.wanted.items():
            read = self.held(found[code])
            if "number" not in wanted:
                read.pop("number", None)
            different += sum(read.get(path) != wanted.get(path) for path in {*read, *wanted})
        return different

    def held(self, record: Any) -> dict[str, Any]:
        """Return what *record* holds as dumped data by path."""
        held: dict[str, Any] = {}
        for path in ("code", "number", "state", *self.paths):
            known = self.entity.fields[path]
            value = value_at(record, known)
            if value is not None and value != known.kind.empty:
                held[path] = _dumped(known.kind, value)
        return held


def _dumped(kind: Any, value: Any) -> Any:
    """Return *value* as data that tells kinds of scalars apart."""
    return json.dumps(dump_value(value, kind), sort_keys=True)


@check("kinds_on_every_path")
def kinds_on_every_path(new_database: NewDatabase, seed: int, *, records: int = 300) -> Mapping[str, Any]:
    """Write random values of every kind by every path, and compare what another unit reads after each.

    The paths: single and batch creation, upsert of new and of known records, single and batch update, two units that
    change different fields of one record, a savepoint that is undone, the bin and back, and a CRM opened anew. The
    digest is of all that was read in the end; it is the same on every database for the same seed.
    """
    world = Specimens(new_database(), random.Random(seed))
    different: dict[str, int] = {}
    codes = [f"c{number}" for number in range(records)]
    single, batch, upserted = codes[::3], codes[1::3], codes[2::3]
    try:
        with world.crm.acting_as(ADMINISTRATOR) as ws:
            for code in single:
                ws.create(world.new(code))
        different["create"] = world.different()
        with world.crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many([world.new(code) for code in batch])
            ws.upsert_many(Specimen, [world.new(code) for code in upserted], by=["code"])
        different["create_many_and_upsert"] = world.different()
        with world.crm.acting_as(ADMINISTRATOR) as ws:
            for code in single:
                ws.update(world.change(ws.find(Specimen, code=code), share=0.3, emptying=True))
            found = [ws.find(Specimen, code=code) for code in batch]
            ws.update_many([world.change(record, share=0.3, emptying=True) for record in found])
            ws.upsert_many(Specimen, [world.change(Specimen(code=code), share=0.3) for code in upserted], by=["code"])
        different["update_and_upsert"] = world.different()
        _merge(world, codes[::4])
        different["merge"] = world.different()
        _undo(world, codes[::5])
        different["savepoint"] = world.different()
        different["bin"] = _bin(world, codes[::3])
        different["restore"] = world.different()
        other = CRM(world.crm._database.engine.url.render_as_string(hide_password=False), plugins=[plugin])
        different["another_crm"] = world.different(other)
        other.close()
        digest = _digest(world)
    finally:
        world.crm.close()
    figure = {"records": records, "values": world.written, "different": different, "digest": digest}
    return {"passed": not any(different.values()) and world.written >= records * 40, **figure}


def _merge(world: Specimens, codes: Sequence[str]) -> None:
    """Let two units that loaded the same records change different fields of them."""
    half = world.paths[::2]
    rest = [path for path in world.paths if path not in half]
    with world.crm.reading_as(ADMINISTRATOR) as reader:
        ours, theirs = ([reader.find(Specimen, code=code) for code in codes] for _ in range(2))
        for record in (*ours, *theirs):
            record.document_values()
    with world.crm.acting_as(ADMINISTRATOR) as ws:
        ws.update_many([world.change(record, share=0.2, paths=half, emptying=True) for record in ours])
    with world.crm.acting_as(ADMINISTRATOR) as ws:
        changed = [world.change(record, share=0.2, paths=rest, emptying=True) for record in theirs]
        for record in changed[::2]:
            ws.update(record)
        ws.update_many(changed[1::2])


def _undo(world: Specimens, codes: Sequence[str]) -> None:
    """Change records in a savepoint that is undone, and then write the same objects with one change of their own."""
    with world.crm.acting_as(ADMINISTRATOR) as ws:
        for code in codes:
            record: Any = ws.find(Specimen, code=code)
            before = dict(world.wanted[code])
            with suppress(KeyError), ws.savepoint():
                ws.update(world.change(record, share=0.3, emptying=True))
                raise KeyError
            world.wanted[code] = before
            again: Any = ws.find(Specimen, code=code)
            ws.update(world.change(again, share=0.1))


def _bin(world: Specimens, codes: Sequence[str]) -> int:
    """Put records into the bin and take them out again; return how many values were other ones in the bin."""
    different = 0
    with world.crm.acting_as(ADMINISTRATOR) as ws:
        found: list[Any] = [ws.find(Specimen, code=code) for code in codes]
        ws.delete_many(found)
    with world.crm.acting_as(ADMINISTRATOR) as ws:
        for record in found:
            binned = ws.get_binned(Specimen, record.id)
            held, wanted = world.held(binned), world.wanted[record.code]
            different += sum(held.get(path) != wanted.get(path) for path in {*held, *wanted} - {"number"})
            ws.restore(binned)
    return different


def _digest(world: Specimens) -> str:
    with world.crm.reading_as(ADMINISTRATOR) as reader:
        records = sorted(reader.iterate(Specimen), key=lambda record: str(record.code))
    held = [{path: value for path, value in world.held(record).items() if path != "number"} for record in records]
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]


@check("validators_agree")
def validators_agree(new_database: NewDatabase, seed: int, *, inputs: int = 20_000) -> Mapping[str, Any]:
    """Give random inputs to the marshmallow border and to the generated parser; values and problems must be the same.

    Half of the inputs are sound, the others spoiled or of another sort; each goes to the field in a column and to the
    custom one. The parser is asked as at a creation, and as at an update of that field alone.
    """
    world = Specimens(new_database(), random.Random(seed))
    parse = make_parser(world.entity)
    chance = world.chance
    disagreed = taken = 0
    try:
        for _ in range(inputs):
            path = chance.choice(world.paths)
            value = KINDS[path.removeprefix("custom.")][1](chance)
            if chance.random() < 0.5:
                value = rubbish(chance, value)
            border = _border(world, path, value)
            record, problems = _record(path, value), list[Problem]()
            parse(record, problems)
            again, fewer = _record(path, value), list[Problem]()
            parse_fields(world.entity, again, [world.entity.fields[path]], fewer)
            verdicts = {border, _verdict(world, path, record, problems), _verdict(world, path, again, fewer)}
            disagreed += len(verdicts) > 1
            taken += border[0] == "taken"
    finally:
        world.crm.close()
    figure = {"inputs": inputs, "taken": taken, "refused": inputs - taken, "disagreed": disagreed}
    return {"passed": disagreed == 0 and min(taken, inputs - taken) > inputs // 5, **figure}


def _record(path: str, value: Any) -> Any:
    if path.startswith("custom."):
        return Specimen(custom={path.removeprefix("custom."): value})
    return Specimen(**{path: value})


def _border(world: Specimens, path: str, value: Any) -> tuple[str, ...]:
    try:
        loaded = load_values(world.entity, {path: value})[path]
    except ValidationError as error:
        return ("refused", *(f"{problem.code} {problem.message}" for problem in error.problems))
    kind = world.entity.fields[path].kind
    return ("taken", "" if loaded is None or loaded == kind.empty else _dumped(kind, loaded))


def _verdict(world: Specimens, path: str, record: Any, problems: Sequence[Problem]) -> tuple[str, ...]:
    if problems:
        return ("refused", *(f"{problem.code} {problem.message}" for problem in problems))
    known = world.entity.fields[path]
    value = value_at(record, known)
    return ("taken", "" if value is None or value == known.kind.empty else _dumped(known.kind, value))


GIVEN_BY_US = frozenset({AutonumberKind.name, StatusKind.name, "id", "attachment"})
"""Kinds without a maker of values: what pycrm gives itself, and files, which have proofs of their own."""
