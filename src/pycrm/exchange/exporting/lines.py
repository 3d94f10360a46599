"""JSON lines: one record per line, its values exactly as `dump` gives them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import IO, Any
from uuid import UUID

from pycrm.exchange.exporting.columns import Column
from pycrm.schema import Record
from pycrm.schema.dump import dump_value

__all__ = ["write_lines"]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_lines(
    file: IO[bytes],
    columns: Sequence[tuple[str, Column]],
    records: Sequence[Record],
    withheld: Collection[UUID],
) -> None:
    """Write *records*: the value of each of *columns* under its name; null and empty lists where there is nothing."""
    lines = (_encode({name: _data(column, record, withheld) for name, column in columns}) for record in records)
    file.write("".join(f"{line}\n" for line in lines).encode())


def _data(column: Column, record: Record, withheld: Collection[UUID]) -> Any:
    value = column.value(record, withheld)
    return value if column.is_masked else dump_value(value, column.path.field.kind)
