"""What the shipped roles may do with products and prices: everybody reads them. Entries of a price book go with it."""

from __future__ import annotations

from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.shipped_rights import EVERY_ROLE, INTEGRATED, READ_ALL, grant_each

_ENTITIES = ("product", "product_category", "price_book", "unit_of_measure")

for _role in EVERY_ROLE:
    grant_each(plugin, _role, _ENTITIES, READ_ALL)
grant_each(plugin, "integration", _ENTITIES, INTEGRATED)
