"""The schema: every entity of one CRM as one immutable, numbered value.

`assemble` makes it of what the owners declare; `Schema.with_custom_fields` gives the next one when a custom field is
defined. Whoever holds a schema can trust it not to change under him.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import ConfigurationError, NameClashError, UnknownNameError, nearest
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import AnyRefKind, AnyRefsKind, LinkKind, RefKind, RefsKind
from pycrm.schema.entity import MAX_FIELDS, Back, Entity, EntityDeclaration, OwnerDeclarations
from pycrm.schema.functions import Function
from pycrm.schema.kinds import collect_kinds, with_known_kind
from pycrm.schema.list_index import ListIndex, check_list_index, read_list_index
from pycrm.schema.record import Record
from pycrm.schema.transforms import Transform

__all__ = ["Schema", "assemble"]


@attrs.frozen(eq=False)
class Schema:
    """All entities by name.

    Attributes:
        number: Counts the changes to custom fields and indexes in this database; 0 before the first.
        entities: By name; parked ones too.
        versions: Owner to version of its code.
        kinds: The field kinds by name, those that owners bring too.
        functions: The functions of the filter language that owners bring, by name.
        transforms: The transforms of mappings that owners bring, by name.
    """

    number: int
    entities: Mapping[str, Entity]
    versions: Mapping[str, str]
    kinds: Mapping[str, type[Kind]]
    _by_class: Mapping[type, str]
    functions: Mapping[str, Function] = types.MappingProxyType({})
    transforms: Mapping[str, Transform] = types.MappingProxyType({})

    def entity(self, key: type[Record] | str) -> Entity:
        """Return the entity of a record class or of a name.

        Raises:
            UnknownNameError: With the nearest names.
        """
        name = key if isinstance(key, str) else self._by_class.get(key.__record_class__, "")
        try:
            return self.entities[name]
        except KeyError:
            shown = key if isinstance(key, str) else key.__name__
            raise UnknownNameError(
                f"no entity {shown!r} in this CRM{nearest(str(shown), self.entities)}; is its plugin installed?",
                entity=str(shown),
            ) from None

    def entity_of(self, record: Record) -> Entity:
        """Return the entity that *record* belongs to."""
        return self.entity(record.__record_class__)

    def with_custom_fields(
        self,
        fields: Mapping[str, Iterable[Field]],
        number: int,
        indexes: Mapping[str, Iterable[ListIndex]] = types.MappingProxyType({}),
    ) -> Schema:
        """Return this schema with exactly these custom fields and indexes, by entity name, and a new number.

        Entities that are absent (their plugin is gone) keep their definitions in the database and are passed over.
        """
        entities = dict(self.entities)
        for name, entity in self.entities.items():
            own = {path: field for path, field in entity.fields.items() if field.owner != "custom"}
            custom = [
                attrs.evolve(field, owner="custom", path=f"custom.{field.name}", place=_place(field, Place.DOCUMENT))
                for field in fields.get(name, ())
            ]
            added = {field.path: self._resolved(name, field) for field in custom}
            if len(own) + len(added) > MAX_FIELDS:
                raise ConfigurationError(
                    f"{name} would have {len(own) + len(added)} fields; at most {MAX_FIELDS} are kept. "
                    "Retire fields or use an entity of your own.",
                    entity=name,
                )
            declared = [index for index in entity.indexes if index.owner != "custom"]
            known = {index.keys for index in declared}
            defined = (index for index in indexes.get(name, ()) if index.keys not in known)
            entities[name] = attrs.evolve(
                entity, fields=types.MappingProxyType(own | added), indexes=(*declared, *defined)
            )
        return attrs.evolve(self, number=number, entities=types.MappingProxyType(_with_ways_back(entities)))

    def with_target_names(self, field: Field, owner: str) -> Field:
        """Return *field* with record classes among its targets replaced by entity names, and a named kind by itself.

        Raises:
            ConfigurationError: It refers to what is no entity of this schema, or is of a kind that nobody brings;
                *owner* is named as the field's.
        """
        return _with_target(with_known_kind(field, owner, self.kinds), owner, self._by_class)

    def _resolved(self, name: str, field: Field) -> Field:
        kind = field.kind
        if isinstance(kind, (RefKind, RefsKind)) and kind.target not in self.entities:
            raise ConfigurationError(
                f"{name}.custom.{field.name} refers to {kind.target!r}, which is no entity here"
                f"{nearest(str(kind.target), self.entities)}",
                entity=name,
                field=field.path,
            )
        return field


def assemble(
    owners: Sequence[OwnerDeclarations],
    parked: Iterable[Entity] = (),
    parked_fields: Mapping[str, Iterable[Field]] | None = None,
) -> Schema:
    """Return schema number 0 of what *owners* declare, plus what plugins whose code is missing have left.

    Args:
        owners: Each with what it declares.
        parked: Entities of missing plugins.
        parked_fields: By entity name, the fields that missing plugins had added to it.
    Raises:
        NameClashError: Two owners bring the same entity, field or kind; both are named.
        ConfigurationError: A reference or an extension whose target is in none of them, or a field of an unknown kind.
    """
    names = _entity_names(owners)
    kinds = collect_kinds(owners)
    entities: dict[str, Entity] = {}
    for owner in owners:
        for declaration in owner.entities:
            entities[owner.full_name(declaration.local_name)] = _entity(owner, declaration, names, kinds)
    for entity in parked:
        entities.setdefault(entity.name, entity)
    _extend(entities, owners, names, kinds)
    for name, fields in (parked_fields or {}).items():
        if name in entities:
            added = {field.path: field for field in fields}
            merged = types.MappingProxyType({**entities[name].fields, **added})
            entities[name] = attrs.evolve(entities[name], fields=merged)
    return Schema(
        number=0,
        entities=types.MappingProxyType(_with_ways_back(entities)),
        versions=types.MappingProxyType({owner.owner: owner.version for owner in owners}),
        kinds=kinds,
        by_class=types.MappingProxyType({entity.record_class: name for name, entity in entities.items()}),
        functions=_collect_functions(owners),
        transforms=_collect_transforms(owners),
    )


def _entity_names(owners: Sequence[OwnerDeclarations]) -> dict[type, str]:
    names: dict[type, str] = {}
    taken: dict[str, str] = {}
    for owner in owners:
        for declaration in owner.entities:
            name = owner.full_name(declaration.local_name)
            table = name.replace(".", "_")
            if table in taken:
                raise NameClashError(
                    f"entity {name!r} is brought by {owner.owner!r} and by {taken[table]!r}; one must rename its class",
                    entity=name,
                    owners=(taken[table], owner.owner),
                )
            taken[table] = owner.owner
            names[declaration.record_class] = name
    return names


def _collect_functions(owners: Iterable[OwnerDeclarations]) -> Mapping[str, Function]:
    """Return the functions that *owners* bring, by name.

    Raises:
        NameClashError: One of them brings two of one name.
    """
    functions: dict[str, Function] = {}
    for owner in owners:
        for function in owner.functions:
            if function.name in functions:
                raise NameClashError(
                    f"plugin {owner.owner!r} brings two filter functions {function.name}(); rename one",
                    function=function.name,
                    owners=(functions[function.name].plugin, owner.owner),
                )
            functions[function.name] = function
    return types.MappingProxyType(functions)


def _collect_transforms(owners: Iterable[OwnerDeclarations]) -> Mapping[str, Transform]:
    """Return the transforms that *owners* bring, by their full names.

    Raises:
        NameClashError: Two of one name; both owners are named.
    """
    transforms: dict[str, Transform] = {}
    for owner in owners:
        for transform in owner.transforms:
            name = owner.full_name(transform.name)
            if name in transforms:
                raise NameClashError(
                    f"the transform {name!r} is brought by {owner.owner!r} and by {transforms[name].plugin!r}; rename "
                    "one",
                    transform=name,
                    owners=(transforms[name].plugin, owner.owner),
                )
            transforms[name] = attrs.evolve(transform, name=name)
    return types.MappingProxyType(transforms)


def _place(field: Field, otherwise: Place) -> Place:
    return Place.LINK if isinstance(field.kind, LinkKind) else otherwise


def _entity(
    owner: OwnerDeclarations,
    declaration: EntityDeclaration,
    names: Mapping[type, str],
    kinds: Mapping[str, type[Kind]],
) -> Entity:
    name = owner.full_name(declaration.local_name)
    fields = {}
    for path, declared in declaration.record_class.__declared_fields__.items():
        field = _with_target(with_known_kind(declared, name, kinds), name, names)
        fields[path] = attrs.evolve(field, path=path, owner=owner.owner, place=_place(field, Place.COLUMN))
    _check_parts(name, fields)
    if len(fields) > MAX_FIELDS:
        raise ConfigurationError(
            f"{name} of {owner.owner!r} has {len(fields)} fields; at most {MAX_FIELDS} are kept", entity=name
        )
    indexes = tuple(read_list_index(text, owner.owner) for text in declaration.indexes)
    named = (*declaration.unique, *(index.paths for index in indexes))
    for listed in (*declaration.list_fields, *(each for names_ in named for each in names_)):
        if listed not in fields:
            raise ConfigurationError(
                f"{name} lists {listed!r}, which is no field of it{nearest(listed, fields)}", entity=name, field=listed
            )
    for index in indexes:
        check_list_index(name, fields, index)
    return Entity(
        name=name,
        owner=owner.owner,
        record_class=declaration.record_class,
        fields=types.MappingProxyType(fields),
        title=declaration.title,
        list_fields=declaration.list_fields,
        unique=declaration.unique,
        plural=declaration.plural,
        indexes=tuple(dict.fromkeys(indexes)),
    )


def _check_parts(entity: str, fields: Mapping[str, Field]) -> None:
    """Refuse two fields that would be stored under one name, as ``amount`` (money) and ``amount_currency``."""
    taken: dict[str, str] = {}
    for path, field in fields.items():
        for part in field.part_names:
            if part in taken:
                raise NameClashError(
                    f"{entity}.{path} and {entity}.{taken[part]} would both be stored as {part!r}; rename one",
                    entity=entity,
                    field=path,
                )
            taken[part] = path


def _with_target(field: Field, entity: str, names: Mapping[type, str]) -> Field:
    """Return *field* with classes among its kind's targets replaced by entity names."""
    kind = field.kind
    known = set(names.values())
    if isinstance(kind, (RefKind, RefsKind)):
        target = _target_name(kind.target, names)
        soft = isinstance(kind, RefKind) and kind.soft
        if target not in known and not soft:
            raise ConfigurationError(
                f"{entity}.{field.name} refers to {target!r}, which no plugin of this CRM brings"
                f"{nearest(target, known)}",
                entity=entity,
                field=field.name,
            )
        if isinstance(kind, RefKind) and kind.tree and target != entity.removesuffix(".custom"):
            raise ConfigurationError(
                f"{entity}.{field.name} refers to {target!r}, and tree=True is for a parent of the same entity",
                entity=entity,
                field=field.name,
            )
        return attrs.evolve(field, kind=attrs.evolve(kind, target=target))
    if isinstance(kind, (AnyRefKind, AnyRefsKind)):
        targets = tuple(_target_name(target, names) for target in kind.targets)
        return attrs.evolve(field, kind=attrs.evolve(kind, targets=targets))
    return field


