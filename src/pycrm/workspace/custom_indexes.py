"""Indexes over several fields as data: defining and dropping one is a change of the schema, counted by its number."""

from __future__ import annotations

from typing import NoReturn

from pycrm.entities import CustomIndex
from pycrm.errors import ConfigurationError, NameClashError, UnknownNameError, nearest
from pycrm.query import F, Path
from pycrm.query.text import OrderKey, read_order
from pycrm.schema import Entity
from pycrm.schema.list_index import ListIndex, ListKey, check_list_index
from pycrm.workspace.create import create_many
from pycrm.workspace.delete import purge_many
from pycrm.workspace.schema_change import change_schema
from pycrm.workspace.view import View

__all__ = ["define_index", "drop_index"]


def define_index(ws: View, entity: Entity, text: str) -> ListIndex:
    """Add an index over the keys of *text* to *entity*; see `Workspace.define_index`."""
    index = _read(entity, text)
    for path in index.paths:
        _check_own(entity, path)
    check_list_index(entity.name, entity.fields, index)
    if known := [each for each in entity.indexes if each.keys == index.keys]:
        owner = "" if known[0].owner == "custom" else f", declared by the code of {known[0].owner!r}"
        raise NameClashError(f"{entity.name} has the index {index.text!r} already{owner}", entity=entity.name)
    row = CustomIndex(entity=entity.name, keys=index.text)
    change_schema(ws, lambda kernel: create_many(kernel, [row], "raise"))
    return index


def drop_index(ws: View, entity: Entity, text: str) -> ListIndex:
    """Take the index over the keys of *text* away from *entity*; see `Workspace.drop_index`."""
    index = _read(entity, text)
    ctx = ws._ctx
    rows = ctx.matching(ctx.tools.schema.entity(CustomIndex), (F.entity == entity.name) & (F.keys == index.text))
    if not rows:
        _refuse_drop(entity, index)
    change_schema(ws, lambda kernel: purge_many(kernel, rows))
    return index


def _read(entity: Entity, text: str) -> ListIndex:
    """Return what *text* asks for; the fields are not looked at yet."""
    keys = read_order(text)
    if not keys:
        raise ConfigurationError(
            f"an index of {entity.name} is over fields; give at least one, as in 'level, name'", entity=entity.name
        )
    return ListIndex.of([ListKey(_path(entity, key), key.descending) for key in keys])


def _path(entity: Entity, key: OrderKey) -> str:
    if isinstance(key.operand, Path):
        return key.operand.text
    raise ConfigurationError(
        f"an index of {entity.name} is over fields, and {key.text} is computed; name fields only", entity=entity.name
    )


def _check_own(entity: Entity, path: str) -> None:
    """Refuse what is no field of *entity* itself.

    Raises:
        ConfigurationError: A field of what a reference leads to.
        UnknownNameError: Any other; the nearest names are given.
    """
    first, dot, _ = path.partition(".")
    if path not in entity.fields and dot and first in entity.fields:
        raise ConfigurationError(
            f"an index of {entity.name} is over its own fields, and {path} is a field of what {first} refers to; "
            "leave it out, or define an index there",
            entity=entity.name,
            field=path,
        )
    entity.field(path)


def _refuse_drop(entity: Entity, index: ListIndex) -> NoReturn:
    owners = [each.owner for each in entity.indexes if each.keys == index.keys]
    if owners:
        raise ConfigurationError(
            f"the index {index.text!r} of {entity.name} is declared by the code of {owners[0]!r}; take it out there",
            entity=entity.name,
        )
    known = [each.text for each in entity.indexes]
    raise UnknownNameError(f"{entity.name} has no index {index.text!r}{nearest(index.text, known)}", entity=entity.name)
