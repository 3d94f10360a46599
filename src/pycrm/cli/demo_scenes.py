"""The scenes of the demo: each asks the CRM, shows the answer, and leaves the figures on the stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from pycrm.app import CRM
from pycrm.builtin.activities import Interaction, Task
from pycrm.builtin.parties import Account
from pycrm.builtin.sales import Opportunity, SalesOrder
from pycrm.builtin.sales import Stage as SalesStage
from pycrm.cli.demo_access import show_access
from pycrm.cli.demo_import import show_import
from pycrm.cli.demo_questions import ask_all
from pycrm.cli.demo_stage import Stage, amounts
from pycrm.cli.errors import describe
from pycrm.cli.output import title_of
from pycrm.cli.progress import Progress
from pycrm.errors import ConflictError, MoveNotAllowedError, PycrmError, ValidationError
from pycrm.query import F
from pycrm.testing import load_demo
from pycrm.values.money import Monies
from pycrm.values.principal import ADMINISTRATOR, Principal
from pycrm.values.refs import Ref
from pycrm.workspace import Reader

__all__ = ["next_commands", "play"]

MARKET = "custom.大区"
VISIT = "visits.visit"
E = TypeVar("E", bound=PycrmError)

Event: TypeAlias = tuple[datetime | None, str, str]
"""When, what, and a line about it."""

_OPEN_DEALS = "pycrm list opportunity --where outcome=open --order-by close_on --columns name,account,stage,amount"

LIN = Principal("lin", roles={ADMINISTRATOR}, origin="cli")
ZHOU = Principal("zhou", roles={ADMINISTRATOR}, origin="cli")


def play(crm: CRM, principal: Principal, stage: Stage, seed: int, progress: Progress) -> None:
    """Play all scenes on *crm*, whose database is empty."""
    begin(crm, stage)
    load(crm, principal, stage, seed, progress)
    with crm.reading_as(principal) as ws:
        markets(ws, stage)
        pipeline(ws, stage)
        week(ws, stage)
        customer(crm, ws, stage)
        account = busiest(crm, ws)
        order = ws.list(SalesOrder, where=F.status == "shipped", limit=1)[0]
    ask_all(crm, LIN, stage)
    show_access(crm, principal, stage)
    show_import(crm, principal, stage)
    conflict(crm, account, stage)
    merge(crm, account, stage)
    bad_value(crm, principal, stage)
    refused_move(crm, principal, order, stage)


def begin(crm: CRM, stage: Stage) -> None:
    """Create the database."""
    done = crm.migrate()
    has_visits = has_plugin(crm, "visits")
    stage.scene("migrate", stage.say("A CRM from nothing"), {"done": done, "visits": has_visits})
    stage.write("\n".join(done))
    if not has_visits:
        stage.write(
            stage.say(
                "\nThe visits plugin is not installed: `pip install pycrm-visits`, run `pycrm demo` again, compare."
            )
        )


def load(crm: CRM, principal: Principal, stage: Stage, seed: int, progress: Progress) -> None:
    """Define custom fields and load the company's data."""
    began = time.perf_counter()
    counts = load_demo(crm, principal, seed=seed, on_progress=progress)
    progress.clear()
    seconds = time.perf_counter() - began
    custom = [
        (f"{entity.name}.{field.path}", field.kind.name, crm.labels.field(entity.name, field, "zh"))
        for entity in crm.schema.entities.values()
        for field in entity.fields.values()
        if field.owner == "custom"
    ]
    say = stage.say
    stage.scene("fields", say("Custom fields: data, not columns"), [name for name, _, _ in custom])
    stage.table([*say.each("Field", "Kind"), "中文"], custom)
    title = say(
        "A trading company: {total:,} records through the door in {seconds:.1f} s",
        total=sum(counts.values()),
        seconds=seconds,
    )
    stage.scene("records", title, counts)
    stage.table(say.each("Entity", "Records"), list(counts.items()), right=[1])


def markets(ws: Reader, stage: Stage) -> None:
    """Show customers and their orders by market."""
    customers = ws.aggregate(Account, measures=["count()"], group_by=MARKET)
    kept = ws.aggregate(
        SalesOrder,
        measures=["count()", "sum(total)"],
        group_by=f"account.{MARKET}",
        where=F.status != "cancelled",
    )
    orders = {row[f"account.{MARKET}"]: row for row in kept}
    rows = []
    for row in sorted(customers, key=lambda row: -row["count()"]):
        ordered = orders.get(row[MARKET], {"count()": 0, "sum(total)": Monies()})
        rows.append((row[MARKET], row["count()"], ordered["count()"], amounts(ordered["sum(total)"])))
    figures = {market: {"customers": count, "orders": orders, "total": total} for market, count, orders, total in rows}
    stage.scene("markets", stage.say("Customers by market, a custom field with a Chinese name"), figures)
    stage.table(["大区", *stage.say.each("Customers", "Orders", "Ordered")], rows, right=[1, 2])


