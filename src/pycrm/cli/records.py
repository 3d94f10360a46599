"""Commands that read records: ``list``, ``count`` and ``show``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pycrm.cli.columns import Column, columns_of, include_of
from pycrm.cli.command import command
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.filters import conditions, pointing
from pycrm.cli.find import find_record
from pycrm.cli.output import is_number, print_json, print_lines, print_table, write
from pycrm.cli.texts import Texts
from pycrm.fields.names import english_label
from pycrm.schema import Entity, Record
from pycrm.schema.dump import dump_record

__all__ = ["count", "list_", "show"]

COUNT_CAP = 10_000
_WHERE = "A filter, or FIELD=VALUE; given several times, all must hold."


@command("list")
@click.argument("entity", shell_complete=complete_entity)
@click.option("--where", metavar="FILTER", multiple=True, help=_WHERE)
@click.option("--order-by", "--order", metavar="FIELDS", help='"close_on, amount DESC".')
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Records at most.")
@click.option("--after", metavar="CURSOR", help="Go on where the page before ended.")
@click.option("--columns", metavar="FIELDS", help="Parted by commas; paths as account.country too.")
@click.option("--all-fields", is_flag=True, help="All fields as columns.")
@click.pass_obj
def list_(
    settings: Settings,
    entity: str,
    where: Sequence[str],
    order_by: str | None,
    limit: int,
    after: str | None,
    columns: str | None,
    all_fields: bool,
) -> None:
    """List records of ENTITY, a page at a time.

    \b
    pycrm list account --where country=DE --order-by name
    pycrm list opportunity --where "amount > USD 1000 AND close_on = THIS_MONTH" --columns name,amount
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    everything = all_fields or (settings.as_json and not columns)
    shown = columns_of(schema, known, _paths(known, columns, everything))
    include = "" if settings.as_json and not columns else include_of(shown)
    with settings.reading() as ws, pointing(where):
        condition = conditions(ws, schema, known, where)
        page = ws.list(
            known.record_class, where=condition, order_by=order_by, limit=limit, after=after, include=include
        )
        total = ws.count(known.record_class, where=condition, cap=COUNT_CAP) if not settings.as_json else 0
    if settings.as_json:
        records = [{column.name: column.data(record) for column in shown} for record in page]
        print_json({"entity": known.name, "records": records, "next_cursor": page.next_cursor})
        return
    _print_page(settings, known, shown, page, total)
    if page.next_cursor:
        write(settings.say("more: --after {cursor}", cursor=page.next_cursor))


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.option("--where", metavar="FILTER", multiple=True, help=_WHERE)
@click.pass_obj
def count(settings: Settings, entity: str, where: Sequence[str]) -> None:
    """Count the records of ENTITY.

    \b
    pycrm count account --where "country = 'DE' OR country = 'AT'"
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    with settings.reading() as ws, pointing(where):
        total = ws.count(known.record_class, where=conditions(ws, schema, known, where))
    if settings.as_json:
        print_json({"entity": known.name, "count": total})
    else:
        write(str(total))


def _paths(entity: Entity, columns: str | None, everything: bool) -> list[str]:
    if columns:
        return [column.strip() for column in columns.split(",")]
    return list(entity.fields) if everything else list(entity.list_fields)


def _print_page(
    settings: Settings, entity: Entity, columns: Sequence[Column], page: Sequence[Record], total: int
) -> None:
    labels = settings.crm().labels
    if page:
        head = [column.head(labels, settings.language) for column in columns]
        right = [number for number, column in enumerate(columns) if is_number(column.path.field)]
        rows = [[column.cell(record, labels, settings.language) for column in columns] for record in page]
        print_table(head, rows, right=right)
    say, many = settings.say, settings.many(entity)
    if total < COUNT_CAP:
        write(say("{count} of {total} {records}", count=len(page), total=total, records=many))
    else:
        write(say("{count} of {total} or more {records}", count=len(page), total=total, records=many))


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("record")
@click.option("--all-fields", is_flag=True, help="Empty fields too.")
@click.pass_obj
def show(settings: Settings, entity: str, record: str, all_fields: bool) -> None:
    """Show one RECORD of ENTITY: its id, number, code or title.

    \b
    pycrm show account ACC-000001
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    columns = columns_of(schema, known, list(known.fields))
    with settings.reading() as ws:
        found = find_record(ws, schema, known, record, include="" if settings.as_json else include_of(columns))
        moves = ws.moves(found)
    if settings.as_json:
        print_json(dump_record(known, found))
        return
    labels, language = settings.crm().labels, settings.language
    say = settings.say
    named = [(labels.field(known.name, column.path.field, language), column) for column in columns]
    told = [(_marked(column, label, say), column.cell(found, labels, language)) for label, column in named]
    print_lines([(name, value) for name, value in told if value or all_fields])
    if moves:
        (status,) = known.statuses[:1]
        names = ", ".join(_move_name(move.name, labels.move(known.name, status, move, language)) for move in moves)
        write(f"\n{settings.say('moves: {names}', names=names)}")


def _move_name(name: str, label: str) -> str:
    """Return the word that `update` and programs know, with the label where it says more."""
    return name if english_label(name) == label else f"{name} ({label})"


def _marked(column: Column, label: str, say: Texts) -> str:
    field = column.path.field
    if field.parked:
        return say("{label} (parked)", label=label)
    return say("{label} (retired)", label=label) if field.retired else label
