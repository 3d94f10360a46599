"""Rights to single records in a writing call: to what they were, and to what they have become.

The database judges both, by the same filters that lists are read by; nothing here knows what a rule means. What a
record was is judged while the unit holds its row, so that nobody moves it out of reach in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from pycrm.errors import NotAllowedError, NotFoundError, Problem
from pycrm.policies.access import refusal
from pycrm.schema import Entity, Record
from pycrm.schema.sight import SeenEntity, complete, conceal
from pycrm.storage.dialect import SQLITE
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.reads import Reads
from pycrm.workspace.rights import SeenReads
from pycrm.workspace.view import View

__all__ = [
    "not_found",
    "require_new_state",
    "require_old_state",
    "require_readable",
    "require_records",
    "require_writable_fields",
    "seen_whole",
]


def require_old_state(batch: Batch, action: str, on_problem: OnProblem) -> None:
    """Refuse the records of *batch* that *action* does not reach as they are stored.

    Raises:
        NotFoundError: One may not even be read, or is not there, which nobody can tell apart.
        NotAllowedError: One may be read, and no more.
    """
    view = batch.ws
    if view._rights is None or not batch.records:
        return
    if view._ctx.tools.dialect is not SQLITE:
        batch.tools.writer.lock_for_look(view._ctx.unit, [record.id for record in batch.records], ())
    refused = list(_out_of_reach(view, batch.entity, action, batch.records))
    _note(view, batch.entity, action, refused)
    if refused and on_problem == "raise":
        raise _refusal(view, batch.entity, action, *refused[0])
    batch.problems += [_problem(batch, action, record, is_readable) for record, is_readable in refused]


def require_new_state(batch: Batch, action: str) -> None:
    """Refuse what *batch* has written if a record is by now out of reach of *action*.

    Raises:
        NotAllowedError: It is; the unit cannot go on, since the row is written.
    """
    view = batch.ws
    if view._rights is None or not batch.records:
        return
    reached = _reached(view, batch.entity, action, batch.records)
    refused = [record for record in batch.records if record.id not in reached]
    if refused:
        view._note_denied(action, batch.entity, ids=[record.id for record in refused], state="new")
        raise _refusal(view, batch.entity, action, refused[0], True, "; what it would become is not within reach")


def require_records(view: View, action: str, entity: Entity, records: Sequence[Record]) -> None:
    """Refuse *records* that *action* does not reach as they are stored.

    Raises:
        NotFoundError: One may not even be read.
        NotAllowedError: One may be read, and no more.
    """
    if view._rights is None:
        return
    refused = list(_out_of_reach(view, entity, action, records))
    _note(view, entity, action, refused)
    if refused:
        raise _refusal(view, entity, action, *refused[0])


def require_readable(view: View, entity: Entity, id: UUID) -> None:
    """Refuse a record of *entity*, as the principal sees it, that he may not read, in the bin or not.

    Raises:
        NotFoundError: He may not, or it is not there, which nobody can tell apart.
    """
    if view._rights is None or view._reads.existing_ids(entity, [id], include_binned=True):
        return
    whole = view._ctx.tools.schema.entities[entity.name]
    if view._ctx.existing_ids(whole, [id], include_binned=True):
        view._note_denied("read", whole, ids=[id])
    raise not_found(entity, id)


def not_found(entity: Entity, id: UUID) -> NotFoundError:
    """Return the error that there is no such record."""
    return NotFoundError(
        f"no {entity.name} with id {id}; it may be in the bin or never have been", entity=entity.name, id=id
    )


def require_writable_fields(batch: Batch, action: str) -> None:
    """Refuse values that the caller gave to fields which he may not write.

    Raises:
        NotAllowedError: There is one.
    """
    rights = batch.ws._rights
    if rights is None or batch.ws._ctx.chain:
        return
    for path in rights.closed(batch.entity):
        field = batch.entity.fields[path]
        if not field.read_only and any(batch.is_given(record, field) for record in batch.records):
            batch.ws._note_denied(action, batch.entity, fields=[path])
            raise refusal(batch.ws.principal, rights.roles, action, batch.entity, [field])


@contextmanager
def seen_whole(batch: Batch) -> Iterator[None]:
    """Let hooks and the search index see the records of *batch* whole, and the caller what he may see, at the end."""
    view = batch.ws
    seen = None if view._rights is None else view._reads.schema.entities.get(batch.entity.name)
    if not isinstance(seen, SeenEntity):
        yield
        return
    records = list(batch.records)
    if batch.kind != "create":
        stored = view._ctx.by_ids(batch.entity, [record.id for record in records], include_binned=True)
        complete(seen, records, {record.id: record for record in stored})
    try:
        yield
    finally:
        conceal(seen, records)


def _out_of_reach(view: View, entity: Entity, action: str, records: Sequence[Record]) -> Iterator[tuple[Record, bool]]:
    """Yield the records that *action* does not reach, and whether each may be read."""
    reached = _reached(view, entity, action, records)
    refused = [record for record in records if record.id not in reached]
    if refused:
        ids = [record.id for record in refused]

        def ask(reads: Reads) -> set[UUID]:
            seen = reads.schema.entities.get(entity.name)
            return set() if seen is None else reads.existing_ids(seen, ids)

        readable = view._ask(ask)
        yield from ((record, record.id in readable) for record in refused)


def _note(view: View, entity: Entity, action: str, refused: Sequence[tuple[Record, bool]]) -> None:
    """Leave a trace of what was refused; of what is not there at all, nothing is to be told."""
    hidden = [record.id for record, is_readable in refused if not is_readable]
    there = view._ctx.existing_ids(entity, hidden, include_binned=True) if hidden else ()
    ids = [record.id for record, is_readable in refused if is_readable or record.id in there]
    if ids:
        view._note_denied(action, entity, ids=ids)


def _reached(view: View, entity: Entity, action: str, records: Sequence[Record]) -> set[UUID]:
    ids = [record.id for record in records]

    def ask(reads: Reads) -> set[UUID]:
        assert isinstance(reads, SeenReads), "asked only of those who have rights to single records"
        reaching = reads.reaching(action, entity)
        return set(ids) if reaching is None else reaching.existing_ids(entity, ids, include_binned=True)

    return view._ask(ask)


def _reads(view: View) -> SeenReads:
    reads = view._reads
    assert isinstance(reads, SeenReads), "asked only of those who have rights to single records"
    return reads


def _refusal(
    view: View, entity: Entity, action: str, record: Record, is_readable: bool, why: str = ""
) -> NotFoundError | NotAllowedError:
    if not is_readable:
        return not_found(entity, record.id)
    return refusal(view.principal, _reads(view).rights.roles, action, entity, about=f" (record {record.id}){why}")


def _problem(batch: Batch, action: str, record: Record, is_readable: bool) -> Problem:
    entity = batch.entity.name
    if not is_readable:
        return Problem("record.not_found", record, message="is no {entity}; it may be in the bin", entity=entity)
    return Problem(
        "access.not_allowed",
        record,
        message="{user} may not {action} this {entity}; ask its owner, or somebody whose role reaches it",
        user=batch.ws.principal.user,
        action=action,
        entity=entity,
    )