def pipeline(ws: Reader, stage: Stage) -> None:
    """Show the pipeline by stage, a sum per currency."""
    groups = ws.aggregate(Opportunity, measures=["count()", "sum(amount)"], group_by="stage")
    stages = {each.id: each for each in ws.list(SalesStage, order_by="position")}
    ordered = sorted(groups, key=lambda row: stages[row["stage"].id].position)
    rows = [(stages[row["stage"].id].name, row["count()"], amounts(row["sum(amount)"])) for row in ordered]
    figures = {name: {"opportunities": count, "amount": total} for name, count, total in rows}
    stage.scene("pipeline", stage.say("Pipeline by stage: money of several currencies is never mixed"), figures)
    stage.table(stage.say.each("Stage", "Deals", "Amount"), rows, right=[1])


def week(ws: Reader, stage: Stage) -> None:
    """Show the open tasks of the week, Monday to Sunday."""
    now = ws.now()
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    where = (F.due_at >= monday) & (F.due_at < monday + timedelta(days=7)) & (F.status == "open")
    tasks = ws.list(Task, where=where, order_by="due_at", limit=8, include="assignee about")
    count = ws.count(Task, where=where)
    rows = [(moment(task.due_at), task.subject, title_of(task.about), title_of(task.assignee)) for task in tasks]
    stage.scene("week", stage.say("This week's tasks: {count} open ones", count=count), {"open": count})
    stage.table(stage.say.each("Due", "Subject", "About", "Assignee"), rows)
    if count > len(tasks):
        stage.write(stage.say("… and {count} more", count=count - len(tasks)))


def customer(crm: CRM, ws: Reader, stage: Stage) -> None:
    """Show one customer with what happened: interactions, orders, visits."""
    account = ws.get(Account, busiest(crm, ws).id, include="owner account_contacts.contact")
    events = history(crm, ws, account)
    figures = {"account": account.name, "events": [{"at": moment(at), "what": what} for at, what, _ in events]}
    say = stage.say
    stage.scene("customer", say("One customer: {name}", name=account.name), figures)
    people = [link.contact.record for link in account.related("account_contacts")]
    owner = say("owner {name}", name=title_of(account.owner))
    stage.write(f"{account.number}, {account.address}, {owner}")
    stage.write("\n".join(f"  {person.name}, {person.job_title}, {person.email}" for person in people))
    if has_plugin(crm, "visits"):
        day = account.get_document_value("visits.last_visit_on")
        stage.write(say("  last visit on {day}, kept by the visits plugin", day=day))
    stage.write("")
    stage.table([*say.each("When", "What"), ""], [(moment(at), what, text) for at, what, text in events])


def history(crm: CRM, ws: Reader, account: Account) -> list[Event]:
    """Return what happened with *account* of late, newest first."""
    talks = ws.list(Interaction, where=F.about == Ref(account.id, "account"), order_by="happened_at DESC", limit=5)
    orders = ws.list(SalesOrder, where=F.account == account, order_by="ordered_at DESC", limit=4)
    events: list[Event] = [(talk.happened_at, talk.kind, talk.subject or "") for talk in talks]
    events += [(order.ordered_at, "order", f"{order.number}, {order.status}, {order.total}") for order in orders]
    if has_plugin(crm, "visits"):
        visits: Iterable[Any] = ws.list(
            crm.entities[VISIT], where=F.account == account, order_by="planned_at DESC", limit=4
        )
        events += [(visit.planned_at, "visit", f"{visit.status}: {visit.outcome or visit.purpose}") for visit in visits]
    return sorted(events, key=lambda event: str(event[0]), reverse=True)


def conflict(crm: CRM, account: Account, stage: Stage) -> None:
    """Let two people change one field at the same time."""
    theirs, ours, *_ = (level for level in "ABCD" if level != account.level)

    def both_change_the_level() -> None:
        with crm.acting_as(LIN) as hers:
            mine = hers.get(Account, account.id)
            with crm.acting_as(ZHOU) as his:
                his.update(his.get(Account, account.id), level=theirs)
            hers.update(mine, level=ours)

    error = refusal(ConflictError, both_change_the_level)
    figures = {name: error.facts[name] for name in ("field", "ours", "theirs", "actor", "other_actor")}
    stage.scene("conflict", stage.say("Two people, one field: the second is told, nothing is lost"), figures)
    stage.write(f"ConflictError: {error}")


