"""Indexes over several fields: lists use them and answer the same, and they follow what becomes of their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from tests.conftest import DATABASES
from tests.integration.workspace.conftest import Open
from tests.lab import DECLARED, GUEST, MEI, lab

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    CustomIndex,
    Money,
    NameClashError,
    NotAllowedError,
    QueryError,
    UnknownNameError,
    Workspace,
    field,
)
from pycrm.plugin import Extension, Plugin

BY_LEVEL = "level, country, custom.incoterm, name"
FILTER = "level = 'A' AND country = 'CN' AND custom.incoterm = 'FOB'"


def found(crm: CRM) -> dict[str, list[str]]:
    """Return what `CRM.examine` finds of indexes: code to what it is about."""
    problems: dict[str, list[str]] = {}
    for problem in crm.examine():
        if problem.code.startswith("drift."):
            about = str(problem.facts.get("index") or problem.facts.get("keys"))
            problems.setdefault(problem.code, []).append(about)
    return problems


def list_indexes(ws: Workspace) -> list[str]:
    """Return the names of the indexes over several fields that the table of accounts has."""
    if ws._ctx.tools.dialect.name == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'crm_account'"
    else:
        sql = "SELECT indexname FROM pg_indexes WHERE tablename = 'crm_account'"
    return sorted(name for (name,) in ws._ctx.unit.rows(sql) if "_list_" in name)


class Plans:
    """Says how the database goes about a list of accounts."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def of(self, after: str | None = None, **question: Any) -> list[str]:
        """Return the plan of each of the ranges that a page of 20 may be made of."""
        ctx = self._ws._ctx
        page = ctx.tools.compiler.page(ctx.tools.schema.entity(Account), limit=20, after=after, **question)
        explain = "EXPLAIN QUERY PLAN" if ctx.tools.dialect.name == "sqlite" else "EXPLAIN"
        plans = []
        for bounds in page.ranges:
            statement = page.statement(bounds, 21)
            rows = ctx.unit.rows(f"{explain} {statement.sql}", statement.params)
            plans.append("\n".join(str(row[-1]) for row in rows))
        return plans

    def with_next(self, **question: Any) -> list[str]:
        """Return those of a page and of the next one."""
        page = self._ws.list(Account, limit=20, **question)
        assert page.next_cursor is not None
        return [*self.of(**question), *self.of(after=page.next_cursor, **question)]


def sorts(plan: str) -> bool:
    """Return whether the database sorts rows by itself."""
    return "sort" in plan.lower() or "temp b-tree" in plan.lower()


