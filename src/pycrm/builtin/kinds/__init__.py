"""Field kinds beyond the basic ones, one file per family, brought in through the seam that every plugin uses."""

from pycrm.builtin.kinds.address import Address, AddressKind
from pycrm.builtin.kinds.codes import CountryKind, CurrencyKind, LanguageKind, TimeZoneKind
from pycrm.builtin.kinds.geo import GeoPointKind
from pycrm.builtin.kinds.identifier import IdentifierKind
from pycrm.builtin.kinds.json_data import JsonKind
from pycrm.builtin.kinds.phone import Phone, PhoneKind
from pycrm.builtin.kinds.plugin import plugin
from pycrm.builtin.kinds.quantity import QuantityKind
from pycrm.builtin.kinds.ratios import RatingKind, RatioKind
from pycrm.builtin.kinds.rich_text import RichTextKind
from pycrm.builtin.kinds.times import DurationKind, TimeKind
from pycrm.builtin.kinds.transforms import country_code
from pycrm.builtin.kinds.web import EmailKind, UrlKind

__all__ = [
    "Address",
    "AddressKind",
    "CountryKind",
    "CurrencyKind",
    "DurationKind",
    "EmailKind",
    "GeoPointKind",
    "IdentifierKind",
    "JsonKind",
    "LanguageKind",
    "Phone",
    "PhoneKind",
    "QuantityKind",
    "RatingKind",
    "RatioKind",
    "RichTextKind",
    "TimeKind",
    "TimeZoneKind",
    "UrlKind",
    "country_code",
    "plugin",
]
