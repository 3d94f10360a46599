"""Archives: everything of a CRM, from either database into either, as it was; and what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, select
from tests.conftest import DATABASES
from tests.lab import BOB, GUEST, MEI, Portion, Sample, lab

from pycrm import CRM, Account, Attachment, Contact, F, Money, NotAllowedError, NotMigratedError, SavedView, User, field
from pycrm.errors import ArchiveError, StorageError
from pycrm.exchange.archive.table_rows import archived_tables
from pycrm.plugin import Plugin
from pycrm.storage.migration import Declared
from reliability.check_text import nasty_lines

Migrated = Callable[[str, Sequence[Plugin]], str]
NewDatabase = Callable[[str], str]


@pytest.fixture
def open_crm(tmp_path: Path) -> Iterator[Callable[..., CRM]]:
    """A function that opens a CRM with a place of its own for files; all are closed at the end."""
    opened: list[CRM] = []

    def make(url: str, plugins: Sequence[Plugin] = (lab,)) -> CRM:
        opened.append(CRM(url, plugins=plugins, files=tmp_path / f"files-{len(opened)}"))
        return opened[-1]

    yield make
    for crm in opened:
        crm.close()


@pytest.fixture
def source(migrated: Migrated, open_crm: Callable[..., CRM]) -> CRM:
    """A CRM on SQLite with something of everything."""
    crm = open_crm(migrated("sqlite", [lab]))
    fill(crm)
    return crm


def fill(crm: CRM, texts: Sequence[str] = ("海晨", "a\r\nb", "\u2028", '{"x":1}')) -> None:
    """Make records with a value of every kind, changed, binned and attached to, and definitions of every sort."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "地区", field.choice(["华东", "华北"]))
        ws.define_field(Account, "limit", field.money(), indexed=True)
        ws.define_field(Account, "code", field.text(), unique=True)
        ws.define_field(Account, "friends", field.refs(User))
        ws.define_index(Account, "custom.地区, name")
        ws.define_role("guard", {"rights": {"account": {"read": "own"}}})
        ada, bo = ws.create(User(key="ada", name="Ada")), ws.create(User(key="bo", name="Bo"))
        ws.create_many(
            [Account(name=text[:255] or "x", description=text, preferences=text[::-1] or None) for text in texts]
        )
        ws.create(Account(name="tagged", tags=tuple({text[:100] for text in texts[:30] if text})))
        custom = {"地区": "华东", "limit": Money("12.34", "EUR"), "code": "A1", "friends": (ada, bo)}
        firm = ws.create(Account(name="firm", custom=custom, address={"street": "s", "country": "CN"}))  # type: ignore[arg-type]
        first = ws.create(Sample(name="first", size="M"))
        ws.create(
            Sample(
                name="every",
                count=-5,
                weight=Decimal("1.500001"),
                is_new=False,
                made_on=date(1, 1, 1),
                seen_at=datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
                colours=("blue", "red"),
                price=Money("-12.50", "USD"),
                cost=Money("0.000001", "KWD"),
                account=firm,
                origin=first,
                watchers=(bo, ada),
                about=firm,
            )
        )
        ws.attach(firm, "合同.txt", b"\x00\xff" * 1000)
        ws.attach(first, "same.txt", b"\x00\xff" * 1000)
        ws.create(SavedView(name="v", entity="account", where="custom.地区 = '华东'", owner=ada))
        gone = ws.create(Account(name="binned"))
        ws.delete(gone)
    with crm.acting_as(BOB) as ws:
        ws.update(ws.get(Account, firm.id), industry="textiles")
        ws.move(ws.get(Sample, first.id), "send")
        ws.update_where(Account, F.name == "firm", {"level": "A"})
        ws.create(Account(name="once"), idempotency_key="k1")
        ws.note_visit(firm)
    crm.promote_field(MEI, Account, "limit")


