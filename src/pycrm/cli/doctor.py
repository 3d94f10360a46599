"""``pycrm doctor``: what is risky or wrong about the database, its engine and its settings."""

from __future__ import annotations

import click

from pycrm.cli.command import command
from pycrm.cli.context import Settings
from pycrm.cli.errors import ExitCode
from pycrm.cli.output import print_json, write
from pycrm.cli.sources import shown_url
from pycrm.errors import Problem

__all__ = ["doctor"]


@command()
@click.option("--deep", is_flag=True, help="Have SQLite read the whole file for damage, too.")
@click.option("--strict", is_flag=True, help="End with 9 on a warning, too.")
@click.pass_obj
def doctor(settings: Settings, deep: bool, strict: bool) -> int:
    """Look the database over: engine, settings, tables, columns, indexes, parked plugins.

    Nothing is changed. The exit code is 9 when there is an error, else 0; notes and warnings are for people.
    """
    problems = settings.crm().examine(deep=deep)
    grave = {"error", "warning"} if strict else {"error"}
    code = ExitCode.UNHEALTHY if any(problem.level in grave for problem in problems) else ExitCode.OK
    if settings.as_json:
        print_json({"url": shown_url(settings.database()), "findings": [_document(each) for each in problems]})
    else:
        _tell(settings, problems)
    return code


def _document(problem: Problem) -> dict[str, object]:
    facts = {name: value if isinstance(value, int) else str(value) for name, value in problem.facts.items()}
    return {"level": problem.level, "code": problem.code, "message": problem.message, "facts": facts}


def _tell(settings: Settings, problems: list[Problem]) -> None:
    say, labels = settings.say, settings.crm().labels
    levels = {"error": say("error"), "warning": say("warning"), "note": say("note")}
    for problem in problems:
        told = f"{labels.problem(problem, settings.language)} [{problem.code}]"
        write(say("{level}: {told}", level=levels[problem.level], told=told))
    counts = {f"{level}s": sum(problem.level == level for problem in problems) for level in levels}
    url = shown_url(settings.database())
    write(say("{url}: errors {errors}, warnings {warnings}, notes {notes}", url=url, **counts))
