"""Questions to the data: filters and their Python builder, paths, pages and measures, and the compiler to SQL.

It states the port `Access`, which policies fulfil. It imports storage and the floors below it.
"""

from pycrm.query.aggregate import AggregatePlan, AggregateRows
from pycrm.query.ast import And, Compare, In, IsNull, Linked, Node, Not, Or, Path
from pycrm.query.builder import Condition, F, FieldPath, call, node_of
from pycrm.query.compiler import Compiler, Where
from pycrm.query.pages import PagePlan, PageRows
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.ports import Access
from pycrm.query.statement import Statement
from pycrm.query.text import Include, read_include, read_path

__all__ = [
    "Access",
    "AggregatePlan",
    "AggregateRows",
    "And",
    "Compare",
    "Compiler",
    "Condition",
    "F",
    "FieldPath",
    "In",
    "Include",
    "IsNull",
    "Linked",
    "Node",
    "Not",
    "Or",
    "PagePlan",
    "PageRows",
    "Path",
    "ResolvedPath",
    "Statement",
    "Where",
    "call",
    "node_of",
    "read_include",
    "read_path",
    "resolve",
]
