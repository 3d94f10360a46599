"""What is made once per schema and used by every unit: parser, diff, loader and writer of each entity, the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.query import Compiler
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import make_capture, make_diff, make_remember, make_take_over
from pycrm.schema.parser import make_parser
from pycrm.storage.dialect import Dialect
from pycrm.storage.loader import make_loader
from pycrm.storage.rows import RowWriter
from pycrm.storage.tables import Tables

__all__ = ["EntityTools", "SchemaTools"]

T = TypeVar("T")


class EntityTools:
    """The generated functions of one entity, made on first use."""

    def __init__(self, entity: Entity, tables: Tables, dialect: Dialect) -> None:
        self.entity = entity
        self._tables = tables
        self._dialect = dialect
        self._made: dict[str, Any] = {}

    @property
    def parse(self) -> Callable[[Record, list[Problem]], None]:
        return self._get("parse", make_parser)

    @property
    def diff(self) -> Callable[[Record], list[Field]]:
        return self._get("diff", make_diff)

    @property
    def remember(self) -> Callable[[Record], None]:
        return self._get("remember", make_remember)

    @property
    def capture(self) -> Callable[[Record], Callable[[], None]]:
        return self._get("capture", make_capture)

    @property
    def take_over(self) -> Callable[[Record, Record], None]:
        return self._get("take_over", make_take_over)

    @property
    def load(self) -> Callable[[Any], list[Record]]:
        return self._get("load", lambda entity: make_loader(entity, self._dialect))

    @property
    def writer(self) -> RowWriter:
        return self._get("writer", lambda entity: RowWriter(entity, self._tables, self._dialect))

    def _get(self, name: str, make: Callable[[Entity], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make(self.entity)
        return self._made[name]


class SchemaTools:
    """Everything that depends on one schema number; shared by the units that hold this schema.

    Attributes:
        schema: The schema.
        tables: Its tables; the same for every schema number.
        dialect: The database.
        compiler: Makes the SQL of reads.
    """

    def __init__(self, schema: Schema, tables: Tables, dialect: Dialect) -> None:
        self.schema = schema
        self.tables = tables
        self.dialect = dialect
        self.compiler = Compiler(schema, tables, dialect)
        self._entities: dict[str, EntityTools] = {}

    def of(self, entity: Entity) -> EntityTools:
        """Return the tools of *entity*."""
        tools = self._entities.get(entity.name)
        if tools is None:
            tools = self._entities[entity.name] = EntityTools(entity, self.tables, self.dialect)
        return tools

    def with_schema(self, schema: Schema) -> SchemaTools:
        """Return the tools of *schema*, which has the same tables."""
        return SchemaTools(schema, self.tables, self.dialect)
