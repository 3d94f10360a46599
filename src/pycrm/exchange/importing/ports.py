"""What imports need of a CRM."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from pycrm.schema import Schema
from pycrm.schema.labels import Labels
from pycrm.storage.search_rows import Waiting
from pycrm.values.principal import Principal
from pycrm.workspace import Reader, Workspace

__all__ = ["Doors"]


class Doors(Protocol):
    """Opens units of work; `CRM` has it made."""

    @property
    def schema(self) -> Schema:
        """The newest schema that this process has seen."""
        ...

    @property
    def labels(self) -> Labels:
        """What everything is called."""
        ...

    def acting(self, principal: Principal) -> AbstractContextManager[Workspace]:
        """Open a unit that writes, and leaves what it wrote waiting to be indexed."""
        ...

    def reading(self, principal: Principal) -> AbstractContextManager[Reader]:
        """Open a unit that only reads."""
        ...

    def index(self, part: Waiting) -> None:
        """Index what units have left waiting, if the CRM does so after commits."""
        ...
