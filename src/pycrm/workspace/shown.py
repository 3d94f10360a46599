"""What of our tables a unit shows to SQL that others run on its connection: no more than its principal sees."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from pycrm.policies.rights import Rights
from pycrm.schema import Entity
from pycrm.schema.sight import SeenEntity
from pycrm.storage.walls.authorizer import NOTHING, Sight
from pycrm.values.principal import Principal
from pycrm.workspace.context import UnitContext
from pycrm.workspace.tools import SchemaTools

__all__ = ["share_unit", "show_rights"]


def share_unit(ctx: UnitContext, principal: Principal) -> None:
    """Open the unit of *ctx* to code of others, which runs in it for *principal*."""
    ctx.unit.is_shared = True
    if ctx.unit.is_judged and not (principal.is_administrator or principal.plugin_name is not None):
        ctx.opener = principal
        ctx.unit.show(NOTHING)  # until his rights of now are known


def show_rights(ctx: UnitContext, principal: Principal, rights: Rights) -> None:
    """Show what *rights* let *principal* see, if it is him whom the unit was opened for."""
    if principal == ctx.opener:
        sight = rights.made.get("sight")
        if sight is None:
            names = frozenset(rights.row_rules.rules)
            make = partial(_sight, ctx.tools, rights, names)
            # Of all who see the same it is one, by which a connection knows that nothing has changed.
            sight = rights.made["sight"] = ctx.tools.sights.get((rights.seen, names), make)
        ctx.unit.show(sight)


def _sight(tools: SchemaTools, rights: Rights, ruled: frozenset[str]) -> Sight:
    """Return the columns of entities that are read whole; which rows are read no judge of columns can tell."""
    shown = {
        tools.tables.table(name).name.lower(): _columns(tools, entity)
        for name, entity in rights.seen.entities.items()
        if name not in ruled and name in tools.tables.entities
    }
    return Sight(MappingProxyType(shown))


def _columns(tools: SchemaTools, entity: Entity) -> frozenset[str]:
    """Return the columns of which nothing is hidden or masked, the document among them only as a whole."""
    if not isinstance(entity, SeenEntity):
        return frozenset(column.lower() for column in tools.tables.columns(entity))
    columns = {
        column.lower() for field in entity.column_fields if field.path in entity.fields for column in field.part_names
    }
    if all(field.path in entity.fields for field in entity.whole.document_fields):
        columns.add("doc")
    return frozenset(columns)
