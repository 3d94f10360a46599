"""Giving a custom field another kind: its values are carried over, and all that were there stay readable.

The field keeps its name, and its values get another key in the document. What was there before stays under the old key,
as the values of a further custom field, retired from its birth, which is called ``<name>_before``: it shows what did
not fit, and is what an undoing goes back to. So readers who still hold the former schema read what they know, and an
index over the new key meets no value of the old kind, in no version of any row. One unit writes all records, portion
by portion, while no other unit writes; no hook is asked.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import Table

from pycrm.entities import CustomField
from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.field import Field, Place
from pycrm.fields.names import MAX_NAME_LENGTH
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.fields.tags import TagsKind
from pycrm.schema import Entity
from pycrm.schema.kinds import AbsentKind
from pycrm.storage.document_rows import DocumentRow, iterate_documents, patch_documents
from pycrm.workspace.carry import absent, carried, is_same, members, stored_value
from pycrm.workspace.create import create_many
from pycrm.workspace.custom_fields import change_field, check_declared, custom_row, keep_index
from pycrm.workspace.delete import purge_many
from pycrm.workspace.indexing import index_later
from pycrm.workspace.results import FieldConversion, Misfit
from pycrm.workspace.schema_rows import CONVERTED_FROM, definition_of, fields_of_rows
from pycrm.workspace.tags import ensure_words
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["convert_field", "undo_convert_field"]

MOST_REPORTED = 10_000
_REFERENCES = (RefKind, AnyRefKind, LinkKind)

OnProgress: TypeAlias = Callable[[int], object]


def convert_field(
    ws: View, entity: Entity, name: str, declared: Any, *, dry_run: bool, on_progress: OnProgress | None = None
) -> FieldConversion:
    """Give the custom field *name* the kind of *declared*; see `Workspace.convert_field`."""
    old = _convertible(entity, name)
    check_declared(entity, name, declared)
    label, help = declared.label or old.label, declared.help or old.help
    named = _custom(attrs.evolve(declared, name=name, label=label, help=help))
    named = ws._ctx.tools.schema.with_target_names(named, f"{entity.name}.custom")
    _refuse_reference(entity, named)
    work = _Conversion(ws, entity, old, attrs.evolve(named, stored_as=_new_key(ws, named)))
    work.on_progress = on_progress
    return work.survey() if dry_run else work.carry_out()


def undo_convert_field(
    ws: View, entity: Entity, name: str, *, dry_run: bool, on_progress: OnProgress | None = None
) -> FieldConversion:
    """Give the custom field *name* the kind back that it had; see `Workspace.undo_convert_field`."""
    old = _convertible(entity, name)
    source = json.loads(custom_row(ws, entity, name).definition).get(CONVERTED_FROM)
    if source is None:
        raise ConfigurationError(
            f"{entity.name}.{old.path} was not converted; there is nothing to undo", entity=entity.name, field=old.path
        )
    definition = json.dumps(source["definition"], ensure_ascii=False, separators=(",", ":"))
    former = CustomField(entity=entity.name, name=name, kind=source["definition"]["kind"], definition=definition)
    (new,) = fields_of_rows([former], ws._ctx.tools.schema.kinds)[entity.name]
    new = _custom(new)
    kept = entity.fields.get(f"custom.{source['kept']}")
    if kept is not None and (not kept.retired or kept.key != new.key):
        raise ConfigurationError(
            f"{entity.name}.{kept.path} holds what {old.path} was converted from, and is in use; retire it, or undo "
            "its own conversion, first",
            entity=entity.name,
            field=kept.path,
        )
    work = _Undoing(ws, entity, old, new, former, kept)
    work.on_progress = on_progress
    return work.survey() if dry_run else work.carry_out()


def _convertible(entity: Entity, name: str) -> Field:
    """Return the custom field *name* if its values can be carried over."""
    path = f"custom.{name}"
    old = entity.field(path)
    if old.retired or isinstance(old.kind, AbsentKind):
        cure = "revive it" if old.retired else "install the plugin that brings its kind"
        raise ConfigurationError(f"{entity.name}.{path} takes no values; {cure} first", entity=entity.name, field=path)
    if old.promoted:
        raise ConfigurationError(
            f"{entity.name}.{path} has columns of its own; demote it first (`pycrm fields demote`), and promote it "
            "again afterwards",
            entity=entity.name,
            field=path,
        )
    _refuse_reference(entity, old)
    return old


def _refuse_reference(entity: Entity, field: Field) -> None:
    if isinstance(field.kind, _REFERENCES):
        raise ConfigurationError(
            f"{entity.name}.{field.path}: values of kind {field.kind.name} are not converted, for records are not "
            "looked up by texts; define another field and fill it",
            entity=entity.name,
            field=field.path,
        )


def _custom(field: Field) -> Field:
    return attrs.evolve(field, path=f"custom.{field.name}", owner="custom", place=Place.DOCUMENT)


def _new_key(ws: View, field: Field) -> str:
    """Return a key under which nothing was ever stored, ``region~7``: the name of no field, and a new one each time.

    PostgreSQL puts versions of rows that were replaced a moment ago into a new index too, so the key of a conversion
    that was undone must not come again with values of another kind.
    """
    return f"{field.name}~{ws._ctx.stored_number() + 1}"


def _free_name(entity: Entity, field: Field) -> str:
    """Return a name for the values of *field* as they were: ``region_before``, or with a number behind it."""
    stem = f"{field.name[: MAX_NAME_LENGTH - 10]}_before"
    for number in itertools.count(1):
        name = stem if number == 1 else f"{stem}_{number}"
        if f"custom.{name}" not in entity.fields and name not in {
            part for known in entity.document_fields for part in known.part_names
        }:
            break
    return name


def _retired(field: Field, name: str) -> Field:
    """Return *field* under another *name* and the same key, as one that is only to be read."""
    label = {language: f"{text} ({_BEFORE.get(language, 'before')})" for language, text in field.label.items()}
    bare = attrs.evolve(field, name=name, label=label, stored_as=field.key)
    return _custom(attrs.evolve(bare, unique=False, indexed=False, default=None, retired=True))


_BEFORE = {"en": "before", "zh": "转换前"}


class _Work:
    """What both directions share: walking through the records, counting, and changing the schema.

    Args:
        ws: Who converts.
        entity: Whose field.
        old: The field as it is.
        new: The field as it will be, under another key.
    Attributes:
        on_progress: Told after each portion how many records are done.
    """

    def __init__(self, ws: View, entity: Entity, old: Field, new: Field) -> None:
        self.on_progress: OnProgress | None = None
        self.ws = ws
        self.entity = entity
        self.old, self.new = old, new
        self.converted = self.misfit_count = 0
        self.misfits: list[Misfit] = []
        self._seen: set[tuple[Any, ...]] = set()
        self._words: set[str] = set()

    def survey(self) -> FieldConversion:
        """Return what the conversion would do, and do nothing."""
        for _ in self._portions():
            pass
        return self._report(None)

    def carry_out(self) -> FieldConversion:
        """Do it, and return what was done."""
        kept_in: list[str | None] = []

        def change(kernel: View) -> None:
            keep_index(self.ws, self.entity, attrs.evolve(self.old, retired=True))
            for patches in self._portions():
                patch_documents(self.ws._ctx.unit, self._table, patches)
            kept_in.append(self.change_rows(kernel))
            if self._words:
                ensure_words(kernel, self._words, create_many)

        self.new = change_field(self.ws, self.entity, self.new.name, change)
        keep_index(self.ws, self.entity, self.new)
        if self.old.searchable or self.new.searchable:
            index_later(self.ws._ctx, self.entity)
        return self._report(kept_in[0])

    def change_rows(self, kernel: View) -> str | None:
        """Change the records of the custom fields; return the name of that which keeps values, if there are any."""
        raise NotImplementedError

    def judge(self, row: DocumentRow, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to be merged into the document *data*, and count it."""
        raise NotImplementedError

    def carry(self, row: DocumentRow, value: Any) -> Any:
        """Return the *value* of the old kind as one of the new kind; None for a misfit, which is counted."""
        try:
            new = carried(value, self.old.kind, self.new.kind)
            if self.is_taken(row, new):
                raise _taken()
        except Problem as problem:
            self._add_misfit(row, value, problem)
            return None
        self.count(new)
        return new

    def count(self, value: Any) -> None:
        """Note that a record has the *value* of the new kind."""
        self.converted += 1
        if isinstance(self.new.kind, TagsKind):
            self._words.update(value)

    def is_taken(self, row: DocumentRow, value: Any) -> bool:
        """Return whether the new field is unique and another record outside the bin has *value*; else note it."""
        if not self.new.unique or row.is_binned:
            return False
        parts = self.new.kind.to_parts(value)
        is_taken = parts in self._seen
        self._seen.add(parts)
        return is_taken

    def rows(self) -> Iterator[list[DocumentRow]]:
        """Yield the rows that have a value in either field."""
        return iterate_documents(self.ws._ctx.unit, self._table, [self.old, self.new])

    @property
    def _table(self) -> Table:
        return self.ws._ctx.tools.tables.table(self.entity.name)

    def _portions(self) -> Iterator[dict[UUID, dict[str, Any]]]:
        done = 0
        for rows in self.rows():
            yield {row.id: self.judge(row, json.loads(row.document)) for row in rows}
            done += len(rows)
            if self.on_progress is not None:
                self.on_progress(done)

    def _add_misfit(self, row: DocumentRow, value: Any, problem: Problem) -> None:
        kind = self.old.kind
        problem.field = self.new.path
        problem.facts["value"] = shown = kind.display(value) if kind.sensitive else kind.dump(value)
        self.misfit_count += 1
        if len(self.misfits) < MOST_REPORTED:
            self.misfits.append(Misfit(row.id, shown, problem))

    def _report(self, kept_in: str | None) -> FieldConversion:
        return FieldConversion(self.new, self.converted, self.misfit_count, tuple(self.misfits), kept_in)


