"""A reference declared ``on_delete="clear"`` outlives its target's stay in the bin, and is emptied with its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab import MEI

from pycrm import CRM, Account, ValidationError, Workspace, field
from pycrm.plugin import OptRef, OwnedRecord, Plugin

notes = Plugin("notes")


@notes.entity(title="text")
class Note(OwnedRecord):
    """Something worth remembering, of an account or of nobody any more."""

    text: str = field.text()
    account: OptRef[Account] = field.ref(Account, on_delete="clear")


@pytest.fixture
def ws(database_url: str) -> Iterator[Workspace]:
    """One unit of an administrator in a new database with the plugin."""
    crm = CRM(database_url, plugins=[notes])
    crm.migrate()
    with crm.acting_as(MEI) as workspace:
        yield workspace
    crm.close()


def test_kept_in_bin_emptied_by_purge(ws: Workspace) -> None:
    """The bin keeps the reference, so that a restore finds it; a purge empties it as one more change."""
    account = ws.create(Account(name="gone soon"))
    note = ws.create(Note(text="likes tea", account=account))

    ws.delete(account)
    in_bin = ws.get(Note, note.id)
    ws.purge(account)
    purged = ws.get(Note, note.id)

    assert in_bin.account is not None
    assert (purged.account, purged.version) == (None, 2)


def test_kept_where_the_purge_is_refused(ws: Workspace) -> None:
    """When something else keeps the target, nothing is emptied."""
    account = ws.create(Account(name="needed"))
    note = ws.create(Note(text="likes tea", account=account))
    ws.create(Account(name="part", parent=account))

    with pytest.raises(ValidationError, match=r"account\.parent"), ws.savepoint():
        ws.purge(account)

    assert ws.get(Note, note.id).account is not None
