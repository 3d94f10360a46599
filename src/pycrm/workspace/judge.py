"""Everything that happens to records between the caller and the first written row: derive, judge, collect problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.schema import Record
from pycrm.schema.changes import Derivations
from pycrm.schema.diff import value_at
from pycrm.schema.parser import missing, parse_fields
from pycrm.schema.record import slot_of
from pycrm.workspace.attachment_limits import unfit_attachments
from pycrm.workspace.batch import Batch
from pycrm.workspace.moves import find_moves, lifecycle_of, missing_needs
from pycrm.workspace.references import unknown_references
from pycrm.workspace.role_rows import unfit_access
from pycrm.workspace.separation import same_person
from pycrm.workspace.trees import cycles
from pycrm.workspace.unique import taken_values
from pycrm.workspace.view_rules import unfit_views

__all__ = ["check", "fill_defaults", "judge", "refuse_read_only"]


def refuse_read_only(batch: Batch) -> None:
    """Add a problem for each read-only field that a caller, not a hook, gave a value."""
    if batch.ws._ctx.chain or batch.ws._trusted:
        return
    locked = batch.tools.read_only
    for record in batch.records:
        if batch.kind == "create":
            given = locked.given(record)
        else:
            given = [(field, value_at(record, field)) for field in batch.changed[record.id] if field in locked.fields]
        for field, value in given:
            batch.problems.append(
                Problem(
                    "field.read_only",
                    record,
                    field.path,
                    message="is kept by pycrm or by a plugin; leave it out",
                    value=value,
                )
            )


def fill_defaults(batch: Batch) -> None:
    """Give new records their defaults where the caller gave nothing."""
    entity = batch.entity
    for field in entity.own_fields:
        if field.default is not None:
            _fill(batch, field, field.make_default)
    for field in entity.statuses:
        _fill(batch, field, partial(getattr, lifecycle_of(field), "initial"))
    if "owner" in entity.fields and not batch.ws._ctx.chain:
        _fill(batch, entity.fields["owner"], lambda: batch.actor)
    for field in entity.document_fields:
        if field.default is None or field.retired:
            continue
        filled = batch.defaulted[field.path] = set()
        for record in batch.records:
            if record.get_document_value(field.path) in (None, field.kind.empty):
                record.set_document_value(field.path, field.make_default())
                filled.add(record)


def _fill(batch: Batch, field: Field, default: Callable[[], Any]) -> None:
    slot, nothing = slot_of(field), (None, field.kind.empty)
    filled = batch.defaulted[field.path] = set()
    for record in batch.records:
        if getattr(record, slot) in nothing:
            setattr(record, slot, default())
            filled.add(record)


def judge(batch: Batch) -> None:
    """Run derive hooks, then everything that may object; problems are collected in the batch."""
    find_moves(batch)
    _derive(batch)
    batch.problems += missing_needs(batch)
    batch.problems += _missing_values(batch)
    batch.problems += unknown_references(batch)
    batch.problems += cycles(batch)
    batch.problems += unfit_attachments(batch)
    batch.problems += unfit_views(batch)
    batch.problems += unfit_access(batch)
    batch.problems += same_person(batch)
    batch.problems += taken_values(batch)
    check(batch)


def _derive(batch: Batch) -> None:
    ws = batch.ws
    if not ws._ctx.services.hooks.wants("derive", batch.entity):
        return
    records = batch.sound()
    if not records:
        return
    derivations = Derivations(batch.is_given)
    with batch.handed_over(records, derivations) as changes:
        ws._ctx.services.hooks.derive(ws, changes)
    for record in records:
        if derived := derivations.by_record.get(record.id):
            _parse_derived(batch, record, derived)
            if batch.kind == "update":
                batch.changed[record.id] = tuple(batch.tools.diff(record))
    find_moves(batch)


def _parse_derived(batch: Batch, record: Record, derived: Mapping[str, tuple[str, Any]]) -> None:
    """Judge what derive hooks set; what is wrong with it names the hook, for the caller gave no such value."""
    found: list[Problem] = []
    parse_fields(batch.entity, record, [batch.entity.fields[path] for path in derived], found)
    for problem in found:
        problem.facts["hook"] = derived[problem.field or ""][0]
        problem.template += " (set by {hook})"
    batch.problems += found


def _missing_values(batch: Batch) -> list[Problem]:
    """Return a problem for each required field without a value: all of a new record, the changed ones of another.

    A record that does not parse is not derived, so what a derive hook would have filled in is not held against it.
    """
    problems: list[Problem] = []
    required = batch.tools.required
    derives = batch.ws._ctx.services.hooks.wants("derive", batch.entity)
    for record in batch.sound() if derives else batch.records:
        if batch.kind == "create":
            values = required.read(record)
            if None in values or "" in values:
                problems += missing(batch.entity, record, required.fields)
        else:
            problems += missing(batch.entity, record, [field for field in batch.changed[record.id] if field.required])
    return problems


def check(batch: Batch) -> None:
    """Let check hooks object; their problems are collected in the batch."""
    ws = batch.ws
    if not ws._ctx.services.hooks.wants("check", batch.entity):
        return
    records = batch.sound()
    if records:
        with batch.handed_over(records) as changes:
            batch.problems += ws._ctx.services.hooks.check(ws, changes)
