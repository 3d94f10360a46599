"""Who reads and writes what, computed from plain rows in plain Python: the other opinion that doors are held against.

It knows nothing of how the CRM decides; what it says follows from what roles, shares and covers mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pycrm.testing.access.facts import Declared, Facts, Row
from pycrm.testing.access.questions import Question
from pycrm.values.principal import Principal

__all__ = ["Sight"]

ORDER = ("none", "masked", "read", "write")
COMMON = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "owner", "team"}
)
_READING = ("read", "export")
_WRITING = ("create", "write", "delete")
# What is written there gives rights, so that only administrators do.
_ENTRUSTED = ("role", "role_assignment", "cover", "team", "user", "duty_separation")


class _Everything:
    """What there is for a rule, which is asked of everything."""

    def __init__(self, facts: Facts, me: UUID) -> None:
        self._facts = facts
        self.me = me

    def row(self, id: UUID | None) -> Row | None:
        return None if id is None else self._facts.rows.get(id)

    def related(self, entity: str, path: str, id: UUID) -> Sequence[Row]:
        return self._facts.referring.get((entity, path, id), ())


class Sight:
    """What one principal reaches in a world.

    Args:
        facts: All rows.
        roles: The roles by name, as data.
        rules: The Python form of the rules among them, by their text.
        principal: Who; a user of the world.
        now: The instant.
    """

    def __init__(
        self,
        facts: Facts,
        roles: Mapping[str, Mapping[str, Any]],
        rules: Mapping[str, Question],
        principal: Principal,
        now: datetime,
    ) -> None:
        self._facts, self._roles, self._rules, self._now = facts, roles, rules, now
        (user,) = [row for row in facts.by_entity["user"] if row["key"] == principal.user]
        self.me: UUID = user.id
        self._everything = _Everything(facts, self.me)
        self.roles = set(principal.roles) | {row["role"] for row in self._now_given("role_assignment", "user", self.me)}
        self._people(principal)
        self._shared = self._shares()
        self._grants: dict[str, list[Mapping[str, Any]]] = {}
        for name in sorted(self.roles & roles.keys()):
            for entity, grant in roles[name]["rights"].items():
                self._grants.setdefault(entity, []).append(grant)
        self._reached: dict[tuple[str, UUID], bool] = {}

    # Who he is

    def _people(self, principal: Principal) -> None:
        today = self._now.date()
        covers = [
            row
            for row in self._facts.outside_bin("cover")
            if row["substitute"] == self.me and _day(row["starts_on"], today) <= today <= _day(row["ends_on"], today)
        ]
        self.selves = {self.me, *(row["user"] for row in covers)}
        teams = self._facts.outside_bin("team")
        mine = {row.id for row in teams if row["members"] & self.selves or row["name"] in principal.teams}
        self.teams = _with_those_below(mine, [(row.id, row["parent"]) for row in teams])
        users = [(row.id, row["manager"]) for row in self._facts.outside_bin("user")]
        members = {user for row in teams if row.id in self.teams for user in row["members"]}
        self.colleagues = self.selves | members
        self.subordinates = self.colleagues | _with_those_below(self.selves, users)

    def _shares(self) -> dict[str, set[UUID]]:
        """Return the ids of shared records by level."""
        above = set(self.roles)
        while more := {self._roles[name].get("parent") for name in above if name in self._roles} - above - {None}:
            above |= more
        ids = {row.id for row in self._facts.outside_bin("role") if row["name"] in above}
        grantees = (
            {("user", id) for id in self.selves} | {("team", id) for id in self.teams} | {("role", id) for id in ids}
        )
        found: dict[str, set[UUID]] = {"read": set(), "write": set()}
        for row in self._facts.outside_bin("share"):
            if row["grantee"] in grantees and (row["ends_at"] is None or self._now < row["ends_at"]):
                found[row["level"]].add(row["record"][1])
        return found

    def _now_given(self, entity: str, path: str, id: UUID) -> list[Row]:
        return [
            row
            for row in self._facts.outside_bin(entity)
            if row[path] == id
            and (row["starts_at"] is None or row["starts_at"] <= self._now)
            and (row["ends_at"] is None or self._now < row["ends_at"])
        ]

    # Which records

    def declared(self, entity: str) -> Declared:
        """Return what is declared of *entity*."""
        return self._facts.declared[entity]

    def allows(self, action: str, entity: str) -> bool:
        """Return whether *action* may reach a record of *entity* at all."""
        if part := self.declared(entity).part_of:
            above = "read" if action in _READING else "write"
            return any(self.allows(above, name) for name in sorted(part[1]))
        scopes = self._scopes(entity, action)
        if not scopes or "all" in self._scopes(entity, action, denied=True):
            return False
        # A scope of nothing still lets in what is shared.
        return any(scope != "none" for scope in scopes) or bool(self._shared_ids(action, entity))

    def reaches(self, action: str, row: Row) -> bool:
        """Return whether *action* reaches *row*, the bin apart."""
        if part := self.declared(row.entity).part_of:
            led_to = row[part[0]]
            whole = self._facts.rows.get(led_to[1] if isinstance(led_to, tuple) else led_to)
            above = "read" if action in _READING else "write"
            return whole is not None and whole.entity in part[1] and self.reaches(above, whole)
        key = action, row.id
        if self._facts.rows.get(row.id) is not row:
            return self._reaches(action, row)
        if key not in self._reached:
            self._reached[key] = self._reaches(action, row)
        return self._reached[key]

    def _reaches(self, action: str, row: Row) -> bool:
        allowed = self._scopes(row.entity, action)
        if not allowed:
            return False
        if not any(self._covers(scope, row) for scope in allowed) and row.id not in self._shared_ids(
            action, row.entity
        ):
            return False
        return not any(self._covers(scope, row) for scope in self._scopes(row.entity, action, denied=True))

    def reads(self, row: Row) -> bool:
        """Return whether *row* may be read, the bin apart."""
        return self.reaches("read", row)

    def _scopes(self, entity: str, action: str, *, denied: bool = False) -> list[Any]:
        found: list[Any] = []
        if entity in _ENTRUSTED and action in _WRITING:
            return found
        for grant in self._grants.get(entity, ()):
            given = (grant.get("deny", {}) if denied else grant).get(action)
            found += given if isinstance(given, list) else [given] if given is not None else []
        return found

    def _covers(self, scope: Any, row: Row) -> bool:
        if isinstance(scope, Mapping):
            return self._rules[scope["where"]].holds(row, self._everything)
        if scope in ("all", "none"):
            return bool(scope == "all")
        who = {"own": self.selves, "team": self.colleagues, "subordinates": self.subordinates}[scope]
        return row.owner in who or (scope != "own" and "team" in row.values and row["team"] in self.teams)

    def _shared_ids(self, action: str, entity: str) -> set[UUID]:
        if action in _READING:
            ids = self._shared["read"] | self._shared["write"]
        else:
            ids = self._shared["write"] if action in ("write", "share") else set()
        return {id for id in ids if id in self._facts.rows and self._facts.rows[id].entity == entity}

    # Which fields

    def right(self, entity: str, path: str) -> str:
        """Return the right to a field, on the records that may be read."""
        if not self.allows("read", entity):
            return "none"
        grants = self._grants.get(entity, [])
        denied = {name for grant in grants for name in grant.get("deny", {}).get("fields", ())}
        if path in denied or "*" in denied:
            right = "none"
        else:
            default = "write" if path in self.declared(entity).open_paths else "none"
            giving = [grant for grant in grants if set(grant) - {"deny", "masks"}]
            named = [grant.get("fields", {}) for grant in giving]
            right = max((_field(fields, path, default) for fields in named), key=ORDER.index, default=default)
        if path in COMMON:
            right = max(right, "read", key=ORDER.index)
        may_write = self.allows("write", entity) or self.allows("create", entity)
        return "read" if right == "write" and not may_write else right

    def asks(self, entity: str, path: str) -> bool:
        """Return whether a field may be named at all."""
        return self.right(entity, path) in ("read", "write")

    def understands(self, question: Question) -> bool:
        """Return whether everything that *question* names may be named."""
        return all(self.allows("read", name) for name in question.enters) and all(
            self.asks(*name) for name in question.names
        )

    # What there is for him, for `questions.Look`

    def row(self, id: UUID | None) -> Row | None:
        """Return the row with this id, if he reads it; one in the bin, too."""
        found = None if id is None else self._facts.rows.get(id)
        return found if found is not None and self.reads(found) else None

    def related(self, entity: str, path: str, id: UUID) -> Sequence[Row]:
        """Return the rows outside the bin that refer to *id* and that he reads."""
        return [row for row in self._facts.referring.get((entity, path, id), ()) if self.reads(row)]

    def rows(self, entity: str, question: Question | None = None) -> list[Row]:
        """Return the rows of *entity* outside the bin that he reads and for which *question* holds."""
        found = [row for row in self._facts.outside_bin(entity) if self.reads(row)]
        return found if question is None else [row for row in found if question.holds(row, self)]


def _field(fields: Mapping[str, str], path: str, default: str) -> str:
    """Return the right that one role gives: by name, else for all, else what is given by itself."""
    return fields.get(path, fields.get("*", default))


def _with_those_below(tops: set[UUID], pairs: Iterable[tuple[UUID, UUID | None]]) -> set[UUID]:
    pairs, found = list(pairs), set(tops)
    while more := {id for id, above in pairs if above in found} - found:
        found |= more
    return found


def _day(value: date | None, otherwise: date) -> date:
    return value or otherwise
