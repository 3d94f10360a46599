"""The command ``pycrm``: all commands put together, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from pycrm.cli.context import Settings, global_options
from pycrm.cli.errors import ExitCode, describe, exit_code_of, exit_codes_text

__all__ = ["cli", "main"]

_COMMANDS = {
    "init": "database:init",
    "migrate": "database:migrate",
    "demo": "demo:demo",
    "plugins": "plugins:plugins",
    "entities": "schema:entities",
    "fields": "schema:fields",
    "list": "records:list_",
    "show": "records:show",
    "create": "records:create",
    "update": "records:update",
}
_INTERRUPTED = 130  # as shells report a program that Ctrl-C ended


class Commands(click.Group):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"pycrm.cli.{module}"), name)
        return _with_global_options(command)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write("The options above may also stand after the command.\n\n")
        formatter.write(exit_codes_text() + "\n")


def _with_global_options(command: click.Command) -> click.Command:
    """Let the global options stand behind the command's name too, where most people write them."""
    if not any(parameter.name == "as_json" for parameter in command.params):
        global_options(command, hidden=True)
        if isinstance(command, click.Group):
            for below in command.commands.values():
                _with_global_options(below)
    return command


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
        _tell_usage(error)
        return ExitCode.USAGE
    except click.Abort:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001  the border: whatever it is, the user gets a sentence
        if settings.debug:
            traceback.print_exc()
        click.echo(f"error: {describe(error, settings.labels, settings.language)}", err=True)
        return exit_code_of(error)
    finally:
        settings.close()


def _tell_usage(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
    click.echo(f"error: {error.format_message()}", err=True)
    if context is not None:
        click.echo(f"help: {context.command_path} --help", err=True)
