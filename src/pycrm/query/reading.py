"""Filters as text, read: ``amount > USD 1000 AND stage.outcome = 'open'``.

Keywords are read in any case, names as they stand; a name that is a keyword is written in double quotes. Errors give
the place as the number of a character, counted from 1, and what was expected there.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from pycrm.errors import MoneyError, QuantityError, QueryError
from pycrm.query.ast import (
    MAX_LENGTH,
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Me,
    Mode,
    My,
    MyTeam,
    Node,
    Not,
    Operand,
    Operator,
    Or,
    Parameter,
    Path,
    Relative,
    Sign,
)
from pycrm.query.grammar import GRAMMAR, MAX_DIGITS
from pycrm.query.lifting import lift, put_back
from pycrm.values.money import Money
from pycrm.values.periods import COUNTED, RELATIVE
from pycrm.values.quantity import Quantity

__all__ = ["place_of", "read_filter", "read_order_keys"]


def read_filter(text: str) -> Node:
    """Return the filter that *text* says.

    Raises:
        QueryError: It cannot be read; `position` says where.
    """
    if not isinstance(text, str):
        raise QueryError(f"a filter is a text, not {text!r}", text=text)
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"a filter has at most {MAX_LENGTH} characters, not {len(text)}; give long lists as :parameters",
            length=len(text),
        )
    lifted, values = lift(text)
    if values:
        try:
            return put_back(_read(lifted), values)
        except QueryError:
            pass  # the text itself tells what is wrong, and where
    return _read(text)


def place_of(name: str, text: str) -> int | None:
    """Return where in the filter *text* the dotted *name* first stands, counted in characters from 1."""
    without_strings = re.sub(r"'(?:[^']|'')*'", lambda found: " " * len(found.group()), text)
    found = re.search(rf"(?<![\w.:]){re.escape(name)}(?!\w)", without_strings.replace('"', ""))
    return None if found is None else found.start() + 1 + without_strings[: found.start()].count('"')


@lru_cache(maxsize=1024)
def _read(text: str) -> Node:
    if not text.strip():
        raise QueryError("the filter is empty; leave where= out to select all", text=text)
    return cast("Node", _parsed(text, "filter"))


def read_order_keys(text: str) -> list[tuple[Operand, bool]]:
    """Return the keys of an order in which something is computed, each with whether it descends.

    Raises:
        QueryError: It cannot be read; `position` says where.
    """
    return cast("list[tuple[Operand, bool]]", _parsed(text, "order"))


def _parsed(text: str, what: str) -> Any:
    try:
        return _parser().parse(text, start=_STARTS[what])
    except UnexpectedInput as error:
        raise _unreadable(text, error, "order_by" if what == "order" else what) from None
    except VisitError as error:
        raise _placed(error.orig_exc, text) from None
    except QueryError as error:
        raise _placed(error, text) from None


def _placed(error: Exception, text: str) -> Exception:
    """Return *error* with the place in *text* of the name that it is about."""
    name = error.facts.get("path") if isinstance(error, QueryError) else None
    place = place_of(name, text) if isinstance(name, str) else None
    if place is None:
        return error
    return QueryError(f"at character {place} of the filter: {error}", position=place)


_STARTS = {"filter": "start", "order": "order"}


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", transformer=_Nodes(), maybe_placeholders=False, start=["start", "order"])


@v_args(inline=True)
class _Nodes(Transformer[Token, Any]):
    """Makes the nodes; each method is the rule of the grammar that has its name."""

    # Orders

    def order(self, *keys: tuple[Operand, bool]) -> list[tuple[Operand, bool]]:
        return list(keys)

    def key(self, operand: Operand, direction: Token | None = None) -> tuple[Operand, bool]:
        return operand, direction is not None and direction.type == "DESCENDING"

    # Conditions

    def either(self, *items: Node) -> Node:
        return items[0] if len(items) == 1 else Or(_flat(Or, items))

    def both(self, *items: Node) -> Node:
        return items[0] if len(items) == 1 else And(_flat(And, items))

    def opposite(self, item: Node) -> Node:
        return Not(item)

    def linked(self, mode: Mode, link: Path, condition: Node | None = None) -> Node:
        return Linked(mode, _plain(link), condition)

    def compare(self, left: Operand, sign: Token, right: Operand) -> Node:
        operator = "!=" if sign == "<>" else str(sign)
        return Compare(cast("Operator", operator), left, right)

    def like(self, left: Operand, right: Operand) -> Node:
        return Compare("like", left, right)

    def not_like(self, left: Operand, right: Operand) -> Node:
        return Not(Compare("like", left, right))

    def contains(self, left: Operand, right: Operand) -> Node:
        return Compare("contains", left, right)

    def not_contains(self, left: Operand, right: Operand) -> Node:
        return Not(Compare("contains", left, right))

    def starts_with(self, left: Operand, right: Operand) -> Node:
        return Compare("starts with", left, right)

    def not_starts_with(self, left: Operand, right: Operand) -> Node:
        return Not(Compare("starts with", left, right))

    def one_of(self, left: Operand, values: tuple[Operand, ...]) -> Node:
        return In(left, values)

    def none_of(self, left: Operand, values: tuple[Operand, ...]) -> Node:
        return Not(In(left, values))

    def has(self, left: Operand, right: Operand) -> Node:
        return Compare("has", left, right)

    def has_several(self, left: Operand, mode: Mode, values: tuple[Operand, ...]) -> Node:
        if mode == "none":
            return Not(Compare("has any", left, values))
        return Compare("has any" if mode == "any" else "has all", left, values)

    def under(self, left: Operand, right: Operand) -> Node:
        return Compare("under", left, right)

    def under_several(self, left: Operand, *listed: Operand) -> Node:
        return Compare("under", left, listed)

    def is_null(self, left: Operand) -> Node:
        return IsNull(left)

    def is_not_null(self, left: Operand) -> Node:
        return IsNull(left, negated=True)

    def between(self, operand: Operand, low: Operand, high: Operand) -> Node:
        return And((Compare(">=", operand, low), Compare("<=", operand, high)))

    def not_between(self, operand: Operand, low: Operand, high: Operand) -> Node:
        return Not(self.between(operand, low, high))

    # Operands

    def arithmetic(self, left: Operand, sign: Token, right: Operand) -> Operand:
        return Arithmetic(cast("Sign", str(sign)), left, right)

    def negative(self, operand: Operand) -> Operand:
        match operand:
            case int() if type(operand) is int:
                return -operand
            case Decimal():
                return operand.copy_negate()  # unlike a minus sign, it rounds nothing
            case Quantity():
                return -operand
        return Arithmetic("-", 0, operand)

    def named(self, path: Path) -> Operand:
        match path.names:
            case (str(name),) if (word := name.upper()) in RELATIVE:
                return Relative(word)
            case (str(name),) if name.upper() == "ME":
                return Me()
            case (str(name),) if name.upper() == "MY_TEAM":
                return MyTeam()
            case (str(name), str(attribute)) if name.upper() == "MY":
                return My(attribute.name if isinstance(attribute, _Quoted) else attribute)
        return _plain(path)

    def call(self, path: Path, *arguments: Operand) -> Operand:
        return Call(_plain(path).text.upper(), arguments)

    def path(self, *names: Token) -> Path:
        return Path(tuple(_Quoted(name) if name.type == "QUOTED" else str(name) for name in names))

    def listed(self, *operands: Operand) -> tuple[Operand, ...]:
        return operands

    def given_list(self, token: Token) -> tuple[Operand, ...]:
        return (self.parameter(token),)

    def named_list(self, path: Path) -> tuple[Operand, ...]:
        operand = self.named(path)
        if not isinstance(operand, MyTeam | My):
            name = _plain(path).text
            raise QueryError(f"a list stands in brackets: write ({name}) instead of {name}", path=name)
        return (operand,)

    def mode(self, word: Token) -> Mode:
        return cast("Mode", word.lower())

    # Values

    def parameter(self, token: Token) -> Operand:
        return Parameter(token[1:])

    def counted(self, token: Token) -> Operand:
        name, _, number = token.upper().partition(":")
        if name not in COUNTED and name not in RELATIVE:
            raise _at(token, f"{name} is no relative date")
        return Relative(name, _integer(token, number))

    def string(self, token: Token) -> Operand:
        return _unquoted(token)

    def number(self, token: Token) -> Operand:
        return _number(token, token)

    def quantity(self, number: Token, unit: Token) -> Operand:
        try:
            return Quantity(_number(number, number), _unquoted(unit) if unit.type == "STRING" else str(unit))
        except QuantityError as error:
            raise _at(unit, str(error)) from error

    def money(self, token: Token) -> Operand:
        currency, amount = token.split()
        try:
            return Money(_number(token, amount), currency)
        except MoneyError as error:
            raise _at(token, str(error)) from error

    def date(self, token: Token) -> Operand:
        try:
            return date.fromisoformat(token)
        except ValueError as error:
            raise _at(token, f"there is no day {token}") from error

    def instant(self, token: Token) -> Operand:
        try:
            instant = datetime.fromisoformat(token.upper())
        except ValueError as error:
            raise _at(token, f"there is no time {token}") from error
        if instant.tzinfo is None:
            raise _at(token, f"{token} has no time zone; write {token}+08:00, or {token}Z for UTC")
        return instant

    def true(self) -> Operand:
        return True

    def false(self) -> Operand:
        return False

    def null(self, token: Token) -> Operand:
        raise _at(token, "a field is compared with NULL by IS NULL or IS NOT NULL")


class _Quoted(str):
    """A name that stood in double quotes, which is no keyword."""

    @property
    def name(self) -> str:
        return str(self)[1:-1].replace('""', '"')


def _plain(path: Path) -> Path:
    return Path(tuple(name.name if isinstance(name, _Quoted) else name for name in path.names))


def _flat(joined: type[And | Or], items: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(part for item in items for part in (item.items if isinstance(item, joined) else (item,)))


def _unquoted(token: str) -> str:
    return token[1:-1].replace("''", "'")


def _number(token: Token, text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise _at(token, f"a number has at most {MAX_DIGITS} digits")
    return Decimal(text) if "." in text else int(text)


def _integer(token: Token, text: str) -> int:
    return int(_number(token, text))


def _at(token: Token, message: str) -> QueryError:
    position = (token.start_pos or 0) + 1
    return QueryError(f"at character {position} of the filter: {message}", position=position)


_EXPECTED = {
    "NAME": "a field",
    "NUMBER": "a value",
    "COMPARE": "a comparison",
    "AND": "AND or OR",
    "RPAR": "')'",
    "COMMA": "','",
    "LPAR": "'('",
    "WITH": "WITH",
    "DESCENDING": "ASC or DESC",
}


def _unreadable(text: str, error: UnexpectedInput, what: str) -> QueryError:
    accepted: set[str] = set()
    place = len(text)
    if isinstance(error, UnexpectedToken):
        accepted = set(error.accepts or error.expected)
        place = place if error.token.type == "$END" else error.token.start_pos or 0
    elif isinstance(error, UnexpectedCharacters):
        # lark sets the place after it has declared that there is none.
        accepted, place = set(error.allowed or ()), vars(error)["pos_in_stream"]
    word = re.match(r"\w+|\S", text[place:])
    got = repr(word.group()) if word else "the end"
    expected = " or ".join(dict.fromkeys(said for name, said in _EXPECTED.items() if name in accepted)) or "the end"
    shown = text if len(text) <= 200 else f"{text[:199]}…"
    return QueryError(
        f"{what} {shown!r}: expected {expected} at character {place + 1}, got {got}",
        text=text,
        position=place + 1,
        expected=expected,
    )
