"""Imports go through the one door: what somebody may not read, write or name, a file does not get him either."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.imports import ACCOUNTS, MEI, csv_file, mapping

from pycrm import CRM, Account, NotAllowedError, Principal
from pycrm.errors import MappingError, NotFoundError

LI = Principal("li", roles={"importer"})
BO = Principal("bo", roles={"importer"})
ANN = Principal("ann", roles={"reader"})


@pytest.fixture
def crm(plain: CRM) -> CRM:
    """Importers reach their own accounts and write name, number and country; one account is somebody else's."""
    with plain.acting_as(MEI) as ws:
        fields = {"name": "write", "number": "write", "country": "write", "phone": "none"}
        own = dict.fromkeys(("read", "create", "write", "delete"), "own")
        runs = {"read": "own", "create": "own"}
        ws.define_role("importer", {"rights": {"account": {**own, "fields": fields}, "import_run": runs}})
        ws.define_role("reader", {"rights": {"account": {"read": "all"}, "import_run": {"read": "all"}}})
        ws.create(Account(number="A1", name="not yours", country="CN"))
    return plain


def test_own_records(crm: CRM, tmp_path: Path) -> None:
    """What an importer makes is his; what he made before he changes."""
    path = csv_file(tmp_path, "No,Name,Country\nB1,first,CN\n")
    crm.imports.run(LI, path, mapping(ACCOUNTS))
    path.write_text("No,Name,Country\nB1,second,CN\n")

    assert crm.imports.run(LI, path, mapping(ACCOUNTS)).counts.updated == 1
    with crm.reading_as(LI) as ws:
        assert [account.name for account in ws.list(Account)] == ["second"]


def test_records_of_others(crm: CRM, tmp_path: Path) -> None:
    """A row that hits a record out of reach is refused by its unique value alone; nothing of it is changed or told."""
    result = crm.imports.run(LI, csv_file(tmp_path, "No,Name,Country\nA1,mine now,DE\nB1,x,DE\n"), mapping(ACCOUNTS))

    (row,) = crm.imports.kept_rows(LI, result.run)
    assert (row.line, row.problems[0]["code"], row.record_id) == (2, "field.not_unique", None)
    with crm.reading_as(MEI) as ws:
        account = ws.find(Account, number="A1")
    assert account is not None
    assert account.name == "not yours"


def test_hidden_field(crm: CRM, tmp_path: Path) -> None:
    """A field that the importer does not see is unknown to him, as one that is not there."""
    path = csv_file(tmp_path, "No,Name,Country,X\nB1,x,DE,1\n")
    errors = []
    for name in ("phone", "phony"):
        with pytest.raises(MappingError) as caught:
            crm.imports.run(LI, path, mapping(f'{ACCOUNTS}{name} = "X"\n'))
        (problem,) = caught.value.problems
        errors.append((problem.code, problem.message.replace(name, "…").partition(";")[0]))

    assert errors[0] == errors[1]


def test_no_right_to_import(crm: CRM, tmp_path: Path) -> None:
    """Who may not import is refused before anything is read into the database, by a plan too."""
    path = csv_file(tmp_path, "No,Name,Country\nB1,x,DE\n")

    for attempt in (crm.imports.run, crm.imports.plan):
        with pytest.raises(NotAllowedError):
            attempt(ANN, path, mapping(ACCOUNTS))


def test_runs_are_their_owners(crm: CRM, tmp_path: Path) -> None:
    """The rows and the reasons of a run are told to those who may read it, and nobody else learns that it is there."""
    result = crm.imports.run(LI, csv_file(tmp_path, "No,Name,Country\nB1,x,XX\n"), mapping(ACCOUNTS))

    for ask in (crm.imports.report, crm.imports.kept_rows, crm.imports.undo, crm.imports.resume):
        with pytest.raises(NotFoundError):
            ask(BO, result.run)  # type: ignore[operator]
    assert len(crm.imports.kept_rows(ANN, result.run)) == 1


def test_undo_under_own_rights(crm: CRM, tmp_path: Path) -> None:
    """Who may read a run, but not delete what it made, takes nothing back."""
    result = crm.imports.run(LI, csv_file(tmp_path, "No,Name,Country\nB1,x,CN\n"), mapping(ACCOUNTS))

    with pytest.raises(NotAllowedError):
        crm.imports.undo(ANN, result.run)
    assert crm.imports.undo(LI, result.run).removed == 1


def test_saved_mappings_are_not_shared(crm: CRM, tmp_path: Path) -> None:
    """A mapping is found again by its headers, among the runs that one may read."""
    path = csv_file(tmp_path, "No,Name,Country\nB1,x,CN\n")
    crm.imports.run(LI, path, mapping(ACCOUNTS))

    assert crm.imports.suggest(LI, path).origin == "saved"
    assert crm.imports.suggest(BO, path, entity="account").origin == "headers"
