from __future__ import annotations

import gc
import hashlib
import io
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from pycrm import ConfigurationError, FileLostError, FileStore, MissingExtraError, Problem, StorageError
from pycrm.storage.files import StoredFile

OWNER = UUID(int=1)
HELLO = hashlib.sha256(b"hello").hexdigest()
Make = Callable[..., FileStore]


@pytest.fixture(params=["folder", "memory", "file"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """A function that opens the same place again and again: a folder, and two file systems of fsspec."""
    if request.param == "folder":
        return lambda **options: FileStore(tmp_path / "files", **options)
    pytest.importorskip("fsspec")
    name = uuid4().hex if request.param == "memory" else tmp_path / "files"
    return lambda **options: FileStore(f"{request.param}://{name}", **options)


@pytest.fixture
def store(make: Make) -> FileStore:
    """An empty store."""
    return make()


def put(store: FileStore, data: bytes, content_type: str = "text/plain") -> str:
    with store.stage(io.BytesIO(data), content_type) as file:
        store.keep(file, OWNER)
    return file.digest


def read(store: FileStore, digest: str) -> bytes:
    with store.open(digest) as file:
        return file.read()


def files(store: FileStore) -> list[StoredFile]:
    return store.older(store.digests(), datetime.now(UTC) + timedelta(hours=1))


@pytest.mark.parametrize("data", [b"", b"hello", os.urandom(3 * 2**20 + 1)], ids=len)
def test_file_comes_back(store: FileStore, data: bytes) -> None:
    """What is kept is read back, by its digest."""
    digest = put(store, data)

    assert digest == hashlib.sha256(data).hexdigest()
    assert read(store, digest) == data


def test_file_can_be_searched(store: FileStore) -> None:
    """A file is opened for reading back and forth."""
    digest = put(store, b"hello")

    with store.open(digest) as file:
        assert (file.read(2), file.seek(1), file.read()) == (b"he", 1, b"ello")


def test_same_bytes_are_kept_once(store: FileStore) -> None:
    """The digest is the name, so that equal files are one."""
    put(store, b"hello")
    put(store, b"hello")

    assert [(file.digest, file.size_bytes) for file in files(store)] == [(HELLO, 5)]


def test_staged_file_is_thrown_away(store: FileStore, make: Make) -> None:
    """A file that nobody keeps leaves nothing behind."""
    with store.stage(io.BytesIO(b"hello"), "text/plain") as file:
        assert file.path.exists()

    assert not file.path.exists()
    assert make().digests() == []


def test_large_file_is_refused(make: Make) -> None:
    """Reading ends where the limit is passed, and nothing stays."""
    store = make(max_bytes=4)

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    for source in (io.BytesIO(b"hello"), Endless()):
        with pytest.raises(Problem) as caught, store.stage(source, "text/plain"):  # type: ignore[arg-type]
            pass
        assert caught.value.code == "attachment.too_large"
    assert store.digests() == []


def test_other_type_is_refused(make: Make) -> None:
    """The store takes only the types that it is told."""
    with pytest.raises(Problem) as caught:
        put(make(content_types=["image/*"]), b"hello")

    assert caught.value.code == "attachment.wrong_type"


def test_text_stream_is_refused(store: FileStore) -> None:
    """A file opened as text would be other bytes elsewhere."""
    with (
        pytest.raises(ConfigurationError, match="binary mode"),
        store.stage(io.StringIO("hello"), "text/plain"),  # type: ignore[arg-type]
    ):
        pass


def test_missing_file_is_named(store: FileStore) -> None:
    """A file that is gone is an error that names it."""
    digest = put(store, b"hello")
    store.remove(files(store))

    with pytest.raises(FileLostError) as caught:
        store.open(digest)
    assert caught.value.digest == HELLO


@pytest.mark.parametrize("damage", [b"hallo", b"hell", b"hello!", b""])
def test_damaged_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    """No byte of a file is handed out whose bytes have changed; bringing it again mends it."""
    store = FileStore(tmp_path)
    put(store, b"hello")
    (tmp_path / HELLO[:2] / HELLO).write_bytes(damage)

    with pytest.raises(FileLostError, match="not those that were stored"):
        store.open(HELLO)
    put(store, b"hello")
    assert read(store, HELLO) == b"hello"


@pytest.mark.parametrize("digest", ["", "..", "../../etc/passwd", HELLO.upper(), HELLO + "\n", f"{HELLO}/x", "/" * 64])
def test_digest_never_leads_elsewhere(store: FileStore, digest: str) -> None:
    """Only a digest becomes a path."""
    with pytest.raises(ConfigurationError, match="no SHA-256"):
        store.open(digest)
    with pytest.raises(ConfigurationError, match="no SHA-256"):
        store.remove([StoredFile(digest, 0, datetime.now(UTC))])


def test_recent_files_are_not_old(store: FileStore) -> None:
    """Age counts from when a file was brought last."""
    digest = put(store, b"hello")

    assert store.older([digest], datetime.now(UTC) - timedelta(minutes=1)) == []
    assert len(store.older([digest, "a" * 64], datetime.now(UTC) + timedelta(minutes=1))) == 1


def test_bringing_again_makes_young(tmp_path: Path) -> None:
    """A file that is brought again is as young as the last time."""
    store = FileStore(tmp_path)
    put(store, b"hello")
    os.utime(tmp_path / HELLO[:2] / HELLO, (0, 0))
    assert len(store.older([HELLO], datetime(2000, 1, 1, tzinfo=UTC))) == 1

    put(store, b"hello")
    assert store.older([HELLO], datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_leftovers_are_cleared(store: FileStore) -> None:
    """What a process was reading when it died is removed; what one still reads is not."""
    with store.stage(io.BytesIO(b"hello"), "text/plain") as file:
        store.clear_incoming(datetime.now(UTC) - timedelta(hours=1))
        assert file.path.exists()


def test_old_leftovers_of_folder(tmp_path: Path) -> None:
    """A folder keeps what is being read beside the files."""
    store = FileStore(tmp_path)
    with store.stage(io.BytesIO(b"hello"), "text/plain") as file:
        os.utime(file.path, (0, 0))
        store.clear_incoming(datetime.now(UTC) - timedelta(hours=1))
        assert not file.path.exists()


def test_store_belongs_to_one(make: Make) -> None:
    """A second CRM would take the files of the first for unused, so it is refused."""
    put(make(), b"hello")
    make().claim(OWNER)

    for step in (FileStore.claim, FileStore.refuse_others):
        with pytest.raises(ConfigurationError, match="files of another CRM"):
            step(make(), UUID(int=2))


def test_files_are_private(tmp_path: Path) -> None:
    """What the store makes is for its own user."""
    put(FileStore(tmp_path / "files"), b"hello")

    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "files" / HELLO[:2] / HELLO).stat().st_mode) == 0o600


def test_failing_place_is_storage_error(tmp_path: Path) -> None:
    """A place that cannot be written is an error of ours, with the system's as its cause."""
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="cannot take in a file") as caught:
        put(FileStore(tmp_path / "file"), b"hello")
    assert isinstance(caught.value.__cause__, OSError)


def test_temporary_store_goes_with_its_object() -> None:
    """What a CRM in memory keeps is gone with it."""
    store = FileStore.temporary()
    with store.stage(io.BytesIO(b"hello"), "text/plain") as file:
        folder = file.path.parent.parent
        store.keep(file, OWNER)
    assert folder.exists()

    del store
    gc.collect()
    assert not folder.exists()


def test_unknown_file_system_is_refused() -> None:
    """A URL that fsspec does not know is named."""
    pytest.importorskip("fsspec")

    with pytest.raises(ConfigurationError, match="nowhere://"):
        FileStore("nowhere://files")


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL without fsspec says what to install."""
    import sys

    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'pycrm\[files\]'"):
        FileStore("memory://files")


def test_options_reach_the_file_system(tmp_path: Path) -> None:
    """What a file system wants besides is passed on."""
    pytest.importorskip("fsspec")
    options: dict[str, Any] = {"auto_mkdir": False}
    store = FileStore(f"file://{tmp_path}/files", options=options)

    assert read(store, put(store, b"hello")) == b"hello"
