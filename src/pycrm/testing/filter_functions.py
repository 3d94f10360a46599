"""`check_functions`: the test that both forms of each filter function of a plugin agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from pycrm.app import CRM
from pycrm.entities import User
from pycrm.errors import UnknownNameError, nearest
from pycrm.plugin.plugin import Plugin
from pycrm.query import Compare, IsNull, Node
from pycrm.query.ast import Call
from pycrm.schema.functions import Function
from pycrm.testing.postgres import fresh_database, postgres_url
from pycrm.values.principal import ADMINISTRATOR, Principal

__all__ = ["check_functions"]

TESTER = Principal("function-tester", roles={ADMINISTRATOR})


def check_functions(plugin: Plugin, samples: Mapping[str, Sequence[tuple[Any, ...]]]) -> Callable[[], None]:
    """Return a test of a plugin's filter functions for pytest; a module names it ``test_…``.

    For each sample the Python form must give what filters find on SQLite, and, by the SQL form, on PostgreSQL where
    there is one.

    Args:
        plugin: What brings the functions.
        samples: By the name that the author wrote, arguments of the sorts that the function takes.
    """

    def test() -> None:
        with ExitStack() as stack:
            for engine in ("sqlite", "postgresql") if postgres_url() else ("sqlite",):
                url = "sqlite://" if engine == "sqlite" else stack.enter_context(fresh_database())
                crm = CRM(url, plugins=[plugin])
                stack.callback(crm.close)
                crm.migrate()
                for name, listed in samples.items():
                    _check(crm, _function(crm, plugin, name), listed, engine)

    test.__doc__ = f"Both forms of the functions of {plugin.name} give the same."
    return test


def _function(crm: CRM, plugin: Plugin, name: str) -> Function:
    full = f"{plugin.name}.{name}".upper()
    known = crm.schema.functions
    if full not in known:
        raise UnknownNameError(f"plugin {plugin.name!r} brings no function {full}(){nearest(full, known)}", name=full)
    return known[full]


def _check(crm: CRM, function: Function, samples: Sequence[tuple[Any, ...]], engine: str) -> None:
    with crm.acting_as(TESTER) as ws:
        everybody = ws.count(User)
        assert everybody, "whoever acts is a user"
        for sample in samples:
            result = function.call(*sample)
            asked = Call(function.name, sample)
            node: Node = IsNull(asked) if result is None else Compare("=", asked, result)

            assert ws.count(User, where=node) == everybody, (
                f"{function.name}{sample!r}: the Python form gives {result!r}, and {engine} says something else"
            )
