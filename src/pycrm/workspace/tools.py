"""What is made once per schema and used by every unit: parser, diff, loader and writer of each entity, the compiler."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property, partial
from typing import Any

from pycrm.errors import Problem
from pycrm.fields.autonumber import AutonumberKind
from pycrm.policies.rights import SeenSchemas
from pycrm.query import Compiler
from pycrm.query.kept import Kept as Memory
from pycrm.query.row_rules import RowRules
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import (
    Diff,
    FieldReader,
    Kept,
    make_diff,
    make_keep,
    make_put_back,
    make_remember,
    make_take_over,
)
from pycrm.schema.parser import make_parser
from pycrm.storage.dialect import Dialect
from pycrm.storage.loader import make_loader
from pycrm.storage.rows import RowWriter
from pycrm.storage.tables import Tables
from pycrm.storage.walls.authorizer import Sight

__all__ = ["EntityTools", "SchemaTools"]

MOST_SEEN = 64
MOST_PARSERS = 16


class EntityTools:
    """The generated functions of one entity, made on first use."""

    def __init__(self, entity: Entity, tables: Tables, dialect: Dialect) -> None:
        self.entity = entity
        self._tables = tables
        self._dialect = dialect
        self._parsers: Memory[Callable[[Record, list[Problem]], None]] = Memory(MOST_PARSERS)

    @cached_property
    def parse(self) -> Callable[[Record, list[Problem]], None]:
        """Puts inside values into the slots; see `make_parser`."""
        return make_parser(self.entity)

    def parse_others(self, judged: frozenset[str]) -> Callable[[Record, list[Problem]], None]:
        """Return `parse` for records that hold inside values at the paths *judged*."""
        return self._parsers.get(judged, partial(make_parser, self.entity, judged)) if judged else self.parse

    @cached_property
    def diff(self) -> Diff:
        """Tells what changed; see `make_diff`."""
        return make_diff(self.entity)

    @cached_property
    def remember(self) -> Callable[[Record], None]:
        """Takes present values for stored ones; see `make_remember`."""
        return make_remember(self.entity)

    @cached_property
    def keep(self) -> Callable[[Record], Kept]:
        """Gives what `put_back` needs; see `make_keep`."""
        return make_keep(self.entity)

    @cached_property
    def put_back(self) -> Callable[[Record, Kept], None]:
        """Puts a record back to what was kept; see `make_put_back`."""
        return make_put_back(self.entity)

    @cached_property
    def read_only(self) -> FieldReader:
        """Reads what no caller may give; the id is his to give."""
        return FieldReader(
            field
            for field in self.entity.fields.values()
            if field.read_only and field.name != "id" and not field.parked
        )

    @cached_property
    def required(self) -> FieldReader:
        """Reads what a new record must have when derive hooks are done; numbers are given later."""
        own = self.entity.own_fields
        return FieldReader(field for field in own if field.required and not isinstance(field.kind, AutonumberKind))

    @cached_property
    def unique(self) -> tuple[FieldReader, ...]:
        """Reads each combination of fields that is unique outside the bin."""
        return tuple(map(FieldReader, self.entity.unique_keys))

    @cached_property
    def take_over(self) -> Callable[[Record, Record], None]:
        """Copies the values of another record; see `make_take_over`."""
        return make_take_over(self.entity)

    @cached_property
    def load(self) -> Callable[[Any], list[Any]]:
        """Makes records of rows; see `make_loader`."""
        return make_loader(self.entity, self._dialect)

    @cached_property
    def writer(self) -> RowWriter:
        """Writes and locks rows."""
        return RowWriter(self.entity, self._tables, self._dialect)


class SchemaTools:
    """Everything that depends on one schema number; shared by the units that hold this schema.

    Attributes:
        schema: The schema.
        tables: Its tables; the same for every schema number.
        dialect: The database.
        compiler: Makes the SQL of reads.
        secret: With which the database's processes sign.
        seen_schemas: The schema as people see it who may not see all.
        sights: What their units show to SQL of others.
    """

    def __init__(
        self, schema: Schema, tables: Tables, dialect: Dialect, secret: bytes, rules: RowRules | None = None
    ) -> None:
        self.schema = schema
        self.tables = tables
        self.dialect = dialect
        self.secret = secret
        self.compiler = Compiler(schema, tables, dialect, secret, rules)
        self.seen_schemas = SeenSchemas(schema)
        self.sights: Memory[Sight] = Memory(MOST_SEEN)
        self._entities: dict[str, EntityTools] = {}
        self._seen: Memory[SchemaTools] = Memory(MOST_SEEN)

    def of(self, entity: Entity) -> EntityTools:
        """Return the tools of *entity*."""
        tools = self._entities.get(entity.name)
        if tools is None:
            tools = self._entities[entity.name] = EntityTools(entity, self.tables, self.dialect)
        return tools

    def seen_by(self, schema: Schema, rules: RowRules) -> SchemaTools:
        """Return tools that see *schema* of this schema, and of its rows those that *rules* let through.

        Whoever sees the same by rules of the same shape shares what they make.
        """
        make = partial(SchemaTools, schema, self.tables, self.dialect, self.secret, rules)
        tools = copy(self._seen.get((schema, rules.shape), make))
        tools.compiler = tools.compiler.under(rules)
        return tools

    def with_schema(self, schema: Schema) -> SchemaTools:
        """Return the tools of *schema*, which has the same tables."""
        return SchemaTools(schema, self.tables, self.dialect, self.secret)
