"""``plugins lint``: a plugin's code is read for what reaches past the door."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cli.conftest import Run


def test_lint(run: Run, folder: Path) -> None:
    """What is found stands there by file and line, with reason and cure, and decides the exit code."""
    (folder / "bad.py").write_text("import sqlite3\n\n\ndef hook(ws):\n    return ws._ctx\n")
    (folder / "good.py").write_text("from pycrm.plugin import Plugin\n")

    bad, good = run("plugins", "lint", "bad.py"), run("plugins", "lint", "good.py")
    document = run("plugins", "lint", ".", "--json")

    assert (bad.code, good.code, document.code) == (8, 0, 8)
    assert bad.lines[0].startswith("bad.py:1: imports the database driver sqlite3; ")
    assert bad.lines[-1] == "side doors: 2"
    assert [(Path(each["file"]).name, each["line"]) for each in document.data] == [("bad.py", 1), ("bad.py", 5)]


def test_by_name(run: Run) -> None:
    """An installed plugin is found by its name; what is neither a path nor a plugin is said to be so."""
    assert run("plugins", "lint", "visits").out == "side doors: 0\n"
    unknown = run("plugins", "lint", "vists")
    assert (unknown.code, "did you mean 'visits'" in unknown.err) == (2, True)
