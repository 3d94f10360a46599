"""Products: what we sell."""

from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.products.product import Product

__all__ = ["Product", "plugin"]
