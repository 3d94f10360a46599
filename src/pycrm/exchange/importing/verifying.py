"""Reading back what a batch has written, and comparing it with what the rows said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.exchange.importing.drafts import Draft, DraftMaker, is_nothing
from pycrm.exchange.importing.proof import MOST_DIFFERENCES, ColumnTotal, Difference, EntityProof, Proof
from pycrm.exchange.importing.totals import is_summed, summed
from pycrm.exchange.mapping import BoundMapping, Prepared
from pycrm.fields.field import Place
from pycrm.schema import Entity
from pycrm.workspace.view import View

__all__ = ["EntityWork", "compare"]


LONGEST = 200
"""So many characters of a value are told where it differs."""


@attrs.define(eq=False)
class EntityWork:
    """What a batch does to the records of one entity.

    Attributes:
        entity: Which.
        maker: Makes its drafts.
        drafts: Those that are written.
        stored: Their values as the database has them, by id.
    """

    entity: Entity
    maker: DraftMaker
    drafts: list[Draft] = attrs.field(factory=list)
    stored: dict[UUID, tuple[Any, ...]] = attrs.field(factory=dict)

    def read_back(self, ws: View) -> None:
        """Read the records that were written from the database."""
        if not self.drafts:
            return
        ctx, ids = ws._ctx, [draft.record.id for draft in self.drafts]
        whole = ctx.tools.schema.entity(self.entity.name)
        if any(field.place is Place.LINK for field in self.maker.fields):
            found = ctx.by_ids(whole, ids)
        else:
            columns = [field for field in self.maker.fields if field.place is Place.COLUMN]
            found = ctx.of(whole).writer.look(ctx.unit, ids, columns)
        self.stored = {record.id: self.maker.read(record) for record in found}

    @property
    def paths(self) -> list[str]:
        """The paths of the fields that the rows give."""
        return [field.path for field in self.maker.fields]


def compare(bound: BoundMapping, prepared: Sequence[Prepared], works: Sequence[EntityWork]) -> Proof:
    """Return the proof of a batch: what its rows said against what is stored."""
    proof = Proof()
    for entity, read in zip(bound.entities, prepared, strict=True):
        totals = {
            path: ColumnTotal(read=summed(entity.entity.field(path), values))
            for path, values in read.values.items()
            if is_summed(entity.entity.field(path))
        }
        proof += Proof({entity.entity.name: EntityProof(totals=totals)})
    for work in works:
        if work.drafts:
            proof += _proof_of(work)
    return proof


def _proof_of(work: EntityWork) -> Proof:
    name, drafts, maker = work.entity.name, work.drafts, work.maker
    given = [maker.compared(draft.values) for draft in drafts]
    missing: tuple[Any, ...] = (None,) * len(maker.fields)
    found = [work.stored.get(draft.record.id, missing) for draft in drafts]
    stored = [
        values if values == there else _where_given(values, there) for values, there in zip(given, found, strict=True)
    ]
    differences = list(_differences(work, given, stored)) if given != stored else []
    read_digest = _digest(given)
    columns = list(zip(*given, strict=True))
    entity = EntityProof(
        created=sum(draft.is_new for draft in drafts),
        updated=sum(not draft.is_new for draft in drafts),
        values=sum(len(values) - values.count(None) for values in columns),
        different=len(differences),
        read_digest=read_digest,
        # What is equal has the same digest, and the same sums.
        stored_digest=_digest(stored) if differences else read_digest,
        totals=_totals(work, columns, list(zip(*stored, strict=True)) if differences else columns),
    )
    return Proof({name: entity}, differences[:MOST_DIFFERENCES])


def _where_given(given: tuple[Any, ...], stored: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return *stored* without the values that no row gave, such as defaults."""
    return tuple(wanted if is_nothing(wanted) else found for wanted, found in zip(given, stored, strict=True))


def _differences(
    work: EntityWork, given: Sequence[tuple[Any, ...]], stored: Sequence[tuple[Any, ...]]
) -> Iterator[Difference]:
    paths = work.paths
    for draft, wanted, found in zip(work.drafts, given, stored, strict=True):
        if wanted is found:
            continue
        for path, one, other in zip(paths, wanted, found, strict=True):
            if one != other:
                yield Difference(draft.line, work.entity.name, path, str(one)[:LONGEST], str(other)[:LONGEST])


def _digest(rows: Sequence[tuple[Any, ...]]) -> str:
    return hashlib.sha256("\n".join(map(repr, rows)).encode("utf-8", "surrogatepass")).hexdigest()


def _totals(
    work: EntityWork, given: Sequence[tuple[Any, ...]], stored: Sequence[tuple[Any, ...]]
) -> Mapping[str, ColumnTotal]:
    """Return the totals of columns of values, those that rows gave and those that are stored."""
    totals = {}
    for field, ours, theirs in zip(work.maker.fields, given, stored, strict=True):
        if is_summed(field):
            written = summed(field, ours)
            kept = written if theirs is ours else summed(field, theirs)
            totals[field.path] = ColumnTotal(written=written, stored=kept)
    return totals
