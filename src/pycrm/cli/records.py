"""Commands on records: ``list``, ``show``, ``create``, ``update``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

import click

from pycrm.cli.assignments import conditions, read_json, values_of
from pycrm.cli.columns import Column, columns_of, include_of
from pycrm.cli.context import Settings
from pycrm.cli.find import find_record, reference_of
from pycrm.cli.output import is_number, print_json, print_lines, print_table, write
from pycrm.fields.names import english_label
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.border import dump_record, load_values
from pycrm.workspace import Reader

__all__ = ["create", "list_", "show", "update"]

COUNT_CAP = 10_000
STDIN = "-"


@click.command("list")
@click.argument("entity")
@click.option("--where", metavar="CONDITION", multiple=True, help="FIELD=VALUE, also != < <= > >=, 'in', 'is null'.")
@click.option("--order-by", metavar="FIELDS", help='"close_on, amount DESC".')
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
    pycrm list opportunity --where "amount>=USD 1000" --columns name,account.country,amount
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    everything = all_fields or (settings.as_json and not columns)
    shown = columns_of(schema, known, _paths(known, columns, everything))
    include = "" if settings.as_json and not columns else include_of(shown)
    with settings.reading() as ws:
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
        write(f"more: --after {page.next_cursor}")


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
    known = f"{total}" if total < COUNT_CAP else f"{total} or more"
    write(f"{len(page)} of {known} {entity.plural.replace('_', ' ')}")


@click.command()
@click.argument("entity")
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
    pairs = [(_marked(column, labels.field(known.name, column.path.field, language)), column) for column in columns]
    told = [(name, column.cell(found, labels, language)) for name, column in pairs]
    print_lines([(name, value) for name, value in told if value or all_fields])
    if moves:
        (status,) = known.statuses[:1]
        names = ", ".join(_move_name(move.name, labels.move(known.name, status, move, language)) for move in moves)
        write(f"\nmoves: {names}")


def _move_name(name: str, label: str) -> str:
    """Return the word that `update` and programs know, with the label where it says more."""
    return name if english_label(name) == label else f"{name} ({label})"


def _marked(column: Column, label: str) -> str:
    field = column.path.field
    return f"{label} (parked)" if field.parked else f"{label} (retired)" if field.retired else label


@click.command()
@click.argument("entity")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1)
@click.pass_obj
def create(settings: Settings, entity: str, values: Sequence[str]) -> None:
    """Create a record of ENTITY.

    FIELD=VALUE takes the text as it stands; FIELD:=JSON takes JSON. References are ids, numbers or titles; several
    values are parted by commas. A single - reads a JSON object, or a list of them, from standard input.

    \b
    pycrm create account name=青岛海晨贸易有限公司 country=CN custom.region=华东
    pycrm create task subject="Call back" due_at=2026-03-31T08:00:00+08:00 about=account:ACC-000001
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    given, words = _from_stdin(values)
    several = isinstance(given, list)
    with settings.acting() as ws:
        assigned = values_of(ws, schema, known, words)
        documents = [{**document, **assigned} for document in (given if several else [given])]
        records = [_new_record(known, _loaded(ws, schema, known, document)) for document in documents]
        ws.create_many(records)
    if settings.as_json:
        dumped = [dump_record(_entity_of(record, known), record) for record in records]
        print_json(dumped if several else dumped[0])
    else:
        write("\n".join(f"created {known.name} {_named(known, record)}" for record in records) or "nothing to create")


@click.command()
@click.argument("entity")
@click.argument("record")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1)
@click.option("--version", type=int, help="The version you looked at: fields that others changed since are a conflict.")
@click.pass_obj
def update(settings: Settings, entity: str, record: str, values: Sequence[str], version: int | None) -> None:
    """Update one RECORD of ENTITY.

    Changing a status is the move of its lifecycle. An empty value clears a field that is no text; FIELD:=null clears
    any. A single - reads a JSON object from standard input; one that `show --json` printed may come back changed.

    \b
    pycrm update account ACC-000001 industry=textiles --version 3
    pycrm update sales_order SO-2026-00001 status=confirmed
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    given, words = _from_stdin(values)
    if isinstance(given, list):
        raise click.UsageError("update takes one JSON object from standard input, not a list")
    if not given and not words:
        raise click.UsageError("nothing to update; write field=value")
    with settings.acting() as ws:
        found = find_record(ws, schema, known, record)
        before = found.version
        changes = _loaded(ws, schema, known, {**given, **values_of(ws, schema, known, words)})
        if changes.get("id") == found.id:
            del changes["id"]
        # A document that `show --json` gave says which version it is of.
        seen = changes.pop("version", None)
        ws.update(found, version=seen if version is None else version, **changes)
    if settings.as_json:
        print_json(dump_record(_entity_of(found, known), found))
    else:
        what = "updated" if found.version != before else "unchanged:"
        write(f"{what} {known.name} {_named(known, found)}, version {found.version}")


def _from_stdin(words: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """Return the JSON of standard input if one of *words* asks for it, and the other words.

    Raises:
        click.UsageError: It is neither an object nor a list of objects.
    """
    if STDIN not in words:
        return {}, words
    # As bytes: JSON is UTF-8, whatever the terminal's encoding.
    given = read_json(sys.stdin.buffer.read(), "standard input")
    objects = given if isinstance(given, list) else [given]
    if not all(isinstance(each, dict) for each in objects):
        raise click.UsageError("standard input holds neither a JSON object nor a list of objects")
    return given, [word for word in words if word != STDIN]


def _loaded(ws: Reader, schema: Schema, entity: Entity, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return inside values by path, through the border."""
    referenced = {path: reference_of(ws, schema, entity.field(path), value) for path, value in document.items()}
    return load_values(entity, referenced)


def _new_record(entity: Entity, values: Mapping[str, Any]) -> Record:
    own = {"id", *(field.path for field in entity.own_fields)}
    make = cast("Any", entity.record_class)
    record: Record = make(**{path: value for path, value in values.items() if path in own})
    for path, value in values.items():
        if "." in path:
            record.set_document_value(path, value)
        elif path not in own:
            setattr(record, path, value)  # kept by pycrm: the door says so
    return record


def _entity_of(record: Record, known: Entity) -> Entity:
    return cast("Entity", record._entity or known)


def _named(entity: Entity, record: Record) -> str:
    """Return number, title and id, as far as there are."""
    number = getattr(record, "number", None)
    title = getattr(record, entity.title) if entity.title not in ("id", "number") else None
    return " ".join(str(each) for each in (number, title, f"({record.id})") if each)
