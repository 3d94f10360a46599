"""`check_fields`: two worlds that differ in nothing but the values of a hidden field give the same answers."""

from __future__ import annotations

from random import Random
from typing import Any

from pycrm.errors import PycrmError
from pycrm.fields.references import AnyRefKind, RefKind
from pycrm.testing.access.answers import Asked, Broken, answer, differences
from pycrm.testing.access.facts import Row
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.places import SEARCH_GAP, naming
from pycrm.testing.access.records import RecordMaker
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.values import token
from pycrm.testing.access.world import World
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["FIELD_GAPS", "check_fields"]

FIELD_GAPS = {"search ranking": SEARCH_GAP}
"""Places where a hidden value is known to shine through, with the reason."""

# What these hold decides about rights, so that two worlds of it are two of rights as well.
DECIDING = ("user", "team", "role", "role_assignment", "share", "cover", "custom_field", "custom_index")
# Where a masked value shows what its mask leaves.
_SHOWING = ("titles", "history", "why")
PAIRS_PER_ROLES = 60
PLACES_PER_PAIR = 24
MOST_CHANGED = 3


@check
def check_fields(world: World, report: Report, count: int, *, least: int = 0) -> None:
    """Write two values into a hidden field, and ask the same of both worlds in every place that can name it.

    Args:
        world: Where; both worlds of each pair are taken back.
        report: What came of it; its cases are places, its outcome ``pairs`` the pairs.
        count: Pairs of worlds.
        least: So often is each place asked, at least.
    """
    chance = Random(report.seed)  # noqa: S311
    maker, tried = RecordMaker(world), 0
    while report.outcomes["pairs"] < count and tried < 20 * count + 200:
        if tried % PAIRS_PER_ROLES == 0:
            world.define_roles(chance)
            world.read()
            sights = [world.sight(principal) for principal in world.principals()]
        tried += 1
        number = chance.randrange(len(sights))
        _try_pair(world, report, chance, maker, world.principals()[number], sights[number])


def _try_pair(
    world: World, report: Report, chance: Random, maker: RecordMaker, principal: Principal, sight: Sight
) -> None:
    """Make one pair, if there is a hidden field for *principal* that can have two values."""
    chosen = _hidden(world, chance, sight)
    if chosen is None:
        return
    entity, path, rows = chosen
    pairs = [_values(world, chance, maker, entity, path) for _ in rows]
    if any(one is None or one == other for one, other in pairs):
        return
    values = [one for one, _ in pairs]
    questions = naming(world, entity, path, values, [row.id for row in rows])
    # A masked value shows a part of itself, on purpose.
    is_masked = sight.right(entity, path) == "masked"
    without = frozenset({path}) if is_masked else frozenset[str]()
    places = [place for place in questions if not (is_masked and place in _SHOWING)]
    questions = {place: questions[place] for place in chance.sample(places, min(len(places), PLACES_PER_PAIR))}
    found = [
        _answers(world, principal, entity, path, rows, [pair[side] for pair in pairs], questions, without)
        for side in (0, 1)
    ]
    if None in found:
        report.outcomes["values refused by rules"] += 1
        return
    (one, first), (other, second) = found  # type: ignore[misc]
    parted = differences(one, other)
    if parted and _differ_otherwise(first, second, path):
        report.outcomes["another field followed"] += 1
        return
    report.outcomes["pairs"] += 1
    for place in questions:
        report.note(place, entity)
        if place in FIELD_GAPS and place in parted:
            report.gaps[FIELD_GAPS[place]] += 1
        elif place in parted:
            report.fail(place, entity, f"hidden {path} shows to {principal.user}: {parted[place]}")


def _hidden(world: World, chance: Random, sight: Sight) -> tuple[str, str, list[Row]] | None:
    """Return an entity, a field of it that may not be asked for, and some of its rows, most of them readable."""
    names = [name for name in world.facts.declared if name not in DECIDING and sight.allows("read", name)]
    chance.shuffle(names)
    for name in names:
        fields = world.entity(name).fields
        hidden = [
            path
            for path in sorted(fields)
            if _can_vary(fields[path]) and not sight.asks(name, path) and not world.decides(name, path)
        ]
        rows = sight.rows(name)
        if hidden and rows:
            return name, chance.choice(hidden), chance.sample(rows, min(len(rows), MOST_CHANGED))
    return None


def _can_vary(field: Any) -> bool:
    is_reference = isinstance(field.kind, (RefKind, AnyRefKind))
    return not (field.read_only or field.retired or field.unique or (is_reference and field.kind.rights_from))


def _values(world: World, chance: Random, maker: RecordMaker, entity: str, path: str) -> tuple[Any, Any]:
    known = world.entity(entity)
    if known.fields[path].kind.name in ("text", "long_text") and f"{entity}.{path}" not in world.makers:
        return token(chance), token(chance)
    one = maker.value(known, known.fields[path])
    for _ in range(10):
        other = maker.value(known, known.fields[path])
        if other != one:
            return one, other
    return one, one


def _answers(
    world: World,
    principal: Principal,
    entity: str,
    path: str,
    rows: list[Row],
    values: list[Any],
    questions: Asked,
    without: frozenset[str],
) -> tuple[dict[str, str], dict[Any, Row]] | None:
    """Return what the questions are answered where *rows* have *values*, and those rows; None if no rule lets them."""
    found: dict[str, str] = {}
    with world.taken_back() as ws:
        try:
            for row, value in zip(rows, values, strict=True):
                _put(ws, world, row, path, value)
        except PycrmError:
            return None
        viewer = Workspace(ws._ctx, principal)
        try:
            for place, ask in questions.items():
                found[place] = _asked_apart(world, ws, viewer, ask, without)
        except Broken as broken:
            found[place] = str(broken)
        return {**dict.fromkeys(questions, ""), **found}, {row.id: row for row in world.rows_of(ws, entity)}


def _asked_apart(world: World, ws: Workspace, viewer: Workspace, ask: Any, without: frozenset[str]) -> str:
    """Ask in a savepoint that goes back, so that what one question writes is not there for the next."""
    told = ""
    try:
        with ws.savepoint():
            told = answer(world, viewer, ask, without=without)
            raise _Undone
    except _Undone:
        return told


class _Undone(Exception):
    """Takes a savepoint back."""


def _put(ws: Workspace, world: World, row: Row, path: str, value: Any) -> None:
    entity = world.entity(row.entity)
    record = ws.get(entity.record_class, row.id)
    if "." in path:
        record.set_document_value(path, value)
    else:
        setattr(record, path, value)
    ws.update(record)


def _differ_otherwise(one: dict[Any, Row], other: dict[Any, Row], path: str) -> bool:
    """Return whether more differs than the field at *path*: a rule of the entity made something else of it."""
    return any(
        {name: value for name, value in row.values.items() if name != path}
        != {name: value for name, value in other[id].values.items() if name != path}
        for id, row in one.items()
    )
