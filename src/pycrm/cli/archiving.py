"""``pycrm archive`` and ``pycrm unarchive``: everything into one file, and out of it into an empty database."""

from __future__ import annotations

from pathlib import Path

import click

from pycrm.cli.command import command
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, write
from pycrm.cli.progress import progress_of
from pycrm.exchange.archive import ArchiveReport

__all__ = ["archive", "unarchive"]


@command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def archive(settings: Settings, file: Path) -> None:
    """Write everything that the CRM holds to one FILE, which the other database loads as well.

    Definitions, records, those in the bin too, files, views, roles, history and audit trail. It is not encrypted.

    \b
    pycrm archive shop.pycrm
    """  # noqa: D301  click wants the control character
    report = settings.crm().archive(settings.principal, file)
    _tell(
        settings, report, settings.say("{rows} rows and {files} files written to {file}", **_facts(report, file)), file
    )


@command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def unarchive(settings: Settings, file: Path) -> None:
    """Load a FILE that `pycrm archive` wrote into an empty database.

    All of it or nothing. Ids, versions and times stay what they were.

    \b
    pycrm unarchive shop.pycrm --url postgresql://crm@localhost/crm
    """  # noqa: D301  click wants the control character
    with progress_of(settings.say("rows"), settings.say, shown=settings.progress) as progress:
        report = settings.crm(create=True).unarchive(settings.principal, file, on_progress=progress)
    _tell(
        settings, report, settings.say("{rows} rows and {files} files loaded from {file}", **_facts(report, file)), file
    )


def _facts(report: ArchiveReport, file: Path) -> dict[str, object]:
    return {"rows": report.rows, "files": report.files, "file": file}


def _tell(settings: Settings, report: ArchiveReport, told: str, file: Path) -> None:
    if not settings.as_json:
        write(told)
        return
    print_json(
        {
            "file": str(file),
            "installation": str(report.installation),
            "at": report.at.isoformat(),
            "plugins": dict(report.plugins),
            "tables": dict(report.tables),
            "rows": report.rows,
            "files": report.files,
        }
    )
