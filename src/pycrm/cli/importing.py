"""``pycrm import``: what would come in; bringing it in, going on, telling of it, taking it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
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
from pycrm.cli.output import print_json, print_lines, print_table, write
from pycrm.cli.progress import progress_of
from pycrm.cli.texts import Misuse, sentence
from pycrm.errors import Problem
from pycrm.exchange.importing import Counts, ImportPlan, ImportResult, ImportUndone, Proof
from pycrm.exchange.importing import Progress as Done
from pycrm.exchange.importing.totals import shown as shown_sums
from pycrm.exchange.mapping import Mapping, mapping_text, read_mapping

__all__ = ["import_"]

MOST_SHOWN = 20
_COUNTS = (
    sentence("rows"),
    sentence("created"),
    sentence("updated"),
    sentence("skipped"),
    sentence("refused"),
)
_FILE = click.Path(dir_okay=False, path_type=Path)


def _reading(command: Any) -> Any:
    """Add what says how a source is read, where that is not found out rightly."""
    for names, facts in (
        (("--format", "kind"), {"metavar": "FORMAT", "help": "Of the file; else by its content."}),
        (("--encoding",), {"metavar": "NAME", "help": "Of a text file, as gb18030; else found out."}),
        (("--delimiter",), {"metavar": "CHARACTER", "help": "Between cells; else found out."}),
        (("--sheet",), {"metavar": "NAME", "help": "Of a workbook; else the first."}),
        (("--header-row",), {"type": int, "metavar": "LINE", "help": "That names the columns; 0 for none."}),
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
    settings.stored_schema()
    found = settings.crm().imports.suggest(
        settings.principal,
        source,
        entity=entity,
        language=settings.language,
        currency=currency,
        reading=_given(reading),
    )
    text = mapping_text(found.mapping)
    if to is not None:
        to.write_text(text, encoding="utf-8")
    if settings.as_json:
        columns = [attrs.asdict(each) for each in found.columns]
        print_json({"origin": found.origin, "preset": found.preset, "columns": columns, "mapping": text})
        return
    say = settings.say
    if found.preset:
        write(say("as in {preset}", preset=found.preset))
    rows = [
        (each.column, f"{each.entity}.{each.path}" if each.path else "", f"{each.certainty:.0%}", each.reason)
        for each in found.columns
    ]
    print_table(say.each("Column", "Field", "Certainty", "Reason"), rows, right=[2])
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
    chosen = _read_so(_mapping(mapping), reading)
    with _watched(settings) as watch:
        made = settings.crm().imports.plan(settings.principal, source, chosen, on_progress=watch)
    if to is not None:
        to.write_text(json.dumps(made.to_data(), ensure_ascii=False, indent=1), encoding="utf-8")
    before = None if against is None else _plan_in(against)
    if settings.as_json:
        told = made.to_data()
        if before is not None:
            told["differences"] = [attrs.asdict(each) for each in before.differences(made)]
        print_json(told)
        return
    _tell_plan(settings, made)
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
    approved = None if planned is None else _plan_in(planned)
    if approved is not None and (mapping is not None or any(value is not None for value in reading.values())):
        raise Misuse("--plan says all of that itself; leave --mapping and how to read the source out")
    chosen = None if approved is not None else _read_so(_mapping(mapping), reading)
    with _watched(settings) as watch:
        done = settings.crm().imports.run(
            settings.principal, source, chosen, plan=approved, batch_size=batch_size, on_progress=watch
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
    with _watched(settings) as watch:
        done = settings.crm().imports.resume(settings.principal, number, source=source, on_progress=watch)
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
    imports = settings.crm().imports
    done = imports.report(settings.principal, number)
    if settings.as_json:
        kept = imports.kept_rows(settings.principal, number, outcome=None if skipped else "refused")
        rows = [attrs.asdict(row) for row in kept]
        print_json({**done.to_data(), "kept_rows": rows})
    else:
        _tell_result(settings, done)
        _tell_refused(settings, done)
    if refused is not None:
        imports.write_rows_back(
            settings.principal, number, refused, source=source, skipped=skipped, language=settings.language
        )


@import_.command()
@click.argument("number", metavar="RUN")
@click.pass_obj
def undo(settings: Settings, number: str) -> None:
    """Take an import back: remove what it created, put back what it changed, leave what others changed since.

    \b
    pycrm import undo IMP-2026-0001
    """  # noqa: D301  click wants the control character
    with progress_of(settings.say("batches"), settings.say, shown=settings.progress) as shown:
        undone = settings.crm().imports.undo(settings.principal, number, on_progress=shown)
    if settings.as_json:
        print_json(undone.to_data())
    else:
        _tell_undone(settings, undone)


# What is given


def _mapping(path: Path | None) -> Mapping:
    if path is None:
        raise Misuse("say which column goes where: --mapping FILE; `pycrm import suggest` proposes one")
    if not path.exists():
        raise Misuse("there is no mapping file {path}", path=path)
    return read_mapping(path)


def _plan_in(path: Path) -> ImportPlan:
    try:
        return ImportPlan.from_data(json.loads(path.read_text("utf-8")))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Misuse("{path} holds no plan: {told}", path=path, told=error) from error


def _read_so(mapping: Mapping, reading: AnyMapping[str, Any]) -> Mapping:
    """Return *mapping* with what the options say of how the source is read, so that it is kept with the run."""
    return attrs.evolve(mapping, reading={**mapping.reading, **_given(reading)})


def _given(reading: AnyMapping[str, Any]) -> dict[str, Any]:
    return {"format" if name == "kind" else name: value for name, value in reading.items() if value is not None}


@contextmanager
def _watched(settings: Settings) -> Iterator[Callable[[Done], None]]:
    with progress_of(settings.say("rows"), settings.say, shown=settings.progress) as shown:
        # Nobody has counted the rows, unless there is a plan.
        yield lambda done: shown(done.counts.rows, done.of or done.counts.rows)


# What is told


def _finish(settings: Settings, done: ImportResult, refused: Path | None, source: str | None) -> None:
    imports = settings.crm().imports
    if refused is not None and done.counts.refused:
        imports.write_rows_back(settings.principal, done.run, refused, source=source, language=settings.language)
    if settings.as_json:
        print_json(done.to_data())
    else:
        _tell_result(settings, done)
        if refused is None:
            _tell_refused(settings, done)
        elif done.counts.refused:
            write(settings.say("the refused rows are in {file}", file=refused))
    if not done.agrees:
        raise click.exceptions.Exit(ExitCode.UNHEALTHY)
    if done.counts.refused:
        raise click.exceptions.Exit(ExitCode.INVALID)


def _tell_plan(settings: Settings, plan: ImportPlan) -> None:
    say = settings.say
    facts = [(say("source"), plan.source)]
    if plan.encoding is not None:
        facts.append((say("encoding"), f"{plan.encoding} ({plan.certainty:.0%})"))
    facts += _count_lines(settings, plan.counts)
    if plan.defined:
        facts.append((say("new fields"), ", ".join(plan.defined)))
    if plan.unmapped:
        facts.append((say("unused columns"), ", ".join(plan.unmapped)))
    print_lines(facts)
    _tell_proof(settings, plan.proof)
    refused = [(row.line, row.problems) for row in plan.rows if row.outcome == "refused"]
    _tell_rows(settings, refused, len(refused))
    write(say("nothing was changed"))


def _tell_result(settings: Settings, done: ImportResult) -> None:
    say = settings.say
    facts = [(say("run"), done.run), (say("status"), done.status)]
    if done.encoding is not None:
        facts.append((say("encoding"), done.encoding))
    rate = done.counts.rows / done.seconds if done.seconds else 0
    facts += _count_lines(settings, done.counts)
    facts.append((say("seconds"), say("{seconds:.1f} ({rate:,.0f} rows per second)", seconds=done.seconds, rate=rate)))
    print_lines(facts)
    _tell_proof(settings, done.proof)
    if done.as_planned is False:
        write(
            say(
                "NOT AS PLANNED: some rows became something else than the plan says; compare the counts, or take it "
                "back with `pycrm import undo {run}`",
                run=done.run,
            )
        )


def _count_lines(settings: Settings, counts: Counts) -> list[tuple[str, str]]:
    return [(settings.say(name), f"{getattr(counts, name):,}") for name in _COUNTS]


def _tell_proof(settings: Settings, proof: Proof) -> None:
    say, schema = settings.say, settings.stored_schema()
    entities = [
        (
            name,
            f"{each.created:,}",
            f"{each.updated:,}",
            f"{each.values:,}",
            f"{each.different:,}",
            each.stored_digest[:12] if each.agrees else say("NOT EQUAL"),
        )
        for name, each in proof.entities.items()
    ]
    if entities:
        heads = say.each("Entity", "Created", "Updated", "Values compared", "Different", "Digest")
        print_table(heads, entities, right=[1, 2, 3, 4])
    totals = []
    for name, each in proof.entities.items():
        for path, total in each.totals.items():
            field = schema.entity(name).fields.get(path)
            if field is None:  # of a plan that would define it
                continue
            parts = (total.read, total.left, total.written, total.stored)
            totals.append((f"{name}.{path}", *(shown_sums(field, sums) for sums in parts)))
    if totals:
        print_table(say.each("Total", "Read", "Left out", "Written", "Stored"), totals, right=[1, 2, 3, 4])
    for difference in proof.differences[:MOST_SHOWN]:
        write(
            say(
                "line {line}: {entity}.{field} was read as {read} and is stored as {stored}",
                line=difference.line,
                entity=difference.entity,
                field=difference.field,
                read=difference.read,
                stored=difference.stored,
            )
        )


def _tell_refused(settings: Settings, done: ImportResult) -> None:
    imports = settings.crm().imports
    rows = imports.kept_rows(settings.principal, done.run, outcome="refused", limit=MOST_SHOWN)
    _tell_rows(settings, [(row.line, row.problems) for row in rows], done.counts.refused)


def _tell_rows(settings: Settings, rows: Sequence[tuple[int, Sequence[AnyMapping[str, Any]]]], count: int) -> None:
    """Show the first rows that were refused, of *count*."""
    say, labels = settings.say, settings.crm().labels
    lines = [
        (
            str(line),
            _where(data),
            _value(data),
            labels.problem(Problem.from_data(data, None), settings.language),
        )
        for line, problems in rows[:MOST_SHOWN]
        for data in problems
    ]
    if lines:
        write(say("refused:"))
        print_table(say.each("Line", "Column", "Value", "Reason"), lines, right=[0])
    if count > MOST_SHOWN:
        write(say("and {count} more", count=count - MOST_SHOWN))


def _where(problem: AnyMapping[str, Any]) -> str:
    return str(problem["facts"].get("column") or problem["field"] or "")


def _value(problem: AnyMapping[str, Any]) -> str:
    value = problem["facts"].get("value")
    return "" if value is None else str(value)


def _tell_undone(settings: Settings, undone: ImportUndone) -> None:
    say, labels = settings.say, settings.crm().labels
    write(
        say(
            "{run} is taken back: {removed:,} removed, {restored:,} put back",
            run=undone.run,
            removed=undone.removed,
            restored=undone.restored,
        )
    )
    for each in undone.left:
        reasons = "; ".join(labels.problem(problem, settings.language) for problem in each.problems)
        write(say("left: {entity} {record}: {reasons}", entity=each.entity, record=each.record_id, reasons=reasons))
