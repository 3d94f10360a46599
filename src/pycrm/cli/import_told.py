"""What ``pycrm import`` tells people: plans, results, refused and skipped rows, what an undoing left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pycrm.cli.context import Settings
from pycrm.cli.output import name_of, print_lines, print_table, write
from pycrm.cli.texts import sentence
from pycrm.errors import NotFoundError, Problem
from pycrm.exchange.importing import Counts, ImportPlan, ImportResult, ImportUndone, Left, Proof
from pycrm.exchange.importing.totals import shown as shown_sums

__all__ = ["shortened", "tell_left", "tell_plan", "tell_refused", "tell_result", "tell_skipped", "tell_undone"]

MOST_SHOWN = 20
LONGEST_SHOWN = 80
"""Of a value in a table, in characters; one cell of a file may have millions."""

LONGEST_TOLD = 1_000
"""Likewise in JSON."""

_COUNTS = (
    sentence("rows"),
    sentence("created"),
    sentence("updated"),
    sentence("skipped"),
    sentence("refused"),
)


def tell_plan(settings: Settings, plan: ImportPlan) -> None:
    """Tell what an import would do."""
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


def tell_result(settings: Settings, done: ImportResult) -> None:
    """Tell what an import did: counts, control totals, what is stored otherwise than it was read."""
    say = settings.say
    facts = [(say("run"), done.run), (say("status"), done.status)]
    if done.encoding is not None:
        facts.append((say("encoding"), done.encoding))
    rate = done.counts.rows / done.seconds if done.seconds else 0
    facts += _count_lines(settings, done.counts)
    if done.queued:
        facts.append((say("undecided"), f"{done.queued:,}"))
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
    if done.queued:
        write(
            say(
                "{count:,} of the skipped rows wait for a decision; `pycrm import report {run} --skipped` shows them",
                count=done.queued,
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
    _tell_set_aside(settings, proof)
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


def _tell_set_aside(settings: Settings, proof: Proof) -> None:
    """Tell what rows went in without."""
    if not proof.set_aside:
        return
    say, labels = settings.say, settings.crm().labels
    rows = []
    for each in proof.set_aside:
        first = each.examples[0]
        examples = _cut(", ".join(map(_value, each.examples)), LONGEST_SHOWN)
        reason = labels.problem(Problem.from_data(first, None), settings.language)
        field = f"{each.entity}.{each.field}" if each.entity else ""
        rows.append((_cut(each.column, LONGEST_SHOWN), field, f"{each.count:,}", examples, reason))
    write(say("rows went in without these values:"))
    print_table(say.each("Column", "Field", "Values set aside", "Examples", "Reason"), rows, right=[2])


def tell_refused(settings: Settings, done: ImportResult) -> None:
    """Tell the first refused rows of an import, with the reasons."""
    imports = settings.crm().imports
    rows = imports.kept_rows(settings.principal, done.run, outcome="refused", limit=MOST_SHOWN)
    _tell_rows(settings, [(row.line, row.problems) for row in rows], done.counts.refused)


def _tell_rows(settings: Settings, rows: Sequence[tuple[int, Sequence[Mapping[str, Any]]]], count: int) -> None:
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


def tell_skipped(settings: Settings, done: ImportResult) -> None:
    """Tell the first rows of an import that changed nothing: which record they hit, and why it stays as it is."""
    say, labels = settings.say, settings.crm().labels
    rows = settings.crm().imports.kept_rows(settings.principal, done.run, outcome="skipped", limit=MOST_SHOWN)
    names = _names(settings, [(row.entity, row.record_id) for row in rows if row.entity and row.record_id])
    lines = []
    for row in rows:
        problems = [Problem.from_data(data, None) for data in row.problems]
        reasons = "; ".join(labels.problem(problem, settings.language) for problem in problems)
        hit = names[row.record_id] if row.record_id else ""
        lines.append((str(row.line), hit, reasons or say("is so already")))
    if lines:
        write(say("skipped:"))
        print_table(say.each("Line", "Record", "Reason"), lines, right=[0])
    if done.counts.skipped > MOST_SHOWN:
        write(say("and {count} more", count=done.counts.skipped - MOST_SHOWN))


def shortened(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return *problem*, as `Problem.to_data` tells it, with its long texts cut: the row itself has them whole."""
    facts = {
        name: _cut(value, LONGEST_TOLD) if isinstance(value, str) else value for name, value in problem["facts"].items()
    }
    return {**problem, "facts": facts}


def _where(problem: Mapping[str, Any]) -> str:
    return _cut(str(problem["facts"].get("column") or problem["field"] or ""), LONGEST_SHOWN)


def _value(problem: Mapping[str, Any]) -> str:
    value = problem["facts"].get("value")
    return "" if value is None else _cut(str(value), LONGEST_SHOWN)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _names(settings: Settings, records: Sequence[tuple[str, UUID]]) -> dict[UUID, str]:
    """Return what people call *records*: number and title, or the id alone of one that is out of reach."""
    schema, names = settings.stored_schema(), {}
    with settings.reading() as ws:
        for name, record_id in records:
            entity = schema.entity(name)
            try:
                called = name_of(entity, ws.get(entity.record_class, record_id))
            except NotFoundError:
                called = f"({record_id})"
            names[record_id] = f"{name} {_cut(called, LONGEST_SHOWN + len(str(record_id)))}"
    return names


def tell_undone(settings: Settings, undone: ImportUndone) -> None:
    """Tell what taking an import back did."""
    write(
        settings.say(
            "{run} is taken back: {removed:,} removed, {restored:,} put back",
            run=undone.run,
            removed=undone.removed,
            restored=undone.restored,
        )
    )
    tell_left(settings, undone.left)


def tell_left(settings: Settings, left: Sequence[Left]) -> None:
    """Tell which records taking an import back left as they are: what they are called, which fields, and why."""
    if not left:
        return
    say, labels = settings.say, settings.crm().labels
    names = _names(settings, [(each.entity, each.record_id) for each in left[:MOST_SHOWN]])
    rows = [
        (
            names[each.record_id],
            problem.field or str(problem.facts.get("paths") or ""),
            labels.problem(problem, settings.language),
        )
        for each in left[:MOST_SHOWN]
        for problem in each.problems
    ]
    write(say("left as they are:"))
    print_table(say.each("Record", "Field", "Reason"), rows)
    if len(left) > MOST_SHOWN:
        write(say("and {count} more; --json tells all", count=len(left) - MOST_SHOWN))
