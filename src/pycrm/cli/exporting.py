"""``pycrm export``: records of one entity into a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.filters import conditions, pointing
from pycrm.cli.output import print_json, write
from pycrm.cli.progress import progress_of
from pycrm.cli.texts import Misuse
from pycrm.exchange.exporting import FORMATS, ExportReport, format_of
from pycrm.schema import Entity

__all__ = ["export"]

STANDARD_OUTPUT = "-"


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.option("--to", metavar="FILE", required=True, help="The file; - prints, and needs --format.")
@click.option(
    "--where", metavar="FILTER", multiple=True, help="A filter, or FIELD=VALUE; given several times, all must hold."
)
@click.option("--order-by", "--order", metavar="FIELDS", help='"close_on, amount DESC".')
@click.option("--columns", metavar="FIELDS", help="Parted by commas; paths as account.country too.")
@click.option("--view", metavar="VIEW", help="What this saved view shows: its name or id.")
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), help="Else by the name of the file.")
@click.option("--labels", is_flag=True, help="For people: labels in the language, instead of names.")
@click.option("--encoding", type=click.Choice(["utf-8", "gb18030"]), default="utf-8", show_default=True, help="Of CSV.")
@click.option("--bom", is_flag=True, help="Begin CSV with the mark by which Excel knows UTF-8.")
@click.pass_obj
def export(
    settings: Settings,
    entity: str,
    to: str,
    where: Sequence[str],
    order_by: str | None,
    columns: str | None,
    view: str | None,
    kind: str | None,
    labels: bool,
    encoding: str,
    bom: bool,
) -> None:
    """Write the records of ENTITY to a file: CSV, XLSX, JSON lines, vCard or Parquet.

    You need the right to export them. The audit trail tells of it.

    \b
    pycrm export account --to accounts.csv
    pycrm export opportunity --to won.xlsx --where "stage.outcome = 'won'" --labels --lang zh
    pycrm export contact --to contacts.vcf --where "owner = ME"
    """  # noqa: D301  click wants the control character
    if to == STANDARD_OUTPUT and kind is None:
        raise Misuse("--to - needs --format")
    if kind is None and format_of(to) is None:
        raise Misuse("the name {file} does not say which format is meant; give --format", file=to)
    schema = settings.stored_schema()
    known = schema.entity(entity)
    with settings.reading() as ws, pointing(where):
        condition = conditions(ws, schema, known, where)
    counted = progress_of(settings.many(known), settings.say, shown=settings.progress)
    with pointing(where), counted as progress:
        report = settings.crm().export(
            settings.principal,
            known.record_class,
            sys.stdout.buffer if to == STANDARD_OUTPUT else Path(to),
            where=condition,
            order_by=order_by,
            columns=columns,
            view=view,
            format=kind,
            headers="labels" if labels else "names",
            language=settings.language,
            encoding=encoding,
            bom=bom,
            on_progress=progress if progress.stream is not None else None,
        )
    if to != STANDARD_OUTPUT:
        _tell(settings, known, to, report)


def _tell(settings: Settings, entity: Entity, to: str, report: ExportReport) -> None:
    if settings.as_json:
        print_json(
            {
                "entity": report.entity,
                "file": to,
                "format": report.format,
                "records": report.records,
                "left_out": report.left_out,
                "columns": list(report.columns),
            }
        )
        return
    say, many = settings.say, settings.many(entity)
    write(say("{count} {records} written to {file}", count=report.records, records=many, file=to))
    if report.left_out:
        write(say("{count} more you may read, but not export", count=report.left_out))
