"""What a dotted name means on an entity: which references it follows and which field it ends at."""

from __future__ import annotations

import attrs

from pycrm.errors import PycrmError, QueryError, UnknownNameError, nearest
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, RefsKind
from pycrm.query.ast import Path
from pycrm.schema import Entity, Schema

__all__ = ["Hop", "ResolvedPath", "ToMany", "resolve", "resolve_link"]

MAX_HOPS = 6


@attrs.frozen(eq=False)
class Hop:
    """One reference that is followed.

    Attributes:
        entity: Where the reference is.
        field: The reference.
        target: Where it leads.
    """

    entity: Entity
    field: Field
    target: Entity


@attrs.frozen(eq=False)
class ResolvedPath:
    """A path with its meaning: *field* of *entity*, reached over *hops* from the entity that is asked for."""

    path: Path
    hops: tuple[Hop, ...]
    entity: Entity
    field: Field

    def __str__(self) -> str:
        return self.path.text


def resolve(schema: Schema, entity: Entity, path: Path) -> ResolvedPath:
    """Return what *path* means, read from *entity*.

    A name is a field of its own (``amount``, ``id``), the first half of an extension's or custom field
    (``trade.incoterm``, ``custom.region``), or a reference to follow. A path that ends at a reference means the
    reference itself.

    Raises:
        UnknownNameError: A name that the entity there does not have; `position` counts names from 1.
        QueryError: A name that cannot be followed further, or more than 6 references in a row.
    """
    hops: list[Hop] = []
    here = entity
    at = 0
    while True:
        field, width = _field_at(here, path, at)
        at += width
        if at == len(path.names):
            return ResolvedPath(path, tuple(hops), here, field)
        if len(hops) == MAX_HOPS:
            raise QueryError(f"{path.text!r} follows more than {MAX_HOPS} references", path=path.text)
        target = _target(schema, here, field, path, at)
        hops.append(Hop(here, field, target))
        here = target


@attrs.frozen(eq=False)
class ToMany:
    """Where a link to many records leads.

    Attributes:
        path: The link as it was named.
        hops: The references before it.
        source: The entity that it starts from.
        field: The reference back, a field of *target*; or the multi-reference, a field of *source*.
        is_back: Which of the two.
        target: The entity that it leads to; None for a multi-reference to records of several entities.
    """

    path: Path
    hops: tuple[Hop, ...]
    source: Entity
    field: Field
    is_back: bool
    target: Entity | None


def resolve_link(schema: Schema, entity: Entity, path: Path) -> ToMany:
    """Return where *path* leads from *entity*: over references to a multi-reference, or to a way back.

    Raises:
        UnknownNameError: A name that the entity there does not have.
        QueryError: It leads to one record, or follows more than 6 references.
    """
    hops: list[Hop] = []
    here = entity
    at = 0
    while True:
        rest = ".".join(path.names[at:])
        if rest in here.back:
            back = here.back[rest]
            target = schema.entities[back.entity]
            return ToMany(path, tuple(hops), here, target.fields[back.field], is_back=True, target=target)
        field, width = _field_at(here, path, at)
        at += width
        if at == len(path.names):
            return _multi_reference(schema, here, field, path, tuple(hops))
        if len(hops) == MAX_HOPS:
            raise QueryError(f"{path.text!r} follows more than {MAX_HOPS} references", path=path.text)
        following = _target(schema, here, field, path, at)
        hops.append(Hop(here, field, following))
        here = following


def _multi_reference(schema: Schema, entity: Entity, field: Field, path: Path, hops: tuple[Hop, ...]) -> ToMany:
    if not isinstance(field.kind, LinkKind):
        raise QueryError(
            f"{path.text!r}: {entity.name}.{field.path} does not lead to many records; compare {path.text} itself"
            + (f", or follow one of {', '.join(sorted(entity.back))}" if entity.back else ""),
            path=path.text,
        )
    kind = field.kind
    target = schema.entities.get(str(kind.target)) if isinstance(kind, RefsKind) else None
    return ToMany(path, hops, entity, field, is_back=False, target=target)


def _field_at(entity: Entity, path: Path, at: int) -> tuple[Field, int]:
    """Return the field that the names from *at* on begin with, and how many of them it takes."""
    for width in (1, 2):
        field = entity.fields.get(".".join(path.names[at : at + width]))
        if field is not None:
            return field, width
    raise _unknown(entity, path, at)


def _unknown(entity: Entity, path: Path, at: int) -> PycrmError:
    name = path.names[at]
    owned = [known for known in entity.fields if known.startswith(f"{name}.")]
    if owned:
        name = ".".join(path.names[at : at + 2])
    if name in entity.back:
        return QueryError(
            f"{path.text!r}: {name!r} leads from {entity.name} to many {entity.back[name].entity} records; say "
            f"ANY({name}, …), ALL or NONE in a filter, or load them with include={name!r}",
            entity=entity.name,
            name=name,
            path=path.text,
            position=at + 1,
        )
    where = f" (name {at + 1} of {path.text!r})" if len(path.names) > 1 else ""
    return UnknownNameError(
        f"{entity.name} has no field {name!r}{where}{nearest(name, owned or entity.fields)}",
        entity=entity.name,
        name=name,
        path=path.text,
        position=at + 1,
    )


def _target(schema: Schema, entity: Entity, field: Field, path: Path, at: int) -> Entity:
    """Return the entity that *field* leads to, for the names of *path* from *at* on."""
    kind = field.kind
    if isinstance(kind, RefKind) and str(kind.target) in schema.entities:
        return schema.entities[str(kind.target)]
    if isinstance(kind, RefKind):
        reason = f"refers to {kind.target!r}, whose plugin is not installed"
    elif isinstance(kind, AnyRefKind):
        reason = "may refer to records of several entities; compare the reference itself with a record"
    elif isinstance(kind, LinkKind):
        reason = "refers to many records"
    else:
        reason = f"is a {kind.name} field, not a reference"
    raise QueryError(
        f"{path.text!r}: {path.names[at]!r} cannot follow {entity.name}.{field.path}, which {reason}",
        entity=entity.name,
        field=field.path,
        path=path.text,
        position=at + 1,
    )
