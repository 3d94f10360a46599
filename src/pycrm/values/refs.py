"""References to other records: the value `Ref`, its three annotations, and the properties behind them.

A record declares ``account: Ref[Account] = field.ref(Account)``, ``OptRef[Account]`` where it may be missing, or
``Refs[User]`` for several. To a type checker these are descriptors: reading gives a `Ref` (or None, or a tuple of
them), setting takes a record, an id, the id as text or a `Ref`.

At run time the class attribute is a `RefProperty`. The record itself keeps the raw value in a slot (``_account``):
None, a UUID as it was loaded, or a `Ref`. A loaded record therefore pays for a `Ref` only where somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload
from uuid import UUID

from pycrm.errors import NotLoadedError
from pycrm.values.frozen import Frozen

R = TypeVar("R")

_new = object.__new__
# Keeping a wrapped value is no change of the record, so it is done past a record's own ``__setattr__``.
_keep = object.__setattr__


class Ref(Frozen, Generic[R]):
    """A reference to one record: its id, and the record itself once it was loaded.

    Two refs are equal when their ids are, and their entities where both know it. A ref is never equal to a bare UUID.

    Args:
        id: The id of the record.
        entity: The name of its entity (``"account"``), where known.
        name: The field that holds the reference; `record` names it in its error.
        record: The record, where it is at hand.
    """

    if TYPE_CHECKING:

        @property
        def id(self) -> UUID: ...
        @property
        def entity(self) -> str | None: ...
        @property
        def name(self) -> str | None: ...
        @overload
        def __get__(self, instance: None, owner: type) -> Any: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Ref[R]: ...
        def __get__(self, instance: object, owner: type) -> Any: ...
        def __set__(self, instance: object, value: R | Ref[R] | UUID | str) -> None: ...

    else:
        __slots__ = ("_record", "entity", "id", "name")

    def __init__(
        self, id: UUID, entity: str | None = None, *, name: str | None = None, record: R | None = None
    ) -> None:
        _set_id(self, id)
        _set_entity(self, entity)
        _set_name(self, name)
        _set_record(self, record)

    @classmethod
    def of(cls, value: R | Ref[R] | UUID | str) -> Ref[R]:
        """Return the reference to *value*: a record, an id, an id as text, or a `Ref`, which is returned itself.

        Raises:
            ValueError: *value* is none of these, or a record without an id.
        """
        slot = reference_slot(value)
        if isinstance(slot, Ref):
            return slot
        if isinstance(slot, UUID):
            return cls(slot)
        raise ValueError(f"{value!r} is no reference; give a record that has an id, a UUID, its text, or a Ref")

    @property
    def record(self) -> R:
        """The record.

        Raises:
            NotLoadedError: It was not loaded; the message names the ``include=`` that loads it.
        """
        loaded: R | None = _get_record(self)
        if loaded is None:
            what = f"{self.entity or 'record'} {self.id}"
            cure = f"include={self.name!r}" if self.name else "include= naming the field that holds this reference"
            raise NotLoadedError(
                f"{self.name or 'reference'}: {what} was not loaded; read with {cure}, or get it by .id",
                entity=self.entity,
                field=self.name,
                id=self.id,
            )
        return loaded

    @property
    def is_loaded(self) -> bool:
        """Whether `record` is at hand."""
        return _get_record(self) is not None

    def with_record(self, record: R | None) -> Ref[R]:
        """Return the same reference with *record* at hand, or without any."""
        return Ref(self.id, self.entity, name=self.name, record=record)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ref):
            return NotImplemented
        if self.id != other.id:
            return False
        return self.entity is None or other.entity is None or self.entity == other.entity

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        entity = f", {self.entity!r}" if self.entity else ""
        return f"Ref({str(self.id)!r}{entity})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.id, self.entity, self.name, _get_record(self))


_ref_slots: dict[str, Any] = dict(vars(Ref))
_set_id = _ref_slots["id"].__set__
_set_entity = _ref_slots["entity"].__set__
_set_name = _ref_slots["name"].__set__
_set_record = _ref_slots["_record"].__set__
_get_record = _ref_slots["_record"].__get__


def _make(id: UUID, entity: str | None, name: str | None) -> Ref[Any]:
    """Return a `Ref` without record; half the time of the constructor."""
    made: Ref[Any] = _new(Ref)
    _set_id(made, id)
    _set_entity(made, entity)
    _set_name(made, name)
    _set_record(made, None)
    return made


def _rebuild(id: UUID, entity: str | None, name: str | None, record: Any) -> Ref[Any]:
    return Ref(id, entity, name=name, record=record)


class OptRef(Generic[R]):
    """The annotation of a reference that may be missing: reads as ``Ref[R] | None``; a required one is `Ref`."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Any: ...
        @overload
        def __get__(self, instance: object, owner: type) -> Ref[R] | None: ...
        def __get__(self, instance: object, owner: type) -> Any: ...
        def __set__(self, instance: object, value: R | Ref[R] | UUID | str | None) -> None: ...


