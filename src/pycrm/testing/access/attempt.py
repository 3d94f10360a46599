"""One writing call of one principal, and what plain Python says of it beforehand."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.testing.access.facts import Row, led_to, plain_value
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.world import World
from pycrm.workspace import Workspace

__all__ = ["Attempt", "leads"]


@attrs.frozen
class Attempt:
    """One writing call of one principal.

    Attributes:
        world: Where.
        chance: Where it is drawn from.
        maker: Makes records and values.
        sight: What the principal reaches before it.
        entity: The name of the entity.
        row: What it writes; None where it creates.
        given: The changes that it makes.
    """

    world: World
    chance: Random
    maker: RecordMaker
    sight: Sight
    entity: str
    row: Row | None
    given: dict[str, Any] = attrs.field(factory=dict)

    @property
    def cls(self) -> type[Any]:
        """The record class."""
        return self.world.entity(self.entity).record_class

    def held(self, ws: Workspace) -> Any:
        """Return the record as he holds it: whole, as a program may that has it from somebody else."""
        assert self.row is not None
        (record,) = ws._ctx.by_ids(self.world.entity(self.entity), [self.row.id], include_binned=True)
        return record

    def changes(self) -> dict[str, Any]:
        """Return new values of one or two fields; of references, and of the owner, more often than of others."""
        fields = self.world.entity(self.entity).fields
        offered = [path for path, each in fields.items() if not each.read_only and not each.retired and "." not in path]
        offered = [path for path in offered if path not in ("id", "version", "deleted_at")]
        leading = [path for path in offered if isinstance(fields[path].kind, (RefKind, AnyRefKind, LinkKind))]
        paths = {self.chance.choice(leading if leading and self.chance.random() < 0.5 else offered)}
        found = {path: self._value(path) for path in sorted(paths)}
        self.given.update((path, value) for path, value in found.items() if value is not None)
        return dict(self.given)

    def is_within_reach(self, verb: str) -> bool:
        """Return whether plain Python sees nothing against it, what rules of the entity say apart."""
        sight, row = self.sight, self.row
        if row is None or row.is_binned or verb not in ("update", "update_many", "lock", "delete"):
            return False
        if verb == "delete":
            return sight.reaches("delete", row) and sight.reads(row)
        fields = self.world.entity(self.entity).fields
        try:
            values = {path: plain_value(fields[path], fields[path].kind.parse(v)) for path, v in self.given.items()}
        except Problem:
            return False
        # A rule may ask for these, too.
        noted = {"version": row["version"] + 1, "updated_at": self.world.crm.clock(), "updated_by": sight.me}
        is_changed = any(row[path] != value for path, value in values.items())
        after = Row(row.entity, row.id, {**row.values, **values, **(noted if is_changed else {})})
        targets = [id for path, value in values.items() if leads(fields[path]) for id in led_to(value)]
        return (
            all(sight.right(self.entity, path) == "write" for path in values)
            and all(sight.row(id) is not None and not sight.row(id).is_binned for id in targets)  # type: ignore[union-attr]
            and all(sight.reaches("write", state) and sight.reads(state) for state in (row, after))
        )

    def _value(self, path: str) -> Any:
        if path == "owner":
            return self.chance.choice(self.world.users).id
        if path == "team":
            return self.chance.choice(self.world.teams).id
        entity = self.world.entity(self.entity)
        return self.maker.value(entity, entity.fields[path])


def leads(field: Any) -> bool:
    """Return whether *field* refers to records."""
    return isinstance(field.kind, (RefKind, AnyRefKind, LinkKind))
