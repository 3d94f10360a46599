"""Answers of doors as text, so that those of two worlds can be compared byte by byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from pycrm.errors import Problem, PycrmError, StorageError, UnitError
from pycrm.schema import Record
from pycrm.schema.dump import dump_record
from pycrm.search import SearchResult
from pycrm.testing.access.world import World
from pycrm.workspace import Workspace
from pycrm.workspace.page import Page
from pycrm.workspace.views import ListView

__all__ = ["Ask", "Asked", "Broken", "answer", "bound", "differences"]

Ask: TypeAlias = Callable[[Workspace], Any]
Asked: TypeAlias = Mapping[str, Ask]
"""Questions by the place in which each names what it is about."""


class Broken(AssertionError):
    """A question broke the unit, so that the others of it would tell nothing."""


def bound(ask: Callable[..., Any], **given: Any) -> Ask:
    """Return *ask* with what is *given* put in."""
    return partial(ask, **given)


def answer(world: World, ws: Workspace, ask: Ask, *, without: frozenset[str] = frozenset()) -> str:
    """Return what *ask* is answered, or the error, as JSON.

    Args:
        world: Whose entities the records are of.
        ws: The door.
        ask: The question.
        without: Paths whose values are left out, such as those that are shown masked.
    """
    try:
        return json.dumps(_dumped(world, ask(ws), without), default=str, ensure_ascii=False)
    except (StorageError, UnitError) as error:
        raise Broken(f"{type(error).__name__}: {error}; {error.__cause__}") from error
    except PycrmError as error:
        return json.dumps([type(error).__name__, str(error), _facts(error)], default=str, ensure_ascii=False)


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return by place where the answers of two worlds part, in words."""
    found = {}
    for place, text in one.items():
        if text != other[place]:
            at = next((n for n, (a, b) in enumerate(zip(text, other[place], strict=False)) if a != b), 0)
            start = max(at - 60, 0)
            found[place] = f"…{text[start : at + 120]} … or … {other[place][start : at + 120]}…"
    return found


def _facts(error: PycrmError) -> Any:
    facts = {key: str(value) for key, value in sorted(error.facts.items()) if key != "problems"}
    problems: Sequence[Problem] = getattr(error, "problems", ())
    return facts, [(each.code, each.field, str(each)) for each in problems]


def _dumped(world: World, value: Any, without: frozenset[str]) -> Any:
    if isinstance(value, Record):
        entity = world.entity(world.crm.schema.entity_of(value).name)
        dumped = {path: each for path, each in dump_record(entity, value).items() if path not in without}
        related = {name: _dumped(world, list(found), without) for name, found in (value._related or {}).items()}
        return [entity.name, dumped, related]
    if isinstance(value, Page):
        return [[_dumped(world, record, without) for record in value], value.next_cursor]
    if isinstance(value, SearchResult):
        hits = [[hit.entity, hit.title, hit.field, hit.excerpt, hit.score, str(hit.record.id)] for hit in value]
        return [hits, value.is_capped, value.all_terms, value.waiting]
    if isinstance(value, ListView):
        return [_dumped(world, value.record, without), value.columns, list(map(str, value.problems))]
    if isinstance(value, Mapping):
        return {str(key): _dumped(world, each, without) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_dumped(world, each, without) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value if isinstance(value, (str, int, float, UUID, type(None))) else repr(value)
