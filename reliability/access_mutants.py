"""Enforcement broken on purpose, one point at a time, to prove that the checks of access would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias
from unittest.mock import patch

import attrs
from sqlalchemy import true

import pycrm.app as app_module
import pycrm.policies.grants as grants_module
import pycrm.policies.rights as rights_module
import pycrm.policies.roles as roles_module
import pycrm.query.templates as templates_module
import pycrm.schema.sight as sight_module
import pycrm.workspace.create as create_module
import pycrm.workspace.delete as delete_module
import pycrm.workspace.include as include_module
import pycrm.workspace.judge as judge_module
import pycrm.workspace.lock as lock_module
import pycrm.workspace.reader as reader_module
import pycrm.workspace.reads as reads_module
import pycrm.workspace.rights as stored_rights_module
import pycrm.workspace.search as search_module
import pycrm.workspace.update as update_module
from pycrm.app import CRM
from pycrm.policies.rights import Rights
from pycrm.query.compiler import Compiler
from pycrm.query.conditions import Conditions
from pycrm.query.row_rules import RuledTables
from pycrm.query.scope import Scope
from pycrm.query.templates import Templates
from pycrm.storage.walls.tripwire import Tripwire
from pycrm.testing import access
from pycrm.testing.access import Report, World
from pycrm.workspace.reader import Reader
from pycrm.workspace.rights import SeenReads
from pycrm.workspace.view import View

__all__ = ["MUTANTS", "Mutant", "killer"]

Spoil: TypeAlias = Callable[[Any], Any]
"""Makes the broken thing of the sound one."""

CHECKS: Mapping[str, tuple[Callable[..., Report], int]] = {
    "rows": (access.check_rows, 60_000),
    "fields": (access.check_fields, 150),
    "absent": (access.check_absent, 200),
    "writes": (access.check_writes, 4_000),
    "ids": (access.check_ids, 3_000),
    "revocation": (access.check_revocation, 60),
    "closed": (access.check_closed, 1),
    "walls": (access.check_walls, 400),
}
"""The checks with the number of cases after which a mutant counts as alive."""


@attrs.frozen
class Mutant:
    """One point of the enforcement, broken.

    Attributes:
        name: What is broken.
        checks: Those that should notice, the likeliest first.
        points: Object, attribute, and what becomes of it.
    """

    name: str
    checks: tuple[str, ...]
    points: tuple[tuple[Any, str, Spoil], ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Break it for the block."""
        with ExitStack() as stack:
            for owner, name, spoil in self.points:
                stack.enter_context(patch.object(owner, name, spoil(getattr(owner, name))))
            yield


def killer(mutant: Mutant, world: World, open_again: Callable[[], CRM], seed: int) -> str:
    """Return the check that notices *mutant*, with what it says; an empty text if none does.

    Args:
        mutant: What to break.
        world: A world.
        open_again: Opens one more CRM on its database.
        seed: Of the checks.
    """
    with mutant.applied():
        for name in mutant.checks:
            check, count = CHECKS[name]
            crm = open_again()
            try:
                report = check(world.again(crm), seed=seed, count=count, most_failures=1)
            except Exception as error:  # noqa: BLE001 - what breaks so is noticed, too
                return f"{name}: {type(error).__name__}: {error}"
            finally:
                crm.close()
            if report.failures:
                return f"{name}: {report.failures[0]}"
    return ""


def _always(value: Any) -> Spoil:
    return lambda sound: lambda *given, **named: value


def _whole(entity: Any) -> Any:
    return getattr(entity, "whole", entity)


def _of_whole(place: int) -> Spoil:
    """Give the function the entity with all its fields where it gets the seen one."""

    def spoil(sound: Any) -> Any:
        def broken(*given: Any, **named: Any) -> Any:
            return sound(*given[:place], _whole(given[place]), *given[place + 1 :], **named)

        return broken

    return spoil


def _without_rules(sound: Any) -> Any:
    return lambda self, *given, **named: sound(attrs.evolve(self, rules=None), *given, **named)


def _granting(**changes: Any) -> Spoil:
    """Let what is granted have other attributes."""
    return lambda sound: lambda self, entity: attrs.evolve(sound(self, entity), **changes)


def _unruled_under(sound: Any) -> Any:
    return lambda self, scope, test: sound(self, scope.apart(), test)


def _told_anything(sound: Any) -> Any:
    return lambda entity, record, query, *, all_terms: (str(record.id), "", "")


def _by_unit(sound: Any) -> Any:
    """Read durations as the kernel does."""
    return lambda ctx, reads, entity, record, path: sound(ctx, ctx, entity, record, path)


def _kept(sound: Any) -> Any:
    """Keep what was worked out once, whatever becomes of it."""
    made: dict[Any, Any] = {}
    return lambda ctx, principal: made.setdefault(principal, sound(ctx, principal))


