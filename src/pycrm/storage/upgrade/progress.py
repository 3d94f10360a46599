"""How far an owner's steps have come: kept in its row, written with every batch, so that a killed process goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from pycrm.fields.kind import Kind
from pycrm.schema.kinds import frozen_kind, kind_to_json
from pycrm.schema.upgrade import Check, MustBeUnique, MustExist, MustFit, Renamed

__all__ = ["Unfinished"]


@attrs.frozen
class Unfinished:
    """An upgrade of one owner whose tables have been changed and whose own steps have not all run.

    Attributes:
        was_version: The release before.
        was: Its snapshot; the owner's row has the one of the release that it is on the way to.
        renamed: The fields that were renamed between the two.
        checks: What the values must fulfil once the steps have run.
        function: How many of the owner's functions are done.
        operation: How many calls of the running function are done.
        after: The id of the last row of the call that is under way.
    """

    was_version: str
    was: Mapping[str, Any]
    renamed: tuple[Renamed, ...] = ()
    checks: tuple[Check, ...] = ()
    function: int = 0
    operation: int = 0
    after: str | None = None

    @property
    def place(self) -> tuple[int, int, str | None]:
        """How far it has come, for comparison."""
        return self.function, self.operation, self.after

    def to_text(self) -> str:
        """Return it as JSON."""
        data = {
            "was_version": self.was_version,
            "was": self.was,
            "renamed": [attrs.astuple(each) for each in self.renamed],
            "checks": [_check_to_json(check) for check in self.checks],
            "place": list(self.place),
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, kinds: Mapping[str, type[Kind]]) -> Unfinished:
        """Return what `to_text` wrote."""
        data = json.loads(text)
        function, operation, after = data["place"]
        return cls(
            data["was_version"],
            data["was"],
            tuple(Renamed(*each) for each in data["renamed"]),
            tuple(_check_from_json(check, kinds) for check in data["checks"]),
            function,
            operation,
            after,
        )


def _check_to_json(check: Check) -> list[Any]:
    match check:
        case MustBeUnique(entity, paths):
            return ["unique", entity, list(paths)]
        case MustFit(entity, path, old, new):
            return ["fit", entity, path, kind_to_json(old), kind_to_json(new)]
        case MustExist(entity, path, target):
            return ["exist", entity, path, target]


def _check_from_json(data: list[Any], kinds: Mapping[str, type[Kind]]) -> Check:
    match data:
        case ["unique", entity, paths]:
            return MustBeUnique(entity, tuple(paths))
        case ["fit", entity, path, old, new]:
            return MustFit(entity, path, frozen_kind(old, kinds), frozen_kind(new, kinds))
        case _:
            return MustExist(*data[1:])
