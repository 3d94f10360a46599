"""Files about records: the row and its bytes come and go together, whatever happens in between."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.conftest import DATABASES
from tests.integration.workspace.conftest import Open
from tests.lab import GUEST, MEI, Sample

from pycrm import (
    CRM,
    Account,
    Attachment,
    ConfigurationError,
    F,
    FileLostError,
    FileStore,
    Interaction,
    NotAllowedError,
    NotFoundError,
    Task,
    ValidationError,
    Workspace,
    field,
)
from pycrm.plugin import OptRef, Plugin, Record
from pycrm.storage.files import StagedFile
from reliability.check_files import files_kept

AT_ONCE = timedelta()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files are."""
    return tmp_path / "files"


@pytest.fixture
def crm(crm_url: str, open_crm: Open, folder: Path) -> CRM:
    """The laboratory's CRM on each database, with a folder for files."""
    return open_crm(crm_url, files=folder)


@pytest.fixture
def ws(crm: CRM) -> Iterator[Workspace]:
    """One unit of work of an administrator."""
    with crm.acting_as(MEI) as workspace:
        yield workspace


def content(ws: Workspace, attachment: Attachment) -> bytes:
    with ws.open_attachment(attachment) as file:
        return file.read()


def stored(folder: Path) -> list[Path]:
    return list(folder.glob("??/*"))


def code_of(error: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.value.problems]


def test_row_tells_of_file(ws: Workspace) -> None:
    """The row has name, type, size and digest of the file; the bytes come back."""
    account = ws.create(Account(name="Elbe"))
    attachment = ws.attach(account, "合同.pdf", b"%PDF", description="signed")

    found = ws.get(Attachment, attachment.id)
    assert (found.name, found.content_type, found.size_bytes) == ("合同.pdf", "application/pdf", 4)
    assert (found.digest, found.description) == (hashlib.sha256(b"%PDF").hexdigest(), "signed")
    assert (found.about.id, found.about.entity) == (account.id, "account")
    assert content(ws, found) == b"%PDF"


@pytest.mark.parametrize("name", ["account", "sample", "task", "interaction"])
def test_any_record_has_files(ws: Workspace, name: str) -> None:
    """Files are about records of any entity, a plugin's too, and are found by them."""
    records: dict[str, Callable[[], Record]] = {
        "account": lambda: Account(name="Elbe"),
        "sample": lambda: Sample(name="S"),
        "task": lambda: Task(subject="call"),
        "interaction": lambda: Interaction(kind="note", happened_at=ws.now()),
    }
    record = ws.create(records[name]())
    attachment = ws.attach(record, "a.txt", b"a")

    assert [found.id for found in ws.list(Attachment, where=F.about == record)] == [attachment.id]
    (loaded,) = ws.list(Attachment, include="about")
    assert loaded.about.record.id == record.id


def test_data_comes_in_many_forms(ws: Workspace, tmp_path: Path) -> None:
    """Bytes, a path and an open file are the same to the store; the caller's file stays open."""
    account = ws.create(Account(name="Elbe"))
    (tmp_path / "x").write_bytes(b"abc")
    stream = io.BytesIO(b"abc")

    given = [b"abc", bytearray(b"abc"), tmp_path / "x", stream]
    attachments = [ws.attach(account, "x", data) for data in given]  # type: ignore[arg-type]
    assert len({attachment.digest for attachment in attachments}) == 1
    assert {attachment.content_type for attachment in attachments} == {"application/octet-stream"}
    assert not stream.closed


def test_text_is_no_file(ws: Workspace) -> None:
    """A text could be a path or the content, so it is refused."""
    account = ws.create(Account(name="Elbe"))

    with pytest.raises(ConfigurationError, match="or an open binary file, not of str"):
        ws.attach(account, "x", "/etc/passwd")  # type: ignore[arg-type]


def test_equal_files_are_kept_once(ws: Workspace, folder: Path) -> None:
    """The same bytes take their place once, and go only when nothing names them any more."""
    account = ws.create(Account(name="Elbe"))
    first, second = ws.attach(account, "a", b"same"), ws.attach(account, "b", b"same")
    assert len(stored(folder)) == 1

    ws.delete(first)
    ws.purge(first)
    assert content(ws, second) == b"same"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\\b", "..", ".", "", " ", "a\nb", "a\x7f"])
