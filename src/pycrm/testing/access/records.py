"""Records of every entity, drawn from what is declared of it and written through the door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from pycrm.errors import PycrmError
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.schema import Entity, Record
from pycrm.testing.access.scene import Scene
from pycrm.testing.access.values import random_value, token
from pycrm.values.principal import ADMINISTRATOR, Principal

__all__ = ["RecordMaker"]

_LIKELY = (0.7, 0.4, 0.15, 0.0)
"""How probably an optional field is filled, from one attempt to the next."""
_NEVER = ("created_by", "updated_by", "team", "owner")


class RecordMaker:
    """Makes the records of one world, each entity after those that it must refer to.

    Attributes:
        ids: The ids of the records so far, by entity name.
    """

    def __init__(self, world: Scene) -> None:
        self._world = world
        self._chance = world.chance
        self.ids: dict[str, list[UUID]] = defaultdict(list)
        with world.crm.reading_as(Principal("access-root", roles={ADMINISTRATOR})) as reader:
            for entity in world.crm.schema.entities.values():
                if not entity.parked:
                    self.ids[entity.name] = [record.id for record in reader.iterate(entity.record_class)]

    def order(self) -> list[str]:
        """Return the names of all entities, each after those that it refers to where it must."""
        schema = self._world.crm.schema
        done: dict[str, None] = {}

        def add(name: str, above: tuple[str, ...] = ()) -> None:
            if name in done or name in above or name not in schema.entities or schema.entities[name].parked:
                return
            references = schema.entities[name].references
            for each in sorted(references, key=lambda each: not each.required):
                add(str(each.kind.target), (*above, name))  # type: ignore[attr-defined]
            done[name] = None

        for name in schema.entities:
            add(name)
        return list(done)

    def make(self, name: str, count: int) -> None:
        """Write *count* records of the entity *name*, or as many as its rules take, made by several people."""
        entity = self._world.entity(name)
        for likely in _LIKELY:
            missing = count - len(self.ids[name])
            if missing <= 0:
                return
            for part in range(4):
                user = self._chance.choice(self._world.users)
                drawn = [self.draw(entity, likely) for _ in range(part, missing, 4)]
                self._write(user.key, [record for record in drawn if record is not None])

    def attach(self, count: int) -> None:
        """Attach small files to some records, if the CRM has a place for files."""
        if self._world.crm.files is None:
            return
        about = [(name, id) for name, ids in self.ids.items() for id in ids[:2]]
        for number, (name, id) in enumerate(self._chance.sample(about, min(count, len(about)))):
            user = self._chance.choice(self._world.users)
            with self._world.crm.acting_as(Principal(user.key, roles={ADMINISTRATOR})) as ws:
                record = ws._ctx.by_ids(self._world.entity(name), [id])[0]
                made = ws.attach(record, f"{token(self._chance)}.txt", b"file %d" % number, content_type="text/plain")
                self.ids["attachment"].append(made.id)

    def bin_some(self) -> None:
        """Put a tenth of the records that nothing holds into the bin."""
        for name, ids in self.ids.items():
            if name in ("user", "team", "role", "custom_field", "custom_index", "pipeline", "stage"):
                continue
            for id in self._chance.sample(ids, len(ids) // 10):
                root = Principal("access-root", roles={ADMINISTRATOR})
                with suppress(PycrmError), self._world.crm.acting_as(root) as ws:
                    ws.delete(ws.get(self._world.entity(name).record_class, id))

    def _write(self, user: str, records: Sequence[Record]) -> None:
        """Write *records* as one of the people; where a hook breaks over one, one by one."""
        if not records:
            return
        name = self._world.crm.schema.entity_of(records[0]).name
        try:
            with self._world.crm.acting_as(Principal(user, roles={ADMINISTRATOR})) as ws:
                made = ws.create_many(records, on_problem="refuse").created
        except PycrmError:
            made = ()
            for record in records if len(records) > 1 else ():
                self._write(user, [record])
        self.ids[name] += [record.id for record in made]

    # One record

    def draw(self, entity: Entity, likely: float) -> Any | None:
        """Return a new record with most fields filled, *likely* so; None where a reference has nothing to lead to."""
        given: dict[str, Any] = {}
        beside: dict[str, Any] = {}
        for path, field in entity.fields.items():
            if field.read_only or field.retired or path in ("id", "version", "deleted_at", *_NEVER):
                continue
            if not (field.required and field.default is None) and self._chance.random() >= likely:
                continue
            value = self.value(entity, field)
            if value is not None:
                (beside if "." in path else given)[path] = value
            elif field.required and field.default is None and not isinstance(field.kind, (StatusKind, AutonumberKind)):
                given.pop(path, None)
        if "owner" in entity.fields:
            given["owner"] = self._chance.choice(self._world.users)
            given["team"] = self._chance.choice([None, *self._world.teams])
        try:
            record = entity.record_class(**given)
            for path, value in beside.items():
                record.set_document_value(path, value)
        except (PycrmError, TypeError, ValueError):
            return None
        return record

    def value(self, entity: Entity, field: Field) -> Any:
        """Return a value for *field* of a new record of *entity*, or None."""
        kind, chance = field.kind, self._chance
        if maker := self._world.makers.get(f"{entity.name}.{field.path}"):
            return maker(chance)
        if isinstance(kind, (StatusKind, AutonumberKind)):
            return None
        if isinstance(kind, RefKind):
            ids = self.ids[str(kind.target)]
            return chance.choice(ids) if ids else None
        if isinstance(kind, RefsKind):
            ids = self.ids[str(kind.target)]
            return chance.sample(ids, min(2, len(ids)))
        if isinstance(kind, (AnyRefKind, AnyRefsKind)):
            one = self._any(kind.targets)
            return one if isinstance(kind, AnyRefKind) or one is None else [one]
        if kind.name == "text" and (field.unique or field.path == entity.title or field.path in _in_key(entity)):
            return token(chance)[: getattr(kind, "max_length", 14)]
        if kind.name == "integer" and field.path in _in_key(entity):
            return chance.randint(1, 10_000)
        return random_value(field, chance, self._world.makers)

    def _any(self, targets: Sequence[Any]) -> str | None:
        names = [name for name, ids in self.ids.items() if ids and ("*" in targets or name in targets)]
        if not names:
            return None
        name = self._chance.choice(names)
        return f"{name}:{self._chance.choice(self.ids[name])}"


def _in_key(entity: Entity) -> set[str]:
    """Return the paths that are unique together with others."""
    return {path for paths in entity.unique for path in paths}
