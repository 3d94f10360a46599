"""`Product`: a thing or a service that is sold."""

from __future__ import annotations

from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.products.product_category import ProductCategory
from pycrm.plugin import OptRef, Quantity, Record, field


@plugin.entity(title="name", list="code name category uom is_active")
class Product(Record):
    """A thing or a service with a code of its own. Codes are compared exactly: ``85123A`` is not ``85123a``.

    Attributes:
        uom: The unit that it is sold in, by its code: that of a known unit or of a `UnitOfMeasure`.
        hs_code: Its code in the Harmonized System: 6 digits worldwide, and more in each country.
        weight: Of one `uom`.
    """

    code: str = field.text(unique=True, searchable=True)
    name: str = field.text(indexed=True, searchable=True)
    category: OptRef[ProductCategory] = field.ref(ProductCategory, many="products")
    uom: str | None = field.text()
    is_active: bool = field.boolean(default=True)
    description: str | None = field.long_text()
    hs_code: str | None = field.text(indexed=True)
    weight: Quantity | None = field.quantity("kg")
