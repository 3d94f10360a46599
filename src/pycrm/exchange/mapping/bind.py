"""Mapping, columns and schema put together; everything that does not go together is told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from pycrm.errors import MappingError, Problem, nearest
from pycrm.exchange.mapping.bound import BoundEntity, BoundMapping
from pycrm.exchange.mapping.conditions import Condition, compile_condition
from pycrm.exchange.mapping.fields import FieldBinder
from pycrm.exchange.mapping.model import KEPT_LINE, LINE, EntityMap
from pycrm.exchange.mapping.model import Mapping as MappingFile
from pycrm.exchange.mapping.moments import newest_plan, zone_of
from pycrm.exchange.mapping.order import in_writing_order
from pycrm.exchange.mapping.plan import Plan
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema import Entity, Schema

__all__ = ["bind_mapping", "missing_custom_fields"]


def bind_mapping(
    mapping: MappingFile, columns: Sequence[str], schema: Schema, *, today: date | None = None
) -> BoundMapping:
    """Return *mapping* made ready for rows of a source with these *columns*.

    Args:
        mapping: As it was read or suggested.
        columns: The headers of the source, in the order of its cells.
        schema: Of the CRM; it has the custom fields that the mapping needs.
        today: What relative dates in conditions count from; the day in UTC where not given.
    Raises:
        MappingError: With everything that is wrong: columns, fields and transforms that are not there, values that a
            field does not take, references in a circle, each with the nearest names.
    """
    binder = _Binder(mapping, tuple(columns), schema, today)
    entities = binder.entities()
    if binder.problems:
        raise MappingError(mapping.name or "without a name", binder.problems)
    used = {name for entity in mapping.entities for name in _columns_of(entity)} | binder.used
    unmapped = tuple(column for column in columns if column not in used)
    return BoundMapping(mapping, tuple(columns), entities, unmapped)


def missing_custom_fields(mapping: MappingFile, schema: Schema) -> list[str]:
    """Return the paths, as ``"account.custom.salesforce_id"``, of the mapping's custom fields that nobody defined."""
    known = schema.entities
    return [
        f"{each.entity}.{each.path}"
        for each in mapping.custom_fields
        if each.entity in known and each.path not in known[each.entity].fields
    ]


def _columns_of(entity: EntityMap) -> Iterable[str]:
    for field in entity.fields:
        yield from field.columns
    if entity.newest:
        yield entity.newest


