"""``--where``: a filter of the language, or the short ``FIELD=VALUE``; errors show the place in what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pycrm.cli.assignments import CONDITION, IN, NULL, condition_of
from pycrm.errors import QueryError, UnknownNameError
from pycrm.fields.references import LinkKind, RefKind
from pycrm.query.ast import Arithmetic, Call, Compare, Me, My, MyTeam, Node, Operand, Parameter, Path, Relative
from pycrm.query.builder import Condition
from pycrm.query.paths import resolve
from pycrm.query.reading import place_of, read_filter
from pycrm.query.sorts import kind_sort
from pycrm.schema import Entity, Schema
from pycrm.workspace import Reader

__all__ = ["conditions", "pointing"]

_joined = re.compile(r"['\"]|\s(?:AND|OR)\s", re.IGNORECASE).search


def conditions(ws: Reader, schema: Schema, entity: Entity, words: Sequence[str]) -> Condition | None:
    """Return the filter that all of *words* make together, or None for none."""
    where: Condition | None = None
    for word in words:
        one = _condition(ws, schema, entity, word)
        where = one if where is None else where & one
    return where


@contextmanager
def pointing(words: Sequence[str]) -> Iterator[None]:
    """Give errors about a filter the `text` and the `position` that they are about, for the error's caret."""
    try:
        yield
    except (QueryError, UnknownNameError) as error:
        path = error.facts.get("path")
        for word in words if isinstance(path, str) else ():
            if (place := place_of(str(path), word)) is not None:
                error.facts |= {"text": word, "position": place}
                break
        raise


def _condition(ws: Reader, schema: Schema, entity: Entity, word: str) -> Condition:
    if _is_short(schema, entity, word):
        return condition_of(ws, schema, entity, word)
    try:
        return Condition(read_filter(word))
    except QueryError as error:
        error.facts["text"] = word
        raise


def _is_short(schema: Schema, entity: Entity, word: str) -> bool:
    """Return whether *word* is one comparison whose value is typed without quotes, as a shell likes it."""
    if NULL.fullmatch(word):
        return True
    if listed := IN.fullmatch(word):
        return not listed["texts"].startswith(("(", ":", "MY"))
    found = CONDITION.fullmatch(word)
    if found is None:
        return False
    if found["sign"] == ":=":
        return True
    spaced, text = bool(found["space"]), found["text"]
    try:
        node = read_filter(word)
    except QueryError:
        return not (spaced and _joined(text))
    return not _is_language(schema, entity, node, text, spaced=spaced)


def _is_language(schema: Schema, entity: Entity, node: Node, text: str, *, spaced: bool) -> bool:
    """Return whether *node* says more than that a field is compared with the bare word *text*."""
    match node:
        case Compare(left=Path(), right=str()):
            return True
        case Compare(left=Path(), right=Path() as other):
            return spaced and _leads_somewhere(schema, entity, other)
        case Compare(left=Path() as path, right=Relative() | Me() | MyTeam() | My() | Parameter() as right):
            return spaced or _suits(schema, entity, path, right)
        case Compare(left=Path(), right=Arithmetic() | Call()):
            # Numbers and names are written so, too: number=SO-2026-0001.
            return spaced and bool(re.search(r"[\s(]", text))
        case Compare(left=Path()):
            return False
        case _:
            return True


def _leads_somewhere(schema: Schema, entity: Entity, path: Path) -> bool:
    try:
        resolve(schema, entity, path)
    except (QueryError, UnknownNameError):
        return False
    return True


def _suits(schema: Schema, entity: Entity, path: Path, value: Operand) -> bool:
    """Return whether the field at *path* is of the sort that *value* is, so that no text is meant by it."""
    if not _leads_somewhere(schema, entity, path):
        return False
    kind = resolve(schema, entity, path).field.kind
    if isinstance(value, Relative):
        return kind_sort(kind) in ("date", "instant")
    return isinstance(value, Me | MyTeam) and isinstance(kind, RefKind | LinkKind)
