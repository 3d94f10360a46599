"""Renamings inside the rows: keys of documents, names in the link table, counters of autonumbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Table

from pycrm.storage.dialect import SQLITE
from pycrm.storage.field_sql import json_key
from pycrm.storage.unit import Unit

__all__ = ["in_order", "rename_counters", "rename_key", "rename_links"]

_ASIDE = "pycrm_renamed"


def in_order(renamed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the renamings of *renamed*, old to new, so that none meets a name that is still in use.

    Names that change places go through one that nobody has.
    """
    waiting = {old: new for old, new in renamed.items() if old != new}
    while waiting:
        free = [old for old, new in waiting.items() if new not in waiting]
        if not free:
            old = next(iter(waiting))
            yield old, _ASIDE
            waiting[_ASIDE] = waiting.pop(old)
            continue
        for old in free:
            yield old, waiting.pop(old)


def rename_key(unit: Unit, table: Table, old: str, new: str) -> None:
    """Give what the documents of *table* hold under *old* the key *new*."""
    name = unit.dialect.sa.identifier_preparer.format_table(table)
    if unit.dialect is SQLITE:
        was, now = (_literal(f"$.{json_key(key)}") for key in (old, new))
        # json_extract makes numbers of true and false, and text of lists.
        value = (
            f"CASE json_type(doc, {was}) WHEN 'true' THEN json('true') WHEN 'false' THEN json('false') "
            f"WHEN 'array' THEN json(json_extract(doc, {was})) WHEN 'object' THEN json(json_extract(doc, {was})) "
            f"ELSE json_extract(doc, {was}) END"
        )
        unit.execute(
            f"UPDATE {name} SET doc = json_remove(json_set(doc, {now}, {value}), {was}) "
            f"WHERE json_type(doc, {was}) IS NOT NULL"
        )
    else:
        params = {"old": old, "new": new}
        unit.execute(
            f"UPDATE {name} SET doc = (doc - %(old)s::text) || jsonb_build_object(%(new)s::text, doc -> %(old)s::text) "
            "WHERE jsonb_exists(doc, %(old)s::text)",
            params,
        )


def rename_links(unit: Unit, link: Table, old: str, new: str) -> None:
    """Give the rows of a multi-reference their field's new name: ``"depot.shelf.watchers"``.

    Where it leads to several entities, the target's follows: ``"depot.shelf.keepers:contact"``.
    """
    name, named = unit.dialect.sa.identifier_preparer.format_table(link), unit.dialect.named
    rest = f"substr(field, {len(old) + 1})"
    unit.execute(
        f"UPDATE {name} SET field = {named('new')} || {rest} "
        f"WHERE field = {named('old')} OR substr(field, 1, {len(old) + 1}) = {named('leading')}",
        {"old": old, "new": new, "leading": f"{old}:"},
    )


def rename_counters(unit: Unit, sequence: Table, old: str, new: str) -> None:
    """Let the counters of an autonumber, one for each year perhaps, count on under its field's new name."""
    name, named = unit.dialect.sa.identifier_preparer.format_table(sequence), unit.dialect.named
    rest = f"substr(key, {len(old) + 1})"
    unit.execute(
        f"UPDATE {name} SET key = {named('new')} || {rest} "
        f"WHERE key = {named('old')} OR substr(key, 1, {len(old) + 1}) = {named('yearly')}",
        {"old": old, "new": new, "yearly": f"{old}:"},
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
