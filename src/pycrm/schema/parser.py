"""The one validator: for each entity a parser is generated from its kinds, and it collects every problem of a record.

Single writes, batches and imports all run it. It judges types and values only; what is required is judged later, after
derive hooks had their say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from pycrm.errors import Problem, nearest
from pycrm.fields.field import Field
from pycrm.fields.registry import source_names
from pycrm.schema.entity import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.kinds import AbsentKind
from pycrm.schema.record import Record, slot_of

__all__ = ["make_parser", "missing", "parse_document", "parse_fields"]


def locate(problem: Problem, record: Record, path: str) -> Problem:
    """Return *problem* with record and field filled in; kinds raise it without."""
    problem.record = record
    problem.field = path
    return problem.kept()


def make_parser(entity: Entity, judged: Collection[str] = ()) -> Callable[[Record, list[Problem]], None]:
    """Return ``parse(record, problems)``: puts inside values into the slots of own fields, appends what is wrong.

    Args:
        entity: Whose records.
        judged: Paths of fields that hold inside values already.
    """
    lines = ["def parse(record, problems):", "    pass"]  # there may be nothing left to parse
    fields = [field for field in entity.own_fields if field.path not in judged]
    constants: dict[str, Any] = source_names(field.kind for field in fields)
    constants |= {"Problem": Problem, "locate": locate}
    for index, field in enumerate(fields):
        slot = slot_of(field)
        constants[f"kind{index}"] = field.kind
        constants[f"empty{index}"] = field.kind.empty
        fast = field.kind.parse_source("v")
        lines.append(f"    v = record.{slot}")
        if field.kind.empty is None:
            lines.append(f"    if not (v is None{f' or ({fast})' if fast else ''}):")
        else:
            # None is how everybody else empties a field; the slot of several values holds none of them instead.
            is_sound = f"v == empty{index}{f' or {fast}' if fast else ''}"
            lines += ["    if v is None:", f"        record.{slot} = empty{index}", f"    elif not ({is_sound}):"]
        lines += [
            "        try:",
            f"            record.{slot} = kind{index}.parse(v)",
            "        except Problem as problem:",
            f"            problems.append(locate(problem, record, {field.path!r}))",
        ]
    parse_own = make_function("\n".join(lines) + "\n", "parse", constants)
    checks = _document_checks(entity) | {path: _is_judged for path in judged if "." in path}

    def parse(record: Record, problems: list[Problem]) -> None:
        parse_own(record, problems)
        if document := record._document:
            unsure = [
                path for path, value in document.items() if (sound := checks.get(path)) is None or not sound(value)
            ]
            if unsure:
                parse_document(entity, record, unsure, problems)

    return parse  # type: ignore[no-any-return,unused-ignore]


def _is_judged(_: Any) -> bool:
    return True


def _document_checks(entity: Entity) -> dict[str, Callable[[Any], bool]]:
    """Return, by path, what tells the values of document fields that need no parsing."""
    fields = [
        (field, fast)
        for field in entity.document_fields
        if not (field.retired or field.parked)
        and field.kind.empty is None
        and (fast := field.kind.parse_source("v")) is not None
    ]
    if not fields:
        return {}
    lines = [f"        {field.path!r}: lambda v: {fast}," for field, fast in fields]
    source = "\n".join(["def checks():", "    return {", *lines, "    }", ""])
    made: dict[str, Callable[[Any], bool]] = make_function(
        source, "checks", source_names(field.kind for field, _ in fields)
    )()
    return made


def parse_document(entity: Entity, record: Record, paths: Iterable[str], problems: list[Problem]) -> None:
    """Parse the values of *record*'s document at *paths* in place."""
    values = record.document_values()
    for path in list(paths):
        field = entity.fields.get(path)
        if field is None:
            owner = path.partition(".")[0]
            known = [name for name in entity.fields if name.startswith(f"{owner}.")]
            problems.append(
                Problem(
                    "field.unknown",
                    record,
                    path,
                    message="is no field of {entity}{hint}",
                    entity=entity.name,
                    hint=nearest(path, known),
                )
            )
            continue
        value = values[path]
        is_absent = value is None or value == field.kind.empty
        if is_absent and not (field.parked and record._loaded is not None):
            values.pop(path)
            continue
        if field.retired or field.parked:
            problems.append(_not_offered(record, field, value))
            continue
        try:
            parsed = field.kind.parse(value)
        except Problem as problem:
            problems.append(locate(problem, record, path))
            continue
        if parsed == field.kind.empty:
            del values[path]
        else:
            values[path] = parsed


def _not_offered(record: Record, field: Field, value: Any) -> Problem:
    if field.parked:
        return Problem(
            "field.parked",
            record,
            field.path,
            message="is parked: the plugin {plugin} is not installed. Its values stay readable; install it to write.",
            plugin=field.kind.plugin if isinstance(field.kind, AbsentKind) else field.owner,
            value=value,
        )
    return Problem(
        "field.retired",
        record,
        field.path,
        message="is retired; its values stay readable, but no new one is taken. Revive the field first.",
        value=value,
    )


def parse_fields(entity: Entity, record: Record, fields: Iterable[Field], problems: list[Problem]) -> None:
    """Parse only *fields* of *record* in place: what an update changed, or what a derive hook set."""
    for field in fields:
        if "." in field.path:
            if field.path in record.document_values():
                parse_document(entity, record, (field.path,), problems)
            continue
        slot = slot_of(field)
        value = getattr(record, slot)
        if value is None or (field.kind.empty is not None and value == field.kind.empty):
            object.__setattr__(record, slot, field.kind.empty)
            continue
        try:
            object.__setattr__(record, slot, field.kind.parse(value))
        except Problem as problem:
            problems.append(locate(problem, record, field.path))


def missing(entity: Entity, record: Record, fields: Sequence[Field]) -> list[Problem]:
    """Return a problem for each of the required *fields* that has no value; empty text is none."""
    return [
        Problem("field.required", record, field.path, message="is required; give it a value")
        for field in fields
        if getattr(record, slot_of(field)) in (None, "")
    ]
