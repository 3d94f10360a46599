"""What is printed: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from pycrm.cli.table import pad, render, visible, width
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import DecimalKind, IntegerKind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.fields.status import StatusKind
from pycrm.schema import Entity, Record
from pycrm.schema.labels import Labels
from pycrm.values.refs import Ref

__all__ = ["is_number", "name_of", "print_json", "print_lines", "print_table", "shown", "title_of", "write"]

WIDEST_ON_TERMINAL = 48
_YES_NO = {"en": ("yes", "no"), "zh": ("是", "否"), "zh-TW": ("是", "否")}


def write(text: str) -> None:
    """Print *text* and a line's end; a reader who has seen enough (``| head``) ends the program quietly."""
    try:
        click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered goes nowhere, so that the interpreter's own flush at its end finds no closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


def print_json(document: Any) -> None:
    """Print *document* as JSON, with letters of every script as they are."""
    write(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table; on a terminal, long cells are cut."""
    write(render(head, rows, right=right, widest=WIDEST_ON_TERMINAL if sys.stdout.isatty() else None))


def print_lines(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns; a value of several lines keeps to its column."""
    names = max((width(name) for name, _ in pairs), default=0)
    lines = []
    for name, value in pairs:
        first, *others = map(visible, value.split("\n"))
        lines.append(f"{pad(visible(name), names)}  {first}".rstrip())
        lines += [f"{' ' * names}  {other}".rstrip() for other in others]
    write("\n".join(lines))


def is_number(field: Field) -> bool:
    """Whether *field* reads better flush right."""
    return field.kind.summable or isinstance(field.kind, (IntegerKind, DecimalKind, MoneyKind))


def shown(value: Any, entity: Entity, field: Field, labels: Labels, language: str) -> str:
    """Return *value* of *field* as people read it: labels for options and states, titles for references."""
    if value is None or value == field.kind.empty:
        return ""
    if isinstance(value, bool):
        return _YES_NO[language][not value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    match field.kind:
        case ChoiceKind() as kind if value in kind.by_value:
            return labels.option(entity.name, field, kind.by_value[value], language)
        case MultiChoiceKind() as several:
            options = [several.by_value[each] for each in value if each in several.by_value]
            return ", ".join(labels.option(entity.name, field, each, language) for each in options)
        case StatusKind(lifecycle=lifecycle) if value in lifecycle.states:
            return labels.state(entity.name, field, lifecycle.states[value], language)
        case RefKind() | AnyRefKind():
            return title_of(value)
        case LinkKind():
            return ", ".join(map(title_of, value))
    return ", ".join(map(str, value)) if isinstance(value, tuple) else field.kind.display(value)


def name_of(entity: Entity, record: Record) -> str:
    """Return number, title and id of *record*, as far as there are."""
    number = getattr(record, "number", None)
    title = getattr(record, entity.title) if entity.title not in ("id", "number") else None
    return " ".join(str(each) for each in (number, title, f"({record.id})") if each)


def title_of(reference: Any) -> str:
    """Return what people call the record that *reference* leads to, or its id where it is not loaded or nameless."""
    if not isinstance(reference, Ref):
        return str(reference)
    if not reference.is_loaded:
        return str(reference.id)
    record = reference.record
    title = getattr(record, record.__title__)
    return visible(str(title)) if title else str(reference.id)
