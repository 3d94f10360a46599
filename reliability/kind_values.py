"""Random values of every field kind, and random rubbish, for proofs that need many."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from pycrm import GeoPoint, Json, Money, Quantity, User, field
from pycrm.errors import Problem
from pycrm.plugin import Lifecycle, State, known_units
from pycrm.values.currencies import MINOR_UNITS
from reliability.check_text import random_text

Value = Callable[[random.Random], Any]

PEOPLE = tuple(UUID(int=0x0190163D869470008000000000000000 + number) for number in range(12))
SIZES = ("S", "M", "L", "it's", "大")
STATES = Lifecycle(State("new"), State("old", final=True))
EPOCH = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
WORDS = ("青岛", "Haichen", "a", "Z", "é", "x-1", "中 文", "100%", "'", "\U0001f600")


def people() -> list[User]:
    """Return new users with the ids that references lead to."""
    return [User(id=id, key=f"person-{number}", name=f"Person {number}") for number, id in enumerate(PEOPLE)]


def _scaled(chance: random.Random, places: int, most: int = 2**63 - 1) -> Decimal:
    sign, digits = (chance.random() < 0.4), str(chance.randint(0, chance.choice((9, 10**6, most))))
    return Decimal((sign, tuple(map(int, digits)), -places))


def _instant(chance: random.Random) -> dt.datetime:
    seconds = chance.randrange(int((dt.datetime.max.replace(tzinfo=dt.UTC) - EPOCH).total_seconds()) - 1)
    return EPOCH + dt.timedelta(seconds=seconds, microseconds=chance.choice((0, 1, 999_999, chance.randrange(10**6))))


def _money(chance: random.Random) -> Money:
    currency = chance.choice(sorted(MINOR_UNITS))
    return Money(_scaled(chance, MINOR_UNITS[currency], 10**13), currency)


def _quantity(chance: random.Random) -> Quantity:
    return Quantity(
        _scaled(chance, 6), chance.choice([u.code for u in known_units().values() if u.dimension == "mass"])
    )


def _duration(chance: random.Random) -> dt.timedelta:
    return dt.timedelta(days=chance.randint(-999_998, 999_998), microseconds=chance.randrange(86_400 * 10**6))


def _json(chance: random.Random, depth: int = 3) -> Any:
    match chance.randrange(8 if depth else 6):
        case 0:
            return random_text(chance, 3)
        case 1:
            return chance.randint(-(2**63), 2**64 - 1)
        case 2:
            return chance.uniform(-1e9, 1e300)
        case 3:
            return chance.random() < 0.5
        case 4:
            return chance.randint(-9, 9)
        case 5:
            return random_text(chance, 1)
        case 6:
            return [_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {random_text(chance, 1): chance.choice((None, _json(chance, depth - 1))) for _ in range(chance.randrange(4))}


def _address(chance: random.Random) -> Any:
    if chance.random() < 0.4:
        return f"{random_text(chance, 4)}\nx"
    country = chance.choice(("CN", "DE", "US", "JP"))
    return {"country": country, "city": chance.choice(WORDS), "street": f"x {chance.randrange(99)}"}


def _number_of(scheme: str, alphabet: str, length: int, head: str = "") -> Value:
    """Return a maker of numbers of *scheme*, which are guessed and tried until their check digit is right."""
    kind = field.identifier(scheme).kind  # type: ignore[attr-defined]

    def make(chance: random.Random) -> str:
        while True:
            number = head + "".join(chance.choice(alphabet) for _ in range(length - len(head)))
            try:
                return str(kind.parse(number))
            except Problem:
                continue

    return make


def _resident(chance: random.Random) -> str:
    born = dt.date.fromordinal(chance.randint(690_000, 738_000))
    kind = field.identifier("cn_resident").kind  # type: ignore[attr-defined]
    base = f"{chance.randint(11, 65)}0101{born:%Y%m%d}{chance.randrange(1000):03}"
    for last in "0123456789X":
        try:
            return str(kind.parse(base + last))
        except Problem:
            continue
    raise AssertionError(base)


KINDS: Mapping[str, tuple[Any, Value]] = {
    "text": (field.text(), lambda chance: random_text(chance)[:255]),
    "long_text": (field.long_text(), lambda chance: random_text(chance, 40)),
    "integer": (
        field.integer(),
        lambda chance: chance.choice((chance.randint(-(2**63), 2**63 - 1), chance.randint(-9, 9))),
    ),
    "decimal": (field.decimal(), lambda chance: _scaled(chance, 6)),
    "decimal0": (field.decimal(places=0), lambda chance: _scaled(chance, 0)),
    "boolean": (field.boolean(), lambda chance: chance.random() < 0.5),
    "date": (field.date(), lambda chance: dt.date.fromordinal(chance.randint(1, dt.date.max.toordinal()))),
    "datetime": (field.datetime(), _instant),
    "choice": (field.choice(SIZES), lambda chance: chance.choice(SIZES)),
    "multi_choice": (field.multi_choice(SIZES), lambda chance: chance.sample(SIZES, chance.randint(1, 4))),
    "money": (field.money(), _money),
    "money6": (field.money(places=6), lambda chance: Money(_scaled(chance, 6), chance.choice(("CNY", "USD", "XAU")))),
    "ref": (field.ref("user"), lambda chance: chance.choice(PEOPLE)),
    "refs": (field.refs("user"), lambda chance: chance.sample(PEOPLE, chance.randint(1, 4))),
    "any_ref": (field.any_ref("user"), lambda chance: f"user:{chance.choice(PEOPLE)}"),
    "any_refs": (field.any_refs("user"), lambda chance: [f"user:{id}" for id in chance.sample(PEOPLE, 2)]),
    "tags": (field.tags(), lambda chance: chance.sample(WORDS, chance.randint(1, 4))),
    "email": (field.email(), lambda chance: f"m{chance.randrange(10**6)}@{chance.choice(('a.co', '例子.公司'))}"),
    "url": (field.url(), lambda chance: f"https://example.com/{chance.randrange(10**6)}?q=青岛"),
    "phone": (field.phone(), lambda chance: f"+86138{chance.randrange(10**8):08}"),
    "address": (field.address(), _address),
    "country": (field.country(), lambda chance: chance.choice(("CN", "DE", "US", "TW", "AX"))),
    "currency": (field.currency(), lambda chance: chance.choice(("CNY", "EUR", "KWD"))),
    "language": (field.language(), lambda chance: chance.choice(("zh", "en", "de", "pt"))),
    "time_zone": (field.time_zone(), lambda chance: chance.choice(("Asia/Shanghai", "UTC", "America/New_York"))),
    "rich_text": (field.rich_text(), lambda chance: f"<p>{chance.choice(WORDS)}</p><b>{chance.randrange(99)}</b>"),
    "ratio": (field.ratio(), lambda chance: Decimal(chance.randint(0, 10**6)).scaleb(-6)),
    "percent": (field.percent(places=4), lambda chance: f"{Decimal(chance.randint(0, 10**4)).scaleb(-2)}%"),
    "rating": (field.rating(best=9), lambda chance: chance.randint(1, 9)),
    "quantity": (field.quantity("kg"), _quantity),
    "time": (field.time(), lambda chance: _instant(chance).timetz().replace(tzinfo=None)),
    "duration": (field.duration(), _duration),
    "json": (field.json(), _json),
    "geo_point": (field.geo_point(), lambda chance: GeoPoint(chance.uniform(-90, 90), chance.uniform(-180, 180))),
    "uscc": (field.identifier("uscc"), _number_of("uscc", "0123456789ABCDEFGHJKLMNPQRTUWXY", 18, "91370200MA")),
    "cn_resident": (field.identifier("cn_resident"), _resident),
    "payment_card": (field.identifier("payment_card"), _number_of("payment_card", "0123456789", 16, "6222")),
    "vat": (field.identifier("vat"), _number_of("vat", "0123456789", 11, "DE")),
    "eori": (field.identifier("eori"), lambda chance: f"DE{chance.randrange(10**9)}"),
}
"""A declaration and a maker of values by a name, which begins with the kind's; at least one for each kind that takes
values from a caller and needs no file."""


def rubbish(chance: random.Random, good: Any) -> Any:
    """Return something that a careless program gives: a spoiled *good* value, or one of quite another sort."""
    match chance.randrange(6):
        case 0:
            return _spoiled(chance, good if isinstance(good, str) else json.dumps(good, default=str))
        case 1:
            return _spoiled(chance, str(good))
        case 2:
            return chance.choice((None, "", 0, True, [], {}, (), b"x", 1.5, float("nan"), 2**70, Json([1]), object))
        case 3:
            return [good, good]
        case 4:
            return {"amount": good, "uom": "kg", "currency": "CNY"}
    return random_text(chance)


def _spoiled(chance: random.Random, text: str) -> str:
    place = chance.randint(0, len(text))
    return text[:place] + chance.choice(("", "x", " ", "\0", "９", "-", "\ud800", "%", ".5", "e9")) + text[place + 1 :]
