"""Products, deals and orders of the demo company. Totals are left to the CRM."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from typing import NamedTuple

from pycrm.builtin.products import Product
from pycrm.builtin.sales import Opportunity, Pipeline, SalesOrder, SalesOrderLine, Stage
from pycrm.testing.demo_goods import GOODS, LOST_REASONS, NEXT_STEPS, RATES, STAGES, Good
from pycrm.testing.demo_parties import Customer
from pycrm.values.money import Money

__all__ = ["Deal", "make_deals", "make_orders", "make_pipeline", "make_products"]

QUANTITIES = (50, 100, 120, 200, 240, 300, 500, 600, 1000, 1200, 2000, 5000)
INCOTERMS = ("FOB", "FOB", "CIF", "EXW", "DAP")
# Where a deal stands: most are decided, the open ones spread over the first four stages.
_STANDINGS = (0, 0, 1, 1, 2, 2, 3, 4, 4, 4, 4, 5, 5)


class Deal(NamedTuple):
    """An opportunity with its customer and what it is about."""

    opportunity: Opportunity
    customer: Customer
    good: Good


def make_products() -> list[Product]:
    """Return the price list's products."""
    return [
        Product(code=good.code, name=good.name, uom=good.uom, description=good.chinese, hs_code=good.hs_code)
        for good in GOODS
    ]


def make_pipeline() -> tuple[Pipeline, list[Stage]]:
    """Return an exporter's pipeline, which becomes the default one, and its stages."""
    pipeline = Pipeline(name="Export", is_default=True)
    stages = [
        Stage(
            pipeline=pipeline,
            name=name,
            position=position,
            probability_ratio=Decimal(ratio),
            category=category,
            outcome=outcome,
        )
        for position, (name, ratio, category, outcome) in enumerate(STAGES, start=1)
    ]
    return pipeline, stages


def make_deals(rng: Random, count: int, customers: list[Customer], stages: list[Stage], now: datetime) -> list[Deal]:
    """Return *count* opportunities in all stages; open ones close in the weeks around *now*, others before it."""
    deals = []
    for number in range(count):
        customer, good = rng.choice(customers), rng.choice(GOODS)
        # The first ones stand in each stage once, so that even a small set shows all of them.
        stage = stages[number if number < len(stages) else rng.choice(_STANDINGS)]
        qty = rng.choice(QUANTITIES)
        is_open = stage.outcome == "open"
        day = now + timedelta(days=rng.randint(-10, 75) if is_open else -rng.randint(3, 300))
        title = f"{good.chinese} {qty} {good.uom}" if customer.is_chinese else f"{good.name}, {qty:,} {good.uom}"
        opportunity = Opportunity(
            name=title,
            account=customer.account,
            stage=stage,
            amount=(price_of(good, customer.currency) * qty).rounded(),
            close_on=day.date(),
            closed_at=None if is_open else day,
            source=customer.account.source,
            next_step=rng.choice(NEXT_STEPS) if is_open else None,
            lost_reason=rng.choice(LOST_REASONS) if stage.outcome == "lost" else None,
            owner=customer.account.owner,
        )
        deals.append(Deal(opportunity, customer, good))
    return deals


def make_orders(
    rng: Random, count: int, customers: list[Customer], products: list[Product], now: datetime, *, custom: bool
) -> tuple[list[SalesOrder], list[SalesOrderLine]]:
    """Return *count* orders of the last year with one to six lines each; the older, the further along they are."""
    orders: list[SalesOrder] = []
    lines: list[SalesOrderLine] = []
    by_code = {product.code: product for product in products}
    buyers = rng.sample(customers, k=max(len(customers) * 2 // 3, 1))
    for _ in range(count):
        customer = rng.choice(buyers)
        age = rng.randint(0, 360)
        order = SalesOrder(
            account=customer.account,
            country=customer.account.country,
            currency=customer.currency,
            status=_status(rng, age),
            ordered_at=now - timedelta(days=age, minutes=rng.randrange(480)),
            owner=customer.account.owner,
            custom={"incoterm": rng.choice(INCOTERMS)} if custom and not customer.is_chinese else {},
        )
        orders.append(order)
        for position, good in enumerate(rng.sample(GOODS, k=rng.choice((1, 2, 2, 3, 4, 6))), start=1):
            lines.append(
                SalesOrderLine(
                    order=order,
                    position=position,
                    product=by_code[good.code],
                    description=good.chinese if customer.is_chinese else good.name,
                    qty=Decimal(rng.choice(QUANTITIES)),
                    uom=good.uom,
                    unit_price=price_of(good, customer.currency),
                    discount_ratio=Decimal(rng.choice(("0", "0", "0", "0.02", "0.05"))),
                    tax_ratio=Decimal("0.13") if customer.is_chinese else Decimal(0),
                )
            )
    return orders, lines


def price_of(good: Good, currency: str) -> Money:
    """Return the list price of *good* in *currency*."""
    rate, digits = RATES[currency]
    exact = Decimal(good.price) * Decimal(rate)
    return Money(exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN), currency)


def _status(rng: Random, age: int) -> str:
    if rng.random() < 0.05:
        return "cancelled"
    if age < 10:
        return rng.choice(("draft", "draft", "confirmed"))
    if age < 45:
        return rng.choice(("confirmed", "in_production", "in_production", "partly_shipped"))
    if age < 80:
        return rng.choice(("partly_shipped", "shipped", "shipped"))
    return "completed"
