"""Every field kind with values that it takes and values that it refuses, the basic ones and the built-in ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.lab import SAMPLE

from pycrm import Account, GeoPoint, Json, Money, Quantity, Ref, User, Workspace, field
from pycrm.fields import IdKind
from pycrm.testing.kind_case import KindCase

ONE, OTHER = UUID("0190163d-8694-739b-aea5-966c26f8ad91"), UUID("0190163d-8694-739b-aea5-966c26f8ad92")
FIRM = UUID("0190163d-8694-739b-aea5-966c26f8ad93")


def prepare(ws: Workspace) -> None:
    """Write the records that references lead to."""
    ws.create_many([User(id=ONE, key="one", name="One"), User(id=OTHER, key="other", name="Other")])
    ws.create(Account(id=FIRM, name="青岛海晨贸易有限公司"))


def case(declared: Any, good: list[Any], bad: list[Any], **options: Any) -> KindCase:
    return KindCase(declared.kind, good, bad, prepare=prepare, **options)


CASES = [
    case(field.text(), ["a", "A", "大", "😀", "it's", "85123a"], [5, "x" * 256, "a\0", "\ud800", ["a"]]),
    case(field.text(max_length=3), ["", "abc", "大区"], ["abcd"]),
    case(field.long_text(), ["line\none", "y" * 3_000], [b"x", "a\0"]),
    case(field.integer(), [-(2**63), "-1", 0, 7.0, 2**63 - 1], ["1.5", 2**63, True, "", "٣"]),
    case(field.decimal(), ["-1.5", "0.000001", 0, Decimal("1E3"), 0.1], ["1e-7", "NaN", 10**13, True]),
    case(field.decimal(places=0), ["-3", 12], ["0.5"]),
    case(field.boolean(), [True, "false", 1], ["yes", 2, 1.0]),
    case(field.date(), ["0001-01-02", dt.date(2026, 3, 31), "9999-12-31"], ["2026-02-30", dt.datetime.min, 20260331]),
    case(
        field.datetime(),
        ["2026-03-31T08:00:00.000001+08:00", dt.datetime.min.replace(tzinfo=dt.UTC), "1969-12-31T23:59:59Z"],
        ["2026-03-31T08:00", dt.date(2026, 3, 31), "now"],
    ),
    case(field.choice(["S", "M", "it's", "大"]), ["S", "M", "it's", "大"], ["L", "s", 5]),
    case(field.multi_choice(["S", "M", "大"]), [["S"], ("大", "S"), ["M", "M"]], ["S", ["L"], 5]),
    case(field.money(), ["USD 12.50", Money(-3, "JPY"), {"amount": "0", "currency": "CNY"}, "USD -1"], ["5", "X 1"]),
    case(field.money(places=6, currency="CNY"), ["0.000001", "USD 2", 3], ["0.0000001", 1e20, "USD"]),
    case(field.ref("user"), [ONE, str(OTHER), Ref(ONE)], ["x", 5, ""]),
    case(field.refs("user"), [[ONE], [OTHER, str(ONE)]], ["x", [5], str(ONE)]),
    case(field.any_ref("user", "account"), [f"user:{ONE}", Ref(FIRM, "account")], [ONE, f"task:{ONE}", "user:x"]),
    case(field.any_refs("user", "account"), [[f"user:{ONE}"], [Ref(FIRM, "account"), f"user:{OTHER}"]], ["x", [5]]),
    case(field.autonumber("N-{year}-{seq:03}"), ["A-1", "大-2"], [5, "x" * 101], is_custom=False),
    case(field.tags(), [["a", "大"], ("b",), ["a", "a"]], ["a", [""], [5], ["x" * 101]]),
    case(field.status(SAMPLE), ["asked", "sent"], ["lost", 5], is_custom=False),
    KindCase(IdKind(), [ONE, str(OTHER)], ["x", 5], is_stored=False, is_custom=False),
    case(field.attachment(), [ONE, str(OTHER)], ["x", 5], is_stored=False),
    case(field.email(), ["mei@example.com", "王@例子.公司", "a.b+c@d.co"], ["mei", "a@b", "<a@b.co>", 5]),
    case(
        field.url(), ["https://example.com/a?b=c", "example.org", "http://例子.公司/路"], ["javascript:x", "a b.c", 5]
    ),
    case(field.country(), ["CN", "de", " FR "], ["XX", "Nowhere", 5]),
    case(field.currency(), ["CNY", "usd", "EUR"], ["XXX!", "Taler", 5]),
    case(field.language(), ["zh", "en", "de"], ["no such", 5]),
    case(field.time_zone(), ["Asia/Shanghai", "UTC", "Europe/Berlin"], ["Mars/Phobos", 5]),
    case(field.phone(), ["+8613812345678", "+49 30 901820", "+1 202-555-0143"], ["", "call me", 5]),
    case(
        field.address(),
        ["青岛市市南区香港中路 1 号", {"country": "DE", "city": "Hamburg", "street": "Elbchaussee 1"}],
        ["", {}, {"planet": "Mars"}, 5],
    ),
    case(field.rich_text(), ["<p>青岛</p>", "<b>a</b> and <i>b</i>"], [5, "x\0", "a\ud800"]),
    case(field.ratio(), ["12.5%", "0.125", 1, 0, Decimal("0.000001")], ["12.5", -1, "%", "1e-7"]),
    case(field.percent(places=4), ["12.5%", 0.5], ["12.345%", "101%"]),
    case(field.rating(), [1, "5", 3], [0, 6, 2.5, "★"]),
    case(
        field.quantity("kg"),
        ["12.5 kg", "3吨", 5, {"amount": "0.000001", "uom": "g"}, Quantity(-1, "kg")],
        ["3 m", "5 foo", "", "kg", {"uom": "kg"}],
    ),
    case(field.quantity(units=["reel", "箱"], places=0), ["3 reel", "2 carton"], ["3", "1 kg", "1.5 reel"]),
    case(field.time(), ["8:30", dt.time(23, 59, 59, 999_999), "00:00:00"], ["24:00", "8", dt.time(8, tzinfo=dt.UTC)]),
    case(
        field.duration(),
        ["1h 30m", "-PT0.000001S", dt.timedelta(days=999_999), "2 days", "0s"],
        ["5", "P1M", 90, "", dt.timedelta.max],
    ),
    case(
        field.json(),
        [{"b": [1, None, True], "a": "大"}, [], {}, "text", 0, False, 1.5, Json([1]), {"": {"": None}}],
        [{"a": {1}}, float("nan"), {"a": "\0"}, {1: 2}, 2**65],
    ),
    case(
        field.geo_point(),
        ["36.0671, 120.3826", GeoPoint(-90, -180), (0, 0), (36.0671, 120.38260001)],
        [(91, 0), "here", (1,), {"latitude": 1}],
    ),
    case(field.identifier("uscc"), ["9135 0100 m000 100Y 43", "91110000600037341L"], ["91350100M000100Y44", "x"]),
    case(field.identifier("cn_resident"), ["11010519491231002X", "440524188001010014"], ["110105194912310021", "x"]),
    case(field.identifier("payment_card"), ["4111-1111-1111-1111", "5555555555554444"], ["4111111111111112", 5]),
    case(field.identifier("vat"), ["DE136695976", "be 0697.449.992"], ["DE136695977", "US1"]),
    case(field.identifier("eori"), ["DE1234563", "gb 123456789012"], ["US1", ""]),
]
"""At least one per kind; those of a kind with options that change what is stored, more."""
