"""Totals are exact to the last minor unit, and numbers of documents are unique, without gaps where that is declared."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any
from uuid import UUID

import attrs

from pycrm import CRM, Account, F, Money, Quote, QuoteLine
from pycrm.plugin import Plugin, Record, field
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated

# Minor digits of the oracle's own, by hand: 0, 2 and 3 of them.
CURRENCIES = {
    **dict.fromkeys(("USD", "EUR", "CNY", "GBP", "CHF", "INR", "BRL"), 2),
    **dict.fromkeys(("JPY", "KRW", "VND"), 0),
    **dict.fromkeys(("KWD", "TND"), 3),
}
RATIOS = ("0", "0", "0", "0.05", "0.13", "0.2", "0.333333", "0.999999", "1")
BATCH = 500


@attrs.define
class Priced:
    """What is known of a line outside of the database.

    Attributes:
        quote: The place of its quote among the quotes.
        qty, price, discount, tax: The factors of its total; without a price it has none.
    """

    quote: int
    qty: Decimal
    price: Decimal | None
    discount: Decimal
    tax: Decimal

    def total(self, digits: int) -> Decimal | None:
        """Return what it comes to, by decimals of a precision that holds every product."""
        if self.price is None:
            return None
        with localcontext(prec=80):
            exact = self.qty * self.price * (1 - self.discount) * (1 + self.tax)
            return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)


def random_line(chance: random.Random, quote: int) -> Priced:
    """Return a line such as occurs: round and odd quantities, returns, gifts, prices of up to six places, ties."""
    qty = Decimal(chance.choice((1, 2, 3, 12, 100, chance.randint(-50, 5_000))))
    if chance.random() < 0.2:
        qty += _scaled(chance.randrange(10**6))
    price = chance.choice(
        (
            Decimal(chance.randrange(0, 100_000)).scaleb(-2),
            _scaled(chance.randrange(0, 10**9)),
            Decimal(chance.randrange(1, 2_000, 2)).scaleb(-3),  # halves of a cent
            None if chance.random() < 0.2 else Decimal(0),
        )
    )
    return Priced(quote, qty, price, _ratio(chance), _ratio(chance))


def _scaled(number: int) -> Decimal:
    return Decimal(number).scaleb(-6)


def _ratio(chance: random.Random) -> Decimal:
    return _scaled(chance.randint(0, 10**6)) if chance.random() < 0.2 else Decimal(chance.choice(RATIOS))


@check("money_exact", promise=17)
def money_exact(new_database: NewDatabase, seed: int, *, quotes: int = 10_000) -> Mapping[str, Any]:
    """Write, change and delete the lines of *quotes* random quotes; all totals must be those of a Decimal oracle."""
    chance = random.Random(seed)
    digits = [chance.choice(list(CURRENCIES.items())) for _ in range(quotes)]
    with migrated(new_database()) as crm:
        ids = _write_quotes(crm, [currency for currency, _ in digits])
        lines = [random_line(chance, quote) for quote in range(quotes) for _ in range(chance.randint(0, 6))]
        line_ids = _write_lines(crm, lines, ids, [currency for currency, _ in digits])
        known = dict(zip(line_ids, lines, strict=True))
        changed, deleted = _edit(crm, known, chance, [currency for currency, _ in digits])
        off = _lines_off(crm, known, digits) + _quotes_off(crm, known, ids, digits)
    return {
        "passed": off == 0,
        "quotes": quotes,
        "lines": len(lines),
        "changed": changed,
        "deleted": deleted,
        "currencies": len({currency for currency, _ in digits}),
        "totals_off": off,
    }


def _write_quotes(crm: CRM, currencies: Sequence[str]) -> list[UUID]:
    with crm.acting_as(ADMINISTRATOR) as ws:
        account = ws.create(Account(name="oracle"))
        quotes = [Quote(account=account, currency=currency) for currency in currencies]
        for start in range(0, len(quotes), BATCH):
            ws.create_many(quotes[start : start + BATCH])
    return [quote.id for quote in quotes]


def _write_lines(crm: CRM, lines: Sequence[Priced], quotes: Sequence[UUID], currencies: Sequence[str]) -> list[UUID]:
    records = [
        QuoteLine(
            quote=quotes[line.quote],
            qty=line.qty,
            unit_price=None if line.price is None else Money(line.price, currencies[line.quote]),
            discount_ratio=line.discount,
            tax_ratio=line.tax,
        )
        for line in lines
    ]
    for start in range(0, len(records), BATCH):
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many(records[start : start + BATCH])
    return [record.id for record in records]


def _edit(crm: CRM, known: dict[UUID, Priced], chance: random.Random, currencies: Sequence[str]) -> tuple[int, int]:
    """Change a tenth of the lines and delete a twentieth, in the database and in *known*; return how many."""
    chosen = chance.sample(sorted(known), len(known) * 15 // 100)
    change, delete = chosen[: len(known) // 10], chosen[len(known) // 10 :]
    for start in range(0, len(change), BATCH):
        with crm.acting_as(ADMINISTRATOR) as ws:
            records = list(ws.iterate(QuoteLine, where=F.id.in_(change[start : start + BATCH])))
            for record in records:
                line = known[record.id] = random_line(chance, known[record.id].quote)
                record.qty, record.discount_ratio, record.tax_ratio = line.qty, line.discount, line.tax
                record.unit_price = None if line.price is None else Money(line.price, currencies[line.quote])
            ws.update_many(records)
    for start in range(0, len(delete), BATCH):
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.delete_many(list(ws.iterate(QuoteLine, where=F.id.in_(delete[start : start + BATCH]))))
    for line_id in delete:
        del known[line_id]
    return len(change), len(delete)


def _lines_off(crm: CRM, known: Mapping[UUID, Priced], digits: Sequence[tuple[str, int]]) -> int:
    """Return how many stored lines have another total than the oracle says, or are not known."""
    off = seen = 0
    with crm.reading_as(ADMINISTRATOR) as reader:
        for record in reader.iterate(QuoteLine):
            seen += 1
            line = known[record.id]
            currency, places = digits[line.quote]
            total = line.total(places)
            off += record.total != (None if total is None else Money(total, currency))
    return off + abs(len(known) - seen)


def _quotes_off(crm: CRM, known: Mapping[UUID, Priced], ids: Sequence[UUID], digits: Sequence[tuple[str, int]]) -> int:
    """Return how many stored quotes have another total than the sum of what the oracle says of their lines."""
    sums = [Decimal(0)] * len(ids)
    with localcontext(prec=80):
        for line in known.values():
            sums[line.quote] += line.total(digits[line.quote][1]) or 0
    expected = {quote: Money(amount, currency) for quote, amount, (currency, _) in zip(ids, sums, digits, strict=True)}
    with crm.reading_as(ADMINISTRATOR) as reader:
        return sum(quote.total != expected[quote.id] for quote in reader.iterate(Quote))


ledger = Plugin("ledger")


@ledger.entity(title="number")
class Invoice(Record):
    """Something whose numbers the law wants to follow one another."""

    number: str = field.autonumber("INV-{year}-{seq:06}", unique=True, gap_free=True)
    reference: str = field.autonumber("REF-{seq}", unique=True)


@check("numbers_follow", promise=17)
def numbers_follow(
    new_database: NewDatabase, seed: int, *, writers: int = 8, times: int = 500, rolled_back: float = 0.2
) -> Mapping[str, Any]:
    """Have *writers* make an invoice *times* each, of which a share is rolled back; no number twice, none left out."""
    crm = CRM(new_database(), plugins=[ledger])
    try:
        crm.migrate()

        def write(writer: int) -> int:
            chance, kept = random.Random(seed + writer), 0
            for _ in range(times):
                try:
                    with crm.acting_as(ADMINISTRATOR) as ws:
                        ws.create(Invoice())
                        if chance.random() < rolled_back:
                            raise _RolledBack
                except _RolledBack:
                    continue
                kept += 1
            return kept

        with ThreadPoolExecutor(writers) as pool:
            kept = sum(pool.map(write, range(writers)))
        with crm.reading_as(ADMINISTRATOR) as reader:
            invoices = list(reader.iterate(Invoice))
    finally:
        crm.close()
    counts = sorted(int(invoice.number.rpartition("-")[2]) for invoice in invoices)
    references = Counter(invoice.reference for invoice in invoices)
    gaps = sum(number != place for place, number in enumerate(counts, start=1))
    twice = len(counts) - len(set(counts)) + len(invoices) - len(references)
    return {
        "passed": gaps == twice == 0 and len(invoices) == kept,
        "writers": writers,
        "kept": kept,
        "rolled_back": writers * times - kept,
        "lost": kept - len(invoices),
        "gaps": gaps,
        "duplicates": twice,
    }


class _RolledBack(Exception):
    """What a writer thinks better of."""
