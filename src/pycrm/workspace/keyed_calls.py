"""The calls that may be made under an idempotency key: what tells each from others, and how its outcome comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, NotAllowedError, NotFoundError, Problem
from pycrm.query import Where, node_of
from pycrm.query.json_form import filter_to_json
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.workspace.idempotency import KeyedCall, once
from pycrm.workspace.ports import Call
from pycrm.workspace.reader import Reader
from pycrm.workspace.results import BatchResult, BulkResult, Refused
from pycrm.workspace.told import answer_of, kept_answer, told, told_record, told_value

__all__ = ["bulk_once", "perform_once", "write_once"]

E = TypeVar("E", bound=Record)
T = TypeVar("T")

# What makes records of the values given; other verbs are about records that are there.
_MAKING = frozenset({"create", "upsert", "attach"})
_CHANGING = frozenset({"update", "move"})
# Nothing need be left of these to say that they were carried out.
_REMOVING = frozenset({"delete", "purge"})


def write_once(
    ws: Reader,
    key: str | None,
    verb: str,
    records: Sequence[E],
    write: Callable[[], BatchResult[E]],
    *,
    values: Mapping[str, Any] | None = None,
    **options: Any,
) -> BatchResult[E]:
    """Return what *write* does to *records*, or has done already under *key*.

    Args:
        ws: The door.
        key: The idempotency key, or None.
        verb: Which call it is.
        records: As they were given, of one entity. Those that the call created become the stored ones.
        write: Does it.
        values: Set in each record, by path.
        options: What else was given, as data.
    """
    if key is None or not records:
        return write()
    entity = ws._ctx.tools.schema.entity_of(records[0])
    return once(ws, key, _Written(ws, verb, entity, records, values or {}, options), write)


def bulk_once(
    ws: Reader,
    key: str | None,
    verb: str,
    entity: type[E],
    where: Where,
    write: Callable[[], BulkResult[E]],
    given: Mapping[str, Any],
    *,
    preview: bool,
) -> BulkResult[E]:
    """Return what *write* does to the records that *where* selects, or has done already under *key*.

    Args:
        ws: The door.
        key: The idempotency key, or None.
        verb: Which call it is.
        entity: Of the records.
        where: The filter.
        write: Does it.
        given: What else was given, by name; the values of ``changes`` by path.
        preview: Whether it only shows what it would do.
    Raises:
        ConfigurationError: It is a preview, which writes nothing.
    """
    if key is None:
        return write()
    if preview:
        raise ConfigurationError("a preview writes nothing; give the idempotency key to the call that does")
    return once(ws, key, _Bulked(ws, verb, ws._entity(entity), where, given), write)


def perform_once(ws: Reader, key: str | None, call: Call[T], perform: Callable[[], T]) -> T:
    """Return the answer of an action, or the one that it gave already under *key*."""
    return perform() if key is None else once(ws, key, _Action(ws, call), perform)


@attrs.define(eq=False)
class _Written(KeyedCall[BatchResult[Any]]):
    """A call that was given records."""

    ws: Reader
    verb: str
    entity: Entity
    records: Sequence[Any]
    values: Mapping[str, Any]
    options: Mapping[str, Any]
    name: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name = f"{self.verb} {self.entity.name}"

    def asked(self) -> Any:
        # A record that is read again after the change has the values already; which were meant is known from here.
        if self.verb not in _CHANGING:
            return None
        of = self.ws._ctx.of
        return [
            sorted(field.path for field in of(self._entity_of(record)).diff(record)) if record._loaded else []
            for record in self.records
        ]

    def payload(self, asked: Any = None) -> Any:
        if self.verb in _MAKING:
            places = {record.id: place for place, record in enumerate(self.records)}
            told_records: Any = [told_record(self._entity_of(record), record, places) for record in self.records]
        elif self.verb in _CHANGING:
            told_records = self._changes(asked)
        else:
            told_records = [str(record.id) for record in self.records]
        return [told_records, _told_values(self.entity, self.values), self.options]

    def _changes(self, asked: Any) -> Any:
        now = self.asked()
        meant = now if asked is None else asked
        if len(meant) != len(now) or any(not set(mine) <= set(all) for mine, all in zip(now, meant, strict=True)):
            return None
        return [
            [str(record.id), {path: self._told(record, path) for path in paths}]
            for record, paths in zip(self.records, meant, strict=True)
        ]

    def _told(self, record: Any, path: str) -> Any:
        field = self._entity_of(record).field(path)
        value = value_at(record, field)
        return None if value is None or value == field.kind.empty else told_value(field, value)

    def _entity_of(self, record: Record) -> Entity:
        return self.ws._ctx.tools.schema.entity_of(record)

    def is_made_on(self, kept: Any) -> bool:
        # The very objects that the call has stored, with what it filled in: given once more by who goes on with them.
        return self.verb in _MAKING and [(place, UUID(id)) for place, id in kept["created"]] == [
            (place, record.id) for place, record in enumerate(self.records) if record._loaded
        ]

    def kept(self, result: BatchResult[Any]) -> Any:
        places = {id(record): place for place, record in enumerate(self.records)}
        return {
            "created": [[places[id(record)], record.id.hex] for record in result.created],
            "updated": [record.id.hex for record in result.updated],
            "unchanged": [record.id.hex for record in result.unchanged],
            "refused": [[each.position, *map(Problem.to_data, each.problems)] for each in result.refused],
        }

    def again(self, kept: Any) -> BatchResult[Any]:
        created = {place: UUID(id) for place, id in kept["created"]}
        updated, unchanged = (list(map(UUID, kept[part])) for part in ("updated", "unchanged"))
        ids = [*created.values(), *updated, *unchanged]
        found = _readable_now(self.ws, self.entity.name, ids)
        given = {record.id: record for record in self.records}
        if self.verb in _REMOVING:
            found = {id: given[id] for id in ids if id in given} | found
        if ids and not found:
            raise _gone(self.name, ids)
        made = {id: self.records[place] for place, id in created.items()}
        for id, stored in found.items():
            if (record := made.get(id, given.get(id))) is not None and record is not stored:
                _become(self.ws, record, stored)
                found[id] = record
        refused = [(self.records[place], place, problems) for place, *problems in kept["refused"]]
        return BatchResult(
            created=_those(found, created.values()),
            updated=_those(found, updated),
            unchanged=_those(found, unchanged),
            refused=tuple(_refused(*each) for each in refused),
        )


@attrs.define(eq=False)
class _Bulked(KeyedCall[BulkResult[Any]]):
    """A call that was given a filter."""

    ws: Reader
    verb: str
    entity: Entity
    where: Where
    given: Mapping[str, Any]
    name: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name = f"{self.verb} {self.entity.name}"

    def payload(self, asked: Any = None) -> Any:
        node = node_of(self.where)
        given = dict(self.given)
        changes = _told_values(self.entity, given.pop("changes", None) or {})
        return [None if node is None else filter_to_json(node), changes, told(self.ws._ctx.tools.schema, given)]

    def kept(self, result: BulkResult[Any]) -> Any:
        return {
            "handle": None if result.handle is None else result.handle.hex,
            "records": [record.id.hex for record in result.records],
            "unchanged": [record.id.hex for record in result.unchanged],
            "refused": [
                [each.position, each.record.id.hex, *map(Problem.to_data, each.problems)] for each in result.refused
            ],
        }

    def again(self, kept: Any) -> BulkResult[Any]:
        records, unchanged = (list(map(UUID, kept[part])) for part in ("records", "unchanged"))
        refused = [(UUID(id), place, problems) for place, id, *problems in kept["refused"]]
        found = _readable_now(self.ws, self.entity.name, [*records, *unchanged, *(id for id, _, _ in refused)])
        return BulkResult(
            handle=None if kept["handle"] is None else UUID(kept["handle"]),
            records=_those(found, records),
            unchanged=_those(found, unchanged),
            refused=tuple(_refused(found[id], place, problems) for id, place, problems in refused if id in found),
        )


@attrs.define(eq=False)
class _Action(KeyedCall[Any]):
    """A call of an action."""

    ws: Reader
    call: Call[Any]
    name: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name = f"{self.call.name} {self.ws._ctx.tools.schema.entity_of(self.call.record).name}"

    def payload(self, asked: Any = None) -> Any:
        schema = self.ws._ctx.tools.schema
        return [told(schema, self.call.record), told(schema, self.call.arguments)]

    def kept(self, result: Any) -> Any:
        return kept_answer(self.ws._ctx.tools.schema, result, self.call.returns)

    def again(self, kept: Any) -> Any:
        def read(entity: str, id: UUID) -> Any:
            record = self.call.record
            found = _readable_now(self.ws, entity, [id])
            if id not in found:
                raise _gone(self.name, [id])
            if record.id != id:
                return found[id]
            _become(self.ws, record, found[id])
            return record

        return answer_of(kept, self.call.returns, read)


def _told_values(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *values* say, by path, each by the kind of its field."""
    told_values: dict[str, Any] = {}
    for path, value in _flat(values):
        field = entity.fields.get(path)
        # The call will refuse a path that no field has.
        told_values[path] = repr(value) if field is None or value is None else told_value(field, value)
    return told_values


