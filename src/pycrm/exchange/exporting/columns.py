"""What an export shows of each record: paths as somebody sees them, masked fields among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import PycrmError, UnknownNameError
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.query import ResolvedPath, resolve
from pycrm.query.ast import Path
from pycrm.query.paths import Hop
from pycrm.query.text import read_path
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import reader_of
from pycrm.schema.sight import SeenEntity
from pycrm.values.refs import Ref

__all__ = ["Column", "column_of", "include_of", "usual_paths"]

_LATE = ("created_at", "updated_at")


@attrs.frozen(eq=False)
class Column:
    """One column: a field of the entity, or of what its references lead to.

    Attributes:
        path: The field, and the references on the way.
        include: What ``include=`` must name so that it can be shown.
        target: What a reference in it leads to, as the reader sees that; None where it is none, or leads anywhere.
        is_masked: The reader sees masked texts.
    """

    path: ResolvedPath
    include: str
    target: Entity | None
    is_masked: bool = False
    _read: Callable[[Record], Any] = attrs.field(init=False, repr=False)
    _hops: tuple[Callable[[Record], Any], ...] = attrs.field(init=False, repr=False)

    @_read.default
    def _reader(self) -> Callable[[Record], Any]:
        return reader_of(self.path.field)

    @_hops.default
    def _hop_readers(self) -> tuple[Callable[[Record], Any], ...]:
        return tuple(reader_of(hop.field) for hop in self.path.hops)

    def value(self, record: Record, withheld: Collection[UUID] = ()) -> Any:
        """Return the inside value for *record*; None where a reference on the way is empty or leads to *withheld*."""
        here: Any = record
        for read in self._hops:
            reference = read(here)
            if not isinstance(reference, Ref) or not reference.is_loaded or reference.id in withheld:
                return None
            here = reference.record
        return self._read(here)


def column_of(schema: Schema, entity: Entity, text: str) -> Column:
    """Return the column that *text* names.

    Args:
        schema: As the reader sees it.
        entity: Of that schema.
        text: A path.
    Raises:
        UnknownNameError: It leads nowhere, or to what is hidden.
        QueryError: It cannot be followed.
    """
    path = read_path(text)
    try:
        resolved, is_masked = resolve(schema, entity, path), False
    except UnknownNameError as error:
        resolved, is_masked = _masked(schema, entity, path, error), True
    return Column(resolved, _include(resolved), _target(schema, resolved), is_masked)


def include_of(columns: Sequence[Column]) -> str:
    """Return the ``include=`` that loads what *columns* show."""
    return " ".join(dict.fromkeys(column.include for column in columns if column.include))


def usual_paths(entity: Entity) -> list[str]:
    """Return what is exported of *entity* where nobody chooses: the id, all that it is about, and when it was written.

    Without what forms do not offer either, and what nobody uses any more.
    """
    whole = entity.whole if isinstance(entity, SeenEntity) else entity
    seen = entity.fields.keys() | (entity.masks.keys() if isinstance(entity, SeenEntity) else ())
    shown = [
        path
        for path, field in whole.fields.items()
        if path in seen
        and path not in Record.__declared_fields__
        and not (field.hidden or field.retired or field.parked)
    ]
    return ["id", *shown, *_LATE]


def _masked(schema: Schema, entity: Entity, path: Path, error: PycrmError) -> ResolvedPath:
    """Return what *path* means if its last field is merely masked; else raise *error*."""
    for width in (1, 2):
        before, last = path.names[:-width], ".".join(path.names[-width:])
        if len(path.names) < width:
            break
        hops: tuple[Hop, ...] = ()
        here = entity
        if before:
            try:
                way = resolve(schema, entity, Path((*before, "id")))
            except PycrmError:
                continue
            hops, here = way.hops, way.entity
        if isinstance(here, SeenEntity) and last in here.masks:
            return ResolvedPath(path, hops, here, here.whole.fields[last])
    raise error


def _target(schema: Schema, path: ResolvedPath) -> Entity | None:
    kind = path.field.kind
    return schema.entities.get(str(kind.target)) if isinstance(kind, (RefKind, RefsKind)) else None


def _include(path: ResolvedPath) -> str:
    names = [hop.field.path for hop in path.hops]
    if isinstance(path.field.kind, (RefKind, RefsKind, AnyRefKind, AnyRefsKind)):
        names.append(path.field.path)
    return ".".join(names)
