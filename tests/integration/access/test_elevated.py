"""Sections with further rights: named, seen by nobody else, over with their block, and one entry in the trail each."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.integration.access.company import BOSS, KAI, LIN, MEI, NOBODY, ROLES
from tests.integration.access.test_audit import account_of, trail

from pycrm import (
    CRM,
    Account,
    AccountContact,
    ConfigurationError,
    Contact,
    HookFailedError,
    Money,
    NotAllowedError,
    Opportunity,
    Principal,
    Product,
    Ref,
    Role,
    UnitError,
    UnknownNameError,
    User,
    Workspace,
)
from pycrm.errors import UnitEndedError
from pycrm.plugin import Plugin

READ = {Account: {"read"}}


class TestRights:
    def test_reading(self, crm: CRM) -> None:
        """The section reads all records with all fields; the workspace outside stays as it is, at the same time."""
        with crm.acting_as(MEI) as ws, ws.elevated(reason="to compare", may=READ) as sys:
            names = [each.name for each in sys.list(Account, order_by="annual_revenue, name", limit=3)]
            assert (sys.count(Account), ws.count(Account)) == (6, 4)
            assert (sys.find(Account, name="mei 1") or mistake()).tax_number == "9131000mei1234"
            assert (ws.find(Account, name="mei 1") or mistake()).tax_number == "**********1234"
            with pytest.raises(UnknownNameError):
                ws.list(Account, order_by="annual_revenue")

        assert names == ["bo 1", "kai 1", "mei 1"]

    def test_only_that(self, crm: CRM) -> None:
        """What is not named stays what it was: other actions, other entities, denied writing."""
        with crm.acting_as(MEI) as ws, ws.elevated(reason="to compare", may=READ) as sys:
            with pytest.raises(NotAllowedError):
                sys.update(sys.find(Account, name="bo 1"), industry="x")  # type: ignore[type-var]
            with pytest.raises(NotAllowedError):
                sys.update(sys.find(Account, name="mei 1"), annual_revenue=Money(5, "CNY"))  # type: ignore[type-var]
            assert sys.count(Opportunity) == 2

        assert account_of(crm, "mei 1").annual_revenue == Money(1_000_000, "CNY")

    def test_writing(self, crm: CRM) -> None:
        """Who may write in it writes every field of every record, as himself."""
        kai = account_of(crm, "kai 1")
        with crm.acting_as(MEI) as ws, ws.elevated(reason="to merge", may={"account": {"read", "write"}}) as sys:
            sys.update(sys.get(Account, kai.id), tax_number="7", industry="merged")

        after = account_of(crm, "kai 1")
        assert (after.tax_number, after.industry) == ("7", "merged")
        with crm.reading_as(BOSS) as reader:
            assert [entry.actor for entry in reader.history(after, limit=1)] == ["mei"]

    def test_nothing_before(self, crm: CRM) -> None:
        """Who has no right at all gets exactly what is named: here to create, and not to read."""
        with crm.acting_as(NOBODY) as ws, ws.elevated(reason="web form", may={Contact: {"create"}}) as sys:
            sys.create(Contact(name="from the web"))
            with pytest.raises(NotAllowedError):
                sys.list(Contact)

        with crm.reading_as(BOSS) as reader:
            assert reader.count(Contact, where="name = 'from the web'") == 1

    def test_parts(self, crm: CRM) -> None:
        """A part follows what it is part of, or is named itself."""
        with crm.acting_as(KAI) as ws:
            with ws.elevated(reason="whole", may=READ) as sys:
                assert sys.count(AccountContact) == 6
            with ws.elevated(reason="part", may={AccountContact: {"read"}}) as sys:
                assert (sys.count(AccountContact), sys.count(Account)) == (6, 2)

    def test_references(self, crm: CRM) -> None:
        """What was found to be there in a section is not known outside it."""
        hidden = Ref(account_of(crm, "kai 1").id, "account")
        with crm.acting_as(MEI) as ws:
            with ws.elevated(reason="look", may=READ) as sys:
                sys.create(Opportunity(name="in", account=hidden))
            with pytest.raises(Exception, match="leads to no account"):
                ws.create(Opportunity(name="out", account=hidden))

    def test_revoked(self, crm: CRM) -> None:
        """Rights that are taken away meanwhile are gone in the section too; those that it names are its own."""
        with crm.acting_as(LIN) as ws, ws.elevated(reason="look", may={Contact: {"read"}}) as sys:
            assert sys.count(Contact) == 6
            with ws.elevated(reason="to assign", may={"role": {"read", "create"}}) as admin:
                admin.create(Role(name="lead", rights='{"rights": {"account": {"read": "own"}}}'))
            assert (sys.count(Account), sys.count(Contact)) == (0, 6)


class TestEnd:
    def test_block(self, crm: CRM) -> None:
        """After its block nothing can be done with it, nor with what it has begun."""
        with crm.acting_as(MEI) as ws:
            with ws.elevated(reason="look", may=READ) as sys:
                pages = sys.iterate(Account)
                inner = sys.elevated(reason="deeper", may={Contact: {"read"}}).__enter__()
                assert inner.count(Account) == inner.count(Contact) == 6
            for call in uses(sys, pages, inner):
                with pytest.raises(UnitEndedError, match="have ended with the block"):
                    call()
            assert ws.count(Account) == 4

        assert sorted(entry.reason or "" for entry in trail(crm)) == ["deeper", "look"]

    def test_exception(self, crm: CRM) -> None:
        """An exception ends it too, and is part of the entry; so is that the unit went back."""
        kept: list[Workspace] = []
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws, ws.elevated(reason="look", may=READ) as sys:
            kept.append(sys)
            raise ZeroDivisionError

        with pytest.raises(UnitEndedError):
            kept[0].count(Account)
        (entry,) = trail(crm)
        assert (entry.facts["error"], entry.facts["rolled_back"]) == ("ZeroDivisionError", True)

    def test_generator(self, crm: CRM) -> None:
        """A generator that stops in the middle of a section gives nothing of it away, and leaves its entry."""

        def walk(ws: Workspace) -> Iterator[str]:
            with ws.elevated(reason="walk", may=READ) as sys:
                for account in sys.list(Account, order_by="name"):
                    yield str(account.name)

        with crm.acting_as(KAI) as ws:
            walking = walk(ws)
            assert next(walking) == "bo 1"
            assert ws.count(Account) == 2

        assert [entry.reason for entry in trail(crm)] == ["walk"]
        with pytest.raises(StopIteration):  # what it has read it may still tell; then it finds its section ended
            for _ in range(7):
                next(walking)

    def test_elsewhere(self, crm: CRM) -> None:
        """Another thread or task cannot use it."""
        errors: list[Exception] = []

        def use(sys: Workspace) -> None:
            try:
                sys.count(Account)
            except UnitError as error:
                errors.append(error)

        async def in_task(sys: Workspace) -> None:
            use(sys)

        async def tasks() -> None:
            with crm.acting_as(MEI) as ws, ws.elevated(reason="look", may=READ) as sys:
                await asyncio.create_task(in_task(sys))
                assert sys.count(Account) == 6

        with crm.acting_as(MEI) as ws, ws.elevated(reason="look", may=READ) as sys:
            thread = threading.Thread(target=use, args=[sys])
            thread.start()
            thread.join()
        asyncio.run(tasks())

        assert [type(error) for error in errors] == [UnitError, UnitError]
        assert "belongs to the thread and the task" in str(errors[0])

    @pytest.mark.parametrize("away", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_copies(self, crm: CRM, away: Callable[[Any], Any]) -> None:
        """It cannot be copied or sent away."""
        with (
            crm.acting_as(MEI) as ws,
            ws.elevated(reason="look", may=READ) as sys,
            pytest.raises(UnitError, match="cannot be copied"),
        ):
            away(sys)

    def test_once(self, crm: CRM) -> None:
        """A section begins once, and only with its block."""
        with crm.acting_as(MEI) as ws:
            section = ws.elevated(reason="look", may=READ)
            with section:
                pass
            with pytest.raises(UnitError, match="begins once"), section:
                pass


class TestEntry:
    def test_told(self, crm: CRM) -> None:
        """The entry has reason, what was named, where in the code, and how many statements."""
        with (
            crm.acting_as(MEI) as ws,
            ws.elevated(reason=" month's end ", may={Account: {"read"}, "contact": {"read"}}) as sys,
        ):
            sys.count(Account)
            sys.count(Contact)

        (entry,) = trail(crm)
        assert (entry.kind, entry.actor, entry.reason, entry.entity) == ("elevated", "mei", "month's end", None)
        assert entry.facts["may"] == {"account": ["read"], "contact": ["read"]}
        assert entry.facts["caller"].startswith("tests.integration.access.test_elevated:")
        assert entry.facts["statements"] >= 2

    def test_nested(self, crm: CRM) -> None:
        """Sections within sections add their rights, and each has one entry."""
        with crm.acting_as(MEI) as ws, ExitStack() as stack:
            here = ws
            for depth in range(100):
                may: Any = {(Account, Contact, Opportunity)[depth % 3]: {"read"}}
                here = stack.enter_context(here.elevated(reason=str(depth), may=may))
            counts = [here.count(each) for each in (Account, Contact, Opportunity)]

        assert counts == [6, 6, 6]
        assert sorted(int(entry.reason or "") for entry in trail(crm)) == list(range(100))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"reason": " ", "may": READ}, "say in 1 to"),
            ({"reason": "x\0", "may": READ}, "say in 1 to"),
            ({"reason": "x", "may": {}}, "names what the section is for"),
            ({"reason": "x", "may": {Account: {"raed"}}}, "did you mean 'read'"),
            ({"reason": "x", "may": {Account: "read"}}, "takes a set"),
        ],
    )
    def test_refused(self, crm: CRM, arguments: dict[str, Any], message: str) -> None:
        """No section without a reason, or for what there is not."""
        with crm.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match=message):
            ws.elevated(**arguments)


class TestPlugins:
    @pytest.fixture
    def open_with(self, migrated: Callable[..., str]) -> Callable[[Plugin], CRM]:
        """A function that opens the company's CRM with one more plugin."""

        def open_crm(plugin: Plugin) -> CRM:
            crm = CRM(migrated("sqlite", [ROLES]), plugins=[ROLES, plugin])
            crm.migrate()
            return crm

        return open_crm

    def test_hook(self, open_with: Callable[[Plugin], CRM]) -> None:
        """A hook takes what its plugin lists, for whoever writes, and its plugin is in the entry."""
        counting = Plugin("counting", may={"account": {"read"}})
        counts = []

        @counting.after_write(Contact)
        def count(ws: Workspace, changes: Any) -> None:
            with ws.elevated(reason="count", may=READ) as sys:
                counts.append(sys.count(Account))

        crm = open_with(counting)
        with crm.acting_as(BOSS) as ws:
            ws.create(Account(name="one"))
        with crm.acting_as(MEI) as ws:
            ws.create(Contact(name="x"))

        assert counts == [1]
        assert [(entry.actor, entry.plugin) for entry in trail(crm)] == [("mei", "counting")]

    def test_hook_unlisted(self, open_with: Callable[[Plugin], CRM]) -> None:
        """What its plugin does not list it does not take, an administrator's hook neither, and that is noted."""
        greedy = Plugin("greedy", may={"account": {"read"}})

        @greedy.after_write(Contact)
        def take(ws: Workspace, changes: Any) -> None:
            with ws.elevated(reason="take", may={Account: {"read", "write"}}):
                pass

        crm = open_with(greedy)
        unlisted = pytest.raises(
            HookFailedError, match=r"may not take the right to write account; list it in Plugin\(may"
        )
        with unlisted, crm.acting_as(BOSS) as ws:
            ws.create(Contact(name="x"))

        (entry,) = trail(crm)
        assert (entry.action, entry.plugin, entry.facts) == ("elevate", "greedy", {"to": "write"})

    def test_action(self, open_with: Callable[[Plugin], CRM]) -> None:
        """An action is code of its plugin, too."""
        acting = Plugin("acting")

        @acting.action(Contact, permission="read")
        def peek(ws: Workspace, contact: Contact) -> int:
            with ws.elevated(reason="peek", may=READ) as sys:
                return sys.count(Account)

        crm = open_with(acting)
        with crm.acting_as(BOSS) as ws:
            contact = ws.create(Contact(name="x"))
            with pytest.raises(NotAllowedError, match="plugin 'acting' may not take"):
                ws.run(peek(contact))

    def test_hooks_of_others(self, open_with: Callable[[Plugin], CRM]) -> None:
        """A hook that is asked because of what a section writes does not get its rights."""
        curious = Plugin("curious")
        seen: list[Any] = []

        @curious.after_write(Contact)
        def look(ws: Workspace, changes: Any) -> None:
            try:
                ws.count(Account)
            except NotAllowedError as error:
                seen.append(error.action)

        crm = open_with(curious)
        may = {Contact: {"create"}, Account: {"read"}}
        with crm.acting_as(Principal("stranger")) as ws, ws.elevated(reason="form", may=may) as sys:
            sys.create(Contact(name="x"))
            assert sys.count(Account) == 0

        assert seen == ["read"]

    def test_hooks_of_parts(self, open_with: Callable[[Plugin], CRM]) -> None:
        """Nor does one get the kernel's, where a part goes with its whole."""
        curious = Plugin("curious")
        seen: list[Any] = []

        @curious.after_write(AccountContact)
        def look(ws: Workspace, changes: Any) -> None:
            try:
                ws.count(Product)
            except NotAllowedError:
                seen.append(changes.kind)

        crm = open_with(curious)
        with crm.acting_as(BOSS) as ws:
            ws.create(User(key="mei", name="Mei"))
        with crm.acting_as(MEI) as ws:
            account, contact = ws.create(Account(name="x")), ws.create(Contact(name="y"))
            ws.create(AccountContact(account=account, contact=contact))
            ws.delete(account)

        assert seen == ["create", "delete"]


def uses(sys: Workspace, pages: Iterator[Account], inner: Workspace) -> list[Callable[[], Any]]:
    """Return all that somebody could try with what he has kept."""
    return [
        lambda: sys.count(Account),
        lambda: next(pages),
        lambda: sys.create(Contact(name="x")),
        lambda: sys.elevated(reason="again", may=READ),
        lambda: inner.count(Account),
        lambda: sys.savepoint().__enter__(),
    ]


def mistake() -> Account:
    raise AssertionError("it is there")
