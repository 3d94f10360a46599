"""The commands of ``views``: the saved views that there are for the acting user, and what one of them shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pycrm.cli.columns import columns_of
from pycrm.cli.command import group
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.output import is_number, print_json, print_table, shown, write
from pycrm.workspace.views import ListView, ViewPage

__all__ = ["views"]


@group(usual="list", invoke_without_command=True)
@click.pass_context
def views(context: click.Context) -> None:
    """List the saved views that you may choose, and show what one of them shows.

    `pycrm views ENTITY` is short for `pycrm views list ENTITY`.

    \b
    pycrm create saved_view entity=account name=Key "columns=number name level" "order_by=level, name"
    pycrm views
    pycrm views show Key
    """  # noqa: D301  click wants the control character
    if context.invoked_subcommand is None:
        _list(context.ensure_object(Settings), None)


@views.command("list")
@click.argument("entity", required=False, shell_complete=complete_entity)
@click.pass_obj
def list_views(settings: Settings, entity: str | None) -> None:
    """List your saved views and those that are shared with you, of one ENTITY or of all."""
    _list(settings, entity)


@views.command()
@click.argument("view")
@click.option("--entity", metavar="ENTITY", help="Whose records it shows, where several views have the name.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Records at most.")
@click.option("--after", metavar="CURSOR", help="Go on where the page before ended.")
@click.pass_obj
def show(settings: Settings, view: str, entity: str | None, limit: int, after: str | None) -> None:
    """Show the records of a saved VIEW: its name or id.

    \b
    pycrm views show Key --limit 20
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    record_class = None if entity is None else schema.entity(entity).record_class
    with settings.reading() as ws:
        chosen = ws.view(view, record_class)
        page = ws.list_view(chosen, limit=limit, after=after)
        groups = ws.group_view(chosen) if chosen.record.group_by and not settings.as_json else []
    _print_page(settings, chosen, page)
    _print_groups(settings, chosen, groups)


def _print_groups(settings: Settings, view: ListView, groups: Sequence[Mapping[str, Any]]) -> None:
    schema, labels, language = settings.stored_schema(), settings.crm().labels, settings.language
    columns = columns_of(schema, schema.entity(view.entity), (view.record.group_by or "").split())
    for found in groups:
        texts = (shown(found[each.name], each.path.entity, each.path.field, labels, language) for each in columns)
        told = " · ".join(text or settings.say("nothing") for text in texts)
        write(settings.say("{group}: {count}", group=told, count=found["count()"]))


def _list(settings: Settings, entity: str | None) -> None:
    schema = settings.stored_schema()
    with settings.reading() as ws:
        found = ws.views(None if entity is None else schema.entity(entity).record_class)
    if settings.as_json:
        print_json([_document(view) for view in found])
        return
    say = settings.say
    if not found:
        write(say("there is no view"))
        return
    whose = {True: say("shared"), False: say("own")}
    rows = [
        (view.entity, view.name, whose[view.record.is_shared], " ".join(view.columns), _state(settings, view))
        for view in found
    ]
    print_table(say.each("Entity", "View", "For", "Columns", "State"), rows)


def _state(settings: Settings, view: ListView) -> str:
    """Return why *view* is broken, or an empty text."""
    labels = settings.crm().labels
    told = "; ".join(labels.problem(problem, settings.language) for problem in view.problems)
    return settings.say("broken: {reasons}", reasons=told) if told else ""


def _document(view: ListView) -> dict[str, Any]:
    return {
        "id": str(view.record.id),
        "entity": view.entity,
        "name": view.name,
        "is_shared": view.record.is_shared,
        "columns": list(view.columns),
        "problems": [{"code": each.code, "field": each.field, "message": each.message} for each in view.problems],
    }


def _print_page(settings: Settings, view: ListView, page: ViewPage) -> None:
    schema = settings.stored_schema()
    entity = schema.entity(view.entity)
    columns = columns_of(schema, entity, page.columns)
    if settings.as_json:
        records = [
            {"id": str(record.id), "colour": page.colours.get(record.id)}
            | {column.name: column.data(record) for column in columns}
            for record in page
        ]
        print_json({"view": view.name, "entity": entity.name, "records": records, "next_cursor": page.next_cursor})
        return
    labels, language, say = settings.crm().labels, settings.language, settings.say
    if page:
        head = [column.head(labels, language) for column in columns]
        right = [number for number, column in enumerate(columns) if is_number(column.path.field)]
        rows = [[column.cell(record, labels, language) for column in columns] for record in page]
        if page.colours:
            head.append(say("Colour"))
            rows = [[*row, page.colours.get(record.id, "")] for row, record in zip(rows, page, strict=True)]
        print_table(head, rows, right=right)
    else:
        write(say("the view has no records"))
    if page.next_cursor:
        write(say("more: --after {cursor}", cursor=page.next_cursor))
