"""``pycrm import``: what would come in; bringing it in, going on, telling of it, taking it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click

from pycrm.cli.command import group
from pycrm.cli.complete import complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.errors import ExitCode
from pycrm.cli.import_files import check_written, mapping_in, plan_in
from pycrm.cli.import_told import (
    shortened,
    tell_left,
    tell_plan,
    tell_refused,
    tell_result,
    tell_skipped,
    tell_undone,
)
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.progress import Progress, progress_of
from pycrm.cli.texts import Misuse
from pycrm.exchange.importing import ImportResult
from pycrm.exchange.importing import Progress as Done
from pycrm.exchange.mapping import Mapping, mapping_text

__all__ = ["import_"]

_FILE = click.Path(dir_okay=False, path_type=Path)


def _reading(command: Any) -> Any:
    """Add what says how a source is read, where that is not found out rightly."""
    for names, facts in (
        (("--format", "kind"), {"metavar": "FORMAT", "help": "Of the file; else by its content."}),
        (("--encoding",), {"metavar": "NAME", "help": "Of a text file, as gb18030; else found out."}),
        (("--delimiter",), {"metavar": "CHARACTER", "help": "Between cells; else found out."}),
        (("--sheet",), {"metavar": "NAME", "help": "Of a workbook or a folder, the one table to read."}),
        (
            ("--header-row",),
            {"type": click.IntRange(min=0), "metavar": "LINE", "help": "That names the columns; 0 for none."},
        ),
        (("--query",), {"metavar": "SELECT", "help": "What to read where SOURCE is the URL of a database."}),
    ):
        command = click.option(*names, **facts)(command)
    return command


@group("import")
def import_() -> None:
    """Bring records in from a file, another system's export or a database, with proof and a way back.

    \b
    pycrm import suggest customers.xlsx --entity account --to customers.toml
    pycrm import plan customers.xlsx --mapping customers.toml
    pycrm import run customers.xlsx --mapping customers.toml --refused refused.csv
    pycrm import undo IMP-2026-0001
    """  # noqa: D301  click wants the control character


@import_.command()
@click.argument("source")
@click.option(
    "--entity", metavar="ENTITY", shell_complete=complete_entity, help="What the rows are; else the likeliest."
)
@click.option("--currency", metavar="CODE", default="", help="Of amounts that do not say, as USD.")
@click.option("--to", type=_FILE, help="Write the mapping to this file, to be read over and used.")
@_reading
@click.pass_obj
def suggest(
    settings: Settings, /, source: str, entity: str | None, currency: str, to: Path | None, **reading: Any
) -> None:
    """Propose which column goes where, by headers in English or Chinese, by values, or by the product that exported.

    \b
    pycrm import suggest customers.xlsx --entity account
    pycrm import suggest hubspot.csv --to hubspot.toml
    """  # noqa: D301  click wants the control character
    check_written(settings, "--to", to, source)
    told = _given(source, reading)
    settings.stored_schema()
    found = settings.crm().imports.suggest(
        settings.principal,
        source,
        entity=entity,
        language=settings.language,
        currency=currency,
        reading=told,
    )
    text = mapping_text(found.mapping)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    if settings.as_json:
        columns = [attrs.asdict(each) for each in found.columns]
        told_of = {"origin": found.origin, "preset": found.preset, "without_key": found.without_key}
        print_json({**told_of, "columns": columns, "mapping": text})
        return
    say = settings.say
    if found.preset:
        write(say("as in {preset}", preset=found.preset))
    rows = [
        (each.column, f"{each.entity}.{each.path}" if each.path else "", f"{each.certainty:.0%}", each.reason)
        for each in found.columns
    ]
    print_table(say.each("Column", "Field", "Certainty", "Reason"), rows, right=[2])
    if found.without_key:
        write(
            say(
                "no key is known of {entities}: a second import makes them again; name one in the mapping, as "
                'by = ["number"]',
                entities=", ".join(found.without_key),
            )
        )
    if to is not None:
        write(say("the mapping is in {file}; read it over, then `pycrm import plan`", file=to))


@import_.command()
@click.argument("source")
@click.option("--mapping", type=_FILE, help="Which column goes where; `import suggest` proposes it.")
@click.option("--to", type=_FILE, help="Keep the plan in this file, for `import run --plan`.")
@click.option("--against", type=_FILE, help="Show what parts it from this earlier plan.")
@_reading
@click.pass_obj
def plan(
    settings: Settings, /, source: str, mapping: Path | None, to: Path | None, against: Path | None, **reading: Any
) -> None:
    """Show what an import would do, by doing it and taking it back: nothing changes.

    \b
    pycrm import plan customers.csv --mapping customers.toml
    pycrm import plan customers.csv --mapping customers.toml --to plan.json
    """  # noqa: D301  click wants the control character
    check_written(settings, "--to", to, source, mapping)
    chosen = _read_so(mapping_in(mapping), source, reading)
    before = None if against is None else plan_in(against)  # which the new one may replace
    with _watched(settings) as watch:
        made = settings.crm().imports.plan(settings.principal, source, chosen, on_progress=watch.progress)
    if to is not None:
        to.write_text(json.dumps(made.to_data(), ensure_ascii=False, indent=1), encoding="utf-8")
    if settings.as_json:
        told = made.to_data()
        told["rows"] = [{**row, "problems": [*map(shortened, row["problems"])]} for row in told["rows"]]
        if before is not None:
            told["differences"] = [attrs.asdict(each) for each in before.differences(made)]
        print_json(told)
        return
    tell_plan(settings, made)
    if before is not None:
        rows = [(each.what, each.before, each.after) for each in before.differences(made)]
        write(
            settings.say("no difference to the earlier plan") if not rows else settings.say("since the earlier plan:")
        )
        if rows:
            print_table(settings.say.each("What", "Before", "Now"), rows)


@import_.command()
@click.argument("source")
@click.option("--mapping", type=_FILE, help="Which column goes where; `import suggest` proposes it.")
@click.option("--plan", "planned", type=_FILE, help="A plan that was approved; another file is refused.")
@click.option("--refused", type=_FILE, help="Write the refused rows, with the reasons, to this CSV file.")
@click.option("--batch-size", type=click.IntRange(min=1), default=5_000, show_default=True, help="Rows at once.")
@_reading
@click.pass_obj
def run(
    settings: Settings,
    /,
    source: str,
    mapping: Path | None,
    planned: Path | None,
    refused: Path | None,
    batch_size: int,
    **reading: Any,
) -> None:
    """Bring the rows of SOURCE in. Rows with a problem are refused, each with its reason; the others go in.

    Killed in between, `import resume` goes on. The exit code is 4 where rows were refused.

    \b
    pycrm import run customers.csv --mapping customers.toml --refused refused.csv
    pycrm import run customers.csv --plan plan.json
    """  # noqa: D301  click wants the control character
    check_written(settings, "--refused", refused, source, mapping, planned)
    approved = None if planned is None else plan_in(planned)
    if approved is not None and (mapping is not None or any(value is not None for value in reading.values())):
        raise Misuse("--plan says all of that itself; leave --mapping and how to read the source out")
    chosen = None if approved is not None else _read_so(mapping_in(mapping), source, reading)
    with _watched(settings) as watch:
        done = settings.crm().imports.run(
            settings.principal,
            source,
            chosen,
            plan=approved,
            batch_size=batch_size,
            on_begin=watch.begin,
            on_progress=watch.progress,
        )
    _finish(settings, done, refused, source)


@import_.command()
@click.argument("number", metavar="RUN")
@click.option("--source", help="Where its file is by now; else where it was.")
@click.option("--refused", type=_FILE, help="Write the refused rows, with the reasons, to this CSV file.")
@click.pass_obj
def resume(settings: Settings, number: str, source: str | None, refused: Path | None) -> None:
    """Go on with an import that was interrupted, behind the last rows that went in.

    \b
    pycrm import resume IMP-2026-0001
    """  # noqa: D301  click wants the control character
    check_written(settings, "--refused", refused, source)
    with _watched(settings) as watch:
        done = settings.crm().imports.resume(
            settings.principal, number, source=source, on_begin=watch.begin, on_progress=watch.progress
        )
    _finish(settings, done, refused, source)


@import_.command()
@click.argument("number", metavar="RUN")
@click.option("--refused", type=_FILE, help="Write the refused rows, with the reasons, to this CSV file.")
@click.option("--skipped", is_flag=True, help="And those that changed nothing.")
@click.option("--source", help="Where its file is by now; else where it was.")
@click.pass_obj
def report(settings: Settings, number: str, refused: Path | None, skipped: bool, source: str | None) -> None:
    """Tell what an import did: counts, control totals, what is stored against what was read, refused rows.

    \b
    pycrm import report IMP-2026-0001
    pycrm import report IMP-2026-0001 --refused refused.csv --skipped
    """  # noqa: D301  click wants the control character
    check_written(settings, "--refused", refused, source)
    imports = settings.crm().imports
    done = imports.report(settings.principal, number)
    if settings.as_json:
        kept = imports.kept_rows(settings.principal, number, outcome=None if skipped else "refused")
        rows = [{**attrs.asdict(row), "problems": [*map(shortened, row.problems)]} for row in kept]
        print_json({**done.to_data(), "kept_rows": rows})
    else:
        tell_result(settings, done)
        tell_refused(settings, done)
        if skipped:
            tell_skipped(settings, done)
        tell_left(settings, done.left)
    if refused is not None:
        _write_rows_back(settings, done, refused, source, skipped=skipped)


@import_.command()
@click.argument("number", metavar="RUN")
@click.pass_obj
def undo(settings: Settings, number: str) -> None:
    """Take an import back: remove what it created, put back what it changed, leave what others changed since.

    The exit code is 4 where records were left; `import report` tells them again.

    \b
    pycrm import undo IMP-2026-0001
    """  # noqa: D301  click wants the control character
    with progress_of(settings.say("batches"), settings.say, shown=settings.progress) as shown:
        undone = settings.crm().imports.undo(settings.principal, number, on_progress=shown)
    if settings.as_json:
        print_json(undone.to_data())
    else:
        tell_undone(settings, undone)
    if undone.left:
        raise click.exceptions.Exit(ExitCode.INVALID)


# What is given


def _read_so(mapping: Mapping, source: str, reading: AnyMapping[str, Any]) -> Mapping:
    """Return *mapping* with what the options say of how the source is read, so that it is kept with the run."""
    return attrs.evolve(mapping, reading={**mapping.reading, **_given(source, reading)})


def _given(source: str, reading: AnyMapping[str, Any]) -> dict[str, Any]:
    """Return what the options say of how *source* is read.

    Raises:
        Misuse: A query for what is no database.
    """
    if reading["query"] is not None and "://" not in source:
        raise Misuse("--query goes with the URL of a database, not with {source}; leave it out", source=source)
    return {"format" if name == "kind" else name: value for name, value in reading.items() if value is not None}


# What is told


class _Watch:
    """Follows a run: shows how far it has come, and knows which one it is where it ends early."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self.run = ""
        self.rows = 0

    def begin(self, begun: ImportResult) -> None:
        """Take down the number of the run."""
        self.run, self.rows = begun.run, begun.counts.rows
        self._shown(self.rows, None)

    def progress(self, done: Done) -> None:
        """Show how far it is."""
        self.rows = done.counts.rows
        self._shown(self.rows, done.of, done.seconds_left)


