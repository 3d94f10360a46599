"""The ways in which SQL reads a column that somebody does not see: in what it shows, and in what it only asks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["READS"]

READS: Mapping[str, str] = MappingProxyType(
    {
        "column": "SELECT {c} FROM {t}",
        "star": "SELECT * FROM {t}",
        "alias": "SELECT a.{c} AS seen FROM {t} AS a",
        "filter": "SELECT id FROM {t} WHERE {c} IS NOT NULL",
        "order": "SELECT id FROM {t} ORDER BY {c}",
        "group": "SELECT count(*) FROM {t} GROUP BY {c}",
        "having": "SELECT name FROM {t} GROUP BY name HAVING max({c}) IS NOT NULL",
        "aggregate": "SELECT max({c}) FROM {t}",
        "expression": "SELECT CASE WHEN {c} IS NULL THEN 0 ELSE 1 END FROM {t}",
        "join": "SELECT a.id FROM {t} AS a JOIN {t} AS b ON a.{c} = b.{c}",
        "subquery": "SELECT (SELECT max({c}) FROM {t})",
        "exists": "SELECT 1 WHERE EXISTS (SELECT 1 FROM {t} WHERE {c} IS NOT NULL)",
        "cte": "WITH q AS (SELECT {c} AS seen FROM {t}) SELECT seen FROM q",
        "union": "SELECT name FROM {t} UNION ALL SELECT CAST({c} AS TEXT) FROM {t}",
        "window": "SELECT rank() OVER (ORDER BY {c}) FROM {t}",
    }
)
"""SQL of both databases by name; ``{t}`` and ``{c}`` stand for the table and its hidden column."""
