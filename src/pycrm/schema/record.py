"""Records: mutable attrs objects with slots, one class per entity, that judge nothing themselves.

`Record` carries the fields every record has, `OwnedRecord` adds owner and team. `make_record_class` turns a class body
of annotated fields into such a class. Beside its fields a record remembers what was loaded, so that the door can tell
what changed.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, dataclass_transform
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, NotLoadedError, PycrmError, UnknownNameError, nearest
from pycrm.fields.dates import InstantKind
from pycrm.fields.field import Field
from pycrm.fields.identifier import IdKind
from pycrm.fields.names import check_name
from pycrm.fields.numbers import IntegerKind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema.document import HasDocument, decode_document
from pycrm.values.ids import new_id
from pycrm.values.refs import OptRef, Ref, RefProperty, RefsProperty, reference_slot, references_slot

__all__ = ["CustomValues", "OwnedRecord", "Record", "freeze", "make_record_class", "slot_of", "thaw"]

R = TypeVar("R", bound="Record")
X = TypeVar("X")

_OPTIONAL = re.compile(r"\bNone\b|\bOptional\b|\bOptRef\b")


def slot_of(field: Field) -> str:
    """Return the name of the slot that holds *field*'s value: references live under an underscore."""
    return f"_{field.name}" if isinstance(field.kind, (RefKind, LinkKind, AnyRefKind)) else field.name


class CustomValues(MutableMapping[str, Any]):
    """The custom fields of one record: ``record.custom.region`` or ``record.custom["region"]``.

    A name that the entity does not have raises `UnknownNameError` with the nearest names; on a record that the door
    has not seen yet, names are judged when it is created.
    """

    __slots__ = ("_record",)

    _record: Record

    def __init__(self, record: Record) -> None:
        object.__setattr__(self, "_record", record)

    def __getitem__(self, name: str) -> Any:
        record = self._record
        values = record.document_values() if record._document is None else record._document
        value = values.get(f"custom.{name}")
        return record.get_document_value(self._path(name)) if value is None else value

    def __setitem__(self, name: str, value: Any) -> None:
        self._record.set_document_value(self._path(name), value)

    def __delitem__(self, name: str) -> None:
        self[name] = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        values = self._record.document_values()
        return (path.removeprefix("custom.") for path, value in values.items() if path.startswith("custom."))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        entity = self._record._entity
        fields = {} if entity is None else entity.fields
        shown = {
            name: fields[path].shown(value) if (path := f"custom.{name}") in fields else value
            for name, value in self.items()
        }
        return f"CustomValues({shown!r})"

    def _path(self, name: str) -> str:
        path = f"custom.{name}"
        entity = self._record._entity
        if entity is not None and path not in entity.fields:
            known = [known.removeprefix("custom.") for known in entity.fields if known.startswith("custom.")]
            raise UnknownNameError(
                f"{entity.name} has no custom field {name!r}{nearest(name, known)}", entity=entity.name, field=path
            )
        return path


class _CustomProperty:
    """Reads as `CustomValues`; assigning a mapping sets the fields it names and leaves the others."""

    __slots__ = ()

    @typing.overload
    def __get__(self, record: None, owner: type) -> _CustomProperty: ...
    @typing.overload
    def __get__(self, record: Record, owner: type) -> CustomValues: ...
    def __get__(self, record: Record | None, owner: type) -> _CustomProperty | CustomValues:
        return self if record is None else CustomValues(record)

    def __set__(self, record: Record, values: Mapping[str, Any]) -> None:
        CustomValues(record).update(values)


