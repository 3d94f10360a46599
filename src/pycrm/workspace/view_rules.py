"""What a saved view says, read against today's schema: what is wrong with its texts, and what they mean.

A view is kept as it was written, since the field or plugin that it names may come back. So whatever is only missing
makes it broken for as long as it is missing; a text that no schema could give a meaning is refused when it is saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import attrs

from pycrm.entities import SavedView
from pycrm.errors import Problem, QueryError, UnknownNameError, nearest
from pycrm.fields.field import Field
from pycrm.query.ast import My, Path
from pycrm.query.builder import node_of
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.text import OrderKey, read_order, read_path
from pycrm.schema import Entity, Schema
from pycrm.workspace.batch import Batch
from pycrm.workspace.tools import SchemaTools

__all__ = ["COLOURS", "ColourRule", "colour_rules", "columns_of", "groups_of", "order_of", "unfit_views", "wrong_with"]

P = TypeVar("P")

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "grey")
MOST_RULES = 20

_CODE = re.compile("#[0-9a-fA-F]{6}")
_TEXTS = ("columns", "where", "order_by", "group_by", "colour_rule")
# What only has to come back for the view to work again.
_MISSING = frozenset(
    {"view.unknown_entity", "view.unknown_name", "view.unknown_attribute", "view.parked", "view.retired"}
)


@attrs.frozen
class ColourRule:
    """Records that meet *condition*, a filter as text, stand out in *colour*."""

    condition: str
    colour: str


def colour_rules(view: SavedView) -> list[ColourRule]:
    """Return the rules of *view*, one per line of ``CONDITION: COLOUR``; the first that a record meets counts.

    Raises:
        Problem: A line that is none, or a colour that is none.
    """
    rules = []
    for line in filter(str.strip, (view.colour_rule or "").splitlines()):
        condition, colon, colour = (part.strip() for part in line.rpartition(":"))
        if not colon or not condition:
            raise Problem(
                "view.no_rule",
                message="is no rule; write one line per rule, CONDITION: COLOUR, as in level = 'A': red",
                value=line,
            )
        if colour not in COLOURS and not _CODE.fullmatch(colour):
            raise Problem(
                "view.no_colour",
                message="{colour} is no colour; take one of {colours}, or a code such as #c0392b",
                value=line,
                colour=colour,
                colours=", ".join(COLOURS),
            )
        rules.append(ColourRule(condition, colour))
    if len(rules) > MOST_RULES:
        raise Problem("view.too_many_rules", message="are more than {limit} rules; combine some", limit=MOST_RULES)
    return rules


def columns_of(view: SavedView, entity: Entity) -> tuple[str, ...]:
    """Return the paths that *view* shows: those of the entity's own list where it names none."""
    return _listed(view.columns) or entity.list_fields


def groups_of(view: SavedView) -> tuple[str, ...]:
    """Return the paths by which *view* groups."""
    return _listed(view.group_by)


def _listed(paths: str | None) -> tuple[str, ...]:
    """Return the paths of a text; commas between them, as orders have them, are blanks too."""
    return tuple((paths or "").replace(",", " ").split())


def order_of(view: SavedView) -> str | None:
    """Return the order of *view* as text: by group first, in the direction that its order gives a group."""
    keys = {key.text: key for key in read_order(view.order_by)}
    groups = [keys.pop(path, OrderKey(read_path(path))) for path in groups_of(view)]
    return ", ".join(map(_written, (*groups, *keys.values()))) or None


def _written(key: OrderKey) -> str:
    """Return *key* as an order reads it, which takes what is computed for such by its brackets."""
    text = key.text if isinstance(key.operand, Path) else f"({key.text})"
    return f"{text} DESC" if key.descending else text


def unfit_views(batch: Batch) -> list[Problem]:
    """Return a problem for each text of the batch's saved views that could mean nothing in any schema."""
    if batch.entity.record_class is not SavedView:
        return []
    problems = []
    for view in batch.sound():
        changed = batch.changed_paths(view)
        texts = _TEXTS if "entity" in changed else [name for name in _TEXTS if name in changed]
        if texts:
            found = wrong_with(batch.ws, view)
            problems += [each for each in found if each.field in texts and _is_refused(each)]
    for problem in problems:
        problem.facts.setdefault("value", getattr(problem.record, problem.field or ""))
    return problems


def _is_refused(problem: Problem) -> bool:
    return problem.code not in _MISSING


