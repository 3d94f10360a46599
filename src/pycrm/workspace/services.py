"""What a CRM hands to each of its units: policies, hooks, clock, and the newest schema that it knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from uuid import UUID, uuid5

import attrs

from pycrm.policies.rights import Rights
from pycrm.policies.role_check import RoleCheck
from pycrm.policies.roles import RoleDefinition
from pycrm.policies.separation import Separation
from pycrm.query.ports import Access
from pycrm.schema import Schema
from pycrm.schema.labels import Labels
from pycrm.storage.files import FileStore
from pycrm.storage.unit import Unit
from pycrm.values.clock import Clock
from pycrm.values.principal import Principal
from pycrm.workspace.ports import WriteHooks
from pycrm.workspace.tools import SchemaTools

__all__ = ["KeptRights", "Services"]

MOST_KEPT = 1_000


class KeptRights:
    """The rights of those who acted last, by principal. Threads may share it."""

    def __init__(self) -> None:
        self._rights: dict[Principal, Rights] = {}
        self._lock = threading.Lock()

    def get(self, principal: Principal) -> Rights | None:
        """Return what is kept for *principal*."""
        return self._rights.get(principal)

    def put(self, principal: Principal, rights: Rights) -> None:
        """Keep *rights* in the place of what was kept."""
        with self._lock:
            self._rights.pop(principal, None)
            if len(self._rights) >= MOST_KEPT:
                del self._rights[next(iter(self._rights))]
            self._rights[principal] = rights

    def drop(self, principal: Principal) -> None:
        """Keep nothing for *principal* any longer."""
        with self._lock:
            self._rights.pop(principal, None)


@attrs.define(eq=False)
class Services:
    """The long-lived collaborators of all units of one CRM.

    Attributes:
        access: Who may do what.
        hooks: The hooks of a write.
        clock: Gives the instant of every change.
        base_schema: The schema without custom fields, as the code declares it.
        tools: Of the newest schema that a committed unit has seen.
        installation: The installation id that `migrate` stored; ids of users derive from it. None before.
        files: Where the bytes of attachments are; None where the CRM was given no place for them.
        check_unmoved: Refuses to go on where another process has upgraded the database; asked when its schema moved.
        fiscal_year_start: The month in which the fiscal year begins, 1 to 12.
        base_currency: By way of which filters convert money; None for none.
        labels: Gives what everything is called, read when somebody first asks.
        known_users: Ids by key of users whose row is known to be committed.
        roles: The roles that code declares, by name.
        role_check: Judges what roles name; None judges nothing.
        separations: The steps that code says different people must make, by the name of the entity.
        rights: What principals may do, as worked out last.
    """

    access: Access
    hooks: WriteHooks
    clock: Clock
    base_schema: Schema
    tools: SchemaTools
    installation: UUID | None = None
    files: FileStore | None = None
    check_unmoved: Callable[[Unit], None] | None = None
    fiscal_year_start: int = 1
    base_currency: str | None = None
    labels: Callable[[], Labels] = Labels
    known_users: dict[str, UUID] = attrs.field(factory=dict)
    roles: Mapping[str, RoleDefinition] = attrs.field(factory=dict)
    role_check: RoleCheck | None = None
    separations: Mapping[str, tuple[Separation, ...]] = attrs.field(factory=dict)
    rights: KeptRights = attrs.field(factory=KeptRights)

    @property
    def known_installation(self) -> UUID:
        """The installation id, which every migrated database has."""
        assert self.installation is not None, "a unit is opened only on a migrated database"
        return self.installation

    def take_over(self, tools: SchemaTools) -> None:
        """Let units begin with *tools* from here on, unless a newer schema has been seen meanwhile."""
        if tools.schema.number > self.tools.schema.number:
            self.tools = tools

    def user_id(self, key: str) -> UUID:
        """Return the id of the user with *key*: UUIDv5 of the installation id and the key (RFC 9562)."""
        return uuid5(self.known_installation, key)
