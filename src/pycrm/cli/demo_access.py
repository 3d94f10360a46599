"""The act of the demo on access: one list as three people see it, a hidden field refused in a sort, and why."""

from __future__ import annotations

from typing import Any

import attrs

from pycrm.app import CRM
from pycrm.builtin.parties import Account
from pycrm.cli.demo_stage import Stage
from pycrm.cli.output import title_of
from pycrm.entities import User
from pycrm.errors import NotAllowedError, UnknownNameError
from pycrm.values.principal import Principal
from pycrm.workspace import Reader, Why, Workspace

__all__ = ["show_access"]

SHOWN = 3
WHERE, ORDER = "level = 'A'", "name"
HIDDEN = "annual_revenue"

SALESPERSON = Principal("lin", roles={"salesperson"}, origin="cli")
MANAGER = Principal("zhou", roles={"sales_manager"}, origin="cli")
SERVICE = Principal("ning", roles={"service_agent"}, origin="cli")

# What an entity is said of is the whole of it, so what the roles have already stands here, too.
ROLES: dict[str, dict[str, Any]] = {
    "salesperson": {"read": "team", "create": "own", "write": "own", "share": "own", "fields": {HIDDEN: "none"}},
    "service_agent": {"read": "all", "fields": {"phone": "masked", HIDDEN: "none"}, "masks": {"phone": "last4"}},
}


@attrs.frozen
class Sight:
    """What one person sees of the list.

    Attributes:
        principal: Who.
        count: How many records.
        rows: Name, owner, telephone number and yearly revenue of the first; None where the field is hidden.
    """

    principal: Principal
    count: int
    rows: tuple[tuple[str | None, ...], ...]

    @classmethod
    def of(cls, ws: Reader) -> Sight:
        page = ws.list(Account, where=WHERE, order_by=ORDER, limit=SHOWN, include="owner")
        hides = HIDDEN not in ws.fields(Account)
        rows = [
            (each.name, title_of(each.owner), str(each.phone or ""), None if hides else str(each.annual_revenue or ""))
            for each in page
        ]
        return cls(ws.principal, ws.count(Account, where=WHERE), tuple(rows))


def show_access(crm: CRM, principal: Principal, stage: Stage) -> None:
    """Give three people their roles, and show the same list as each of them sees it."""
    with crm.acting_as(principal) as ws:
        _prepare(ws)
    sights = []
    for who in (SALESPERSON, MANAGER, SERVICE):
        with crm.reading_as(who) as ws:
            sights.append(Sight.of(ws))
    with crm.reading_as(SALESPERSON) as ws:
        refused = _refused_sort(ws)
        seen = ws.list(Account, where=WHERE + " AND NOT owner = ME", order_by=ORDER, limit=1)[0]
        why = ws.why("write", seen, language=stage.say.language)
    figures = {
        "counts": {sight.principal.user: sight.count for sight in sights},
        "refused": refused,
        "why": {"allowed": why.allowed, "text": why.text},
    }
    stage.scene("access", stage.say("One list, three people: rights are part of every query"), figures)
    stage.write(f"  ws.list(Account, where={WHERE!r}, order_by={ORDER!r})\n")
    for sight in sights:
        _show(crm, stage, sight)
    _show_refusals(stage, refused, why)


def _prepare(ws: Workspace) -> None:
    """Let Zhou lead Lin and one of the other team, and hide the yearly revenue from two of the roles."""
    zhou, *people = (ws.find(User, key=key) for key in ("zhou", "lin", "anna"))
    for user in people:
        ws.update(user, manager=zhou)  # type: ignore[type-var]
    for role, rights in ROLES.items():
        ws.define_role(role, {"rights": {"account": rights}})


def _refused_sort(ws: Reader) -> str:
    try:
        ws.list(Account, order_by=HIDDEN)
    except (UnknownNameError, NotAllowedError) as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"sorting by {HIDDEN} should have been refused")


def _show(crm: CRM, stage: Stage, sight: Sight) -> None:
    say, labels = stage.say, crm.labels
    (role,) = sight.principal.roles
    label = labels.role(role, {}, say.language)
    stage.write(say("{name}, {role}, sees {count}:", name=sight.principal.user, role=label, count=sight.count))
    fields = crm.schema.entity(Account).fields
    head = [labels.field("account", fields[path], say.language) for path in ("name", "owner", "phone", HIDDEN)]
    stage.table(head, [["—" if cell is None else cell for cell in row] for row in sight.rows])
    stage.write("")


def _show_refusals(stage: Stage, refused: str, why: Why) -> None:
    say = stage.say
    stage.write(
        say("What is hidden cannot be sorted by: {name} asks for order_by={field!r}.", name="lin", field=HIDDEN)
    )
    stage.write(f"{refused}\n")
    stage.write(say("Why may {name} see the first one of others and not change it? ws.why answers:", name="lin"))
    stage.write(why.text)
