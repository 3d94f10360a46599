"""A plugin's fields on somebody else's entity: ``contact[TradeTerms].incoterm``."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import attrs

from pycrm.errors import ConfigurationError
from pycrm.fields.field import Field, Place
from pycrm.fields.names import check_name
from pycrm.schema.record import Record

__all__ = ["Extension", "make_extension_class"]

X = TypeVar("X", bound="Extension")


class Extension:
    """Base of extension classes: a view of one record that reads and writes the plugin's fields in its document."""

    __slots__ = ("_record",)

    __declared_fields__: ClassVar[Mapping[str, Field]]

    def __init__(self, record: Record) -> None:
        self._record = record

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__declared_fields__)
        return f"{type(self).__name__}({values})"


class _DocumentProperty:
    """One field of an extension: reads and writes the record's document at its path."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, extension: Extension | None, owner: type) -> Any:
        return self if extension is None else extension._record.get_document_value(self.path)

    def __set__(self, extension: Extension, value: Any) -> None:
        extension._record.set_document_value(self.path, value)


def make_extension_class(cls: type[X], owner: str) -> type[X]:
    """Return *cls* with its annotated fields turned into views of the document under *owner*'s name.

    Raises:
        ConfigurationError: Not an `Extension`, a reserved name, an annotation without a field.
    """
    if not issubclass(cls, Extension):
        raise ConfigurationError(f"{cls.__name__} must derive from Extension", entity=cls.__name__)
    fields: dict[str, Field] = {}
    for name in cls.__dict__.get("__annotations__", {}):
        declared = cls.__dict__.get(name)
        if not isinstance(declared, Field):
            raise ConfigurationError(f"{cls.__name__}.{name} has no field: write `{name} = field.…`", field=name)
        check_name(name)
        # Never required: the host's records existed before the plugin, and other doors do not know its fields.
        fields[name] = attrs.evolve(
            declared, name=name, path=f"{owner}.{name}", owner=owner, place=Place.DOCUMENT, required=False
        )
        setattr(cls, name, _DocumentProperty(f"{owner}.{name}"))
    cls.__declared_fields__ = types.MappingProxyType(fields)
    return cls
