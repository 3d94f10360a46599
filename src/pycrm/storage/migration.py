"""What a database holds, in agreement with what the code declares: read whenever a CRM opens one."""

from __future__ import annotations

import json
import threading
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import inspect

from pycrm.errors import NotMigratedError, SchemaMismatchError, UpgradeRefusedError
from pycrm.schema import OwnerDeclarations, Schema
from pycrm.schema.snapshot import snapshot
from pycrm.schema.stored import stored_schema
from pycrm.schema.upgrade import stored_names
from pycrm.storage.state import Installed, read_installation, read_installed, read_secret
from pycrm.storage.tables import Tables, build_tables
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.kernel import describe_kernel, kernel_of
from pycrm.storage.upgrade.plan import Plan, make_plan
from pycrm.storage.upgrade.state import Place

__all__ = ["Declared", "StoredSchema", "check_unmoved", "declared_snapshot", "read_stored"]


@attrs.frozen
class StoredSchema:
    """What a migrated database holds.

    Attributes:
        schema: As the code declares it, plus what missing plugins left; without custom fields.
        tables: Its tables.
        installation: The id of this installation.
        secret: The key that its processes sign with.
        installed: What it says of its owners.
        parked: Missing plugins by name, with the version that was there.
    """

    schema: Schema
    tables: Tables
    installation: UUID
    secret: bytes = attrs.field(repr=False)
    installed: Mapping[str, Installed]
    parked: Mapping[str, str]

    def left_by(self, owner: str) -> tuple[str, ...]:
        """Return what *owner* has here: its entities, then the fields that it adds to those of others."""
        found = self.installed[owner].snapshot
        added = (f"{entity}.{owner}.{name}" for entity, fields in found["extensions"].items() for name in fields)
        return (*found["entities"], *added)

    @property
    def parked_columns(self) -> frozenset[str]:
        """The columns of fields that their owners have taken away, each as table and column: ``"crm_x.y"``."""
        return frozenset(
            f"{self.tables.table(name).name}.{column}"
            for each in self.installed.values()
            for name, data in each.snapshot["entities"].items()
            for field, facts in data["fields"].items()
            if facts.get("parked") and name in self.tables.entities
            for column in stored_names(field, facts, self.schema.kinds)
        )


# Tables by what they are made of, newest last; a process seldom has more sets of plugins than these at a time.
_SHARED_SETS = 8
_shared: dict[Hashable, tuple[object, Tables]] = {}
_sharing = threading.Lock()


def _shared_tables(owners: Sequence[OwnerDeclarations], base: Schema, prefix: str, db_schema: str | None) -> Tables:
    """Return the tables of *base*, the schema of *owners*: the same for every CRM of the same plugins and place."""
    declared = [each for owner in owners for each in (*owner.entities, *owner.extensions)]
    names = tuple((owner.owner, owner.builtin) for owner in owners)
    key = (names, tuple(map(id, declared)), prefix, db_schema)
    with _sharing:
        kept = _shared.pop(key, None)
        if kept is None:
            # The declarations are kept too, so that their ids stay theirs.
            kept = (declared, build_tables(base, prefix, db_schema))
            if len(_shared) >= _SHARED_SETS:
                del _shared[next(iter(_shared))]
        _shared[key] = kept
        return kept[1]


def declared_snapshot(base: Schema, owner: str) -> dict[str, Any]:
    """Return what the code of *owner* declares: its part of *base*, and of the core also the kernel's own tables."""
    found = snapshot(base, owner)
    return {**found, "kernel": describe_kernel()} if owner == "core" else found


