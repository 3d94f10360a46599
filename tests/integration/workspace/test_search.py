"""Finding records by what people type."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.integration.workspace.conftest import Open
from tests.lab import MEI, lab

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Contact,
    Interaction,
    NotAllowedError,
    Reader,
    RecordsCreated,
    UnknownNameError,
    Workspace,
    app,
    field,
)
from pycrm.plugin import Extension, OwnedRecord, Plugin
from pycrm.search import parse_query
from pycrm.storage import search_postgresql
from pycrm.storage.gram_frequencies import Frequencies
from pycrm.storage.gram_numbers import BLOCK_BITS, gram_number
from pycrm.workspace import draining, indexing
from pycrm.workspace import search as searching

HAICHEN = "青岛海晨贸易有限公司"


def titles(ws: Reader, text: str, **options: Any) -> list[str]:
    return [hit.title for hit in ws.search(text, **options)]


def indexed(crm: CRM) -> set[tuple[str, UUID, frozenset[str]]]:
    """Return what stands in the index: entity, id and grams of each row, but for the number of its place."""
    with crm.acting_as(MEI) as ws:
        unit, is_sqlite = ws._ctx.unit, ws._ctx.unit.dialect.name == "sqlite"
        grams = "SELECT d.entity, d.record_id, g.grams FROM crm_search_doc d JOIN crm_search_grams g ON g.rowid = d.n"
        rows = unit.rows(grams if is_sqlite else "SELECT entity, record_id, grams FROM crm_search_doc")
    return {
        (
            entity,
            UUID(bytes=id) if is_sqlite else id,
            frozenset(found.split() if is_sqlite else (str(number) for number in found if number >= 0)),
        )
        for entity, id, found in rows
    }


class TestFinding:
    def test_all_entities(self, ws: Workspace) -> None:
        """Records of every entity are found, each with its title, the field that holds the words, and an excerpt."""
        account = ws.create(Account(name=HAICHEN))
        contact = ws.create(Contact(name="Mei Chen", description="x", email="mei@haichen.com"))
        note = ws.create(
            Interaction(kind="note", subject="Visit", body="long " * 50 + "海晨", happened_at=datetime.now(UTC))
        )

        by_entity = {hit.entity: hit for hit in ws.search("海晨")}
        assert by_entity["account"].record.id == account.id
        assert (by_entity["account"].title, by_entity["account"].field) == (HAICHEN, "name")
        assert by_entity["interaction"].record.id == note.id
        assert by_entity["interaction"].field == "body"
        assert by_entity["interaction"].excerpt.startswith("…")
        assert "海晨" in by_entity["interaction"].excerpt
        assert [hit.record.id for hit in ws.search("mei@haichen.com")] == [contact.id]

    @pytest.mark.parametrize(
        "typed",
        ["海晨", "青岛 公司", "ACC-000001", "1", "138", "5678", "+86 138 1234 5678", "sales", "haichen.com", "贸"],
    )
    def test_by_any_of_its_texts(self, ws: Workspace, typed: str) -> None:
        """Two characters, a number, either end of a phone or a part of a mail address are enough."""
        ws.create(Account(name=HAICHEN, phone="+86 138 1234 5678", email="sales@haichen.com"))
        ws.create(Account(name="Other", number="OTHER"))

        assert titles(ws, typed, entities=[Account]) == [HAICHEN]

    def test_scripts(self, ws: Workspace) -> None:
        """Simplified characters find traditional ones, and the other way round."""
        ws.create_many([Account(name="臺灣海晨國際"), Account(name="台湾海晨国际")])

        assert len(titles(ws, "台湾 国际")) == len(titles(ws, "臺灣 國際")) == 2

    def test_order(self, ws: Workspace) -> None:
        """Exact, then prefix, then title, then all the others, the newest first."""
        ws.create_many([Account(name=name) for name in ("大海晨一", "大海晨二", "海晨贸易", "海晨")])
        ws.create(Account(name="Last", tax_number="大海晨"))

        assert titles(ws, "海晨") == ["海晨", "海晨贸易", "大海晨二", "大海晨一", "Last"]
        assert titles(ws, "海晨", limit=2) == ["海晨", "海晨贸易"]

    def test_any_field_in_full(self, ws: Workspace) -> None:
        """A number or a mail address that equals the text counts as much as a title, one that begins with it less."""
        ws.create(Account(name="海晨", number="ABC-12"))
        ws.create(Account(name="海晨", number="ABC-123"))

        hits = ws.search("ABC-12", entities=[Account])
        assert [(hit.excerpt, hit.score) for hit in hits] == [("ABC-12", 1.0), ("ABC-123", 0.8)]

    def test_phone_in_full(self, ws: Workspace) -> None:
        """A number is compared without its country and however it was typed."""
        ws.create(Account(name="海晨", phone="+86 138 1234 5678"))
        ws.create(Account(name="海晨", tax_number="13812345678x"))

        assert [hit.score for hit in ws.search("+86 138 1234 5678", entities=[Account])] == [1.0, 0.8]

    def test_some_terms(self, ws: Workspace) -> None:
        """Where no record has all terms, those that have most are given, and the result says so."""
        ws.create_many([Account(name="海晨", phone="+8613812345678"), Account(name="Mei"), Account(name="None")])

        result = ws.search("海晨 mei 138", entities=[Account])
        assert [hit.title for hit in result] == ["海晨", "Mei"]
        assert not result.all_terms
        assert ws.search("海晨 138").all_terms

    def test_part_of_a_run(self, ws: Workspace) -> None:
        """Characters that nowhere stand together are looked for pair by pair."""
        ws.create_many([Account(name="贸易"), Account(name=HAICHEN)])

        result = ws.search("青岛贸易")
        assert [hit.title for hit in result] == [HAICHEN, "贸易"]
        assert not result.all_terms

    def test_entities(self, ws: Workspace) -> None:
        """Only records of the asked entities, given as classes or names."""
        ws.create(Account(name="海晨"))
        ws.create(Contact(name="海晨"))

        assert [hit.entity for hit in ws.search("海晨", entities=[Contact])] == ["contact"]
        assert {hit.entity for hit in ws.search("海晨", entities=["contact", "account"])} == {"account", "contact"}
        with pytest.raises(UnknownNameError):
            ws.search("海晨", entities=["acount"])

    def test_capped(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """Past the most that are ranked only the newest are, and the result says so."""
        monkeypatch.setattr(searching, "MOST_RANKED", 3)
        ws.create_many([Account(name=f"海晨 {number}") for number in range(3)])
        assert not ws.search("海晨").is_capped
        ws.create(Account(name="海晨"))

        assert ws.search("海晨").is_capped
        assert titles(ws, "海晨") == ["海晨", "海晨 2", "海晨 1"]

    def test_newest_of_an_entity(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """Newer records of other entities do not crowd out those that were asked for."""
        monkeypatch.setattr(searching, "MOST_RANKED", 2)
        ws.create(Account(name="海晨"))
        ws.create_many([Contact(name="海晨") for _ in range(5)])

        assert [hit.entity for hit in ws.search("海晨", entities=[Account])] == ["account"]

    def test_limit(self, ws: Workspace) -> None:
        """A limit that makes no sense is refused."""
        for limit in (0, -1, 1_001):
            with pytest.raises(ConfigurationError, match="limit="):
                ws.search("x", limit=limit)

    def test_reader(self, crm: CRM) -> None:
        """A reading unit searches too."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="海晨"))
        with crm.reading_as(MEI) as reader:
            assert [hit.title for hit in reader.search("海晨")] == ["海晨"]


