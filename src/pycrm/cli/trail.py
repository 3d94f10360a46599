"""``pycrm history`` and ``pycrm audit``: what became of one record, and what was refused or let through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.find import find_record
from pycrm.cli.output import print_json, print_table, shown, write
from pycrm.cli.texts import Misuse, sentence
from pycrm.schema import Entity
from pycrm.schema.dump import dump_value
from pycrm.storage.audit import KINDS, AuditEntry
from pycrm.values.refs import Ref
from pycrm.workspace import FieldChange, HistoryEntry, Reader
from pycrm.workspace.audit import MOST_ENTRIES

__all__ = ["audit", "history"]

_KINDS = {
    "create": sentence("created"),
    "update": sentence("changed"),
    "delete": sentence("into the bin"),
    "restore": sentence("out of the bin"),
    "purge": sentence("removed for good"),
}
_LIMIT = click.IntRange(1, MOST_ENTRIES)


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("record")
@click.option("--limit", type=_LIMIT, default=50, show_default=True, help="Entries at most.")
@click.option("--after", metavar="CURSOR", help="Go on where those before ended.")
@click.pass_obj
def history(settings: Settings, entity: str, record: str, limit: int, after: str | None) -> None:
    """Show what became of one RECORD of ENTITY, the newest change first.

    Of a purged record, too, if RECORD is its id.

    \b
    pycrm history account ACC-000001
    """  # noqa: D301  click wants the control character
    known = settings.stored_schema().entity(entity)
    with settings.reading() as ws:
        found = ws.history(_reference(settings, ws, known, record), limit=limit, after=after)
    if settings.as_json:
        entries = [_history_document(known, entry) for entry in found]
        print_json({"history": entries, "next_cursor": found.next_cursor})
        return
    say = settings.say
    rows = [row for entry in found for row in _history_rows(settings, known, entry)]
    print_table(say.each("When", "Who", "What", "Field", "Before", "After"), rows)
    _tell_next(settings, found.next_cursor)


@command()
@click.option("--actor", metavar="KEY", help="Only what this user did.")
@click.option("--kind", type=click.Choice(KINDS), help="Only entries of this kind.")
@click.option("--entity", shell_complete=complete_entity, help="Only what is about records of it.")
@click.option("--record", help="Only what is about this record: its id, or with --entity its number, code or title.")
@click.option("--since", metavar="INSTANT", help="Only from then on: 2026-03-31, or 2026-03-31T08:00:00+08:00.")
@click.option("--limit", type=_LIMIT, default=50, show_default=True, help="Entries at most.")
@click.option("--after", metavar="CURSOR", help="Go on where those before ended.")
@click.pass_obj
def audit(
    settings: Settings,
    actor: str | None,
    kind: str | None,
    entity: str | None,
    record: str | None,
    since: str | None,
    limit: int,
    after: str | None,
) -> None:
    """Show what was refused, and what somebody was let do or see beyond his rights, the newest first.

    \b
    pycrm audit --kind unmasked --since 2026-03-01
    pycrm audit --entity account --record ACC-000001
    """  # noqa: D301  click wants the control character
    known = settings.stored_schema().entity(entity) if entity else None
    begin = None if since is None else _instant(since)
    with settings.reading() as ws:
        about: Ref[Any] | UUID | None = None
        if record is not None:
            about = _id(record) if known is None else _reference(settings, ws, known, record)
        found = ws.audit(
            actor=actor,
            kind=kind,
            entity=known.name if known else None,
            record=about,
            since=begin,
            limit=limit,
            after=after,
        )
    if settings.as_json:
        print_json({"audit": [_audit_document(entry) for entry in found], "next_cursor": found.next_cursor})
        return
    say = settings.say
    heads = say.each("When", "Who", "Kind", "What", "Entity", "Record", "Field", "Reason")
    print_table(heads, [_audit_row(entry) for entry in found])
    _tell_next(settings, found.next_cursor)


def _reference(settings: Settings, ws: Reader, entity: Entity, text: str) -> Ref[Any]:
    try:
        return Ref(UUID(text), entity.name)
    except ValueError:
        return Ref(find_record(ws, settings.stored_schema(), entity, text).id, entity.name)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Misuse(
            "--record {text} is no id; give --entity too, to find it by number, code or title", text=text
        ) from None


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse("--since {text} is neither a day nor an instant; write 2026-03-31", text=text) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _tell_next(settings: Settings, cursor: str | None) -> None:
    if cursor is not None:
        write(settings.say("more: --after {cursor}", cursor=cursor))


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def _who(actor: str, plugin: str | None) -> str:
    return f"{actor} ({plugin})" if plugin and actor != f"plugin:{plugin}" else actor


def _history_rows(settings: Settings, entity: Entity, entry: HistoryEntry) -> list[tuple[str, ...]]:
    what = entry.move or settings.say(_KINDS[entry.kind])
    head = (_when(entry.at), _who(entry.actor, entry.plugin), what)
    rows = [(*head, *_told(settings, entity, change)) for change in entry.changes] or [(*head, "", "", "")]
    # What several fields have in common stands once.
    return [rows[0], *(("", "", "", *row[3:]) for row in rows[1:])]


def _told(settings: Settings, entity: Entity, change: FieldChange) -> tuple[str, str, str]:
    labels, language = settings.crm().labels, settings.language
    field = entity.fields.get(change.field)
    if field is None:
        return change.field, _plain(change.old), _plain(change.new)

    def told(value: Any) -> str:
        try:
            return shown(value, entity, field, labels, language)
        except Exception:  # noqa: BLE001 - a value of another age, which today's kind does not take
            return _plain(value)

    return labels.field(entity.name, field, language), told(change.old), told(change.new)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _history_document(entity: Entity, entry: HistoryEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "plugin": entry.plugin,
        "kind": entry.kind,
        "move": entry.move,
        "changes": [
            {
                "field": change.field,
                "old": _dumped(entity, change.field, change.old),
                "new": _dumped(entity, change.field, change.new),
            }
            for change in entry.changes
        ],
    }


def _dumped(entity: Entity, path: str, value: Any) -> Any:
    field = entity.fields.get(path)
    try:
        return value if field is None else dump_value(value, field.kind)
    except Exception:  # noqa: BLE001 - as in `_told`; it was data when it was written down
        return value


def _audit_row(entry: AuditEntry) -> tuple[str, ...]:
    what = entry.action or ", ".join(
        f"{name}: {' '.join(actions)}" for name, actions in entry.facts.get("may", {}).items()
    )
    record = str(entry.record_id or entry.facts.get("count", ""))
    who = _who(entry.actor, entry.plugin)
    return (
        _when(entry.at),
        who,
        entry.kind,
        what,
        entry.entity or "",
        record,
        ", ".join(entry.fields),
        entry.reason or "",
    )


def _audit_document(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "actor": entry.actor,
        "origin": entry.origin,
        "plugin": entry.plugin,
        "entity": entry.entity,
        "record": None if entry.record_id is None else str(entry.record_id),
        "action": entry.action,
        "fields": list(entry.fields),
        "reason": entry.reason,
        "facts": dict(entry.facts),
    }
