"""Load a wholesaler's order lines into a CRM: accounts, products, sales orders with lines.

    python load.py orders.csv [--database retail.db] [--report lines.csv] [--json]

The file has one line per product on an invoice: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice,
CustomerID, Country. It may be loaded again: lines that are there already are skipped, and a line that cannot be
taken is reported with its number and the reason while the others go in.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pycrm import CRM, Account, F, Money, Principal, Product, SalesOrder, SalesOrderLine, Workspace, field

CURRENCY = "GBP"
BATCH = 5_000
LOADER = Principal("retail-loader", roles={"administrator"}, origin="import")

T = TypeVar("T")
Row = dict[str, str]


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Yield *items* in lists of at most *size*."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def read_lines(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield each line of the file with its number, which begins at 2 because the header is line 1."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=2)


def customer_number(row: Row) -> str:
    """Return the customer's number without the ``.0`` that a spreadsheet added; empty where there is none."""
    return row["CustomerID"].removesuffix(".0")


class Loader:
    """One run over one file.

    Attributes:
        accepted: Lines that were written.
        outcomes: Number and reason of each line that was skipped or refused.
    """

    def __init__(self, crm: CRM, path: Path) -> None:
        self.crm = crm
        self.path = path
        self.accepted = 0
        self.outcomes: list[tuple[int, str, str]] = []
        self._refused: dict[tuple[type[Any], str], str] = {}
        self._positions: dict[str, int] = {}

    def run(self) -> None:
        """Load customers, products, orders and lines, each in batches of their own units."""
        self._define_market()
        accounts = self._upsert(Account, self._accounts(), "number")
        products = self._upsert(Product, self._products(), "code")
        orders = self._upsert(SalesOrder, self._orders(accounts), "number")
        for batch in batches(read_lines(self.path)):
            with self.crm.acting_as(LOADER) as ws:
                self._load_lines(ws, batch, orders, products)

    def _define_market(self) -> None:
        with self.crm.acting_as(LOADER) as ws:
            if "custom.market" not in self.crm.schema.entity(SalesOrder).fields:
                ws.define_field(SalesOrder, "market", field.text(), label={"en": "Market", "zh": "市场"}, indexed=True)

    def _upsert(self, entity: type[Any], records: Iterable[Any], by: str) -> dict[str, Any]:
        """Write *records* and return the ids of all by their key; remember why any was refused."""
        ids: dict[str, Any] = {}
        for batch in batches(records):
            with self.crm.acting_as(LOADER) as ws:
                result = ws.upsert_many(entity, batch, by=[by], on_problem="refuse")
                for record in (*result.created, *result.updated, *result.unchanged):
                    ids[getattr(record, by)] = record.id
                for refused in result.refused:
                    self._refused[entity, getattr(refused.record, by)] = "; ".join(map(str, refused.problems))
        return ids

    def _accounts(self) -> Iterator[Account]:
        for number in dict.fromkeys(customer_number(row) for _, row in read_lines(self.path)):
            if number:
                yield Account(number=number, name=f"Customer {number}", roles=("customer",))

    def _products(self) -> Iterator[Product]:
        names: dict[str, str] = {}
        for _, row in read_lines(self.path):
            if not names.get(row["StockCode"]):
                names[row["StockCode"]] = row["Description"]
        for code, name in names.items():
            yield Product(code=code, name=name or code)

    def _orders(self, accounts: dict[str, Any]) -> Iterator[SalesOrder]:
        seen: set[str] = set()
        for _, row in read_lines(self.path):
            number = row["InvoiceNo"]
            if number in seen:
                continue
            seen.add(number)
            try:
                ordered_at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            except ValueError as error:
                self._refused[SalesOrder, number] = f"InvoiceDate: {error}"
                continue
            yield SalesOrder(
                number=number,
                account=accounts.get(customer_number(row)),
                status="cancelled" if number.startswith("C") else "draft",
                ordered_at=ordered_at,
                currency=CURRENCY,
                custom={"market": row["Country"]},
            )

    def _load_lines(
        self, ws: Workspace, batch: Sequence[tuple[int, Row]], orders: dict[str, Any], products: dict[str, Any]
    ) -> None:
        numbers: list[int] = []
        records: list[SalesOrderLine] = []
        for number, row in batch:
            position = self._positions[row["InvoiceNo"]] = self._positions.get(row["InvoiceNo"], 0) + 1
            if reason := self._reason_against(row):
                self.outcomes.append((number, "refused", reason))
                continue
            numbers.append(number)
            records.append(
                SalesOrderLine(
                    order=orders[row["InvoiceNo"]],
                    position=position,
                    product=products[row["StockCode"]],
                    description=row["Description"] or None,
                    qty=Decimal(row["Quantity"]),
                    unit_price=Money(row["UnitPrice"], CURRENCY),
                )
            )
        result = ws.upsert_many(SalesOrderLine, records, by=["order", "position"], on_problem="refuse")
        self.accepted += len(result.created) + len(result.updated)
        known = {(line.order.id, line.position) for line in result.unchanged}
        for number, record in zip(numbers, records, strict=True):
            if (record.order.id, record.position) in known:
                self.outcomes.append((number, "skipped", "there already"))
        for refused in result.refused:
            reasons = "; ".join(str(problem) for problem in refused.problems)
            self.outcomes.append((numbers[refused.position], "refused", reasons))

    def _reason_against(self, row: Row) -> str | None:
        """Return why *row* cannot become a line, where its own text or what it belongs to says so."""
        for column, read in (("Quantity", Decimal), ("UnitPrice", lambda text: Money(text, CURRENCY))):
            try:
                read(row[column])
            except (InvalidOperation, ValueError):
                return f"{column}: {row[column]!r} is no number"
        belongs_to = ((SalesOrder, row["InvoiceNo"]), (Product, row["StockCode"]), (Account, customer_number(row)))
        return next((self._refused[key] for key in belongs_to if key in self._refused), None)

    def count(self, outcome: str) -> int:
        """Return how many lines were ``"skipped"`` or ``"refused"``."""
        return sum(1 for _, what, _ in self.outcomes if what == outcome)