HOSTILE = [
    '"', "'", '""', '海晨"', "(", ")", "NEAR(a b)", "a AND", "OR", "NOT x", "*", "a*", "^a", "grams:a", "a:b", "-a",
    "%", "%s", "%(x)s", ":x", "?", "{}", "{a}", "\\", "\x00", "a\x00b", "\ud800", "a\udfffb", "'; DROP TABLE x", "+",
    "٣٤٥٦٧٨٩", "Ⅷ", "ﬁ", "İstanbul", "e\u0301", "\u202e", "🙂", "~hc", "@account", "#1", "x" * 100_000,
    "海" * 100_000, "1 " * 50_000, "( 1-" * 10_000, "xian" * 1_000,
]  # fmt: skip


def test_hostile(ws: Workspace) -> None:
    """Whatever is typed, the database makes no error of it."""
    ws.create(Account(name="海晨 a 1"))

    for text in HOSTILE:
        assert len(ws.search(text)) <= 2


@given(st.text(max_size=30))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text(ws: Workspace, text: str) -> None:
    """A record is found by its own name, whatever that is, if it has a letter or digit; and no text fails."""
    with suppress(_Back), ws.savepoint():
        ws.search(text)
        stored = text.encode("utf-8", "ignore").decode().replace("\0", "") or "x"
        made = ws.create(Account(name=stored))
        found = ws.search(stored[:100])

        assert not parse_query(stored[:100]).terms or made.id in {hit.record.id for hit in found}
        raise _Back


