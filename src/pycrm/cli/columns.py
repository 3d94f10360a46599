"""Columns of a list: paths, over references too, with what they are called and what must be loaded to fill them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from pycrm.cli.output import shown
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.text import read_path
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import value_at
from pycrm.schema.dump import dump_value
from pycrm.schema.labels import Labels
from pycrm.values.refs import Ref

__all__ = ["Column", "columns_of", "include_of"]


@attrs.frozen(eq=False)
class Column:
    """One column: `path` read from the entity of the list."""

    path: ResolvedPath
    include: str

    @property
    def name(self) -> str:
        """The path as text."""
        return self.path.path.text

    def head(self, labels: Labels, language: str) -> str:
        """Return what stands above it: the labels of the steps."""
        steps = [labels.field(hop.entity.name, hop.field, language) for hop in self.path.hops]
        return " · ".join([*steps, labels.field(self.path.entity.name, self.path.field, language)])

    def value(self, record: Record) -> Any:
        """Return the inside value for *record*, None where a reference on the way is empty."""
        here: Record | None = record
        for hop in self.path.hops:
            reference = value_at(here, hop.field) if here is not None else None
            here = reference.record if isinstance(reference, Ref) and reference.is_loaded else None
        return None if here is None else value_at(here, self.path.field)

    def cell(self, record: Record, labels: Labels, language: str) -> str:
        """Return the value for *record* as people read it."""
        return shown(self.value(record), self.path.entity, self.path.field, labels, language)

    def data(self, record: Record) -> Any:
        """Return the value for *record* as JSON-able data."""
        return dump_value(self.value(record), self.path.field.kind)


def columns_of(schema: Schema, entity: Entity, paths: Sequence[str]) -> list[Column]:
    """Return a column for each of *paths*.

    Raises:
        UnknownNameError: A path that leads nowhere, with the nearest names.
    """
    return [_column(schema, resolve(schema, entity, read_path(path))) for path in paths]


def include_of(columns: Sequence[Column]) -> str:
    """Return the ``include=`` that loads what *columns* show."""
    return " ".join(dict.fromkeys(column.include for column in columns if column.include))


def _column(schema: Schema, path: ResolvedPath) -> Column:
    names = [hop.field.path for hop in path.hops]
    kind = path.field.kind
    leads_on = isinstance(kind, (RefKind, RefsKind)) and str(kind.target) in schema.entities
    if leads_on or isinstance(kind, (AnyRefKind, AnyRefsKind)):
        names.append(path.field.path)
    return Column(path, ".".join(names))
