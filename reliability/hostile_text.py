"""Texts made to do harm, and every place of a filter that somebody's text may reach."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from pycrm import F
from pycrm.query.ast import Call, Compare, My, Parameter, Path

__all__ = ["PLACES", "hostile_pairs", "hostile_texts"]

PIECES = [
    *[
        "'",
        '"',
        "''",
        '""',
        "`",
        "\\",
        "\\'",
        "%",
        "_",
        "\\%",
        ";",
        "--",
        "/*",
        "*/",
        "#",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
    ],
    *["$1", "?", ":x", ":", "::", "@", "%s", "%(x)s", "{0}", "{x!r}", "${x}", "$.a", "$$", "||", "&&", "=", "<>", "!="],
    *["\0", "\ud800", "\udfff", "\x1a", "\x7f", "\n", "\r\n", "\t", "\u2028", "\ufeff", "\u202e", "\u0301", "😀", "𠮷"],
    *["'; DROP TABLE crm_account; --", "' OR '1'='1", "1) OR (1=1", "UNION SELECT", "pg_sleep(9)", "randomblob(9)"],
    *["NULL", "AND", "OR", "NOT", "ME", "MY.x", "TODAY", "LAST_N_DAYS:9", "ANY(", "1e999", "NaN", "0x1", "9" * 70, "-"],
    *[
        "name",
        "account.name",
        "海晨",
        "ＳＥＬＥＣＴ",
        "ı",
        "ﬁ",
        "USD 5",
        "5 kg",
        "2026-13-45",
        "2026-01-01T00:00",
        "x" * 300,
    ],
]


def hostile_texts(count: int, seed: int) -> Iterator[str]:
    """Yield *count* texts: each piece, then what chance joins of them."""
    yield from PIECES[:count]
    draw = random.Random(seed)
    for _ in range(count - len(PIECES)):
        yield draw.choice(["", " "]).join(draw.choices(PIECES, k=draw.randint(2, 4)))


def hostile_pairs(count: int, seed: int) -> Iterator[tuple[Any, str]]:
    """Yield *count* pairs of a place and a text: each piece at each place, then what chance joins."""
    yield from itertools.product(PLACES, PIECES)
    draw = random.Random(seed)
    for text in itertools.islice(hostile_texts(count, seed), len(PIECES), count - (len(PLACES) - 1) * len(PIECES)):
        yield draw.choice(PLACES), text


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


# Every place of a filter that somebody's text may reach, each with how it is asked.
PLACES: list[Any] = [
    lambda text: {"where": text},
    lambda text: {"where": f"name = 'a' AND {text}"},
    lambda text: {"where": f"name = {text}"},
    lambda text: {"where": f"name {text} 'a'"},
    lambda text: {"where": f"name IN ({text})"},
    lambda text: {"where": f"name = {_quoted(text, chr(39))}"},
    lambda text: {"where": f"name LIKE {_quoted(text, chr(39))}"},
    lambda text: {"where": f"{_quoted(text, chr(34))} = 1"},
    lambda text: {"where": f"ANY({_quoted(text, chr(34))}, name = 'a')"},
    lambda text: {"where": f"{text}(name) = 1"},
    lambda text: {"where": f"annual_revenue > USD {text}"},
    lambda text: {"where": "name = :x", "values": {"x": text}},
    lambda text: {"where": "name LIKE :x OR name CONTAINS :x OR name STARTS WITH :x", "values": {"x": text}},
    lambda text: {"where": "name IN :x OR tags HAS ANY :x", "values": {"x": [text, "a"]}},
    lambda text: {"where": "parent UNDER :x", "values": {"x": text}},
    lambda text: {"where": "employee_count = :x OR birth_on = :x", "values": {"x": text}},
    lambda text: {"where": "name = :x", "values": {text: "a"}},
    lambda text: {"where": "FOLD(name) = :x OR LENGTH(:x) > 3", "values": {"x": text}},
    lambda text: {"where": F.country == text},
    lambda text: {"where": ~F.level.in_([text]) | F.tags.has(text)},
    lambda text: {"where": Compare("=", Path((text,)), 1)},
    lambda text: {"where": Compare("=", Path(("parent", text)), My(text))},
    lambda text: {"where": Compare("=", Call(text, (Path(("name",)),)), Parameter(text)), "values": {text: 1}},
    lambda text: {"where": {"=": [{"path": "name"}, text]}},
    lambda text: {"where": {"=": [{"path": text}, {"path": [text]}]}},
    lambda text: {"where": {text: [{"path": "name"}, "a"]}},
    lambda text: {"where": {"any": text, "where": {"like": [{"path": "name"}, text]}}},
    lambda text: {"where": {"=": [{"path": "annual_revenue"}, {"amount": text, "currency": "USD"}]}},
    lambda text: {"where": {"=": [{"call": text, "with": [text]}, {"relative": text}]}},
    lambda text: {"where": "name = 'a'", "order_by": text},
    lambda text: {"where": "name = 'a'", "order_by": f"LOWER({text}) DESC"},
    lambda text: {"where": "CONVERT(annual_revenue, :x) > USD 5", "values": {"x": text}},
    lambda text: {"where": "PINYIN(:x) = name OR PINYIN_NAME(name) CONTAINS 'a'", "values": {"x": text}},
]
