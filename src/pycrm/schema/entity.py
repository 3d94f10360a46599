"""What an entity is: a record class with its name, its fields by path and its ways back. Declared once, then derived.

An `EntityDeclaration` is what an owner writes; an `Entity` is the same inside one schema, with names resolved and the
fields of extensions and custom fields added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import attrs

from pycrm.errors import UnknownNameError, nearest
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.fields.status import StatusKind
from pycrm.schema.document import ValueReader, make_readers
from pycrm.schema.extension import Extension
from pycrm.schema.functions import Function
from pycrm.schema.list_index import ListIndex
from pycrm.schema.record import Record, make_record_class
from pycrm.schema.transforms import Transform

__all__ = [
    "Back",
    "DataStep",
    "Entity",
    "EntityDeclaration",
    "ExtensionDeclaration",
    "OwnerDeclarations",
    "entity_maker",
]

R = TypeVar("R", bound=Record)

MAX_FIELDS = 500

_ACTORS = frozenset({"created_by", "updated_by"})


@attrs.frozen
class Back:
    """A reference seen from its target: `entity` holds a reference to us in `field`."""

    entity: str
    field: str


@attrs.frozen
class EntityDeclaration:
    """What an owner says of an entity, beside its record class.

    Attributes:
        record_class: The class, already made.
        title: The field that names a record to people.
        list_fields: The columns of its list.
        unique: Combinations of fields that no two records outside the bin share.
        plural: Plural of the name where adding ``s`` or ``ies`` is wrong.
        indexes: What the lists of its plugin filter and sort by, as the texts of orders.
    """

    record_class: type[Record]
    title: str
    list_fields: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    plural: str
    indexes: tuple[str, ...] = ()

    @property
    def local_name(self) -> str:
        """Return the name within its owner: ``SalesOrder`` gives ``sales_order``."""
        return snake_case(self.record_class.__name__)


@attrs.frozen
class ExtensionDeclaration:
    """Fields that an owner adds to *target*, a record class or an entity's name."""

    target: type[Record] | str
    extension_class: type[Extension]


@attrs.frozen
class DataStep:
    """A function of an owner that brings stored values into the form of *version*."""

    version: str
    function: Callable[[Any], None]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__


@attrs.frozen
class OwnerDeclarations:
    """All that one owner brings. A built-in's entities and field kinds carry no owner's name.

    Attributes:
        package: Where its released snapshots lie, in the folder ``migrations``; None where there is no such place.
        steps: Its functions for upgrades, in the order in which they were declared.
        functions: Of the filter language.
        transforms: Of mappings, each under its name within the owner.
    """

    owner: str
    builtin: bool
    version: str
    entities: tuple[EntityDeclaration, ...] = ()
    extensions: tuple[ExtensionDeclaration, ...] = ()
    kinds: tuple[type[Kind], ...] = ()
    package: str | None = None
    steps: tuple[DataStep, ...] = ()
    functions: tuple[Function, ...] = ()
    transforms: tuple[Transform, ...] = ()

    def full_name(self, local_name: str) -> str:
        """Return an entity's or kind's name in the schema: ``account`` for a built-in, else ``trade.sample``."""
        return local_name if self.builtin else f"{self.owner}.{local_name}"