class _Back(Exception):
    """Takes back what an example has written."""


# The oracle: a plain search over the records. Letters that are no pinyin keep it plain.
WORDS = st.text("uvi", min_size=1, max_size=6)
RUNS = st.text("海晨青", min_size=1, max_size=4)
NAMES = st.lists(WORDS | RUNS, min_size=1, max_size=3).map(" ".join)
DIGITS = st.text("12", min_size=5, max_size=7).map("+862188{}".format)
NUMBERS = st.text("12", min_size=3, max_size=6)
QUERIES = st.lists(WORDS | RUNS, max_size=2).map(" ".join) | NUMBERS | st.tuples(WORDS | RUNS, NUMBERS).map(" ".join)


def parts_of(term: str) -> list[str]:
    """Return what is looked for where nothing holds *term*: of several characters each pair."""
    return [term] if term[0] not in "海晨青" else [term[at : at + 2] for at in range(len(term) - 1)] or [term]


def holds(account: Account, term: str) -> bool:
    """Whether *term* is found in *account*, by looking at its texts."""
    words = account.name.split()
    if term.isdecimal():
        national = (account.phone or "").removeprefix("+86")
        return national.startswith(term) or (len(term) >= 4 and national.endswith(term))
    if term[0] in "uvi":
        return any(word == term if len(term) == 1 else word.startswith(term) for word in words)
    return all(any(part in word for word in words) for part in parts_of(term))


