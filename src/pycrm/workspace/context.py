"""The state of one unit that all its views share: transaction, schema, depth of hooks, queued facts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

import attrs

from pycrm.entities import CustomField, CustomIndex, User
from pycrm.errors import ConfigurationError, HookLoopError
from pycrm.query import F, Statement
from pycrm.schema import Entity
from pycrm.search import TOKENIZER, documents_of
from pycrm.storage.outbox import OutboxRow, write_outbox
from pycrm.storage.search_index import search_index
from pycrm.storage.search_rows import Waiting
from pycrm.storage.state import read_schema_number
from pycrm.storage.unit import Unit
from pycrm.values.principal import Principal
from pycrm.workspace.reads import Reads, SchemaMoved
from pycrm.workspace.schema_rows import fields_of_rows, indexes_of_rows
from pycrm.workspace.services import Services
from pycrm.workspace.tools import EntityTools, SchemaTools
from pycrm.workspace.trail import Trail

__all__ = ["UnitContext"]

MAX_GENERATIONS = 8


class Section(Protocol):
    """A part of a unit during which somebody has further rights."""

    def end(self) -> None:
        """End it and note it."""


@attrs.define(eq=False)
class UnitContext(Reads):
    """One unit of work, seen from the door. It reads everything.

    Attributes:
        unit: The transaction.
        services: The CRM's collaborators.
        tools: Of the schema that this unit holds.
        chain: The hooks that are running, outermost first.
        judging: The derive or check hook that is running and may therefore not write, or an empty text.
        known_ids: Ids by entity that this unit read or wrote, so that references to them need no look-up.
        left_waiting: What it has left waiting to be indexed, if anything.
        has_changed_access: Whether it wrote what decides about rights.
        seen_by: How principals read in this unit who may not read everything, and sections with further rights.
        trail: What was refused here, and what was let through beyond somebody's rights.
        acting: The plugins whose hooks and actions are running, outermost first.
        open_sections: What ends the sections with further rights that are open, outermost first.
        opener: For whom it was opened, where what it shows to SQL of others depends on that.
        call: What ties together all change rows of this unit, those of hooks too, where it is part of a longer call.
        queues_search: Whether what it writes waits to be indexed, however little one call writes.
        told_of: What the change rows of single records tell beside the change, by record.
    """

    unit: Unit
    services: Services
    tools: SchemaTools
    chain: list[str] = attrs.field(factory=list)
    judging: str = ""
    known_ids: dict[str, set[UUID]] = attrs.field(factory=dict)
    left_waiting: Waiting | None = None
    has_changed_access: bool = False
    seen_by: dict[Hashable, Reads] = attrs.field(factory=dict)
    trail: Trail = attrs.field(factory=Trail)
    acting: list[str] = attrs.field(factory=list)
    open_sections: list[Section] = attrs.field(factory=list)
    opener: Principal | None = None
    call: UUID | None = None
    queues_search: bool = False
    told_of: Mapping[UUID, Mapping[str, Any]] = attrs.field(factory=dict)
    _number_checked: bool = False
    _writing: bool = False

    @property
    def reading(self) -> SchemaTools:
        """The tools of the whole schema: the kernel reads everything."""
        return self.tools

    def run(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """See `Reads.run`."""
        return self.unit.rows(sql, params)

    def rows(self, statement: Statement) -> list[tuple[Any, ...]]:
        """See `Reads.rows`."""
        return self.without_number(self.unit.rows(statement.sql, statement.params))

    def without_number(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return *rows* less the schema number behind each, which is checked, where they are the first to carry it.

        Raises:
            SchemaMoved: The stored schema is newer; the unit holds it now.
        """
        if self._number_checked or not rows:
            return rows
        self.check_number(rows[0][-1])
        return [row[:-1] for row in rows]

    @property
    def needs_number(self) -> bool:
        """Whether the next read must carry the stored schema number as its last column."""
        return not self._number_checked

    def check_schema(self) -> None:
        """Ask for the stored schema number by itself, where no read of this unit has carried it yet."""
        if not self._number_checked:
            self.check_number(self.stored_number())

    def check_number(self, stored: int) -> None:
        """Compare the stored schema number with the one this unit holds; load the newer schema on a difference."""
        self._number_checked = True
        if stored != self.tools.schema.number:
            self.load_schema(stored)
            raise SchemaMoved

    def begin_writing(self) -> None:
        """Make the unit a writing one, on the schema that is stored inside its transaction."""
        self.unit.check_usable()
        if self._writing:
            return
        self.unit.begin_writing()
        stored = self.stored_number(for_writing=True)
        self._writing = self._number_checked = True
        # On PostgreSQL the lock on the number goes with the savepoint that it was taken in.
        self.unit.on_rollback(lambda: setattr(self, "_writing", False))
        if stored != self.tools.schema.number:
            self.load_schema(stored)

    def stored_number(self, *, for_writing: bool = False, exclusive: bool = False) -> int:
        """Return the schema number in the database.

        Args:
            for_writing: Keep it from changing until this unit ends.
            exclusive: Keep other writing units out as well; for changes of the schema itself.
        """
        return read_schema_number(self.unit, self.tools.tables, shared=for_writing, exclusive=exclusive)

    def load_schema(self, number: int) -> None:
        """Hold the schema of the stored custom fields and indexes from here on, and the CRM too after the commit.

        Raises:
            SchemaMismatchError: Another process has upgraded the database meanwhile.
        """
        if self.services.check_unmoved is not None:
            self.services.check_unmoved(self.unit)
        held = self.tools.schema
        definitions = fields_of_rows(self.matching(held.entity(CustomField)), held.kinds)
        indexes = indexes_of_rows(self.matching(held.entity(CustomIndex)))
        schema = self.services.base_schema.with_custom_fields(definitions, number, indexes)
        self.hold(self.tools.with_schema(schema))

    def hold(self, tools: SchemaTools) -> None:
        """Use *tools* in this unit; put back if the unit rolls back, taken over by the CRM if it commits."""
        before, self.tools = self.tools, tools
        self.unit.on_rollback(lambda: setattr(self, "tools", before))
        self.unit.on_commit(lambda: self.services.take_over(tools))

    def of(self, entity: Entity) -> EntityTools:
        """Return the tools of *entity* in the schema that this unit holds."""
        return self.tools.of(entity)

    def forget_rights(self) -> None:
        """Let rights be worked out anew: they are not what they were."""
        for whose in self.seen_by:
            if isinstance(whose, Principal):
                self.services.rights.drop(whose)
        self.seen_by.clear()

    def settle(self) -> None:
        """Do what is left before the unit commits: end open sections, and write the trail."""
        while self.open_sections:
            self.open_sections[-1].end()
        self.trail.settle(self.unit, self.tools.tables)

    @contextmanager
    def performing(self, plugin: str) -> Iterator[None]:
        """Run code of *plugin*."""
        self.acting.append(plugin)
        try:
            yield
        finally:
            self.acting.pop()

    def announce(self, facts: Sequence[Any]) -> None:
        """Write *facts* to the outbox and queue them for the listeners of this process.

        Raises:
            ConfigurationError: A fact is no attrs object, whose attributes could be written down.
        """
        for fact in facts:
            if not attrs.has(type(fact)):
                raise ConfigurationError(f"announce takes an instance of an attrs class, not {fact!r}")
        at = self.services.clock()
        rows = [OutboxRow.of(fact, unit_id=self.unit.unit_id, at=at) for fact in facts]
        write_outbox(self.unit, self.tools.tables, rows)
        for fact in facts:
            self.unit.announce(fact)

    def forget(self, entity: str, ids: Iterable[UUID]) -> None:
        """Take back `know` for records that are gone."""
        gone = set(ids)
        for known in (self.known_ids, *(reads.known_ids for reads in self.seen_by.values())):
            known.get(entity, set()).difference_update(gone)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Limit the damage of an error to the block."""
        with self.unit.savepoint():
            # Ids known by now may be of records that go back with the block.
            self.unit.on_rollback(self.forget_known)
            yield

    def forget_known(self) -> None:
        """Take back all that `know` remembered."""
        self.known_ids.clear()
        for reads in self.seen_by.values():
            reads.known_ids.clear()

    @contextmanager
    def generation(self, name: str, *, writes: bool) -> Iterator[None]:
        """Run a hook one generation deeper.

        Args:
            name: The hook.
            writes: Whether it may write.
        Raises:
            HookLoopError: More than 8 deep; it names the chain.
        """
        self.chain.append(name)
        self.acting.append(name.partition(":")[0])
        outer, self.judging = self.judging, "" if writes else name
        try:
            if len(self.chain) > MAX_GENERATIONS:
                raise HookLoopError(
                    f"hooks call each other more than {MAX_GENERATIONS} deep: {' → '.join(self.chain)}; "
                    "let one of them write only what really changes",
                    chain=tuple(self.chain),
                )
            yield
        finally:
            self.chain.pop()
            self.acting.pop()
            self.judging = outer

    def actor(self, principal: Principal) -> UUID:
        """Return the id of the acting user, whose row is made by the first writing unit of an unknown key."""
        key = principal.user
        user_id = self.services.known_users.get(key)
        if user_id is None:
            user_id = self._user_row(key)
            self.unit.on_commit(lambda: self.services.known_users.update({key: user_id}))
        self.know("user", (user_id,))
        return user_id

    def user_of(self, principal: Principal) -> UUID | None:
        """Return the id of the principal's user row, or None where he has never written."""
        return self.services.known_users.get(principal.user) or self._find_user(principal.user)

    def _find_user(self, key: str) -> UUID | None:
        # A row that a host made beforehand has an id of its own; one in the bin can still be referred to.
        rows = self.matching(self.tools.schema.entity(User), F.key == key, include_binned=True)
        return min(rows, key=lambda row: row.deleted_at is not None).id if rows else None

    def _user_row(self, key: str) -> UUID:
        """Return the id of the user with *key*: of the row that is there, or else of one made now."""
        if (found := self._find_user(key)) is not None:
            return found
        entity = self.tools.schema.entity(User)
        user_id, now = self.services.user_id(key), self.services.clock()
        user = User(id=user_id, key=key, name=key, is_active=True)
        user.version, user.created_at, user.updated_at = 1, now, now
        user.created_by = user.updated_by = user_id
        self.of(entity).writer.insert(self.unit, [user], if_absent=True)
        search_index(self.tools.tables, self.tools.dialect).add(self.unit, [documents_of(entity).row(user)], TOKENIZER)
        return user_id
