"""Which tables a text of SQL names, as far as its words tell: comments, literals and columns are passed over.

No parser of SQL: it follows the few words behind which a table stands. What it cannot place counts as named in
statements that make or change something, so that a doubt ends in a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import attrs

__all__ = ["Mention", "mentions"]

Mention: TypeAlias = tuple[str | None, str]
"""What stands before the dot, or None, and the name of a table, both in lower case."""

_Sort: TypeAlias = Literal["word", "name", "text", "body", "mark"]
_Token: TypeAlias = tuple[_Sort, str]

_TOKENS = re.compile(
    r"""--[^\n]* | /\*.*?(?:\*/|\Z)
      | (?P<escaped> [uU]&"(?:[^"]|"")*" )
      | (?P<quoted> "(?:[^"]|"")*" | `(?:[^`]|``)*` )
      | (?P<bracketed> \[ [^\]]* \] )
      | (?P<text> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
      | (?P<body> \$(?P<tag>[^\W\d]\w*)?\$ .*? (?:\$(?P=tag)\$|\Z) | \$\$ .*? (?:\$\$|\Z) )
      | [:@\#]{1,2}\w+ | \$\w+ | %\(\w+\)s | \d[\w.]*
      | (?P<word> [^\W\d][\w$]* )
      | (?P<mark> [(),.;] )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = re.compile(r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|\\)")

_QUERIES = frozenset({"select", "with", "insert", "update", "delete", "replace", "merge", "values", "table", "explain"})
_HARMLESS = frozenset({"pragma", "set", "show", "begin", "commit", "rollback", "savepoint", "release"})
_WITH_BODY = frozenset({"do", "create", "alter", "prepare", "execute"})
# Words that may stand between a word that a table follows and the table.
_BETWEEN = frozenset(
    {"only", "lateral", "or", "ignore", "replace", "abort", "fail", "rollback", "if", "not", "exists", "temp"}
    | {"temporary", "unlogged"}
)
_NO_TABLE = frozenset({"select", "with", "values", "set", "where"})
_ENDS_LIST = frozenset(
    {"where", "group", "order", "having", "limit", "offset", "union", "intersect", "except", "set", "returning"}
    | {"window", "fetch", "values", "select", "when"}
)
_HAS_FROM = frozenset({"select", "delete", "update", "insert", "merge", "table"})


def mentions(sql: str) -> frozenset[Mention]:
    """Return the tables that *sql* names, of any number of statements."""
    return frozenset(each for statement in _statements(list(_tokens(sql))) for each in _of_statement(statement))


def _tokens(sql: str) -> Iterator[_Token]:
    for found in _TOKENS.finditer(sql):
        sort, text = found.lastgroup, found[0]
        if sort == "tag":
            sort = "body"
        if sort == "word":
            yield "word", text.lower()
        elif sort == "quoted":
            yield "name", text[1:-1].replace(text[0] * 2, text[0]).lower()
        elif sort == "bracketed":
            # SQLite's; on PostgreSQL a subscript or an array, which may have anything in it.
            yield "name", text[1:-1].lower()
            yield from ((each, inner) for each, inner in _tokens(text[1:-1]) if each != "mark" or inner != ";")
        elif sort == "escaped":
            yield "name", _ESCAPES.sub(_unescaped, text[3:-1].replace('""', '"')).lower()
        elif sort == "text":
            yield "text", text[text.index("'") + 1 : -1].replace("''", "'").lower()
        elif sort == "body":
            yield "body", text
        elif sort == "mark":
            yield "mark", text


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return chr(int(digits, 16)) if digits and int(digits, 16) < 0x110000 else "\\"


def _statements(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    start = 0
    for at, token in enumerate(tokens):
        if token == ("mark", ";"):
            yield tokens[start:at]
            start = at + 1
    yield tokens[start:]


def _of_statement(tokens: Sequence[_Token]) -> Iterator[Mention]:
    words = [text for sort, text in tokens if sort == "word"][:8]
    first = words[0] if words else ""
    if first in _HARMLESS:
        return
    if first in _QUERIES or _makes_columns(words):
        yield from _Places(tokens).found()
        return
    yield from _all_names(tokens)
    if first in _WITH_BODY:
        for sort, text in tokens:
            if sort in ("text", "body"):
                yield from _all_names(list(_tokens(text.strip("$") if sort == "body" else text)))


def _makes_columns(words: Sequence[str]) -> bool:
    """Return whether the names in a statement of these first words are mostly those of columns."""
    return bool(words) and words[0] in ("create", "alter") and ("table" in words[1:4] or "index" in words[1:4])


def _all_names(tokens: Sequence[_Token]) -> Iterator[Mention]:
    """Yield whatever could name a table, but for the target of a foreign key."""
    before = ""
    for at, (sort, text) in enumerate(tokens):
        if sort in ("word", "name") and before != "references":
            qualified = at >= 2 and tokens[at - 1] == ("mark", ".") and tokens[at - 2][0] in ("word", "name")
            yield (tokens[at - 2][1] if qualified else None), text
        if sort != "mark":
            before = text


@attrs.define
class _Frame:
    """What is inside one pair of parentheses.

    Attributes:
        wants: A table comes next.
        lists: A comma is followed by one more table.
        has_from: FROM is followed by a table, as it is not in ``EXTRACT(year FROM day)``.
    """

    wants: bool = False
    lists: bool = False
    has_from: bool = False


class _Places:
    """Follows the words of one statement behind which a table stands."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._frames = [_Frame(has_from=True)]
        self._before = ("", "")
        words = {text for sort, text in tokens[:6] if sort == "word"}
        self._is_index = "index" in words and "create" in words

    def found(self) -> Iterator[Mention]:
        """Yield what stands in the place of a table."""
        at = 0
        while at < len(self._tokens):
            sort, text = self._tokens[at]
            if self._frames[-1].wants and (sort in ("name", "text") or (sort == "word" and self._is_name(text))):
                mention, at = self._chain(at)
                self._frames[-1].wants = False
                yield mention
            elif sort == "mark":
                self._mark(text)
            elif sort == "word":
                self._word(text, at)
            at += 1
            self._before = (self._before[1], text)

    def _is_name(self, word: str) -> bool:
        if word in _NO_TABLE:
            self._frames[-1].wants = False
            return False
        return word not in _BETWEEN

    def _chain(self, at: int) -> tuple[Mention, int]:
        """Return the name that begins there, with what it is qualified by, and where it ends."""
        parts = [self._tokens[at][1]]
        while self._tokens[at + 1 : at + 2] == [("mark", ".")] and at + 2 < len(self._tokens):
            at += 2
            parts.append(self._tokens[at][1])
        return (parts[-2] if len(parts) > 1 else None, parts[-1]), at

    def _mark(self, mark: str) -> None:
        frame = self._frames[-1]
        if mark == "(":
            self._frames.append(_Frame(wants=frame.wants, lists=frame.wants))
            frame.wants = False
        elif mark == ")" and len(self._frames) > 1:
            self._frames.pop()
        elif mark == "," and frame.lists:
            frame.wants = True

    def _word(self, word: str, at: int) -> None:
        frame = self._frames[-1]
        if word in _HAS_FROM:
            frame.has_from = True
        if word in _ENDS_LIST:
            frame.lists = False
        if word == "from":
            is_comparison = self._before[1] == "distinct" and self._before[0] in ("is", "not")
            if frame.has_from and not is_comparison:
                frame.wants = frame.lists = True
        elif word == "using":
            if self._tokens[at + 1 : at + 2] != [("mark", "(")] or "merge" in (text for _, text in self._tokens[:at]):
                frame.wants = frame.lists = True
        elif word == "update":
            frame.wants = self._before[1] not in ("for", "key", "do", "on", "then")
        elif word in ("join", "into", "table", "inherits", "like") or (word == "on" and self._is_index):
            # LIKE is a comparison elsewhere; what it is followed by there names no table.
            frame.wants = word != "like" or self._tokens[0] == ("word", "create")
        elif word == "in":  # SQLite looks into a table whose name follows
            frame.wants = self._tokens[at + 1 : at + 2] != [("mark", "(")]
        elif word == "references":
            frame.wants = False
