"""The fields of one entity of a mapping, bound to columns and kinds: a `Plan` each, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pycrm.errors import Problem, nearest
from pycrm.exchange.mapping.arguments import read_step
from pycrm.exchange.mapping.bound import Lookup
from pycrm.exchange.mapping.cells import is_empty, make_taker
from pycrm.exchange.mapping.model import EntityMap, FieldMap
from pycrm.exchange.mapping.outcomes import Taker, chained, guarded, refuser, taker_of_made
from pycrm.exchange.mapping.plan import PartsPlan, Plan, Refused
from pycrm.exchange.mapping.steps import BoundStep, Steps, default_column
from pycrm.exchange.mapping.transforms import find_transform
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, RefsKind
from pycrm.schema import Entity, Schema

__all__ = ["FieldBinder", "parts_of"]


class FieldBinder:
    """Binds the fields of one entity.

    Attributes:
        problems: Everything wrong so far, with ``"alias.path"`` as their fields.
        lookups: By path, the references that are looked up.
        used: The columns that arguments of transforms mention.
    """

    def __init__(
        self,
        entity: Entity,
        map: EntityMap,
        columns: Sequence[str],
        schema: Schema,
        *,
        zone: ZoneInfo | None,
        needed: Collection[str],
    ) -> None:
        self.problems: list[Problem] = []
        self.lookups: dict[str, Lookup] = {}
        self.used: set[str] = set()
        self._entity = entity
        self._map = map
        self._columns = {column: place for place, column in enumerate(columns)}
        self._schema = schema
        self._zone = zone
        self._needed = needed

    def plans(self) -> Iterator[Plan]:
        """Yield the plan of each field that can be bound; parts of one field make one plan."""
        yield from self.plans_of(self._map.fields)

    def plans_of(self, fields: Sequence[FieldMap]) -> Iterator[Plan]:
        """Yield the plans of *fields*, as `plans` does."""
        parts: dict[str, list[tuple[str, FieldMap]]] = {}
        seen: set[str] = set()
        for each in fields:
            try:
                field, part = self._field_at(each.path)
                if each.path in seen:
                    raise Problem("mapping.twice", message="is mapped twice; keep one of both", value=each.path)
                seen.add(each.path)
                if part:
                    parts.setdefault(field.path, []).append((part, each))
                elif not each.record:
                    yield self._plan(field, each)
            except Problem as problem:
                self._tell(each.path, problem)
        for path, several in parts.items():
            try:
                if path in seen:
                    raise Problem("mapping.twice", message="is mapped whole and in parts; keep one of both", value=path)
                yield self._plan_of_parts(self._entity.fields[path], several)
            except Problem as problem:
                self._tell(path, problem)

    def _field_at(self, path: str) -> tuple[Field, str]:
        """Return the field at *path*, and which part of it, or an empty text.

        Raises:
            Problem: There is none, or none that could be written.
        """
        fields = self._entity.fields
        base, _, part = path.rpartition(".")
        field = fields.get(path)
        if field is None and base in fields and part in parts_of(fields[base].kind):
            field = fields[base]
        elif field is None:
            raise self._unknown(path)
        else:
            part = ""
        if (field.read_only and field.path != "id") or field.retired or field.parked:
            raise Problem(
                "mapping.not_writable",
                message="takes no values: it is kept by the CRM, retired, or of a plugin that is not installed",
                value=path,
            )
        return field, part

    def _unknown(self, path: str) -> Problem:
        base, _, part = path.rpartition(".")
        fields = self._entity.fields
        if base in fields and (known := parts_of(fields[base].kind)):
            hint = nearest(part, known) or f"; its parts are {', '.join(known)}"
        else:
            hint = nearest(path, fields)
        if path in self._needed:
            hint = "; the mapping needs this custom field, so define it first"
        return Problem(
            "mapping.unknown_field",
            message="{entity} has no field {value!r}{hint}",
            entity=self._entity.name,
            value=path,
            hint=hint,
        )

    def _plan(self, field: Field, map: FieldMap) -> Plan:
        steps = self._steps(map)
        take = self._taker(field, map)
        default = self._default(field, take, map)
        self._check_values(take, map)
        is_made = not map.find and steps.gives == field.kind.name
        if is_made:
            take = taker_of_made(field.kind.empty)
        places = self._places(steps)
        empty = None if map.find else field.kind.empty
        refuse = refuser(map, steps.columns, empty, default, None if map.find else field)
        has_default = map.default is not None and not default_column(map)

        def make(cells: Sequence[Any]) -> Any:
            value = steps(cells)
            return default if has_default and is_empty(value) else take(value)

        fast = field.kind if steps.are_none and not map.find else None
        work_out = guarded(make, refuse, len(places))
        if steps.is_chain and not has_default:
            work_out = chained(steps.steps, take, refuse)
        return Plan(field.path, places, work_out, empty, fast, is_judged=not is_made)

    def _plan_of_parts(self, field: Field, several: Sequence[tuple[str, FieldMap]]) -> Plan:
        """Return the plan of *field* from its parts; where no column of theirs holds anything, it is empty."""
        take = make_taker(field, self._zone)
        empty = field.kind.empty
        policy = next((map for _, map in several if map.on_problem != "refuse"), several[0][1])
        names = tuple(part for part, _ in several)
        from_columns = tuple(bool(map.columns) for _, map in several)
        refuse = refuser(policy, [column for _, map in several for column in map.columns], empty, empty, field)

        def put_together(values: Sequence[Any]) -> Any:
            parts = {}
            is_told = False
            for part, value, from_column in zip(names, values, from_columns, strict=True):
                if type(value) is Refused:
                    return value
                if not is_empty(value):
                    parts[part] = value
                    is_told = is_told or from_column
            if not is_told:
                return empty
            try:
                return take(parts)
            except Problem as problem:
                return refuse(problem, [value for value in values if not is_empty(value)])

        parts = tuple(self._part(map, policy, field) for _, map in several)
        places = tuple(place for plan, place in parts for place in ((place,) if plan is None else plan.places))
        return PartsPlan(field.path, places, put_together, empty, parts=parts)

    def _part(self, map: FieldMap, policy: FieldMap, field: Field) -> tuple[Plan | None, int]:
        """Return the plan of one part of *field*, with its place where its cells are already its values."""
        steps = self._steps(map)
        places = self._places(steps)
        if steps.are_none:
            return None, places[0]
        refuse = refuser(policy, steps.columns, field.kind.empty, field.kind.empty, None)
        stands_in = None if default_column(map) else map.default

        def make(cells: Sequence[Any]) -> Any:
            value = steps(cells)
            return stands_in if is_empty(value) else value

        return Plan(map.path, places, guarded(make, refuse, len(places))), -1

    def _steps(self, map: FieldMap) -> Steps:
        """Return the steps of *map*.

        Raises:
            Problem: A column or transform that is not there, or arguments that a transform does not take.
        """
        if not map.columns and map.default is None:
            raise Problem(
                "mapping.no_source",
                message="has no column, no record and no default; give it one of them",
                value=map.path,
            )
        if map.part is not None and not (map.split and map.part):
            raise Problem(
                "mapping.no_split",
                message="says part = {value}; tell by split what separates the parts, and count from 1 or from -1",
                value=map.part,
            )
        read = [read_step(text) for text in map.transforms]
        other = default_column(map)
        columns = (*map.columns, *(column for step in read for column in step.columns), *((other,) if other else ()))
        if unknown := [column for column in columns if column not in self._columns]:
            raise Problem(
                "mapping.unknown_column",
                message="the source has no column {value!r}{hint}",
                value=unknown[0],
                hint=nearest(unknown[0], self._columns),
            )
        self.used.update(columns)
        bound = []
        for step, text in zip(read, map.transforms, strict=True):
            transform = find_transform(self._schema, step.name)
            told = [each for each in step.arguments if isinstance(each, str)]
            is_told = len(told) == len(step.arguments)
            reason = "" if transform.check is None or not is_told else _checked(transform.check, told)
            if not transform.takes(len(step.arguments)):
                reason = f"takes another number of arguments than {len(step.arguments)}"
            if reason:
                raise Problem("mapping.bad_arguments", message="{value}: {told}", value=text, told=reason)
            bound.append(BoundStep(transform, step.arguments))
        return Steps(map, bound, columns)

    def _places(self, steps: Steps) -> tuple[int, ...]:
        return tuple(self._columns[column] for column in steps.columns)

    def _taker(self, field: Field, map: FieldMap) -> Taker:
        """Return the function to the inside value, or to the key of the target that is looked up."""
        if not map.find:
            return make_taker(field, self._zone)
        lookup, key = self._lookup(field, map)
        self.lookups[field.path] = lookup
        take = make_taker(key, self._zone)
        if not lookup.several:
            return lambda value: None if is_empty(value) else take(value)
        return lambda value: _each(take, value) or None

    def _lookup(self, field: Field, map: FieldMap) -> tuple[Lookup, Field]:
        kind = field.kind
        several = isinstance(kind, LinkKind)
        if isinstance(kind, RefKind | RefsKind):
            target, name = str(kind.target), map.find
        elif isinstance(kind, AnyRefKind):
            target, _, name = map.find.partition(".")
            if not kind.may_lead_to(target):
                raise Problem(
                    "mapping.no_target",
                    message='may lead to several entities; say which and by what, as in find = "contact.email"',
                    value=map.find,
                )
        else:
            raise Problem(
                "mapping.not_looked_up", message="is no reference, so nothing can be found for it", value=map.find
            )
        key = self._schema.entity(target).fields.get(name)
        if key is None:
            raise Problem(
                "mapping.unknown_field",
                message="{entity} has no field {value!r}{hint}",
                entity=target,
                value=name,
                hint=nearest(name, self._schema.entity(target).fields),
            )
        return Lookup(target, name, map.otherwise, several), key

    def _default(self, field: Field, take: Taker, map: FieldMap) -> Any:
        """Return the inside value of the default; the empty one where there is none.

        Raises:
            Problem: The field does not take it, or a policy needs one.
        """
        if map.default is None or default_column(map):
            if map.on_problem == "default":
                raise Problem(
                    "mapping.no_default",
                    message='says on_problem = "default" and has no default; give it one',
                    value=map.path,
                )
            return field.kind.empty
        return _taken(take, map.default)

    def _check_values(self, take: Taker, map: FieldMap) -> None:
        for value in map.values.values():
            if not is_empty(value):
                _taken(take, value)

    def _tell(self, path: str, problem: Problem) -> None:
        problem.field = f"{self._map.alias}.{path}"
        self.problems.append(problem)


def _each(take: Taker, value: Any) -> tuple[Any, ...]:
    members = value if isinstance(value, list | tuple) else [value]
    return tuple(take(member) for member in members if not is_empty(member))


def parts_of(kind: Kind) -> tuple[str, ...]:
    """Return the parts that values of *kind* may be given in: ``street`` and ``city`` of an address."""
    schema = kind.json_schema()
    forms = schema.get("oneOf", [schema])
    return tuple(name for form in forms if form.get("type") == "object" for name in form.get("properties", ()))


def _checked(check: Callable[..., str], arguments: Sequence[str]) -> str:
    try:
        return check(*arguments)
    except TypeError:
        return ""  # another number of arguments, which is told anyway


def _taken(take: Taker, value: Any) -> Any:
    """Return *value* of the mapping file as an inside one.

    Raises:
        Problem: The field does not take it.
    """
    try:
        return take(value)
    except Problem as problem:
        raise Problem(
            "mapping.bad_value",
            message="does not take {value!r}, which the mapping gives it: {told}",
            value=value,
            told=problem.message,
        ) from problem
