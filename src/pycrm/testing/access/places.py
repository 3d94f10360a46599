"""Every place in which a field can be named: what a hidden one could steer, and be told by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycrm.testing.access.answers import Ask, Asked, bound
from pycrm.testing.access.world import World

__all__ = ["SEARCH_GAP", "naming"]

ALL = 10_000

SEARCH_GAP = (
    "search ranks and caps all records before it looks which may be read: cap, scores and whether all terms are held "
    "tell of hidden values"
)


def naming(world: World, entity: str, path: str, given: list[Any], ids: list[Any]) -> Asked:
    """Return a question for each place in which the field at *path* of *entity* can be named.

    Args:
        world: The world.
        entity: Whose field it is.
        path: The field.
        given: Values that it has in one of the two worlds, from outside.
        ids: Of records that it changes in.
    """
    cls = world.entity(entity).record_class
    values = [value[0] if isinstance(value, list) and value else value for value in given]
    questions: dict[str, Ask] = {
        "select": lambda ws: ws.list(cls, limit=ALL),
        "get": lambda ws: [ws.get(cls, id) for id in ids],
        "get missing": lambda ws: ws.get(cls, ids[0]),
        "iterate": lambda ws: list(ws.iterate(cls)),
        "recent": lambda ws: [ws.recent(cls), ws.favourites(cls)],
        "fields": lambda ws: sorted(ws.fields(cls)),
        "indexes": lambda ws: [index.paths for index in ws.indexes(cls)],
        "order": lambda ws: ws.list(cls, order_by=path),
        "order down": lambda ws: ws.list(cls, order_by=f"{path} DESC", limit=3),
        "group": lambda ws: ws.aggregate(cls, measures=["count()"], group_by=path),
        "sum": lambda ws: ws.aggregate(cls, measures=[f"sum({path})"]),
        "distinct": lambda ws: ws.aggregate(cls, measures=[f"count_distinct({path})"]),
        "include": lambda ws: ws.list(cls, include=path),
        "find": lambda ws: ws.find(cls, **{path: values[0]}) if "." not in path and path != "entity" else None,
        "misspelt": lambda ws: ws.count(cls, where=f"{path}x IS NULL"),
        "misspelt order": lambda ws: ws.list(cls, order_by=f"{path}x"),
        "misspelt include": lambda ws: ws.list(cls, include=f"{path}x"),
        "explain": lambda ws: ws.explain(cls, f"{path} IS NULL"),
        "update": lambda ws: _updated(ws, cls, ids[0], path, given[0]),
        "bulk": lambda ws: ws.update_where(cls, "id IS NOT NULL", {path: given[0]}, preview=True),
        "lock": lambda ws: _locked(ws, cls, ids[0]),
        "history": lambda ws: [repr(entry) for entry in ws.history(ws.get(cls, ids[0]))],
        "why": lambda ws: str(ws.why("read", ws.get(cls, ids[0]), path)),
        "titles": lambda ws: [str(record) for record in ws.list(cls, limit=3)],
        "view": lambda ws: [(view.record, view.columns) for view in ws.views(cls)],
    }
    for name, where in _filters(path, values):
        questions[f"filter {name}"] = bound(lambda ws, where: ws.count(cls, **where), where=where)
        questions[f"list {name}"] = bound(lambda ws, where: ws.list(cls, **where), where=where)
    for name, order in (("length", f"LENGTH({path})"), ("folded", f"FOLD({path})"), ("year", f"YEAR({path})")):
        questions[f"computed {name}"] = bound(lambda ws, order: ws.list(cls, order_by=order), order=order)
    questions |= _ways(world, entity, path)
    texts = [value for value in values if isinstance(value, str) and value.isalpha()]
    if texts:
        questions["search"] = lambda ws: [hit.record.id for hit in ws.search(texts[0], entities=[cls])]
        questions["search ranking"] = lambda ws: ws.search(f"{texts[0]} amber", entities=[cls])
    return questions


def _filters(path: str, values: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "missing", {"where": f"{path} IS NULL"}
    yield "equal", {"where": f"{path} = :value", "values": {"value": values[0]}}
    yield "unequal", {"where": f"{path} != :value", "values": {"value": values[0]}}
    yield "less", {"where": f"{path} < :value", "values": {"value": values[0]}}
    yield "among", {"where": f"{path} IN (:value, :other)", "values": {"value": values[0], "other": values[-1]}}
    yield "holds", {"where": f"{path} HAS :value", "values": {"value": values[0]}}
    yield "like", {"where": f"{path} CONTAINS 'a'"}
    yield "computed", {"where": f"LENGTH({path}) > 1"}
    yield "compared", {"where": f"{path} = {path}"}
    yield "either", {"where": f"id IS NULL OR NOT ({path} IS NOT NULL)"}
    yield "JSON", {"where": {"field": path, "op": "is null"}}


def _ways(world: World, entity: str, path: str) -> dict[str, Ask]:
    """Return questions of others that lead to the field: over one to three references, and from those it refers to."""
    found: dict[str, Ask] = {}
    for number, (start, way) in enumerate(_hops(world, entity), start=1):
        cls, named = world.entity(start).record_class, f"{way}.{path}"
        found[f"path {number}"] = bound(
            lambda ws, cls, named: ws.count(cls, where=f"{named} IS NULL"), cls=cls, named=named
        )
        found[f"path {number} order"] = bound(lambda ws, cls, named: ws.list(cls, order_by=named), cls=cls, named=named)
        found[f"path {number} group"] = bound(
            lambda ws, cls, named: ws.aggregate(cls, measures=["count()"], group_by=named), cls=cls, named=named
        )
        found[f"path {number} include"] = bound(
            lambda ws, cls, way: [record for record in ws.list(cls, include=way) if record], cls=cls, way=way
        )
    for target, name in _backs(world, entity):
        cls = world.entity(target).record_class
        for word in ("ANY", "ALL", "NONE"):
            where = f"{word}({name}, {path} IS NULL)"
            found[word] = bound(lambda ws, cls, where: ws.count(cls, where=where), cls=cls, where=where)
        found["related"] = bound(lambda ws, cls, name: ws.list(cls, include=name, limit=ALL), cls=cls, name=name)
    return found


def _hops(world: World, entity: str) -> Iterator[tuple[str, str]]:
    """Yield up to three ways of growing length that lead to *entity*: where each begins, and its references."""
    at, way = entity, ""
    for _ in range(3):
        leading = [
            (name, path)
            for name, declared in sorted(world.facts.declared.items())
            for path, target in sorted(declared.targets.items())
            if target == at and path not in ("created_by", "updated_by")
        ]
        if not leading:
            return
        at, path = leading[0]
        way = f"{path}.{way}" if way else path
        yield at, way


def _backs(world: World, entity: str) -> list[tuple[str, str]]:
    """Return a way back that leads to *entity*: from where, and its name."""
    return [
        (target, name)
        for target, declared in sorted(world.facts.declared.items())
        for name, (other, _) in sorted(declared.back.items())
        if other == entity
    ][:1]


def _updated(ws: Any, cls: Any, id: Any, path: str, value: Any) -> Any:
    record = ws.get(cls, id)
    if path.startswith("custom."):
        return ws.update(record, custom={path.removeprefix("custom."): value})
    return ws.update(record, **{path: value})


def _locked(ws: Any, cls: Any, id: Any) -> Any:
    record = ws.get(cls, id)
    ws.lock([record])
    return record