def test_name_is_plain(ws: Workspace, name: str) -> None:
    """A name leads nowhere, when it is given and when it is changed."""
    account = ws.create(Account(name="Elbe"))
    attachment = ws.attach(account, "good", b"a")

    with pytest.raises(ValidationError) as refused:
        ws.attach(account, name, b"a")
    assert {field for _, field in code_of(refused)} == {"name"}
    with pytest.raises(ValidationError):
        ws.update(attachment, name=name)


def test_row_needs_file(ws: Workspace) -> None:
    """Nobody writes a row without bytes, or one that names other bytes."""
    account = ws.create(Account(name="Elbe"))
    attachment = ws.attach(account, "a", b"a")

    with pytest.raises(ValidationError) as refused:
        ws.create(Attachment(about=account, name="x"))
    assert code_of(refused) == [("attachment.no_file", "digest")]
    for name, value in {"digest": "a" * 64, "size_bytes": 7, "content_type": "text/html"}.items():
        with pytest.raises(ValidationError) as locked:
            ws.update(ws.get(Attachment, attachment.id), **{name: value})
        assert code_of(locked) == [("field.read_only", name)]


def test_store_limits(crm_url: str, open_crm: Open, folder: Path) -> None:
    """What is too large or of another type for the CRM is a problem, and leaves neither row nor file."""
    crm = open_crm(crm_url, files=FileStore(folder, max_bytes=3, content_types=["image/*"]))

    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        for name, data, code in [
            ("a.png", b"four", ("attachment.too_large", "size_bytes")),
            ("a.txt", b"a", ("attachment.wrong_type", "content_type")),
        ]:
            with pytest.raises(ValidationError) as refused:
                ws.attach(account, name, data)
            assert code_of(refused) == [code]
        with pytest.raises(ValidationError) as refused:
            ws.attach(account, "a", b"a", content_type="png")
        assert code_of(refused) == [("attachment.bad_type", "content_type")]
        assert ws.count(Attachment) == 0
    assert not stored(folder)


def test_about_must_exist(ws: Workspace) -> None:
    """A file is about a record that is there."""
    with pytest.raises(ValidationError) as refused:
        ws.attach(Account(name="not stored"), "a", b"a")

    assert code_of(refused) == [("any_ref.no_entity", "about")]


def test_rights_are_asked(crm: CRM, folder: Path) -> None:
    """Who may not create attachments leaves no bytes, and who may not read them gets none."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        attachment = ws.attach(account, "a", b"a")

    with crm.acting_as(GUEST) as ws:
        with pytest.raises(NotAllowedError):
            ws.attach(account, "b", b"other")
        with pytest.raises(NotAllowedError):
            ws.open_attachment(attachment)
    assert len(stored(folder)) == 1


def test_stored_row_counts(ws: Workspace) -> None:
    """What is opened is what the row says, not what the record in hand does; in the bin it is closed."""
    account = ws.create(Account(name="Elbe"))
    mine, secret = ws.attach(account, "mine", b"mine"), ws.attach(account, "secret", b"secret")
    mine.digest = secret.digest

    assert content(ws, mine) == b"mine"
    with ws.open_attachment(str(secret.id)) as file:
        assert file.read() == b"secret"
    ws.delete(secret)
    with pytest.raises(NotFoundError):
        ws.open_attachment(secret.id)
    ws.restore(secret)
    assert content(ws, secret) == b"secret"


def test_lost_file_is_told(ws: Workspace, folder: Path) -> None:
    """Missing bytes are an error, and no reason to fail the unit."""
    account = ws.create(Account(name="Elbe"))
    attachment = ws.attach(account, "a", b"a")
    for file in stored(folder):
        file.unlink()

    with pytest.raises(FileLostError):
        ws.open_attachment(attachment)
    assert ws.count(Attachment) == 1


def test_rolled_back_unit_loses_nothing(crm: CRM, folder: Path) -> None:
    """A unit that rolls back leaves a file that is unused at most, never a row; what was there before stays."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        kept = ws.attach(account, "kept", b"kept")

    with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
        ws.attach(account, "again", b"kept")
        ws.attach(account, "gone", b"gone")
        raise ZeroDivisionError

    with crm.reading_as(MEI) as reader:
        assert reader.count(Attachment) == 1
        with reader.open_attachment(kept) as file:
            assert file.read() == b"kept"
    assert [file.size_bytes for file in crm.remove_unused_files(older_than=AT_ONCE)] == [4]
    assert [path.name for path in stored(folder)] == [kept.digest]


