"""A database with records that hold values of the kinds to be checked, in columns and in custom fields."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pycrm.app import CRM
from pycrm.fields.field import Field
from pycrm.fields.text import TextKind
from pycrm.plugin.plugin import Plugin
from pycrm.query import F
from pycrm.schema import Record
from pycrm.schema.diff import value_at
from pycrm.testing.kind_case import KindCase
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.workspace import Reader

__all__ = ["KindDatabase"]

TESTER = Principal("kind-tester", roles={ADMINISTRATOR})


class KindDatabase:
    """A migrated database with one entity, whose records together hold all good values of some cases.

    Record number *n* holds the *n*-th value of each case, in a column and in a custom field; the last one holds none.

    Args:
        url: Of an empty database.
        cases: The kinds to be checked, of one set of plugins.
    """

    def __init__(self, url: str, cases: Sequence[KindCase]) -> None:
        self._url = url
        self._numbers = {case: number for number, case in enumerate(cases)}
        self._plugin, self.entity = _make_entity(cases)
        self._plugins = [*dict.fromkeys(plugin for case in cases for plugin in case.plugins), self._plugin]
        self.crm = CRM(url, plugins=self._plugins)
        self.crm.migrate()
        self._fill(cases)

    @cached_property
    def other(self) -> CRM:
        """One more CRM on the database, as another process would open it."""
        return CRM(self._url, plugins=self._plugins)

    def close(self) -> None:
        """Let go of the database."""
        self.crm.close()
        self.other.close()

    def paths(self, case: KindCase) -> list[str]:
        """Return the fields of *case*: its column, and its custom field if the kind can have one."""
        number = self._numbers[case]
        return [f"value{number}", *([f"custom.value{number}"] if case.is_custom else [])]

    def field(self, path: str) -> Field:
        """Return the field at *path* of the entity."""
        return self.crm.schema.entity(self.entity).fields[path]

    def stored(self, reader: Reader, path: str) -> list[tuple[Any, Any]]:
        """Return id and value at *path* of each record that was made in the beginning, in order of creation."""
        field = self.field(path)
        records = reader.list(self.entity, where=F.name == "specimen", limit=1_000)
        return [(record.id, value_at(record, field)) for record in records]

    def new(self, path: str, value: Any) -> Any:
        """Return a new record with *value* at *path*."""
        record = self.entity(name="scratch")
        if path.startswith("custom."):
            record.custom[path.removeprefix("custom.")] = value
        else:
            setattr(record, path, value)
        return record

    def _fill(self, cases: Sequence[KindCase]) -> None:
        with self.crm.acting_as(TESTER) as ws:
            for prepare in dict.fromkeys(case.prepare for case in cases):
                if prepare is not None:
                    prepare(ws)
            for case in cases:
                if case.is_custom:
                    path = self.paths(case)[-1]
                    ws.define_field(self.entity, path.removeprefix("custom."), _declared(case))
            rows = itertools.zip_longest(*(case.values for case in cases), [None] * 2)
            ws.create_many([self._record(cases, row) for row in rows] + [self.entity(name="specimen")])

    def _record(self, cases: Sequence[KindCase], row: Sequence[Any]) -> Any:
        record = self.entity(name="specimen")
        for case, value in zip(cases, row, strict=False):
            if value is not None:
                column, *custom = self.paths(case)
                setattr(record, column, value)
                for path in custom:
                    record.custom[path.removeprefix("custom.")] = value
        return record


def _make_entity(cases: Sequence[KindCase]) -> tuple[Plugin, type[Any]]:
    plugin = Plugin("kind_test")
    fields = {f"value{number}": _declared(case) for number, case in enumerate(cases)}
    body: dict[str, Any] = {
        "name": Field(kind=TextKind()),
        **fields,
        "__annotations__": {"name": "str", **dict.fromkeys(fields, "Any | None")},
        "__module__": __name__,
        "__doc__": "Holds values of the kinds that are checked.",
    }
    return plugin, plugin.entity(title="name")(type("Specimen", (Record,), body))


def _declared(case: KindCase) -> Field:
    return Field(kind=case.kind, indexed=case.kind.sortable and not case.is_linked)
