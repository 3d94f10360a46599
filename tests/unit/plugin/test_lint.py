"""The lint of plugins finds what reaches past the door, with file, line, reason and cure, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ROOT

from pycrm import ConfigurationError
from pycrm.plugin.lint import find_side_doors

# Each line alone is a side door; the first three are those that no tripwire sees.
HOSTILE = {
    "engine.second": "from sqlalchemy import create_engine",
    "driver.cursor_by_hand": "import sqlite3",
    "token.lifted": "from pycrm.storage.walls.tripwire import THE_DOORS",
    "driver": "import psycopg",
    "driver_of_another": "from psycopg2.extras import execute_values",
    "orm": "from sqlalchemy.orm import Session",
    "text": "from sqlalchemy import func, text",
    "alias": "import sqlalchemy as sa; sa.text('SELECT 1')",
    "inner_room": "from pycrm.workspace.context import UnitContext",
    "inner_module": "import pycrm.storage.engine",
    "inner_name": "from pycrm import storage",
    "private_name": "from pycrm.plugin import _hidden",
    "context": "def hook(ws, changes): return ws._ctx",
    "context_of_another_name": "def hook(w, changes): return w._ctx.unit",
    "private": "def hook(ws): return ws._whatever",
    "database": "def go(crm): return crm._database.engine",
    "raw": "def go(engine): return engine.raw_connection()",
    "driver_sql": "def go(c): return c.exec_driver_sql('SELECT 1')",
    "by_name": "def go(w): return getattr(w, '_ctx')",
    "by_path": "import operator; operator.attrgetter('_ctx.unit')",
    "by_worked_out_name": "def go(ws, name): return getattr(ws, name)",
    "module_by_name": "import importlib; importlib.import_module('sqlite3')",
    "module_by_worked_out_name": "def go(name): return __import__(name)",
    "loaded_module": "import sys; sys.modules['pycrm.app']",
    "objects": "import gc",
    "dictionary": "def go(crm): return vars(crm)",
    "code": "exec('import sqlite3')",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_found(tmp_path: Path, name: str) -> None:
    """Each way past the door is found where it stands."""
    file = tmp_path / "plugin.py"
    file.write_text(f'"""A plugin."""\n\n{HOSTILE[name]}\n')

    found = find_side_doors(tmp_path)

    assert {each.line for each in found} == {3}
    assert all(each.file == str(file) and each.reason and each.cure for each in found)


@pytest.mark.parametrize("place", ["plugins/pycrm-visits", "tests/outside_plugin", "src/pycrm/builtin"])
def test_our_own_plugins(place: str) -> None:
    """The plugins that we write go through the door alone."""
    assert find_side_doors(ROOT / place) == []


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy import Integer, cast, func",
        "from pycrm import Account, Money",
        "from pycrm.plugin import Plugin, field",
        "from pycrm.testing.fixtures import crm",
        "class Own:\n    def __init__(self):\n        self._ctx_of_mine = 1\n        self._own = 2",
        "from .noun import Noun\nfrom my_plugin import storage",
        "def hook(ws, changes):\n    return ws.list(Account)",
        "def pick(record, name):\n    return getattr(record, name)",
    ],
)
def test_not_found(tmp_path: Path, code: str) -> None:
    """What a plugin needs is no side door: the promised modules, parts of expressions, its own private parts."""
    (tmp_path / "plugin.py").write_text(code)

    assert find_side_doors(tmp_path) == []


def test_tests_are_passed_over(tmp_path: Path) -> None:
    """Tests may look behind the door."""
    for name in ("test_it.py", "conftest.py", "tests/helper.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("import sqlite3")
    (tmp_path / "plugin.py").write_text("")

    assert find_side_doors(tmp_path) == []
    assert find_side_doors(tmp_path / "test_it.py")


def test_no_code(tmp_path: Path) -> None:
    """A place without code, or with what is none, is no clean plugin."""
    with pytest.raises(ConfigurationError, match="no Python files"):
        find_side_doors(tmp_path / "absent")
    (tmp_path / "broken.py").write_text("def")
    with pytest.raises(ConfigurationError, match=r"broken\.py"):
        find_side_doors(tmp_path)