def wrong_with(ws: Any, view: SavedView) -> list[Problem]:
    """Return why *view* cannot be shown today to who asks through the door *ws*, by field; nothing where it can."""
    schema: Schema = ws._reads.schema
    entity = schema.entities.get(view.entity)
    if entity is None:
        return [
            Problem(
                "view.unknown_entity",
                view,
                "entity",
                message="there is no entity {entity}{hint}; install the plugin that brings it",
                entity=view.entity,
                hint=nearest(view.entity, schema.entities),
            )
        ]
    if entity.parked:
        return [_parked(view, "entity", entity.name, entity.owner)]
    judge = _Judge(ws, ws._reads.reading, entity, view)
    return [problem for name in _TEXTS if getattr(view, name) for problem in judge.problems(name)]


@attrs.frozen
class _Judge:
    """Finds what is wrong with the texts of one view."""

    ws: Any
    tools: SchemaTools
    entity: Entity
    view: SavedView

    def problems(self, name: str) -> list[Problem]:
        """Return what is wrong with the text *name*."""
        judge: Callable[[], list[Path]] = getattr(self, f"_{name}")
        try:
            paths = judge()
        except UnknownNameError as error:
            return [Problem("view.unknown_name", self.view, name, message="{told}", told=error.message)]
        except QueryError as error:
            return [Problem("view.unreadable", self.view, name, message="cannot be read: {told}", told=error.message)]
        except Problem as problem:
            problem.record, problem.field = self.view, name
            return [problem]
        return list(self._not_offered(name, paths))

    def _columns(self) -> list[Path]:
        paths = [read_path(text) for text in columns_of(self.view, self.entity)]
        for path in paths:
            self._resolve(path)
        return paths

    def _where(self) -> list[Path]:
        return self._filter(str(self.view.where))

    def _order_by(self) -> list[Path]:
        self.tools.compiler.page(self.entity, None, self.ws._order(self.view.order_by))
        return [path for key in read_order(self.view.order_by) for path in _parts_in(key.operand, Path)]

    def _group_by(self) -> list[Path]:
        groups = groups_of(self.view)
        compiler = self.tools.compiler
        compiler.aggregate(self.entity, ["count()"], groups)
        compiler.page(self.entity, None, ", ".join(groups))
        return [read_path(text) for text in groups]

    def _colour_rule(self) -> list[Path]:
        return [path for rule in colour_rules(self.view) for path in self._filter(rule.condition)]

    def _filter(self, text: str) -> list[Path]:
        node = node_of(cast("Any", text))
        self._check_attributes(node)
        self.tools.compiler.count(self.entity, self.ws._settled(node))
        return list(_parts_in(node, Path))

    def _check_attributes(self, node: Any) -> None:
        """Raise a problem for ``MY.…`` that who asks does not have; others may, with whom the view is shared."""
        known = self.ws.principal.attributes
        for each in _parts_in(node, My):
            if known.get(each.attribute) is None:
                raise Problem(
                    "view.unknown_attribute",
                    message="asks for MY.{attribute}, which {user} does not have{hint}",
                    attribute=each.attribute,
                    user=self.ws.principal.user,
                    hint=nearest(each.attribute, known),
                )

    def _resolve(self, path: Path) -> ResolvedPath:
        return resolve(self.tools.schema, self.entity, path)

    def _not_offered(self, name: str, paths: list[Path]) -> Iterator[Problem]:
        """Yield a problem for each field on the way whose plugin is missing, or that is retired."""
        for path in dict.fromkeys(paths):
            try:
                resolved = self._resolve(path)
            except (UnknownNameError, QueryError):
                continue  # it is read from another entity, as inside ANY(lines, …)
            for entity, field in (
                *((hop.entity, hop.field) for hop in resolved.hops),
                (resolved.entity, resolved.field),
            ):
                if field.parked or entity.parked:
                    yield _parked(self.view, name, path.text, field.owner if field.parked else entity.owner)
                elif field.retired:
                    yield _retired(self.view, name, entity, field)


def _parts_in(node: Any, kind: type[P]) -> Iterator[P]:
    """Yield the paths of a filter, or what else of it is of *kind*, whatever its nodes are."""
    if isinstance(node, kind):
        yield node
    elif isinstance(node, tuple):
        for each in node:
            yield from _parts_in(each, kind)
    elif attrs.has(type(node)):
        for attribute in attrs.fields(type(node)):
            yield from _parts_in(getattr(node, attribute.name), kind)


def _parked(view: SavedView, name: str, path: str, plugin: str) -> Problem:
    return Problem(
        "view.parked",
        view,
        name,
        message="{path} belongs to the plugin {plugin}, which is not installed",
        path=path,
        plugin=plugin,
    )


def _retired(view: SavedView, name: str, entity: Entity, field: Field) -> Problem:
    return Problem(
        "view.retired",
        view,
        name,
        message="{path} is retired; revive it, or take it out of the view",
        path=f"{entity.name}.{field.path}",
    )
