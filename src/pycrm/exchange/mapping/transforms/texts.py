"""Transforms of text: white space, case, width, digits, replacement."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import text_of
from pycrm.exchange.mapping.transforms.patterns import MAX_TEXT, objection, pattern_of
from pycrm.schema.transforms import Transform

__all__ = ["TEXTS"]

_invisible = "\u200b\u2060\ufeff"
_zero_after_point = re.compile(r"([+-]?\d+)\.0+").fullmatch


def _of_text(function: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return *function* for any value; what it leaves empty is None."""

    def transform(value: Any) -> Any:
        return function(text_of(value)) or None

    return transform


def _trim(text: str) -> str:
    return text.strip().strip(_invisible).strip()


def _collapse(text: str) -> str:
    return " ".join(_trim(text).split())


def _half_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())


def _title(text: str) -> str:
    # `str.title` would make O'Brien'S of it.
    return re.sub(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*", lambda found: found[0][:1].upper() + found[0][1:].lower(), text)


def _whole_number(text: str) -> str:
    found = _zero_after_point(text.strip())
    return found[1] if found else text


def _strip_prefix(value: Any, prefix: str) -> Any:
    return text_of(value).removeprefix(prefix) or None


def _strip_suffix(value: Any, suffix: str) -> Any:
    return text_of(value).removesuffix(suffix) or None


def _add_prefix(value: Any, prefix: str) -> str:
    return prefix + text_of(value)


def _add_suffix(value: Any, suffix: str) -> str:
    return text_of(value) + suffix


def _replace(value: Any, old: str, new: str) -> Any:
    return text_of(value).replace(old, new) or None


def _replace_pattern(value: Any, pattern: str, new: str) -> Any:
    text = text_of(value)
    if len(text) > MAX_TEXT:
        raise Problem(
            "import.too_long_for_pattern",
            message="has {length} characters; a pattern is looked for in at most {limit}",
            length=len(text),
            limit=MAX_TEXT,
            value=text,
        )
    return pattern_of(pattern).sub(new, text) or None


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")


def _empty_if(value: Any, *words: str) -> Any:
    return None if text_of(value).strip().casefold() in {word.casefold() for word in words} else value


def _check_replacement(pattern: str, new: str) -> str:
    reason = objection(pattern)
    if reason:
        return reason
    try:
        pattern_of(pattern).sub(new, "")
    except (re.error, IndexError) as error:
        return f"{new!r} cannot take the place of {pattern!r}: {error}"
    return ""


TEXTS = (
    Transform("trim", _of_text(_trim)),
    Transform("collapse", _of_text(_collapse)),
    Transform("lower", _of_text(str.lower)),
    Transform("upper", _of_text(str.upper)),
    Transform("title", _of_text(_title)),
    Transform("half_width", _of_text(_half_width)),
    Transform("digits", _of_text(_digits)),
    Transform("whole_number", _of_text(_whole_number)),
    Transform("first_line", _of_text(_first_line)),
    Transform("strip_prefix", _strip_prefix),
    Transform("strip_suffix", _strip_suffix),
    Transform("add_prefix", _add_prefix),
    Transform("add_suffix", _add_suffix),
    Transform("replace", _replace),
    Transform("replace_pattern", _replace_pattern, check=_check_replacement),
    Transform("empty_if", _empty_if),
)
