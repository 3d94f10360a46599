"""What a move needs may come from a derive hook."""

from __future__ import annotations

from datetime import date

from pycrm import CRM, Principal
from pycrm.plugin import ChangeSet, Lifecycle, Move, Plugin, Record, State, Workspace, field

MEI = Principal("mei", roles={"administrator"})


def parcels() -> tuple[Plugin, type[Record]]:
    plugin = Plugin("parcels", version="1")
    lifecycle = Lifecycle(State("packed"), State("sent"), Move("send", "packed", "sent", needs="sent_on"))

    @plugin.entity()
    class Parcel(Record):
        status: str = field.status(lifecycle)
        sent_on: date | None = field.date()

    @plugin.derive(Parcel, move="send")
    def send_today(ws: Workspace, changes: ChangeSet[Parcel]) -> None:
        for parcel in changes:
            if parcel.sent_on is None:
                changes.set(parcel, sent_on=date(2026, 3, 2))

    return plugin, Parcel


def test_derive_hook_gives_what_a_move_needs(database_url: str) -> None:
    """A move is asked for what it needs after the derive hooks had their say."""
    plugin, parcel_class = parcels()
    crm = CRM(database_url, plugins=[plugin])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        moved = ws.move(ws.create(parcel_class()), "send")

        assert (moved.status, moved.sent_on) == ("sent", date(2026, 3, 2))  # type: ignore[attr-defined]
    crm.close()
