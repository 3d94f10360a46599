"""Rows of one batch that refer to each other: a parent may stand in any row of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.exchange.importing.drafts import Draft
from pycrm.exchange.mapping import Lookup

__all__ = ["Waiting", "by_value", "parents_first"]


@attrs.frozen
class Waiting:
    """A reference of a row to a record that another row of the same batch makes.

    Attributes:
        place: Of the row.
        path: Of the reference.
        lookup: How it is looked up.
        key: What the other record has in the lookup's field.
    """

    place: int
    path: str
    lookup: Lookup
    key: Any


def by_value(drafts: Sequence[Draft], path: str) -> dict[Any, Draft]:
    """Return *drafts* by what their records hold at *path*, the first of those that hold the same."""
    found: dict[Any, Draft] = {}
    for draft in drafts:
        value = draft.record.get_document_value(path) if "." in path else getattr(draft.record, path)
        found.setdefault(value, draft)
    return found


def parents_first(drafts: Sequence[Draft], parents: Mapping[int, Sequence[Draft]]) -> list[Draft]:
    """Return *drafts* with those that others refer to before these; in a circle, as they are."""
    ordered: dict[int, Draft] = {}
    for draft in drafts:
        chain = [draft]
        while above := [each for each in parents.get(id(chain[-1]), ()) if id(each) not in ordered]:
            if any(above[0] is each for each in chain):
                break
            chain.append(above[0])
        for each in reversed(chain):
            ordered.setdefault(id(each), each)
    return list(ordered.values())
