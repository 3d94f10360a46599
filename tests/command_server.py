"""The command line in processes that need not import it: forks of one that has, which takes requests line by line.

Most of the second that a command takes is the import of what it stands on. A fork has a folder, an environment and an
end of its own like any other process; only the beginning is not what a shell would make. Run as a program, this module
is the server; `run` starts it on first use, and it ends with its standard input.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import click

__all__ = ["Done", "run"]


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, words: Sequence[str], environment: Mapping[str, str], *, merged: bool = False) -> Done:
    """Run ``pycrm`` with *words* and nothing on its standard input.

    Args:
        folder: Where.
        words: The arguments.
        environment: All of it; ``PYTHONPATH`` says where modules are found.
        merged: What it says on standard error stands among what it says on standard output.
    """
    server = _server()
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "out" if merged else "err")
        request = {
            "folder": str(folder),
            "words": list(words),
            "environment": dict(environment),
            "out": str(out),
            "err": str(err),
        }
        _input(server).write(json.dumps(request) + "\n")
        _input(server).flush()
        answer = cast("IO[str]", server.stdout).readline()
        assert answer, "the server has ended"
        return Done(int(answer), out.read_text("utf-8"), "" if merged else err.read_text("utf-8"))


@cache
def _server() -> subprocess.Popen[str]:
    command = [sys.executable, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    atexit.register(server.communicate)  # closes its standard input, and waits
    return server


def _input(server: subprocess.Popen[str]) -> IO[str]:
    return cast("IO[str]", server.stdin)


def serve() -> None:
    """Answer each request with the exit code of the process that it asks for."""
    sys.path.remove(str(Path(__file__).parent))
    from pycrm import CRM
    from pycrm.cli.main import cli, main
    from pycrm.query.reading import read_filter

    context = click.Context(cli)
    for name in cli.list_commands(context):
        cli.get_command(context, name)
    importlib.import_module("pycrm.cli.demo_scenes")
    # What a process makes once, and what depends on nothing but the code.
    crm = CRM("sqlite://")
    crm.migrate()
    crm.close()
    read_filter("name = 'a'")
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if not (child := os.fork()):
            _become(request)
            sys.exit(main(request["words"]))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: Mapping[str, Any]) -> None:
    """Take the folder, the environment and the streams of *request*."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:] = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.argv[:] = ["pycrm", *request["words"]]
    for descriptor, file in enumerate((os.devnull, request["out"], request["err"])):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


if __name__ == "__main__":
    serve()