@attrs.frozen(eq=False)
class Entity:
    """One entity of a schema.

    Attributes:
        name: ``"account"`` or ``"trade.shipment"``.
        owner: The plugin that brought it, or ``"core"``.
        record_class: Its class.
        fields: By path: common fields, own fields, then ``"trade.incoterm"`` and ``"custom.region"``.
        title: The field that names a record.
        list_fields: The columns of its list.
        unique: Combinations of fields that are unique outside the bin.
        back: Name of the way back to who refers to it.
        parked: Its plugin's code is missing, or has taken it away; the definition comes from the stored snapshot.
        renamed: Former paths of fields to those of today, for what was noted under the former ones.
        indexes: Over several fields: those that code declares, then those that somebody defined.
    """

    name: str
    owner: str
    record_class: type[Record]
    fields: Mapping[str, Field]
    title: str = "id"
    list_fields: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    back: Mapping[str, Back] = attrs.field(factory=dict)
    plural: str = ""
    parked: bool = False
    renamed: Mapping[str, str] = attrs.field(factory=dict)
    indexes: tuple[ListIndex, ...] = ()

    @property
    def table_name(self) -> str:
        """Return the table's name without prefix."""
        return self.name.replace(".", "_")

    @cached_property
    def column_fields(self) -> tuple[Field, ...]:
        """Fields with columns of their own, common fields first."""
        return self._placed(Place.COLUMN)

    @cached_property
    def document_fields(self) -> tuple[Field, ...]:
        """Custom and extension fields kept in the document."""
        return self._placed(Place.DOCUMENT)

    @cached_property
    def document_readers(self) -> Mapping[str, tuple[str, ValueReader | None]]:
        """How their values are read; see `pycrm.schema.document.make_readers`."""
        return make_readers(self.document_fields)

    @cached_property
    def link_fields(self) -> tuple[Field, ...]:
        """Multi-references, kept in the link table."""
        return self._placed(Place.LINK)

    @cached_property
    def own_link_fields(self) -> tuple[Field, ...]:
        """The multi-references that are slots of the record class; others live beside the document."""
        return tuple(field for field in self.link_fields if "." not in field.path)

    @cached_property
    def loaded_places(self) -> Mapping[str, int]:
        """Path to place in `Record._loaded` of the fields that are remembered there."""
        return {field.path: place for place, field in enumerate((*self.column_fields, *self.own_link_fields))}

    @cached_property
    def own_fields(self) -> tuple[Field, ...]:
        """The fields a caller may give in the constructor: all but the common ones, extensions and custom fields."""
        return tuple(
            field for path, field in self.fields.items() if "." not in path and path not in Record.__declared_fields__
        )

    @cached_property
    def references(self) -> tuple[Field, ...]:
        """Single references to one entity, wherever stored, without `created_by` and `updated_by`."""
        return tuple(
            field for field in self.fields.values() if isinstance(field.kind, RefKind) and field.name not in _ACTORS
        )

    @cached_property
    def all_references(self) -> tuple[Field, ...]:
        """References of every kind, without `created_by` and `updated_by`."""
        return tuple(
            field
            for field in self.fields.values()
            if isinstance(field.kind, (RefKind, LinkKind, AnyRefKind)) and field.name not in _ACTORS
        )

    @cached_property
    def unique_keys(self) -> tuple[tuple[Field, ...], ...]:
        """Each combination of fields that is unique outside the bin; a single field is one of one."""
        single = [(field,) for field in self.fields.values() if field.unique]
        return (*single, *(tuple(self.fields[path] for path in paths) for paths in self.unique))

    @cached_property
    def custom_indexes(self) -> tuple[ListIndex, ...]:
        """The indexes that somebody defined and that can be used now."""
        return tuple(index for index in self.indexes if index.owner == "custom" and index.is_usable(self.fields))

    @cached_property
    def statuses(self) -> tuple[Field, ...]:
        """Fields whose changes are moves of a lifecycle."""
        return tuple(field for field in self.fields.values() if isinstance(field.kind, StatusKind))

    def field(self, path: str) -> Field:
        """Return the field at *path*.

        Raises:
            UnknownNameError: With the nearest names.
        """
        try:
            return self.fields[path]
        except KeyError:
            now = self.renamed.get(path)
            hint = f"; it is called {now!r} now" if now in self.fields else nearest(path, self.fields)
            raise UnknownNameError(f"{self.name} has no field {path!r}{hint}", entity=self.name, field=path) from None

    def _placed(self, place: Place) -> tuple[Field, ...]:
        return tuple(field for field in self.fields.values() if field.place is place)


def entity_maker(collect: Callable[[EntityDeclaration], Any]) -> Callable[..., Callable[[type[R]], type[R]]]:
    """Return the ``entity`` decorator of an owner; each declaration is handed to *collect*."""

    def entity(
        *,
        title: str = "id",
        list: str = "",
        unique: tuple[tuple[str, ...], ...] | list[tuple[str, ...]] = (),
        plural: str = "",
        indexes: Sequence[str] = (),
    ) -> Callable[[type[R]], type[R]]:
        def make(cls: type[R]) -> type[R]:
            made = make_record_class(cls, title=title)
            collect(
                EntityDeclaration(
                    record_class=made,
                    title=title,
                    list_fields=tuple(list.split()) or (title,),
                    unique=tuple(tuple(names) for names in unique),
                    plural=plural or plural_of(snake_case(made.__name__)),
                    indexes=tuple(indexes),
                )
            )
            return made

        return make

    return entity


def snake_case(name: str) -> str:
    """Return ``sales_order`` for ``SalesOrder``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def plural_of(name: str) -> str:
    """Return the regular English plural: ``opportunities``, ``addresses``, ``accounts``."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"
