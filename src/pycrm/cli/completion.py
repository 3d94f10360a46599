"""``pycrm completion``: the script by which a shell completes the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pycrm.cli.command import command
from pycrm.cli.output import write

__all__ = ["completion"]

VARIABLE = "_PYCRM_COMPLETE"


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, entities and fields.

    \b
    pycrm completion bash > ~/.local/share/bash-completion/completions/pycrm
    pycrm completion zsh > "${fpath[1]}/_pycrm"
    pycrm completion fish > ~/.config/fish/completions/pycrm.fish
    """  # noqa: D301  click wants the control character
    made = get_completion_class(shell)
    assert made is not None
    write(made(context.find_root().command, {}, "pycrm", VARIABLE).source())
