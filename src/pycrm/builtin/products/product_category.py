"""`ProductCategory`: what products belong to, in a tree."""

from __future__ import annotations

from pycrm.builtin.products.plugin import plugin
from pycrm.plugin import OptRef, Record, field


@plugin.entity(title="name", list="code name parent", plural="product_categories")
class ProductCategory(Record):
    """A group of products, which may be a part of a larger one."""

    name: str = field.text(indexed=True, searchable=True)
    code: str | None = field.text(unique=True, searchable=True)
    parent: OptRef[ProductCategory] = field.ref("product_category", many="subcategories", tree=True)
    description: str | None = field.long_text()
