"""What those who draw roles, questions and records need of the world that they draw them for."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from random import Random
from typing import Any, Protocol

from pycrm.app import CRM
from pycrm.schema import Entity
from pycrm.testing.access.facts import Declared, Facts
from pycrm.testing.access.values import Maker

__all__ = ["Scene"]


class Scene(Protocol):
    """The part of `World` that is there before it is complete.

    Attributes:
        crm: The CRM.
        chance: Where it is drawn from.
        facts: Its rows, once they are read.
        makers: Makers of values that the caller gave.
        rules: By text, what the rules of its roles mean.
        users: Its people.
        teams: Their teams.
    """

    crm: CRM
    chance: Random
    facts: Facts
    makers: dict[str, Maker]
    rules: MutableMapping[str, Any]
    users: list[Any]
    teams: list[Any]

    @property
    def declared(self) -> Mapping[str, Declared]:
        """What is declared of each entity."""

    def entity(self, name: str) -> Entity:
        """Return the entity *name* with all its fields."""
