"""The doors that answer with records, numbers or names, each asked at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import NotAllowedError, NotFoundError, UnknownNameError
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind
from pycrm.schema.diff import value_at
from pycrm.testing.access.case import EVERYTHING, PAGE, UNKNOWN, Case
from pycrm.testing.access.facts import Row, led_to, plain_value
from pycrm.testing.access.questions import Question, below
from pycrm.testing.access.row_views import bookmarks, views
from pycrm.values.refs import Ref

__all__ = ["ROW_DOORS"]


def _ids(records: Any) -> Counter[UUID]:
    return Counter(record.id for record in records)


def _of(rows: Sequence[Row]) -> Counter[UUID]:
    return Counter(row.id for row in rows)


def _rows(case: Case, question: Question | None = None) -> list[Row]:
    is_understood = case.may and (question is None or case.sight.understands(question))
    return case.sight.rows(case.name, question) if is_understood else []


# Doors


def _list(case: Case) -> None:
    """A list, page by page, in some order."""
    question, path = case.question(), case.chance.choice(sorted(case.declared.paths))
    is_sorted = case.world.entity(case.name).fields[path].kind.sortable

    def pages() -> Counter[UUID]:
        found: Counter[UUID] = Counter()
        cursor = None
        while True:
            page = case.ws.list(
                case.cls, where=question.text, order_by=path if is_sorted else None, limit=PAGE, after=cursor
            )
            found += _ids(page)
            if (cursor := page.next_cursor) is None:
                return found

    due = case.expected(_of(_rows(case, question)), question)
    if isinstance(due, Counter) and is_sorted and not case.sight.asks(case.name, path):
        due = UNKNOWN
    case.same("list", due, pages, f"where {question.text!r} order by {path}")


def _values(case: Case) -> None:
    """The values of what is listed: hidden ones are empty, masked ones are not what they were."""
    rows = {row.id: row for row in _rows(case)}
    entity = case.world.entity(case.name)

    def wrong() -> list[str]:
        found = []
        for record in case.ws.list(case.cls, limit=3):
            if record.id not in rows:
                found.append(f"{record.id} is out of reach")
                continue
            for path, field in entity.fields.items():
                right, due = case.sight.right(case.name, path), rows[record.id][path]
                try:
                    shown = plain_value(field, value_at(record, field))
                except UnknownNameError:
                    shown = None
                if not _fits(right, due, shown):
                    found.append(f"{path} ({right}) is {shown!r} for {due!r}")
        return found

    case.same("values", case.expected([]), wrong, "values")


def _fits(right: str, due: Any, shown: Any) -> bool:
    if right in ("read", "write"):
        return bool(shown == due)
    if shown in (None, (), frozenset()):
        return right == "none" or not isinstance(due, str)
    return right == "masked" and isinstance(due, str) and shown != due


def _count(case: Case) -> None:
    question = case.question()
    number = len(_rows(case, question))
    case.same(
        "count", case.expected(number, question), lambda: case.ws.count(case.cls, where=question.text), question.text
    )
    cap = min(number, 3)
    case.same(
        "count capped",
        case.expected(cap, question),
        lambda: case.ws.count(case.cls, where=question.text, cap=3),
        question.text,
    )


def _aggregate(case: Case) -> None:
    """Groups by a field: their number and sizes."""
    fields = case.world.entity(case.name).fields
    offered = [
        path for path, each in fields.items() if each.kind.name in ("ref", "choice", "text", "boolean", "country")
    ]
    question, path = case.question(), case.chance.choice(sorted(offered))

    def groups() -> Counter[Any]:
        asked = case.ws.aggregate(case.cls, measures=["count()"], group_by=path, where=question.text)
        return Counter({_plain(group[path]): group["count()"] for group in asked})

    due = case.expected(Counter(row[path] for row in _rows(case, question)), question)
    if isinstance(due, Counter) and not case.sight.asks(case.name, path):
        due = UNKNOWN
    case.same("aggregate", due, groups, f"by {path} where {question.text!r}")


def _get(case: Case) -> None:
    row = case.any_row()
    if row is not None:
        is_there = case.may and not row.is_binned and case.sight.reads(row)
        due = case.expected(row.id if is_there else (NotFoundError,))
        case.same("get", due, lambda: case.ws.get(case.cls, row.id).id, f"{row.id}")
        found = row.id if is_there else None
        case.same(
            "find", case.expected(found), lambda: getattr(case.ws.find(case.cls, id=row.id), "id", None), f"{row.id}"
        )
        is_there = case.may and row.is_binned and case.sight.reads(row)
        due = case.expected(row.id if is_there else None)
        case.same("get_binned", due, lambda: getattr(case.ws.get_binned(case.cls, row.id), "id", None), f"{row.id}")


def _iterate(case: Case) -> None:
    question = case.question()
    due = case.expected(_of(_rows(case, question)), question)
    case.same("iterate", due, lambda: _ids(case.ws.iterate(case.cls, where=question.text)), question.text)


def _include(case: Case) -> None:
    """What is loaded with a record is what may be read; other references stay ids."""
    _include_reference(case)
    if not case.declared.back:
        return
    name, (entity, path) = case.chance.choice(sorted(case.declared.back.items()))
    named = Question(name, ((entity, path),), (entity,), lambda row, look: True)
    is_any = isinstance(case.world.entity(entity).fields[path].kind, AnyRefKind)
    rows = _rows(case, named)
    due = {
        row.id: _of(
            [each for each in case.sight.related(entity, path, row.id) if not is_any or each[path][0] == case.name]
        )
        for row in rows
    }

    def related() -> dict[UUID, Counter[UUID]]:
        found = case.ws.list(case.cls, limit=EVERYTHING, include=name)
        return {record.id: _ids(record.related(name)) for record in found}

    case.same("include back", case.expected(due, named), related, name)


def _include_reference(case: Case) -> None:
    fields = case.world.entity(case.name).fields
    paths = [path for path, each in fields.items() if isinstance(each.kind, (RefKind, AnyRefKind, LinkKind))]
    path = case.chance.choice(sorted(paths))
    named = Question(path, ((case.name, path),), (), lambda row, look: True)
    due = {row.id: {id for id in led_to(row[path]) if case.sight.row(id)} for row in _rows(case, named)}

    def loaded() -> dict[UUID, set[UUID]]:
        found = case.ws.list(case.cls, limit=EVERYTHING, include=path)
        return {
            record.id: {ref.id for ref in _refs(value_at(record, fields[path])) if ref.is_loaded} for record in found
        }

    case.same("include", case.expected(due, named), loaded, path)


def _tree(case: Case) -> None:
    """What lies below a record is found on ways of records that may be read."""
    question = below(case.world, case.chance, case.name)
    if question is not None:
        due = case.expected(len(_rows(case, question)), question)
        case.same("under", due, lambda: case.ws.count(case.cls, where=question.text), question.text)


def _explain(case: Case) -> None:
    """A filter in words tells the title of a record only to those who read it."""
    if not case.declared.targets:
        return
    path, target = case.chance.choice(sorted(case.declared.targets.items()))
    rows = case.world.facts.by_entity[target]
    if not rows:
        return
    row, title = case.chance.choice(rows), case.world.entity(target).title
    named = Question(path, ((case.name, path),), (), lambda row, look: True)
    is_told = case.may and not row.is_binned and case.sight.reads(row) and case.sight.asks(target, title)
    if not isinstance(row[title], str) or len(row[title]) < 8:
        return
    told = lambda: row[title] in case.ws.explain(case.cls, f"{path} = '{row.id}'")  # noqa: E731
    case.same("explain", case.expected(is_told, named), told, f"{path} = {row[title]!r}")


def _search(case: Case) -> None:
    """A search by a word that one record has finds it, if the record and the field may be read."""
    searched = [
        path for path in case.declared.searched if case.world.entity(case.name).fields[path].kind.name == "text"
    ]
    row = case.any_row()
    if row is None or not searched:
        return
    path = case.chance.choice(searched)
    text = row[path]
    if not isinstance(text, str) or len(text) != 14 or not text.isalpha():
        return
    is_found = case.may and not row.is_binned and case.sight.reads(row) and case.sight.asks(case.name, path)
    due = case.expected({row.id} if is_found else set())
    case.same(
        "search", due, lambda: {hit.record.id for hit in case.ws.search(text, entities=[case.cls])}, f"{path} {text!r}"
    )
    if any(case.sight.allows("read", name) for name, each in case.world.declared.items() if each.searched):
        due = {row.id} if is_found else set()
        case.same("search all", due, lambda: {hit.record.id for hit in case.ws.search(text)}, f"{path} {text!r}")


def _fields(case: Case) -> None:
    """Forms are offered what may be asked for."""
    due = {path for path in case.declared.paths if case.may and case.sight.asks(case.name, path)}
    case.same("fields", case.expected(due), lambda: set(case.ws.fields(case.cls)), "fields")

    def hidden_in_indexes() -> set[str]:
        return {path for index in case.ws.indexes(case.cls) for path in index.paths} - due

    case.same("indexes", case.expected(set()), hidden_in_indexes, "indexes")


def _durations(case: Case) -> None:
    """How long a record was in its states is told of those that may be read."""
    row, statuses = case.any_row(), case.world.entity(case.name).statuses
    if row is None or len(statuses) != 1:
        return
    named = Question("", ((case.name, statuses[0].path),), (), lambda row, look: True)
    if case.may and not case.sight.understands(named):
        return
    due = case.expected(True if case.may and case.sight.reads(row) else (NotFoundError,))
    record = case.world.record(row)
    case.same("state_durations", due, lambda: bool(case.ws.state_durations(record)), str(row.id))


def _owned(case: Case) -> None:
    """How many records somebody owns is told of those that may be read."""
    if case.name != "user":
        return
    user = case.chance.choice(case.world.users)

    def wrong() -> list[str]:
        owned = case.ws.owned_by(user.key)
        due = {
            name: len([row for row in case.sight.rows(name) if row["owner"] == user.id])
            if case.sight.allows("read", name)
            else 0
            for name in owned
        }
        return [f"{name}: {count} for {due[name]}" for name, count in owned.items() if count != due[name]]

    due: Any = [] if case.may and case.sight.reads(case.world.facts.rows[user.id]) else (NotFoundError,)
    case.same(
        "owned_by", case.expected(due) if case.sight.asks("user", "key") or not case.may else UNKNOWN, wrong, user.key
    )


def _attachment(case: Case) -> None:
    row = case.any_row()
    if case.name != "attachment" or row is None:
        return
    is_there = case.may and not row.is_binned and case.sight.reads(row)

    def opened() -> bool:
        with case.ws.open_attachment(row.id) as file:
            return bool(file.read())

    due: Any = True if is_there else (NotFoundError,)
    if not case.sight.asks(case.name, "digest"):
        due = (NotAllowedError,)
    case.same("open_attachment", case.expected(due), opened, str(row.id))


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Ref) else value


def _refs(value: Any) -> Sequence[Any]:
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return [each for each in values if isinstance(each, Ref)]


ROW_DOORS: dict[str, Callable[[Case], None]] = {
    "list": _list,
    "values": _values,
    "count": _count,
    "aggregate": _aggregate,
    "get": _get,
    "iterate": _iterate,
    "include": _include,
    "under": _tree,
    "explain": _explain,
    "search": _search,
    "fields": _fields,
    "state_durations": _durations,
    "owned_by": _owned,
    "bookmarks": bookmarks,
    "views": views,
    "open_attachment": _attachment,
}
