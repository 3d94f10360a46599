"""Commands that write records: ``create`` and ``update``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

import click

from pycrm.cli.assignments import outside_values, read_json
from pycrm.cli.command import command
from pycrm.cli.complete import complete_assignment, complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.find import find_record
from pycrm.cli.incoming import create_drafts, draft_of, update_by_draft
from pycrm.cli.output import name_of, print_json, write
from pycrm.cli.texts import Misuse
from pycrm.schema import Entity, Record
from pycrm.schema.dump import dump_record

__all__ = ["create", "update"]

STDIN = "-"


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, shell_complete=complete_assignment)
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
    assigned = outside_values(known, words)
    with settings.acting() as ws:
        documents = [{**document, **assigned} for document in (given if several else [given])]
        records = create_drafts(ws, known, [draft_of(ws, schema, known, document) for document in documents])
    if settings.as_json:
        dumped = [dump_record(_entity_of(record, known), record) for record in records]
        print_json(dumped if several else dumped[0])
        return
    say = settings.say
    told = [say("created {entity} {record}", entity=known.name, record=name_of(known, record)) for record in records]
    write("\n".join(told) or say("nothing to create"))


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("record")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, shell_complete=complete_assignment)
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
        raise Misuse("update takes one JSON object from standard input, not a list")
    if not given and not words:
        raise Misuse("nothing to update; write field=value")
    document = {**given, **outside_values(known, words)}
    with settings.acting() as ws:
        found = find_record(ws, schema, known, record)
        before = found.version
        if str(document.get("id")) == str(found.id):
            del document["id"]
        # A document that `show --json` gave says which version it is of.
        seen = document.pop("version", None)
        update_by_draft(ws, known, found, draft_of(ws, schema, known, document), seen if version is None else version)
    if settings.as_json:
        print_json(dump_record(_entity_of(found, known), found))
    else:
        _tell_update(settings, known, found, before)


def _tell_update(settings: Settings, entity: Entity, record: Record, before: int | None) -> None:
    say = settings.say
    facts = {"entity": entity.name, "record": name_of(entity, record), "version": record.version}
    if record.version != before:
        write(say("updated {entity} {record}, version {version}", **facts))
    else:
        write(say("unchanged: {entity} {record}, version {version}", **facts))


def _from_stdin(words: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """Return the JSON of standard input if one of *words* asks for it, and the other words.

    Raises:
        Misuse: It is neither an object nor a list of objects.
    """
    if STDIN not in words:
        return {}, words
    # As bytes: JSON is UTF-8, whatever the terminal's encoding.
    given = read_json(sys.stdin.buffer.read(), "standard input")
    objects = given if isinstance(given, list) else [given]
    if not all(isinstance(each, Mapping) for each in objects):
        raise Misuse("standard input holds neither a JSON object nor a list of objects")
    return given, [word for word in words if word != STDIN]


def _entity_of(record: Record, known: Entity) -> Entity:
    return cast("Entity", record._entity or known)
