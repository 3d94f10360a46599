"""Parquet: typed columns for analysis, amounts with their units beside them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from typing import IO, Any, Final

from pycrm.errors import MissingExtraError
from pycrm.exchange.exporting.cells import OutColumn
from pycrm.exchange.exporting.rows import Row
from pycrm.fields.kind import Kind

__all__ = ["ParquetWriter"]

GROUP: Final = 10_000
"""Rows that are written together."""
_DIGITS: Final = 38
_USUAL_PLACES: Final = 9


class ParquetWriter:
    """Writes a Parquet file.

    Args:
        file: Where to; stays open.
        columns: Of the file.
    Raises:
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[OutColumn]) -> None:
        self._arrow, parquet = _library()
        self._places = [_places(column) for column in columns]
        types = [self._type(column, places) for column, places in zip(columns, self._places, strict=True)]
        self._schema = self._arrow.schema(list(zip([column.head for column in columns], types, strict=True)))
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._waiting += rows
        if len(self._waiting) >= GROUP:
            self._write_group()

    def close(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        self._waiting.clear()
        self._writer.close()

    def _write_group(self) -> None:
        values = zip(*self._waiting, strict=True)
        arrays = [
            self._arrow.array([_scaled(cell, places) for cell in cells] if places is not None else cells, type=each)
            for cells, places, each in zip(values, self._places, self._schema.types, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._waiting.clear()

    def _type(self, column: OutColumn, places: int | None) -> Any:
        arrow = self._arrow
        if places is not None:
            return arrow.decimal128(_DIGITS, places)
        if column.sort == "instant":
            return arrow.timestamp("us", tz="UTC" if column.has_zone else None)
        plain = {"text": arrow.string, "integer": arrow.int64, "boolean": arrow.bool_, "date": arrow.date32}
        return plain[column.sort]()


def _places(column: OutColumn) -> int | None:
    """Return how many decimal places the column's numbers have; None where they are no decimal numbers."""
    if column.sort != "decimal":
        return None
    kind: Kind = column.column.path.field.kind
    places = getattr(kind, "scale", None) or getattr(kind, "places", None)
    return places if isinstance(places, int) else _USUAL_PLACES


def _scaled(cell: Any, places: int) -> Decimal | None:
    return None if cell is None else Decimal(cell).quantize(Decimal(1).scaleb(-places))


def _library() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(
            "Parquet is written by pyarrow; run `pip install 'pycrm[parquet]'`", extra="parquet"
        ) from error