def _given_document(custom: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {f"custom.{name}": value for name, value in custom.items()} if custom else None


def _common(field: Field) -> Any:
    """Give a common field's declaration the type that its annotation says."""
    return field


@dataclass_transform(kw_only_default=True, eq_default=False)
class _Base:
    """Tells type checkers that subclasses get a keyword-only constructor from their annotations.

    What stands here is no constructor parameter. The private names are slots of `Record` beside its fields.
    """

    __slots__ = ()

    __declared_fields__: ClassVar[Mapping[str, Field]]
    __record_class__: ClassVar[type[Record]]
    __title__: ClassVar[str]

    _entity: HasDocument | None  # as the door last saw it
    _loaded: tuple[Any, ...] | None  # slot values of entity.column_fields, as last stored
    _document: dict[str, Any] | None  # inside values by path of custom and extension fields; None: not decoded yet
    _stored: Any  # the document as the driver gave it; once decoded, the dict as last stored
    _related: dict[str, tuple[Any, ...]] | None  # records loaded by include= along ways back


class Record(_Base):
    """What every record has. Subclasses are made into record classes by ``@plugin.entity``.

    Attributes:
        id: UUIDv7, made here, so that a graph of records is known before it is written.
        version: 1 at creation, plus one per update; None before.
        created_at: Instant of creation, UTC.
        created_by: The user who created it.
        updated_at: Instant of the last change, UTC.
        updated_by: The user who made it.
        deleted_at: When it went to the bin, or None.
        custom: Its custom fields.
    """

    id: UUID = _common(Field(kind=IdKind(), read_only=True))
    version: int = _common(Field(kind=IntegerKind(), read_only=True, hidden=True))
    created_at: datetime = _common(Field(kind=InstantKind(), read_only=True))
    created_by: Ref[Any] = _common(Field(kind=RefKind("user", soft=True), read_only=True))
    updated_at: datetime = _common(Field(kind=InstantKind(), read_only=True))
    updated_by: Ref[Any] = _common(Field(kind=RefKind("user", soft=True), read_only=True))
    deleted_at: datetime | None = _common(Field(kind=InstantKind(), read_only=True, hidden=True))
    custom: _CustomProperty = _CustomProperty()

    def __getitem__(self, extension: Callable[[Record], X]) -> X:
        """Return the fields that a plugin added: ``contact[TradeTerms].incoterm``."""
        return extension(self)

    def related(self, name: str) -> Sequence[Any]:
        """Return the records that refer to this one by the way back *name*, as loaded by ``include=``.

        Raises:
            NotLoadedError: It was not included.
        """
        if self._related is None or name not in self._related:
            raise NotLoadedError(f"{name!r} of {self!r} is not loaded; read it with include={name!r}", include=name)
        return self._related[name]

    def document_values(self) -> dict[str, Any]:
        """Return the values of custom and extension fields by path; the record's own dict, decoded on first use."""
        if self._document is None:
            stored = decode_document(self._entity, self._stored) if self._entity and self._stored else {}
            object.__setattr__(self, "_stored", stored)
            object.__setattr__(self, "_document", dict(stored))
        return cast("dict[str, Any]", self._document)

    def get_document_value(self, path: str) -> Any:
        """Return the value at *path* (``"custom.region"``, ``"trade.incoterm"``), or what its kind calls empty."""
        value = self.document_values().get(path)
        if value is None and self._entity is not None and path in self._entity.fields:
            return self._entity.fields[path].kind.empty
        return value

    def set_document_value(self, path: str, value: Any) -> None:
        """Set the value at *path*; the door judges it."""
        self.document_values()[path] = value

    def __repr__(self) -> str:
        title = getattr(self, self.__title__, None)
        if self.__title__ in self.__declared_fields__:
            title = self.__declared_fields__[self.__title__].shown(title)
        return f"<{self.__record_class__.__name__} {title if title is not None else self.id}>"


def _is_optional(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return bool(_OPTIONAL.search(annotation))
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return type(None) in typing.get_args(annotation)
    return typing.get_origin(annotation) is OptRef or annotation is OptRef


def _own_fields(cls: type) -> dict[str, Field]:
    """Return the fields that the class body itself declares, with name and `required` filled in."""
    fields: dict[str, Field] = {}
    for name, annotation in cls.__dict__.get("__annotations__", {}).items():
        declared = cls.__dict__.get(name)
        if isinstance(declared, Field):
            required = not (_is_optional(annotation) or declared.read_only or declared.kind.empty is not None)
            fields[name] = attrs.evolve(declared, name=name, required=required)
        elif not name.startswith("_") and name != "custom" and "ClassVar" not in str(annotation):
            raise ConfigurationError(
                f"{cls.__name__}.{name} has no field: write `{name}: {annotation} = field.…`",
                entity=cls.__name__,
                field=name,
            )
    return fields


def _attribute(field: Field) -> Any:
    if field.name == "id":
        return attrs.field(factory=new_id, kw_only=True)
    if isinstance(field.kind, LinkKind):
        return attrs.field(default=(), converter=references_slot, kw_only=True, alias=field.name)
    if isinstance(field.kind, (RefKind, AnyRefKind)):
        return attrs.field(default=None, converter=reference_slot, kw_only=True, alias=field.name)
    return attrs.field(default=field.kind.empty, kw_only=True)


def _make(cls: type[R], private: dict[str, Any]) -> type[R]:
    own = _own_fields(cls)
    these = {slot_of(field): _attribute(field) for field in own.values()} | private
    made: Any = attrs.define(
        cls, these=these, slots=True, eq=False, repr=False, weakref_slot=False, on_setattr=attrs.setters.NO_OP
    )
    for field in own.values():
        if isinstance(field.kind, LinkKind):
            setattr(made, field.name, RefsProperty(slot_of(field), field.name))
        elif isinstance(field.kind, (RefKind, AnyRefKind)):
            setattr(made, field.name, RefProperty(slot_of(field), field.name))
    made.__declared_fields__ = types.MappingProxyType({**getattr(cls, "__declared_fields__", {}), **own})
    made.__record_class__ = made
    made.__title__ = "id"
    return cast("type[R]", made)


def make_record_class(cls: type[R], *, title: str = "id") -> type[R]:
    """Return *cls* as a record class: slots, a keyword-only constructor, reference properties.

    Args:
        cls: A subclass of `Record` or `OwnedRecord` whose body annotates fields.
        title: The field whose value names a record to people.
    Raises:
        ConfigurationError: A field name that is reserved or no identifier, an annotation without a field, a title
            that is no field.
    """
    if not issubclass(cls, Record):
        raise ConfigurationError(f"{cls.__name__} must derive from Record or OwnedRecord", entity=cls.__name__)
    for name in cls.__dict__.get("__annotations__", {}):
        if not name.startswith("_"):
            check_name(name)
    made = _make(cls, {})
    if title not in made.__declared_fields__:
        raise ConfigurationError(
            f"{cls.__name__}: title={title!r} is no field{nearest(title, made.__declared_fields__)}",
            entity=cls.__name__,
        )
    made.__title__ = title
    return made


_PRIVATE = {
    "_document": attrs.field(default=None, converter=_given_document, kw_only=True, alias="custom"),
    "_entity": attrs.field(default=None, init=False),
    "_loaded": attrs.field(default=None, init=False),
    "_stored": attrs.field(default=None, init=False),
    "_related": attrs.field(default=None, init=False),
}

if not TYPE_CHECKING:
    Record = _make(Record, _PRIVATE)


class OwnedRecord(Record):
    """A record that belongs to somebody: `owner` defaults to the acting user, `team` to none."""

    owner: OptRef[Any] = _common(Field(kind=RefKind("user"), indexed=True))
    team: OptRef[Any] = _common(Field(kind=RefKind("team"), indexed=True))


if not TYPE_CHECKING:
    OwnedRecord = _make(OwnedRecord, {})


class FrozenRecordError(PycrmError, AttributeError):
    """A hook changed a record that it may only read; derive hooks use ``changes.set``."""

    code = "plugin.record_frozen"


def _refuse(record: Any, name: str, value: Any = None) -> None:
    raise FrozenRecordError(
        f"{record!r}: {name} cannot be changed here; a derive hook sets it with changes.set(record, …), "
        "an after_write hook with ws.update(…) on a record that it read",
        field=name,
    )


def _read_only_document(record: Record) -> Mapping[str, Any]:
    return types.MappingProxyType(Record.document_values(record))


_frozen_classes: dict[type, type] = {}


def _frozen(cls: type[Record]) -> type:
    if cls not in _frozen_classes:
        body = {
            "__slots__": (),
            "__setattr__": _refuse,
            "__delattr__": _refuse,
            "set_document_value": _refuse,
            "document_values": _read_only_document,
        }
        _frozen_classes[cls] = type(cls.__name__, (cls,), body)
    return _frozen_classes[cls]


def freeze(records: Sequence[Record]) -> None:
    """Make *records* refuse changes until `thaw`, by giving them a class of the same layout that does."""
    for record in records:
        object.__setattr__(record, "__class__", _frozen(record.__record_class__))


def thaw(records: Sequence[Record]) -> None:
    """Undo `freeze`."""
    for record in records:
        object.__setattr__(record, "__class__", record.__record_class__)
