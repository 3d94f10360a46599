"""Cards of every version become rows: folded lines, quoted-printable, groups, types and escapes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading import Limits, open_source
from pycrm.exchange.rows import Row, Source

NAMES = ("family", "given", "additional", "prefix", "suffix")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "people.vcf"


def opened(path: Path, text: str | bytes, **options: Any) -> Source:
    """Write *text* to *path* and open it."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_source(path, **options)


def card(*lines: str, version: str = "3.0") -> str:
    """Return a card of *lines*."""
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))


def read(source: Source) -> list[tuple[Row, dict[str, Any]]]:
    """Return each row with its values by column, empty ones left out."""
    (table,) = source.tables
    return [
        (row, {name: cell for name, cell in zip(table.columns, row.cells, strict=True) if cell is not None})
        for row in table.rows()
    ]


def parts(value: str) -> list[str]:
    """Return the parts of a raw value."""
    return [re.sub(r"\\(.)", r"\1", part).strip() for part in re.split(r"(?<!\\);", value)]


@pytest.mark.parametrize(
    "file",
    [
        "John_Doe_ANDROID",
        "John_Doe_GMAIL",
        "John_Doe_MS_OUTLOOK",
        "gmail-single",
        "outlook-2003",
        "rfc2426-example",
        "rfc6350-example",
    ],
)
def test_public_cards_are_read(case: Any, file: str) -> None:
    """Every card is in, names, numbers, addresses and firms equal."""
    folder = case("vcard")
    wanted = json.loads((folder / "expected.json").read_text("utf-8"))[f"{file}.vcf"]

    cards = [cells for _, cells in read(open_source(folder / f"{file}.vcf"))]

    assert [
        {
            "version": cells["VERSION"],
            "fn": [cells["FN"]] if "FN" in cells else [],
            "tel": cells.get("TEL", []),
            "email": cells.get("EMAIL", []),
            "org": [cell for name, cell in cells.items() if re.fullmatch(r"ORG( \(\d\))?", name)],
            "n": [cells.get(f"N.{part}", "") for part in NAMES],
        }
        for cells in cards
    ] == [
        {
            **facts,
            "org": [parts(value)[0] for value in facts["org"]],
            "n": parts(facts["n"][0]) if facts["n"] else [""] * 5,
        }
        for facts in wanted
    ]


def test_properties_become_columns(path: Path) -> None:
    """Lists have all values, types and labels their own columns, parts stand behind a point."""
    text = card(
        "N:欧阳;锋;;;",
        "TEL;TYPE=CELL,VOICE:138",
        "TEL;TYPE=WORK;TYPE=FAX:0532",
        "item1.TEL:110",
        "item1.X-ABLabel:_$!<Other>!$_",
        "ADR;TYPE=WORK:;;人民路1号;青岛;山东;266000;中国",
        r"ORG:海晨\; 贸易;采购部",
        "CATEGORIES:a,b",
        "PHOTO;ENCODING=b;TYPE=JPEG:AAAA",
        "NOTE:one\\ntwo\\, three",
        "URL:https://a.example",
        "URL:https://b.example",
    )

    ((row, cells),) = read(opened(path, text))

    assert cells == {
        "VERSION": "3.0",
        "N.family": "欧阳",
        "N.given": "锋",
        "TEL": ["138", "0532", "110"],
        "TEL.cell": "138",
        "TEL.work fax": "0532",
        "TEL.Other": "110",
        "ADR.work.street": "人民路1号",
        "ADR.work.city": "青岛",
        "ADR.work.region": "山东",
        "ADR.work.postcode": "266000",
        "ADR.work.country": "中国",
        "ORG": "海晨; 贸易",
        "ORG.unit": "采购部",
        "CATEGORIES": ["a", "b"],
        "NOTE": "one\ntwo, three",
        "URL": "https://a.example",
        "URL (2)": "https://b.example",
        "FN": "欧阳锋",
    }
    assert row.problems == ()


def test_quoted_printable_says_its_encoding(path: Path) -> None:
    """Telephones in China write GBK, in lines that go on behind an equals sign."""
    encoded = "".join(f"={byte:02X}" for byte in "欧阳锋先生".encode("gbk"))

    ((_, cells),) = read(
        opened(path, card(f"FN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:{encoded[:15]}=", encoded[15:], version="2.1"))
    )

    assert cells["FN"] == "欧阳锋先生"


def test_wrong_bytes_are_told(path: Path) -> None:
    """Bytes that are not in the encoding that a value names are taken for Windows-1252, with a warning."""
    ((row, cells),) = read(opened(path, card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:caf=E9", version="2.1")))

    assert cells["FN"] == "café"
    assert [(problem.code, problem.level, problem.facts["bytes"]) for problem in row.problems] == [
        ("read.undecodable", "warning", "e9")
    ]


def test_lines_unfold(path: Path) -> None:
    """A line that begins with a blank goes on with the one before."""
    ((_, cells),) = read(opened(path, card("NOTE:one t", " wo", "\t three", "FN:x")))

    assert cells["NOTE"] == "one two three"
    assert cells["FN"] == "x"


def test_card_without_end_is_told(path: Path) -> None:
    """A card that another follows, or the end of the file, is read and told; the line is that of its beginning."""
    text = "BEGIN:VCARD\nVERSION:3.0\nFN:a\n" + card("FN:b").replace("\r\n", "\n") + "BEGIN:VCARD\nFN:c\n"

    cards = read(opened(path, text))

    assert [(row.line, cells["FN"], [problem.code for problem in row.problems]) for row, cells in cards] == [
        (1, "a", ["read.no_card_end"]),
        (4, "b", []),
        (8, "c", ["read.no_card_end"]),
    ]


def test_cards_within_cards_are_left_out(path: Path) -> None:
    """The card of an agent is no further one."""
    inner = card("FN:agent", version="2.1").rstrip().split("\r\n")

    assert [cells["FN"] for _, cells in read(opened(path, card("FN:a", "AGENT:", *inner, version="2.1")))] == ["a"]


def test_cards_resume(path: Path) -> None:
    """Reading goes on behind any line."""
    (table,) = opened(path, "".join(card(f"FN:{number}") for number in range(10))).tables
    rows = list(table.rows())

    assert list(table.rows(after=rows[4].line)) == rows[5:]


def test_no_cards_are_refused(path: Path) -> None:
    """A file of nothing says so."""
    with pytest.raises(ReadError, match="no cards"):
        opened(path, "x", format="vcard")


def test_endless_card_is_refused(path: Path) -> None:
    """A card beyond the limit is not held in memory, folded or not."""
    with pytest.raises(ReadTooLargeError, match="card of line 1 is longer"):
        opened(path, card("NOTE:x", *[" y" * 30] * 5_000), limits=Limits(line_bytes=100_000))


def test_escapes_without_end_are_read(path: Path) -> None:
    """A megabyte of signs that begin something takes no more than a megabyte of others."""
    ((_, cells),) = read(
        opened(path, card("ORG:" + "\\;" * 500_000, "N:" + '"' * 9_000 + ":", "NOTE:" + ";" * 500_000))
    )

    assert cells["ORG"] == ";" * 500_000
    assert len(cells["NOTE"]) == 500_000
