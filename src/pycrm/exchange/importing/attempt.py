"""One go at the rows of a batch: their records are drafted, written through the door, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.exchange.importing import notes
from pycrm.exchange.importing.drafts import Draft, DraftMaker
from pycrm.exchange.importing.known import KnownRecords
from pycrm.exchange.importing.lookups import Found, look_up, missing_target
from pycrm.exchange.importing.matching import Matcher
from pycrm.exchange.importing.outcome import Outcome, Word
from pycrm.exchange.importing.policy import Policy, is_older
from pycrm.exchange.importing.trees import Waiting, by_value, parents_first
from pycrm.exchange.importing.verifying import EntityWork
from pycrm.exchange.mapping import BoundEntity, BoundMapping, Lookup, Prepared
from pycrm.exchange.mapping.plan import located
from pycrm.exchange.rows import Row
from pycrm.values.refs import Ref
from pycrm.workspace.create import create_many
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["Attempt", "Batch", "RowsRefusedError"]


class Batch(Protocol):
    """What an attempt is one at."""

    ws: View
    bound: BoundMapping
    rows: Sequence[Row]
    prepared: Sequence[Prepared]
    matcher: Matcher

    def refuse(self, problems: Mapping[int, Sequence[Problem]]) -> None:
        """Leave rows out because of *problems*, by their places."""
        ...


class RowsRefusedError(Exception):
    """Takes back what a batch has written so far, because of the problems of some of its rows."""

    def __init__(self, problems: Mapping[int, Sequence[Problem]]) -> None:
        super().__init__()
        self.problems = problems


@attrs.define(eq=False)
class Attempt:
    """One go at the rows at *places* of a batch.

    Attributes:
        works: Per entity, in writing order, its drafts.
        outcomes: By place of the row.
    """

    batch: Batch
    places: Sequence[int]
    works: list[EntityWork] = attrs.field(factory=list)
    outcomes: dict[int, Outcome] = attrs.field(factory=dict)
    _drafts: dict[str, dict[int, Draft]] = attrs.field(factory=dict)
    _words: dict[int, Word] = attrs.field(factory=dict)
    _notes: dict[int, list[Problem]] = attrs.field(factory=dict)
    _paths: dict[int, list[str]] = attrs.field(factory=dict)
    _refusals: dict[int, list[Problem]] = attrs.field(factory=dict)
    _set_aside: dict[int, list[tuple[str, Problem]]] = attrs.field(factory=dict)

    def carry_out(self) -> None:
        """Make the drafts, write them, and read them back."""
        bound, prepared = self.batch.bound, self.batch.prepared
        for number, entity in enumerate(bound.entities):
            for place, problems in prepared[number].notes.items():
                self._put_aside(entity, place, *problems)
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
        if name is None and not any(prepared.wanted[place] for prepared in self.batch.prepared):
            self._note(place, notes.not_wanted())
        return Outcome(
            self.batch.rows[place].line,
            self._words.get(place, "skipped"),
            name,
            record_id,
            tuple(self._notes.get(place, ())),
            tuple(self._paths.get(place, ())),
            tuple(self._set_aside.get(place, ())),
        )

    # Drafts

    def _draft(self, bound: BoundEntity, prepared: Prepared) -> EntityWork:
        """Return the drafts of one entity: new records, and stored ones that the rows change."""
        entity = bound.entity
        waiting: list[Waiting] = []
        references = self._references(bound, prepared, waiting)
        columns = {**prepared.values, **references}
        fields = [entity.field(path) for path in columns]
        maker = DraftMaker(entity, fields)
        work = EntityWork(entity, maker)
        values = list(zip(*columns.values(), strict=True)) if columns else [()] * len(self.batch.rows)
        places = [place for place in self.places if prepared.wanted[place]]
        known = KnownRecords(bound, maker, values, places)
        known.look_up(self.batch.ws, self.batch.matcher)
        drafts = self._drafts[bound.alias] = {}
        policy = Policy(bound, list(columns))
        for place in places:
            line = self.batch.rows[place].line
            draft, key = known.of(place)
            if isinstance(draft, Problem):
                self._refuse_row(place, draft, entity.name)
            elif draft is not None:
                drafts[place] = draft
                known.add(place, draft)
                self._match(policy, work, draft, values[place], place, prepared, key)
            elif bound.map.on_new == "create":
                draft = maker.create(values[place], place, line)
                work.drafts.append(draft)
                drafts[place] = draft
                self._words[place] = "created"
                known.add(place, draft)
            elif bound.map.on_new == "refuse":
                self._refuse_row(place, notes.is_new(entity.name), entity.name)
            else:
                self._note(place, notes.new_left(entity.name))
        self._fill_waiting(bound, work, drafts, waiting)
        self._drop_unchanged(work)
        return work

    def _fill_waiting(
        self, bound: BoundEntity, work: EntityWork, drafts: Mapping[int, Draft], waiting: Sequence[Waiting]
    ) -> None:
        """Let references to records of the same batch lead there, and put those that are referred to first."""
        parents: dict[int, list[Draft]] = {}
        values = {path: by_value(work.drafts, path) for path in {each.lookup.field for each in waiting}}
        for each in waiting:
            if each.place not in drafts:
                continue
            draft = drafts[each.place]
            target = values[each.lookup.field].get(each.key)
            if target is None or target is draft:
                self._miss(bound, each.path, each.place, each.key)
                continue
            field = work.entity.field(each.path)
            work.maker.refer(draft, field, Ref(target.record.id, record=target.record))
            parents.setdefault(id(draft), []).append(target)
        if parents:
            work.drafts = parents_first(work.drafts, parents)

    def _drop_unchanged(self, work: EntityWork) -> None:
        """Take records out that are in the end as they were, as where an import is repeated that changes one twice."""
        as_before = [draft for draft in work.drafts if draft.changed and work.maker.is_as_before(draft)]
        for draft in as_before:
            draft.changed.clear()
            for place in draft.rows:
                paths = self._paths.get(place, [])
                paths[:] = [path for path in paths if not path.startswith(f"{work.entity.name}.")]
                if not paths and self._words.get(place) == "updated":
                    del self._words[place]
        if as_before:
            work.drafts = [draft for draft in work.drafts if draft.is_written]

    def _match(
        self,
        policy: Policy,
        work: EntityWork,
        draft: Draft,
        values: Sequence[Any],
        place: int,
        prepared: Prepared,
        key: int,
    ) -> None:
        """Let a row change a record that is there already, found by key number *key*, as far as the mapping wants."""
        name = work.entity.name
        if policy.on_match == "skip":
            self._note(place, notes.exists(name))
            return
        if policy.on_match == "queue":
            self._note(place, notes.queued(name))
            return
        if prepared.newest is not None and not draft.is_new and is_older(prepared.newest[place], draft.record):
            self._note(place, notes.older(name))
            return
        places = policy.places_for(draft.record, key)
        was_written = draft.is_written
        different = work.maker.change(draft, values, place, self.batch.rows[place].line, places)
        if different:
            if self._words.get(place) != "created":
                self._words[place] = "updated"
            self._paths.setdefault(place, []).extend(f"{name}.{path}" for path in different)
            if not was_written:
                work.drafts.append(draft)

    def _references(self, bound: BoundEntity, prepared: Prepared, waiting: list[Waiting]) -> dict[str, list[Any]]:
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
                if key in own and key not in found.ids:
                    waiting.append(Waiting(place, path, lookup, key))
                else:
                    column[place] = self._found(bound, path, found, key, place)
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
        if lookup.several or lookup.entity != bound.entity.name or lookup.field not in prepared.values:
            return frozenset()
        values = prepared.values[lookup.field]
        return frozenset(values[place] for place in self.places if prepared.wanted[place] and values[place] is not None)

    def _found(self, bound: BoundEntity, path: str, found: Found, key: Any, place: int) -> Any:
        """Return what the *key* of a row leads to, or what it leaves empty; what it misses may refuse the row."""
        lookup = bound.lookups[path]
        for each in key if lookup.several else (key,):
            if (problem := found.problems.get(each)) is not None:
                self._refuse_reference(bound, path, place, problem)
            elif each not in found.ids:
                self._miss(bound, path, place, each)
        if lookup.several:
            return tuple(Ref(found.ids[each], lookup.entity) for each in key if each in found.ids)
        return Ref(found.ids[key], lookup.entity) if key in found.ids else None

    def _miss(self, bound: BoundEntity, path: str, place: int, key: Any) -> None:
        """Do as the mapping says where nobody has the *key* of the reference at *path*: leave it empty, or refuse."""
        lookup = bound.lookups[path]
        if lookup.otherwise != "empty":
            self._refuse_reference(bound, path, place, missing_target(lookup, key))
            return
        told = located(notes.left_empty(lookup.entity, lookup.field, key), path, self.batch.rows[place].line)
        _name_columns(bound, told)
        self._put_aside(bound, place, told)

    def _refuse_reference(self, bound: BoundEntity, path: str, place: int, problem: Problem) -> None:
        """Refuse a row because of the *problem* of its reference at *path*, which is told with the columns."""
        told = located(problem, path, self.batch.rows[place].line)
        _name_columns(bound, told)
        self._refuse_row(place, told, bound.entity.name)

    # Writing

    def _write(self, number: int) -> None:
        ws, work = self.batch.ws, self.works[number]
        new = [draft for draft in work.drafts if draft.is_new]
        changed = [draft for draft in work.drafts if not draft.is_new]
        create = partial(create_many, judged=self._judged(number) if new else ())
        for drafts, write in ((new, create), (changed, update_many)):
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

    def _judged(self, number: int) -> list[str]:
        """Return the fields of an entity whose values need no second look, unless they are others by now."""
        bound = self.batch.bound.entities[number]
        fields = self.batch.ws._ctx.tools.schema.entity(bound.entity.name).fields
        return [
            path
            for path in bound.judged
            if path in fields
            and fields[path].kind == bound.entity.field(path).kind
            and not (fields[path].retired or fields[path].parked)
        ]

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
        told = copy(problem)
        told.record, told.facts = None, {**problem.facts, "line": line}
        _name_columns(self.batch.bound.entities[number], told)
        return told

    def _refuse_row(self, place: int, problem: Problem, entity: str) -> None:
        problem.facts.setdefault("line", self.batch.rows[place].line)
        problem.facts.setdefault("entity", entity)
        self._refusals.setdefault(place, []).append(problem)

    def _refuse(self) -> None:
        if self._refusals:
            raise RowsRefusedError(self._refusals)

    def _put_aside(self, bound: BoundEntity, place: int, *problems: Problem) -> None:
        self._set_aside.setdefault(place, []).extend((bound.entity.name, problem) for problem in problems)

    def _note(self, place: int, problem: Problem) -> None:
        problem.facts.setdefault("line", self.batch.rows[place].line)
        self._notes.setdefault(place, []).append(problem)


def _name_columns(bound: BoundEntity, problem: Problem) -> None:
    """Let *problem* name the columns that its field comes from."""
    for field in bound.map.fields:
        if field.path == problem.field and field.columns:
            problem.facts.setdefault("column", ", ".join(field.columns))
