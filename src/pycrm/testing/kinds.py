"""`check_kind`: the tests that a field kind should pass, made of the kind and some values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from pycrm.fields.kind import Kind
from pycrm.plugin.plugin import Plugin
from pycrm.testing.kind_case import KindCase
from pycrm.testing.kind_checks import CHECKS
from pycrm.testing.kind_database import KindDatabase
from pycrm.testing.kind_stored import STORED_CHECKS
from pycrm.testing.postgres import fresh_database, postgres_url
from pycrm.workspace import Workspace

__all__ = ["check_kind", "kind_tests"]

_ENGINES = ("sqlite", "postgresql")
# A state is no custom field, a number is given by the kernel, and an id is every record's own.
_NEVER_CUSTOM = frozenset({"autonumber", "id", "status"})


def check_kind(
    kind: Kind,
    *,
    good: Iterable[Any],
    bad: Iterable[Any],
    plugins: Sequence[Plugin] = (),
    prepare: Callable[[Workspace], None] | None = None,
) -> Callable[..., None]:
    """Return a test of *kind* for pytest, of more than fifty parts; a module names it ``test_…``.

    It tries the kind by itself, then in a column and in a custom field of a database of its own, on SQLite, and on
    PostgreSQL where there is one.

    Args:
        kind: With the options that are to be tried.
        good: Values from outside that it takes, at least two different ones; inside values, texts, JSON.
        bad: Values from outside that it refuses.
        plugins: What brings the kind; not needed for those of pycrm itself.
        prepare: Called with a unit of the new database: writes the records that the values refer to.
    """
    case = KindCase(
        kind,
        good,
        bad,
        plugins=tuple(plugins),
        prepare=prepare,
        is_stored=kind.name != "id",
        is_custom=kind.name not in _NEVER_CUSTOM,
    )
    return kind_tests([case])


def kind_tests(cases: Sequence[KindCase]) -> Callable[..., None]:
    """Return one test of all *cases*, which share their databases."""
    import pytest

    name = {case: f"{case.kind.name}{number if len(cases) > 1 else ''}" for number, case in enumerate(cases)}
    alone = [pytest.param(check, case, None, id=f"{name[case]}-{check.name}") for case in cases for check in CHECKS]
    stored = [
        pytest.param(check, case, engine, id=f"{name[case]}-{check.name}-{engine}")
        for engine in _ENGINES
        for case in cases
        if case.is_stored
        for check in STORED_CHECKS
    ]
    opened = _Databases([case for case in cases if case.is_stored])

    @pytest.mark.parametrize(("check", "case", "engine"), [*alone, *stored])
    def test_kind(check: Any, case: KindCase, engine: str | None, request: pytest.FixtureRequest) -> None:
        check.run(case, None if engine is None else opened.get(engine, request))

    test_kind.__doc__ = "A field kind keeps the rules that all keep."
    made: Callable[..., None] = test_kind
    return made


class _Databases:
    """The databases of one test, made on first use and dropped at the end of the session."""

    def __init__(self, cases: Sequence[KindCase]) -> None:
        self._cases = cases
        self._open: dict[str, KindDatabase] = {}

    def get(self, engine: str, request: Any) -> KindDatabase:
        if engine not in self._open:
            stack = ExitStack()
            url = stack.enter_context(_new_postgresql()) if engine == "postgresql" else _new_sqlite(request)
            database = KindDatabase(url, self._cases)
            stack.callback(database.close)
            request.session.addfinalizer(stack.close)
            self._open[engine] = database
        return self._open[engine]


def _new_sqlite(request: Any) -> str:
    folder = request.getfixturevalue("tmp_path_factory").mktemp("kinds")
    return f"sqlite:///{folder / 'kinds.db'}"


def _new_postgresql() -> Any:
    import pytest

    if "postgresql" not in os.environ.get("PYCRM_TEST_DATABASES", "postgresql"):
        pytest.skip("PostgreSQL is left out by PYCRM_TEST_DATABASES")
    if postgres_url() is None:
        pytest.skip("PostgreSQL: set PYCRM_TEST_POSTGRES_URL, or install the server's binaries")
    return fresh_database()