class Refs(Generic[R]):
    """The annotation of a multi-reference: reads as ``tuple[Ref[R], ...]``, takes any iterable of references."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Any: ...
        @overload
        def __get__(self, instance: object, owner: type) -> tuple[Ref[R], ...]: ...
        def __get__(self, instance: object, owner: type) -> Any: ...
        def __set__(self, instance: object, value: Iterable[R | Ref[R] | UUID | str] | None) -> None: ...


ReferenceSlot: TypeAlias = UUID | Ref[Any] | None


def entity_of(record: object) -> str | None:
    """Return the name of the entity that *record* belongs to, or None before a workspace has seen it."""
    return getattr(getattr(record, "_entity", None), "name", None)


def reference_slot(value: Any) -> Any:
    """Return what a record keeps for *value*: None, a UUID or a `Ref` (of a record: with the record).

    What cannot be a reference comes back as it is: a record's constructor judges nothing, the door reports it.
    """
    if value is None or isinstance(value, UUID | Ref):
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            return value
    id = getattr(value, "id", None)
    return Ref(id, entity_of(value), record=value) if isinstance(id, UUID) else value


def references_slot(values: Any) -> Any:
    """Return what a record keeps for *values* of a multi-reference: a tuple of UUIDs and `Ref`, or None.

    What is no iterable of references comes back as it is, for the door to report; so does a text, whose characters
    nobody means, and a mapping, whose keys nobody means.
    """
    if values is None or isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        return values
    return tuple(reference_slot(value) for value in values)


class RefProperty:
    """The class attribute of a reference field: wraps the raw value of *slot* when it is read, converts what is set.

    Args:
        slot: The attribute in which the record keeps the raw value (``"_account"``).
        name: The field's name, for the ``include=`` in messages (``"account"``).
        entity: The name of the target entity, where it is known.
    """

    __slots__ = ("entity", "name", "slot")

    def __init__(self, slot: str, name: str, entity: str | None = None) -> None:
        self.slot = slot
        self.name = name
        self.entity = entity

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = getattr(instance, self.slot)
        # A ref from elsewhere (another field's, a loader's) takes this field's name, so that its error helps.
        if value is None or (type(value) is Ref and value.name == self.name):
            return value
        wrapped = _make(value, self.entity, self.name) if type(value) is UUID else self._wrap(value)
        _keep(instance, self.slot, wrapped)
        return wrapped

    def __set__(self, instance: Any, value: Any) -> None:
        setattr(instance, self.slot, value if type(value) is UUID else reference_slot(value))

    def _wrap(self, value: Any) -> Any:
        if isinstance(value, UUID):
            return Ref(value, self.entity, name=self.name)
        if isinstance(value, Ref):
            return Ref(value.id, value.entity or self.entity, name=self.name, record=_get_record(value))
        # A record that had no id when it was set may have one now; anything else is shown as it was given.
        kept = reference_slot(value)
        return self._wrap(kept) if isinstance(kept, Ref) else value


class RefsProperty(RefProperty):
    """The class attribute of a multi-reference field: reads as a tuple of `Ref`, empty where nothing is kept."""

    __slots__ = ()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        values = getattr(instance, self.slot)
        if values is None:
            return ()
        if type(values) is not tuple or all(type(value) is Ref and value.name == self.name for value in values):
            return values
        wrapped = tuple(self._wrap(value) for value in values)
        _keep(instance, self.slot, wrapped)
        return wrapped

    def __set__(self, instance: Any, value: Any) -> None:
        setattr(instance, self.slot, references_slot(value))