@attrs.frozen(slots=False)
class Declared:
    """What the code of one CRM declares, and where its tables are.

    Attributes:
        owners: In their order.
        base: Their schema.
        prefix: What every table name begins with.
        db_schema: The database schema (namespace) that the tables are in; PostgreSQL only.
    """

    owners: Sequence[OwnerDeclarations]
    base: Schema
    prefix: str
    db_schema: str | None

    @cached_property
    def snapshots(self) -> Mapping[str, Mapping[str, Any]]:
        """The snapshot of each owner's code."""
        return {owner.owner: declared_snapshot(self.base, owner.owner) for owner in self.owners}

    @cached_property
    def tables(self) -> Tables:
        """The tables of all that the code declares."""
        return _shared_tables(self.owners, self.base, self.prefix, self.db_schema)

    @cached_property
    def kernel(self) -> Tables:
        """The kernel's own tables, by themselves."""
        return kernel_of(self.prefix, self.db_schema)

    @property
    def place(self) -> Place:
        """Where the tables are, for the states of an upgrade."""
        return Place(self.prefix, self.db_schema, self.base.kinds)

    def installed(self, unit: Unit) -> dict[str, Installed] | None:
        """Return what the database says of its owners; None where it has no tables of this CRM."""
        plugins = self.kernel.plugins
        if not inspect(unit.connection).has_table(plugins.name, schema=self.db_schema):
            return None
        return read_installed(unit.connection, plugins)

    def plan(self, installed: Mapping[str, Installed]) -> Plan:
        """Return what brings a database with these owners to what is declared."""
        return make_plan(self.owners, installed, self.snapshots, self.base.kinds)

    def unfinished(self, installed: Mapping[str, Installed]) -> OwnerDeclarations | None:
        """Return the first owner whose upgrade was interrupted between its own steps."""
        return next((each for each in self.owners if each.owner in installed and installed[each.owner].head), None)

    def stored(self, unit: Unit, installed: Mapping[str, Installed]) -> StoredSchema:
        """Return what the database holds, whose owners are *installed* and agree with the code."""
        schema = stored_schema(self.owners, {name: each.snapshot for name, each in installed.items()}, self.base)
        present = {owner.owner for owner in self.owners}
        parked = {name: each.version for name, each in installed.items() if name not in present}
        tables = self.tables if schema is self.base else build_tables(schema, self.prefix, self.db_schema)
        return StoredSchema(
            schema=schema,
            tables=tables,
            installation=read_installation(unit.connection, tables),
            secret=read_secret(unit.connection, tables),
            installed=MappingProxyType(dict(installed)),
            parked=MappingProxyType(parked),
        )


def read_stored(unit: Unit, declared: Declared) -> StoredSchema:
    """Return what the database holds, in agreement with *declared*.

    Raises:
        NotMigratedError: It has no tables of this CRM, lacks those of a plugin, or has to be upgraded first.
        SchemaMismatchError: It comes from newer code, or cannot be upgraded to this one.
    """
    installed = read_installed(unit.connection, declared.kernel.plugins)
    plan = declared.plan(installed)
    if plan.refusals:
        raise UpgradeRefusedError.of(plan.refusals)
    if missing := [owner.owner for owner in plan.new]:
        raise NotMigratedError(
            f"the database does not know {', '.join(missing)} yet; call `crm.migrate()` or run `pycrm migrate`",
            missing=tuple(missing),
        )
    if (owner := declared.unfinished(installed)) is not None:
        raise NotMigratedError(
            f"the upgrade of {owner.owner} was interrupted; call `crm.migrate()` or run `pycrm migrate`, which goes on",
            missing=(owner.owner,),
        )
    needed = [step for step in plan.steps if step.is_needed]
    if needed:
        lines = "\n".join(line for step in needed for line in step.lines())
        raise NotMigratedError(
            "the database is older than the code; call `crm.migrate()` or run `pycrm migrate`, which will do this:\n"
            f"{lines}",
            missing=tuple(step.now.name for step in needed),
        )
    return declared.stored(unit, installed)


def check_unmoved(unit: Unit, stored: StoredSchema) -> None:
    """Refuse to go on where another process has upgraded the database since *stored* was read.

    Raises:
        SchemaMismatchError: It names the owners.
    """
    now = read_installed(unit.connection, stored.tables.plugins)
    moved = [name for name, each in stored.installed.items() if name not in now or not _is_same(now[name], each)]
    if moved:
        raise SchemaMismatchError(
            f"another process has upgraded {', '.join(moved)} in this database; start this process again, with the "
            "code that it was upgraded to",
            owners=tuple(moved),
        )


def _is_same(one: Installed, other: Installed) -> bool:
    """Whether two rows say the same as JSON, of which one may not have been there and back."""
    rows = (
        json.dumps([each.version, each.head, each.snapshot], sort_keys=True, ensure_ascii=False)
        for each in (one, other)
    )
    return next(rows) == next(rows)
