"""Accounts and contacts of the demo company, Chinese and foreign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import attrs

from pycrm.builtin.kinds import Address
from pycrm.builtin.parties import Account, AccountContact, Contact
from pycrm.entities import User
from pycrm.testing.demo_goods import RATES
from pycrm.testing.demo_places import (
    ABROAD,
    CHINESE_FAMILY,
    CHINESE_GIVEN,
    CITIES,
    TRADE_NAMES,
    TRADES,
    City,
    Country,
)
from pycrm.values.money import Money

__all__ = ["Customer", "Person", "make_contacts", "make_customers"]

INDUSTRIES = ("wholesale", "retail", "hospitality", "construction", "manufacturing", "e-commerce")
JOBS_CHINESE = ("采购经理", "总经理", "外贸主管", "财务主管", "仓储主管", "业务员")
JOBS = ("Head of Purchasing", "Managing Director", "Buyer", "Finance Manager", "Logistics Manager", "Category Manager")
ROLES = ("buyer", "decision_maker", "buyer", "finance", "logistics", "influencer")
LEVELS = ("A", "B", "B", "C", "C", "C", "D")


@attrs.frozen(eq=False)
class Customer:
    """An account with what the other generators need to know of it.

    Attributes:
        account: The record.
        domain: Of its web and mail addresses.
        currency: That it pays in.
        country: Its writing habits; None for a Chinese one.
    """

    account: Account
    domain: str
    currency: str
    country: Country | None = None

    @property
    def is_chinese(self) -> bool:
        """Whether one writes Chinese to it."""
        return self.country is None


@attrs.frozen
class Person:
    """A name as written, its halves, and the local part of a mail address."""

    name: str
    family: str
    given: str
    local: str


def make_customers(rng: Random, count: int, staff: list[User], *, custom: bool) -> list[Customer]:
    """Return *count* customers, two thirds of them Chinese; names and domains are given once only.

    Args:
        rng: The only source of chance.
        count: How many.
        staff: Their owners.
        custom: Fill the custom fields that `define_demo_fields` makes.
    """
    taken: set[str] = set()
    customers: list[Customer] = []
    while len(customers) < count:
        account, domain, currency, country, market = _chinese(rng) if rng.random() < 0.66 else _foreign(rng)
        if account["name"] in taken:
            continue
        if domain in taken:
            domain = domain.replace(".", f"{len(customers)}.")
        taken |= {account["name"], domain}
        facts = account | _facts(rng, domain, currency)
        if custom:
            facts["custom"] = {"大区": market, "credit_limit": _credit(rng, currency)}
        customers.append(Customer(Account(owner=rng.choice(staff), **facts), domain, currency, country))
    for child in rng.sample(customers[len(customers) // 2 :], k=len(customers) // 30):
        child.account.parent = rng.choice(customers[: len(customers) // 2]).account
    return customers


def make_contacts(rng: Random, customers: list[Customer]) -> tuple[list[Contact], list[AccountContact]]:
    """Return one to three contacts per customer, and what each is there; the first is the primary one."""
    contacts: list[Contact] = []
    links: list[AccountContact] = []
    for customer in customers:
        locals_: set[str] = set()
        for number in range(rng.choice((1, 1, 1, 2, 2, 3))):
            person = _person(rng, customer.country)
            local = person.local if person.local not in locals_ else f"{person.local}{number + 1}"
            locals_.add(local)
            contact = Contact(
                name=person.name,
                family_name=person.family,
                given_name=person.given,
                job_title=(JOBS_CHINESE if customer.is_chinese else JOBS)[job := rng.randrange(6)],
                email=f"{local}@{customer.domain}",
                phone=customer.account.phone,
                mobile=_mobile(rng) if customer.is_chinese else None,
                wechat=local.replace(".", "_") if customer.is_chinese and rng.random() < 0.7 else None,
                language=customer.account.language,
                owner=customer.account.owner,
            )
            contacts.append(contact)
            links.append(
                AccountContact(
                    account=customer.account,
                    contact=contact,
                    role=ROLES[job],
                    is_primary=number == 0,
                    since_on=date(2018, 1, 1) + timedelta(days=rng.randrange(2500)),
                )
            )
    return contacts, links


def _facts(rng: Random, domain: str, currency: str) -> dict[str, Any]:
    """Return what does not depend on the country."""
    employees = int(rng.lognormvariate(3.6, 1.1)) + 3
    return {
        "roles": rng.choice(
            (["customer"], ["customer"], ["customer"], ["prospect"], ["customer", "supplier"], ["agent"])
        ),
        "industry": rng.choice(INDUSTRIES),
        "employee_count": employees,
        "annual_revenue": Money(round(employees * rng.randrange(20, 160) * float(RATES[currency][0])) * 1000, currency),
        "website": f"https://www.{domain}",
        "email": f"info@{domain}",
        "source": rng.choice(("exhibition", "referral", "website", "email", "marketplace", "cold_call")),
        "level": rng.choice(LEVELS),
        "status": "dormant" if rng.random() < 0.06 else "active",
        "tags": rng.choice(((), (), (), ("vip",), ("fair-2025",), ("price-sensitive",), ("oem",))),
    }


def _credit(rng: Random, currency: str) -> Money:
    """Return a credit limit of some ten thousand dollars, round in *currency*."""
    return Money(round(rng.randrange(5, 100) * float(RATES[currency][0])) * 1000, currency)


def _chinese(rng: Random) -> tuple[dict[str, Any], str, str, Country | None, str]:
    city = rng.choice(CITIES)
    name, latin = rng.choice(TRADE_NAMES)
    form = "股份有限公司" if rng.random() < 0.05 else "有限公司"
    facts = {
        "name": f"{city.name}{name}{rng.choice(TRADES)}{form}",
        "country": "CN",
        "language": "zh",
        "phone": f"+86 {city.dial} 5550 {rng.randrange(10_000):04}",
        "address": _chinese_address(rng, city),
    }
    return facts, f"{latin}-{city.latin}.example", "CNY", None, city.market


def _chinese_address(rng: Random, city: City) -> Address:
    province, border, name = city.province.rpartition("省")
    street = f"{rng.choice(city.streets)}{rng.randrange(1, 999)}号"
    return Address(street=street, city=name, region=province + border, country="CN")


def _foreign(rng: Random) -> tuple[dict[str, Any], str, str, Country | None, str]:
    (country,) = rng.choices(ABROAD, [country.share for country in ABROAD])
    family, family_latin = rng.choice(country.family)
    fancy, fancy_latin = rng.choice(country.fancy)
    branch = rng.choice(country.branches)
    pattern = rng.choice(country.companies)
    city, postcode = rng.choice(country.cities)
    street = rng.choice(country.streets).format(number=rng.randrange(1, 180))
    word = fancy_latin if "{fancy}" in pattern else family_latin
    tail = "".join(filter(str.isalpha, branch.lower())) if "{branch}" in pattern and branch.isascii() else "trading"
    facts = {
        "name": pattern.format(family=family, fancy=fancy, branch=branch),
        "country": country.code,
        "language": country.language,
        "phone": country.phone.format(digits=f"{rng.randrange(1000):03}"),
        "address": Address(text=country.address.format(street=street, postcode=postcode, city=city)),
    }
    return facts, f"{word.lower()}-{tail}.example", country.currency, country, country.market


def _person(rng: Random, country: Country | None) -> Person:
    if country is None:
        family, family_latin = rng.choice(CHINESE_FAMILY)
        given, given_latin = rng.choice(CHINESE_GIVEN)
        return Person(family + given, family, given, f"{family_latin}.{given_latin}")
    family, family_latin = rng.choice(country.family)
    given = rng.choice(country.given)
    gap = "" if country.code == "JP" else " "
    name = f"{family}{gap}{given}" if country.family_first else f"{given} {family}"
    local = f"{given[0].lower()}.{family_latin.lower()}" if given[0].isascii() else family_latin.lower()
    return Person(name, family, given, local)


def _mobile(rng: Random) -> str:
    return f"+86 139 5550 {rng.randrange(10_000):04}"


def primary_contacts(links: list[AccountContact]) -> Iterator[tuple[Any, Any]]:
    """Yield account and contact ids of the primary contacts."""
    return ((link.account.id, link.contact.id) for link in links if link.is_primary)
