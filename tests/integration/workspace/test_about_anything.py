"""Tasks, interactions, attachments and tags belong to records of any entity, a plugin's too, installed or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import MEI, Sample

from pycrm import CRM, Attachment, F, Interaction, Ref, Tag, Task, ValidationError, Workspace

NOBODY = UUID(int=1)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
Add = Callable[[Workspace, Sample], Task | Interaction | Attachment]

ADDED: dict[str, Add] = {
    "task": lambda ws, sample: ws.create(Task(subject="call", about=sample)),
    "interaction": lambda ws, sample: ws.create(Interaction(kind="note", happened_at=AT, about=sample)),
    "attachment": lambda ws, sample: ws.attach(sample, "a.txt", b"a"),
}
every_noun = pytest.mark.parametrize("add", ADDED.values(), ids=ADDED.keys())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "files"


@pytest.fixture
def crm(crm_url: str, open_crm: Open, folder: Path) -> CRM:
    """The laboratory's CRM on each database, with a folder for files."""
    return open_crm(crm_url, files=folder)


@every_noun
def test_found_by_plugin_record(crm: CRM, add: Add) -> None:
    """What is about a plugin's record is found by it and leads to it."""
    with crm.acting_as(MEI) as ws:
        sample, other = ws.create(Sample(name="S")), ws.create(Sample(name="other"))
        made, _ = add(ws, sample), add(ws, other)

        (found,) = ws.list(type(made), where=F.about == sample, include="about.account")
        assert found.id == made.id
        assert found.about is not None
        assert (found.about.entity, found.about.record.name) == ("lab.sample", "S")


@every_noun
def test_keeps_plugin_record(crm: CRM, add: Add) -> None:
    """A plugin's record may go into the bin, but not for good while something is about it."""
    with crm.acting_as(MEI) as ws:
        sample = ws.create(Sample(name="S"))
        made = add(ws, sample)
        ws.delete(sample)

        with pytest.raises(ValidationError) as caught:
            ws.purge(sample)
        assert [problem.code for problem in caught.value.problems] == ["record.referenced"]
        ws.purge(made)
        ws.purge(sample)


@every_noun
def test_outlives_plugin(crm: CRM, crm_url: str, open_crm: Open, folder: Path, add: Add) -> None:
    """With the plugin's code gone, what is about its records is read and changed as before; nothing new joins it."""
    with crm.acting_as(MEI) as ws:
        sample = ws.create(Sample(name="S"))
        made = add(ws, sample)
    crm.close()

    with open_crm(crm_url, [], files=folder).acting_as(MEI) as ws:
        found = ws.get(type(made), made.id, include="about")
        assert found.about is not None
        assert (found.about.entity, found.about.record.name) == ("lab.sample", "S")
        ws.update(found, **{found.__title__: "changed"})
        assert ws.get(type(made), made.id).about == Ref(sample.id, "lab.sample")


def test_plugin_records_have_tags(crm: CRM) -> None:
    """A word on a plugin's record is a tag like any other."""
    with crm.acting_as(MEI) as ws:
        ws.create(Sample(name="S", tags=["急", "sample"]))
        ws.create(Task(subject="call"))

        assert {tag.name for tag in ws.list(Tag)} == {"急", "sample"}


def test_unknown_record_has_nothing(crm: CRM) -> None:
    """Nothing is about a plugin's record that does not exist, or about an entity that nobody brings."""
    with crm.acting_as(MEI) as ws:
        sample = ws.create(Sample(name="S"))

        for about in (Ref(NOBODY, "lab.sample"), Ref(sample.id, "nobody.thing"), Ref(sample.id, "account")):
            with pytest.raises(ValidationError) as caught:
                ws.create(Task(subject="call", about=about))
            assert [problem.code for problem in caught.value.problems] == ["ref.unknown"]
