"""What calls are given and give back, as data for JSON: to tell one call from another, and to give an answer again.

Of what is given only as much is told as makes a difference, since nobody reads it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import Any, get_args, get_origin
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, Problem, QueryError
from pycrm.fields.field import Field
from pycrm.query.json_values import READERS, write_value
from pycrm.schema import Entity, Record, Schema
from pycrm.schema.diff import value_at
from pycrm.schema.dump import dump_value

__all__ = ["answer_of", "digest_of", "kept_answer", "told", "told_record", "told_value"]

MOST_KEPT = 100_000


def digest_of(data: Any) -> str:
    """Return the SHA-256 of *data* in hexadecimal; equal for data that is equal."""
    return sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# What is given


def told_value(field: Field, value: Any) -> Any:
    """Return what *value* says for *field*, however it is written: of ``"usd 1"`` and ``Money(1, "USD")`` the same."""
    try:
        return dump_value(field.kind.parse(value), field.kind)
    except Problem:
        return repr(value)  # the call will say what is wrong with it


def told_record(entity: Entity, record: Record, places: Mapping[UUID, int]) -> dict[str, Any]:
    """Return the values that a new record was given, by path; not its id, which is another one when it is made again.

    Args:
        entity: What it is.
        record: A record that is not stored.
        places: The place among those given, by id, of records that may refer to each other.
    """
    told_values = {}
    for field in (*entity.own_fields, *entity.document_fields, *entity.link_fields):
        value = value_at(record, field)
        if value is not None and value != field.kind.empty and not field.read_only:
            told_values[field.path] = _placed(told_value(field, value), places)
    return told_values


def _placed(data: Any, places: Mapping[UUID, int]) -> Any:
    """Return *data* with places in the place of the ids that have one."""
    match data:
        case str() if len(data) == 36 and len(places) > 1:
            try:
                return {"place": places[UUID(data)]}
            except (KeyError, ValueError):
                return data
        case list():
            return [_placed(each, places) for each in data]
        case dict():
            return {name: _placed(each, places) for name, each in data.items()}
    return data


def told(schema: Schema, value: Any) -> Any:
    """Return what an argument says: of records, of plain values and of collections of these.

    Raises:
        ConfigurationError: It is something else, of which nobody can say whether it is the same as another one.
    """
    match value:
        case None | bool() | str():
            return value
        case Record():
            entity = schema.entity_of(value)
            if value._loaded is None:
                return {"new": entity.name, "values": told_record(entity, value, {})}
            return {"entity": entity.name, "id": str(value.id)}
        case list() | tuple() | range():
            return [told(schema, each) for each in value]
        case AbstractSet():
            return {"set": sorted((told(schema, each) for each in value), key=json.dumps)}
        case Mapping():
            pairs = [[told(schema, name), told(schema, each)] for name, each in value.items()]
            return {"mapping": sorted(pairs, key=json.dumps)}
    if attrs.has(type(value)) and not _is_value(value):
        names = [attribute.name for attribute in attrs.fields(type(value))]
        return {"made": type(value).__qualname__, "values": [told(schema, getattr(value, name)) for name in names]}
    return _written(value, "is taken")


def _is_value(value: Any) -> bool:
    try:
        write_value(value)
    except QueryError:
        return False
    return True


def _written(value: Any, verb: str) -> Any:
    try:
        return write_value(value)
    except QueryError as error:
        raise ConfigurationError(
            f"a {type(value).__name__} {verb} by a call with an idempotency key; it takes and returns None, truth "
            "values, numbers, texts, days, instants, ids, Money, Quantity, records, and lists, tuples and mappings of "
            "these",
            value=value,
        ) from error


# What is given back


def kept_answer(schema: Schema, value: Any, annotation: Any) -> Any:
    """Return the answer of an action as data from which `answer_of` makes it again.

    Args:
        schema: Knows the entities of records, of which the ids are kept.
        value: The answer.
        annotation: What the action says that it returns; classes of attrs that are named there may be part of it.
    Raises:
        ConfigurationError: It cannot be kept, or is longer than 100,000 characters.
    """
    data = _kept(schema, value, {each.__qualname__ for each in _classes(annotation)})
    if len(json.dumps(data, ensure_ascii=False)) > MOST_KEPT:
        raise ConfigurationError(
            f"the answer to a call with an idempotency key is kept, and has at most {MOST_KEPT:,} characters; return "
            "records, of which only the ids are kept"
        )
    return data


def _kept(schema: Schema, value: Any, classes: AbstractSet[str]) -> Any:
    match value:
        case None | bool() | str():
            return value
        case Record():
            return {"record": schema.entity_of(value).name, "id": str(value.id)}
        case list():
            return [_kept(schema, each, classes) for each in value]
        case tuple():
            return {"tuple": [_kept(schema, each, classes) for each in value]}
        case dict() if all(isinstance(name, str) for name in value):
            return {"mapping": {name: _kept(schema, each, classes) for name, each in value.items()}}
    if attrs.has(type(value)) and type(value).__qualname__ in classes:
        names = [attribute.name for attribute in attrs.fields(type(value)) if attribute.init]
        kept = {name: _kept(schema, getattr(value, name), classes) for name in names}
        return {"made": type(value).__qualname__, "values": kept}
    return _written(value, "is returned")


def answer_of(data: Any, annotation: Any, read: Callable[[str, UUID], Record]) -> Any:
    """Return the answer that `kept_answer` has kept.

    Args:
        data: What was kept.
        annotation: As it was given there.
        read: Gives the record of an entity with an id.
    """
    classes = {each.__qualname__: each for each in _classes(annotation)}

    def answer(data: Any) -> Any:
        match data:
            case list():
                return [answer(each) for each in data]
            case {"tuple": items}:
                return tuple(answer(each) for each in items)
            case {"mapping": items}:
                return {name: answer(each) for name, each in items.items()}
            case {"record": entity, "id": id}:
                return read(entity, UUID(id))
            case {"made": name, "values": values}:
                parts = {attribute.name: attribute.alias for attribute in attrs.fields(classes[name])}
                return classes[name](**{parts[part]: answer(each) for part, each in values.items()})
            case dict():
                return READERS[frozenset(data)](data, "")
        return data

    return answer(data)


def _classes(annotation: Any) -> Iterator[type]:
    """Yield the classes of attrs that *annotation* names, in whatever it is wrapped."""
    origin: Any = get_origin(annotation) or annotation
    if isinstance(origin, type) and attrs.has(origin) and not issubclass(origin, Record):
        yield origin
    for each in get_args(annotation):
        yield from _classes(each)