def _flat(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the values by path, those of custom fields too where they stand in a mapping of their own."""
    for path, value in values.items():
        if path == "custom" and isinstance(value, Mapping):
            yield from ((f"custom.{name}", each) for name, each in value.items())
        else:
            yield path, value


def _readable_now(ws: Reader, entity: str, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Return those of the records with *ids* that the principal may read now, in the bin or not, by id."""
    with suppress(NotAllowedError):
        return {record.id: record for record in ws._by_ids_anywhere(entity, ids)}
    return {}


def _gone(name: str, ids: Sequence[UUID]) -> NotFoundError:
    return NotFoundError(
        f"{name!r} was carried out when it was first made under this idempotency key; what it wrote is gone since, or "
        "may no longer be read",
        ids=tuple(ids),
    )


def _become(ws: Reader, record: Record, stored: Record) -> None:
    """Make *record* the one that is *stored*, its id too; put back if the unit rolls back."""
    ctx = ws._ctx
    tools = ctx.of(ctx.tools.schema.entity_of(record))
    kept = tools.keep(record)
    ctx.unit.on_rollback(lambda: tools.put_back(record, kept))
    tools.take_over(record, stored)
    tools.remember(record)
    record._entity = stored._entity  # as the principal sees it


def _those(found: Mapping[UUID, E], ids: Iterable[UUID]) -> tuple[E, ...]:
    return tuple(found[id] for id in ids if id in found)


def _refused(record: E, place: int, problems: Iterable[Mapping[str, Any]]) -> Refused[E]:
    return Refused(place, record, tuple(Problem.from_data(each, record) for each in problems))
