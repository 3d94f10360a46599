"""Pages and their cursors."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from pycrm.errors import QueryError
from pycrm.storage.field_sql import document_index


def _first(world: Any, order_by: str | None = "name", **options: Any) -> Any:
    return world.compiler.page(world.deal, None, order_by, **{"limit": 1} | options).read(world.unit.rows)


def _explaining(world: Any) -> tuple[Callable[[str, Any], Any], list[str]]:
    """Return how to run a statement, and the plans of those that were run so."""
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if world.database.dialect.name == "sqlite" else "EXPLAIN "

    def run(sql: str, params: Any) -> Any:
        plans.append("\n".join(str(row[-1]) for row in world.unit.rows(explain + sql, params)))
        return world.unit.rows(sql, params)

    return run, plans


@pytest.fixture
def deals(world: Any, nouns: Any) -> list[Any]:
    """Every combination of two names, two ranks and two absences."""
    made = [nouns.Deal(name=name, rank=rank) for name, rank in itertools.product(["a", "b", None], [1, 2, None] * 2)]
    world.insert(made)
    return made


@pytest.mark.parametrize(
    "order_by", ["name, rank", "name DESC, rank", "name, rank DESC", "name DESC, rank DESC", "id DESC", None]
)
def test_pages_hold_every_record_once(world: Any, deals: list[Any], order_by: str | None) -> None:
    """Whatever the directions and wherever the pages end."""
    whole = _first(world, order_by, limit=100).rows
    assert len(whole) == len(deals)

    for limit in (1, 2, 5, 17, 18, 19):
        pages = [_first(world, order_by, limit=limit)]
        while pages[-1].next_cursor:
            pages.append(_first(world, order_by, limit=limit, after=pages[-1].next_cursor))

        assert [len(page.rows) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert [row for page in pages for row in page.rows] == whole


def test_missing_values_are_smallest(world: Any, deals: list[Any]) -> None:
    """On both databases, in both directions."""
    assert world.names(order_by="name")[::6] == [None, "a", "b"]
    assert world.names(order_by="name DESC")[::6] == ["b", "a", None]


@pytest.mark.parametrize("lacking", [False, True], ids=["all have the key", "one lacks it"])
@pytest.mark.parametrize("direction", ["", " DESC"])
@pytest.mark.parametrize("path", ["account.name", "account.level", "account.custom.market"])
def test_missing_behind_a_reference(world: Any, nouns: Any, path: str, direction: str, lacking: bool) -> None:
    """A key is missing where there is no reference, and where there is nothing at its end: both are one range."""
    marks = ["b", None if lacking else "c", "a"]
    accounts = [nouns.Account(name=mark, level=mark and mark.upper(), custom={"market": mark}) for mark in marks]
    world.insert(accounts)
    leading = [None, *accounts, None, *accounts, None]
    deals = [nouns.Deal(name=f"{number}", account=account) for number, account in enumerate(leading)]
    world.insert(deals)

    found, after = [], None
    while True:
        page = _first(world, path + direction, limit=2, after=after)
        found += [deal.name for deal in world.load(world.deal, page.rows)]
        if (after := page.next_cursor) is None:
            break

    keys = {
        deal.name: ((account and account.name) or "", deal.id) for deal, account in zip(deals, leading, strict=True)
    }
    assert found == sorted(keys, key=keys.__getitem__, reverse=bool(direction))


def test_pages_behind_a_reference_walk_its_index(world: Any, nouns: Any) -> None:
    """What a reference leads to is walked in order, and what leads nowhere is found by an index, too."""
    accounts = [nouns.Account(name=f"n{n:03}") for n in range(300)]
    world.insert(accounts)
    world.insert([nouns.Deal(name=f"d{n}", account=accounts[n % 300]) for n in range(6_000)])
    for name in ("deal", "account"):
        world.unit.execute(f"ANALYZE {world.tables.table(name).name}")
    run, plans = _explaining(world)

    page = world.compiler.page(world.deal, None, "account.name", limit=10).read(run)

    assert len(page.rows) == 10
    absent, _, present = plans
    assert "crm_deal_account_idx" in absent
    assert "crm_account_name_idx" in present
    assert "crm_deal_account_idx" in present


def test_text_goes_by_code_point(world: Any, nouns: Any) -> None:
    """Not by a language's alphabet, and not by UTF-16."""
    names = ["Z", "a", "é", "中", "￿", "😀"]
    world.insert([nouns.Deal(name=name, custom={}) for name in reversed(names)])
    accounts = [nouns.Account(name=name, custom={"market": name}) for name in reversed(names)]
    world.insert(accounts)

    assert world.names(order_by="name") == names
    assert world.names(entity="account", order_by="custom.market") == names


