"""`Json`: any JSON value as one immutable value, which knows equality by its canonical text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pycrm.values.frozen import Frozen

__all__ = ["Json", "canonical_json"]

_new = object.__new__
_LARGEST_EXACT = 2**53
_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False, check_circular=False
).encode


def canonical_json(data: Any) -> str:
    """Return the one text of *data*: keys sorted by code point, no blanks, letters of every script as they are.

    A float that is a whole number is written as one up to 2 to the power of 53, since JSON tells no difference.

    Raises:
        TypeError: It holds what JSON has no word for, a key that is no text among them.
        ValueError: It holds a number that is not finite.
        RecursionError: It is nested too deep, or holds itself.
    """
    return _encode(_settled(data))


def _settled(data: Any) -> Any:
    if isinstance(data, dict):
        for key in data:
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is no text")
        return {key: _settled(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_settled(value) for value in data]
    if isinstance(data, float) and data.is_integer() and abs(data) <= _LARGEST_EXACT:
        return int(data)
    return data


class Json(Frozen):
    """A JSON value: an object, a list, a text, a number or a truth value.

    Two are equal when their canonical texts are, so ``Json(1)`` is no ``Json(True)``, and the order of keys is of no
    matter.

    Args:
        data: What `json.loads` gives; tuples count as lists.
    Raises:
        TypeError: It holds what JSON has no word for.
        ValueError: It holds a number that is not finite.
    """

    if TYPE_CHECKING:

        @property
        def text(self) -> str:
            """The canonical text."""

    else:
        __slots__ = ("text",)

    def __init__(self, data: Any) -> None:
        _set_text(self, canonical_json(data))

    @staticmethod
    def _make(text: str) -> Json:
        """Return the value of a text that is known to be canonical; for loaders."""
        made: Json = _new(Json)
        _set_text(made, text)
        return made

    @property
    def data(self) -> Any:
        """The value as plain lists and dicts, made anew each time: changing them changes nothing here."""
        return json.loads(self.text)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Json) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Json({self.data!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Json, (self.data,)


_set_text: Any = vars(Json)["text"].__set__
