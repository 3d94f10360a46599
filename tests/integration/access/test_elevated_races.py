"""Sections at once and within each other, in short; the long form is in `reliability`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import DATABASES

import pycrm
from reliability.check_elevation import no_rights_of_others, section_leaves_one_entry


@pytest.mark.parametrize("engine", DATABASES)
def test_one_entry_each(engine: str, new_database: Callable[[str], str]) -> None:
    """However sections end, each leaves exactly one entry."""
    figure = section_leaves_one_entry(lambda: new_database(engine), 1, sections=60, deepest=12)

    assert figure["passed"], figure
    assert figure["units_rolled_back"]


@pytest.mark.parametrize("engine", DATABASES)
def test_nothing_of_others(engine: str, new_database: Callable[[str], str]) -> None:
    """Nobody reads by the rights of another task or thread."""
    figure = no_rights_of_others(lambda: new_database(engine), 1, tasks=160, threads=4)

    assert figure["passed"], figure
    assert figure["refused"]


def test_not_by_default() -> None:
    """The library itself takes no further rights anywhere: no path of it leads through a section."""
    found = [
        path.name
        for path in Path(pycrm.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "elevated"
    ]

    # What `Section` asks of `Rights` has the same name, and is what a section is made of.
    assert found == ["elevated.py"]
