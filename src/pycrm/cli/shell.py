"""``pycrm shell``: Python with the CRM open, for looking around and for scripts."""

from __future__ import annotations

import code
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

import pycrm
from pycrm.cli.command import command
from pycrm.cli.context import Settings
from pycrm.cli.sources import shown_url

__all__ = ["shell"]


@command()
@click.option("-c", "script", metavar="CODE", help="Run this and end.")
@click.option("--plain", is_flag=True, help="Python's own prompt, even where IPython is installed.")
@click.pass_obj
def shell(settings: Settings, script: str | None, plain: bool) -> None:
    """Open a Python prompt on the CRM; what comes on standard input is run as a script.

    There are `crm`, the user `me` of --as, `acting()` and `reading()`, which open a unit of work, and by name all that
    `from pycrm import *` gives and every entity's class.

    \b
    pycrm shell
    pycrm shell -c "with reading() as ws: print(ws.count(Account))"
    """  # noqa: D301  click wants the control character
    names = _names(settings)
    if script is None and not sys.stdin.isatty():
        script = sys.stdin.read()
    if script is not None:
        exec(compile(script, "<pycrm shell>", "exec"), names)  # noqa: S102  the user's own code, by his own wish
        return
    _prompt(names, _banner(settings), plain=plain)


def _names(settings: Settings) -> dict[str, Any]:
    """Return what a session knows by name; a class of our own goes before one of the same name by a plugin."""
    classes = {cls.__name__: cls for cls in (each.record_class for each in settings.stored_schema().entities.values())}
    promised = {name: getattr(pycrm, name) for name in pycrm.__all__}
    return {
        "__name__": "__main__",
        **classes,
        **promised,
        "crm": settings.crm(),
        "me": settings.principal,
        "acting": settings.acting,
        "reading": settings.reading,
    }


def _banner(settings: Settings) -> str:
    say, user = settings.say, settings.principal.user
    where = say("pycrm {version}, {url}", version=pycrm.__version__, url=shown_url(settings.database()))
    how = say("with acting() as ws: writes as {user}, reading() only reads; crm, me, Account, …", user=user)
    return f"{where}\n{how}"


def _prompt(names: dict[str, Any], banner: str, *, plain: bool) -> None:
    if not plain and find_spec("IPython") is not None:
        click.echo(banner)
        import_module("IPython").start_ipython(argv=["--no-banner"], user_ns=names)
        return
    if find_spec("readline") is not None:
        completer = import_module("rlcompleter").Completer(names)
        readline = import_module("readline")
        readline.set_completer(completer.complete)
        readline.parse_and_bind("tab: complete")
    code.interact(banner, local=names, exitmsg="")
