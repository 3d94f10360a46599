"""What is refused leaves a trace, whatever becomes of the unit, and the trace is not for everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, event
from tests.integration.access.company import BO, BOSS, KAI, LIN, MEI, NOBODY, ROLES

from pycrm import (
    CRM,
    Account,
    AuditEntry,
    ConfigurationError,
    Contact,
    NotAllowedError,
    NotFoundError,
    Principal,
    QueryError,
    StorageError,
)

WATCH = Principal("watch", roles={"watch"})


def trail(crm: CRM, **conditions: object) -> list[AuditEntry]:
    """Return all entries that meet *conditions*, the oldest first."""
    with crm.reading_as(BOSS) as reader:
        return list(reversed(reader.audit(limit=1000, **conditions)))  # type: ignore[arg-type]


def account_of(crm: CRM, name: str) -> Account:
    """Return an account as the administrator reads it."""
    with crm.reading_as(BOSS) as reader:
        found = reader.find(Account, name=name)
    assert found is not None
    return found


class TestDenials:
    def test_of_entity(self, crm: CRM) -> None:
        """A refused reading is noted with actor, origin and action, though its unit could not write."""
        with pytest.raises(NotAllowedError), crm.reading_as(Principal("nobody", origin="web")) as reader:
            reader.list(Account)

        (entry,) = trail(crm)
        assert (entry.kind, entry.actor, entry.origin, entry.action) == ("denied", "nobody", "web", "read")
        assert (entry.entity, entry.record_id, entry.fields) == ("account", None, ())

    def test_of_record(self, crm: CRM) -> None:
        """A refused change is noted with the record, and with the fields where it is only these."""
        mine, yours = account_of(crm, "mei 1"), account_of(crm, "bo 1")
        with crm.acting_as(MEI) as ws:
            with pytest.raises(NotAllowedError):
                ws.update(ws.get(Account, yours.id), industry="x")
            with pytest.raises(NotAllowedError):
                ws.update(ws.get(Account, mine.id), tax_number="x")

        found = [(entry.action, entry.record_id, entry.fields) for entry in trail(crm)]
        assert found == [("write", yours.id, ()), ("write", None, ("tax_number",))]

    def test_out_of_reach(self, crm: CRM) -> None:
        """Who asks for a record out of reach is noted, who asks for one that is not there is not."""
        hidden = account_of(crm, "kai 1")
        with crm.reading_as(MEI) as reader:
            for id in (str(hidden.id), "0197a000-0000-7000-8000-000000000000"):
                with pytest.raises(NotFoundError):
                    reader.get(Account, id)
        with crm.acting_as(MEI) as ws, pytest.raises(NotFoundError):
            ws.delete(hidden)

        assert [(entry.action, entry.record_id) for entry in trail(crm)] == [("read", hidden.id), ("delete", hidden.id)]

    def test_batch(self, crm: CRM) -> None:
        """A batch leaves one entry, with how many records and which."""
        with crm.acting_as(MEI) as ws:
            accounts = list(ws.list(Account, order_by="name"))
            for account in accounts:
                account.industry = "shipping"
            ws.update_many(accounts, on_problem="refuse")

        (entry,) = trail(crm)
        refused = [str(account.id) for account in accounts if account.name.startswith("bo")]
        assert (entry.record_id, entry.facts) == (None, {"count": 2, "records": refused})

    def test_new_state(self, crm: CRM) -> None:
        """What would put a record out of reach is noted although its unit went back."""
        bo = account_of(crm, "bo 1").owner
        with pytest.raises(NotAllowedError), crm.acting_as(MEI) as ws:
            ws.update(ws.find(Account, name="mei 1"), owner=bo)  # type: ignore[type-var]

        (entry,) = trail(crm)
        assert (entry.action, entry.facts) == ("write", {"state": "new"})

    def test_many(self, crm: CRM) -> None:
        """After a hundred, one more entry says how many there were."""
        with crm.acting_as(NOBODY) as ws:
            for _ in range(123):
                with pytest.raises(NotAllowedError):
                    ws.create(Contact(name="x"))

        entries = trail(crm)
        assert len(entries) == 101
        assert entries[-1].facts == {"more": 23}

    def test_within(self, crm: CRM) -> None:
        """A unit that writes and goes on after a refusal keeps both: what it wrote, and the entry."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="new"))
            with pytest.raises(NotAllowedError):
                ws.update(ws.find(Account, name="bo 1"), industry="x")  # type: ignore[type-var]
            ws.create(Account(name="newer"))

        assert [entry.record_id for entry in trail(crm)] == [account_of(crm, "bo 1").id]
        assert account_of(crm, "new").created_at <= account_of(crm, "newer").created_at

    def test_questions(self, crm: CRM) -> None:
        """What merely leaves out what may not be read is no refusal: lists, search, related records."""
        with crm.reading_as(KAI) as reader:
            reader.list(Account, include="owner opportunities")
            reader.search("mei")
            reader.recent()

        assert trail(crm) == []

    def test_inside_a_writing_unit(self, crm: CRM) -> None:
        """While somebody holds the write lock the refusal stays what it is, and its entry comes later."""
        with crm.acting_as(BOSS) as ws:
            ws.create(Account(name="long"))
            with pytest.raises(NotAllowedError), crm.reading_as(NOBODY) as reader:
                reader.list(Account)

        assert [entry.actor for entry in trail(crm)] == ["nobody"]


