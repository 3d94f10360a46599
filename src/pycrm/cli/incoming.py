"""Values from outside on their way to the door, and what is wrong with them, all of it at once.

Names and references are judged here, values and what is missing by the door. The door does not derive from a record
that it cannot read, and so cannot say what else that record lacks; it is asked again without the values it refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import attrs

from pycrm.cli.find import reference_of
from pycrm.errors import NotFoundError, Problem, QueryError, ValidationError, nearest
from pycrm.schema import Entity, Record, Schema
from pycrm.workspace import Reader, Workspace

__all__ = ["Draft", "create_drafts", "draft_of", "update_by_draft"]

MISSING = frozenset({"field.required", "lifecycle.needs"})

Placed: TypeAlias = tuple[int, Problem]
"""The number of a draft, and a problem of it."""


@attrs.frozen
class Draft:
    """What somebody wants one record to hold.

    Attributes:
        values: By path, from outside but for references, which are looked up.
        problems: Of names and references, whose values are not among *values*.
    """

    values: dict[str, Any]
    problems: list[Problem] = attrs.field(factory=list)

    def without(self, paths: Iterable[str | None]) -> dict[str, Any]:
        """Return the values but for those of *paths*."""
        left_out = set(paths)
        return {path: value for path, value in self.values.items() if path not in left_out}


def draft_of(ws: Reader, schema: Schema, entity: Entity, document: Mapping[str, Any]) -> Draft:
    """Return the draft of a record of *entity* that *document* asks for."""
    draft = Draft({})
    for path, value in document.items():
        try:
            if path not in entity.fields:
                raise Problem(
                    "field.unknown",
                    message="is no field of {entity}{hint}",
                    entity=entity.name,
                    hint=nearest(path, entity.fields),
                )
            draft.values[path] = _with_reference(ws, schema, entity, path, value)
        except Problem as problem:
            problem.field = path
            draft.problems.append(problem)
    return draft


def _with_reference(ws: Reader, schema: Schema, entity: Entity, path: str, value: Any) -> Any:
    try:
        return reference_of(ws, schema, entity.fields[path], value)
    except NotFoundError as error:
        raise Problem("ref.not_found", message="leads to {told}", told=str(error), value=value) from error
    except QueryError as error:
        raise Problem("ref.ambiguous", message="is not clear: {told}", told=str(error), value=value) from error


def create_drafts(ws: Workspace, entity: Entity, drafts: Sequence[Draft]) -> list[Record]:
    """Create a record of each of *drafts*, as one batch, and return them.

    Raises:
        ValidationError: With every problem of every draft; the unit is to be undone.
    """
    created: list[Record] = []

    def attempt(values: Sequence[Mapping[str, Any]]) -> list[Placed]:
        records = [_new_record(entity, each) for each in values]
        for draft, record in zip(drafts, records, strict=True):
            for problem in draft.problems:
                problem.record = record
        try:
            created[:] = ws.create_many(records).created
        except ValidationError as error:
            numbers = {record.id: number for number, record in enumerate(records)}
            return [(numbers[problem.record.id], problem) for problem in error.problems]
        return []

    _write_or_raise_all(attempt, entity, drafts)
    return created


def update_by_draft(ws: Workspace, entity: Entity, record: Record, draft: Draft, version: int | None) -> None:
    """Update *record* with the values of *draft*.

    Raises:
        ValidationError: With every problem; the unit is to be undone.
    """

    def attempt(values: Sequence[Mapping[str, Any]]) -> list[Placed]:
        try:
            ws.update(record, version=version, **values[0])
        except ValidationError as error:
            return [(0, problem) for problem in error.problems]
        return []

    _write_or_raise_all(attempt, entity, [draft])


def _write_or_raise_all(
    attempt: Callable[[Sequence[Mapping[str, Any]]], list[Placed]], entity: Entity, drafts: Sequence[Draft]
) -> None:
    """Let *attempt* write the values of *drafts*, or raise every problem in the order of the drafts.

    Args:
        attempt: Writes one mapping per draft, or writes nothing and returns what the door refused.
        entity: Of the records.
        drafts: With problems that were found before.
    """
    own = [(number, problem) for number, draft in enumerate(drafts) for problem in draft.problems]
    left_out = {(number, problem.field) for number, problem in own}
    found = [
        (number, problem)
        for number, problem in attempt([draft.values for draft in drafts])
        if problem.code not in MISSING or (number, problem.field) not in left_out
    ]
    refused = {(number, problem.field) for number, problem in found if problem.code not in MISSING}
    if refused:
        known = {(number, problem.field) for number, problem in found} | left_out
        rest = [draft.without(path for at, path in refused if at == number) for number, draft in enumerate(drafts)]
        found += [
            (number, problem)
            for number, problem in attempt(rest)
            if problem.code in MISSING and (number, problem.field) not in known
        ]
    if problems := sorted([*own, *found], key=lambda placed: placed[0]):
        raise ValidationError(_of_one_record_each(problems), entity=entity.name)


def _of_one_record_each(placed: Sequence[Placed]) -> list[Problem]:
    """Return the problems, those of one draft about one record object, so that they are told together."""
    records: dict[int, Any] = {}
    for number, problem in placed:
        records.setdefault(number, problem.record)
        problem.record = records[number]
    return [problem for _, problem in placed]


def _new_record(entity: Entity, values: Mapping[str, Any]) -> Record:
    own = {"id", *(field.path for field in entity.own_fields)}
    make = cast("Any", entity.record_class)
    record: Record = make(**{path: value for path, value in values.items() if path in own})
    for path, value in values.items():
        if "." in path:
            record.set_document_value(path, value)
        elif path not in own:
            setattr(record, path, value)  # kept by pycrm: the door says so
    return record
