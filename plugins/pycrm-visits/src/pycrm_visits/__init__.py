"""Customer visits by field sales: `Visit`, what accounts know of theirs, and checking in on the spot."""

from datetime import date, datetime

from pycrm import Account, Contact, F, Workspace
from pycrm.plugin import ChangeSet, Extension, Lifecycle, Move, OwnedRecord, Plugin, Ref, Refs, State, field

plugin = Plugin("visits", requires=["pycrm>=0.1"])

VISIT = Lifecycle(
    State("planned"),
    State("done", final=True),
    State("cancelled", final=True),
    Move("complete", "planned", "done", needs="actual_at outcome"),
    Move("cancel", "planned", "cancelled"),
)


@plugin.entity(title="purpose", list="planned_at account purpose place owner status")
class Visit(OwnedRecord):
    """One visit to one account. Its owner goes there and meets the contacts."""

    account: Ref[Account] = field.ref(Account, many="visits")
    contacts: Refs[Contact] = field.refs(Contact)
    planned_at: datetime | None = field.datetime(indexed=True)
    actual_at: datetime | None = field.datetime(indexed=True)
    place: str | None = field.text()
    purpose: str = field.choice(["introduction", "follow_up", "negotiation", "service", "complaint", "collection"])
    outcome: str | None = field.long_text()
    next_step: str | None = field.text()
    status: str = field.status(VISIT)


@plugin.extend(Account)
class LastVisit(Extension):
    """The day, in UTC, on which the account was last visited."""

    last_visit_on: date | None = field.date(indexed=True, read_only=True, open=True)


@plugin.after_write(Visit, changed="account actual_at status", as_plugin=True)
def keep_last_visit(ws: Workspace, changes: ChangeSet[Visit]) -> None:
    """Keep `last_visit_on` of the accounts that done visits of the batch came to, and of those that they left."""
    done = [visit for visit in changes if visit.status == "done"]
    ids = sorted({id for visit in done for id in (visit.account.id, changes.before(visit, "account")) if id})
    for some in (ids[start : start + 500] for start in range(0, len(ids), 500)):
        accounts = list(ws.iterate(Account, where=F.id.in_(some)))
        ws.lock(accounts)  # before the visits are read: of two units at once, the second sees those of the first
        visits = ws.iterate(Visit, where=F.account.in_(some) & (F.status == "done"), order_by="actual_at")
        days = {visit.account.id: visit.actual_at.date() for visit in visits if visit.actual_at}
        for account in accounts:
            account[LastVisit].last_visit_on = days.get(account.id)
        ws.update_many(accounts)


@plugin.action(Visit, states="planned")
def check_in(ws: Workspace, visit: Visit, *, place: str | None = None) -> Visit:
    """Note that *visit* begins now, at *place* where that is not the planned one."""
    return ws.update(visit, actual_at=ws.now(), place=place or visit.place)


plugin.grant(
    "sales_manager",
    {"visits.visit": dict.fromkeys(("read", "create", "write", "delete", "share", "export", "bulk"), "subordinates")},
)
plugin.grant("salesperson", {"visits.visit": {"read": "team", "create": "own", "write": "own", "delete": "own"}})
plugin.grant("service_agent", {"visits.visit": {"read": "all"}})
plugin.grant("read_only", {"visits.visit": {"read": "all"}})
plugin.grant(
    "integration", {"visits.visit": {"read": "all", "create": "all", "write": "all", "fields": {"*": "write"}}}
)
