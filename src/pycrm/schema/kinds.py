"""The field kinds of one schema: the basic ones and those that owners bring; and what stands for one that is gone."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, NameClashError, Problem, nearest
from pycrm.fields.field import Field
from pycrm.fields.kind import PRESENCE, Kind, Part, PartType
from pycrm.fields.named import NamedKind
from pycrm.fields.registry import KINDS, check_kind_class, kind_from
from pycrm.schema.document import encode_part
from pycrm.schema.entity import OwnerDeclarations

__all__ = ["AbsentKind", "collect_kinds", "frozen_kind", "kind_from_json", "kind_to_json", "with_known_kind"]


def collect_kinds(owners: Iterable[OwnerDeclarations]) -> Mapping[str, type[Kind]]:
    """Return every kind that a schema of *owners* knows, by name: the basic ones, then theirs.

    Raises:
        ConfigurationError: A kind that is none, or one whose name does not begin with its plugin's.
        NameClashError: Two kinds of one name; both owners are named.
    """
    kinds = dict(KINDS)
    brought_by = dict.fromkeys(kinds, "core")
    for owner in owners:
        for kind in owner.kinds:
            check_kind_class(kind)
            _check_name(owner, kind.name)
            if kind.name in kinds:
                raise NameClashError(
                    f"field kind {kind.name!r} is brought by {brought_by[kind.name]!r} and by {owner.owner!r}; "
                    "one must rename it",
                    kind=kind.name,
                    owners=(brought_by[kind.name], owner.owner),
                )
            kinds[kind.name] = kind
            brought_by[kind.name] = owner.owner
    return types.MappingProxyType(kinds)


def _check_name(owner: OwnerDeclarations, name: str) -> None:
    prefix, dot, _ = name.rpartition(".")
    if prefix + dot != ("" if owner.builtin else f"{owner.owner}."):
        expected = owner.full_name(name.rpartition(".")[2])
        raise ConfigurationError(
            f"field kind {name!r} of {owner.owner!r} must be called {expected!r}", kind=name, plugin=owner.owner
        )


def with_known_kind(field: Field, entity: str, kinds: Mapping[str, type[Kind]]) -> Field:
    """Return *field* of *entity*, whose kind must be one of *kinds*, so that it can be read from a snapshot.

    Raises:
        ConfigurationError: The plugin that brings the kind is not there, or has not registered it.
    """
    kind = field.kind
    if isinstance(kind, NamedKind) and kind.name in kinds:
        return attrs.evolve(field, kind=kind_from(kind.name, {}, kinds))
    if kinds.get(kind.name) is not type(kind):
        raise ConfigurationError(
            f"{entity}.{field.name} is of the field kind {kind.name!r} ({type(kind).__qualname__}), which no plugin of "
            f"this CRM brings; install the plugin, or decorate the class with @plugin.field_kind"
            f"{nearest(kind.name, kinds)}",
            entity=entity,
            field=field.name,
            kind=kind.name,
        )
    return field


@attrs.frozen
class AbsentKind(Kind):
    """Stands for a kind whose plugin is not installed: its values are the bare parts, to be read and kept.

    Attributes:
        name: The absent kind's own.
        parts: What it stores.
        described: Its options as stored.
    """

    python_type: ClassVar[type] = object
    operators: ClassVar[frozenset[str]] = PRESENCE
    sortable: ClassVar[bool] = False

    name: str  # type: ignore[misc]  # of the class in every other kind
    parts: tuple[Part, ...]  # type: ignore[misc]
    described: Mapping[str, Any] = attrs.field(factory=dict, hash=False)

    @property
    def plugin(self) -> str:
        """The plugin that brings the kind."""
        return self.name.partition(".")[0]

    def parse(self, value: Any) -> Any:
        raise Problem(
            "kind.absent",
            message="is of the kind {kind}, which the plugin {plugin} brings; install it to write",
            kind=self.name,
            plugin=self.plugin,
            value=value,
        )

    def dump(self, value: Any) -> Any:
        """Return the part, or an object of parts by suffix where there are several."""
        dumped = {
            part.suffix.lstrip("_") or "value": _dump_part(part.type, stored)
            for part, stored in zip(self.parts, self.to_parts(value), strict=True)
        }
        return dumped if len(dumped) > 1 else dumped["value"]

    def to_parts(self, value: Any) -> tuple[Any, ...]:
        return value if len(self.parts) > 1 else (value,)

    def from_parts(self, *parts: Any) -> Any:
        return parts if len(parts) > 1 else parts[0]

    def json_schema(self) -> dict[str, Any]:
        return {}

    def options(self) -> dict[str, Any]:
        return dict(self.described)


def _dump_part(part_type: PartType, value: Any) -> Any:
    return value if part_type is PartType.JSON else encode_part(part_type, value)


def kind_to_json(kind: Kind) -> dict[str, Any]:
    """Return *kind* as JSON-able data; of one that a plugin brings with its parts, to be read without that plugin."""
    data: dict[str, Any] = {"kind": kind.name, "options": kind.options()}
    if kind.name not in KINDS:
        data["parts"] = [[part.type.value, part.suffix] for part in kind.parts]
    return data


def kind_from_json(data: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> Kind:
    """Return the kind that `kind_to_json` described; an `AbsentKind` where it is none of *kinds*."""
    name, options = data["kind"], data.get("options", {})
    if name in kinds or "parts" not in data:
        return kind_from(name, options, kinds)
    parts = tuple(Part(PartType(part_type), suffix) for part_type, suffix in data["parts"])
    return AbsentKind(name, parts, options)


def frozen_kind(data: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> Kind:
    """Return the kind that `kind_to_json` described, with the parts that were stored then.

    Today's class may have more of them; an `AbsentKind` with the stored ones stands for it then.
    """
    kind = kind_from_json(data, kinds)
    stored = tuple(Part(PartType(part_type), suffix) for part_type, suffix in data.get("parts", ()))
    return AbsentKind(kind.name, stored, data.get("options", {})) if stored and stored != kind.parts else kind
