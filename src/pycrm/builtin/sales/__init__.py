"""Sales: `Pipeline` and `Stage`, `Opportunity`, `SalesOrder` with its lines."""

from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.pipeline import Pipeline, Stage, default_pipeline
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.sales_order import SALES_ORDER, SalesOrder
from pycrm.builtin.sales.sales_order_line import SalesOrderLine

__all__ = [
    "SALES_ORDER",
    "Opportunity",
    "Pipeline",
    "SalesOrder",
    "SalesOrderLine",
    "Stage",
    "default_pipeline",
    "plugin",
]
