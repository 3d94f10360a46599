"""``fields convert``: another kind for a custom field; first what would happen, then, on wish, that it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_custom, complete_entity, complete_kind
from pycrm.cli.context import Settings
from pycrm.cli.declaring import custom_name, kind_of_words
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.progress import Progress, progress_of
from pycrm.cli.texts import Misuse, Texts
from pycrm.fields.field import Field
from pycrm.query import F
from pycrm.schema import Entity
from pycrm.workspace import FieldConversion, Workspace

__all__ = ["convert"]

SHOWN = 20


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.argument("kind", required=False, shell_complete=complete_kind)
@click.argument("words", metavar="[OPTION=VALUE | CHOICE]...", nargs=-1)
@click.option("--apply", is_flag=True, help="Do it; without, nothing is changed.")
@click.option("--undo", is_flag=True, help="Take the last conversion of the field back.")
@click.option("--indexed", is_flag=True, help="Keep an index, for filters and orders.")
@click.option("--unique", is_flag=True, help="No two records outside the bin hold the same value.")
@click.pass_obj
def convert(
    settings: Settings,
    entity: str,
    name: str,
    kind: str | None,
    words: Sequence[str],
    apply: bool,
    undo: bool,
    indexed: bool,
    unique: bool,
) -> None:
    """Give the custom field NAME of ENTITY another KIND; options as for `define`.

    Without --apply it only tells which values would not fit. Those stay in a retired field beside it, as all values
    do as they were; --undo takes everything back.

    \b
    pycrm fields convert account employees integer
    pycrm fields convert account employees integer --apply
    pycrm fields convert account employees --undo --apply
    """  # noqa: D301  click wants the control character
    if undo == (kind is not None):
        raise Misuse("write the new kind, or --undo without one")
    schema = settings.stored_schema()
    known, own = schema.entity(entity), custom_name(name)
    new = Field(kind_of_words(kind, words, schema.kinds), indexed=indexed, unique=unique) if kind else None
    say = settings.say
    with settings.acting() as ws, progress_of(say("records"), say, shown=settings.progress) as progress:
        report = _convert(ws, known, own, new, apply=apply, progress=progress)
    if settings.as_json:
        print_json({"entity": known.name, "applied": apply, **_document(report)})
    else:
        _tell(settings, known.name, report, applied=apply)
        if apply and report.kept_in is not None:
            write(_kept(say, report.kept_in, undone=undo))


def _convert(
    ws: Workspace, entity: Entity, name: str, new: Field | None, *, apply: bool, progress: Progress
) -> FieldConversion:
    """Convert the field *name* to *new*, or back where that is None."""
    path, record_class = f"custom.{name}", entity.record_class
    # Records in the bin are converted, too, and not counted here; what cannot be converted has an error of its own.
    total = ws.count(record_class, where=F[path].is_not_null()) if path in entity.fields else 0

    def tell(done: int) -> None:
        progress(min(done, total), total)

    if new is None:
        return ws.undo_convert_field(record_class, name, dry_run=not apply, on_progress=tell)
    return ws.convert_field(record_class, name, new, dry_run=not apply, on_progress=tell)


def _document(report: FieldConversion) -> dict[str, Any]:
    return {
        "name": report.field.path,
        "kind": report.field.kind.name,
        "converted": report.converted,
        "misfit_count": report.misfit_count,
        "misfits": [
            {"id": str(each.record_id), "value": each.value, "problem": str(each.problem)} for each in report.misfits
        ],
        "kept_in": report.kept_in,
    }


def _tell(settings: Settings, entity: str, report: FieldConversion, *, applied: bool) -> None:
    say, labels = settings.say, settings.crm().labels
    path, kind = f"{entity}.{report.field.path}", report.field.kind.name
    if report.misfits:
        rows = [
            (
                str(each.record_id),
                str(each.value),
                f"{labels.problem(each.problem, settings.language)} [{each.problem.code}]",
            )
            for each in report.misfits[:SHOWN]
        ]
        print_table(say.each("Record", "Value", "Problem"), rows)
        if report.misfit_count > SHOWN:
            write(say("… and {count} more", count=report.misfit_count - SHOWN))
    counts = {"path": path, "kind": kind, "fit": report.converted, "misfits": report.misfit_count}
    if not applied:
        write(say("{path} to {kind}: {fit} values fit, {misfits} do not; --apply does it", **counts))
        return
    write(say("{path} is {kind} now: {fit} values fit, {misfits} did not", **counts))


def _kept(say: Texts, name: str, *, undone: bool) -> str:
    if undone:
        return say("what did not fit back is kept in custom.{name}", name=name)
    return say("what was there is kept in custom.{name}; --undo takes it back", name=name)