def merge(crm: CRM, account: Account, stage: Stage) -> None:
    """Let two people change different fields at the same time."""
    with crm.acting_as(LIN) as hers:
        mine = hers.get(Account, account.id)
        with crm.acting_as(ZHOU) as his:
            his.update(his.get(Account, account.id), industry="wholesale, wide range")
        hers.update(mine, preferences="电话联系请在上午")
    with crm.reading_as(LIN) as ws:
        now = ws.get(Account, account.id)
    figures = {"industry": now.industry, "preferences": now.preferences, "version": now.version}
    say = stage.say
    stage.scene("merge", say("Two people, different fields: both stay"), figures)
    told = say(
        "zhou wrote industry = {theirs!r}, lin wrote preferences = {ours!r}", theirs=now.industry, ours=now.preferences
    )
    stage.write(told)
    stage.write(say("{name} is at version {version} and has both", name=now.name, version=now.version))


def bad_value(crm: CRM, principal: Principal, stage: Stage) -> None:
    """Try to write values that cannot be."""
    wrong: Any = {"level": "Z", "annual_revenue": "1.2 million", "birth_on": "2026-02-30", "employee_count": "few"}

    def create() -> None:
        with crm.acting_as(principal) as ws:
            ws.create(Account(name="青岛海晨贸易有限公司", custom={"大区": "华冬"}, **wrong))

    error = refusal(ValidationError, create)
    figures = [{"field": problem.field, "code": problem.code} for problem in error.problems]
    stage.scene("bad_value", stage.say("Bad values: all problems at once, each with its cure"), figures)
    stage.write(f"ValidationError: {describe(error, stage.say, crm.labels)}")


def refused_move(crm: CRM, principal: Principal, order: SalesOrder, stage: Stage) -> None:
    """Try to cancel what is shipped."""

    def cancel() -> None:
        with crm.acting_as(principal) as ws:
            ws.move(ws.get(SalesOrder, order.id), "cancel")

    error = refusal(MoveNotAllowedError, cancel)
    allowed = list(error.facts["allowed"])
    stage.scene("refused_move", stage.say("A move that its lifecycle does not know"), {"allowed": allowed})
    stage.write(f"MoveNotAllowedError: {error}")


def refusal(kind: type[E], attempt: Callable[[], None]) -> E:
    """Return the error that *attempt* ends with; the demo is wrong where it succeeds."""
    try:
        attempt()
    except kind as error:
        return error
    raise AssertionError(f"{attempt.__name__} should have raised {kind.__name__}")


def next_commands(crm: CRM, principal: Principal) -> list[Sequence[str]]:
    """Return commands that work on this data, as words."""
    with crm.reading_as(principal) as ws:
        account = busiest(crm, ws)
        draft = ws.list(SalesOrder, where=F.status == "draft", limit=1)[0]
    commands: list[Sequence[str]] = [
        ("pycrm", "list", "account", "--where", f"{MARKET}=华东", "--order-by", "name", "--limit", "10"),
        ("pycrm", "show", "account", account.number),
        tuple(_OPEN_DEALS.split()),
        ("pycrm", "update", "sales_order", draft.number, "status=confirmed"),
        ("pycrm", "create", "task", "subject=Call back", f"about=account:{account.number}", "priority=high"),
        ("pycrm", "why", "write", "account", account.number, "--as", "lin", "--role", "salesperson"),
        ("pycrm", "access", "matrix", "--role", "salesperson"),
        ("pycrm", "fields", "account", "--lang", "zh"),
        ("pycrm", "plugins", "hooks"),
    ]
    if has_plugin(crm, "visits"):
        planned = ("pycrm", "list", VISIT, "--where", "status=planned", "--order-by", "planned_at")
        commands.insert(2, planned)
    return commands


def busiest(crm: CRM, ws: Reader) -> Account:
    """Return the customer with whom most happened, of those who ordered (and were visited)."""
    orders = _counts(ws, SalesOrder, "account")
    visits = _counts(ws, crm.entities[VISIT], "account") if has_plugin(crm, "visits") else orders
    calls = _counts(ws, Interaction, "about")
    best = max(orders, key=lambda one: (one in visits, calls.get(one, 0) + visits.get(one, 0), orders[one], one))
    return ws.get(Account, best)


def _counts(ws: Reader, entity: Any, path: str) -> Mapping[Any, int]:
    rows = ws.aggregate(entity, measures=["count()"], group_by=path)
    return {row[path].id: row["count()"] for row in rows if row[path] is not None}


def has_plugin(crm: CRM, name: str) -> bool:
    """Whether the plugin *name* is active."""
    return any(plugin.name == name for plugin in crm.plugins)


def moment(at: datetime | None) -> str:
    """Return an instant for people."""
    return f"{at:%a %Y-%m-%d %H:%M}Z" if at else ""