@pytest.fixture
def filled(crm: CRM) -> CRM:
    """Accounts of which many share what lists filter by, and some lack what lists sort by."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "incoterm", field.choice(["FOB", "CIF"]))
        accounts = [
            Account(
                name=f"n{number % 70:02}",
                level="ABC"[number % 3],
                country=["CN", "DE", None, "CN"][number % 4],
                employee_count=None if number % 9 == 0 else number % 7,
                annual_revenue=None if number % 11 == 0 else Money(number % 13, ["USD", "EUR"][number % 2]),
                custom={"incoterm": ["FOB", "FOB", "CIF", None][number // 3 % 4]},
            )
            for number in range(600)
        ]
        ws.create_many(accounts)
    return crm


@pytest.fixture
def plans(filled: CRM) -> Iterator[Plans]:
    """Plans of lists once both indexes are there; small tables are walked by the index too."""
    with filled.acting_as(MEI) as ws:
        ws.define_index(Account, BY_LEVEL)
        ws.define_index(Account, "annual_revenue DESC, employee_count, name DESC")
    with filled._database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    with filled.acting_as(MEI) as ws:
        if ws._ctx.tools.dialect.name == "postgresql":
            ws._ctx.unit.execute("SET LOCAL enable_seqscan = off")
            ws._ctx.unit.execute("SET LOCAL enable_bitmapscan = off")
        yield Plans(ws)


def pages(ws: Workspace, order_by: str, where: str | None) -> list[Any]:
    """Return the ids of the first five pages of a list."""
    seen: list[Any] = []
    cursor = None
    for _ in range(5):
        page = ws.list(Account, where=where, order_by=order_by, limit=150, after=cursor)
        seen += [each.id for each in page]
        if (cursor := page.next_cursor) is None:
            break
    return seen


class TestUse:
    @pytest.fixture(params=DATABASES)
    def crm_url(
        self,
        request: pytest.FixtureRequest,
        new_database: Callable[[str], str],
        migrated: Callable[[str, Sequence[Plugin]], str],
    ) -> str:
        """A database of its own, for what is known of its tables stays known."""
        if request.param == "sqlite":
            return migrated("sqlite", [])
        url = new_database("postgresql")
        crm = CRM(url, plugins=[])
        crm.migrate()
        crm.close()
        return url

    @pytest.fixture
    def crm(self, crm_url: str, open_crm: Open) -> CRM:
        """Accounts without multi-references, whose rows are all that a page is made of."""
        return open_crm(crm_url, [])

    def test_equality_then_order(self, plans: Plans) -> None:
        """The list of a sales manager, and its next page, walk the index and sort nothing."""
        found = plans.with_next(where=FILTER, order_by="name")

        assert len(found) == 3
        assert all("crm_account_level_country_custom_incoterm_name_list_" in plan for plan in found)
        assert not any(map(sorts, found))

    def test_other_direction(self, plans: Plans) -> None:
        """Backwards an index serves the order in which all directions are the other ones."""
        found = plans.with_next(where=FILTER, order_by="name DESC")

        assert all("crm_account_level_country_custom_incoterm_name_list_" in plan for plan in found)
        assert not any(map(sorts, found))

    def test_mixed_directions(self, plans: Plans) -> None:
        """An order of mixed directions has an index of its own, with every part of an amount."""
        found = plans.with_next(order_by="annual_revenue DESC, employee_count, name DESC")

        assert len(found) > 3
        assert all("crm_account_annual_revenue_employee_count_name_list_" in plan for plan in found)
        assert not any(map(sorts, found))


def test_answers_stay(filled: CRM) -> None:
    """With and without an index a list has the same records in the same order, page by page."""
    orders = ["annual_revenue DESC, employee_count, name DESC", "custom.incoterm, employee_count DESC", "name"]
    questions = [(order_by, where) for order_by in orders for where in (None, FILTER)]
    with filled.acting_as(MEI) as ws:
        before = [pages(ws, *question) for question in questions]
        for keys in (*orders, BY_LEVEL):
            ws.define_index(Account, keys)

        assert [pages(ws, *question) for question in questions] == before


class TestLife:
    def test_defined_and_dropped(self, crm: CRM) -> None:
        """It is listed in one spelling, there at once and gone at once, and nothing is left of its definition."""
        with crm.acting_as(MEI) as ws:
            assert ws.indexes(Account) == ()
            made = ws.define_index(Account, "level asc,  close_reason DESC, id desc".replace("close_reason", "country"))
            assert (str(made), made.owner) == ("level, country DESC", "custom")
            assert ws.indexes(Account) == (made,)
            assert len(list_indexes(ws)) == 1
        assert found(crm) == {}
        with crm.acting_as(MEI) as ws:
            ws.drop_index(Account, "level, country DESC, id DESC")

            assert ws.indexes(Account) == ()
            assert list_indexes(ws) == []
            assert ws.count(CustomIndex) == 0
        assert found(crm) == {}

    def test_rolled_back(self, crm: CRM) -> None:
        """Its unit takes everything back."""
        with pytest.raises(RuntimeError), crm.acting_as(MEI) as ws:
            ws.define_index(Account, "level, name")
            raise RuntimeError

        with crm.acting_as(MEI) as ws:
            assert ws.indexes(Account) == ()
            assert list_indexes(ws) == []

    def test_other_processes(self, crm: CRM, crm_url: str, open_crm: Open) -> None:
        """Another CRM on the database learns of it with its next unit, and one that is opened later knows it."""
        other = open_crm(crm_url)
        with other.reading_as(MEI) as reader:
            assert reader.indexes(Account) == ()

        with crm.acting_as(MEI) as ws:
            ws.define_index(Account, "level, name")

        with other.reading_as(MEI) as reader:
            assert [index.text for index in reader.indexes(Account)] == ["level, name"]
        assert [index.text for index in open_crm(crm_url).schema.entity(Account).indexes] == []
        with open_crm(crm_url).reading_as(MEI) as reader:
            assert [index.text for index in reader.indexes(Account)] == ["level, name"]

    def test_names_that_read_the_same(self, crm: CRM) -> None:
        """Fields whose names strung together are equal make two indexes."""
        with crm.acting_as(MEI) as ws:
            for name in ("a", "b_custom_c", "a_custom_b", "c"):
                ws.define_field(Account, name, field.text())
            ws.define_index(Account, "custom.a, custom.b_custom_c")
            ws.define_index(Account, "custom.a_custom_b, custom.c")

            assert len(list_indexes(ws)) == 2

    def test_missing_in_the_database(self, crm: CRM) -> None:
        """Somebody dropped it there: that is told, and mended."""
        with crm.acting_as(MEI) as ws:
            ws.define_index(Account, "level, country DESC, name")
            (name,) = list_indexes(ws)
            ws._ctx.unit.execute(f"DROP INDEX {name}")

        assert found(crm) == {"drift.missing_index": [name]}
        assert crm.apply_indexes() == [name]
        assert found(crm) == {}

    def test_migrating_makes_it(self, crm: CRM) -> None:
        """What is defined and missing is there after the next migration."""
        with crm.acting_as(MEI) as ws:
            ws.define_index(Account, "level, country DESC, name")
            (name,) = list_indexes(ws)
            ws._ctx.unit.execute(f"DROP INDEX {name}")

        assert crm.migrate(backup=False) == []
        assert found(crm) == {}


class TestFields:
    """What becomes of an index when something becomes of a field that it is over."""

    @pytest.fixture
    def defined(self, filled: CRM) -> CRM:
        with filled.acting_as(MEI) as ws:
            ws.define_index(Account, "custom.incoterm, name")
        return filled

    def test_promoted_and_demoted(self, defined: CRM) -> None:
        """The index is over the column, then over the document again; there is one all the time."""
        with defined.acting_as(MEI) as ws:
            (before,) = list_indexes(ws)
        defined.promote_field(MEI, Account, "incoterm")
        with defined.acting_as(MEI) as ws:
            (promoted,) = list_indexes(ws)
        assert found(defined) == {}
        defined.demote_field(MEI, Account, "incoterm", drop=True)

        assert found(defined) == {}
        assert promoted != before
        with defined.acting_as(MEI) as ws:
            assert list_indexes(ws) == [before]

    def test_converted_and_back(self, defined: CRM) -> None:
        """The index is over the key that the values are under; the undoing brings the former one back."""
        with defined.acting_as(MEI) as ws:
            (before,) = list_indexes(ws)
            ws.convert_field(Account, "incoterm", field.text())
            (converted,) = list_indexes(ws)
            assert ws.count(Account, where="custom.incoterm = 'FOB'") == 300
        assert found(defined) == {}
        with defined.acting_as(MEI) as ws:
            ws.undo_convert_field(Account, "incoterm")

            assert converted != before
            assert list_indexes(ws) == [before]
        assert found(defined) == {}

    def test_converted_to_what_is_not_sorted(self, defined: CRM) -> None:
        """Over tags there can be no index; it rests until the field is sorted by again."""
        with defined.acting_as(MEI) as ws:
            ws.convert_field(Account, "incoterm", field.tags())
            assert list_indexes(ws) == []
            assert [index.text for index in ws.indexes(Account)] == ["custom.incoterm, name"]
            ws.undo_convert_field(Account, "incoterm")

            assert len(list_indexes(ws)) == 1

    def test_retired_and_revived(self, defined: CRM) -> None:
        """The index of a retired field costs nothing more, and comes back with it."""
        with defined.acting_as(MEI) as ws:
            ws.retire_field(Account, "incoterm")
            assert list_indexes(ws) == []
        assert found(defined) == {}
        with defined.acting_as(MEI) as ws:
            ws.revive_field(Account, "incoterm")

            assert len(list_indexes(ws)) == 1

    def test_of_a_missing_plugin(self, crm: CRM, crm_url: str, open_crm: Open) -> None:
        """An index over a field of a plugin that is gone stays as it is, and is told of."""
        trade = Plugin("trade", version="1.0")

        @trade.extend(Account)
        class Terms(Extension):
            incoterm: str | None = field.text()

        with_trade = open_crm(crm_url, [lab, trade])
        with_trade.migrate(backup=False)
        with with_trade.acting_as(MEI) as ws:
            ws.define_index(Account, "level, trade.incoterm")
            (name,) = list_indexes(ws)
        without = open_crm(crm_url)

        assert found(with_trade) == {}
        assert found(without) == {"drift.resting_index": ["level, trade.incoterm"]}
        with without.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text())
            assert list_indexes(ws) == [name]
        with without.acting_as(MEI) as ws:
            ws.drop_index(Account, "level, trade.incoterm")
        assert found(without) == {"drift.extra_index": [name]}


class TestRefusals:
    @pytest.mark.parametrize(
        ("keys", "error", "told"),
        [
            ("", ConfigurationError, "an index of account is over fields; give at least one, as in 'level, name'"),
            ("levle", UnknownNameError, r"account has no field 'levle'.*level"),
            ("level,", QueryError, "order_by"),
            ("owner.name", ConfigurationError, "its own fields, and owner.name is a field of what owner refers to"),
            ("LOWER(name)", ConfigurationError, "is over fields, and .* is computed"),
            ("level, tags", ConfigurationError, "'level, tags' of account names tags, and records are not sorted by a"),
            ("level, name, level DESC", ConfigurationError, "names level twice; name it once"),
            ("id, name", ConfigurationError, "goes on behind the id"),
            (
                "number, name, level, country, industry, status, email, phone, website",
                ConfigurationError,
                "has 9 keys; at most 8 are kept",
            ),
            ("custom.old", ConfigurationError, "names custom.old, which is retired; revive it first"),
        ],
    )
    def test_what_is_no_index(self, crm: CRM, keys: str, error: type[Exception], told: str) -> None:
        """Every refusal names the index or the field, and the cure; nothing was made."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "old", field.text())
            ws.retire_field(Account, "old")

            with pytest.raises(error, match=told):
                ws.define_index(Account, keys)

            assert list_indexes(ws) == []

    def test_same_twice(self, ws: Workspace) -> None:
        """In whatever spelling."""
        ws.define_index(Account, "level, name DESC")

        with pytest.raises(NameClashError, match=r"account has the index 'level, name DESC' already$"):
            ws.define_index(Account, "level ASC, name DESC, id DESC")

    def test_nothing_to_drop(self, ws: Workspace) -> None:
        """The nearest one is named."""
        ws.define_index(Account, "level, name")

        with pytest.raises(UnknownNameError, match=r"account has no index 'levl, name'.*'level, name'"):
            ws.drop_index(Account, "levl, name")

    def test_without_the_right(self, crm: CRM) -> None:
        """Who may not define fields may not define indexes."""
        with crm.acting_as(GUEST) as ws:
            with pytest.raises(NotAllowedError):
                ws.define_index(Account, "level, name")
            with pytest.raises(NotAllowedError):
                ws.drop_index(Account, "level, name")


@pytest.mark.parametrize("descending", [False, True])
def test_every_kind_that_is_sorted_by(crm: CRM, descending: bool) -> None:
    """A custom field of any sortable kind, promoted or not, can be a key, in either direction."""
    direction = " DESC" if descending else ""
    with crm.acting_as(MEI) as ws:
        for name, declared in DECLARED.items():
            field_ = ws.define_field(Account, name, declared)
            if field_.kind.sortable:
                ws.define_index(Account, f"level, custom.{name}{direction}, name")
    assert found(crm) == {}
