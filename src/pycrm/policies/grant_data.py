"""Grants as plain data, as TOML, JSON and Python literals write them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import attrs

from pycrm.errors import Problem, QueryError, nearest
from pycrm.policies.grants import (
    ACTIONS,
    EVERY_FIELD,
    FIELD_RIGHTS,
    SCOPES,
    EntityGrant,
    FieldRight,
    Reach,
    Rule,
    Scope,
    united,
)
from pycrm.policies.masks import MASKS
from pycrm.query.ast import Node

__all__ = ["GrantReader", "grant_data", "read_rule"]

_BESIDE_ACTIONS = ("fields", "masks", "deny")


def grant_data(grant: EntityGrant) -> dict[str, Any]:
    """Return *grant* as plain data, in the one form that equal grants have."""
    data = _reaches_data(grant.actions)
    if grant.fields:
        data["fields"] = dict(sorted(grant.fields.items()))
    if grant.masks:
        data["masks"] = dict(sorted(grant.masks.items()))
    denied = _reaches_data(grant.denied)
    if grant.denied_fields:
        denied["fields"] = sorted(grant.denied_fields)
    if denied:
        data["deny"] = denied
    return data


def _reaches_data(reaches: Mapping[str, tuple[Reach, ...]]) -> dict[str, Any]:
    known = [action for action in ACTIONS if action in reaches]
    data: dict[str, Any] = {}
    for action in (*known, *sorted(reaches.keys() - set(known))):
        each = [{"where": reach.where} if isinstance(reach, Rule) else reach for reach in reaches[action]]
        data[action] = each[0] if len(each) == 1 else each
    return data


@attrs.frozen
class GrantReader:
    """Reads data and collects what is wrong with it, with the place: ``rights.account.read``.

    Names of entities, actions and fields are another matter: they are judged where the schema is known.
    """

    problems: list[Problem] = attrs.field(factory=list)

    def read(self, at: str, data: Any) -> EntityGrant:
        """Return the grant that *data* describes, without what is wrong with it."""
        table = self.table(at, data)
        fields = self._fields(f"{at}.fields", table.get("fields", {}))
        deny = self.table(f"{at}.deny", table.get("deny", {}))
        return EntityGrant(
            actions=self._reaches(at, table, _BESIDE_ACTIONS),
            denied=self._reaches(f"{at}.deny", deny, ("fields",)),
            fields=fields,
            denied_fields=self._names(f"{at}.deny.fields", deny.get("fields", ())),
            masks=self._masks(f"{at}.masks", table.get("masks", {}), fields),
        )

    def table(self, at: str, data: Any) -> Mapping[str, Any]:
        """Return *data*, or an empty table where it is none."""
        if isinstance(data, Mapping) and all(isinstance(key, str) for key in data):
            return data
        self.problems.append(
            Problem("role.no_table", message="{at} is no table of names and what they stand for", at=at, value=data)
        )
        return {}

    def _names(self, at: str, data: Any) -> frozenset[str]:
        if isinstance(data, (list, tuple, set, frozenset)) and all(isinstance(each, str) for each in data):
            return frozenset(data)
        self.problems.append(
            Problem("role.no_list", message='{at} is no list of names; write it as ["name"]', at=at, value=data)
        )
        return frozenset()

    def _reaches(self, at: str, table: Mapping[str, Any], beside: tuple[str, ...]) -> dict[str, tuple[Reach, ...]]:
        return {
            action: united(reaches)
            for action, data in table.items()
            if action not in beside and (reaches := self._several(f"{at}.{action}", data))
        }

    def _several(self, at: str, data: Any) -> list[Reach]:
        several = data if isinstance(data, (list, tuple)) and data else [data]
        return [reach for each in several if (reach := self._reach(at, each)) is not None]

    def _reach(self, at: str, data: Any) -> Reach | None:
        if isinstance(data, Rule):
            return data  # of code, and judged with the names; here nobody waits for the parser
        if isinstance(data, Mapping):
            return self._rule(at, data)
        if data in SCOPES:
            return cast("Scope", data)
        self.problems.append(
            Problem(
                "role.unknown_scope",
                message='{at} is none of {scopes}, and no rule such as {{ where = "owner = ME" }}{hint}',
                at=at,
                scopes=", ".join(SCOPES),
                hint=nearest(str(data), SCOPES),
                value=data,
            )
        )
        return None

    def _rule(self, at: str, data: Mapping[str, Any]) -> Rule | None:
        where = data.get("where")
        if data.keys() != {"where"} or not isinstance(where, str) or not where.strip():
            self.problems.append(
                Problem(
                    "role.no_rule", message='{at} is no rule; write {{ where = "FILTER" }}', at=at, value=dict(data)
                )
            )
            return None
        try:
            read_rule(where)
        except QueryError as error:
            self.problems.append(
                Problem(
                    "role.unreadable_rule",
                    message="{at} cannot be read: {told}",
                    at=at,
                    told=error.message,
                    value=where,
                )
            )
            return None
        return Rule(where)

    def _fields(self, at: str, data: Any) -> dict[str, FieldRight]:
        fields: dict[str, FieldRight] = {}
        for path, right in self.table(at, data).items():
            if right in FIELD_RIGHTS:
                fields[path] = right
                continue
            self.problems.append(
                Problem(
                    "role.unknown_right",
                    message="{at} is none of {rights}{hint}",
                    at=f"{at}.{path}",
                    rights=", ".join(FIELD_RIGHTS),
                    hint=nearest(str(right), FIELD_RIGHTS),
                    value=right,
                )
            )
        return fields

    def _masks(self, at: str, data: Any, fields: Mapping[str, FieldRight]) -> dict[str, str]:
        masks: dict[str, str] = {}
        for path, name in self.table(at, data).items():
            if name not in MASKS:
                self.problems.append(
                    Problem(
                        "role.unknown_mask",
                        message="{at} is none of {masks}{hint}",
                        at=f"{at}.{path}",
                        masks=", ".join(MASKS),
                        hint=nearest(str(name), MASKS),
                        value=name,
                    )
                )
            elif (fields.get(path) or fields.get(EVERY_FIELD)) != "masked":
                self.problems.append(
                    Problem(
                        "role.not_masked",
                        message='{at} is for a field that is not masked; say fields = {{ "{path}" = "masked" }} too',
                        at=f"{at}.{path}",
                        path=path,
                        value=name,
                    )
                )
            else:
                masks[path] = name
        return masks


def read_rule(where: str) -> Node:
    """Return the filter that a rule's text *where* is.

    Raises:
        QueryError: It is none; the place is told.
    """
    from pycrm.query.reading import read_filter  # the parser is loaded by who uses it

    return read_filter(where)
