"""A mapping for a source that nobody has mapped yet: from saved ones, presets, headers and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from pycrm.errors import MappingError
from pycrm.exchange.mapping.bind import bind_mapping
from pycrm.exchange.mapping.conditions import written_column
from pycrm.exchange.mapping.headers import header_fingerprint
from pycrm.exchange.mapping.model import CustomField, EntityMap, FieldMap, Mapping
from pycrm.exchange.mapping.suggesting.cards import of_cards
from pycrm.exchange.mapping.suggesting.customs import custom_field_for
from pycrm.exchange.mapping.suggesting.forms import Form, Former
from pycrm.exchange.mapping.suggesting.matching import COMMON, names_of
from pycrm.exchange.mapping.suggesting.own_exports import of_own_export
from pycrm.exchange.mapping.suggesting.sample import Column, Sample
from pycrm.exchange.mapping.suggesting.shipped import cut, preset_for, used_customs
from pycrm.exchange.mapping.suggesting.suggestion import ColumnSuggestion, Suggestion
from pycrm.exchange.rows import Table
from pycrm.schema import Entity, Schema
from pycrm.schema.labels import Labels

__all__ = ["suggest"]

LINK = "account_contact"
COMPANIONS = {"account": "contact", "contact": "account"}
REACH = ("email", "mobile", "phone")
PRIOR = {"account": 0.6, "contact": 0.6, "opportunity": 0.6, "product": 0.6, "lead": -0.6}
LEADS = ("lead", "线索")
SURE = 0.97  # of what a preset says
BY_VALUES = 0.55  # of what only the cells tell
CUSTOM = 0.4
ENOUGH = 0.5  # share of cells that a field must take
NEUTRAL = 0.8  # what a header alone is worth where the column is empty


def suggest(
    table: Table,
    schema: Schema,
    *,
    entity: str | None = None,
    language: str = "en",
    labels: Labels | None = None,
    currency: str = "",
    saved: Iterable[Mapping] = (),
) -> Suggestion:
    """Return a mapping for *table*, with how sure each column of it is.

    A saved mapping for the same headers comes first, then what an export of a CRM calls its columns, then the preset
    of the product whose export it is, then what headers and values tell. A field is suggested only where it takes what
    the column holds; what no field is for is suggested as a custom field, and a column without any value is left out.

    Args:
        table: Of the source; its first rows are read.
        schema: Of the CRM.
        entity: What the rows are; the likeliest where not told.
        language: In which headers and options are likely to be.
        labels: Of the CRM, for headers in its languages; without them only English ones are known.
        currency: Of amounts that do not say, as ``"USD"``; without it such a column is no money.
        saved: Mappings of earlier imports, the latest first.
    """
    fingerprint = header_fingerprint(table.columns)
    for mapping in saved:
        if mapping.fingerprint == fingerprint and _still_fits(mapping, table, schema, entity):
            return _of_saved(mapping, table)
    own = of_own_export(table.columns, schema, entity, table.name, fingerprint)
    if own is not None:
        return own
    sample = Sample.of(table)
    if entity in (None, "contact") and (cards := of_cards(sample, schema, table.name, fingerprint)) is not None:
        return cards
    suggester = _Suggester(schema, sample, labels or Labels(), language, currency)
    preset = preset_for(table.columns, entity)
    if preset is not None:
        suggester.take_preset(cut(preset.mapping, table.columns, schema))
    else:
        suggester.take_headers(entity or suggester.likeliest())
        suggester.take_companion()
    suggester.take_rest()
    mapping = suggester.mapping(preset.mapping if preset else Mapping(name=table.name), fingerprint)
    return Suggestion(mapping, suggester.told(), "preset" if preset else "headers", preset.name if preset else "")


def _still_fits(mapping: Mapping, table: Table, schema: Schema, entity: str | None) -> bool:
    if entity is not None and all(each.entity != entity for each in mapping.entities):
        return False
    try:
        bind_mapping(mapping, table.columns, schema)
    except MappingError:
        return False
    return True


def _of_saved(mapping: Mapping, table: Table) -> Suggestion:
    told: dict[str, ColumnSuggestion] = {}
    for each in mapping.entities:
        for field in each.fields:
            for column in field.columns:
                told.setdefault(column, ColumnSuggestion(column, each.alias, field.path, 1.0, "saved mapping"))
    columns = tuple(
        told.get(column, ColumnSuggestion(column, "", "", 1.0, "left out by the saved mapping"))
        for column in table.columns
    )
    return Suggestion(mapping, columns, "saved", mapping.name)


@attrs.define
class _Suggester:
    """Collects what is suggested, entity by entity and column by column."""

    schema: Schema
    sample: Sample
    labels: Labels
    language: str
    currency: str
    _entities: list[EntityMap] = attrs.field(init=False, factory=list)
    _customs: list[CustomField] = attrs.field(init=False, factory=list)
    _told: dict[str, ColumnSuggestion] = attrs.field(init=False, factory=dict)

    def take_preset(self, mapping: Mapping) -> None:
        """Take what *mapping* says, but for fields that do not take what their columns hold."""
        self._customs += mapping.custom_fields
        for map in mapping.entities:
            former = self._former(self.schema.entities[map.entity])
            taken = [self._taken(former, map, field) for field in map.fields]
            fields = [field for field in taken if field is not None]
            paths = {field.path for field in fields}
            self._entities.append(attrs.evolve(map, fields=tuple(fields), by=map.by if set(map.by) <= paths else ()))
        self._customs = list(used_customs(self._customs, self._entities, self.schema))

    def take_headers(self, name: str) -> None:
        """Find fields of the entity *name* for the columns, by their headers first and then by what they hold."""
        entity = self.schema.entity(name)
        former = self._former(entity)
        fields: dict[str, FieldMap] = {}
        found = sorted(self._matches(former), key=lambda each: -each[0])
        found += sorted(self._by_values(former), key=lambda each: -each[0])
        for certainty, path, column, form, reason in found:
            if path in fields or column in self._told or _overlap(path, fields):
                continue
            fields[path] = form.field
            note = f"{reason}; {form.note}" if form.note else reason
            self._told[column] = ColumnSuggestion(column, entity.name, path, round(certainty, 2), note)
        by = self._key_of(entity, fields)
        self._entities.append(EntityMap(entity.name, fields=tuple(fields.values()), by=by))

    def take_companion(self) -> None:
        """Find in rows of accounts the contact that they name, or in rows of contacts their account, and link both."""
        main = self._entities[0]
        other = COMPANIONS.get(main.entity)
        if other is None or other not in self.schema.entities or LINK not in self.schema.entities:
            return
        former = self._former(self.schema.entities[other])
        fields: dict[str, tuple[FieldMap, float]] = {}
        for column in self.sample.columns.values():
            for score, path in names_of(former.entity, self.labels).match(column.name):
                if column.name not in self._told and score >= COMMON and path not in fields and column.filled:
                    form = former.best(path, column)
                    if form.share >= ENOUGH:
                        fields[path] = (form.field, score * (0.5 + 0.5 * form.share))
                break
        title = fields.get(former.entity.title)
        if title is None:
            return
        for path, (field, certainty) in fields.items():
            note = f"header; the row's {other}"
            self._told[field.columns[0]] = ColumnSuggestion(field.columns[0], other, path, round(certainty, 2), note)
        when = f"{written_column(title[0].columns[0])} IS NOT NULL"
        main = self._entities[0] = attrs.evolve(main, when=self._only_with_title(main))
        by = tuple(path for path in (former.entity.title, *REACH) if path in fields)[: 1 if other == "account" else 2]
        maps = tuple(field for field, _ in fields.values())
        self._entities.append(EntityMap(other, fields=maps, when=when, by=by))
        link = tuple(FieldMap(name, record=name) for name in ("account", "contact"))
        both = " AND ".join(filter(None, (main.when, when)))
        self._entities.append(EntityMap(LINK, fields=link, when=both, by=("account", "contact"), on_match="skip"))

    def _only_with_title(self, map: EntityMap) -> str:
        """Return the condition that a row names a record of *map*; nothing where all rows of the sample do."""
        title = self.schema.entities[map.entity].title
        field = next((field for field in map.fields if field.path == title and field.columns), None)
        if field is None or len(self.sample.columns[field.columns[0]].filled) == self.sample.rows:
            return ""
        return f"{written_column(field.columns[0])} IS NOT NULL"

    def take_rest(self) -> None:
        """Suggest a custom field of the first entity for each column that is left and holds something."""
        if not self._entities:
            return
        map = self._main()
        alias = next(each.alias for each in self._entities if each.entity == map.entity)
        entity = self.schema.entities[map.entity]
        taken = {path.removeprefix("custom.") for path in entity.fields if path.startswith("custom.")}
        taken |= {each.name for each in self._customs if each.entity == map.entity}
        added: list[FieldMap] = []
        weak = map.by in ((), ("email",))  # an id of the source's own is better
        for column in self.sample.columns.values():
            if column.name in self._told:
                continue
            if not column.filled:
                self._tell(column, "", "", 1.0, "no values in the first rows")
                continue
            custom, field = custom_field_for(map.entity, column, taken)
            custom = attrs.evolve(custom, unique=weak and not self._has_key(added) and _is_id(column))
            taken.add(custom.name)
            self._customs.append(custom)
            added.append(field)
            self._tell(column, alias, field.path, CUSTOM, f"no field is for it; a new one of kind {custom.kind}")
        unique = next((each.path for each in self._customs if each.unique and each.entity == map.entity), None)
        by = (unique,) if weak and unique else map.by
        # Rows of one entity may be told apart by a condition, as leads that are converted; all of them keep the rest.
        self._entities = [
            attrs.evolve(each, fields=(*each.fields, *added), by=by if each is map else each.by)
            if each.entity == map.entity
            else each
            for each in self._entities
        ]

    def mapping(self, like: Mapping, fingerprint: str) -> Mapping:
        """Return what was collected, with everything else as *like* has it."""
        return attrs.evolve(
            like, entities=tuple(self._entities), custom_fields=tuple(self._customs), fingerprint=fingerprint
        )

    def told(self) -> tuple[ColumnSuggestion, ...]:
        """Return what is suggested for each column."""
        return tuple(
            self._told.get(name) or ColumnSuggestion(name, "", "", 1.0, "left out") for name in self.sample.columns
        )

    def likeliest(self) -> str:
        """Return the entity whose fields the headers fit best."""
        scores = {name: self._score(entity) for name, entity in self.schema.entities.items() if not entity.parked}
        return max(scores, key=lambda name: (scores[name], name == "account"))

    def _score(self, entity: Entity) -> float:
        names = names_of(entity, self.labels)
        found: dict[str, float] = {}
        for header in self.sample.columns:
            for score, path in names.match(header):
                if found.get(path, 0) < score:
                    found[path] = score
                break
        missing = [
            path
            for path, field in entity.fields.items()
            if field.required and field.default is None and not field.read_only and path not in found
        ]
        return sum(found.values()) - 0.5 * len(missing) + (0.4 if entity.title in found else 0) + self._prior(entity)

    def _prior(self, entity: Entity) -> float:
        """Return how likely rows are of *entity* before their fields are looked at."""
        says_so = entity.name == "lead" and any(
            word in name.casefold() for name in self.sample.columns for word in LEADS
        )
        return -PRIOR["lead"] if says_so else PRIOR.get(entity.name, 0)

    def _taken(self, former: Former, map: EntityMap, field: FieldMap) -> FieldMap | None:
        """Return *field* of a preset in a form that takes most of what its columns hold; None where there is none."""
        if not field.columns or field.record or field.path.startswith("custom.") or field.on_problem != "refuse":
            self._of_preset(map, field)
            return field
        column = self.sample.columns[field.columns[0]]
        if column.filled and former.share(field, column) < ENOUGH:
            other = former.best(field.path, column)
            if len(field.columns) > 1 or other.share < ENOUGH:
                return None
            field = attrs.evolve(field, transforms=other.field.transforms)
        self._of_preset(map, field)
        return field

    def _of_preset(self, map: EntityMap, field: FieldMap) -> None:
        for name in field.columns:
            custom = field.path.startswith("custom.")
            known = ColumnSuggestion(name, map.alias, field.path, SURE, "preset", custom)
            self._told.setdefault(name, known)

    def _matches(self, former: Former) -> Iterator[tuple[float, str, str, Form, str]]:
        names = names_of(former.entity, self.labels)
        for column in self.sample.columns.values():
            for score, path in names.match(column.name):
                form = former.best(path, column)
                if form.share >= ENOUGH:
                    worth = 0.5 + 0.5 * form.share if column.filled else NEUTRAL
                    yield score * worth, path, column.name, form, f"header; {form.share:.0%} of its values fit"

    def _by_values(self, former: Former) -> Iterator[tuple[float, str, str, Form, str]]:
        """Yield fields of kinds that values show by themselves, such as addresses of mail."""
        for path, sign in (("email", "@"), ("website", "://")):
            if path not in former.entity.fields:
                continue
            for column in self.sample.columns.values():
                if column.texts and all(sign in text for text in column.texts):
                    form = former.best(path, column)
                    if form.share == 1:
                        yield BY_VALUES, path, column.name, form, "its values"

    def _key_of(self, entity: Entity, fields: dict[str, FieldMap]) -> tuple[str, ...]:
        """Return the fields by which records are found again: a unique one that tells all rows apart, else e-mail."""
        for path in [path for (path, *others) in _keys(entity) if not others] + ["email"]:
            field = fields.get(path)
            if field is not None and len(field.columns) == 1 and self.sample.columns[field.columns[0]].is_distinct:
                return (path,)
        whole = next((paths for paths in _keys(entity) if len(paths) > 1 and set(paths) <= fields.keys()), ())
        return tuple(whole)

    def _main(self) -> EntityMap:
        """Return the entity that takes what is left: the one with most fields."""
        return max(self._entities, key=lambda each: len(each.fields))

    def _has_key(self, fields: Iterable[FieldMap]) -> bool:
        paths = {each.path for each in fields}
        return any(each.unique and each.path in paths for each in self._customs)

    def _former(self, entity: Entity) -> Former:
        return Former(self.schema, entity, self.sample, self.labels, self.language, self.currency)

    def _tell(self, column: Column, alias: str, path: str, certainty: float, reason: str) -> None:
        custom = path.startswith("custom.")
        self._told[column.name] = ColumnSuggestion(column.name, alias, path, certainty, reason, custom)


def _keys(entity: Entity) -> list[tuple[str, ...]]:
    return [tuple(field.path for field in key) for key in entity.unique_keys]


def _overlap(path: str, fields: dict[str, FieldMap]) -> bool:
    """Return whether *path* is part of a field that is mapped whole, or the whole of one that is mapped in parts."""
    return path.rpartition(".")[0] in fields or any(known.rpartition(".")[0] == path for known in fields)


def _is_id(column: Column) -> bool:
    words = column.name.casefold().replace("_", " ").replace(".", " ").split()
    return column.is_distinct and bool({"id", "编号", "key", "uuid", "number", "no", "code"} & set(words))