class TestReading:
    def test_conditions(self, crm: CRM) -> None:
        """Entries are asked for by actor, kind, entity, record and time."""
        yours = account_of(crm, "bo 1")
        with crm.reading_as(NOBODY) as reader, pytest.raises(NotAllowedError):
            reader.list(Contact)
        with crm.acting_as(MEI) as ws, pytest.raises(NotAllowedError):
            ws.delete(yours)

        assert [entry.actor for entry in trail(crm, actor="mei")] == ["mei"]
        assert [entry.actor for entry in trail(crm, entity=Contact)] == ["nobody"]
        assert [entry.actor for entry in trail(crm, record=yours)] == ["mei"]
        assert [entry.actor for entry in trail(crm, record=yours.id, kind="denied")] == ["mei"]
        assert trail(crm, kind="elevated") == []
        assert trail(crm, since=crm.clock() + timedelta(hours=1)) == []
        assert len(trail(crm, since=crm.clock() - timedelta(hours=1))) == 2

    def test_pages(self, crm: CRM) -> None:
        """The newest come first, page by page."""
        with crm.reading_as(NOBODY) as reader:
            for entity in ("contact", "account", "opportunity"):
                with pytest.raises(NotAllowedError):
                    reader.count(crm.entities[entity])
        with crm.reading_as(BOSS) as reader:
            first = reader.audit(limit=2)
            second = reader.audit(limit=2, after=first.next_cursor)
            with pytest.raises(QueryError, match="no cursor"):
                reader.audit(after="nonsense")
            with pytest.raises(ConfigurationError, match="limit=0"):
                reader.audit(limit=0)
            with pytest.raises(ConfigurationError, match="did you mean 'denied'"):
                reader.audit(kind="denid")

        assert [entry.entity for entry in first] == ["opportunity", "account"]
        assert ([entry.entity for entry in second], second.next_cursor) == (["contact"], None)

    def test_not_for_everybody(self, crm: CRM) -> None:
        """Without the right to it nobody reads the trail, and the attempt is part of it."""
        with crm.reading_as(LIN) as reader:
            with pytest.raises(NotAllowedError, match="may not audit"):
                reader.audit()
            with pytest.raises(NotAllowedError, match="may not audit account"):
                reader.audit(entity=Account)

        assert [(entry.actor, entry.action, entry.entity) for entry in trail(crm)] == [
            ("lin", "audit", None),
            ("lin", "audit", "account"),
        ]

    def test_right(self, crm: CRM) -> None:
        """Who has the right to it on an entity reads what is about its records within reach, and no hidden names."""
        with crm.acting_as(BOSS) as ws:
            grant = {"read": "all", "audit": {"where": "industry = 'textiles'"}, "fields": {"tax_number": "none"}}
            ws.define_role("watch", {"rights": {"account": grant}})
        with crm.acting_as(MEI) as ws:
            for name in ("bo 1", "bo 2"):
                with pytest.raises(NotAllowedError):
                    ws.unmask(ws.find(Account, name=name), "tax_number", reason="to call")  # type: ignore[arg-type]
        with crm.reading_as(NOBODY) as reader, pytest.raises(NotAllowedError):
            reader.list(Contact)
        with crm.reading_as(WATCH) as reader:
            (entry,) = reader.audit()

        assert (entry.record_id, entry.action, entry.fields) == (account_of(crm, "bo 1").id, "unmask", ())


