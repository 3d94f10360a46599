"""Custom fields with columns of their own: everything stays as it was, but what the database is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import event
from tests.conftest import DATABASES
from tests.integration.workspace.conftest import Open
from tests.lab import DECLARED, GUEST, MEI, lab, plain, values_of_every_kind

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    ConflictError,
    F,
    Money,
    NotAllowedError,
    UnknownNameError,
    User,
    ValidationError,
    Workspace,
    field,
)
from pycrm.plugin import Plugin
from pycrm.storage import promotion
from reliability.check_promotion import promotion_killed


@pytest.fixture(params=DATABASES)
def crm_url(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], migrated: Callable[[str, Sequence[Plugin]], str]
) -> str:
    """A database whose tables this test may change."""
    if request.param == "sqlite":
        return migrated("sqlite", [lab])
    url = new_database("postgresql")
    crm = CRM(url, plugins=[lab])
    crm.migrate()
    crm.close()
    return url


@pytest.fixture
def asked(crm: CRM) -> Iterator[list[str]]:
    """What units that may write ask of the database, statement by statement."""
    statements: list[str] = []
    engine = crm._database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def accounts(ws: Workspace, *regions: str | None, **options: Any) -> list[Account]:
    """Define ``region`` and return accounts of these regions, called a0, a1 and so on."""
    ws.define_field(Account, "region", field.text(), **options)
    return add(ws, *regions)


def add(ws: Workspace, *regions: str | None) -> list[Account]:
    made = [Account(name=f"a{n}", custom={"region": region}) for n, region in enumerate(regions)]
    return list(ws.create_many(made).created)


def names(ws: Any, region: str) -> list[str]:
    return [each.name for each in ws.list(Account, where=F.custom.region == region, order_by="name")]


def test_whole_story(crm: CRM, asked: list[str]) -> None:
    """Filters, orders and groups ask the column; every way of writing keeps it; a demotion asks the document again."""
    with crm.acting_as(MEI) as ws:
        made = accounts(ws, "华东", "华北", None, "华东", indexed=True)
    promoted = crm.promote_field(MEI, Account, "region")
    assert promoted.promoted
    with crm.acting_as(MEI) as ws:
        one = ws.get(Account, made[0].id)
        one.custom.region = "西南"
        ws.update(one)
        many = list(ws.list(Account, where=F.custom.region == "华东"))
        for each in many:
            each.custom.region = None
        ws.update_many(many)
        add(ws, *["华南"] * 30)  # so many that PostgreSQL is sent a COPY
        ws.create(Account(name="last", custom={"region": "华北"}))
        ws.update_where(Account, F.custom.region == "华南", {"custom.region": "中南"})
    asked.clear()
    with crm.acting_as(MEI) as reader:
        assert (names(reader, "西南"), names(reader, "华东"), names(reader, "华北")) == (["a0"], [], ["a1", "last"])
        ordered = reader.list(Account, order_by="custom.region DESC", limit=2)
        assert [each.custom.region for each in ordered] == ["西南", "华北"]
        after = reader.list(Account, order_by="custom.region DESC", limit=2, after=ordered.next_cursor)
        assert [each.custom.region for each in after] == ["华北", "中南"]
        groups = reader.aggregate(Account, measures=["count()"], group_by="custom.region")
        assert [(group["custom.region"], group["count()"]) for group in groups] == [
            (None, 2),
            ("中南", 30),
            ("华北", 2),
            ("西南", 1),
        ]
    assert len(asked) >= 5
    assert all(
        '"custom.region"' in statement and "->>" not in statement for statement in asked if "region" in statement
    )
    assert not [each for each in crm.examine() if each.code.startswith("drift.")]

    assert not crm.demote_field(MEI, Account, "region").promoted
    asked.clear()
    with crm.acting_as(MEI) as ws:
        assert names(ws, "华北") == ["a1", "last"]
    assert not any('"custom.region"' in statement for statement in asked)
    assert {each.code for each in crm.examine()} >= {"drift.extra_column"}
    crm.demote_field(MEI, Account, "region", drop=True)
    assert not [each for each in crm.examine() if each.code.startswith("drift.")]
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="later", custom={"region": "华北"}))
        assert names(ws, "华北") == ["a1", "last", "later"]


def test_every_kind(crm: CRM) -> None:
    """A promoted field of any kind finds, orders and gives back what it did before."""
    kinds = [kind for kind in DECLARED if kind != "refs"]
    with crm.acting_as(MEI) as ws:
        one, other = ws.create_many([User(key="one", name="one"), User(key="two", name="two")]).created
        for kind in kinds:
            ws.define_field(Account, f"of_{kind}", DECLARED[kind])
        pairs = values_of_every_kind(one, other)
        for number in (0, 1):
            ws.create(Account(name=str(number), custom={f"of_{kind}": pairs[kind][number] for kind in kinds}))
        ws.create(Account(name="empty"))
        before = {kind: answers(ws, kind, pairs[kind][0]) for kind in kinds}
    for kind in kinds:
        crm.promote_field(MEI, Account, f"of_{kind}")

    with crm.acting_as(MEI) as ws:
        assert {kind: answers(ws, kind, pairs[kind][0]) for kind in kinds} == before
        again = ws.find(Account, name="0")
        assert again is not None
        assert {kind: plain(again.custom[f"of_{kind}"]) for kind in kinds} == {
            kind: plain(pairs[kind][0]) for kind in kinds
        }


def answers(ws: Workspace, kind: str, value: Any) -> list[Any]:
    """Return what a field of *kind* answers to whatever it may be asked."""
    known = ws.fields(Account)[f"custom.of_{kind}"].kind
    path = F.custom[f"of_{kind}"]
    wheres = [path.is_null()]
    wheres += [path == value, path != value] if "=" in known.operators else []
    wheres += [path < value, path >= value] if "<" in known.operators else []
    found: list[Any] = [sorted(each.name for each in ws.list(Account, where=where)) for where in wheres]
    if known.sortable:
        found.append([each.name for each in ws.list(Account, order_by=f"custom.of_{kind}")])
    return found


def test_goes_on_after_a_kill(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promotion that dies in between has changed nothing for anybody; the next one finishes it."""
    monkeypatch.setattr(promotion.Promotion.fill, "__defaults__", (2,))
    with crm.acting_as(MEI) as ws:
        accounts(ws, *["华东"] * 7)

    def die(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crm.promote_field(MEI, Account, "region", on_progress=die)
    with crm.acting_as(MEI) as ws:
        assert not ws.fields(Account)["custom.region"].promoted
        assert len(names(ws, "华东")) == 7
        ws.update(ws.list(Account, order_by="name")[6], custom={"region": "华北"})
    crm.promote_field(MEI, Account, "region")
    with crm.reading_as(MEI) as reader:
        assert (len(names(reader, "华东")), names(reader, "华北")) == (6, ["a6"])


def test_others_go_on(crm: CRM, crm_url: str, open_crm: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others write while it runs counts, and whoever holds the former schema finds the same as everybody."""
    monkeypatch.setattr(promotion.Promotion.fill, "__defaults__", (2,))
    with crm.acting_as(MEI) as ws:
        made = accounts(ws, *["华东"] * 5)
    other = open_crm(crm_url)

    def write(done: int) -> None:
        with other.acting_as(MEI) as ws:
            # One that is filled already, one that is not, and a new one.
            for place in (0, 4):
                ws.update(ws.get(Account, made[place].id), custom={"region": f"after {done}"})
            if done == 2:
                ws.create(Account(name="new", custom={"region": "new"}))

    with other.reading_as(MEI) as reader:
        assert len(names(reader, "华东")) == 5
    crm.promote_field(MEI, Account, "region", on_progress=write)
    for each in (crm, other):
        with each.acting_as(MEI) as ws:
            assert (len(names(ws, "华东")), names(ws, "after 6"), names(ws, "new")) == (3, ["a0", "a4"], ["new"])


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
def test_killed_while_others_write(engine: str, new_database: Callable[[str], str]) -> None:
    """Whenever its process is killed, filters find what records say, and the next one finishes it under load."""
    figure = promotion_killed(lambda: new_database(engine), 1, records=7_000, kills=4, seconds=0.15)

    assert figure["passed"], figure


def test_unique(crm: CRM) -> None:
    """Unique values stay unique, by the index on the column; one in the bin does not count."""
    with crm.acting_as(MEI) as ws:
        first, _ = accounts(ws, "x", "y", unique=True)
    crm.promote_field(MEI, Account, "region")
    with crm.acting_as(MEI) as ws:
        with pytest.raises(ValidationError, match="is taken by another record"):
            ws.create(Account(name="again", custom={"region": "x"}))
        ws.delete(first)
        ws.create(Account(name="again", custom={"region": "x"}))

    assert not [each for each in crm.examine() if each.code.startswith("drift")]


def test_other_changes_of_the_field(crm: CRM) -> None:
    """It may be labelled, retired and revived; to convert it, it must be demoted first."""
    with crm.acting_as(MEI) as ws:
        accounts(ws, "7", indexed=True)
    crm.promote_field(MEI, Account, "region")
    with crm.acting_as(MEI) as ws:
        ws.relabel_field(Account, "region", label={"en": "Area"})
        ws.retire_field(Account, "region")
        assert ws.revive_field(Account, "region").promoted
        assert names(ws, "7") == ["a0"]
        with pytest.raises(ConfigurationError, match="demote it first"):
            ws.convert_field(Account, "region", field.integer())

    assert crm.promote_field(MEI, Account, "region").promoted
    crm.demote_field(MEI, Account, "region")
    with crm.acting_as(MEI) as ws:
        assert ws.convert_field(Account, "region", field.integer()).converted == 1
    crm.promote_field(MEI, Account, "region")
    with crm.acting_as(MEI) as ws:
        assert ws.count(Account, where=F.custom.region == 7) == 1


def test_promoted_again(crm: CRM) -> None:
    """What was written while it was demoted counts when it is promoted anew."""
    with crm.acting_as(MEI) as ws:
        (made,) = accounts(ws, "before")
    crm.promote_field(MEI, Account, "region")
    crm.demote_field(MEI, Account, "region")
    with crm.acting_as(MEI) as ws:
        ws.update(ws.get(Account, made.id), custom={"region": "between"})
    crm.promote_field(MEI, Account, "region")

    with crm.reading_as(MEI) as reader:
        assert names(reader, "between") == ["a0"]


def test_converted_meanwhile(crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that gets another kind while it is being promoted is not promoted."""
    monkeypatch.setattr(promotion.Promotion.fill, "__defaults__", (1,))
    with crm.acting_as(MEI) as ws:
        accounts(ws, "7", "8")

    def convert(done: int) -> None:
        with crm.acting_as(MEI) as ws:
            ws.convert_field(Account, "region", field.integer())

    with pytest.raises(ConflictError, match="changed while it was being promoted"):
        crm.promote_field(MEI, Account, "region", on_progress=convert)
    assert crm.promote_field(MEI, Account, "region").promoted
    with crm.reading_as(MEI) as reader:
        assert reader.count(Account, where=F.custom.region > 7) == 1


def test_refused(crm: CRM) -> None:
    """Several references have a table already; the field must be there, and the right to define fields."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "friends", field.refs("account"))
        ws.define_field(Account, "budget", field.money())
        ws.create(Account(name="rich", custom={"budget": Money(5, "USD")}))

    with pytest.raises(ConfigurationError, match="table of their own"):
        crm.promote_field(MEI, Account, "friends")
    with pytest.raises(UnknownNameError, match="budget"):
        crm.promote_field(MEI, Account, "budgt")
    for act in (crm.promote_field, crm.demote_field):
        with pytest.raises(NotAllowedError):
            act(GUEST, Account, "budget")


def test_in_a_schema(new_database: Callable[[str], str], open_crm: Open) -> None:
    """In a schema of its own on PostgreSQL, too, beside another CRM with the same field."""
    if "postgresql" not in DATABASES:
        pytest.skip("PostgreSQL is left out")
    url = new_database("postgresql")
    crms = [open_crm(url, plugins=[], schema=schema) for schema in ("east", "west")]
    for crm in crms:
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            accounts(ws, "华东", indexed=True)
    crms[0].promote_field(MEI, Account, "region")
    for crm in crms:
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="b0", custom={"region": "华东"}))

            assert names(ws, "华东") == ["a0", "b0"]
