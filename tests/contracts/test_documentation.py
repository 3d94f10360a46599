"""Every code block of the documentation runs, page by page, in an empty folder, and shows what it says."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests import command_server

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")])
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+) *(?P<language>[\w-]*)(?P<info>[^`]*)$")
TITLE = re.compile(r"""title=["']([^"']+)["']""")
PROGRAMS = ("pycrm", "python")

pytestmark = pytest.mark.docs


class Block(NamedTuple):
    """A fenced block: its language, the file it belongs into, its text and the line where the text begins."""

    language: str
    title: str | None
    text: str
    line: int


class Command(NamedTuple):
    """A command line of a console block, what the page shows of its output, and the exit code it should have."""

    arguments: list[str]
    shown: str
    exit_code: int


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    lines = iter(enumerate(page.read_text("utf-8").splitlines(), 1))
    for number, line in lines:
        if not (fence := FENCE.match(line)):
            continue
        body: list[str] = []
        for _, inner in lines:
            if inner.strip() == fence["ticks"]:
                break
            body.append(inner)
        title = TITLE.search(fence["info"])
        text = textwrap.dedent("\n".join(body)) + "\n"
        yield Block(fence["language"], title and title[1], text, number + 1)


def commands_of(text: str) -> list[Command]:
    """Return the commands of a console block; ``$ echo $?`` and a number tell the exit code of the one before."""
    commands: list[Command] = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = re.sub(r"\\\n\s*", "", part).partition("\n")
        if line.strip() == "echo $?":
            commands[-1] = commands[-1]._replace(exit_code=int(shown))
        else:
            commands.append(Command(shlex.split(line, comments=True), shown, 0))
    return commands


class Page:
    """Runs the blocks of one page in one namespace and one folder."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.folder = folder
        # A real module, because annotations of classes defined on the page are looked up in it.
        self.module = types.ModuleType(f"docs_{path.stem.replace('-', '_')}")

    def run(self, block: Block) -> None:
        """Run one block, or write the file that its title names."""
        if block.title:
            target = self.folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, "utf-8")
        elif block.language == "python" and block.text.lstrip().startswith(">>>"):
            self._run_doctest(block)
        elif block.language == "python":
            # Empty lines in front let a traceback name the line of the page.
            code = compile("\n" * (block.line - 1) + block.text, str(self.path), "exec", dont_inherit=True)
            exec(code, vars(self.module))
        elif block.language in {"console", "bash", "shell"}:
            for command in commands_of(block.text):
                self._run_command(command, block)

    def _run_doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, {}, self.path.name, str(self.path), block.line - 1)
        test.globs = vars(self.module)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        output: list[str] = []
        runner.run(test, out=output.append, clear_globs=False)

        assert not runner.failures, "".join(output)

    def _run_command(self, command: Command, block: Block) -> None:
        program, *arguments = command.arguments
        if program not in PROGRAMS:
            return
        done = self._ended(program, arguments)
        where = f"{self.path.name}:{block.line}: {shlex.join(command.arguments)}"

        assert done.returncode == command.exit_code, f"{where}\nexit code {done.returncode}\n{done.stdout}"
        if command.shown.strip():
            assert is_shown(command.shown, done.stdout), f"{where}\n--- shown\n{command.shown}\n--- got\n{done.stdout}"

    def _ended(self, program: str, arguments: list[str]) -> command_server.Done:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "NO_COLOR": "1",
            "COLUMNS": "120",
            "PYTHONIOENCODING": "utf-8",
        }
        if program == "pycrm":
            return command_server.run(self.folder, arguments, environment, merged=True)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=120,
        )
        return command_server.Done(done.returncode, done.stdout, "")


def is_shown(shown: str, got: str) -> bool:
    """Whether a page shows this output; ``...`` stands for anything, spaces at a line's end for nothing."""
    tidy = ["\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n" for text in (shown, got)]
    return doctest.OutputChecker().check_output(*tidy, doctest.ELLIPSIS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run in order and their output is as shown."""
    page = Page(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, page.module.__name__, page.module)
    known = set(sys.modules)

    for block in blocks_of(path):
        page.run(block)

    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
