"""What the door needs of higher floors: hooks that are asked during a write, and the actions that `run` looks up.

``ws`` is the `Workspace` of the write; its type is left open here, since the workspace itself is made of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pycrm.errors import Problem
from pycrm.schema import ChangeSet, Entity

__all__ = ["Call", "WriteHooks"]

T_co = TypeVar("T_co", covariant=True)


class WriteHooks(Protocol):
    """The hooks of a write, one typed call each. An exception of a hook comes out as `HookFailedError`."""

    def wants(self, hook: str, entity: Entity) -> bool:
        """Return whether any function listens: *hook* is ``derive``, ``check`` or ``after_write``."""

    def derive(self, ws: Any, changes: ChangeSet[Any]) -> None:
        """Let hooks set fields through ``changes.set``."""

    def check(self, ws: Any, changes: ChangeSet[Any]) -> list[Problem]:
        """Return everything that hooks find wrong."""

    def after_write(self, ws: Any, changes: ChangeSet[Any]) -> None:
        """Let hooks write other records."""


class Call(Protocol[T_co]):
    """A prepared call of an action: ``remind(sample, days=3)``, to be given to `Workspace.run`."""

    @property
    def name(self) -> str:
        """Which action it is, by whose: ``"visits:check_in"``."""

    @property
    def permission(self) -> str:
        """The right that it asks for on the record's entity."""

    @property
    def plugin(self) -> str:
        """The plugin whose code it is."""

    @property
    def record(self) -> Any:
        """The record it is about."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What else it was given, by name, defaults left out."""

    @property
    def returns(self) -> Any:
        """What the action says that it returns, as an annotation, or None."""

    def perform(self, ws: Any) -> T_co:
        """Do it, and return the action's result."""
