"""Finding in a plugin's code what reaches past the door: engines, drivers, and what is pycrm's own.

It reads code and runs none, so it finds what is written there and not what somebody hides. It is for a review.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import attrs

from pycrm.errors import ConfigurationError

__all__ = ["SideDoor", "find_side_doors"]

_DRIVERS = frozenset(
    {"sqlite3", "_sqlite3", "pysqlite3", "apsw", "aiosqlite", "psycopg", "psycopg_pool", "psycopg_c", "psycopg2"}
    | {"asyncpg", "pg8000", "duckdb", "dataset", "peewee", "records"}
)
_REACHING = frozenset(
    {"create_engine", "create_async_engine", "create_mock_engine", "create_pool_from_url", "engine_from_config"}
    | {"text", "select", "insert", "update", "delete", "table", "Table", "MetaData", "inspect", "event", "DDL"}
    | {"Engine", "Connection", "make_url"}
)
"""The names of SQLAlchemy by which statements are made and run; parts of expressions are not among them."""
_REACHING_MODULES = ("sqlalchemy.orm", "sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.ext", "sqlalchemy.future")

_PROMISED = ("pycrm.plugin", "pycrm.testing", "pycrm.field")
_INSIDE = frozenset(
    {"_ctx", "_database", "_services", "_kernel", "_trusted", "_announcer", "_for_hooks", "_as_plugin", "_stored"}
    | {"raw_connection", "driver_connection", "dbapi_connection", "exec_driver_sql", "execution_options"}
)
_DOORS = frozenset({"crm", "ws", "reader", "workspace"})
_LOADERS = frozenset({"import_module", "__import__"})
_GETTERS = frozenset({"getattr", "setattr", "attrgetter", "getattr_static", "__getattribute__"})

_USE_THE_DOOR = (
    "read and write through the workspace that the hook or action gets; rights beyond the user's are `Plugin(may=…)`"
)
_ASK_THE_SEAM = "import `pycrm`, `pycrm.plugin` and `pycrm.testing`; for what they lack ask for a seam"
_WRITE_IT_OUT = "write the name out, so that a review sees it"

_Found: TypeAlias = Iterator[tuple[ast.AST, str, str]]


@attrs.frozen(order=True)
class SideDoor:
    """A place in code that reaches past the door.

    Attributes:
        file: The file.
        line: The line, from 1.
        reason: What is done there.
        cure: What to do in its place.
    """

    file: str
    line: int
    reason: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}; {self.cure}"


def find_side_doors(place: str | Path) -> list[SideDoor]:
    """Return where the code in *place* reaches past the door, by file and line.

    Args:
        place: A file, or a folder with all that is in it; tests (``tests/``, ``test_….py``, ``conftest.py``) are passed
            over, which may look behind the door.
    Raises:
        ConfigurationError: It is not there, has no code, or is no Python that this interpreter reads.
    """
    root = Path(place)
    files = [root] if root.is_file() else sorted(each for each in root.rglob("*.py") if not _is_test(root, each))
    if not files:
        raise ConfigurationError(f"{str(place)!r} has no Python files; give a file, or the folder of a plugin's code")
    return sorted(found for file in files for found in _of_file(file))


def _is_test(root: Path, file: Path) -> bool:
    inside = file.relative_to(root)
    is_file = inside.name.startswith("test_") or inside.name == "conftest.py"
    return is_file or any(part == "tests" or part.startswith(".") for part in inside.parts[:-1])


def _of_file(file: Path) -> Iterator[SideDoor]:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as error:
        raise ConfigurationError(f"{file} is no Python that this interpreter reads: {error}") from error
    aliases, own = dict(_aliases(tree)), _own_room(file)
    for node in ast.walk(tree):
        if own is not None and isinstance(node, ast.ImportFrom) and str(node.module).startswith(own):
            continue
        for at, reason, cure in _of_node(node, aliases):
            yield SideDoor(str(file), getattr(at, "lineno", 1), reason, cure)


def _own_room(file: Path) -> str | None:
    """Return the room of pycrm that *file* is in, where it is of a plugin that comes with pycrm itself."""
    folders = [file.resolve().parent, *file.resolve().parents]
    room = next((folder for folder in folders if folder.name == "builtin" and folder.parent.name == "pycrm"), None)
    return None if room is None else "pycrm.builtin"


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what modules are called in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                yield (each.asname, each.name) if each.asname else (top, top)


def _of_node(node: ast.AST, aliases: dict[str, str]) -> _Found:
    if isinstance(node, ast.Import):
        for each in node.names:
            yield from _of_module(node, each.name)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from _of_names(node, str(node.module), [each.name for each in node.names])
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node, aliases)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "sys.modules":
        yield node, "takes a module out of sys.modules", _ASK_THE_SEAM


def _of_module(node: ast.AST, module: str) -> _Found:
    top = module.partition(".")[0]
    if top in _DRIVERS:
        yield node, f"imports the database driver {module}", _USE_THE_DOOR
    elif module.startswith(_REACHING_MODULES):
        yield node, f"imports {module}", _USE_THE_DOOR
    elif top == "pycrm" and module != "pycrm" and not _is_promised(module):
        yield node, f"imports {module}, which is pycrm's own", _ASK_THE_SEAM
    elif top in ("ctypes", "gc"):
        yield node, f"imports {module}, by which any object can be reached", _USE_THE_DOOR


def _is_promised(module: str) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in _PROMISED[:2]) or module == _PROMISED[2]


def _of_names(node: ast.AST, module: str, names: list[str]) -> _Found:
    found = list(_of_module(node, module))
    yield from found
    if found:
        return
    if module.partition(".")[0] == "sqlalchemy":
        for name in names:
            if name in _REACHING or name in ("orm", "engine", "pool", "ext", "*"):
                yield node, f"imports {name} of {module}, by which statements are made and run", _USE_THE_DOOR
    elif module == "pycrm" or _is_promised(module):
        for name in names:
            if name.startswith("_") or (module == "pycrm" and name in ("app", "storage", "query", "workspace")):
                yield node, f"imports {name} of {module}, which is pycrm's own", _ASK_THE_SEAM


def _of_attribute(node: ast.Attribute, aliases: dict[str, str]) -> _Found:
    owner = ast.unparse(node.value)
    if node.attr in _INSIDE:
        yield node, f"reaches for .{node.attr}", _USE_THE_DOOR
    elif aliases.get(owner.partition(".")[0]) == "sqlalchemy" and node.attr in (*_REACHING, "orm"):
        yield node, f"uses {owner}.{node.attr}, by which statements are made and run", _USE_THE_DOOR
    elif owner in _DOORS and node.attr.startswith("_"):
        yield node, f"reaches for {owner}.{node.attr}, which is pycrm's own", _USE_THE_DOOR


def _of_call(node: ast.Call) -> _Found:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if name in _LOADERS:
        if not texts:
            yield node, "imports a module whose name is worked out", _WRITE_IT_OUT
        for text in texts[:1]:
            yield from _of_module(node, text)
            if text == "sqlalchemy":
                yield node, "imports sqlalchemy by its name", _WRITE_IT_OUT
    elif name in _GETTERS:
        for text in texts:
            if any(part in _INSIDE for part in text.split(".")):
                yield node, f"reaches for .{text} by its name", _USE_THE_DOOR
        if not texts and node.args and ast.unparse(node.args[0]) in _DOORS:
            yield node, f"reaches into {ast.unparse(node.args[0])} by a name that is worked out", _WRITE_IT_OUT
    elif name in ("exec", "eval") and isinstance(node.func, ast.Name):
        yield node, f"runs code by {name}", _WRITE_IT_OUT
    elif name == "vars" and node.args and ast.unparse(node.args[0]) in _DOORS:
        yield node, f"looks into {ast.unparse(node.args[0])}", _USE_THE_DOOR