class _Binder:
    """Binds the entities of one mapping and collects what is wrong."""

    def __init__(self, mapping: MappingFile, columns: tuple[str, ...], schema: Schema, today: date | None) -> None:
        self.mapping = mapping
        self.columns = columns
        self.schema = schema
        self.today = today
        self.problems: list[Problem] = []
        self.used: set[str] = set()
        self.zone = self._zone()
        self.aliases = {each.alias: each.entity for each in mapping.entities}

    def entities(self) -> tuple[BoundEntity, ...]:
        """Return the entities in writing order, as far as they can be bound."""
        if not self.mapping.entities:
            self.problems.append(
                Problem("mapping.no_entity", message="maps nothing; write at least one [[entity]] with its fields")
            )
        seen: set[str] = set()
        for each in self.mapping.entities:
            if each.alias in seen:
                self._tell(
                    each.alias,
                    Problem(
                        "mapping.same_alias",
                        message="two entities are called {value}; give one of them another alias",
                        value=each.alias,
                    ),
                )
            seen.add(each.alias)
        try:
            ordered = in_writing_order(self.mapping.entities)
        except Problem as problem:
            self._tell("", problem)
            ordered = self.mapping.entities
        return tuple(bound for each in ordered if (bound := self._entity(each)) is not None)

    def _zone(self) -> ZoneInfo | None:
        try:
            return zone_of(self.mapping.reading.get("time_zone"))
        except Problem as problem:
            self._tell("reading.time_zone", problem)
            return None

    def _entity(self, map: EntityMap) -> BoundEntity | None:
        entity = self.schema.entities.get(map.entity)
        if entity is None:
            self._tell(
                map.alias,
                Problem(
                    "mapping.unknown_entity",
                    message="there is no entity {value!r} in this CRM{hint}",
                    value=map.entity,
                    hint=nearest(map.entity, self.schema.entities) or "; is its plugin installed?",
                ),
            )
            return None
        needed = {each.path for each in self.mapping.custom_fields if each.entity == map.entity}
        columns = self.columns if LINE in self.columns else (*self.columns, LINE)
        fields = FieldBinder(entity, map, columns, self.schema, zone=self.zone, needed=needed)
        plans = tuple(fields.plans())
        self._check_records(entity, map)
        self.problems += fields.problems
        self.used |= fields.used
        mapped = {each.path for each in plans} | {each.path for each in map.fields if each.record}
        self._check_names(map, mapped)
        updated = mapped if map.update_fields is None else _whole(map.update_fields, mapped)
        only = map.only_empty if isinstance(map.only_empty, tuple) else updated if map.only_empty else ()
        return BoundEntity(
            entity,
            map,
            fields.lookups,
            {each.path: each.record for each in map.fields if each.record},
            frozenset(updated),
            frozenset(_whole(only, mapped)),
            plans,
            self._condition(map),
            self._newest(map),
            len(self.columns),
            self.columns.index(KEPT_LINE) if KEPT_LINE in self.columns else None,
        )

    def _check_records(self, entity: Entity, map: EntityMap) -> None:
        """Tell of references to other records of the row that lead nowhere."""
        for each in map.fields:
            if not each.record:
                continue
            field = entity.fields.get(each.path)
            where = f"{map.alias}.{each.path}"
            if each.record not in self.aliases:
                self._tell(
                    where,
                    Problem(
                        "mapping.unknown_record",
                        message="leads to {value!r}, which is no entity of this mapping{hint}",
                        value=each.record,
                        hint=nearest(each.record, self.aliases),
                    ),
                )
            elif field is not None and not _may_lead_to(field.kind, self.aliases[each.record]):
                self._tell(
                    where,
                    Problem(
                        "mapping.not_a_reference",
                        message="cannot lead to a record of {entity}; it is no reference, or leads elsewhere",
                        entity=self.aliases[each.record],
                        value=each.record,
                    ),
                )

    def _check_names(self, map: EntityMap, mapped: Collection[str]) -> None:
        """Tell of fields that `by`, `or_by`, `update` and `only_empty` name though nothing is mapped to them."""
        # What cannot be bound has been told already.
        known = {*mapped, *(each.path for each in map.fields)}
        only = map.only_empty if isinstance(map.only_empty, tuple) else ()
        others = tuple(name for key in map.or_by for name in key)
        named = (("by", map.by), ("or_by", others), ("update", map.update_fields or ()), ("only_empty", only))
        for key, names in named:
            for name in names:
                if name not in known or (key in ("by", "or_by") and _whole((name,), mapped) != {name}):
                    self._tell(
                        f"{map.alias}.{key}",
                        Problem(
                            "mapping.not_mapped",
                            message="names {value!r}, which nothing is mapped to{hint}",
                            value=name,
                            hint=nearest(name, mapped),
                        ),
                    )

    def _condition(self, map: EntityMap) -> tuple[Condition, tuple[int, ...]] | None:
        if not map.when:
            return None
        try:
            condition = compile_condition(map.when, self.columns, self.schema, self.today)
        except Problem as problem:
            self._tell(f"{map.alias}.when", problem)
            return None
        self.used.update(condition.columns)
        return condition, tuple(self.columns.index(column) for column in condition.columns)

    def _newest(self, map: EntityMap) -> Plan | None:
        if not map.newest:
            return None
        if map.newest not in self.columns:
            self._tell(
                f"{map.alias}.newest",
                Problem(
                    "mapping.unknown_column",
                    message="the source has no column {value!r}{hint}",
                    value=map.newest,
                    hint=nearest(map.newest, self.columns),
                ),
            )
            return None
        return newest_plan(self.columns.index(map.newest), map.newest, self.zone)

    def _tell(self, where: str, problem: Problem) -> None:
        problem.field = where or None
        self.problems.append(problem)


def _whole(names: Iterable[str], mapped: Collection[str]) -> set[str]:
    """Return *names* with the fields in the place of their parts: an address for ``address.city``."""
    wholes = {name: name.rpartition(".")[0] for name in names}
    return {whole if name not in mapped and whole in mapped else name for name, whole in wholes.items()}


def _may_lead_to(kind: object, entity: str) -> bool:
    if isinstance(kind, AnyRefKind):
        return kind.may_lead_to(entity)
    if isinstance(kind, RefKind):
        return str(kind.target) == entity
    target = getattr(kind, "target", None)
    return isinstance(kind, LinkKind) and (target is None or str(target) == entity)
