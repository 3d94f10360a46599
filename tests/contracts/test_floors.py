"""The house stands as drawn: rooms import downwards only, plugins and built-ins come in through the front doors."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {"pycrm", "pycrm.plugin", "pycrm.testing"}
BUILTIN = ROOT / "src" / "pycrm" / "builtin"
OUTSIDERS = sorted([*ROOT.glob("plugins/*/src"), *ROOT.glob("plugins/*/tests"), *ROOT.glob("examples/*")])


def imported_modules(path: Path) -> Iterator[str]:
    """Yield every absolute module that a file imports, deferred and type-only imports included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_floors_are_kept() -> None:
    """import-linter finds nothing."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", OUTSIDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_outsiders_use_promised_modules(folder: Path) -> None:
    """A plugin or an example imports the promised modules and nothing deeper."""
    deeper = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in folder.rglob("*.py")
        for name in imported_modules(path)
        if name.split(".")[0] == "pycrm" and name not in PROMISED
    }

    assert not deeper


def test_builtins_use_plugin_doorway() -> None:
    """A built-in uses `pycrm.plugin`, as outsiders do, and other built-ins."""
    deeper = {
        f"{path.relative_to(BUILTIN)}: {name}"
        for path in BUILTIN.rglob("*.py")
        for name in imported_modules(path)
        if name.split(".")[0] == "pycrm" and name != "pycrm.plugin" and not name.startswith("pycrm.builtin")
    }

    assert not deeper
