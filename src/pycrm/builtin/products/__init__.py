"""Products: what we sell, and at which prices."""

from pycrm.builtin.products import roles
from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.products.price_book import PriceBook, PriceBookEntry
from pycrm.builtin.products.prices import entries_of, find_price, is_valid, tier_of
from pycrm.builtin.products.product import Product
from pycrm.builtin.products.product_category import ProductCategory
from pycrm.builtin.products.unit_of_measure import UnitOfMeasure, convert_quantity

__all__ = [
    "PriceBook",
    "PriceBookEntry",
    "Product",
    "ProductCategory",
    "UnitOfMeasure",
    "convert_quantity",
    "entries_of",
    "find_price",
    "is_valid",
    "plugin",
    "roles",
    "tier_of",
]
