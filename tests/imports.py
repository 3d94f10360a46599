"""What tests of imports share: files and mappings written as text, and all that a CRM holds as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pycrm import CRM, Principal
from pycrm.exchange.mapping import Mapping, read_mapping_text
from pycrm.schema.dump import dump_records

MEI = Principal("mei", roles={"administrator"})

ACCOUNTS = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "No"
name = "Name"
country = "Country"
"""

PEOPLE = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "No"
name = "Name"
[[entity]]
entity = "contact"
by = ["email"]
[entity.fields]
name = "Person"
email = "Mail"
[[entity]]
entity = "account_contact"
by = ["account", "contact"]
on_match = "skip"
[entity.fields]
account = { record = "account" }
contact = { record = "contact" }
"""

# Who wrote a record when, and how often, is its history; a change that is taken back is two changes.
_HISTORY = frozenset({"version", "created_at", "updated_at", "created_by", "updated_by"})
_OF_IMPORTS = frozenset({"import_run", "user"})


def mapping(text: str) -> Mapping:
    """Return the mapping that *text* says."""
    return read_mapping_text(text)


def csv_file(folder: Path, text: str, name: str = "rows.csv") -> Path:
    """Write *text* to a file in *folder* and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def contents(crm: CRM) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every record of every entity, in the bin or not, as data: entity to id to path to value."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with crm.reading_as(MEI) as ws:
        ctx = ws._ctx
        for name, entity in ctx.tools.schema.entities.items():
            if name in _OF_IMPORTS or entity.parked:
                continue
            records = ctx.matching(entity, include_binned=True)
            found[name] = {
                str(record.id): {path: value for path, value in dumped.items() if path not in _HISTORY}
                for record, dumped in zip(records, dump_records(entity, records), strict=True)
            }
    return found
