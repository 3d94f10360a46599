"""Random values of field kinds, few enough that records share them and filters find some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeAlias

from pycrm.errors import Problem
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.values.money import Money

__all__ = ["Maker", "random_value", "token"]

Maker: TypeAlias = Callable[[Random], Any]
"""Draws a value from outside."""

_WORDS = ("amber", "birch", "cedar", "delta", "ember", "海晨", "青岛")
_DAY = date(2026, 3, 2)
_MOST_TRIES = 20


def token(chance: Random) -> str:
    """Return a word that no other record has."""
    return "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=14))


_MAKERS: Mapping[str, Maker] = {
    "text": lambda chance: chance.choice(_WORDS),
    "long_text": lambda chance: f"{chance.choice(_WORDS)} {chance.choice(_WORDS)}",
    "rich_text": lambda chance: f"<p>{chance.choice(_WORDS)}</p>",
    "integer": lambda chance: chance.randint(1, 9),
    "decimal": lambda chance: Decimal(chance.randint(1, 9)),
    "boolean": lambda chance: chance.random() < 0.5,
    "date": lambda chance: _DAY + timedelta(days=chance.randint(0, 40)),
    "datetime": lambda chance: datetime(2026, 3, 2, 8, tzinfo=UTC) - timedelta(hours=chance.randint(1, 40)),
    "time": lambda chance: time(chance.randint(0, 23)),
    "duration": lambda chance: timedelta(minutes=chance.randint(1, 90)),
    "money": lambda chance: Money(chance.randint(1, 9) * 100, "CNY"),
    "quantity": lambda chance: f"{chance.randint(1, 9)} kg",
    "ratio": lambda chance: Decimal(chance.randint(0, 10)) / 10,
    "rating": lambda chance: chance.randint(1, 3),
    "email": lambda chance: f"{chance.choice(_WORDS[:5])}{chance.randint(1, 99)}@example.com",
    "url": lambda chance: f"https://example.com/{chance.randint(1, 99)}",
    "phone": lambda chance: f"+86138{chance.randrange(10**8):08}",
    "address": lambda chance: {"country": "CN", "city": chance.choice(_WORDS), "street": f"x {chance.randint(1, 9)}"},
    "country": lambda chance: chance.choice(("CN", "DE", "US")),
    "currency": lambda chance: "CNY",
    "language": lambda chance: chance.choice(("zh", "en")),
    "time_zone": lambda chance: "UTC",
    "tags": lambda chance: chance.sample(("vip", "fair", "old"), chance.randint(1, 2)),
    "json": lambda chance: {"a": chance.randint(1, 9)},
    "geo_point": lambda chance: {"latitude": chance.randint(-80, 80), "longitude": chance.randint(-80, 80)},
}


def random_value(field: Field, chance: Random, makers: Mapping[str, Maker]) -> Any:
    """Return a value that *field* takes, or None where nobody knows one.

    Args:
        field: No reference, status or number, which are made otherwise.
        chance: Where it is drawn from.
        makers: Further makers by the name of the kind, before those that are known here.
    """
    kind = field.kind
    if kind.name in makers:
        return makers[kind.name](chance)
    if isinstance(kind, (ChoiceKind, MultiChoiceKind)):
        options = [option.value for option in kind.choices if not option.retired]
        if isinstance(kind, ChoiceKind):
            return chance.choice(options)
        return chance.sample(options, chance.randint(1, min(2, len(options))))
    make = _MAKERS.get(kind.name)
    for _ in range(_MOST_TRIES if make else 0):
        value = make(chance) if make else None
        try:
            kind.parse(value)
        except Problem:
            continue
        return value
    return None
