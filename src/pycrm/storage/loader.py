"""From rows to records: one generated loop per entity that fills the slots of bare objects.

The rows are those of `pycrm.storage.tables.select_list`. No constructor runs and nothing is judged: what is stored
passed the parser. The document stays text until somebody looks into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind, PartType
from pycrm.fields.registry import SOURCE_NAMES
from pycrm.schema import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import slot_of
from pycrm.storage.codecs import CODEC_NAMES, CODECS, Codec
from pycrm.storage.dialect import Dialect
from pycrm.values.ids import id_from_bytes

__all__ = ["Load", "make_loader"]

Load = Callable[[Sequence[tuple[Any, ...]]], list[Any]]


class _Ids(dict[bytes, UUID]):
    """The ids met in one call: references repeat, and a look-up costs a tenth of making a UUID."""

    def __missing__(self, data: bytes) -> UUID:
        made = self[data] = id_from_bytes(data)
        return made


def make_loader(entity: Entity, dialect: Dialect) -> Load:
    """Return ``load(rows) -> records`` for rows in load order.

    The loaded records know their values as stored: ``_loaded`` has those of the column fields and then, empty until
    links are read, those of the entity's own multi-references.
    """
    codec = CODECS[dialect.name]
    constants: dict[str, Any] = {
        **SOURCE_NAMES,
        **CODEC_NAMES,
        "Ids": _Ids,
        "new": object.__new__,
        "cls": entity.record_class,
        "entity": entity,
    }
    body: list[str] = []
    columns: list[str] = []
    loaded: list[str] = []
    for number, field in enumerate(entity.column_fields):
        names = [f"c{number}_{at}" for at in range(len(field.kind.parts))]
        columns += names
        lines, value = _load_field(field, number, names, codec, constants)
        body += [*lines, f"record.{slot_of(field)} = {value}"]
        loaded.append(value)
    for field in entity.own_link_fields:
        body.append(f"record.{slot_of(field)} = ()")
        loaded.append("()")
    source = _SOURCE.format(columns=", ".join(columns), body="\n        ".join(body), loaded=", ".join(loaded))
    made: Load = make_function(source, "load", constants)
    return made


_SOURCE = """\
def load(rows):
    records = []
    append = records.append
    ids = Ids()
    for {columns}, document in rows:
        record = new(cls)
        {body}
        record._loaded = ({loaded},)
        record._entity = entity
        record._document = None
        record._stored = document
        record._related = None
        append(record)
    return records
"""


def _load_field(
    field: Field, number: int, names: list[str], codec: Codec, constants: dict[str, Any]
) -> tuple[list[str], str]:
    """Return the lines that make the value of *field* from the columns *names*, and the variable that holds it."""
    kind = field.kind
    lines: list[str] = []
    parts = []
    for name, part in zip(names, kind.parts, strict=True):
        decoded = codec.decode_source(part.type, name)
        if part.type is PartType.ID and decoded != name and field.path != "id":
            decoded = f"ids[{name}]"
        if decoded != name:
            lines.append(
                f"p{name} = {decoded}" if name == names[0] else f"p{name} = None if {name} is None else {decoded}"
            )
        parts.append(name if decoded == name else f"p{name}")
    source = kind.load_source(*parts)
    if source is None and type(kind).from_parts is Kind.from_parts:
        source = parts[0]
    if source is None:
        constants[f"from_parts{number}"] = kind.from_parts
        source = f"from_parts{number}({', '.join(parts)})"
    empty = "None"
    if kind.empty is not None:
        constants[f"empty{number}"] = kind.empty
        empty = f"empty{number}"
    if source == names[0] and kind.empty is None:
        return [], source
    value = f"v{number}"
    if len(lines) == 1 and source == parts[0]:
        return [f"{value} = {empty} if {names[0]} is None else {lines[0].partition(' = ')[2]}"], value
    if not lines:
        return [f"{value} = {empty} if {names[0]} is None else {source}"], value
    return [
        f"if {names[0]} is None:",
        f"    {value} = {empty}",
        "else:",
        *(f"    {line}" for line in lines),
        f"    {value} = {source}",
    ], value
