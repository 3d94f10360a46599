"""What stands in an archive: a zip of one member per table and file, and the manifest that tells of them all.

``manifest.json``
    Versions, counts, and the SHA-256 of every member.
``schema.json``
    What every owner had declared, as the database kept it.
``tables/NAME.jsonl``
    The rows of a table: one JSON list per line, its values in the order of the columns that the manifest names.
``files/SHA256``
    The bytes of an attachment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import attrs

from pycrm.errors import ArchiveError
from pycrm.fields.kind import PartType

__all__ = [
    "FORMAT",
    "MANIFEST",
    "SCHEMA",
    "VERSION",
    "ArchiveReport",
    "FileMember",
    "Manifest",
    "Sum",
    "TableMember",
    "damaged",
]

FORMAT: Final = "pycrm-archive"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
SCHEMA: Final = "schema.json"

_table_name = re.compile(r"[a-z][a-z0-9_.]*").fullmatch
_digest = re.compile(r"[0-9a-f]{64}").fullmatch


@attrs.frozen
class ArchiveReport:
    """What an archive holds.

    Attributes:
        installation: The id of the CRM that it is of.
        at: When it was written, UTC.
        plugins: Name to version of everything that was installed.
        tables: Name to number of rows.
        files: How many files of attachments.
    """

    installation: UUID
    at: datetime
    plugins: Mapping[str, str]
    tables: Mapping[str, int]
    files: int

    @property
    def rows(self) -> int:
        """How many rows of all tables."""
        return sum(self.tables.values())


@attrs.frozen
class Sum:
    """Of a member: how many bytes it has, and their SHA-256."""

    size_bytes: int
    sha256: str


@attrs.frozen
class TableMember:
    """One table: its name without the CRM's prefix, its columns in the order of the values, its rows."""

    name: str
    columns: tuple[tuple[str, PartType], ...]
    rows: int
    sum: Sum

    @property
    def member(self) -> str:
        """Its name in the zip."""
        return f"tables/{self.name}.jsonl"


@attrs.frozen
class FileMember:
    """One file of attachments."""

    digest: str
    content_type: str
    size_bytes: int

    @property
    def member(self) -> str:
        """Its name in the zip."""
        return f"files/{self.digest}"


@attrs.frozen
class Manifest:
    """All that an archive says of itself.

    Attributes:
        pycrm: The release that wrote it.
        at: When, UTC.
        installation: Of the CRM.
        schema_number: Of its custom fields.
        schema: The sum of the member with the snapshots.
        plugins: Name to version.
        tables: In the order in which they are written.
        files: Likewise.
    """

    pycrm: str
    at: datetime
    installation: UUID
    schema_number: int
    schema: Sum
    plugins: Mapping[str, str]
    tables: tuple[TableMember, ...]
    files: tuple[FileMember, ...]

    @property
    def report(self) -> ArchiveReport:
        """What people want to know of it."""
        tables = {table.name: table.rows for table in self.tables}
        return ArchiveReport(self.installation, self.at, self.plugins, tables, len(self.files))

    @property
    def sums(self) -> dict[str, Sum]:
        """The sum of every member but the manifest."""
        return {
            SCHEMA: self.schema,
            **{table.member: table.sum for table in self.tables},
            **{file.member: Sum(file.size_bytes, file.digest) for file in self.files},
        }

    def to_text(self) -> str:
        """Return it as JSON; `read` is the inverse."""
        data = {
            "format": FORMAT,
            "version": VERSION,
            "pycrm": self.pycrm,
            "at": self.at.isoformat(),
            "installation": str(self.installation),
            "schema_number": self.schema_number,
            "schema": attrs.asdict(self.schema),
            "plugins": dict(self.plugins),
            "tables": [
                {
                    "name": table.name,
                    "columns": [[name, part.value] for name, part in table.columns],
                    "rows": table.rows,
                    "sum": attrs.asdict(table.sum),
                }
                for table in self.tables
            ],
            "files": [attrs.asdict(file) for file in self.files],
        }
        return json.dumps(data, ensure_ascii=False, indent=1)

    @classmethod
    def read(cls, text: str, name: str) -> Manifest:
        """Return the manifest that *text* says.

        Raises:
            ArchiveError: It is none, or one of a newer form.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise damaged(name, f"it says that it is {data['format']!r}")
            if data["version"] > VERSION:
                raise ArchiveError(
                    f"{name} was written by pycrm {data['pycrm']}, in form {data['version']}, of which this release "
                    f"knows nothing; install pycrm {data['pycrm']} or newer",
                    file=name,
                )
            return cls(
                pycrm=data["pycrm"],
                at=datetime.fromisoformat(data["at"]),
                installation=UUID(data["installation"]),
                schema_number=int(data["schema_number"]),
                schema=Sum(**data["schema"]),
                plugins={str(plugin): str(version) for plugin, version in data["plugins"].items()},
                tables=tuple(_table(each) for each in data["tables"]),
                files=tuple(_file(each) for each in data["files"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise damaged(name, "its manifest cannot be read") from error


def damaged(name: str, why: str) -> ArchiveError:
    """Return the error that the archive *name* is not as it was written."""
    return ArchiveError(
        f"{name} is damaged or no archive of pycrm: {why}; nothing was loaded. Copy the file again, or write the "
        "archive again with `pycrm archive`",
        file=name,
    )


def _table(data: Mapping[str, Any]) -> TableMember:
    if not _table_name(data["name"]):
        raise ValueError(data["name"])
    columns = tuple((str(name), PartType(part)) for name, part in data["columns"])
    return TableMember(data["name"], columns, int(data["rows"]), Sum(**data["sum"]))


def _file(data: Mapping[str, Any]) -> FileMember:
    if not _digest(data["digest"]):
        raise ValueError(data["digest"])
    return FileMember(data["digest"], str(data["content_type"]), int(data["size_bytes"]))