def test_savepoint_takes_row_back(ws: Workspace) -> None:
    """A row goes back with its savepoint, and the unit goes on."""
    account = ws.create(Account(name="Elbe"))
    with pytest.raises(ZeroDivisionError), ws.savepoint():
        ws.attach(account, "a", b"a")
        raise ZeroDivisionError

    assert ws.count(Attachment) == 0
    assert content(ws, ws.attach(account, "a", b"a")) == b"a"


def test_unused_files_are_listed(crm: CRM) -> None:
    """A file is used as long as any row names it, one in the bin too; young ones are left alone."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        attachment = ws.attach(account, "a", b"a")
        ws.delete(attachment)
    assert crm.unused_files(older_than=AT_ONCE) == []

    with crm.acting_as(MEI) as ws:
        binned = ws.get_binned(Attachment, attachment.id)
        assert binned is not None
        ws.purge(binned)
    assert crm.unused_files() == []
    assert [file.digest for file in crm.unused_files(older_than=AT_ONCE)] == [attachment.digest]
    assert len(crm.remove_unused_files(older_than=AT_ONCE)) == 1
    assert crm.unused_files(older_than=AT_ONCE) == []


def test_removal_waits_for_writers(crm: CRM) -> None:
    """A file whose row is not committed yet is not removed, though nobody else can see that it is used."""
    removed: list[int] = []
    collector = threading.Thread(
        target=lambda: removed.append(len(crm.remove_unused_files(older_than=-timedelta(minutes=1))))
    )

    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        attachment = ws.attach(account, "a", b"a")
        collector.start()
        collector.join(0.3)
        assert collector.is_alive()
    collector.join()

    assert removed == [0]
    with crm.reading_as(MEI) as reader, reader.open_attachment(attachment) as file:
        assert file.read() == b"a"


def test_removal_waits_for_files(crm_url: str, open_crm: Open, folder: Path) -> None:
    """A file becomes one of the store only while nobody removes any, so that none is removed between the two."""

    class Watched(FileStore):
        has_waited = False

        def keep(self, file: StagedFile, owner: UUID) -> None:
            remover.start()
            remover.join(0.3)
            self.has_waited = remover.is_alive()
            super().keep(file, owner)

    store = Watched(folder)
    crm = open_crm(crm_url, files=store)
    remover = threading.Thread(target=lambda: open_crm(crm_url, files=folder).remove_unused_files(older_than=AT_ONCE))
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
    with crm.acting_as(MEI) as ws:
        ws.attach(account, "a", b"a")
    remover.join()

    assert store.has_waited


def test_files_of_another_crm_are_safe(crm: CRM, open_crm: Open, folder: Path, tmp_path: Path) -> None:
    """A CRM never takes the files of another one for its own unused ones."""
    with crm.acting_as(MEI) as ws:
        ws.attach(ws.create(Account(name="Elbe")), "a", b"a")
    other = open_crm(f"sqlite:///{tmp_path / 'other.db'}", files=folder)
    other.migrate()

    with pytest.raises(ConfigurationError, match="another CRM"):
        other.remove_unused_files(older_than=AT_ONCE)
    with other.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match="another CRM"):
        ws.attach(ws.create(Account(name="Rhein")), "b", b"b")
    assert len(stored(folder)) == 1


def test_no_place_for_files(crm_url: str, open_crm: Open, tmp_path: Path) -> None:
    """Beside a SQLite file is a place for files; on PostgreSQL the host must give one."""
    crm = open_crm(crm_url)

    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Elbe"))
        if crm_url.startswith("sqlite"):
            ws.attach(account, "a", b"a")
            assert stored(tmp_path / "migrated.db.files")
        else:
            with pytest.raises(ConfigurationError, match="no place for files"):
                ws.attach(account, "a", b"a")


def test_memory_keeps_files_as_long(open_crm: Open) -> None:
    """A CRM in memory has files too."""
    crm = open_crm("sqlite://")
    crm.migrate()

    with crm.acting_as(MEI) as ws:
        assert content(ws, ws.attach(ws.create(Account(name="Elbe")), "a", b"a")) == b"a"


def test_files_at_a_url(crm_url: str, open_crm: Open) -> None:
    """Files may be wherever fsspec reaches."""
    pytest.importorskip("fsspec")
    crm = open_crm(crm_url, files=f"memory://{os.urandom(8).hex()}")

    with crm.acting_as(MEI) as ws:
        attachment = ws.attach(ws.create(Account(name="Elbe")), "a", b"a")
        assert content(ws, attachment) == b"a"
        ws.purge(attachment)
    assert len(crm.remove_unused_files(older_than=AT_ONCE)) == 1


gallery = Plugin("gallery", version="1.0")


@gallery.entity(title="name")
class Picture(Record):
    """Has a file, with limits."""

    name: str = field.text()
    photo: OptRef[Attachment] = field.attachment(max_bytes=4, content_types=["image/*"], many="pictures")


@pytest.fixture
def pictures(database_url: str, open_crm: Open, folder: Path) -> Iterator[Workspace]:
    """A unit in a CRM with pictures, on each database."""
    crm = open_crm(database_url, [gallery], files=folder)
    crm.migrate()
    with crm.acting_as(MEI) as workspace:
        yield workspace


def test_field_limits(pictures: Workspace) -> None:
    """A field takes only files within its limits, whichever way the attachment is given."""
    ws = pictures
    picture = ws.create(Picture(name="P"))
    good, large = ws.attach(picture, "a.png", b"good"), ws.attach(picture, "b.png", b"large")
    other = ws.attach(picture, "c.txt", b"text")

    ws.update(picture, photo=good)
    assert ws.get(Picture, picture.id, include="photo").photo.record.name == "a.png"  # type: ignore[union-attr]
    for attachment, code in ((large, "attachment.too_large"), (other, "attachment.wrong_type")):
        for given in (attachment, attachment.id, str(attachment.id)):
            with pytest.raises(ValidationError) as refused:
                ws.update(ws.get(Picture, picture.id), photo=given)
            assert code_of(refused) == [(code, "photo")]
        with pytest.raises(ValidationError):
            ws.create(Picture(name="Q", photo=attachment))


def test_field_is_a_reference(pictures: Workspace) -> None:
    """An attachment that a field holds is kept from the bin, found the way back, and may be a custom field's."""
    ws = pictures
    ws.define_field(Account, "logo", field.attachment(content_types=["image/*"]))
    picture = ws.create(Picture(name="P"))
    attachment = ws.attach(picture, "a.png", b"good")
    ws.update(picture, photo=attachment)
    account = ws.create(Account(name="Elbe", custom={"logo": attachment}))

    with pytest.raises(ValidationError) as refused:
        ws.delete(attachment)
    assert [problem.code for problem in refused.value.problems] == ["record.referenced"] * 2
    found = ws.get(Attachment, attachment.id, include="gallery.pictures")
    assert [each.name for each in found.related("gallery.pictures")] == ["P"]
    text = ws.attach(account, "a.txt", b"good")
    with pytest.raises(ValidationError) as refused:
        ws.update(account, custom={"logo": text.id})
    assert code_of(refused) == [("attachment.wrong_type", "custom.logo")]


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
def test_no_file_is_lost(engine: str, new_database: Callable[[str], str]) -> None:
    """Processes that attach, roll back and purge equal files lose none while another removes what is unused."""
    figure = files_kept(lambda: new_database(engine), 1, processes=2, units=20)

    assert figure["passed"], figure
