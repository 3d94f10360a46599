"""What a shell offers behind the tabulator: entities, fields, options and states of the CRM that the settings name.

A shell asks at every tabulator and shows whatever is printed, so nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from pycrm.app import CRM
from pycrm.cli.context import Settings
from pycrm.errors import PycrmError
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.numbers import BooleanKind
from pycrm.fields.status import StatusKind
from pycrm.schema import Schema
from pycrm.workspace.roles import known_roles

__all__ = [
    "complete_assignment",
    "complete_custom",
    "complete_entity",
    "complete_index",
    "complete_kind",
    "complete_role",
]


def complete_entity(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of entities."""
    return _items(_schema(ctx).entities, incomplete)


def complete_kind(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of field kinds."""
    return _items(_schema(ctx).kinds, incomplete)


def complete_role(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of roles."""
    return _items(_roles(ctx), incomplete)


def complete_custom(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names of the entity's custom fields."""
    return _items((field.name for field in _fields(ctx).values() if field.owner == "custom"), incomplete)


def complete_index(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the indexes over several fields that somebody defined for the entity."""
    entity: Any = ctx.params.get("entity")
    known = _schema(ctx).entities.get(entity)
    defined = () if known is None else (index.text for index in known.indexes if index.owner == "custom")
    return _items(defined, incomplete)


def complete_assignment(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer ``field=``, and behind it what a choice, a status or a boolean may be."""
    path, sign, _ = incomplete.partition("=")
    fields = _fields(ctx)
    if sign:
        return _items((f"{path}={value}" for value in _values(fields.get(path))), incomplete)
    return _items((f"{path}=" for path, field in fields.items() if not field.read_only), incomplete)


def _values(field: Field | None) -> Iterable[str]:
    match field:
        case Field(kind=ChoiceKind() | MultiChoiceKind() as choice):
            return choice.offered
        case Field(kind=StatusKind(lifecycle=lifecycle)):
            return lifecycle.states
        case Field(kind=BooleanKind()):
            return ("true", "false")
    return ()


def _fields(ctx: click.Context) -> Mapping[str, Field]:
    entity: Any = ctx.params.get("entity")
    known = _schema(ctx).entities.get(entity)
    return {} if known is None else known.fields


def _schema(ctx: click.Context) -> Schema:
    """Return the schema of the database, or without one that of the code alone."""
    try:
        return ctx.ensure_object(Settings).stored_schema()
    except PycrmError:
        return CRM("sqlite://").schema


def _roles(ctx: click.Context) -> Iterable[str]:
    """Return the roles of the database, or without one those of the code alone."""
    try:
        with ctx.ensure_object(Settings).reading() as ws:
            return known_roles(ws._ctx)
    except PycrmError:
        return CRM("sqlite://")._roles


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