class TestHost:
    @pytest.fixture
    def url(self, migrated: Callable[..., str]) -> str:
        """A SQLite database, as hosts have one of their own."""
        return migrated("sqlite", [ROLES])

    @pytest.fixture
    def engine(self, url: str) -> Iterator[Engine]:
        """The host's engine on it."""
        engine = create_engine(url)
        event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
        yield engine
        engine.dispose()

    def test_transaction(self, engine: Engine) -> None:
        """In a host's transaction the entries are part of that, whether the unit went well or not."""
        crm = CRM(engine, plugins=[ROLES])
        for commit in (True, False):
            with engine.connect() as connection:
                with crm.acting_as(BOSS, connection=connection) as ws:
                    ws.create(Account(name="x"))
                with pytest.raises(NotAllowedError), crm.acting_as(NOBODY, connection=connection) as ws:
                    ws.create(Account(name="y"))
                if commit:
                    connection.commit()

        assert [entry.actor for entry in trail(crm)] == ["nobody"]

    def test_reading(self, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
        """A reading unit in it takes no write lock for their sake: they are logged."""
        crm = CRM(engine, plugins=[ROLES])
        with (
            caplog.at_level(logging.WARNING, "pycrm.audit"),
            engine.connect() as connection,
            pytest.raises(NotAllowedError),
            crm.reading_as(NOBODY, connection=connection) as reader,
        ):
            reader.list(Account)

        assert "1 audit entries of a reading unit" in caplog.text
        assert trail(crm) == []

    def test_commit_fails(self, url: str) -> None:
        """What a unit wrote into its transaction is written once more where the commit fails."""
        crm = CRM(url, plugins=[ROLES])
        with crm.acting_as(BOSS) as ws:
            account = ws.create(Account(name="x"))
        with pytest.raises(StorageError), crm.acting_as(NOBODY) as ws:
            with pytest.raises(NotAllowedError):
                ws.list(Account)
            with ws.elevated(reason="look", may={Account: {"read"}}) as further:
                further.count(Account)
            ws._ctx.unit.execute("PRAGMA defer_foreign_keys = ON")
            ws._ctx.unit.execute("UPDATE crm_account SET owner = randomblob(16)")

        assert [(entry.kind, entry.facts.get("rolled_back")) for entry in trail(crm)] == [
            ("denied", None),
            ("elevated", True),
        ]
        with crm.reading_as(BOSS) as reader:
            assert reader.get(Account, account.id).owner is not None

    def test_database_fails(self, url: str, caplog: pytest.LogCaptureFixture) -> None:
        """A trail that cannot be written makes no other error of a refusal."""
        crm = CRM(url, plugins=[ROLES])
        with crm.acting_as(BOSS) as ws:
            ws._ctx.unit.execute("ALTER TABLE crm_audit RENAME TO gone")
        with pytest.raises(NotAllowedError), crm.reading_as(BO) as reader:
            reader.audit()

        assert "wait to be written" in caplog.text
