"""Lifecycles: the states of a status field and the moves between them.

Example:
    >>> task = Lifecycle(
    ...     State("open"),
    ...     State("done", final=True),
    ...     Move("complete", "open", "done", needs="done_at"),
    ... )
    >>> task.initial, task.move_between("open", "done").name
    ('open', 'complete')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from pycrm.errors import ConfigurationError, nearest

ANY_OPEN = "*"


def _words(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(value.split() if isinstance(value, str) else value)


def _usual_category(state: State) -> str:
    return "closed" if state.final else "open"


@attrs.frozen
class State:
    """One state of a lifecycle.

    Attributes:
        name: What is stored and what text names.
        final: The work is over: a move from ``"*"`` does not start here. A move that names this state still may,
            as reopening does.
        category: A coarser word for lists and reports; ``"open"`` unless said otherwise, of a final state ``"closed"``.
        label: Language to label.
    """

    name: str
    final: bool = attrs.field(default=False, kw_only=True)
    category: str = attrs.field(default=attrs.Factory(_usual_category, takes_self=True), kw_only=True)
    label: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, hash=False)


@attrs.frozen
class Move:
    """One way from some states to another; a verb that the door runs.

    Attributes:
        name: The verb (``"confirm"``).
        sources: The states it starts from: names in one text (``"draft sent"``) or several; ``"*"`` is every state
            that is not final.
        to: The state it leads to.
        needs: Fields that must have a value for the move, written like *sources*.
        may: The permission that it asks for, or None for the right to write.
        label: Language to label.
    """

    name: str
    sources: tuple[str, ...] = attrs.field(converter=_words)
    to: str
    needs: tuple[str, ...] = attrs.field(default=(), converter=_words, kw_only=True)
    may: str | None = attrs.field(default=None, kw_only=True)
    label: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, hash=False)


@attrs.frozen(init=False, eq=False, repr=False)
class Lifecycle:
    """States and moves, checked when they are put together. An immutable value.

    Args:
        parts: States and moves in any order; the first state is the one that new records begin in.

    Attributes:
        states: The states by name, in the order given.
        moves: The moves by name, in the order given.
        initial: The name of the first state.

    Raises:
        ConfigurationError: A name is unusable, taken twice or unknown, or two moves lead from one state to the same.
    """

    states: Mapping[str, State]
    moves: Mapping[str, Move]
    initial: str
    _ways: Mapping[tuple[str, str], Move]

    def __init__(self, *parts: State | Move) -> None:
        states = _by_name("state", [part for part in parts if isinstance(part, State)])
        moves = _by_name("move", [part for part in parts if isinstance(part, Move)])
        if not states:
            raise ConfigurationError("a lifecycle needs at least one State")
        for move in moves.values():
            _check(move, states)
        self.__attrs_init__(states, moves, next(iter(states)), _find_ways(states, moves))

    def sources(self, move: str) -> tuple[str, ...]:
        """Return the names of the states that *move* starts from, ``"*"`` resolved."""
        return tuple(source for (source, _), known in self._ways.items() if known.name == move)

    def moves_from(self, state: str) -> tuple[Move, ...]:
        """Return the moves that start from *state*, in the order given; none from a state that does not exist."""
        return tuple(move for (source, _), move in self._ways.items() if source == state)

    def move_between(self, source: str, to: str) -> Move | None:
        """Return the move that leads from *source* to *to*, or None."""
        return self._ways.get((source, to))

    def options(self) -> dict[str, Any]:
        """Return it as JSON-able data; `from_options` takes it back."""
        return {
            "states": [_compact(state) for state in self.states.values()],
            "moves": [_compact(move) for move in self.moves.values()],
        }

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Lifecycle:
        """Return the lifecycle that `options` described."""
        return cls(*(State(**state) for state in options["states"]), *(Move(**move) for move in options["moves"]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lifecycle):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return Lifecycle, (*self.states.values(), *self.moves.values())

    def _key(self) -> tuple[tuple[State, ...], tuple[Move, ...]]:
        return tuple(self.states.values()), tuple(self.moves.values())

    def __repr__(self) -> str:
        return f"Lifecycle(states={list(self.states)}, moves={list(self.moves)})"


_Named = TypeVar("_Named", State, Move)


def _by_name(what: str, parts: list[_Named]) -> Mapping[str, _Named]:
    named: dict[str, _Named] = {}
    for part in parts:
        if not part.name.isidentifier() or part.name.startswith("_"):
            raise ConfigurationError(
                f"{part.name!r} cannot name a {what}; use letters, digits and underscores, a letter first",
                value=part.name,
            )
        if part.name in named:
            raise ConfigurationError(f"two {what}s are named {part.name!r}; rename one", value=part.name)
        named[part.name] = part
    return MappingProxyType(named)


def _check(move: Move, states: Mapping[str, State]) -> None:
    if not move.sources:
        raise ConfigurationError(f"move {move.name!r} starts from no state; name one, or '*' for all open ones")
    for state in (*(() if move.sources == (ANY_OPEN,) else move.sources), move.to):
        if state not in states:
            raise ConfigurationError(
                f"move {move.name!r} names the state {state!r}, which is not among "
                f"{', '.join(states)}{nearest(state, states)}",
                move=move.name,
                value=state,
            )
    if move.to in move.sources:
        raise ConfigurationError(f"move {move.name!r} leads from {move.to!r} to itself; a move changes the state")
    for field in move.needs:
        if not all(step.isidentifier() for step in field.split(".")):
            raise ConfigurationError(f"move {move.name!r} needs {field!r}, which is no field name", value=field)


def _find_ways(states: Mapping[str, State], moves: Mapping[str, Move]) -> Mapping[tuple[str, str], Move]:
    """Return the move by source and target; between two states there is one, as writing the status must mean one."""
    ways: dict[tuple[str, str], Move] = {}
    for move in moves.values():
        for source in _sources(move, states):
            other = ways.setdefault((source, move.to), move)
            if other is not move:
                raise ConfigurationError(
                    f"moves {other.name!r} and {move.name!r} both lead from {source!r} to {move.to!r}; "
                    "writing the status itself could mean either, so keep one or add a state",
                    moves=(other.name, move.name),
                )
    return MappingProxyType(ways)


def _sources(move: Move, states: Mapping[str, State]) -> tuple[str, ...]:
    if move.sources == (ANY_OPEN,):
        return tuple(state.name for state in states.values() if not state.final and state.name != move.to)
    return move.sources


def _compact(part: State | Move) -> dict[str, Any]:
    """Return the attributes that are not empty; all of them have an empty default, or one that derives the same."""
    values = attrs.asdict(part, recurse=False)
    return {name: _plain(value) for name, value in values.items() if value}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
