"""Taking imports back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.conftest import DATABASES
from tests.imports import ACCOUNTS, MEI, PEOPLE, contents, csv_file, mapping

from pycrm import CRM, Account, AccountContact, Contact, ImportRun, Task
from pycrm.errors import NotFoundError
from pycrm.plugin import ChangeSet, Plugin, Workspace

ROWS = "No,Name,Country\nA1,new,CN\nA2,second,DE\nA3,third,FR\n"


def with_one(crm: CRM) -> None:
    """Make the account A1, which the rows change."""
    with crm.acting_as(MEI) as ws:
        ws.create(Account(number="A1", name="old", tags=("kept",)))


def test_everything_is_as_before(plain: CRM, tmp_path: Path) -> None:
    """Created records are removed for good, tags that they brought too, and changed ones put back."""
    with_one(plain)
    before = contents(plain)
    path = csv_file(tmp_path, "No,Name,Country,Tags\nA1,new,CN,kept;fresh\nA2,second,DE,fresh\n")
    text = ACCOUNTS + 'tags = { column = "Tags", split = ";" }\n'
    result = plain.imports.run(MEI, path, mapping(text))

    undone = plain.imports.undo(MEI, result.run)
    assert (undone.removed, undone.restored, undone.left) == (2, 1, ())  # a record and a tag
    assert contents(plain) == before
    with plain.reading_as(MEI) as ws:
        assert ws.get(ImportRun, result.id).status == "undone"


def test_many_batches(plain: CRM, tmp_path: Path) -> None:
    """A record that several batches changed gets back what it was before the first of them."""
    with_one(plain)
    before = contents(plain)
    rows = "".join(f"A1,name {n},CN\nB{n},x,DE\n" for n in range(20))
    result = plain.imports.run(MEI, csv_file(tmp_path, f"No,Name,Country\n{rows}"), mapping(ACCOUNTS), batch_size=6)

    plain.imports.undo(MEI, result.run)
    assert contents(plain) == before


def test_several_entities(plain: CRM, tmp_path: Path) -> None:
    """What refers to each other goes in the right order."""
    path = csv_file(tmp_path, "No,Name,Person,Mail\nA1,one,Li,li@h.cn\nA1,one,Bo,bo@h.cn\n")
    before = contents(plain)
    result = plain.imports.run(MEI, path, mapping(PEOPLE))

    undone = plain.imports.undo(MEI, result.run)
    assert (undone.removed, undone.left) == (5, ())
    assert contents(plain) == before


def test_edited_since(plain: CRM, tmp_path: Path) -> None:
    """Records that somebody changed since stay as they are, and are told with who it was."""
    with_one(plain)
    result = plain.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))
    with plain.acting_as(MEI) as ws:
        for number in ("A1", "A2"):
            account = ws.find(Account, number=number)
            assert account is not None
            ws.update(account, name="mine")

    undone = plain.imports.undo(MEI, result.run)
    assert [each.problems[0].code for each in undone.left] == ["undo.changed_since", "undo.changed_since"]
    with plain.reading_as(MEI) as ws:
        assert sorted((each.number, each.name) for each in ws.iterate(Account)) == [("A1", "mine"), ("A2", "mine")]


def test_left_is_told_again(plain: CRM, tmp_path: Path) -> None:
    """By the report, and by the next call, which has nothing else to do; each batch has its own."""
    result = plain.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS), batch_size=1)
    with plain.acting_as(MEI) as ws:
        for number, changes in (("A1", {"name": "mine"}), ("A3", {"phone": "+49 89 1", "country": "DE"})):
            account = ws.find(Account, number=number)
            assert account is not None
            ws.update(account, **changes)

    undone = plain.imports.undo(MEI, result.run)
    again = plain.imports.undo(MEI, result.run)
    report = plain.imports.report(MEI, result.run)
    assert (undone.removed, again.removed, report.status) == (1, 0, "undone")
    assert [each.problems[0].facts["paths"] for each in undone.left] == ["phone, country", "name"]
    assert [each.problems[0].facts["actor"] for each in report.left] == ["mei", "mei"]
    assert again.to_data()["left"] == report.to_data()["left"] == undone.to_data()["left"]


def test_referred_to_since(plain: CRM, tmp_path: Path) -> None:
    """A record that others refer to by now stays, and the rest goes."""
    result = plain.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))
    with plain.acting_as(MEI) as ws:
        account = ws.find(Account, number="A2")
        assert account is not None
        ws.create(Account(name="daughter", parent=account))

    undone = plain.imports.undo(MEI, result.run)
    assert undone.removed == 2
    assert [(each.record_id, each.problems[0].code) for each in undone.left] == [(account.id, "record.referenced")]


def test_twice(plain: CRM, tmp_path: Path) -> None:
    """A run that was taken back is not taken back again, and not resumed."""
    result = plain.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))
    plain.imports.undo(MEI, result.run)

    again = plain.imports.undo(MEI, result.run)
    assert (again.removed, again.restored) == (0, 0)
    with pytest.raises(ValueError, match="was taken back"):
        plain.imports.resume(MEI, result.run)


def test_import_again_afterwards(plain: CRM, tmp_path: Path) -> None:
    """After an undoing the same file can be imported anew."""
    path = csv_file(tmp_path, ROWS)
    plain.imports.undo(MEI, plain.imports.run(MEI, path, mapping(ACCOUNTS)).run)

    assert plain.imports.run(MEI, path, mapping(ACCOUNTS)).counts.created == 3


def test_unknown(quick: CRM) -> None:
    """A run that nobody made is not found, and it is said where to look."""
    with pytest.raises(NotFoundError, match="pycrm list import_run"):
        quick.imports.undo(MEI, "IMP-1999-0001")


greeter = Plugin("greeter", version="1.0")


@greeter.after_write(Account)
def greet(ws: Workspace, changes: ChangeSet[Account]) -> None:
    """Plan a call for every new account."""
    if changes.kind == "create":
        ws.create_many([Task(subject=f"call {account.name}") for account in changes])


@pytest.fixture(params=DATABASES)
def greeting(request: pytest.FixtureRequest, migrated: Callable[[str, Sequence[Plugin]], str]) -> Iterator[CRM]:
    """A CRM whose plugin writes records of its own after each account."""
    made = CRM(migrated(request.param, [greeter]), plugins=[greeter])
    yield made
    made.close()


def test_what_hooks_wrote(greeting: CRM, tmp_path: Path) -> None:
    """What plugins wrote because of the import goes back with it."""
    before = contents(greeting)
    result = greeting.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))
    with greeting.reading_as(MEI) as ws:
        assert ws.count(Task) == 3

    greeting.imports.undo(MEI, result.run)
    assert contents(greeting) == before


def test_search_forgets(plain: CRM, tmp_path: Path) -> None:
    """What is removed is found no longer."""
    result = plain.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))
    with plain.reading_as(MEI) as ws:
        assert len(ws.search("second")) == 1
    plain.imports.undo(MEI, result.run)

    with plain.reading_as(MEI) as ws:
        assert len(ws.search("second")) == 0


def test_search_finds_again(plain: CRM, tmp_path: Path) -> None:
    """What a large batch had changed is found as it was before, when the way back is over."""
    with plain.acting_as(MEI) as ws:
        ws.create_many([Account(number=f"A{n}", name=f"former {n}") for n in range(1_200)])
    rows = "".join(f"A{n},renamed {n},CN\n" for n in range(1_200))
    result = plain.imports.run(MEI, csv_file(tmp_path, f"No,Name,Country\n{rows}"), mapping(ACCOUNTS))

    plain.imports.undo(MEI, result.run)

    assert plain.index_waiting() == 0
    with plain.reading_as(MEI) as ws:
        assert "former 7" in [hit.title for hit in ws.search("former 7").hits]
        assert len(ws.search("renamed")) == 0


def test_parts_stay_with_their_whole(plain: CRM, tmp_path: Path) -> None:
    """A contact that was there is only freed of the account that the import gave it."""
    with plain.acting_as(MEI) as ws:
        ws.create(Contact(name="Li", email="li@h.cn"))
    result = plain.imports.run(MEI, csv_file(tmp_path, "No,Name,Person,Mail\nA1,one,Li,li@h.cn\n"), mapping(PEOPLE))

    plain.imports.undo(MEI, result.run)
    with plain.reading_as(MEI) as ws:
        assert (ws.count(Contact), ws.count(Account), ws.count(AccountContact)) == (1, 0, 0)
