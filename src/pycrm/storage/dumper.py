"""From records to rows: generated functions that take inside values to driver values, the inverse of the loader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pycrm.fields.choices import MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind, PartType
from pycrm.fields.registry import source_names
from pycrm.fields.tags import TagsKind
from pycrm.schema import Entity, Record
from pycrm.schema.generate import make_function
from pycrm.schema.record import slot_of
from pycrm.storage.codecs import CODEC_NAMES, Codec
from pycrm.storage.documents import DocumentWriter

__all__ = ["Dump", "ValueDump", "make_dumper", "make_value_dumper"]

Dump = Callable[[Sequence[Record]], list[tuple[Any, ...]]]
ValueDump = Callable[[Any], tuple[Any, ...]]

_SHARED = frozenset({PartType.ID, PartType.INSTANT})
# Tuples of text, made anew for each record; those of other kinds may be equal and yet be written differently.
_WORDS = (TagsKind, MultiChoiceKind)

Encode = Callable[[PartType, str], str]
"""From part type and expression to the expression of its driver value."""


def make_dumper(entity: Entity, encode: Encode, document: Callable[[str], Any]) -> Dump:
    """Return a function from records to rows in load order, whose values it takes as they are.

    Args:
        entity: Whose records.
        encode: `Codec.encode_source` or `Codec.copy_source`.
        document: From the document's text to its driver value.
    """
    constants = _constants(entity.column_fields) | {"document": document, "text": DocumentWriter(entity).text}
    before: list[str] = []
    body: list[str] = []
    parts: list[str] = []
    for number, field in enumerate(entity.column_fields):
        value = f"v{number}"
        body.append(f"{value} = record.{slot_of(field)}")
        expressions = _part_expressions(field.kind, value, number, encode, constants)
        if _repeats(field) and expressions != [value]:
            known, encoded = f"k{number}", f"e{number}"
            before.append(f"{known} = {encoded} = None")
            differs = "!=" if isinstance(field.kind, _WORDS) else "is not"
            body += [
                f"if {value} {differs} {known}:",
                f"    {known} = {value}",
                f"    {encoded} = {expressions[0]}",
            ]
            expressions = [encoded]
        parts += expressions
    source = _SOURCE.format(before="\n    ".join(before), body="\n        ".join(body), parts=", ".join(parts))
    made: Dump = make_function(source, "dump", constants)
    return made


_SOURCE = """\
def dump(records):
    rows = []
    append = rows.append
    {before}
    for record in records:
        {body}
        values = record._document
        stored = text(values) if values else None
        append(({parts}, None if stored is None else document(stored)))
    return rows
"""


def _repeats(field: Field) -> bool:
    """Return whether records of one batch often hold the same in *field*: actor, moment, owner, parent, tags."""
    shared = len(field.kind.parts) == 1 and field.path != "id" and field.kind.parts[0].type in _SHARED
    return shared or isinstance(field.kind, _WORDS)


def make_value_dumper(field: Field, codec: Codec) -> ValueDump:
    """Return a function from a value of *field*, or None, to its driver values, one per part."""
    constants = _constants((field,))
    parts = _part_expressions(field.kind, "v", 0, codec.encode_source, constants)
    made: ValueDump = make_function(f"def dump(v):\n    return ({', '.join(parts)},)\n", "dump", constants)
    return made


def _constants(fields: Sequence[Field]) -> dict[str, Any]:
    return {**source_names(field.kind for field in fields), **CODEC_NAMES}


def _part_expressions(kind: Kind, value: str, number: int, encode: Encode, constants: dict[str, Any]) -> list[str]:
    """Return one expression per part of the variable *value*, and put what they need into *constants*."""
    sources = kind.dump_source(value)
    if sources is None and type(kind).to_parts is Kind.to_parts:
        sources = (value,)
    if sources is None:
        constants[f"to_parts{number}"] = kind.to_parts
        # The first expression calls it, the others use what it gave.
        sources = (
            f"(p{number} := to_parts{number}({value}))[0]",
            *(f"p{number}[{at}]" for at in range(1, len(kind.parts))),
        )
    absent = f"{value} is None"
    if kind.empty is not None:
        constants[f"empty{number}"] = kind.empty
        absent += f" or {value} == empty{number}"
    expressions = []
    for at, (part, source) in enumerate(zip(kind.parts, sources, strict=True)):
        encoded = encode(part.type, source if source.isidentifier() else f"({source})")
        if encoded == value and kind.empty is None:
            expressions.append(value)
        elif at == 0 or encoded == source:
            expressions.append(f"None if {absent} else {encoded}")
        else:  # only the first part is never missing while there is a value
            expressions.append(f"None if {absent} or {source} is None else {encoded}")
    return expressions
