"""The command line in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pycrm.cli import main
from pycrm.cli.sources import SETTINGS


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The one JSON document that it printed."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """The lines that it printed."""
        return self.out.splitlines()


Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, an English environment that names no database."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return home


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs ``pycrm`` with words, and standard input where given."""

    def call(*words: str, stdin: str | bytes = "") -> Done:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        code = main(list(words))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``pycrm init`` was, to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        assert main(["init", "--url", "sqlite:///crm.db"]) == 0
    return folder


@pytest.fixture
def pycrm(run: Run, folder: Path, begun: Path) -> Run:
    """`run` in a folder in which ``pycrm init`` was."""
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    return run


@pytest.fixture(scope="session")
def with_three(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the accounts ``one``, ``twin`` and ``twin``, to be copied."""
    folder = tmp_path_factory.mktemp("three") / "crm"
    shutil.copytree(begun, folder)
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        for name in ("one", "twin", "twin"):
            assert main(["create", "account", f"name={name}"]) == 0
    return folder


@pytest.fixture
def three(run: Run, folder: Path, with_three: Path) -> Run:
    """`run` in a folder with the accounts ``one``, ``twin`` and ``twin``."""
    shutil.copytree(with_three, folder, dirs_exist_ok=True)
    return run