@given(
    st.lists(st.tuples(NAMES, st.none() | DIGITS), max_size=8),
    st.lists(NAMES, max_size=3),
    st.lists(QUERIES, max_size=6),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_oracle(ws: Workspace, made: list[tuple[str, str | None]], renamed: list[str], asked: list[str]) -> None:
    """Search finds exactly the records that a plain look at each would, after changes and deletions too."""
    with suppress(_Back), ws.savepoint():
        accounts = [Account(name=name, phone=phone, number=f"X{place}") for place, (name, phone) in enumerate(made)]
        ws.create_many(accounts)
        for account, name in zip(accounts, renamed, strict=False):
            ws.update(account, name=name)
        for account in accounts[5:]:
            ws.delete(account)
        for text in asked:
            terms = list(dict.fromkeys(text.split()))
            held = {account.id: sum(holds(account, term) for term in terms) for account in accounts[:5]}
            all_terms = {id for id, count in held.items() if count == len(terms)}
            result = ws.search(text, entities=[Account], limit=100)

            parts = {part for term in terms for part in parts_of(term)}
            some = {account.id for account in accounts[:5] if any(holds(account, part) for part in parts)}
            assert {hit.record.id for hit in result} == ((all_terms or some) if terms else set())
            assert result.all_terms is bool(all_terms or len(parts) <= 1)
        raise _Back


class TestKeeping:
    def test_update(self, ws: Workspace) -> None:
        """A changed field is found by its new value only, and the record keeps its age."""
        first = ws.create(Account(name="海晨一"))
        ws.create(Account(name="海晨二"))
        ws.update(first, name="海晨三", tax_number="ABC")

        assert titles(ws, "海晨") == ["海晨二", "海晨三"]
        assert titles(ws, "晨一") == []
        assert titles(ws, "abc") == ["海晨三"]

    def test_held_no_more(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a record held before is not given, even where its row is still to be written anew."""
        made = ws.create_many([Account(name=f"海晨 {number}") for number in range(3)]).created
        monkeypatch.setattr(indexing, "MOST_AT_ONCE", 1)
        for account in made[:2]:
            account.name = "青岛"
        ws.update_many(made[:2])

        assert titles(ws, "海晨") == ["海晨 2"]

    def test_emptied(self, ws: Workspace) -> None:
        """A record whose last searchable value goes is found no more."""
        note = ws.create(Interaction(kind="note", subject="海晨", happened_at=datetime.now(UTC)))
        ws.update(note, subject=None)

        assert titles(ws, "海晨") == []

    def test_bin(self, ws: Workspace) -> None:
        """A record in the bin is not found, restored it is, purged it is gone."""
        account = ws.create(Account(name="海晨"))
        ws.delete(account)
        assert titles(ws, "海晨") == []
        ws.restore(account)
        assert titles(ws, "海晨") == ["海晨"]
        ws.delete(account)
        ws.purge(account)

        assert titles(ws, "海晨") == []
        assert account.id not in {id for _, id, _ in _rows(ws)}

    def test_rollback(self, crm: CRM) -> None:
        """What a savepoint takes back is not found, and neither is what another unit has not committed."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="海晨"))
            with suppress(_Back), ws.savepoint():
                ws.create(Account(name="海晨二"))
                raise _Back

            assert titles(ws, "海晨") == ["海晨"]

    def test_users_of_units(self, ws: Workspace) -> None:
        """The row that a first write makes of its actor is found too."""
        ws.create(Account(name="x"))

        assert [hit.entity for hit in ws.search("mei", entities=["user"])] == ["user"]

    def test_custom_field(self, ws: Workspace) -> None:
        """A searchable custom field is found, one that is not searchable is not."""
        ws.define_field(Account, "nickname", field.text(searchable=True))
        ws.define_field(Account, "secret", field.text())
        account = ws.create(Account(name="x", custom={"nickname": "海晨", "secret": "青岛"}))

        assert [(hit.field, hit.excerpt) for hit in ws.search("海晨")] == [("custom.nickname", "海晨")]
        assert titles(ws, "青岛") == []
        ws.update(account, custom={"nickname": "青岛"})
        assert titles(ws, "青岛") == ["x"]

    def test_converted_field(self, crm: CRM) -> None:
        """The records of a converted searchable field wait to be indexed anew."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "code", field.integer(searchable=True))
            ws.create(Account(name="x", custom={"code": 4711}))
            ws.convert_field(Account, "code", field.text(searchable=True))
            assert ws.search("4711").waiting == 1
        crm.index_waiting()

        with crm.acting_as(MEI) as ws:
            assert titles(ws, "4711") == ["x"]


def _rows(ws: Workspace) -> list[tuple[str, Any, Any]]:
    is_sqlite = ws._ctx.unit.dialect.name == "sqlite"
    rows = ws._ctx.unit.rows("SELECT entity, record_id, head FROM crm_search_doc")
    return [(entity, UUID(bytes=id) if is_sqlite else id, head) for entity, id, head in rows]


class TestOfAPlugin:
    """Entities and fields that a plugin brings, on SQLite: they differ in nothing that a database sees."""

    @pytest.fixture
    def shop(self) -> Plugin:
        shop = Plugin("fair", version="1.0")

        @shop.entity(title="name")
        class Stand(OwnedRecord):
            """A stand at a fair."""

            name: str = field.text(searchable=True)
            hall: str | None = field.text()

        @shop.extend(Account)
        class FairTerms(Extension):
            """What is known of exhibitors."""

            brand: str | None = field.text(searchable=True)

        shop.stand, shop.terms = Stand, FairTerms  # type: ignore[attr-defined]
        return shop

    def test_found(self, open_crm: Open, shop: Any) -> None:
        """Both are found as a built-in's are."""
        crm = open_crm("sqlite://", [shop])
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            ws.create(shop.stand(name="海晨", hall="青岛"))
            account = Account(name="x")
            account[shop.terms].brand = "海晨"
            ws.create(account)

            assert {(hit.entity, hit.field) for hit in ws.search("海晨")} == {
                ("fair.stand", "name"),
                ("account", "fair.brand"),
            }
            assert titles(ws, "海晨", entities=["fair.stand"]) == ["海晨"]
            assert titles(ws, "青岛") == []

    def test_not_searchable(self, open_crm: Open, shop: Any) -> None:
        """A field that is not declared so is not found, and an entity without such fields is left out."""

        @shop.entity(title="name")
        class Hall(OwnedRecord):
            """A hall, which nobody looks for."""

            name: str = field.text()

        crm = open_crm("sqlite://", [shop])
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            ws.create(Hall(name="海晨"))
            ws.create(shop.stand(name="x", hall="海晨"))

            assert titles(ws, "海晨") == []
            assert list(ws.search("海晨", entities=[Hall])) == []
            assert "fair.hall" not in {entity for entity, _, _ in _rows(ws)}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of records is a large batch."""
    monkeypatch.setattr(indexing, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(indexing, "PORTION", 4)


@pytest.mark.usefixtures("small")
class TestWaiting:
    """Records of large batches, where they are indexed later."""

    @pytest.fixture
    def crm(self, crm_url: str, open_crm: Open) -> CRM:
        return open_crm(crm_url, index_waiting="later")

    def test_large_batch(self, crm: CRM) -> None:
        """A large batch waits, each search says how many do, and `index_waiting` brings them in."""
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name=f"海晨 {number}") for number in range(5)])
            result = ws.search("海晨")
            assert (len(result), result.waiting) == (0, 5)

        told: list[int] = []
        assert crm.index_waiting(on_progress=told.append) == 5
        assert told[-1] == 5
        with crm.acting_as(MEI) as ws:
            assert (len(ws.search("海晨")), ws.search("海晨").waiting) == (5, 0)

    def test_rolled_back(self, crm: CRM) -> None:
        """What a rollback takes back does not wait."""
        with suppress(_Back), crm.acting_as(MEI) as ws:
            ws.create_many([Account(name="海晨") for _ in range(5)])
            raise _Back

        assert crm.index_waiting() == 0

    def test_changed_meanwhile(self, crm: CRM) -> None:
        """What happens to a record while it waits counts: its newest value, the bin, its end."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([Account(name=f"海晨 {number}") for number in range(5)]).created
            ws.update(made[0], name="青岛")
            ws.delete(made[1])
            ws.delete(made[2])
            ws.purge(made[2])
        crm.index_waiting()

        with crm.acting_as(MEI) as ws:
            assert sorted(titles(ws, "海晨")) == ["海晨 3", "海晨 4"]
            assert titles(ws, "青岛") == ["青岛"]

    def test_large_deletion(self, crm: CRM) -> None:
        """Records that go in a large batch are found no more at once, though their rows wait to go."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([Account(name=f"海晨 {number}") for number in range(5)]).created
        crm.index_waiting()
        with crm.acting_as(MEI) as ws:
            ws.delete_many(made)
            assert titles(ws, "海晨") == []
        crm.index_waiting()

        assert not {id for _, id, _ in indexed(crm)} & {account.id for account in made}

    def test_purged_and_made_again(self, ws: Workspace) -> None:
        """An id that comes again after a large purge finds its place empty."""
        made = ws.create_many([Account(name=f"海晨 {number}") for number in range(5)]).created
        ws.delete_many(made)
        for account in made:
            ws.purge(account)
        ws.create(Account(id=made[0].id, name="海晨"))

        assert titles(ws, "海晨") == ["海晨"]

    def test_rebuild(self, crm: CRM) -> None:
        """The index that is made anew is the one that was kept with each write."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "nickname", field.text(searchable=True))
            first, second, third = (
                ws.create(Account(name=name, phone="+8613812345678")) for name in ("海晨", "b", "c")
            )
            ws.create(Contact(name="Mei Chen", email="mei@haichen.com"))
            ws.update(second, name="青岛", custom={"nickname": "大海"})
            ws.delete(third)
            ws.delete(first)
            ws.restore(first)
            ws.create_many([Account(name=f"山 {number}") for number in range(5)])
        crm.index_waiting()
        kept = indexed(crm)

        assert crm.rebuild_search() == len(kept)
        assert indexed(crm) == kept

    def test_once(self, crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was indexed does not wait any more, also where the index is settled afterwards."""
        monkeypatch.setattr(app, "MANY_INDEXED", 1)
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name=f"海晨 {number}") for number in range(9)])

        assert [crm.index_waiting(), crm.index_waiting()] == [9, 0]


class TestTwoThreads:
    """On PostgreSQL two threads index what waits, if that is much."""

    @pytest.fixture
    def crm(self, migrated: Callable[..., str], open_crm: Open, monkeypatch: pytest.MonkeyPatch) -> CRM:
        monkeypatch.setattr(indexing, "MOST_AT_ONCE", 50)
        monkeypatch.setattr(indexing, "PORTION", 30)
        monkeypatch.setattr(draining, "HELPED_FROM", 1)
        return open_crm(migrated("postgresql", [lab]), [lab], index_waiting="later")

    def test_all_once(self, crm: CRM) -> None:
        """Each record is indexed once, also one that waits twice, and the newest hits are those that waited last."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([Account(name=f"海晨 n{number}") for number in range(200)]).created
            for account in made:
                account.name = f"青岛 {account.name}"
            ws.update_many(made)
            assert ws.search("海晨").waiting >= 400

        assert crm.index_waiting() >= 400
        with crm.acting_as(MEI) as ws:
            numbers = "SELECT record_id FROM crm_search_doc WHERE entity = 'account' ORDER BY n"
            assert [id for (id,) in ws._ctx.unit.rows(numbers)] == [account.id for account in made]
            assert (len(ws.search("青岛 n199")), ws.search("青岛").waiting) == (1, 0)
        kept = indexed(crm)
        crm.rebuild_search()
        assert indexed(crm) == kept

    def test_writers_meanwhile(self, crm: CRM) -> None:
        """Whatever others change and delete while two threads index, the index is the one that is made anew after."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([Account(name=f"海晨 n{number}") for number in range(400)]).created

        def change() -> None:
            for number, account in enumerate(made[::5]):
                with crm.acting_as(MEI) as ws:
                    if number % 3:
                        ws.update(ws.get(Account, account.id), name=f"青岛 n{number}")
                    else:
                        ws.delete(ws.get(Account, account.id))

        writer = threading.Thread(target=change)
        writer.start()
        crm.index_waiting()
        writer.join()
        kept = indexed(crm)
        crm.rebuild_search()

        assert indexed(crm) == kept

    def test_given_back(self, crm: CRM) -> None:
        """What one of two units takes and gives back is taken by the other, with what follows."""
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name=f"海晨 n{number}") for number in range(200)])
        turns = indexing.Turns()
        with suppress(_Back), crm.acting_as(MEI) as ws:
            assert indexing.index_portion(ws._ctx, turns) == 30
            raise _Back
        counts: list[int] = []
        while not counts or counts[-1]:
            with crm.acting_as(MEI) as ws:
                counts.append(indexing.index_portion(ws._ctx, turns))

        assert sum(counts) >= 200
        with crm.acting_as(MEI) as ws:
            assert ws.search("海晨").waiting == 0


@pytest.mark.usefixtures("small")
class TestAfterCommit:
    """Records of large batches, where nobody said that they are to be indexed later."""

    def test_found(self, crm: CRM) -> None:
        """When the block of their unit is left, they are found."""
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name=f"海晨 {number}") for number in range(5)])
            assert ws.search("海晨").waiting == 5

        with crm.reading_as(MEI) as ws:
            assert (len(ws.search("海晨")), ws.search("海晨").waiting) == (5, 0)

    def test_run(self, crm: CRM) -> None:
        """So they are after `run`, and what a conversion leaves waiting too."""
        crm.run(MEI, lambda ws: ws.define_field(Account, "code", field.integer(searchable=True)))
        made = [Account(name=f"海晨 {number}", custom={"code": 4711 + number}) for number in range(5)]
        crm.run(MEI, lambda ws: ws.create_many(made))
        crm.run(MEI, lambda ws: ws.convert_field(Account, "code", field.text(searchable=True)))

        with crm.reading_as(MEI) as ws:
            assert (len(ws.search("海晨")), titles(ws, "4711"), ws.search("x").waiting) == (5, ["海晨 0"], 0)

    def test_own_only(self, crm: CRM, open_crm: Open, crm_url: str) -> None:
        """A unit indexes what it has left waiting, not the millions of an import elsewhere."""
        with open_crm(crm_url, index_waiting="later").acting_as(MEI) as ws:
            ws.create_many([Account(name=f"青岛 {number}") for number in range(6)])
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name=f"海晨 {number}") for number in range(9)])
            ws.create_many([Contact(name=f"海晨 {number}") for number in range(5)])

        with crm.reading_as(MEI) as ws:
            assert (len(ws.search("海晨")), len(ws.search("青岛")), ws.search("x").waiting) == (14, 0, 6)
        assert crm.index_waiting() == 6

    def test_rolled_back(self, crm: CRM) -> None:
        """What a savepoint takes back is not indexed."""
        with crm.acting_as(MEI) as ws:
            with suppress(_Back), ws.savepoint():
                ws.create_many([Account(name="海晨") for _ in range(5)])
                raise _Back
            ws.create_many([Account(name="青岛") for _ in range(5)])

        with crm.reading_as(MEI) as ws:
            assert (len(ws.search("海晨")), len(ws.search("青岛")), ws.search("x").waiting) == (0, 5, 0)

    def test_host(self, crm: CRM, host_engine: Engine) -> None:
        """Those of a unit in a host's transaction wait, for nobody here sees its commit."""
        with host_engine.begin() as connection, crm.acting_as(MEI, connection=connection) as ws:
            ws.create_many([Account(name=f"海晨 {number}") for number in range(5)])

        with crm.reading_as(MEI) as ws:
            assert ws.search("海晨").waiting == 5
        assert crm.index_waiting() == 5

    def test_failed(self, open_crm: Open, caplog: pytest.LogCaptureFixture) -> None:
        """Where that fails, what was committed stays, and waits. In memory there is one unit at a time."""
        crm = open_crm("sqlite://")
        crm.migrate()
        with ExitStack() as stack:
            crm.on(RecordsCreated, lambda _: stack.enter_context(crm.reading_as(MEI)))
            with crm.acting_as(MEI) as ws:
                ws.create_many([Account(name=f"海晨 {number}") for number in range(5)])

        assert "could not be indexed" in caplog.text
        with crm.reading_as(MEI) as ws:
            assert ws.search("海晨").waiting == 5
        assert crm.index_waiting() == 5

    def test_unknown_time(self) -> None:
        """Another time than these two is refused."""
        with pytest.raises(ConfigurationError, match="index_waiting='never'"):
            CRM("sqlite://", index_waiting="never")  # type: ignore[arg-type]


class TestRights:
    def test_left_out(self, crm: CRM) -> None:
        """Entities that the principal may not read are left out; who may read none is refused."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="海晨"))
            ws.create(Contact(name="海晨"))
            ws._ctx.services.access = Only("contact")  # type: ignore[assignment]

            assert [hit.entity for hit in ws.search("海晨")] == ["contact"]
            assert [hit.entity for hit in ws.search("海晨", entities=[Account, Contact])] == ["contact"]
            with pytest.raises(NotAllowedError):
                ws.search("海晨", entities=[Account])


@attrs.frozen
class Only:
    """Lets everybody read one entity, and nobody anything else."""

    name: str

    def require(self, principal: Any, action: str, entity: Any, fields: Sequence[Any] = ()) -> None:
        """Refuse everything but reading that entity."""
        if (action, entity.name) != ("read", self.name):
            raise NotAllowedError("no", action=action, entity=entity.name, user=principal.user)


def test_older_database(crm: CRM, open_crm: Open, crm_url: str) -> None:
    """The records of a database that never was indexed wait after the next migration."""
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="海晨"))
        indexing.index_of(ws._ctx).clear(ws._ctx.unit)
    again = open_crm(crm_url, [lab])
    again.migrate()
    with again.acting_as(MEI) as ws:
        assert ws.search("海晨").waiting > 0
    again.index_waiting()

    with again.acting_as(MEI) as ws:
        assert titles(ws, "海晨") == ["海晨"]


SEQUENCE = "pg_get_serial_sequence('crm_search_doc', 'n')"
COMMON = [one + other for one in "海晨青uvi" for other in ("", *"海晨青uvi")]


@pytest.mark.usefixtures("by_blocks")
class TestByBlocks:
    """Many rows are read block by block on PostgreSQL; the answers are the same."""

    @pytest.fixture
    def by_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(search_postgresql, "MOST_SORTED", -1)

    @pytest.fixture
    def crm_url(self, migrated: Callable[..., str]) -> str:
        return migrated("postgresql", [lab])

    def test_same(self, ws: Workspace) -> None:
        """Order, entities, alternatives and several terms."""
        ws.create_many([Account(name=f"海晨 {number} uvi") for number in range(5)])
        ws.create(Contact(name="海晨", mobile="+8613812345678"))

        assert titles(ws, "海晨", limit=2) == ["海晨", "海晨 4 uvi"]
        assert len(titles(ws, "海晨 uvi")) == 5
        assert titles(ws, "海晨 2345678") == ["海晨"]
        assert len(titles(ws, "海晨", entities=["account"])) == 5
        assert titles(ws, "nobody") == []

    def test_changed(self, ws: Workspace) -> None:
        """What was changed keeps its block."""
        made = ws.create(Account(name="海晨一"))
        ws.create(Account(name="海晨二"))
        ws.update(made, name="海晨三")

        assert titles(ws, "海晨") == ["海晨二", "海晨三"]

    @given(
        st.lists(st.tuples(st.sampled_from([Account, Contact, None]), NAMES), max_size=12),
        st.lists(st.lists(WORDS | RUNS, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=4),
    )
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_many_blocks(self, ws: Workspace, made: list[tuple[Any, str]], asked: list[str]) -> None:
        """Whichever rows the blocks hold, and whichever entities are asked so, the same are found as at once."""
        with suppress(_Back), ws.savepoint():
            for entity, name in made:
                if entity is None:
                    ws._ctx.unit.rows(f"SELECT setval({SEQUENCE}, nextval({SEQUENCE}) + {1 << BLOCK_BITS})")
                else:
                    ws.create(entity(name=name))
            index: Any = indexing.index_of(ws._ctx)
            for text in asked:
                found = []
                for most_sorted in (-1, 0, 10_000):
                    search_postgresql.MOST_SORTED = most_sorted
                    # Accounts hold these often, contacts do not.
                    common = {gram_number("account", gram): 1.0 for gram in COMMON}
                    index._known_frequencies = Frequencies(1_000, common, time.monotonic())
                    found.append([(hit.score, hit.record.id) for hit in ws.search(text)])

                assert found[0] == found[1] == found[2]
            raise _Back


def test_doctor(crm: CRM) -> None:
    """The tables and indexes of search belong to what is declared."""
    assert [problem for problem in crm.examine() if problem.code.startswith("drift.")] == []


def test_older_rules(crm: CRM, open_crm: Open, crm_url: str) -> None:
    """Records that were indexed by the rules of an older release wait after the next migration, and can be found."""
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="海晨"))
        ws._ctx.unit.execute("UPDATE crm_search_doc SET tokenizer = 2")
    again = open_crm(crm_url, [lab])
    again.migrate()
    with again.acting_as(MEI) as ws:
        assert (titles(ws, "海晨"), ws.search("海晨").waiting > 0) == (["海晨"], True)
    again.index_waiting()
    assert again.migrate() == []

    with again.acting_as(MEI) as ws:
        assert (titles(ws, "海晨"), ws.search("海晨").waiting) == (["海晨"], 0)


@pytest.mark.parametrize("form", ['text[] COLLATE "C"', "integer[]"])
def test_older_grams(migrated: Callable[..., str], open_crm: Open, form: str) -> None:
    """A PostgreSQL database that kept grams as texts, or as numbers for all entities, is indexed anew as a whole."""
    url = migrated("postgresql", [lab])
    crm = open_crm(url, [lab])
    with crm.acting_as(MEI) as ws:
        made = ws.create_many([Account(name="海晨"), Account(name="海晨二")]).created
        unit = ws._ctx.unit
        unit.execute(f"ALTER TABLE crm_search_doc ALTER COLUMN grams TYPE {form} USING NULL")
        unit.execute("DROP INDEX crm_search_doc_entity_idx")
        indexing.index_of(ws._ctx).enqueue(unit, "account", [made[0].id])
    again = open_crm(url, [lab])
    again.migrate()
    again.index_waiting()

    with again.acting_as(MEI) as ws:
        assert titles(ws, "海晨") == ["海晨", "海晨二"]


def test_same_number(migrated: Callable[..., str], open_crm: Open) -> None:
    """A record that PostgreSQL gives because another gram has the same number is not among the hits."""
    crm = open_crm(migrated("postgresql", [lab]), [lab])
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="海晨"))
        ws._ctx.unit.execute("UPDATE crm_search_doc SET grams = grams || %s", (gram_number("account", "青岛"),))

        assert titles(ws, "青岛") == []
        assert titles(ws, "海晨") == ["海晨"]
