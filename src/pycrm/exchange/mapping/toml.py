"""TOML written out, as far as mapping files need it: tables of texts, numbers, truth values, days, lists of them.

The standard library reads TOML and does not write it. What is written here reads back equal.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["toml_key", "toml_value"]

_bare = re.compile(r"[A-Za-z0-9_-]+").fullmatch


def toml_key(name: str) -> str:
    """Return *name* as a key; with quotes around where it needs some."""
    return name if _bare(name) else _text(name)


def toml_value(value: Any) -> str:
    """Return *value* as it stands behind the ``=``; a mapping as an inline table.

    Raises:
        TypeError: TOML has no word for it.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return repr(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case Mapping():
            pairs = ", ".join(f"{toml_key(key)} = {toml_value(each)}" for key, each in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
    raise TypeError(f"a mapping file has no word for {value!r}")


def _text(text: str) -> str:
    # A text of JSON is one of TOML, but for the one control character that JSON lets stand.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
