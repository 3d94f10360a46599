"""`Product`: a thing or a service that is sold."""

from __future__ import annotations

from pycrm.builtin.products.plugin import plugin
from pycrm.plugin import Record, field


@plugin.entity(title="name", list="code name uom is_active")
class Product(Record):
    """A thing or a service with a code of its own. Codes are compared exactly: ``85123A`` is not ``85123a``."""

    code: str = field.text(unique=True, searchable=True)
    name: str = field.text(indexed=True, searchable=True)
    uom: str | None = field.text()
    is_active: bool = field.boolean(default=True)
    description: str | None = field.long_text()
    hs_code: str | None = field.text(indexed=True)
