"""Rows that decide about rights: the roles that are kept as data, and what is wrong with rows about to be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from pycrm.entities import Cover, DutySeparation, Role, RoleAssignment, Share
from pycrm.errors import ConfigurationError, Problem
from pycrm.policies.role_check import misplaced_parents
from pycrm.policies.roles import STORED, RoleDefinition, merge_stored, parse_role, told
from pycrm.query import F
from pycrm.values.principal import ADMINISTRATOR
from pycrm.workspace.batch import Batch
from pycrm.workspace.context import UnitContext
from pycrm.workspace.row_rights import require_records
from pycrm.workspace.separation import unfit_separations

__all__ = ["known_roles", "stored_roles", "unfit_access"]


def stored_roles(ctx: UnitContext) -> dict[str, RoleDefinition]:
    """Return the active roles that are kept as data, by name.

    Raises:
        ConfigurationError: One cannot be read any more. What it denies would be lost, so nothing is made of it.
    """
    found: dict[str, RoleDefinition] = {}
    for row in _active(ctx):
        definition, problems = _parsed(row)
        if problems:
            raise ConfigurationError(told(row.name, STORED, problems), role=row.name, problems=tuple(problems))
        found[row.name] = definition
    return found


def known_roles(ctx: UnitContext) -> dict[str, RoleDefinition]:
    """Return every role by name: those of the code, as stored ones change them, and those that are only stored."""
    return merge_stored(ctx.services.roles, stored_roles(ctx))


def _active(ctx: UnitContext) -> list[Role]:
    return ctx.matching(ctx.tools.schema.entity(Role), F.is_active == True)  # noqa: E712


def _parsed(role: Role) -> tuple[RoleDefinition, list[Problem]]:
    """Return what the row *role* says, and what is wrong with that in itself."""
    try:
        data = json.loads(role.rights)
    except ValueError as error:
        problem = Problem("role.no_json", message="is no JSON: {told}", told=str(error), value=role.rights)
        return RoleDefinition(role.name), [problem]
    return parse_role(role.name, data, STORED)


def unfit_access(batch: Batch) -> list[Problem]:
    """Return a problem for each row of the batch that could not decide about rights as it stands."""
    find = _JUDGES.get(batch.entity.record_class)
    return [] if find is None else list(find(batch))


def _unfit_roles(batch: Batch) -> Iterator[Problem]:
    judged = {}
    for role in batch.sound():
        changed = batch.changed_paths(role)
        if changed.isdisjoint(("name", "rights", "is_active")):
            continue
        definition, problems = _parsed(role)
        if role.name == ADMINISTRATOR and definition.grants:
            problems.append(
                Problem("role.may_do_all", message="is for {value}, who may do all; name another role", value=role.name)
            )
        check = batch.ws._ctx.services.role_check
        problems += () if check is None else check.on(batch.ws._ctx.tools.schema).problems(definition)
        for problem in problems:
            problem.record, problem.field = role, "rights"
        yield from problems
        if not problems and role.is_active:
            judged[role.name] = role, definition
    yield from _unfit_parents(batch, judged)


def _unfit_parents(batch: Batch, judged: Mapping[str, tuple[Role, RoleDefinition]]) -> Iterator[Problem]:
    """Yield a problem for each of the sound roles whose parent is none, seen together with all other roles."""
    if any(definition.parent for _, definition in judged.values()):
        own = {name: definition for name, (_, definition) in judged.items()}
        stored = {row.name: _parsed(row)[0] for row in _active(batch.ws._ctx)}
        together = merge_stored(batch.ws._ctx.services.roles, {**stored, **own})
        for name, problem in misplaced_parents(together):
            if name in judged:
                problem.record, problem.field = judged[name][0], "rights"
                yield problem


def _unfit_assignments(batch: Batch) -> Iterator[Problem]:
    for each in batch.sound():
        if each.starts_at is not None and each.ends_at is not None and each.ends_at <= each.starts_at:
            yield Problem(
                "role_assignment.ends_first",
                each,
                "ends_at",
                message="is not after {starts_at}; give a later end, or none",
                starts_at=each.starts_at,
                value=each.ends_at,
            )


def _require_shareable(batch: Batch) -> Iterator[Problem]:
    """Refuse to share what the principal may not share, and for more than he may do himself.

    Raises:
        NotFoundError: He may not even read it.
        NotAllowedError: He may not share it, or not write what he shares for writing.
    """
    shares: list[Share] = batch.sound()
    for action, some in (("share", shares), ("write", [share for share in shares if share.level == "write"])):
        ids: dict[str, set[UUID]] = {}
        for share in some:
            ids.setdefault(str(share.record.entity), set()).add(share.record.id)
        for name, wanted in ids.items():
            entity = batch.ws._ctx.tools.schema.entity(name)
            require_records(batch.ws, action, entity, batch.ws._ctx.by_ids(entity, wanted))
    return iter(())


def _unfit_covers(batch: Batch) -> Iterator[Problem]:
    for each in batch.sound():
        if each.ends_on < each.starts_on:
            yield Problem(
                "cover.ends_first",
                each,
                "ends_on",
                message="is before {starts_on}; give that day or a later one",
                starts_on=each.starts_on,
                value=each.ends_on,
            )
        if each.user.id == each.substitute.id:
            yield Problem("cover.by_oneself", each, "substitute", message="is who is away; name somebody else")


_JUDGES: Mapping[type, Callable[[Batch], Iterator[Problem]]] = {
    Role: _unfit_roles,
    RoleAssignment: _unfit_assignments,
    Share: _require_shareable,
    Cover: _unfit_covers,
    DutySeparation: unfit_separations,
}
