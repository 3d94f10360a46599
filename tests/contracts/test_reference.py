"""Whatever a user can name has its entry in the reference: public names, hooks, error codes, field kinds."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "pycrm").rglob("*.py"))
DOORWAYS = ("pycrm", "pycrm.plugin", "pycrm.testing")
# An entry is a heading, the first cell of a table row, or the beginning of a list item or definition.
ENTRY = re.compile(r"^(?:#+ |\| *|- |(?=`))(?P<names>(?:[^`|]*`[^`]+`)+)", re.MULTILINE)
NAME = re.compile(r"`(?:@|class )?([\w.*]+)[^`]*`")

pytestmark = pytest.mark.docs


@cache
def entries() -> frozenset[str]:
    """Return every name that has an entry in the reference."""
    pages = [path.read_text("utf-8") for path in ROOT.glob("docs/reference/**/*.md")]
    return frozenset(name for page in pages for entry in ENTRY.finditer(page) for name in NAME.findall(entry["names"]))


def public_names(module: str) -> set[str]:
    """Return what a doorway promises; dunders such as ``__version__`` explain themselves."""
    return {name for name in importlib.import_module(module).__all__ if not name.startswith("__")}


def undocumented(module: str) -> set[str]:
    """Return the promised names and public methods of promised classes without a docstring, inherited ones counted."""
    promised = {name: getattr(importlib.import_module(module), name) for name in public_names(module)}
    methods = {
        f"{name}.{attribute}": getattr(value, attribute)
        for name, value in promised.items()
        if inspect.isclass(value) and value.__module__.startswith("pycrm")
        for attribute, member in vars(value).items()
        if not attribute.startswith("_") and isinstance(member, types.FunctionType | property | classmethod)
    }
    documentable = {name: value for name, value in promised.items() if inspect.isclass(value) or callable(value)}
    return {name for name, value in {**documentable, **methods}.items() if not inspect.getdoc(value)}


def hooks() -> set[str]:
    """Return the name of every hook specification, the selling ones of the built-ins included."""
    return {
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("pycrm_") and _is_marked(node, "hookspec")
    }


def _is_marked(function: ast.FunctionDef, marker: str) -> bool:
    return any(marker in ast.unparse(decorator) for decorator in function.decorator_list)


def error_codes() -> set[str]:
    """Return the code of every exception class."""
    from pycrm import errors

    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return {code for cls in classes if isinstance(code := vars(cls).get("code"), str)}


def problem_codes() -> set[str]:
    """Return every code that is given to a `Problem` in our own source."""
    return {code for path in SOURCES for code in _literal_codes(ast.parse(path.read_text("utf-8")))}


def _literal_codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(code)), *_]):
                if ast.unparse(function).endswith("Problem"):
                    yield code


def field_kinds() -> set[str]:
    """Return the name of every field kind that is there without further plugins."""
    from pycrm import CRM

    return set(CRM("sqlite://", plugins=[]).schema.kinds)


@pytest.mark.parametrize("module", DOORWAYS)
def test_public_names_have_docstrings(module: str) -> None:
    """What a doorway promises says what the caller gets."""
    assert undocumented(module) == set()


@pytest.mark.parametrize("module", DOORWAYS)
def test_public_names_have_entries(module: str) -> None:
    """What a doorway promises is documented."""
    assert public_names(module) - entries() == set()


def test_hooks_have_entries() -> None:
    """A hook is documented, and there are hooks."""
    assert hooks()
    assert hooks() - entries() == set()


def test_hooks_have_tests() -> None:
    """A hook ``pycrm_check_records`` has a test whose name begins with ``test_hook_check_records``."""
    tests = {
        node.name
        for path in (ROOT / "tests" / "plugins").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    wanted = {hook: f"test_hook_{hook.removeprefix('pycrm_')}" for hook in hooks()}

    assert {hook for hook, test in wanted.items() if not any(name.startswith(test) for name in tests)} == set()


def test_error_codes_have_entries() -> None:
    """The code in an error's message leads to a page with cause and cure."""
    assert error_codes() - entries() == set()


def test_problem_codes_have_entries() -> None:
    """The code of a problem leads to its cause and cure too."""
    assert problem_codes() - entries() == set()


def test_field_kinds_have_entries() -> None:
    """A field kind is documented."""
    assert field_kinds() - entries() == set()