class _Conversion(_Work):
    """Gives a field another kind, and what it had to a retired field."""

    def judge(self, row: DocumentRow, data: Mapping[str, Any]) -> dict[str, Any]:
        value = stored_value(self.old, data)
        return {} if value is None else members(self.new, self.carry(row, value))

    def change_rows(self, kernel: View) -> str | None:
        row = custom_row(self.ws, self.entity, self.old.name)
        before = json.loads(row.definition)
        name = _free_name(self.entity, self.old) if self.converted + self.misfit_count else None
        if name is not None:
            create_many(kernel, [_row_of(self.entity, _retired(self.old, name))], "raise")
        row.kind = self.new.kind.name
        row.definition = definition_of(self.new, {"definition": before, "kept": name})
        update_many(kernel, [row], "raise")
        return name


class _Undoing(_Work):
    """Gives a field its former kind and values back; those written since are carried over.

    Args:
        ws: Who undoes.
        entity: Whose field.
        old: The field as it is.
        new: The field as it was and will be.
        former: Its record as it was.
        kept: The retired field that holds its former values; None where there were none.
    """

    def __init__(
        self, ws: View, entity: Entity, old: Field, new: Field, former: CustomField, kept: Field | None
    ) -> None:
        super().__init__(ws, entity, old, new)
        self._former = former
        self._kept = kept
        self._stays = False

    def rows(self) -> Iterator[list[DocumentRow]]:
        # What nobody has touched comes before what was written since, where only one of them may have a value.
        for rows in super().rows() if self.new.unique else ():
            for row in rows:
                value, before = self._values(json.loads(row.document))
                if before is not None and self._is_untouched(before, value):
                    self.is_taken(row, before)
        yield from super().rows()

    def judge(self, row: DocumentRow, data: Mapping[str, Any]) -> dict[str, Any]:
        value, before = self._values(data)
        if before is not None and self._is_untouched(before, value):
            self.count(before)
            return absent(self.old)
        new = None if value is None else self.carry(row, value)
        patch = absent(self.new) | members(self.new, new)
        if value is None or (new is not None and self._comes_back(new, value)):
            return patch | absent(self.old)
        self._stays = True
        return patch

    def change_rows(self, kernel: View) -> str | None:
        row = custom_row(self.ws, self.entity, self.old.name)
        row.kind, row.definition = self._former.kind, self._former.definition
        if self._kept is not None:
            # Its key is the field's own again.
            purge_many(kernel, [custom_row(self.ws, self.entity, self._kept.name)])
        update_many(kernel, [row], "raise")
        if not self._stays:
            return None
        name = self._kept.name if self._kept is not None else _free_name(self.entity, self.old)
        create_many(kernel, [_row_of(self.entity, _retired(self.old, name))], "raise")
        return name

    def _values(self, data: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the value as it is and, of the new kind, as it was."""
        return stored_value(self.old, data), stored_value(self.new, data)

    def _is_untouched(self, before: Any, value: Any) -> bool:
        """Return whether *value* is what the conversion made of the value *before*: nobody has written since."""
        try:
            made = carried(before, self.new.kind, self.old.kind)
        except Problem:
            return value is None
        return value is not None and is_same(made, value, self.old.kind)

    def _comes_back(self, new: Any, value: Any) -> bool:
        try:
            return is_same(carried(new, self.new.kind, self.old.kind), value, self.old.kind)
        except Problem:
            return False


def _row_of(entity: Entity, kept: Field) -> CustomField:
    return CustomField(
        entity=entity.name,
        name=kept.name,
        kind=kept.kind.name,
        definition=definition_of(attrs.evolve(kept, retired=False)),
        retired=True,
    )


def _taken() -> Problem:
    return Problem(
        "field.not_unique",
        message="is taken by another record{combination}; choose another value or update that record",
        combination="",
        value=None,
    )
