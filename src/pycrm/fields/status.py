"""Status fields: the state of a lifecycle. Writing one is a move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from pycrm.errors import Problem, nearest
from pycrm.fields.kind import EQUALITY, Fit, Kind
from pycrm.fields.scalar import ScalarKind
from pycrm.fields.text import take_text
from pycrm.values.lifecycle import Lifecycle


def _lifecycle(given: Lifecycle | Mapping[str, Any]) -> Lifecycle:
    return given if isinstance(given, Lifecycle) else Lifecycle.from_options(given)


@attrs.frozen
class StatusKind(ScalarKind):
    """The name of a state.

    Attributes:
        lifecycle: States and moves. Whether a move is allowed is the door's matter; the kind knows the states.
    """

    name: ClassVar[str] = "status"
    python_type: ClassVar[type] = str
    operators: ClassVar[frozenset[str]] = EQUALITY
    replaces: ClassVar[frozenset[str]] = frozenset({"choice", "text"})

    lifecycle: Lifecycle = attrs.field(converter=_lifecycle)

    def parse(self, value: Any) -> str:
        state = take_text(value)
        if state not in self.lifecycle.states:
            raise Problem(
                "status.unknown",
                message="is none of the states {states}{hint}",
                states=list(self.lifecycle.states),
                hint=nearest(state, self.lifecycle.states),
                value=value,
            )
        return state

    def fit(self, old: Kind) -> Fit:
        if isinstance(old, StatusKind):
            return Fit.ALL if old.lifecycle.states.keys() <= self.lifecycle.states.keys() else Fit.SOME
        return Fit.SOME if old.name in self.replaces else Fit.NONE

    def options(self) -> dict[str, Any]:
        return {"lifecycle": self.lifecycle.options()}

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.lifecycle.states)}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and {value} in {set(self.lifecycle.states)!r})"
