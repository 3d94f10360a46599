"""A small company in an empty CRM: people, teams, roles, shares, and some records of every registered entity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from datetime import timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from pycrm.app import CRM
from pycrm.entities import Cover, Role, RoleAssignment, SavedView, Share
from pycrm.errors import ConfigurationError
from pycrm.fields import declare as field
from pycrm.schema import Entity
from pycrm.testing.access.facts import Declared, Facts, Row, declared_of, row_of
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.people import make_people
from pycrm.testing.access.questions import Question, random_question
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.role_data import random_roles, rules_in
from pycrm.testing.access.values import Maker
from pycrm.values.clock import FixedClock
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.workspace import Workspace

__all__ = ["OpenCRM", "World"]

OpenCRM: TypeAlias = Callable[[], CRM]
"""Returns a CRM, on a `FixedClock`, in one more empty database."""

ROOT = Principal("access-root", roles={ADMINISTRATOR})
PER_ENTITY = 24
PEOPLE, ROLES = 12, 8
# Their rows are made by what they stand for, or by the world itself.
_NOT_DRAWN = frozenset(
    {"user", "team", "role", "role_assignment", "cover", "share", "custom_field", "custom_index", "attachment"}
) | {"tag", "saved_view"}


class _Back(Exception):
    """Takes a unit back at its end."""


class World:
    """The company, and what plain Python knows of it.

    Args:
        open_crm: Returns a CRM in an empty database, of any plugins.
        seed: Another seed, another company.
        makers: Makers of values by kind, for those of plugins; by ``entity.field`` for fields of special needs.
        per_entity: So many records of each entity, if its rules take what is drawn.
    """

    def __init__(
        self,
        open_crm: OpenCRM,
        seed: int,
        *,
        makers: Mapping[str, Maker] | None = None,
        per_entity: int = PER_ENTITY,
    ) -> None:
        self.open_crm = open_crm
        self.seed = seed
        self.root = ROOT
        self.makers: dict[str, Maker] = dict(makers or {})
        self.chance = Random(seed)  # noqa: S311 - repeatable, and no secret
        self.crm = open_crm()
        if not isinstance(self.crm.clock, FixedClock):
            raise ConfigurationError(
                "the checks of access need a clock that stands still; give CRM(clock=FixedClock(…))"
            )
        self.crm.migrate()
        self.roles: dict[str, dict[str, Any]] = {}
        self.rules: MutableMapping[str, Any] = {}
        self.views: dict[UUID, Question] = {}
        self.looked_at: dict[str, list[UUID]] = {}
        self.facts = Facts(declared_of(self.crm.schema), ())
        with self.crm.acting_as(ROOT) as ws:
            self.users: list[Any]
            self.teams: list[Any]
            self.users, self.teams = make_people(ws, self.chance, PEOPLE)
            self._define_fields(ws)
        self.define_roles(self.chance)
        self._fill(per_entity)
        self._share()
        self.read()

    # Who asks

    def principals(self) -> list[Principal]:
        """Return one principal per person, each with one to three of the roles; some name a team besides."""
        found = []
        for number, user in enumerate(self.users):
            drawn = sorted(name for name in self.roles if name.startswith("wr"))
            roles = Random(self.seed * 100 + number).sample(drawn, 1 + number % 3)  # noqa: S311
            teams = {self.teams[number % len(self.teams)].name} if number % 4 == 3 else set()
            found.append(Principal(user.key, roles=roles, teams=teams))
        return found

    def sight(self, principal: Principal, facts: Facts | None = None) -> Sight:
        """Return what *principal* reaches, of *facts* where these are not the world's own."""
        return Sight(facts or self.facts, self.roles, self.rules, principal, self.crm.clock())

    def decides(self, entity: str, path: str) -> bool:
        """Return whether a rule of the roles asks for this field: then it decides which records somebody reads."""
        return any((entity, path) in rule.names for rule in self._rules_of_roles())

    def decides_elsewhere(self, entity: str) -> bool:
        """Return whether a rule of the roles goes into *entity*: whether others are read may depend on its records."""
        return any(entity in rule.enters for rule in self._rules_of_roles())

    def _rules_of_roles(self) -> Iterator[Question]:
        return (self.rules[text] for text in rules_in(self.roles) if text in self.rules)

    def define_roles(self, chance: Random, rights: Mapping[str, dict[str, Any]] | None = None) -> None:
        """Give the company other roles, drawn by *chance* or just *rights*; everybody's rights change with them."""
        drawn = dict(rights) if rights is not None else random_roles(self, chance, ROLES)
        self.roles = {**self.roles, **drawn}
        with self.crm.acting_as(ROOT) as ws:
            for name in sorted(drawn, key=lambda name: drawn[name].get("parent", "")):
                ws.define_role(name, drawn[name])

    # What there is

    @property
    def declared(self) -> Mapping[str, Declared]:
        """What is declared of each entity."""
        return declared_of(self.crm.schema)

    def read(self) -> None:
        """Read all rows, as somebody who may."""
        with self.crm.reading_as(ROOT) as reader:
            self.facts = Facts(declared_of(self.crm.schema), _rows(reader._ctx))

    def entity(self, name: str) -> Entity:
        """Return the entity *name* with all its fields."""
        return self.crm.schema.entity(name)

    def record(self, row: Row) -> Any:
        """Return the record of *row*, whole."""
        with self.crm.reading_as(ROOT) as reader:
            (record,) = reader._ctx.by_ids(self.entity(row.entity), [row.id], include_binned=True)
        return record

    @contextmanager
    def taken_back(self, principal: Principal = ROOT) -> Iterator[Workspace]:
        """Open a unit that writes and is undone at its end, whatever happened in it."""
        with suppress(_Back), self.crm.acting_as(principal) as ws:
            yield ws
            raise _Back

    def rows_in(self, ws: Workspace, entities: Collection[str] | None = None) -> Facts:
        """Return what plain Python knows within a unit; of other than *entities* what it was before."""
        if entities is None:
            return Facts(declared_of(ws._ctx.tools.schema), _rows(ws._ctx))
        kept = [row for row in self.facts.rows.values() if row.entity not in entities]
        return Facts(self.facts.declared, [*kept, *(row for name in entities for row in self.rows_of(ws, name))])

    def rows_of(self, ws: Workspace, entity: str) -> list[Row]:
        """Return the rows of one entity within a unit."""
        known = ws._ctx.tools.schema.entity(entity)
        return [row_of(known, record) for record in ws._ctx.matching(known, include_binned=True)]

    def again(self, crm: CRM) -> World:
        """Return this world as *crm* sees it, one more CRM on the same database that has worked nothing out yet."""
        other = copy(self)
        other.crm = crm
        return other

    def close(self) -> None:
        """Let go of the database."""
        self.crm.close()

    # How it is made

    def _define_fields(self, ws: Workspace) -> None:
        """Give some entities a custom field that is open, and one that is closed."""
        schema = self.crm.schema
        owned = [entity for entity in schema.entities.values() if "owner" in entity.fields and not entity.parked]
        for entity in owned[:6]:
            ws.define_field(entity.record_class, "seen_word", field.text(searchable=True), open=True)
            ws.define_field(entity.record_class, "closed_word", field.text(searchable=True))

    def _fill(self, count: int) -> None:
        self.maker = maker = RecordMaker(self)
        for name in maker.order():
            if name not in _NOT_DRAWN:
                maker.make(name, count)
        maker.attach(count)
        maker.bin_some()
        self.read()
        self._save_views()

    def _share(self) -> None:
        """Share records, let people stand in for each other, give roles for a time, and let people look at records."""
        chance, now = self.chance, self.crm.clock()
        with self.crm.reading_as(ROOT) as reader:
            rows = [row for row in _rows(reader._ctx) if not row.is_binned and row.entity not in _NOT_DRAWN]
            roles = list(reader.list(Role, limit=100))
        grantees: list[Any] = [*self.users, *self.teams, *roles]
        soon, past = now + timedelta(hours=1), now - timedelta(hours=1)
        ends = (None, now + timedelta(days=1), past)
        with self.crm.acting_as(ROOT) as ws:
            ws.create_many(
                [
                    Share(
                        record=f"{row.entity}:{row.id}",
                        grantee=chance.choice(grantees),
                        level=chance.choice(("read", "write")),
                        ends_at=chance.choice(ends),
                    )
                    for row in chance.sample(rows, min(len(rows), 150))
                ]
            )
            today = now.date()
            pairs = [chance.sample(self.users, 2) for _ in range(5)]
            spans = ((0, 0), (-3, 3), (1, 2), (-5, -1), (-1, 0))
            ws.create_many(
                [
                    Cover(
                        user=one, substitute=other, starts_on=today + timedelta(first), ends_on=today + timedelta(last)
                    )
                    for (one, other), (first, last) in zip(pairs, spans, strict=True)
                ]
            )
            ws.create_many(
                [
                    RoleAssignment(
                        user=chance.choice(self.users),
                        role=chance.choice(sorted(self.roles)),
                        starts_at=starts,
                        ends_at=ends_at,
                    )
                    for starts, ends_at in ((None, None), (None, soon), (None, past), (soon, None))
                ]
            )
        self._look_at(chance.sample(rows, min(len(rows), 60)))

    def _save_views(self) -> None:
        """Save a view of some entities, of several people, some of them shared."""
        names = [name for name, rows in self.facts.by_entity.items() if rows and name not in _NOT_DRAWN]
        with self.crm.acting_as(ROOT) as ws:
            for number, name in enumerate(self.chance.sample(names, min(len(names), 24))):
                question = random_question(self, self.chance, name)
                view = ws.create(
                    SavedView(
                        entity=name,
                        name=f"view {number}",
                        where=question.text,
                        owner=self.chance.choice(self.users),
                        team=self.chance.choice([None, *self.teams]),
                        is_shared=self.chance.random() < 0.7,
                    )
                )
                self.views[view.id] = question

    def _look_at(self, rows: Sequence[Row]) -> None:
        for number, user in enumerate(self.users):
            with self.crm.acting_as(Principal(user.key, roles={ADMINISTRATOR})) as ws:
                for row in rows[number * 5 : number * 5 + 5]:
                    record = ws.get(self.entity(row.entity).record_class, row.id)
                    ws.note_visit(record)
                    ws.add_favourite(record)
                    self.looked_at.setdefault(user.key, []).append(row.id)


def _rows(ctx: Any) -> list[Row]:
    schema = ctx.tools.schema
    return [
        row_of(entity, record)
        for entity in schema.entities.values()
        if not entity.parked
        for record in ctx.matching(entity, include_binned=True)
    ]
