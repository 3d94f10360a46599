"""Declarations of fields of further kinds; users meet them among those of ``from pycrm import field``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Unpack

from pycrm.builtin.kinds.address import Address, AddressKind
from pycrm.builtin.kinds.codes import CountryKind, CurrencyKind, LanguageKind, TimeZoneKind
from pycrm.builtin.kinds.geo import GeoPointKind
from pycrm.builtin.kinds.identifier import IdentifierKind
from pycrm.builtin.kinds.json_data import JsonKind
from pycrm.builtin.kinds.phone import PhoneKind
from pycrm.builtin.kinds.quantity import QuantityKind
from pycrm.builtin.kinds.ratios import RatingKind, RatioKind
from pycrm.builtin.kinds.rich_text import RichTextKind
from pycrm.builtin.kinds.times import DurationKind, TimeKind
from pycrm.builtin.kinds.web import EmailKind, UrlKind
from pycrm.plugin import FieldOptions, GeoPoint, Json, Quantity, of_kind

__all__ = [
    "address",
    "country",
    "currency",
    "duration",
    "email",
    "geo_point",
    "identifier",
    "json",
    "language",
    "percent",
    "phone",
    "quantity",
    "rating",
    "ratio",
    "rich_text",
    "time",
    "time_zone",
    "url",
]


def email(**common: Unpack[FieldOptions]) -> str:
    """Declare an email address."""
    declared: str = of_kind(EmailKind(), **common)
    return declared


def url(*, max_length: int = 2000, **common: Unpack[FieldOptions]) -> str:
    """Declare the address of a page of at most *max_length* characters."""
    declared: str = of_kind(UrlKind(max_length), **common)
    return declared


def phone(*, region: str = "", **common: Unpack[FieldOptions]) -> str:
    """Declare a phone number; those without a country before them are numbers of *region*, as ``"CN"``."""
    declared: str = of_kind(PhoneKind(region), **common)
    return declared


def address(**common: Unpack[FieldOptions]) -> Address:
    """Declare a postal address."""
    declared: Address = of_kind(AddressKind(), **common)
    return declared


def country(**common: Unpack[FieldOptions]) -> str:
    """Declare a country, by its code in ISO 3166-1."""
    declared: str = of_kind(CountryKind(), **common)
    return declared


def currency(**common: Unpack[FieldOptions]) -> str:
    """Declare a currency, by its code in ISO 4217."""
    declared: str = of_kind(CurrencyKind(), **common)
    return declared


def language(**common: Unpack[FieldOptions]) -> str:
    """Declare a language, by its tag of BCP 47."""
    declared: str = of_kind(LanguageKind(), **common)
    return declared


def time_zone(**common: Unpack[FieldOptions]) -> str:
    """Declare a time zone, by its name in the database of IANA."""
    declared: str = of_kind(TimeZoneKind(), **common)
    return declared


def rich_text(*, max_length: int = 1_000_000, **common: Unpack[FieldOptions]) -> str:
    """Declare text with emphasis, lists, tables and links, as HTML that is cleaned before it is kept."""
    declared: str = of_kind(RichTextKind(max_length), **common)
    return declared


def ratio(*, places: int = 6, **common: Unpack[FieldOptions]) -> Decimal:
    """Declare a share from 0 to 1 with at most *places* digits after the point; its name ends in ``_ratio``."""
    declared: Decimal = of_kind(RatioKind(places), **common)
    return declared


def percent(*, places: int = 6, **common: Unpack[FieldOptions]) -> Decimal:
    """Declare a share from 0 to 1 that is shown as a percentage: 0.125 as ``12.5%``."""
    declared: Decimal = of_kind(RatioKind(places, percent=True), **common)
    return declared


def rating(*, best: int = 5, **common: Unpack[FieldOptions]) -> int:
    """Declare a mark in whole points from 1 to *best*."""
    declared: int = of_kind(RatingKind(best), **common)
    return declared


def quantity(
    uom: str | None = None, *, places: int = 6, units: Iterable[str] = (), **common: Unpack[FieldOptions]
) -> Quantity:
    """Declare an amount of a unit of measure; see `QuantityKind` for *uom* and *units*."""
    declared: Quantity = of_kind(QuantityKind(uom, places, units), **common)
    return declared


def time(**common: Unpack[FieldOptions]) -> dt.time:
    """Declare a time of the day, without day and time zone."""
    declared: dt.time = of_kind(TimeKind(), **common)
    return declared


def duration(**common: Unpack[FieldOptions]) -> dt.timedelta:
    """Declare a length of time."""
    declared: dt.timedelta = of_kind(DurationKind(), **common)
    return declared


def json(*, max_bytes: int = 65_536, max_depth: int = 32, **common: Unpack[FieldOptions]) -> Json:
    """Declare any JSON value of at most *max_bytes*, nested at most *max_depth* deep."""
    declared: Json = of_kind(JsonKind(max_bytes, max_depth), **common)
    return declared


def geo_point(**common: Unpack[FieldOptions]) -> GeoPoint:
    """Declare a place on the earth."""
    declared: GeoPoint = of_kind(GeoPointKind(), **common)
    return declared


def identifier(scheme: str, **common: Unpack[FieldOptions]) -> str:
    """Declare a number after *scheme*: ``uscc``, ``cn_resident``, ``payment_card``, ``vat`` or ``eori``."""
    declared: str = of_kind(IdentifierKind(scheme), **common)
    return declared