def _target_name(target: Any, names: Mapping[type, str]) -> str:
    if isinstance(target, str):
        return target
    return names.get(target, target.__name__)


def _extend(
    entities: dict[str, Entity],
    owners: Sequence[OwnerDeclarations],
    names: Mapping[type, str],
    kinds: Mapping[str, type[Kind]],
) -> None:
    for owner in owners:
        for extension in owner.extensions:
            target = _target_name(extension.target, names)
            if target not in entities:
                raise ConfigurationError(
                    f"{owner.owner!r} extends {target!r}, which is no entity here{nearest(target, entities)}",
                    entity=target,
                    plugin=owner.owner,
                )
            host = entities[target]
            fields = dict(host.fields)
            for declared in extension.extension_class.__declared_fields__.values():
                field = _with_target(with_known_kind(declared, target, kinds), target, names)
                if field.path in fields:
                    raise NameClashError(
                        f"{target}.{field.path} is added twice by {owner.owner!r}; one class must rename it",
                        entity=target,
                        field=field.path,
                    )
                fields[field.path] = attrs.evolve(field, place=_place(field, Place.DOCUMENT))
            _check_parts(target, {path: field for path, field in fields.items() if field.owner == owner.owner})
            if len(fields) > MAX_FIELDS:
                raise ConfigurationError(
                    f"{target} would have {len(fields)} fields with those of {owner.owner!r}; "
                    f"at most {MAX_FIELDS} are kept",
                    entity=target,
                )
            entities[target] = attrs.evolve(host, fields=types.MappingProxyType(fields))


