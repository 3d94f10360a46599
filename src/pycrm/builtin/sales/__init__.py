"""Sales, from the first interest to the last payment.

A `Lead` becomes an `Opportunity` in a `Pipeline`; that leads to a `Quote`, a `Contract`, a `SalesOrder`, payments.
The rules of the system's exchange rates are here too.
"""

from pycrm.builtin.sales import roles
from pycrm.builtin.sales.competitor import Competitor
from pycrm.builtin.sales.contract import CONTRACT, Contract
from pycrm.builtin.sales.conversion import Conversion, convert_lead, convert_leads
from pycrm.builtin.sales.exchange_rate import convertible_rate
from pycrm.builtin.sales.lead import LEAD, Lead
from pycrm.builtin.sales.lines import line_total
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.opportunity_contact import OpportunityContact
from pycrm.builtin.sales.payment_plan import PaymentPlan
from pycrm.builtin.sales.payment_receipt import PaymentReceipt
from pycrm.builtin.sales.pipeline import Pipeline, Stage, default_pipeline
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote import QUOTE, Quote
from pycrm.builtin.sales.quote_line import QuoteLine
from pycrm.builtin.sales.quoting import create_quote, order_quote, revise_quote
from pycrm.builtin.sales.sales_order import SALES_ORDER, SalesOrder
from pycrm.builtin.sales.sales_order_line import SalesOrderLine
from pycrm.builtin.sales.stage_change import StageChange

__all__ = [
    "CONTRACT",
    "LEAD",
    "QUOTE",
    "SALES_ORDER",
    "Competitor",
    "Contract",
    "Conversion",
    "Lead",
    "Opportunity",
    "OpportunityContact",
    "PaymentPlan",
    "PaymentReceipt",
    "Pipeline",
    "Quote",
    "QuoteLine",
    "SalesOrder",
    "SalesOrderLine",
    "Stage",
    "StageChange",
    "convert_lead",
    "convert_leads",
    "convertible_rate",
    "create_quote",
    "default_pipeline",
    "line_total",
    "order_quote",
    "plugin",
    "revise_quote",
    "roles",
]
