"""References to other records: to one, to several of one entity, or to one of any entity.

Their inside value is what a record's slot holds: a UUID or a `Ref`. Whether the record exists is the database's matter.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, Problem, nearest
from pycrm.fields.kind import EQUALITY, Fit, Kind, Part, PartType
from pycrm.fields.text import take_several
from pycrm.values.refs import Ref, entity_of, reference_slot

ON_DELETE = ("restrict", "cascade", "clear")
ANY_ENTITY = "*"
MAX_REFERENCES = 10_000

Target = type | str


def take_reference(value: Any, target: Target | None = None) -> UUID | Ref[Any]:
    """Return *value* as a UUID or a `Ref`.

    Raises:
        Problem: It is no reference, a record without an id, or known to be of another entity than *target*.
    """
    slot = value if type(value) is UUID else reference_slot(value)
    if not isinstance(slot, UUID | Ref):
        if hasattr(value, "id"):
            raise Problem("ref.no_id", message="is a record without an id; create that one first", value=value)
        raise Problem("ref.invalid", message="is no reference; give a record, its id, or a Ref", value=value)
    if isinstance(slot, Ref) and isinstance(target, str):
        entity = entity_name(slot)
        if entity is not None and entity != target:
            raise Problem(
                "ref.wrong_entity",
                message="is a reference to {entity}; give one to {target}",
                entity=entity,
                target=target,
                value=value,
            )
    return slot


def entity_name(ref: Ref[Any]) -> str | None:
    """Return the entity that *ref* leads to: as it says itself, or as its record knows by now."""
    return ref.entity or (entity_of(ref.record) if ref.is_loaded else None)


def id_of(value: UUID | Ref[Any]) -> UUID:
    """Return the id of what a slot holds."""
    return value.id if isinstance(value, Ref) else value


@attrs.frozen
class RefKind(Kind):
    """A reference to one record of one entity.

    Attributes:
        target: The record class or the entity's name; in an assembled schema always the name.
        many: The name of the way back, from the target to those that refer to it.
        on_delete: What deleting the target does: ``"restrict"`` refuses, ``"cascade"`` deletes this record too,
            ``"clear"`` leaves it while the target is in the bin, and empties the field when it is purged.
        part_of: This record is a part of the target: deleted, restored and shared with it.
        rights_from: Rights on this record follow those on the target.
        soft: No foreign key; shows as parked while the target's plugin is absent.
        tree: The target is the parent, of the same entity: no record comes to lie below itself.
    """

    name: ClassVar[str] = "ref"
    python_type: ClassVar[type] = Ref
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.ID),)
    operators: ClassVar[frozenset[str]] = EQUALITY

    target: Target
    many: str | None = None
    on_delete: str = "restrict"
    part_of: bool = False
    rights_from: bool = False
    soft: bool = False
    tree: bool = False

    def __attrs_post_init__(self) -> None:
        if self.on_delete not in ON_DELETE:
            raise ConfigurationError(
                f"on_delete={self.on_delete!r} is none of {', '.join(ON_DELETE)}{nearest(self.on_delete, ON_DELETE)}",
                value=self.on_delete,
            )

    def fit(self, old: Kind) -> Fit:
        return Fit.ALL if isinstance(old, RefKind) and old.target == self.target else Fit.NONE

    def parse(self, value: Any) -> UUID | Ref[Any]:
        return take_reference(value, self.target)

    def dump(self, value: UUID | Ref[Any]) -> str:
        return str(id_of(value))

    def to_parts(self, value: UUID | Ref[Any]) -> tuple[UUID]:
        return (id_of(value),)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is UUID)"

    def load_source(self, *parts: str) -> str:
        return parts[0]

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"({value}.id if type({value}) is Ref else {value})",)


@attrs.frozen
class LinkKind(Kind):
    """Base of references to several records, in the order given, without repetition. Kept in the link table."""

    python_type: ClassVar[type] = tuple
    parts: ClassVar[tuple[Part, ...]] = ()
    operators: ClassVar[frozenset[str]] = frozenset()
    sortable: ClassVar[bool] = False
    empty: ClassVar[Any] = ()

    def take(self, value: Any) -> UUID | Ref[Any]:
        """Return one of the references, parsed."""
        raise NotImplementedError

    def parse(self, value: Any) -> tuple[UUID | Ref[Any], ...]:
        taken: dict[UUID, UUID | Ref[Any]] = {}
        for each in take_several(value):
            reference = self.take(each)
            taken.setdefault(id_of(reference), reference)
        if len(taken) > MAX_REFERENCES:
            raise Problem(
                "refs.too_many",
                message="has {value} references; at most {limit} fit, make the link an entity of its own",
                value=len(taken),
                limit=MAX_REFERENCES,
            )
        return tuple(taken.values())

    def to_parts(self, value: tuple[UUID | Ref[Any], ...]) -> tuple[Any, ...]:
        """Return nothing: the links are rows of their own."""
        return ()

    def from_parts(self, *parts: Any) -> tuple[UUID | Ref[Any], ...]:
        """Return no reference yet; the links are read apart."""
        return ()


@attrs.frozen
class RefsKind(LinkKind):
    """References to several records of one entity.

    Attributes:
        target: The record class or the entity's name; in an assembled schema always the name.
    """

    name: ClassVar[str] = "refs"

    target: Target

    def take(self, value: Any) -> UUID | Ref[Any]:
        return take_reference(value, self.target)

    def dump(self, value: tuple[UUID | Ref[Any], ...]) -> list[str]:
        return [str(id_of(each)) for each in value]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "format": "uuid"}, "uniqueItems": True}


def _targets(given: Any) -> tuple[Target, ...]:
    return (given,) if isinstance(given, str | type) else tuple(given)


@attrs.frozen
class AnyRefKind(Kind):
    """A reference to one record of any of some entities, as what a call was about.

    Attributes:
        targets: Record classes or entity names; ``("*",)`` for every entity. In an assembled schema always names.
        many: The name of the way back from each of the targets, which are then named.
        part_of: This record is a part of the target: deleted, restored and purged with it.
        rights_from: Rights on this record follow those on the target.
    """

    name: ClassVar[str] = "any_ref"
    python_type: ClassVar[type] = Ref
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.ID), Part(PartType.TEXT, "_entity"))
    operators: ClassVar[frozenset[str]] = EQUALITY

    targets: tuple[Target, ...] = attrs.field(default=(ANY_ENTITY,), converter=_targets)
    many: str | None = None
    part_of: bool = False
    rights_from: bool = False

    def __attrs_post_init__(self) -> None:
        if self.many is not None and ANY_ENTITY in self.targets:
            raise ConfigurationError(
                f"many={self.many!r} would be a way back from every entity; name the targets", value=self.many
            )

    def may_lead_to(self, entity: str) -> bool:
        """Return whether records of *entity* may be referred to."""
        return ANY_ENTITY in self.targets or entity in self.targets

    def fit(self, old: Kind) -> Fit:
        # A target that is no longer offered stays with the records that have it.
        return Fit.ALL if old.name == self.name else Fit.NONE

    def parse(self, value: Any) -> Ref[Any]:
        """Return a `Ref` that knows its entity; takes a record, a Ref, ``"account:<id>"`` or entity and id."""
        reference = take_reference(self._unpack(value))
        entity = entity_name(reference) if isinstance(reference, Ref) else None
        if entity is None or not isinstance(reference, Ref):
            raise Problem(
                "any_ref.no_entity",
                message="does not say of which entity; give a stored record, a Ref with entity=, or 'account:<id>'",
                value=value,
            )
        if not self.may_lead_to(entity):
            raise Problem(
                "any_ref.wrong_entity",
                message="is a reference to {entity}; give one to any of {targets}",
                entity=entity,
                targets=list(self.targets),
                value=value,
            )
        if reference.entity is None:
            return Ref(reference.id, entity, name=reference.name, record=reference.record)
        return reference

    @staticmethod
    def _unpack(value: Any) -> Any:
        match value:
            case {"entity": str(entity), "id": id, **others} if not others:
                pass
            case str() if ":" in value:
                entity, _, id = value.partition(":")
            case _:
                return value
        return Ref(id_of(take_reference(id)), entity)

    def dump(self, value: Ref[Any]) -> dict[str, str | None]:
        return {"entity": value.entity, "id": str(value.id)}

    def to_parts(self, value: Ref[Any]) -> tuple[UUID, str | None]:
        return value.id, value.entity

    def from_parts(self, *parts: Any) -> Ref[Any]:
        return Ref(parts[0], parts[1])

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"entity": {"type": "string"}, "id": {"type": "string", "format": "uuid"}},
            "required": ["entity", "id"],
            "additionalProperties": False,
        }

    def load_source(self, *parts: str) -> str:
        return f"Ref({parts[0]}, {parts[1]})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return f"{value}.id", f"{value}.entity"


@attrs.frozen
class AnyRefsKind(LinkKind):
    """References to several records of any of some entities, as those who took part in a meeting.

    Attributes:
        targets: Record classes or entity names; ``("*",)`` for every entity. In an assembled schema always names.
    """

    name: ClassVar[str] = "any_refs"

    targets: tuple[Target, ...] = attrs.field(default=(ANY_ENTITY,), converter=_targets)

    @property
    def one(self) -> AnyRefKind:
        """The kind of each of the references."""
        return AnyRefKind(self.targets)

    def fit(self, old: Kind) -> Fit:
        # A target that is no longer offered stays with the records that have it.
        return Fit.ALL if old.name == self.name else Fit.NONE

    def take(self, value: Any) -> Ref[Any]:
        """Return a `Ref` that knows its entity; takes what `AnyRefKind` does."""
        return self.one.parse(value)

    def dump(self, value: tuple[Ref[Any], ...]) -> list[dict[str, str | None]]:
        return [self.one.dump(each) for each in value]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.one.json_schema(), "uniqueItems": True}


def target_of(kind: Kind, value: UUID | Ref[Any]) -> str:
    """Return the entity that *value*, of a reference field of *kind* in an assembled schema, leads to."""
    if isinstance(kind, (RefKind, RefsKind)):
        return str(kind.target)
    return str(value.entity) if isinstance(value, Ref) else ""