@contextmanager
def _watched(settings: Settings) -> Iterator[_Watch]:
    say = settings.say
    with progress_of(say("rows"), say, shown=settings.progress) as shown:
        watch = _Watch(shown)
        try:
            yield watch
        except BaseException:  # Ctrl-C too, after which nobody else says anything
            shown.clear()
            if watch.run:
                click.echo(
                    say(
                        "{run} stopped, rows done: {rows:,}; `pycrm import resume {run}` goes on behind them, "
                        "`pycrm import undo {run}` takes them back",
                        run=watch.run,
                        rows=watch.rows,
                    ),
                    err=True,
                )
            raise


def _finish(settings: Settings, done: ImportResult, refused: Path | None, source: str | None) -> None:
    if settings.as_json:
        print_json(done.to_data())
    else:
        tell_result(settings, done)
        if refused is None:
            tell_refused(settings, done)
    if refused is not None:
        # Where nothing was refused, too: an older file of this name would be taken for that of this run.
        _write_rows_back(settings, done, refused, source)
        if done.counts.refused and not settings.as_json:
            write(settings.say("the refused rows are in {file}", file=refused))
    if not done.agrees:
        raise click.exceptions.Exit(ExitCode.UNHEALTHY)
    if done.counts.refused:
        raise click.exceptions.Exit(ExitCode.INVALID)


def _write_rows_back(
    settings: Settings, done: ImportResult, path: Path, source: str | None, *, skipped: bool = False
) -> None:
    imports = settings.crm().imports
    try:
        imports.write_rows_back(
            settings.principal, done.run, path, source=source, skipped=skipped, language=settings.language
        )
    except OSError as error:
        raise Misuse(
            "{path} cannot be written: {told}; `pycrm import report {run} --refused FILE` writes it elsewhere",
            path=path,
            told=error,
            run=done.run,
        ) from error