def figures(crm: CRM) -> dict[str, Any]:
    """Return what the CRM itself says of the orders, amounts as decimal strings.

    *Kept* are the lines with a customer, a positive quantity and a positive price, on orders not cancelled.
    """
    kept = F.order.account.is_not_null() & (F.qty > 0) & (F.unit_price > 0) & (F.order.status != "cancelled")
    with crm.reading_as(LOADER) as ws:
        (everything,) = ws.aggregate(SalesOrderLine, measures=["count()", "sum(total)"])
        measures = ["count()", "count_distinct(order)", "count_distinct(order.account)", "sum(total)"]
        (good,) = ws.aggregate(SalesOrderLine, measures=measures, where=kept)
        markets = ws.aggregate(SalesOrderLine, measures=["sum(total)"], group_by="order.custom.market", where=kept)
        return {
            "lines": everything["count()"],
            "invoices": ws.count(SalesOrder),
            "customers": ws.count(Account),
            "products": ws.count(Product),
            "total": amount(everything["sum(total)"]),
            "kept": {
                "lines": good["count()"],
                "invoices": good["count_distinct(order)"],
                "customers": good["count_distinct(order.account)"],
                "amount": amount(good["sum(total)"]),
            },
            "markets": {
                row["order.custom.market"]: amount(row["sum(total)"])
                for row in sorted(markets, key=lambda row: row["sum(total)"].only(), reverse=True)
            },
        }


def amount(sums: Any) -> str:
    """Return a sum in the one currency as text; nothing at all is zero."""
    return str(sums.only().amount) if sums else "0.00"


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the file, print what the CRM says, and return 0, or 1 if lines were refused."""
    parser = argparse.ArgumentParser(description="Load a wholesaler's order lines into a CRM.")
    parser.add_argument("path", type=Path, help="the order file")
    parser.add_argument("--database", default="retail.db", help="a URL or the path of a SQLite file")
    parser.add_argument("--report", type=Path, help="list skipped and refused lines in this file")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    crm = CRM(options.database, plugins=[])
    crm.migrate()
    loader = Loader(crm, options.path)
    loader.run()
    skipped, refused = loader.count("skipped"), loader.count("refused")
    result = {**figures(crm), "accepted": loader.accepted, "skipped": skipped, "refused": refused}
    crm.close()
    if options.report:
        with options.report.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("line", "outcome", "reason"), *sorted(loader.outcomes)])
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        show(result)
    return 1 if refused else 0


def show(result: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"accepted {result['accepted']:,}, skipped {result['skipped']:,}, refused {result['refused']:,} lines")
    print(
        f"in the CRM: {result['lines']:,} lines on {result['invoices']:,} orders of {result['customers']:,} customers, "
        f"{result['products']:,} products, {CURRENCY} {Decimal(result['total']):,}"
    )
    kept = result["kept"]
    print(
        f"kept: {kept['lines']:,} lines on {kept['invoices']:,} orders of {kept['customers']:,} customers, "
        f"{CURRENCY} {Decimal(kept['amount']):,}"
    )
    for market, total in islice(result["markets"].items(), 6):
        print(f"  {market:<16} {Decimal(total):>12,}")


if __name__ == "__main__":
    sys.exit(main())
