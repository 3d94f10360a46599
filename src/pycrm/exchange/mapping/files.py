"""Mapping files: TOML in, everything wrong told at once, and the same mapping out again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import attrs

from pycrm.errors import MappingError, Problem, nearest
from pycrm.exchange.mapping.model import (
    VERSION,
    CustomField,
    EntityMap,
    FieldMap,
    OnMatch,
    OnNew,
    OnProblem,
    Otherwise,
)
from pycrm.exchange.mapping.model import Mapping as MappingFile
from pycrm.exchange.mapping.toml import toml_key, toml_value

__all__ = ["mapping_text", "read_mapping", "read_mapping_text"]


Take = Callable[[Any], Any]

MAX_FILE = 2_000_000  # bytes; the longest that people write have some hundred fields
READING = ("format", "encoding", "delimiter", "sheet", "header_row", "query", "time_zone")


def read_mapping(path: str | PathLike[str]) -> MappingFile:
    """Return the mapping in the file at *path*.

    Raises:
        MappingError: It is no mapping; everything wrong is told, unknown keys with the nearest names.
        OSError: There is no such file, or it cannot be read.
    """
    file = Path(path)
    if file.stat().st_size > MAX_FILE:
        reason = f"it has more than {MAX_FILE} bytes"
        raise MappingError(file.name, [_unreadable(reason)])
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise MappingError(file.name, [_unreadable(f"it is no UTF-8: {error}")]) from error
    return read_mapping_text(text, file.name)


MAX_NESTED = 50
# Such names take the reader memory by the square of their number.
_NESTED = re.compile(
    rf"""(?<![\w"'.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MAX_NESTED}}}""", re.ASCII
)


def read_mapping_text(text: str, name: str = "mapping") -> MappingFile:
    """Return the mapping that *text* says; *name* stands in its errors.

    Raises:
        MappingError: As `read_mapping`.
    """
    if len(text) > MAX_FILE:
        raise MappingError(name, [_unreadable(f"it has more than {MAX_FILE} characters")])
    if _NESTED.search(text):
        raise MappingError(name, [_unreadable(f"names are nested more than {MAX_NESTED} deep")])
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(name, [_unreadable(str(error))]) from error
    reader = _Reader()
    mapping = reader.mapping(data)
    if reader.problems:
        raise MappingError(name, reader.problems)
    return mapping


def mapping_text(mapping: MappingFile) -> str:
    """Return *mapping* as the text of a file; `read_mapping_text` gives an equal one back."""
    lines = [f"version = {mapping.version}"]
    lines += _pairs({"name": mapping.name, "fingerprint": mapping.fingerprint, "acknowledge": mapping.acknowledge})
    if mapping.reading:
        lines += ["", "[reading]", *_pairs(mapping.reading, keep=True)]
    for custom in mapping.custom_fields:
        lines += ["", "[[custom_field]]", *_pairs(_told(custom, CustomField), keep=True)]
    for entity in mapping.entities:
        lines += ["", "[[entity]]", *_pairs(_entity_data(entity), keep=True), "", "[entity.fields]"]
        lines += [f"{toml_key(field.path)} = {_field_text(field)}" for field in entity.fields]
    return "\n".join(lines) + "\n"


def _pairs(data: Mapping[str, Any], *, keep: bool = False) -> list[str]:
    return [f"{toml_key(key)} = {toml_value(value)}" for key, value in data.items() if keep or value]


def _told(value: Any, cls: type[Any], *without: str) -> dict[str, Any]:
    """Return the attributes of *value* that are not as they would be anyway."""
    bare = cls(*[getattr(value, each.name) for each in attrs.fields(cls) if each.default is attrs.NOTHING])
    names = [each.name for each in attrs.fields(cls) if each.name not in without]
    return {
        name: getattr(value, name)
        for name in names
        if attrs.fields_dict(cls)[name].default is attrs.NOTHING or getattr(value, name) != getattr(bare, name)
    }


def _entity_data(entity: EntityMap) -> dict[str, Any]:
    data = _told(entity, EntityMap, "fields")
    if "update_fields" in data:
        data["update"] = data.pop("update_fields")
    return data


def _field_text(field: FieldMap) -> str:
    data = _told(field, FieldMap, "path")
    columns = data.pop("columns", ())
    if len(columns) == 1:
        data = {"column": columns[0], **data}
    elif columns:
        data = {"columns": columns, **data}
    return toml_value(columns[0] if data.keys() == {"column"} else data)


def _unreadable(reason: str) -> Problem:
    return Problem("mapping.unreadable", message="cannot be read: {told}", told=reason)


class _Reader:
    """Turns the data of a file into a mapping and collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def mapping(self, data: Mapping[str, Any]) -> MappingFile:
        if data.get("version") != VERSION:
            self._tell(
                "version",
                Problem(
                    "mapping.version",
                    message="is {value}, and this version of pycrm reads version {known}; write version = {known}",
                    value=data.get("version"),
                    known=VERSION,
                ),
            )
        takes: dict[str, Take] = {
            "version": _whole,
            "name": _text,
            "fingerprint": _text,
            "acknowledge": _texts,
            "reading": _table,
            "custom_field": _tables,
            "entity": _tables,
        }
        given = self._given("", data, takes)
        reading = given.pop("reading", {})
        self._given("reading", reading, dict.fromkeys(READING, _scalar))
        customs = given.pop("custom_field", ())
        entities = given.pop("entity", ())
        return MappingFile(
            **given,
            reading=reading,
            custom_fields=tuple(each for place in range(len(customs)) if (each := self._custom(customs, place))),
            entities=tuple(made for place in range(len(entities)) if (made := self._entity(entities, place))),
        )

    def _custom(self, tables: Sequence[Mapping[str, Any]], place: int) -> CustomField | None:
        takes: dict[str, Take] = {
            "entity": _text,
            "name": _text,
            "kind": _text,
            "options": _table,
            "label": _table,
            "unique": _truth,
        }
        where = f"custom_field {place + 1}"
        given = self._given(where, tables[place], takes)
        return CustomField(**given) if self._needs(where, given, "entity", "name") else None

    def _entity(self, tables: Sequence[Mapping[str, Any]], place: int) -> EntityMap | None:
        takes: dict[str, Take] = {
            "entity": _text,
            "alias": _text,
            "when": _text,
            "by": _texts,
            "or_by": _keys,
            "on_match": _one_of(get_args(OnMatch)),
            "on_new": _one_of(get_args(OnNew)),
            "update": _texts,
            "only_empty": _truth_or_texts,
            "newest": _text,
            "fields": _table,
        }
        table = tables[place]
        where = str(table.get("alias") or table.get("entity") or f"entity {place + 1}")
        given = self._given(where, table, takes)
        fields = given.pop("fields", {})
        if "update" in given:
            given["update_fields"] = given.pop("update")
        maps = tuple(self._field(f"{where}.{path}", path, value) for path, value in _paths(fields))
        return EntityMap(fields=maps, **given) if self._needs(where, given, "entity") else None

    def _field(self, where: str, path: str, value: Any) -> FieldMap:
        if isinstance(value, str):
            return FieldMap(path, (value,))
        if not isinstance(value, dict):
            self._expected(where, "the header of a column, or a table", value)
            return FieldMap(path)
        given = self._given(where, value, FIELD_KEYS)
        if "column" in given:
            if "columns" in given:
                self._expected(where, "column or columns, not both", value)
            given["columns"] = (given.pop("column"),)
        return FieldMap(path, **given)

    def _given(self, where: str, data: Mapping[str, Any], takes: Mapping[str, Take]) -> dict[str, Any]:
        """Return what *data* gives, each judged by *takes*; what is unknown or of another sort is told and left out."""
        given: dict[str, Any] = {}
        for key, value in data.items():
            if key not in takes:
                self._tell(
                    f"{where}.{key}".strip("."),
                    Problem(
                        "mapping.unknown_key",
                        message="is no key of a mapping here{hint}",
                        value=key,
                        hint=nearest(key, takes) or f"; there are {', '.join(takes)}",
                    ),
                )
                continue
            try:
                given[key] = takes[key](value)
            except _Expected as error:
                self._expected(f"{where}.{key}".strip("."), str(error), value)
        return given

    def _needs(self, where: str, given: Mapping[str, Any], *keys: str) -> bool:
        missing = [key for key in keys if not given.get(key)]
        for key in missing:
            self._expected(f"{where}.{key}", "a name", given.get(key))
        return not missing

    def _expected(self, where: str, expected: str, value: Any) -> None:
        self._tell(where, Problem("mapping.expected", message="takes {expected}", expected=expected, value=value))

    def _tell(self, where: str, problem: Problem) -> None:
        problem.field = where or None
        self.problems.append(problem)


class _Expected(Exception):
    """A value of another sort than the one that this says."""


def _sort(expected: str, *types: type) -> Take:
    def take(value: Any) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise _Expected(expected)
        return value

    return take


_text = _sort("a text", str)
_whole = _sort("a whole number", int)
_truth = _sort("true or false", bool)
_table = _sort("a table", dict)
_scalar = _sort("a text or a number", str, int, float)


def _anything(value: Any) -> Any:
    return value


def _texts(value: Any) -> tuple[str, ...]:
    """Return several texts; one stands for itself."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _Expected("a list of texts")
    return tuple(value)


def _keys(value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list) or not all(each and isinstance(each, str | list) for each in value):
        raise _Expected('a list of keys, each a field or a list of fields, as [["tax_number"], ["name", "country"]]')
    return tuple(map(_texts, value))


def _truth_or_texts(value: Any) -> Any:
    return value if isinstance(value, bool) else _texts(value)


def _tables(value: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _Expected("tables, each with a heading in double brackets")
    return tuple(value)


def _one_of(words: Sequence[str]) -> Take:
    def take(value: Any) -> str:
        if value not in words:
            raise _Expected(f"one of {', '.join(words)}{nearest(str(value), words)}")
        return str(value)

    return take


FIELD_KEYS: Mapping[str, Take] = {
    "column": _text,
    "columns": _texts,
    "join": _text,
    "split": _text,
    "part": _whole,
    "transforms": _texts,
    "values": _table,
    "default": _anything,
    "on_problem": _one_of(get_args(OnProblem)),
    "record": _text,
    "find": _text,
    "otherwise": _one_of(get_args(Otherwise)),
}


def _paths(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield path and value of each field; ``custom.region = "Region"`` comes as a table within a table."""
    for name, value in fields.items():
        if isinstance(value, dict) and value and (name == "custom" or not FIELD_KEYS.keys() & value.keys()):
            yield from ((f"{name}.{inner}", each) for inner, each in _paths(value))
        else:
            yield name, value
