"""What somebody names is opened: a file of any format, a folder, a database; what it is not is told."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import json
import threading
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading import Limits, open_source
from pycrm.exchange.reading.cell_limit import long_cells


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("a.csv", b"a,b\n1,2\n", "csv"),
        ("a.txt", b"a\tb\n1\t2\n", "tsv"),
        ("a.dat", b'{"a": 1}\n{"a": 2}\n', "jsonl"),
        ("a.json", b'[{"a": 1}]', "json"),
        ("a.json", b'{\n "items": [{"a": 1}]\n}', "json"),
        ("a.json", b'{"items": [{"a": 1}]}', "json"),
        ("a.ndjson", b'{"items": [{"a": 1}]}', "jsonl"),
        ("a.csv", b"BEGIN:VCARD\nFN:x\nEND:VCARD\n", "vcard"),
        ("a.csv", "\ufeffBEGIN:VCARD\nFN:x\nEND:VCARD\n".encode("utf-16-le"), "vcard"),
        ("a.csv", b'{"a": 1},x\n1,2\n', "csv"),
    ],
)
def test_format_is_found(tmp_path: Path, name: str, data: bytes, format: str) -> None:
    """The first bytes tell, and the name only where they leave it open."""
    (tmp_path / name).write_bytes(data)

    assert open_source(tmp_path / name).format == format


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<html><table><tr><td>x</td></tr></table>", "HTML"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
        (b"%PDF-1.7", "PDF"),
        (gzip.compress(b"a,b", mtime=0), "unpack it"),
        (b"PAR1xxxx", "Parquet"),
        (b"SQLite format 3\x00", "URL"),
        (b"PK\x03\x04 but nothing else", None),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, told: str | None) -> None:
    """What is no table says what it is, whatever its name says."""
    (tmp_path / "report.xls").write_bytes(data)

    if told is None:
        assert open_source(tmp_path / "report.xls").format == "csv"
        return
    with pytest.raises(ReadError, match=told):
        open_source(tmp_path / "report.xls")


@pytest.mark.parametrize(
    ("part", "told"), [("notes.txt", "is an archive"), ("xl/workbook.bin", "binary workbook"), ("../x.xml", "archive")]
)
def test_archives_are_refused(tmp_path: Path, part: str, told: str) -> None:
    """An archive that is no workbook is to be unpacked by whoever knows what is in it."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(part, "x")

    with pytest.raises(ReadError, match=told):
        open_source(tmp_path / "a.zip")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A name without a file, or a format that there is not."""
    with pytest.raises(ReadError, match="there is no file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(ReadError, match=r"'cvs' is no format that is read; did you mean 'csv'\?"):
        open_source(tmp_path / "none.csv", format="cvs")


def test_folder_is_a_source(tmp_path: Path) -> None:
    """Each file is a table by its name; hidden files, folders and links to elsewhere are left out."""
    folder = tmp_path / "export"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / ".hidden.csv").write_text("a,b\n1,2\n")
    (folder / "contact.csv").write_bytes("名称,电话\n王小明,138\n".encode("gb18030"))
    (folder / "account.csv").write_text("id,name\n1,x\n")

    source = open_source(folder)

    assert (source.name, source.format, source.encoding) == ("export", "folder", None)
    assert [(table.name, table.columns) for table in source.tables] == [
        ("account.csv", ("id", "name")),
        ("contact.csv", ("名称", "电话")),
    ]
    assert source.certainty < 1
    assert [row.cells for row in source.tables[1].rows()] == [("王小明", "138")]


def test_folder_digest_is_of_all(tmp_path: Path) -> None:
    """A byte of any file changes it."""
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    before = open_source(tmp_path).digest
    (tmp_path / "a.csv").write_text("a,b\n1,3\n")

    assert open_source(tmp_path).digest != before


def test_folder_has_bounds(tmp_path: Path) -> None:
    """An empty folder is nothing, one of too many files is too much."""
    with pytest.raises(ReadError, match="no files"):
        open_source(tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text("a\n1\n")
    with pytest.raises(ReadTooLargeError, match="more than 2 files"):
        open_source(tmp_path, limits=Limits(files=2))


def test_long_cells_put_back() -> None:
    """The setting of the module csv is what it was behind the last of several readers, in whatever order they end."""
    before = csv.field_size_limit()
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with long_cells(before + 5):
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    with long_cells(before + 9):
        thread.start()
        inside.wait(10)
    during = csv.field_size_limit()
    done.set()
    thread.join(10)

    assert during >= before + 5
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("form", ["csv", "utf-16", "jsonl", "json", "vcf", "xlsx"])
def test_no_file_stays_open(tmp_path: Path, form: str) -> None:
    """Whoever looks at the first row alone leaves no file open until the next look for garbage."""
    path = tmp_path / f"many.{form}"
    records = [{"name": f"name {number}", "note": "x" * 200} for number in range(3_000)]
    match form:
        case "csv" | "utf-16":
            encoding = "utf-16" if form == "utf-16" else "utf-8"
            path.write_text("".join(f"{each['name']},{each['note']}\n" for each in records), encoding)
        case "jsonl":
            path.write_text("".join(f"{json.dumps(each)}\n" for each in records), "utf-8")
        case "json":
            path.write_text(json.dumps(records), "utf-8")
        case "vcf":
            cards = (f"BEGIN:VCARD\nVERSION:4.0\nFN:{each['name']}\nEND:VCARD\n" for each in records)
            path.write_text("".join(cards), "utf-8")
        case "xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                for number, each in enumerate(records):
                    sheet.write_row(number, 0, each.values())
    gc.collect()
    gc.disable()
    try:
        assert next(open_source(path).tables[0].rows()).line
        left = [each for each in gc.get_objects() if isinstance(each, io.BufferedReader) and not each.closed]
    finally:
        gc.enable()

    assert [each.name for each in left if each.name == str(path)] == []
