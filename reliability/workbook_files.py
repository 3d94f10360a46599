"""Workbooks written by hand, byte by byte, so that they can be what no spreadsheet would write."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

__all__ = ["biff", "bound_sheet", "compound", "ods", "packed", "xls", "xlsx"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"
_SECTOR = 512
_FREE, _END_OF_CHAIN, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def packed(parts: Mapping[str, str | bytes | Iterable[bytes]]) -> bytes:
    """Return an archive of *parts*; one given in pieces is packed as it comes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            if isinstance(content, (str, bytes)):
                archive.writestr(name, content)
                continue
            with archive.open(name, "w", force_zip64=True) as part:
                for piece in content:
                    part.write(piece)
    return file.getvalue()


def xlsx(
    sheets: Mapping[str, str | bytes | Iterable[bytes]],
    *,
    shared: str | bytes | Iterable[bytes] | None = None,
    hidden: Iterable[str] = (),
    dates_from_1904: bool = False,
    further: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Return a workbook of *sheets*, each given by the XML of its rows; pieces are taken as the whole sheet.

    The style 1 is a day, 2 a number of five digits with its zeros.
    """
    hidden = set(hidden)
    names = list(sheets)
    parts: dict[str, str | bytes | Iterable[bytes]] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        f'<workbookPr date1904="{int(dates_from_1904)}"/><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
            f' state="{"hidden" if name in hidden else "visible"}"/>'
            for number, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in range(1, len(names) + 1)
        )
        + f'<Relationship Id="shared" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
        + f'<Relationship Id="styles" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/>'
        '</numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>' if isinstance(rows, str) else rows
        )
    if shared is not None:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{shared}</sst>' if isinstance(shared, str) else shared
    return packed({**parts, **(further or {})})


def ods(tables: str | bytes) -> bytes:
    """Return a workbook of OpenDocument with *tables*, the XML of its sheets."""
    content = (
        f'<office:document-content xmlns:office="{_OPEN}:office:1.0" xmlns:table="{_OPEN}:table:1.0"'
        f' xmlns:text="{_OPEN}:text:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:'
        f'calcext:1.0"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>'
        "</office:document-content>"
        if isinstance(tables, str)
        else tables
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    return packed({"mimetype": mime, "META-INF/manifest.xml": manifest, "content.xml": content})


def biff(kind: int, data: bytes = b"") -> bytes:
    """Return a record of an XLS workbook."""
    return struct.pack("<HH", kind, len(data)) + data


def bound_sheet(name: str, start: int, *, is_hidden: bool = False) -> bytes:
    """Return the record that says where the sheet *name* begins in the stream."""
    return biff(0x85, struct.pack("<IBBBB", start, int(is_hidden), 0, len(name), 1) + name.encode("utf-16-le"))


def xls(sheets: Mapping[str, bytes], *, globals_: bytes = b"", hidden: Iterable[str] = ()) -> bytes:
    """Return an XLS workbook of *sheets*, each given by the records of its cells; *globals_* are those before."""
    hidden = set(hidden)
    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0)
    end = biff(0x0A)
    head = biff(0x809, begin) + biff(0x42, struct.pack("<H", 1200)) + globals_
    start = len(head) + sum(len(bound_sheet(name, 0)) for name in sheets) + len(end)
    bounds = bodies = b""
    for name, cells in sheets.items():
        bounds += bound_sheet(name, start + len(bodies), is_hidden=name in hidden)
        bodies += biff(0x809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + cells + end
    return compound(head + bounds + end + bodies)


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """Return a compound file with one stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\x00")
    sectors = len(stream) // _SECTOR
    tables = 1
    while tables * 128 < sectors + tables + 1:
        tables += 1
    chains = [_FAT] * tables + [_END_OF_CHAIN]
    chains += [*range(tables + 2, tables + 1 + sectors), _END_OF_CHAIN]
    chains += [_FREE] * (tables * 128 - len(chains))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, tables, tables, 0, 4096, _END_OF_CHAIN, 0, _END_OF_CHAIN, 0),
    )
    header += struct.pack("<109I", *range(min(tables, 109)), *[_FREE] * (109 - tables))
    entries = _entry("Root Entry", 5, child=1) + _entry(name, 2, start=tables + 1, size=len(stream)) + bytes(256)
    return header + struct.pack(f"<{len(chains)}I", *chains) + entries + stream


def _entry(name: str, kind: int, *, child: int = _FREE, start: int = _END_OF_CHAIN, size: int = 0) -> bytes:
    wide = name.encode("utf-16-le") + b"\x00\x00"
    return struct.pack("<64sHBBIII16xI8x8xIQ", wide, len(wide), kind, 1, _FREE, _FREE, child, 0, start, size)
