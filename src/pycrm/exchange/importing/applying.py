"""One batch of an import: its rows become records, which go through the door, and are read back and compared.

A row is taken whole or not at all. Where the door refuses a record, everything that the batch has written goes back,
and it is applied again without the rows of that record; so the good rows go in, and of the others nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import ConflictError, HookFailedError, Problem, StorageError
from pycrm.exchange.importing.drafts import Draft, DraftMaker
from pycrm.exchange.importing.lookups import Found, look_up, missing_target
from pycrm.exchange.importing.matching import Key, KeyMatcher, Matcher
from pycrm.exchange.importing.outcome import Outcome, Word
from pycrm.exchange.importing.proof import Proof
from pycrm.exchange.importing.verifying import EntityWork, compare
from pycrm.exchange.mapping import BoundEntity, BoundMapping, Lookup, Prepared
from pycrm.exchange.mapping.plan import located
from pycrm.exchange.rows import Row
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind
from pycrm.schema.diff import value_at
from pycrm.values.refs import Ref
from pycrm.workspace.create import create_many
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["Applied", "apply_rows", "prepare_rows"]


@attrs.frozen
class Applied:
    """What became of a batch.

    Attributes:
        outcomes: One per row, in their order.
        proof: What was compared.
    """

    outcomes: Sequence[Outcome]
    proof: Proof


class _Refused(Exception):
    """Takes back what a batch has written so far, because of the problems of some of its rows."""

    def __init__(self, problems: Mapping[int, Sequence[Problem]]) -> None:
        super().__init__()
        self.problems = problems


def prepare_rows(bound: BoundMapping, rows: Sequence[Row]) -> list[Prepared]:
    """Return what each entity makes of *rows*; asks no database, and may be done before the unit is opened."""
    return [entity.prepare(rows) for entity in bound.entities]


def apply_rows(
    ws: View, bound: BoundMapping, rows: Sequence[Row], prepared: Sequence[Prepared], matcher: Matcher | None = None
) -> Applied:
    """Apply *rows*, which were prepared, in the unit of *ws*.

    Raises:
        ConflictError: Other units were in the way; the unit may be run again.
    """
    batch = _Batch(ws, bound, rows, prepared, matcher or KeyMatcher())
    return batch.carry_out()


@attrs.define(eq=False)
class _Batch:
    """The rows of one batch on their way.

    Attributes:
        refused: By place of the row, why.
    """

    ws: View
    bound: BoundMapping
    rows: Sequence[Row]
    prepared: Sequence[Prepared]
    matcher: Matcher
    refused: dict[int, list[Problem]] = attrs.field(factory=dict)

    def carry_out(self) -> Applied:
        """Apply the rows and return what became of each."""
        for prepared in self.prepared:
            for place, problems in prepared.problems.items():
                self.refused.setdefault(place, []).extend(problems)
        for place, row in enumerate(self.rows):
            if row.problems and (counting := self._counting(row, self.refused.get(place, ()))):
                self.refused.setdefault(place, []).extend(counting)
        return self._applied(self._attempts(range(len(self.rows))))

    def _counting(self, row: Row, told: Sequence[Problem]) -> list[Problem]:
        """Return what reading said against *row*, but for what the mapping acknowledges, or does not use, or told."""
        acknowledged, unused = self.bound.mapping.acknowledge, self.bound.unmapped
        columns = {problem.facts.get("column") for problem in told} - {None}
        return [
            problem
            for problem in row.problems
            if problem.code not in acknowledged
            and problem.facts.get("column") not in unused
            and problem.facts.get("column") not in columns
        ]

    def _attempts(self, places: Sequence[int]) -> list[_Attempt]:
        """Apply the rows at *places*, and again without those that are refused, until the rest goes in."""
        while sound := [place for place in places if place not in self.refused]:
            attempt = _Attempt(self, sound)
            try:
                with self.ws._ctx.savepoint():
                    attempt.carry_out()
            except _Refused as refusal:
                self.refuse(refusal.problems)
            except ConflictError:
                raise
            except (HookFailedError, StorageError) as error:
                # Found by halving, so that one row that a plugin or the database fails on does not hold up the others.
                if len(sound) == 1:
                    self.refused[sound[0]] = [_failed(error)]
                    return []
                middle = len(sound) // 2
                return self._attempts(sound[:middle]) + self._attempts(sound[middle:])
            else:
                return [attempt]
        return []

    def refuse(self, problems: Mapping[int, Sequence[Problem]]) -> None:
        """Leave rows out because of *problems*, by their places."""
        for place, each in problems.items():
            self.refused.setdefault(place, []).extend(each)

    def _applied(self, attempts: Sequence[_Attempt]) -> Applied:
        words: dict[int, Outcome] = {}
        for attempt in attempts:
            words.update(attempt.outcomes)
        for place, problems in self.refused.items():
            words[place] = Outcome(self.rows[place].line, "refused", problems=tuple(problems))
        proof = compare(self.bound, self.prepared, [work for attempt in attempts for work in attempt.works])
        return Applied([words[place] for place in range(len(self.rows))], proof)


@attrs.define(eq=False)
class _Attempt:
    """One go at the rows at *places* of a batch.

    Attributes:
        works: Per entity, in writing order, its drafts.
        outcomes: By place of the row.
    """

    batch: _Batch
    places: Sequence[int]
    works: list[EntityWork] = attrs.field(factory=list)
    outcomes: dict[int, Outcome] = attrs.field(factory=dict)
    _drafts: dict[str, dict[int, Draft]] = attrs.field(factory=dict)
    _words: dict[int, Word] = attrs.field(factory=dict)
    _notes: dict[int, list[Problem]] = attrs.field(factory=dict)
    _paths: dict[int, list[str]] = attrs.field(factory=dict)
    _refusals: dict[int, list[Problem]] = attrs.field(factory=dict)

    def carry_out(self) -> None:
        """Make the drafts, write them, and read them back."""
        bound, prepared = self.batch.bound, self.batch.prepared
        for number, entity in enumerate(bound.entities):
            self.works.append(self._draft(entity, prepared[number]))
            self._refuse()
        ctx = self.batch.ws._ctx
        ctx.told_of = {
            draft.record.id: {"line": draft.line} for work in self.works for draft in work.drafts if draft.line
        }
        try:
            for number in range(len(self.works)):
                self._write(number)
        finally:
            ctx.told_of = {}
        for work in self.works:
            work.read_back(self.batch.ws)
        for place in self.places:
            self.outcomes[place] = self._outcome(place)

    def _outcome(self, place: int) -> Outcome:
        name: str | None = None
        record_id: UUID | None = None
        for entity in self.batch.bound.entities:
            if (draft := self._drafts[entity.alias].get(place)) is not None:
                name, record_id = entity.entity.name, draft.record.id
                break
        return Outcome(
            self.batch.rows[place].line,
            self._words.get(place, "skipped"),
            name,
            record_id,
            tuple(self._notes.get(place, ())),
            tuple(self._paths.get(place, ())),
        )

    # Drafts

    def _draft(self, bound: BoundEntity, prepared: Prepared) -> EntityWork:
        """Return the drafts of one entity: new records, and stored ones that the rows change."""
        entity = bound.entity
        waiting: list[_Waiting] = []
        references = self._references(bound, prepared, waiting)
        columns = {**prepared.values, **references}
        fields = [entity.field(path) for path in columns]
        maker = DraftMaker(entity, fields)
        work = EntityWork(entity, maker)
        values = list(zip(*columns.values(), strict=True)) if columns else [()] * len(self.batch.rows)
        keys = self._keys(bound, fields, list(columns), values)
        known = self._matches(bound, prepared, keys)
        drafts = self._drafts[bound.alias] = {}
        policy = _Policy(bound, list(columns))
        for place in self.places:
            if not prepared.wanted[place]:
                continue
            key = keys.get(place)
            line = self.batch.rows[place].line
            draft = known.get(key) if key is not None else None
            if isinstance(draft, Problem):
                self._refuse_row(place, draft, entity.name)
            elif draft is not None:
                drafts[place] = draft
                self._match(policy, work, draft, values[place], place, prepared)
            elif bound.map.on_new == "create":
                draft = maker.create(values[place], place, line)
                work.drafts.append(draft)
                drafts[place] = draft
                self._words[place] = "created"
                if key is not None:
                    known[key] = draft
            elif bound.map.on_new == "refuse":
                self._refuse_row(place, _is_new(entity.name), entity.name)
            else:
                self._note(place, _new_left(entity.name))
        self._fill_waiting(work, drafts, waiting)
        self._drop_unchanged(work)
        return work

    def _fill_waiting(self, work: EntityWork, drafts: Mapping[int, Draft], waiting: Sequence[_Waiting]) -> None:
        """Let references to records of the same batch lead there, and put those that are referred to first."""
        parents: dict[int, list[Draft]] = {}
        for each in waiting:
            if each.place not in drafts:
                continue
            draft = drafts[each.place]
            target = next((other for other in work.drafts if each.is_for(other)), None)
            if target is None or target is draft:
                self._refuse_row(each.place, each.missing, work.entity.name)
                continue
            field = work.entity.field(each.path)
            work.maker.refer(draft, field, Ref(target.record.id, record=target.record))
            parents.setdefault(id(draft), []).append(target)
        if parents:
            work.drafts = _parents_first(work.drafts, parents)

    def _drop_unchanged(self, work: EntityWork) -> None:
        """Take records out that are in the end as they were, as where an import is repeated that changes one twice."""
        for draft in [draft for draft in work.drafts if draft.changed and work.maker.is_as_before(draft)]:
            draft.changed.clear()
            work.drafts.remove(draft)
            for place in draft.rows:
                paths = self._paths.get(place, [])
                paths[:] = [path for path in paths if not path.startswith(f"{work.entity.name}.")]
                if not paths and self._words.get(place) == "updated":
                    del self._words[place]

    def _match(
        self, policy: _Policy, work: EntityWork, draft: Draft, values: Sequence[Any], place: int, prepared: Prepared
    ) -> None:
        """Let a row change a record that is there already, as far as the mapping wants it."""
        name = work.entity.name
        if policy.on_match == "skip":
            self._note(place, _exists(name))
            return
        if policy.on_match == "queue":
            self._note(place, _queued(name))
            return
        if prepared.newest is not None and not draft.is_new and _is_older(prepared.newest[place], draft.record):
            self._note(place, _older(name))
            return
        places = policy.places_for(draft.record)
        was_written = draft.is_written
        different = work.maker.change(draft, values, place, self.batch.rows[place].line, places)
        if different:
            if self._words.get(place) != "created":
                self._words[place] = "updated"
            self._paths.setdefault(place, []).extend(f"{name}.{path}" for path in different)
            if not was_written:
                work.drafts.append(draft)

    def _keys(
        self, bound: BoundEntity, fields: Sequence[Field], paths: Sequence[str], values: Sequence[Sequence[Any]]
    ) -> dict[int, Key]:
        """Return the key of each row whose parts all have a value."""
        by = [paths.index(path) for path in bound.by]
        if not by:
            return {}
        anywhere = {part for part in by if isinstance(fields[part].kind, AnyRefKind)}
        keys: dict[int, Key] = {}
        for place in self.places:
            row = values[place]
            # A reference to any entity stays one, for its id alone is not asked for.
            key = tuple(each.id if type(each := row[part]) is Ref and part not in anywhere else each for part in by)
            if all(part is not None and part != fields[at].kind.empty for part, at in zip(key, by, strict=True)):
                keys[place] = key
        return keys

    def _matches(self, bound: BoundEntity, prepared: Prepared, keys: Mapping[int, Key]) -> dict[Key, Draft | Problem]:
        wanted = list(dict.fromkeys(key for place, key in keys.items() if prepared.wanted[place]))
        found = self.batch.matcher.find(self.batch.ws, bound.entity, bound.by, wanted)
        maker = DraftMaker(bound.entity, [bound.entity.field(path) for path in (*prepared.values, *_references(bound))])
        return {
            key: maker.load(records[0]) if len(records) == 1 else _several(bound, key, len(records))
            for key, records in found.items()
        }

    def _references(self, bound: BoundEntity, prepared: Prepared, waiting: list[_Waiting]) -> dict[str, list[Any]]:
        """Return, by path, what references lead to: records looked up, and others of the same row.

        What leads to a record that another row of the batch makes waits until that is drafted.
        """
        columns: dict[str, list[Any]] = {}
        for path, keys in prepared.lookups.items():
            lookup = bound.lookups[path]
            own = self._own_values(bound, prepared, lookup)
            found = look_up(self.batch.ws, bound, path, [keys[place] for place in self.places], own)
            column: list[Any] = [bound.entity.field(path).kind.empty] * len(keys)
            for place in self.places:
                key = keys[place]
                if key is None or not prepared.wanted[place]:
                    continue
                if not lookup.several and key in own and key not in found.ids:
                    waiting.append(_Waiting(place, path, lookup, key))
                else:
                    column[place] = self._found(found, key, lookup.entity, path, place, several=lookup.several)
            columns[path] = column
        names = {entity.alias: entity.entity.name for entity in self.batch.bound.entities}
        for path, alias in prepared.records.items():
            leads_to = {
                place: Ref(draft.record.id, names[alias], record=draft.record)
                for place, draft in self._drafts[alias].items()
            }
            columns[path] = [leads_to.get(place) for place in range(len(self.batch.rows))]
        return columns

    def _own_values(self, bound: BoundEntity, prepared: Prepared, lookup: Lookup) -> frozenset[Any]:
        """Return the values by which rows of this batch may be looked up by others of it."""
        if lookup.entity != bound.entity.name or lookup.field not in prepared.values:
            return frozenset()
        values = prepared.values[lookup.field]
        return frozenset(values[place] for place in self.places if prepared.wanted[place] and values[place] is not None)

    def _found(self, found: Found, key: Any, target: str, path: str, place: int, *, several: bool) -> Any:
        for each in key if several else (key,):
            if (problem := found.problems.get(each)) is not None:
                self._refuse_row(place, located(problem, path, self.batch.rows[place].line), target)
        if several:
            return tuple(Ref(found.ids[each], target) for each in key if each in found.ids)
        return Ref(found.ids[key], target) if key in found.ids else None

    # Writing

    def _write(self, number: int) -> None:
        ws, work = self.batch.ws, self.works[number]
        new = [draft for draft in work.drafts if draft.is_new]
        changed = [draft for draft in work.drafts if not draft.is_new]
        for drafts, write in ((new, create_many), (changed, update_many)):
            if not drafts:
                continue
            result = write(ws, [draft.record for draft in drafts], "refuse")
            for each in result.refused:
                for place in drafts[each.position].rows:
                    for problem in each.problems:
                        self._refuse_row(
                            place, self._told(number, problem, self.batch.rows[place].line), work.entity.name
                        )
        if self._refusals and not self._leave_out(number):
            self._refuse()

    def _leave_out(self, number: int) -> bool:
        """Leave refused rows out without taking anything back, where nothing of them is written and no others share
        their records; return whether that was possible.
        """
        refused = self._refusals.keys()
        if any(
            draft.is_written and not refused.isdisjoint(draft.rows)
            for work in self.works[:number]
            for draft in work.drafts
        ):
            return False
        mixed = [draft for work in self.works[number:] for draft in work.drafts if not refused.isdisjoint(draft.rows)]
        if any(not refused >= set(draft.rows) for draft in mixed):
            return False
        gone = set(map(id, mixed))
        for work in self.works[number:]:
            work.drafts = [draft for draft in work.drafts if id(draft) not in gone]
        self.batch.refuse(self._refusals)
        self.places = [place for place in self.places if place not in refused]
        self._refusals = {}
        return True

    def _told(self, number: int, problem: Problem, line: int) -> Problem:
        """Return *problem* of a record as one of a row, which has a copy of its own and names the columns."""
        told = located(problem, problem.field or "", line)
        told.record = None
        for field in self.batch.bound.entities[number].map.fields:
            if field.path == problem.field and field.columns:
                told.facts.setdefault("column", ", ".join(field.columns))
        return told

    def _refuse_row(self, place: int, problem: Problem, entity: str) -> None:
        problem.facts.setdefault("line", self.batch.rows[place].line)
        problem.facts.setdefault("entity", entity)
        self._refusals.setdefault(place, []).append(problem)

    def _refuse(self) -> None:
        if self._refusals:
            raise _Refused(self._refusals)

    def _note(self, place: int, problem: Problem) -> None:
        problem.facts.setdefault("line", self.batch.rows[place].line)
        self._notes.setdefault(place, []).append(problem)


@attrs.frozen
class _Waiting:
    """A reference of a row to a record that another row of the same batch makes."""

    place: int
    path: str
    lookup: Lookup
    key: Any

    def is_for(self, draft: Draft) -> bool:
        """Whether *draft* is the record that it waits for."""
        field = self.lookup.field
        value = draft.record.get_document_value(field) if "." in field else getattr(draft.record, field)
        return bool(value == self.key)

    @property
    def missing(self) -> Problem:
        """What to say where there is none after all."""
        return missing_target(self.lookup, self.key)


def _parents_first(drafts: Sequence[Draft], parents: Mapping[int, Sequence[Draft]]) -> list[Draft]:
    """Return *drafts* with those that others refer to before these; in a circle, as they are."""
    ordered: dict[int, Draft] = {}
    for draft in drafts:
        chain = [draft]
        while above := [each for each in parents.get(id(chain[-1]), ()) if id(each) not in ordered]:
            if any(above[0] is each for each in chain):
                break
            chain.append(above[0])
        for each in reversed(chain):
            ordered.setdefault(id(each), each)
    return list(ordered.values())


class _Policy:
    """Which fields of a match a row may change."""

    def __init__(self, bound: BoundEntity, paths: Sequence[str]) -> None:
        self.on_match = bound.map.on_match
        keys = set(bound.by)
        self._fields = [bound.entity.field(path) for path in paths]
        self._places = [place for place, path in enumerate(paths) if path in bound.update_fields and path not in keys]
        self._only_empty = {place for place, path in enumerate(paths) if path in bound.only_empty}

    def places_for(self, record: Any) -> Sequence[int]:
        """Return the places of the fields that may change in *record*."""
        if not self._only_empty:
            return self._places
        return [place for place in self._places if place not in self._only_empty or self._is_empty(record, place)]

    def _is_empty(self, record: Any, place: int) -> bool:
        field = self._fields[place]
        return value_at(record, field) in (None, field.kind.empty)


def _references(bound: BoundEntity) -> list[str]:
    return [*bound.lookups, *bound.records]


def _is_older(changed_at: Any, record: Any) -> bool:
    return changed_at is not None and changed_at <= record.updated_at


def _failed(error: Exception) -> Problem:
    return Problem("import.failed", message="could not be written: {told}", told=str(error))


def _is_new(entity: str) -> Problem:
    return Problem(
        "import.new_refused",
        message="is a new {entity}, and the mapping takes only those that are there; create it first",
        entity=entity,
    )


def _exists(entity: str) -> Problem:
    return Problem("import.exists", level="note", message="{entity} is there already and stays as it is", entity=entity)


def _queued(entity: str) -> Problem:
    return Problem(
        "import.queued", level="note", message="{entity} is there already; somebody has to decide", entity=entity
    )


def _older(entity: str) -> Problem:
    return Problem("import.older", level="note", message="{entity} was changed later than the row", entity=entity)


def _new_left(entity: str) -> Problem:
    return Problem("import.new_left", level="note", message="{entity} is new and left out", entity=entity)


def _several(bound: BoundEntity, key: Key, count: int) -> Problem:
    return Problem(
        "import.ambiguous_match",
        message="is the key of {count} records of {entity}; merge them, or match by more fields",
        count=count,
        entity=bound.entity.name,
        value=", ".join(str(part) for part in key),
    )