def test_page_goes_on_after_changes(world: Any, deals: list[Any]) -> None:
    """A cursor is a place between values: what was added or removed before it neither repeats nor hides records."""
    page = _first(world, "rank", limit=9)
    world.unit.execute("DELETE FROM crm_deal WHERE rank IS NULL")

    rest = _first(world, "rank", limit=100, after=page.next_cursor)

    assert len(rest.rows) == 9
    assert rest.next_cursor is None


def test_cursor_travels_in_urls(world: Any, nouns: Any) -> None:
    """It needs no quoting, whatever the values."""
    world.insert([nouns.Deal(name="?&=/+ 海😀"), nouns.Deal(name="~")])
    cursor = _first(world).next_cursor

    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()
    assert [deal.name for deal in world.load(world.deal, _first(world, after=cursor).rows)] == ["~"]


def test_cursor_belongs_to_order_and_entity(world: Any, nouns: Any, deals: list[Any]) -> None:
    """Another list refuses it by name; another spelling of the same order takes it."""
    cursor = _first(world, "name, rank DESC").next_cursor

    assert _first(world, "name ASC,rank  desc , id DESC", after=cursor).rows
    with pytest.raises(
        QueryError, match="a list of deal ordered by 'name, rank DESC, id DESC', not of deal ordered by"
    ):
        _first(world, "name, rank", after=cursor)
    with pytest.raises(QueryError, match="not of account ordered by 'name, id'"):
        world.compiler.page(world.account, None, "name", after=cursor)


def test_garbled_cursor_is_refused(world: Any, deals: list[Any]) -> None:
    """Cut, changed or invented text is no cursor."""
    cursor = _first(world).next_cursor
    middle = len(cursor) // 2
    changed = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    invented = base64.urlsafe_b64encode(b"000000[]").decode()

    for text_ in (cursor[:-2], cursor + "AA", changed, invented, "", "海", "%%%", 5):
        with pytest.raises(QueryError, match="after= takes the next_cursor of a page, unchanged"):
            _first(world, after=text_)


def test_most_pages_need_one_statement(world: Any, deals: list[Any]) -> None:
    """Ranges are asked only until the page is full."""
    asked: list[str] = []

    def run(sql: str, params: Any) -> Any:
        asked.append(sql)
        return world.unit.rows(sql, params)

    cursor = world.compiler.page(world.deal, None, "rank", limit=7).read(run).next_cursor
    world.compiler.page(world.deal, None, "rank", limit=2, after=cursor).read(run)

    assert len(asked) == 2


@pytest.mark.parametrize(
    ("entity", "order_by", "index"),
    [
        ("deal", "name", "crm_deal_name_idx"),
        ("deal", "name DESC", "crm_deal_name_idx"),
        ("account", "custom.market", "crm_account_custom_market_doc_idx"),
        ("account", "custom.market DESC", "crm_account_custom_market_doc_idx"),
        ("deal", None, None),
    ],
)
def test_sorted_pages_walk_the_index(
    world: Any, nouns: Any, entity: str, order_by: str | None, index: str | None
) -> None:
    """Both directions, columns and documents: no page sorts what an index has in order."""
    asked = world.schema.entity(entity)
    table = world.tables.table("account")
    document = document_index(table, world.account.fields["custom.market"], world.database.dialect.name)
    world.unit.execute(document.create)
    make = nouns.Deal if entity == "deal" else nouns.Account
    world.insert(
        [
            make(name=f"n{n % 50}", **({"custom": {"market": f"n{n % 50}"}} if entity == "account" else {}))
            for n in range(3_000)
        ]
    )
    is_sqlite = world.database.dialect.name == "sqlite"
    if not is_sqlite:
        world.unit.execute(f"ANALYZE {world.tables.table(entity).name}")

    run, plans = _explaining(world)

    first = world.compiler.page(asked, None, order_by, limit=10).read(run)
    world.compiler.page(asked, None, order_by, limit=10, after=first.next_cursor).read(run)

    for plan in plans:
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan
        assert index is None or index in plan
