"""The transforms by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pycrm.errors import Problem, nearest
from pycrm.exchange.mapping.transforms.dates import DATES
from pycrm.exchange.mapping.transforms.numbers import NUMBERS
from pycrm.exchange.mapping.transforms.people import PEOPLE
from pycrm.exchange.mapping.transforms.texts import TEXTS
from pycrm.schema import Schema
from pycrm.schema.transforms import Transform

__all__ = ["BASIC", "find_transform", "known_transforms"]

BASIC: Mapping[str, Transform] = MappingProxyType({each.name: each for each in (*TEXTS, *NUMBERS, *DATES, *PEOPLE)})
"""Those that are always there."""


def known_transforms(schema: Schema) -> Mapping[str, Transform]:
    """Return all transforms by name, those that plugins bring too."""
    return {**BASIC, **schema.transforms}


def find_transform(schema: Schema, name: str) -> Transform:
    """Return the transform called *name*.

    Raises:
        Problem: There is none.
    """
    known = known_transforms(schema)
    if name not in known:
        raise Problem(
            "mapping.unknown_transform",
            message="there is no transform {value!r}{hint}",
            value=name,
            hint=nearest(name, known) or "; see the table of transforms, and install the plugin that brings it",
        )
    return known[name]
