"""In which order the records of one row are written: what others refer to first."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from pycrm.errors import Problem
from pycrm.exchange.mapping.model import EntityMap

__all__ = ["in_writing_order"]


def in_writing_order(entities: Sequence[EntityMap]) -> tuple[EntityMap, ...]:
    """Return *entities* with each behind those that it refers to, otherwise as they stand.

    Raises:
        Problem: They refer to each other in a circle.
    """
    by_alias = {each.alias: each for each in entities}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for each in entities:
        sorter.add(each.alias, *(field.record for field in each.fields if field.record in by_alias))
    try:
        return tuple(by_alias[alias] for alias in sorter.static_order())
    except CycleError as error:
        chain = " → ".join(error.args[1])
        raise Problem(
            "mapping.circle",
            message="refers in a circle, {chain}; one of them must be written first, so leave one reference out",
            chain=chain,
            value=chain,
        ) from error
