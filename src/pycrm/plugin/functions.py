"""What a plugin collects: functions for hooks, and actions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints

import attrs

from pycrm.errors import ConfigurationError, MoveNotAllowedError, nearest
from pycrm.fields.status import StatusKind
from pycrm.schema import Record
from pycrm.values.lifecycle import Lifecycle
from pycrm.workspace import Workspace

__all__ = ["Action", "ActionCall", "HookFunction", "check_states"]

E = TypeVar("E", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")


@attrs.frozen(eq=False)
class HookFunction:
    """One function of a plugin that is asked during writes.

    Attributes:
        hook: ``"derive"``, ``"check"`` or ``"after_write"``.
        plugin: The plugin's name.
        function: Takes the workspace and a change set.
        target: The record class or entity name that it is about.
        changed: Paths of which one must change in an update for the function to see the record; empty for any.
        move: The move that the record must make, or None.
        include: Related records to load for it.
        as_plugin: Whether it acts under the plugin's own rights.
        after: Plugins whose functions run before it.
    """

    hook: str
    plugin: str
    function: Callable[..., Any]
    target: type[Record] | str
    changed: frozenset[str] = frozenset()
    move: str | None = None
    include: str = ""
    as_plugin: bool = False
    after: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """``plugin:function``, by which errors and listings name it."""
        return f"{self.plugin}:{self.function.__name__}"


class _Doc:
    """The docstring of a class whose instances show that of their function."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __get__(self, instance: Any, owner: type) -> str | None:
        return self.text if instance is None else instance.function.__doc__


@attrs.frozen(eq=False)
class Action(Generic[E, P, T]):
    """A verb on an entity's records. Calling it prepares it; `Workspace.run` performs it.

    Attributes:
        plugin: The plugin's name.
        function: Takes the workspace, a record and further arguments.
        target: The record class or entity name.
        permission: The right that it asks for.
        states: The states that a record may be in for it; empty for any.
    """

    plugin: str
    function: Callable[Concatenate[Workspace, P], T]
    target: type[E] | str
    permission: str
    states: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The function's name: the verb."""
        return self.function.__name__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ActionCall[T]:
        """Return the call, to be given to ``ws.run``: the record first, or by the name that the function gives it."""
        bound = inspect.signature(self.function).bind(None, *args, **kwargs)
        _, record, *rest = bound.args
        return ActionCall(self, record, tuple(rest), bound.kwargs)


# Help on an action shows what its author wrote; a property of this name would take the class's own docstring away.
Action.__doc__ = _Doc(Action.__doc__)  # type: ignore[assignment]


@attrs.frozen(eq=False)
class ActionCall(Generic[T]):
    """An action with its record and arguments."""

    action: Action[Any, Any, T]
    record: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """``plugin:verb``, by which it is told from others."""
        return f"{self.action.plugin}:{self.action.name}"

    @property
    def permission(self) -> str:
        """The right that the action asks for."""
        return self.action.permission

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it was given beside the record, by name, however it was given."""
        bound = inspect.signature(self.action.function).bind(None, self.record, *self.args, **self.kwargs)
        return dict(list(bound.arguments.items())[2:])

    @property
    def returns(self) -> Any:
        """What the function says that it returns, as an annotation; None where that cannot be told."""
        try:
            return get_type_hints(self.action.function).get("return")
        except NameError:  # some of its names are there for type checkers only
            return None

    @property
    def plugin(self) -> str:
        """The plugin that brings the action."""
        return self.action.plugin

    def perform(self, ws: Workspace) -> T:
        """Do it.

        Raises:
            MoveNotAllowedError: The record is in none of the states that the action takes.
        """
        if self.action.states:
            _require_state(self.action, self.record)
        return self.action.function(ws, self.record, *self.args, **self.kwargs)


def check_states(entity: type[Record], states: tuple[str, ...]) -> None:
    """Check that *states* are of the one lifecycle of *entity*.

    Raises:
        ConfigurationError: It has no lifecycle or several, or a name is none of its states.
    """
    _, lifecycle = _status_of(entity)
    for state in states:
        if state not in lifecycle.states:
            raise ConfigurationError(
                f"{entity.__name__} has no state {state!r}{nearest(state, lifecycle.states)}", value=state
            )


def _require_state(action: Action[Any, Any, Any], record: Record) -> None:
    name, lifecycle = _status_of(record.__record_class__)
    state = getattr(record, name)
    if state not in action.states:
        raise MoveNotAllowedError(
            f"{record!r} is {state}; {action.name} takes one that is {' or '.join(action.states)}",
            move=action.name,
            allowed=tuple(move.name for move in lifecycle.moves_from(state)),
        )


def _status_of(entity: type[Record]) -> tuple[str, Lifecycle]:
    found = [
        (name, field.kind.lifecycle)
        for name, field in entity.__declared_fields__.items()
        if isinstance(field.kind, StatusKind)
    ]
    if len(found) != 1:
        raise ConfigurationError(f"states= asks for one status field, and {entity.__name__} has {len(found)}")
    return found[0]
