"""From rows to records: one generated loop per entity that fills the slots of bare objects.

The rows are those of `pycrm.storage.tables.select_list`; what stands behind them (a sort key, the schema number) is
passed over. No constructor runs and nothing is judged: what is stored passed the parser. The document stays text until
somebody looks into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind, PartType
from pycrm.fields.registry import source_names
from pycrm.schema import Entity
from pycrm.schema.generate import make_function
from pycrm.schema.record import slot_of
from pycrm.storage.codecs import CODEC_NAMES, CODECS, Codec
from pycrm.storage.dialect import Dialect

__all__ = ["Load", "make_loader"]

Load = Callable[[Sequence[tuple[Any, ...]]], list[Any]]


class _Known(dict[Any, Any]):
    """What one call decoded so far: references, tags and choices repeat, and a look-up costs a tenth of decoding."""

    __slots__ = ("_decode",)

    def __init__(self, decode: Callable[[Any], Any]) -> None:
        self._decode = decode

    def __missing__(self, data: Any) -> Any:
        made = self[data] = self._decode(data)
        return made


def make_loader(entity: Entity, dialect: Dialect, fields: Sequence[Field] | None = None) -> Load:
    """Return ``load(rows) -> records`` for rows in load order.

    The loaded records know their values as stored: ``_loaded`` has those of the column fields and then, empty until
    links are read, those of the entity's own multi-references.

    Args:
        entity: What the records are.
        dialect: Where the rows come from.
        fields: The only column fields that the rows have, for records that are merely looked at; all unless given.
    """
    column_fields = entity.column_fields if fields is None else fields
    link_fields = entity.own_link_fields if fields is None else ()
    codec = CODECS[dialect.name]
    constants: dict[str, Any] = {
        **source_names(field.kind for field in column_fields),
        **CODEC_NAMES,
        "Known": _Known,
        "new": object.__new__,
        "cls": entity.record_class,
        "entity": entity,
    }
    before: list[str] = ["ids = Known(id_from_bytes)"]
    body: list[str] = []
    columns: list[str] = []
    loaded: list[str] = []
    for number, field in enumerate(column_fields):
        names = [f"c{number}_{at}" for at in range(len(field.kind.parts))]
        columns += names
        if _repeats(field.kind):
            constants[f"decode{number}"] = _decoder(field.kind, codec)
            before.append(f"known{number} = Known(decode{number})")
        lines, value = _load_field(field, number, names, codec, constants)
        body += [*lines, f"record.{slot_of(field)} = {value}"]
        loaded.append(value)
    for field in link_fields:
        body.append(f"record.{slot_of(field)} = ()")
        loaded.append("()")
    source = _SOURCE.format(
        before="\n    ".join(before),
        columns=", ".join(columns),
        body="\n        ".join(body),
        loaded=", ".join(loaded),
    )
    made: Load = make_function(source, "load", constants)
    return made


_SOURCE = """\
def load(rows):
    records = []
    append = records.append
    {before}
    for {columns}, document, *_ in rows:
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


def _repeats(kind: Kind) -> bool:
    """Return whether values of *kind* are made of one JSON text, are immutable and often the same."""
    return [part.type for part in kind.parts] == [PartType.JSON] and kind.load_source("") is None


def _decoder(kind: Kind, codec: Codec) -> Callable[[Any], Any]:
    decode = codec.decode(PartType.JSON)
    return kind.from_parts if decode is None else lambda data: kind.from_parts(decode(data))


def _load_field(
    field: Field, number: int, names: list[str], codec: Codec, constants: dict[str, Any]
) -> tuple[list[str], str]:
    """Return the lines that make the value of *field* from the columns *names*, and the variable that holds it."""
    kind = field.kind
    if _repeats(kind):
        constants[f"empty{number}"] = kind.empty
        return [f"v{number} = empty{number} if {names[0]} is None else known{number}[{names[0]}]"], f"v{number}"
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
