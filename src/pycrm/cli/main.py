"""The command ``pycrm``: all commands put together, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from pycrm.cli.command import Group, with_global_options
from pycrm.cli.context import Settings, global_options
from pycrm.cli.errors import ExitCode, describe, exit_code_of, exit_codes_text
from pycrm.cli.texts import Misuse

__all__ = ["cli", "main"]

_COMMANDS = {
    "init": "database:init",
    "migrate": "database:migrate",
    "demo": "demo:demo",
    "list": "records:list_",
    "count": "records:count",
    "show": "records:show",
    "search": "search:search",
    "views": "views:views",
    "create": "writing:create",
    "update": "writing:update",
    "import": "importing:import_",
    "export": "exporting:export",
    "archive": "archiving:archive",
    "unarchive": "archiving:unarchive",
    "entities": "schema:entities",
    "fields": "fields:fields",
    "indexes": "indexes:indexes",
    "roles": "roles:roles",
    "history": "trail:history",
    "audit": "trail:audit",
    "access": "access:access",
    "why": "why:why",
    "hand-over": "hand_over:hand_over",
    "plugins": "plugins:plugins",
    "plugin": "freezing:plugin",
    "doctor": "doctor:doctor",
    "config": "config:config",
    "shell": "shell:shell",
    "completion": "completion:completion",
}
_INTERRUPTED = 130  # as shells report a program that Ctrl-C ended


class Commands(Group):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"pycrm.cli.{module}"), name)
        return with_global_options(command)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        say = ctx.ensure_object(Settings).say
        formatter.write_paragraph()
        formatter.write(say("The options above may also stand after the command.") + "\n\n")
        formatter.write(exit_codes_text(say) + "\n")


@global_options
@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("pycrm"), prog_name="pycrm", message="%(prog)s %(version)s")
def cli() -> None:
    """A CRM on the command line: set it up, look into it, change it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``pycrm`` with *arguments*, those of the process where absent, and return the exit code."""
    settings = Settings()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # rather an escape than no answer
    try:
        result = cli.main(None if arguments is None else list(arguments), "pycrm", standalone_mode=False, obj=settings)
        return result if isinstance(result, int) else ExitCode.OK
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.ClickException as error:
        _tell_usage(error, settings)
        return ExitCode.USAGE
    except click.Abort:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001  the border: whatever it is, the user gets a sentence
        if settings.debug:
            traceback.print_exc()
        say = settings.say
        click.echo(say("error: {told}", told=describe(error, say, settings.labels)), err=True)
        return exit_code_of(error)
    finally:
        settings.close()


def _tell_usage(error: click.ClickException, settings: Settings) -> None:
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
    say = settings.say
    told = say(error.sentence, **error.facts) if isinstance(error, Misuse) else error.format_message()
    click.echo(say("error: {told}", told=told), err=True)
    if context is not None:
        click.echo(say("help: {command} --help", command=context.command_path), err=True)