def dump(url: str, plugins: Sequence[Plugin] = (lab,)) -> dict[str, list[Any]]:
    """Return all that a database holds as Python values, by another way than the archive's own."""
    crm = CRM(url, plugins=plugins)
    declared: Declared = crm._declared
    engine = create_engine(url)
    with crm._database.reading_unit() as unit:
        installed = declared.installed(unit)
    assert installed is not None
    tables = declared.place.state({name: each.snapshot for name, each in installed.items()}).tables
    with engine.connect() as connection:
        found: dict[str, list[Any]] = {
            name: [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in archived_tables(tables).items()
        }
        number = connection.execute(select(tables.state.c.schema_number, tables.state.c.installation)).one()
    engine.dispose()
    crm.close()
    # Who wrote and who loaded the archive is noted after it was written.
    found["audit"] = [row for row in found["audit"] if row["kind"] not in ("archived", "unarchived")]
    found["plugins"] = [(each.name, each.version, each.snapshot) for each in installed.values()]
    return {**found, "state": [tuple(number)]}


@pytest.mark.parametrize(
    ("from_", "to"),
    [("sqlite", "postgresql"), ("postgresql", "sqlite")],
)
def test_equal_on_the_other_database(
    from_: str,
    to: str,
    migrated: Migrated,
    new_database: NewDatabase,
    open_crm: Callable[..., CRM],
    tmp_path: Path,
    case: Callable[[str], Path],
) -> None:
    """Ids, versions, times, texts, the bin, history and files are what they were, and everything works on."""
    case("nasty-strings")
    source_url, target_url = migrated(from_, [lab]), new_database(to)
    source = open_crm(source_url)
    fill(source, [*nasty_lines(), "海晨"])
    written = source.archive(MEI, tmp_path / "a.pycrm")
    target = open_crm(target_url)

    loaded = target.unarchive(BOB, tmp_path / "a.pycrm")

    before, after = dump(source_url), dump(target_url)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert (written.rows, written.files) == (loaded.rows, loaded.files)
    assert [problem for problem in target.examine() if problem.code.startswith(("storage.", "schema."))] == []
    with target.acting_as(MEI) as ws:
        (firm,) = ws.list(Account, where="custom.limit > EUR 12 AND custom.地区 = '华东'")
        assert [view.name for view in ws.list(SavedView)] == ["v"]
        assert [entry.kind for entry in ws.history(firm)] == ["update", "update", "create"]
        assert [hit.record.id for hit in ws.search("海晨").hits]
        made = ws.create(Account(name="new"))
        assert made.number > max(account.number for account in ws.iterate(Account) if account.id != made.id)
    with target.reading_as(MEI) as ws:
        (entry,) = ws.audit(kind="unarchived")
    assert (entry.actor, entry.facts["rows"]) == ("bob", loaded.rows)


def test_files_come_along(source: CRM, open_crm: Callable[..., CRM], new_database: NewDatabase, tmp_path: Path) -> None:
    """Attachments are read where they were written to anew, each file once."""
    report = source.archive(MEI, tmp_path / "a.pycrm")
    target = open_crm(new_database("sqlite"))

    target.unarchive(MEI, tmp_path / "a.pycrm")

    assert report.files == 1
    with target.reading_as(MEI) as ws:
        for attachment in ws.iterate(Attachment):
            with ws.open_attachment(attachment) as file:
                assert file.read() == b"\x00\xff" * 1000


def test_missing_plugin(source: CRM, open_crm: Callable[..., CRM], new_database: NewDatabase, tmp_path: Path) -> None:
    """What belongs to a plugin whose code is missing comes along, and is there again with the plugin."""
    source.archive(MEI, tmp_path / "a.pycrm")
    url = new_database("sqlite")
    without = open_crm(url, ())
    without.unarchive(MEI, tmp_path / "a.pycrm")
    assert without.parked == {"lab": "1.0"}
    without.archive(MEI, tmp_path / "b.pycrm")
    without.close()

    again = open_crm(new_database("sqlite"))
    again.unarchive(MEI, tmp_path / "b.pycrm")

    with again.reading_as(MEI) as ws, source.reading_as(MEI) as before:
        assert [sample.name for sample in ws.iterate(Sample)] == [sample.name for sample in before.iterate(Sample)]


def test_new_plugin(
    migrated: Migrated, open_crm: Callable[..., CRM], new_database: NewDatabase, tmp_path: Path
) -> None:
    """A plugin that the archive does not know is installed after loading."""
    plain = open_crm(migrated("sqlite", []), ())
    with plain.acting_as(MEI) as ws:
        ws.create(Account(name="a"))
    plain.archive(MEI, tmp_path / "a.pycrm")

    target = open_crm(new_database("sqlite"))
    target.unarchive(MEI, tmp_path / "a.pycrm")

    with target.acting_as(MEI) as ws:
        assert ws.create(Portion(name="p", sample=ws.create(Sample(name="s"))))


@pytest.mark.parametrize("engine", DATABASES)
def test_full_database_is_refused(
    engine: str, source: CRM, migrated: Migrated, open_crm: Callable[..., CRM], tmp_path: Path
) -> None:
    """A database that has a CRM already is left as it is."""
    source.archive(MEI, tmp_path / "a.pycrm")
    url = migrated(engine, [lab])
    target = open_crm(url)
    before = dump(url)

    with pytest.raises(ArchiveError, match="has tables of a CRM already; give an empty one"):
        target.unarchive(MEI, tmp_path / "a.pycrm")

    assert dump(url) == before


def test_administrators_only(source: CRM, open_crm: Callable[..., CRM], tmp_path: Path) -> None:
    """Nobody else takes everything away, or brings it; the attempt is noted."""
    with pytest.raises(NotAllowedError, match="may not archive"):
        source.archive(GUEST, tmp_path / "a.pycrm")
    with pytest.raises(NotAllowedError, match="may not unarchive"):
        source.unarchive(GUEST, tmp_path / "a.pycrm")

    assert not (tmp_path / "a.pycrm").exists()
    with source.reading_as(MEI) as ws:
        assert [entry.action for entry in ws.audit(kind="denied", actor="guest")] == ["archive"]


def test_archive_is_noted(source: CRM, tmp_path: Path) -> None:
    """Who wrote an archive stands in the audit trail."""
    report = source.archive(BOB, tmp_path / "a.pycrm")

    with source.reading_as(MEI) as ws:
        (entry,) = ws.audit(kind="archived")
    assert (entry.actor, entry.facts) == ("bob", {"rows": report.rows, "files": 1})


def test_in_memory(tmp_path: Path) -> None:
    """A CRM in memory is kept as a file, and brought back."""
    first, second = CRM("sqlite://", plugins=[]), CRM("sqlite://", plugins=[])
    first.migrate()
    with first.acting_as(MEI) as ws:
        ws.create(Contact(name="海"))

    first.archive(MEI, tmp_path / "a.pycrm")
    second.unarchive(MEI, tmp_path / "a.pycrm")

    with second.reading_as(MEI) as ws:
        assert [contact.name for contact in ws.list(Contact)] == ["海"]
    first.close()
    second.close()


# What is refused


@pytest.fixture
def refused(
    source: CRM, open_crm: Callable[..., CRM], new_database: NewDatabase, tmp_path: Path
) -> Callable[[Path, str], None]:
    """A function that holds that a file is refused for a reason, with the cure, and the database stays empty."""
    url = new_database("sqlite")
    target = open_crm(url)

    def hold(file: Path, why: str) -> None:
        with pytest.raises(ArchiveError, match=why):
            target.unarchive(MEI, file)
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == []
        engine.dispose()

    return hold


def changed(source: CRM, folder: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """Return an archive of *source* whose members and manifest were changed by hand."""
    file, other = folder / "a.pycrm", folder / "b.pycrm"
    source.archive(MEI, file)
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return other


def put(members: dict[str, bytes], manifest: dict[str, Any], name: str, data: bytes) -> None:
    """Put *data* for a table, with a sum that is right."""
    members[f"tables/{name}.jsonl"] = data
    (table,) = (each for each in manifest["tables"] if each["name"] == name)
    table["sum"] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_any_damage(source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """A byte that changed anywhere, or an end that is missing, is seen before anything is written."""
    source.archive(MEI, tmp_path / "a.pycrm")
    data = (tmp_path / "a.pycrm").read_bytes()
    names = zipfile.ZipFile(tmp_path / "a.pycrm")
    begins = [info.header_offset + 80 for info in names.infolist() if info.compress_size > 100]
    names.close()

    for place in begins[:: max(len(begins) // 20, 1)]:
        (tmp_path / "b.pycrm").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        refused(tmp_path / "b.pycrm", "damaged or no archive")
    for end in (0, 10, len(data) // 2, len(data) - 1):
        (tmp_path / "b.pycrm").write_bytes(data[:end])
        refused(tmp_path / "b.pycrm", "it is no zip, or its end is missing")


def test_no_file(refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """A file that is not there is told as such."""
    refused(tmp_path / "no.pycrm", "there is no file")


def test_newer_form(source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """An archive of a form that this release does not know names the release that does."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest.update(version=2, pycrm="9.1.0")

    refused(changed(source, tmp_path, change), r"written by pycrm 9\.1\.0.*install pycrm 9\.1\.0 or newer")


@pytest.mark.parametrize(("version", "told"), [("9.0", "this code is"), ("0.0.1", "does not fit this code")])
def test_other_release(
    version: str, told: str, source: CRM, refused: Callable[[Path, str], None], tmp_path: Path
) -> None:
    """An archive of other declarations is refused, naming the releases that load it."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        installed = json.loads(members["schema.json"])
        (row,) = (each for each in installed if each["name"] == "parties")
        row["version"] = version
        row["snapshot"]["entities"]["account"]["fields"].pop("industry")
        data = members["schema.json"] = json.dumps(installed).encode()
        manifest["schema"] = {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        manifest["plugins"]["parties"] = version

    refused(changed(source, tmp_path, change), rf"(?s){told}.*parties {version}")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "files/../../evil", "C:\\evil", "tables/x.jsonl"])
def test_strange_members(name: str, source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """No member is taken that the manifest does not tell of, whatever path its name looks like."""
    file = changed(source, tmp_path, lambda members, manifest: members.update({name: b"x"}))

    refused(file, "its members are not those of its manifest")


def test_path_in_the_manifest(source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """A manifest that names tables or files by paths cannot be read."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["files"].append({"digest": "../../evil", "content_type": "text/plain", "size_bytes": 1})

    refused(changed(source, tmp_path, change), "its manifest cannot be read")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[1,2]\n", "a row of 'tag' cannot be read"),
        (b"nonsense\n", "a row of 'tag' cannot be read"),
        (b"[" * 100_000 + b"\n", "a row of 'tag' cannot be read"),
        (b"", "'tag' has 0 rows instead of"),
        (b"[1", "ends within a row"),
    ],
)
def test_rows_that_cannot_be(
    data: bytes, told: str, source: CRM, refused: Callable[[Path, str], None], tmp_path: Path
) -> None:
    """Rows with a right sum and wrong values are taken back with all others."""
    refused(changed(source, tmp_path, lambda members, manifest: put(members, manifest, "tag", data)), told)


def test_reference_to_nothing(
    source: CRM, open_crm: Callable[..., CRM], new_database: NewDatabase, tmp_path: Path
) -> None:
    """References are checked by the database in the end, and nothing of it stays."""
    file = changed(source, tmp_path, lambda members, manifest: _without(members, manifest, "account"))
    target = open_crm(new_database("sqlite"))

    with pytest.raises(StorageError):
        target.unarchive(MEI, file)

    with pytest.raises(NotMigratedError), target.reading_as(MEI):
        pass


def _without(members: dict[str, bytes], manifest: dict[str, Any], name: str) -> None:
    put(members, manifest, name, b"")
    (table,) = (each for each in manifest["tables"] if each["name"] == name)
    table["rows"] = 0


def test_columns_of_another_shape(source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """A table with columns that nobody declares is refused."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["tables"][0]["columns"][0][0] = "x"

    refused(changed(source, tmp_path, change), "the columns of 'account' are not those")


def test_bomb(source: CRM, refused: Callable[[Path, str], None], tmp_path: Path) -> None:
    """A member that unpacks to more than it says is read no further than that."""
    file = tmp_path / "bomb.pycrm"
    with zipfile.ZipFile(changed(source, tmp_path, lambda members, manifest: None)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, b"\0" * (100 << 20) if name == "tables/tag.jsonl" else data)

    refused(file, "tables/tag.jsonl is not what was written")


def test_no_place_for_files(source: CRM, new_database: NewDatabase, tmp_path: Path) -> None:
    """Files without a place to put them are told before anything is written."""
    source.archive(MEI, tmp_path / "a.pycrm")
    if "postgresql" not in DATABASES:
        pytest.skip("only PostgreSQL has no place of its own")
    target = CRM(new_database("postgresql"), plugins=[lab])

    with pytest.raises(ArchiveError, match=r"no place for them; give CRM\(database, files=…\)"):
        target.unarchive(MEI, tmp_path / "a.pycrm")

    target.close()


def test_missing_file_stops_it(source: CRM, tmp_path: Path) -> None:
    """An archive that would lack the bytes of an attachment is not written."""
    shutil.rmtree(tmp_path / "files-0")

    with pytest.raises(Exception, match="has no file"):
        source.archive(MEI, tmp_path / "a.pycrm")

    assert not list(tmp_path.glob("*.pycrm")) + list(tmp_path.glob(".*.part"))


@pytest.mark.slow
def test_many_rows(migrated: Migrated, new_database: NewDatabase, open_crm: Callable[..., CRM], tmp_path: Path) -> None:
    """A hundred thousand records, written and loaded portion by portion."""
    source_url, target_url = migrated("sqlite", []), new_database("postgresql")
    source, target = open_crm(source_url, ()), open_crm(target_url, ())
    with source.acting_as(MEI) as ws:
        for start in range(0, 100_000, 20_000):
            ws.create_many(
                [
                    Account(name=f"客户 {number}", annual_revenue=Money(number, "CNY"), tags=(f"t{number % 9}",))
                    for number in range(start, start + 20_000)
                ]
            )
    source.archive(MEI, tmp_path / "a.pycrm")

    report = target.unarchive(MEI, tmp_path / "a.pycrm")

    assert report.tables["account"] == 100_000
    before, after = dump(source_url, ()), dump(target_url, ())
    assert [name for name in before if before[name] != after[name]] == []
    assert timedelta(0) < datetime.now(UTC) - report.at < timedelta(hours=1)
