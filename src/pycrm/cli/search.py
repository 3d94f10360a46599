"""The commands of ``search``: finding records by what people type, and keeping the index by which they are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from pycrm.cli.command import group
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.progress import Progress, progress_of
from pycrm.search import Hit, SearchResult
from pycrm.storage.search_rows import MOST_COUNTED

__all__ = ["search"]


@group(usual="find")
def search() -> None:
    """Find records by what people type: names, numbers, phones, mail addresses.

    `pycrm search TEXT` is short for `pycrm search find TEXT`.

    \b
    pycrm search 海晨
    pycrm search 海晨 mei 138
    pycrm search haichen --entity account
    """  # noqa: D301  click wants the control character


@search.command()
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--entity", "entities", metavar="ENTITY", multiple=True, shell_complete=complete_entity, help="Only records of it."
)
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="Records at most.")
@click.pass_obj
def find(settings: Settings, text: Sequence[str], entities: Sequence[str], limit: int) -> None:
    """Find the records that hold every word of TEXT, the best first."""
    settings.stored_schema()
    with settings.reading() as ws:
        found = ws.search(" ".join(text), entities=entities or None, limit=limit)
    if settings.as_json:
        print_json(_document(found))
        return
    say, labels = settings.say, settings.crm().labels
    if found:
        rows = [
            (labels.entity(hit.entity, settings.language), hit.title, _where(settings, hit), str(hit.record.id))
            for hit in found
        ]
        print_table(say.each("Entity", "Title", "Found in", "Id"), rows)
    else:
        write(say("nothing was found"))
    for note in _notes(settings, found):
        write(note)


@search.command()
@click.pass_obj
def index(settings: Settings) -> None:
    """Index the records that wait to be found, as large imports leave them."""
    _tell_indexed(settings, settings.crm().index_waiting)


@search.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Make the whole index anew.

    Needed after the extra zh was installed, or a plugin has made further fields searchable. Meanwhile records are found
    as they are indexed.
    """
    _tell_indexed(settings, settings.crm().rebuild_search)


def _tell_indexed(settings: Settings, work: Callable[..., int]) -> None:
    say = settings.say
    with progress_of(say("records"), say, shown=settings.progress) as progress:
        done = work(on_progress=lambda count: _advance(progress, count))
    if settings.as_json:
        print_json({"indexed": done})
    else:
        write(say("indexed: {count:,}", count=done))


def _advance(progress: Progress, done: int) -> None:
    # How many wait behind these would have to be counted anew each time.
    progress(done, done)


def _where(settings: Settings, hit: Hit) -> str:
    """Return the field that a hit was found in, with its text unless that is the title."""
    if not hit.field:
        return ""
    label = settings.crm().labels.field(
        hit.entity, settings.stored_schema().entity(hit.entity).field(hit.field), settings.language
    )
    return label if hit.excerpt == hit.title else f"{label}: {hit.excerpt}"


def _notes(settings: Settings, found: SearchResult) -> list[str]:
    say, notes = settings.say, []
    if found and not found.all_terms:
        notes.append(say("no record holds all of these words; those that hold most come first"))
    if found.is_capped:
        notes.append(say("many more hold it; only the newest were looked at"))
    if found.waiting:
        count = f"{found.waiting:,}{'+' if found.waiting == MOST_COUNTED else ''}"
        notes.append(say("waiting to be indexed: {count}; `pycrm search index` does it", count=count))
    return notes


def _document(found: SearchResult) -> dict[str, Any]:
    hits = [
        {
            "entity": hit.entity,
            "id": str(hit.record.id),
            "title": hit.title,
            "field": hit.field,
            "excerpt": hit.excerpt,
            "score": round(hit.score, 3),
        }
        for hit in found
    ]
    return {"hits": hits, "all_terms": found.all_terms, "is_capped": found.is_capped, "waiting": found.waiting}