def _last(sound: Any) -> Any:
    return lambda grants: tuple(grants)[-1]


def _everything_measured(sound: Any) -> Any:
    return lambda self, entity, measures, group_by: sound(self, _whole(entity), measures, group_by)


def _offers_all(sound: Any) -> Any:
    return lambda self, entity: self._ctx.tools.schema.entity(entity).fields


def _shown_as_is(sound: Any) -> Any:
    return lambda field, mask, value: value if mask is not None else sound(field, mask, value)


MUTANTS: Sequence[Mutant] = (
    Mutant("no rule on the rows asked for", ("rows",), ((RuledTables, "of_root", _always([])),)),
    Mutant("no rule behind a reference", ("rows",), ((RuledTables, "of_joined", _always([])),)),
    Mutant(
        "no rule in subqueries",
        ("rows",),
        ((Scope, "within", lambda sound: lambda self, entity: self.unruled(entity)),),
    ),
    Mutant("no rule in UNDER", ("rows", "absent"), ((Conditions, "_under", _unruled_under),)),
    Mutant("no rule in a page", ("rows",), ((Templates, "page", _without_rules),)),
    Mutant("no rule in a count", ("rows",), ((Templates, "count", _without_rules),)),
    Mutant("no rule in an aggregate", ("rows",), ((Templates, "aggregate", _without_rules),)),
    Mutant("no rule by id", ("rows",), ((Templates, "ids", _without_rules),)),
    Mutant("no guard", ("revocation", "rows"), ((RuledTables, "guard", _always(true())),)),
    Mutant("any field in a filter", ("fields", "rows"), ((templates_module, "bind", _of_whole(1)),)),
    Mutant("any field in an order", ("rows", "fields"), ((Templates, "order", _of_whole(1)),)),
    Mutant("any field in a group", ("rows", "fields"), ((Compiler, "_measure", _everything_measured),)),
    Mutant("any field in an include", ("rows", "fields"), ((include_module, "_include", _of_whole(1)),)),
    Mutant("a search finds what is hidden", ("rows", "fields"), ((search_module, "describe", _told_anything),)),
    Mutant("all fields are offered", ("rows", "closed"), ((Reader, "fields", _offers_all),)),
    Mutant("new fields are open", ("closed", "rows"), ((grants_module, "is_open", _always(True)),)),
    Mutant("hidden values are not concealed", ("rows",), ((reads_module, "conceal", _always(None)),)),
    Mutant("masks show what they mask", ("rows",), ((sight_module, "_shown", _shown_as_is),)),
    Mutant("an update asks not for the old state", ("writes",), ((update_module, "require_old_state", _always(None)),)),
    Mutant("an update asks not for the new state", ("writes",), ((update_module, "require_new_state", _always(None)),)),
    Mutant(
        "a deletion asks not for the old state", ("writes",), ((delete_module, "require_old_state", _always(None)),)
    ),
    Mutant(
        "a creation asks not for the new state", ("writes",), ((create_module, "require_new_state", _always(None)),)
    ),
    Mutant("a lock asks not for the right", ("writes",), ((lock_module, "require_records", _always(None)),)),
    Mutant("references lead anywhere", ("writes", "ids"), ((judge_module, "unknown_references", _always([])),)),
    Mutant("any field is written", ("writes",), ((Rights, "unwritable", _always([])),)),
    Mutant("denials are not heard", ("rows",), ((Rights, "grant", _granting(denied={})),)),
    Mutant("denied fields are not heard", ("rows",), ((Rights, "grant", _granting(denied_fields=frozenset())),)),
    Mutant("what has ended goes on", ("rows",), ((stored_rights_module._Reader, "_is_now", _always(True)),)),
    Mutant("nobody stands in", ("rows",), ((stored_rights_module._Reader, "_covers", _always([])),)),
    Mutant("nothing is shared", ("rows",), ((Rights, "_shared_with", _always([])),)),
    Mutant("parts have rights of their own", ("rows",), ((rights_module, "rights_source", _always(None)),)),
    Mutant("the last role wins", ("rows",), ((roles_module, "union_of", _last),)),
    Mutant(
        "rights are kept for ever",
        ("revocation", "rows"),
        (
            (stored_rights_module, "_rights_of", _kept),
            (SeenReads, "check", _always(None)),
            (View, "_have_rights_moved", _always(False)),
        ),
    ),
    Mutant("durations of any record", ("rows", "absent"), ((reader_module, "state_durations", _by_unit),)),
    Mutant("no tripwire", ("walls",), ((Tripwire, "look", _always(None)),)),
    Mutant("what is run in a unit is the door's", ("walls",), ((app_module, "share_unit", _always(None)),)),
)
"""All of them must be killed."""
