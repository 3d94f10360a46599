"""Commands and groups whose help speaks the user's language; a group may have a subcommand for bare arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import click

from pycrm.cli.context import Settings, global_options
from pycrm.cli.texts import Texts

__all__ = ["Command", "Group", "command", "group", "with_global_options"]

C = TypeVar("C", bound=click.Command)

_HEADINGS = ("Usage:", "Options:", "Commands:")


class Command(click.Command):
    """A command whose help is in the language of the settings."""

    def get_help(self, ctx: click.Context) -> str:
        return _headed(click.Command.get_help(_in_language(self, ctx), ctx), ctx)


class Group(click.Group):
    """A group of commands.

    Args:
        usual: The subcommand that is meant where the first argument names none.
        options: As of `click.Group`.
    """

    command_class = Command

    def __init__(self, *args: Any, usual: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.usual = usual

    def get_help(self, ctx: click.Context) -> str:
        return _headed(click.Group.get_help(_in_language(self, ctx), ctx), ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        say, path = ctx.ensure_object(Settings).say, path_of(ctx)
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        width = formatter.width - max(map(len, self.list_commands(ctx))) - 6
        rows = [
            (name, translated(command, f"{path} {name}".strip(), say).get_short_help_str(width))
            for name, command in found
            if command is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.usual is not None and args[0] not in self.commands and not args[0].startswith("-"):
            args = [self.usual, *args]
        return super().resolve_command(ctx, args)


def command(name: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make the decorated function a command; options as of `click.command`."""
    return click.command(name, cls=Command, **options)


def group(name: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make the decorated function a group of commands; options as of `Group`."""
    return click.group(name, cls=Group, **options)


def with_global_options(command: C) -> C:
    """Let the global options stand behind the command's name too, where most people write them."""
    if not any(parameter.name == "as_json" for parameter in command.params):
        global_options(command, hidden=True)
        if isinstance(command, click.Group):
            for below in command.commands.values():
                with_global_options(below)
    return command


def translated(command: C, path: str, say: Texts) -> C:
    """Return a copy of *command* whose help texts are those of *say*."""
    if say.language == "en":
        return command
    copied = copy.copy(command)
    copied.help = say.command(path, command.help or "")
    copied.short_help = copied.help.strip().partition("\n")[0].partition("。")[0]
    copied.params = [_translated_option(parameter, say) for parameter in command.params]
    return copied


def path_of(ctx: click.Context) -> str:
    """Return the name of the command without the program's: ``"fields define"``."""
    return ctx.command_path.partition(" ")[2]


def _in_language(command: C, ctx: click.Context) -> C:
    """Return a copy of *command* that tells all its help, --help itself included, in the user's language."""
    say = ctx.ensure_object(Settings).say
    copied = copy.copy(translated(command, path_of(ctx), say))
    if (option := copied.get_help_option(ctx)) is not None:
        copied.params = [*copied.params, _translated_option(option, say)]
        copied.add_help_option = False
    return copied


def _translated_option(parameter: click.Parameter, say: Texts) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    copied = copy.copy(parameter)
    copied.help = say.option(parameter.help)
    return copied


def _headed(text: str, ctx: click.Context) -> str:
    say = ctx.ensure_object(Settings).say
    for heading in _HEADINGS:
        text = text.replace(heading, say.option(heading))
    return text
