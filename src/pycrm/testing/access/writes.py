"""`check_writes`: nobody writes what is out of his reach before or after, and who is refused leaves nothing behind."""

from __future__ import annotations

from hashlib import sha256
from random import Random

from pycrm.errors import NotAllowedError, NotFoundError, PycrmError, UnitError, ValidationError
from pycrm.testing.access.attempt import Attempt
from pycrm.testing.access.fields import DECIDING
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.testing.access.write_ways import WRITING
from pycrm.values.principal import Principal

__all__ = ["check_writes"]

WRITES_PER_ROLES = 400
REFUSALS_PER_DUMP = 50
_REFUSED = (NotAllowedError, NotFoundError)


@check
def check_writes(world: World, report: Report, count: int) -> None:
    """Write at random, as everybody, and hold what is let through and what is refused against plain Python.

    Every call is made in a unit of its own, which is taken back where it succeeds. After refusals, which are carried
    on with, the whole database is what it was.

    Args:
        world: Where.
        report: What came of it; its outcomes are ``written``, ``refused`` and ``unfit``.
        count: Calls.
    """
    chance = Random(report.seed)  # noqa: S311
    maker, refused, before = RecordMaker(world), 0, ""
    while report.cases < count:
        if report.cases % WRITES_PER_ROLES == 0 or not before:
            if before and before != dump(world):
                report.fail("dump", "all", "refused calls have left something behind")
            world.define_roles(chance)
            world.read()
            principals = world.principals()
            sights, before = [world.sight(principal) for principal in principals], dump(world)
        number = chance.randrange(len(principals))
        is_refused = _try(world, report, chance, maker, principals[number], sights[number])
        refused += is_refused
        if is_refused and refused % REFUSALS_PER_DUMP == 0 and before != dump(world):
            report.fail("dump", "all", "refused calls have left something behind")
    if before != dump(world):
        report.fail("dump", "all", "refused calls have left something behind")


def _try(world: World, report: Report, chance: Random, maker: RecordMaker, principal: Principal, sight: Sight) -> bool:
    verb = chance.choice(sorted(WRITING))
    names = [name for name, rows in world.facts.by_entity.items() if rows and name not in DECIDING and name != "tag"]
    entity = chance.choice(names)
    row = chance.choice(world.facts.by_entity[entity])
    attempt = Attempt(world, chance, maker, sight, entity, None if verb == "create" else row)
    with world.taken_back(principal) as ws:
        try:
            due = WRITING[verb](attempt, ws)
        except (*_REFUSED, ValidationError, PycrmError) as error:
            return _judge_refusal(report, attempt, verb, principal, error)
        report.note(verb, entity, "written")
        if due is not None:
            report.fail(verb, entity, f"of {principal.user} is let through, but {due}")
    return False


def _judge_refusal(report: Report, attempt: Attempt, verb: str, principal: Principal, error: PycrmError) -> bool:
    """Note what became of a call that raised; return whether it was for want of a right."""
    if isinstance(error, UnitError):
        report.fail(verb, attempt.entity, f"of {principal.user}: {error}")
    codes = {each.code for each in getattr(error, "problems", ())}
    facts = error.facts
    if (
        isinstance(error, _REFUSED)
        and facts.get("entity") == attempt.entity
        and facts.get("action") in (None, "write", "delete")
        and attempt.is_within_reach(verb)
    ):
        report.fail(verb, attempt.entity, f"of {principal.user} is refused, {attempt.given}: {error}")
    is_refused = isinstance(error, _REFUSED) or bool(codes & {"ref.unknown", "access.not_allowed", "record.not_found"})
    report.note(verb, attempt.entity, "refused" if is_refused else "unfit")
    return is_refused


def dump(world: World) -> str:
    """Return a digest of every row of every table of the CRM."""
    digest = sha256()
    with world.crm.reading_as(world.root) as reader:
        unit, tables = reader._ctx.unit, reader._ctx.tools.tables
        for table in sorted(tables.metadata.tables.values(), key=lambda table: table.name):
            if table.name.endswith(("_audit", "_sequence")):
                continue  # a refusal leaves its trace, and on PostgreSQL the gap of a number that was drawn
            quoted = f'"{table.schema}"."{table.name}"' if table.schema else f'"{table.name}"'
            rows = unit.rows(f"SELECT * FROM {quoted}", {})
            digest.update(repr((table.name, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()
