"""Who may come through the door: administrators, plugins at their own, and nobody else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from tests.lab import GUEST, MEI, Sample, double, sample

from pycrm import CRM, Account, ConfigurationError, F, NotAllowedError, Principal, Reader, User, Workspace, field
from pycrm.signals import RecordsCreated

ANONYMOUS = Principal.anonymous()

Call = Callable[[Any, Sample], Any]

READS: dict[str, Call] = {
    "get": lambda ws, made: ws.get(Sample, made.id),
    "find": lambda ws, made: ws.find(Sample, code="x"),
    "list": lambda ws, made: ws.list(Sample),
    "iterate": lambda ws, made: next(ws.iterate(Sample), None),
    "count": lambda ws, made: ws.count(Sample),
    "aggregate": lambda ws, made: ws.aggregate(Sample, measures=["count()"]),
    "explain": lambda ws, made: ws.explain(Sample, "code = 'x'"),
    "search": lambda ws, made: ws.search("x"),
    "fields": lambda ws, made: ws.fields(Sample),
    "indexes": lambda ws, made: ws.indexes(Sample),
    "moves": lambda ws, made: ws.moves(made),
    "history": lambda ws, made: ws.history(made),
    "audit": lambda ws, made: ws.audit(),
    "state_durations": lambda ws, made: ws.state_durations(made),
    "views": lambda ws, made: ws.views(),
    "view": lambda ws, made: ws.view("x"),
    "list_view": lambda ws, made: ws.list_view("x"),
    "group_view": lambda ws, made: ws.group_view("x"),
    "recent": lambda ws, made: ws.recent(Sample),
    "favourites": lambda ws, made: ws.favourites(Sample),
    "open_attachment": lambda ws, made: ws.open_attachment(made.id),
    "include": lambda ws, made: ws.include([made], "owner"),
    "why": lambda ws, made: ws.why("read", made),
    "owned_by": lambda ws, made: ws.owned_by("mei"),
}
WRITES: dict[str, Call] = {
    "create": lambda ws, made: ws.create(sample()),
    "create_many": lambda ws, made: ws.create_many([sample()]),
    "update": lambda ws, made: ws.update(made, count=1),
    "update_many": lambda ws, made: ws.update_many([made]),
    "upsert_many": lambda ws, made: ws.upsert_many(Sample, [sample(code="x")], by=["code"]),
    "delete": lambda ws, made: ws.delete(made),
    "delete_many": lambda ws, made: ws.delete_many([made]),
    "update_where": lambda ws, made: ws.update_where(Sample, F.code == "x", {"count": 1}),
    "delete_where": lambda ws, made: ws.delete_where(Sample, F.code == "x"),
    "undo": lambda ws, made: ws.undo(made.id),
    "hand_over": lambda ws, made: ws.hand_over("mei", "bo", records=[made], reason="x"),
    "unmask": lambda ws, made: ws.unmask(made, "code", reason="x"),
    "note_visit": lambda ws, made: ws.note_visit(made),
    "add_favourite": lambda ws, made: ws.add_favourite(made),
    "remove_favourite": lambda ws, made: ws.remove_favourite(made),
    "restore": lambda ws, made: ws.restore(made),
    "purge": lambda ws, made: ws.purge(made),
    "get_binned": lambda ws, made: ws.get_binned(Sample, made.id),
    "move": lambda ws, made: ws.move(made, "send"),
    "run": lambda ws, made: ws.run(double(made)),
    "lock": lambda ws, made: ws.lock([made]),
    "announce": lambda ws, made: ws.announce(RecordsCreated("lab.sample", (made.id,), "x")),
    "define_field": lambda ws, made: ws.define_field(Sample, "x", field.text()),
    "define_role": lambda ws, made: ws.define_role("x", {"rights": {}}),
    "define_index": lambda ws, made: ws.define_index(Sample, "code, count"),
    "drop_index": lambda ws, made: ws.drop_index(Sample, "code, count"),
    "relabel_field": lambda ws, made: ws.relabel_field(Sample, "x", label={"en": "X"}),
    "add_options": lambda ws, made: ws.add_options(Sample, "x", ["a"]),
    "retire_options": lambda ws, made: ws.retire_options(Sample, "x", ["a"]),
    "retire_field": lambda ws, made: ws.retire_field(Sample, "x"),
    "revive_field": lambda ws, made: ws.revive_field(Sample, "x"),
    "attach": lambda ws, made: ws.attach(made, "x.txt", b"x"),
    "convert_field": lambda ws, made: ws.convert_field(Sample, "x", field.text()),
    "undo_convert_field": lambda ws, made: ws.undo_convert_field(Sample, "x"),
}
HARMLESS = {
    "now",  # the time of day
    "savepoint",  # a block; what is done in it is asked for itself
    "elevated",  # another one; whose code may begin it is asked for elsewhere
    "principal",
}


@pytest.fixture
def made(crm: CRM) -> Sample:
    """A sample that an administrator made."""
    with crm.acting_as(MEI) as ws:
        return ws.create(sample(code="x"))


def public(door: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(door) if not name.startswith("_")}


def not_refused(open_door: Any, principal: Principal, calls: dict[str, Call], made: Sample) -> list[str]:
    """Return the names of *calls* that the door does not refuse to *principal*, each in a unit of its own."""
    names = []
    for name, call in calls.items():
        try:
            with open_door(principal) as door:
                call(door, made)
        except NotAllowedError:
            continue
        names.append(name)
    return names


def test_calls_complete() -> None:
    """Every public method of the doors is either tried here or known to be harmless."""
    assert public(Reader) - HARMLESS == READS.keys()
    assert public(Workspace) - HARMLESS == READS.keys() | WRITES.keys()


@pytest.mark.parametrize("principal", [ANONYMOUS, GUEST, Principal("mei")], ids=["anonymous", "visitor", "no-role"])
class TestEveryoneElse:
    def test_reading_refused(self, crm: CRM, made: Sample, principal: Principal) -> None:
        """Nobody without a right reads anything, through either door."""
        for open_door in (crm.reading_as, crm.acting_as):
            assert not_refused(open_door, principal, READS, made) == []

    def test_writing_refused(self, crm: CRM, made: Sample, principal: Principal) -> None:
        """Nor does he write anything, and the attempt leaves no trace, not even his own user."""
        assert not_refused(crm.acting_as, principal, WRITES, made) == []
        with crm.acting_as(MEI) as ws:
            assert not {user.key for user in ws.list(User)} & {"", "guest"}
            assert ws.count(Sample) == 1
            assert ws._ctx.unit.rows("SELECT count(*) FROM crm_outbox WHERE entity = 'lab.sample'") == [(1,)]


class TestError:
    def test_says_who_and_what(self, crm: CRM, made: Sample) -> None:
        """The error names who, what and which entity."""
        with crm.acting_as(GUEST) as ws, pytest.raises(NotAllowedError) as error:
            ws.delete(made)

        facts = error.value
        assert (facts.user, facts.action, facts.entity) == ("guest", "delete", "lab.sample")
        assert "user 'guest' (roles: visitor) may not delete lab.sample" in str(facts)

    def test_no_principal(self, crm: CRM) -> None:
        """There is no door without a principal."""
        with pytest.raises(ConfigurationError, match="a door opens for a Principal"), crm.acting_as("mei"):  # type: ignore[arg-type]
            pass


class TestPlugin:
    """The service principal of a plugin."""

    def test_own_entities(self, crm: CRM, made: Sample) -> None:
        """It may do all on entities of its own, setting states and defining fields among it."""
        with crm.acting_as(Principal.plugin("lab")) as ws:
            mine = ws.create(sample(status="sent"))
            ws.define_field(Sample, "x", field.text())
            ws.delete(ws.update(mine, count=1))

            assert ws.count(Sample) == 1

    def test_own_fields(self, crm: CRM) -> None:
        """On entities of others it writes its own fields and no other."""
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="x"))
        with crm.acting_as(Principal.plugin("lab")) as ws:
            ws.update(account, **{"lab.text": "mine"})
            with pytest.raises(NotAllowedError, match=r"list it in Plugin\(may={'account': {'write'}}\)"):
                ws.update(account, name="y")
            with pytest.raises(NotAllowedError):
                ws.update(account, name="y", **{"lab.text": "both"})

        assert account.name == "x"

    def test_reads_everything(self, crm: CRM) -> None:
        """It reads what it likes."""
        with crm.reading_as(Principal.plugin("lab")) as reader:
            assert reader.count(Account) == 0

    @pytest.mark.parametrize("call", ["create", "delete", "define"])
    def test_others(self, crm: CRM, call: str) -> None:
        """Beyond that it may nothing that is not listed."""
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="x"))

        with crm.acting_as(Principal.plugin("lab")) as ws, pytest.raises(NotAllowedError):
            {
                "create": lambda: ws.create(Account(name="y")),
                "delete": lambda: ws.delete(account),
                "define": lambda: ws.define_field(Account, "x", field.text()),
            }[call]()

    def test_unknown_plugin(self, crm: CRM) -> None:
        """The name of a plugin that is not there opens no entity."""
        with crm.acting_as(Principal.plugin("parties2")) as ws, pytest.raises(NotAllowedError):
            ws.create(Account(name="x"))
