"""Whatever stands in a filter: an answer, or a clear refusal; never an error of the database."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest

from pycrm import CRM, Account, F, Principal, Reader
from pycrm.errors import QueryError, UnknownNameError
from pycrm.query.ast import Call, Compare, My, Parameter, Path

ADMINISTRATOR = Principal("mei", roles={"administrator"}, attributes={"x": "'; --"})
COUNT = 5_000
SEED = 20_260_301

_PIECES = [
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


def _hostile(count: int) -> Iterator[tuple[Any, str]]:
    """Yield *count* pairs of a place and a text: each piece at each place, then what chance joins."""
    yield from itertools.product(PLACES, _PIECES)
    draw = random.Random(SEED)
    for _ in range(count - len(PLACES) * len(_PIECES)):
        text = draw.choice(["", " "]).join(draw.choices(_PIECES, k=draw.randint(2, 4)))
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
]


@pytest.fixture
def reader(database_url: str) -> Iterator[Reader]:
    """The door of a CRM with two accounts."""
    crm = CRM(database_url, plugins=[])
    crm.migrate()
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.create_many([Account(name="海晨 'a'", country="CN"), Account(name="a", country="DE")])
    with crm.reading_as(ADMINISTRATOR) as reader:
        yield reader
    crm.close()


def test_hostile_text_anywhere(reader: Reader) -> None:
    """5,000 texts made to do harm, at every place: each is answered, or refused by a sentence of ours."""
    answered = 0
    for place, text in _hostile(COUNT):
        asked = place(text)
        try:
            reader.list(Account, limit=1, **asked)
            answered += 1
        except (QueryError, UnknownNameError) as refused:
            assert 10 < len(str(refused)) < 3_000, asked  # noqa: PT017  either is right

    assert reader.count(Account) == 2
    assert answered > COUNT / 10