def _with_ways_back(entities: dict[str, Entity]) -> dict[str, Entity]:
    """Return *entities* with `back` filled in from all references.

    A reference without ``many=`` is walked back by its entity's plural where it is the only one to that target. One to
    any of several entities is walked back only by ``many=``.
    """
    back: dict[str, dict[str, Back]] = {name: {} for name in entities}
    for entity in entities.values():
        unnamed: dict[str, list[str]] = {}
        for field, target in _ways(entity):
            if target not in entities or field.name in ("owner", "team"):
                continue
            if many := field.kind.many:  # type: ignore[attr-defined]
                prefix = "" if _same_house(entity, entities[target]) else f"{entity.owner}."
                _add_back(entities, back, target, prefix + many, Back(entity.name, field.path))
            else:
                unnamed.setdefault(target, []).append(field.path)
        for target, paths in unnamed.items():
            prefix = "" if _same_house(entity, entities[target]) else f"{entity.owner}."
            if len(paths) == 1 and prefix + entity.plural not in back[target]:
                _add_back(entities, back, target, prefix + entity.plural, Back(entity.name, paths[0]))
    return {name: attrs.evolve(entity, back=types.MappingProxyType(back[name])) for name, entity in entities.items()}


def _ways(entity: Entity) -> Iterator[tuple[Field, str]]:
    """Yield the references of *entity* that can be walked back, each with the name of a target."""
    for field in entity.all_references:
        if isinstance(field.kind, RefKind):
            yield field, str(field.kind.target)
        elif isinstance(field.kind, AnyRefKind) and field.kind.many:
            yield from ((field, str(target)) for target in field.kind.targets)


def _same_house(entity: Entity, target: Entity) -> bool:
    """Whether a way back needs no owner's name: the referring entity carries none, or both have one owner."""
    return "." not in entity.name or entity.owner == target.owner


def _add_back(
    entities: Mapping[str, Entity], back: dict[str, dict[str, Back]], target: str, name: str, way: Back
) -> None:
    """Let *name* lead from *target* back along *way*; what is parked yields to what is not."""
    other = back[target].get(name)
    if other is not None and _is_parked(entities, way):
        return
    if other is not None and not _is_parked(entities, other):
        raise NameClashError(
            f"{target}.{name} would lead back to {way.entity}.{way.field} and to {other.entity}.{other.field}; "
            "give one of them many=",
            entity=target,
            field=name,
        )
    back[target][name] = way


def _is_parked(entities: Mapping[str, Entity], way: Back) -> bool:
    entity = entities[way.entity]
    return entity.parked or entity.fields[way.field].parked
