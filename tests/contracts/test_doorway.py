"""The doorway `pycrm` imports each name when it is asked for, and still shows all of them to people and to tools."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import pycrm

SOURCE = Path(pycrm.__file__)
LIBRARIES = frozenset({"attr", "blinker", "marshmallow", "pluggy", "sqlalchemy"})


def imports_for_checkers() -> dict[str, str]:
    """Return name to module of the imports that only type checkers see."""
    (block,) = (
        node
        for node in ast.parse(SOURCE.read_text("utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    found: dict[str, str] = {}
    for node in block.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_import_alone_loads_no_room() -> None:
    """A program that takes one name does not wait for all, nor for a library."""
    script = "import sys, pycrm; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = done.stdout.split()
    assert [name for name in loaded if name.startswith("pycrm")] == ["pycrm"]
    assert LIBRARIES.isdisjoint(loaded)


def test_crm_loads_no_database() -> None:
    """Whoever imports `CRM` waits for no dialect, no parser and no extra; a database or a filter brings its own."""
    script = "import sys; from pycrm import CRM; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = done.stdout.split()
    assert "sqlalchemy" in loaded
    assert not [name for name in loaded if name.startswith(("sqlalchemy.dialects.postgresql", "psycopg", "lark"))]
    assert not [name for name in loaded if name.startswith(("pypinyin", "phonenumbers", "holidays"))]


def test_star_import_gives_all_names() -> None:
    """`__all__` holds for the star."""
    space: dict[str, object] = {}
    exec("from pycrm import *", space)

    assert set(pycrm.__all__) <= space.keys()


def test_dir_shows_all_names() -> None:
    """Completion knows what nobody has asked for yet."""
    assert set(pycrm.__all__) <= set(dir(pycrm))


def test_checkers_see_what_runs() -> None:
    """Each name is, at run time, what type checkers are told that it is."""
    for name, path in imports_for_checkers().items():
        module, _, attribute = path.rpartition(".")

        assert getattr(pycrm, name) is getattr(importlib.import_module(module), attribute), name
    assert imports_for_checkers().keys() == set(pycrm.__all__)


def test_version_is_the_installed_one() -> None:
    """`__version__` is asked of the installation."""
    assert pycrm.__version__ == importlib.import_module("importlib.metadata").version("pycrm")


def test_slip_is_an_attribute_error() -> None:
    """A wrong name fails as in any module."""
    with pytest.raises(AttributeError, match="no attribute 'Acount'"):
        _ = pycrm.Acount  # type: ignore[attr-defined]
