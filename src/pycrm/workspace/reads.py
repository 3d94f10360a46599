"""Reading rows: everything that the kernel needs, or what one principal may read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import PartType
from pycrm.fields.references import AnyRefKind
from pycrm.query import F, PagePlan, PageRows, Statement, Where
from pycrm.query.ways import Readable
from pycrm.schema import Entity, Schema
from pycrm.schema.sight import conceal
from pycrm.storage.codecs import CODECS
from pycrm.storage.links import take_links
from pycrm.values.refs import Ref
from pycrm.workspace.tools import SchemaTools

__all__ = ["Moved", "Reads", "RightsMoved", "SchemaMoved"]

PORTION = 500


class Moved(Exception):
    """What a call was made by has changed meanwhile; the unit holds the new state now, and the call is made again."""


class SchemaMoved(Moved):
    """The stored schema is newer than the unit's."""


class RightsMoved(Moved):
    """Who may do what has changed since the rights were worked out."""


class Reads(ABC):
    """Reads records in one unit, with the statements of some tools.

    Attributes:
        known_ids: Ids by entity that were read or written here, so that references to them need no look-up.
    """

    known_ids: dict[str, set[UUID]]

    @property
    @abstractmethod
    def reading(self) -> SchemaTools:
        """What makes the statements: of the whole schema, or of what somebody sees of it."""

    @abstractmethod
    def run(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement.

        Raises:
            RightsMoved: It was made by rights that hold no longer.
        """

    @abstractmethod
    def rows(self, statement: Statement) -> list[tuple[Any, ...]]:
        """Return the rows of *statement*, less the schema number that it carries if it is the unit's first.

        Raises:
            SchemaMoved: The stored schema is newer; the unit holds it now.
        """

    def how_many(self, entity: Entity, closely: bool = False) -> Readable | None:
        """Return how many records of *entity* may be read, about; None where that is all.

        Args:
            entity: Whose records.
            closely: Tell some from many, too, which are more to count.
        """
        return None

    @property
    def schema(self) -> Schema:
        """The schema that may be named."""
        return self.reading.schema

    def page(self, plan: PagePlan) -> PageRows:
        """Return the rows of a page."""
        return plan.read(self.run)

    def load(self, entity: Entity, rows: list[tuple[Any, ...]]) -> list[Any]:
        """Return the records of *rows*, as the compiler asks for them: the links of each behind its columns."""
        tools = self.reading
        entity = tools.schema.entities[entity.name]
        records = tools.of(entity).load(rows)
        if entity.link_fields and records:
            place = len(tools.tables.columns(entity))
            take_links(entity, records, [row[place] for row in rows])
        conceal(entity, records)
        return records

    def matching(self, entity: Entity, where: Where = None, *, include_binned: bool = False) -> list[Any]:
        """Return all records that *where* selects, ordered by id."""
        statement = self.reading.compiler.every(entity, where, include_binned=include_binned)
        return self._loaded(entity, statement)

    def _loaded(self, entity: Entity, statement: Statement) -> list[Any]:
        """Return the records that *statement* reads, ordered by id."""
        return sorted(self.load(entity, self.run(statement.sql, statement.params)), key=attrgetter("id"))

    def referring(
        self, entity: Entity, field: Field, target: str, ids: Sequence[UUID], *, include_binned: bool = False
    ) -> Iterator[Any]:
        """Yield the records of *entity* whose *field* refers to one of the records of *target* with *ids*."""
        if field.place is Place.COLUMN:
            compiler = self.reading.compiler
            for statement in compiler.referring(entity, field, target, list(ids), include_binned=include_binned):
                yield from self._loaded(entity, statement)
            return
        leads_anywhere = isinstance(field.kind, AnyRefKind)
        for start in range(0, len(ids), PORTION):
            portion = ids[start : start + PORTION]
            wanted: Sequence[Any] = [Ref(id, target) for id in portion] if leads_anywhere else portion
            yield from self.matching(entity, F[field.path].in_(wanted), include_binned=include_binned)

    def by_ids(self, entity: Entity, ids: Collection[UUID], *, include_binned: bool = False) -> list[Any]:
        """Return the records with these ids, in no order."""
        statements = self.reading.compiler.by_ids(entity, list(ids), include_binned=include_binned)
        rows = [row for statement in statements for row in self.run(statement.sql, statement.params)]
        return self.load(entity, rows)

    def existing_ids(self, entity: Entity, ids: Collection[UUID], *, include_binned: bool = False) -> set[UUID]:
        """Return those of *ids* that are records of *entity*."""
        decode = CODECS[self.reading.dialect.name].decode(PartType.ID)
        statements = self.reading.compiler.exists_ids(entity, list(ids), include_binned=include_binned)
        found = (row[0] for statement in statements for row in self.run(statement.sql, statement.params))
        return set(map(decode, found) if decode else found)

    def know(self, entity: str, ids: Collection[UUID]) -> None:
        """Remember that these ids exist in this unit."""
        self.known_ids.setdefault(entity, set()).update(ids)
