"""`Reader`: everything that can be asked of a CRM, for one principal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import IO, Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from pycrm.entities import Attachment, User
from pycrm.errors import ConflictError, NotFoundError, Problem, QueryError, UnknownNameError
from pycrm.fields.field import Field
from pycrm.policies.access import refusal
from pycrm.query import F, Node, Path, Where, node_of
from pycrm.query.explain import explain
from pycrm.query.mentioned import mentioned
from pycrm.query.settle import settle, settle_order
from pycrm.query.text import OrderKey, read_order
from pycrm.schema import Entity, Record
from pycrm.schema.list_index import ListIndex
from pycrm.search import SearchResult
from pycrm.storage.audit import AuditEntry
from pycrm.values.lifecycle import Move
from pycrm.values.principal import Principal
from pycrm.values.refs import Ref
from pycrm.workspace.asker import UnitAsker
from pycrm.workspace.attachments import open_attachment
from pycrm.workspace.audit import audit
from pycrm.workspace.bookmarks import MOST_FAVOURITES, bookmarked
from pycrm.workspace.durations import state_durations
from pycrm.workspace.history import history
from pycrm.workspace.include import include as load_related
from pycrm.workspace.moves import moves_of
from pycrm.workspace.owned import owned_by
from pycrm.workspace.page import Page
from pycrm.workspace.reads import Moved
from pycrm.workspace.results import Entries, HistoryEntry
from pycrm.workspace.rights import SeenReads
from pycrm.workspace.search import search as find_text
from pycrm.workspace.view import View
from pycrm.workspace.views import ListView, ViewPage, Wanted, find_view, group_view, list_view, views_of
from pycrm.workspace.why import Why, why

__all__ = ["Reader"]

E = TypeVar("E", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")

# Few enough that a batch stays in the processor's cache and dies before garbage collection walks it: 1,000 at a time
# take half as long again.
ITERATE_BATCH = 200
MOST_AGAIN = 10
# Nobody reads a sentence with more of them.
MOST_TITLES = 200

Values: TypeAlias = Mapping[str, Any] | None
Groups: TypeAlias = list[Mapping[str, Any]]
"""One mapping per group, keyed by the texts of groups and measures."""


def _again_when_moved(
    method: Callable[Concatenate[Reader, P], T],
) -> Callable[Concatenate[Reader, P], T]:
    """Make the call once more if it turns out that somebody else changed custom fields or rights meanwhile."""

    @wraps(method)
    def call(self: Reader, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(MOST_AGAIN):
            try:
                return method(self, *args, **kwargs)
            except Moved:
                continue
            except (UnknownNameError, QueryError) as error:
                with suppress(Moved):
                    self._check_moved()  # the field, an option or the right to it may be there for a moment only
                    _add_place(error, kwargs.get("where"))
                    raise
        raise ConflictError(
            "rights or custom fields are being changed faster than they can be read; run the unit again",
            retryable=True,
        )

    return call  # type: ignore[return-value]


def _add_place(error: UnknownNameError | QueryError, where: object) -> None:
    """Say where in the filter's text the path stands that *error* is about."""
    path = error.facts.get("path")
    if not isinstance(where, str) or not isinstance(path, str):
        return
    from pycrm.query.reading import place_of  # already loaded: it has read the text

    place = place_of(path, where)
    if place is not None:
        error.facts["position"] = place
        error.message = f"{error.message} (at character {place} of the filter)"
        error.args = (error.message,)


class Reader(View):
    """The reading door of one unit of work. Made by `CRM.reading_as`; `Workspace` adds writing."""

    _asker: UnitAsker | None = None

    def now(self) -> datetime:
        """Return the present instant by the CRM's clock, aware, UTC."""
        return self._ctx.services.clock()

    def get(self, entity: type[E], id: UUID | str, *, include: str = "") -> E:
        """Return the record with this id.

        Args:
            entity: The record class.
            id: A UUID or its text.
            include: Related records to load with it: ``"account lines.product"``.
        Raises:
            NotFoundError: There is none outside the bin.
        """
        record = self._get(entity, id)
        if include:
            self.include([record], include)
        return record

    def find(self, entity: type[E], **equal: Any) -> E | None:
        """Return the one record whose fields equal the given values, or None.

        Raises:
            QueryError: Several records match.
        """
        where: Any = None
        for name, value in equal.items():
            one = F[name].is_null() if value is None else F[name] == value
            where = one if where is None else where & one
        found = self.list(entity, where=where, limit=2)
        if len(found) > 1:
            raise QueryError(
                f"several {self._entity(entity).plural} have {equal!r}; use list, or give more fields",
                entity=self._entity(entity).name,
            )
        return found[0] if found else None

    @_again_when_moved
    def list(
        self,
        entity: type[E],
        *,
        where: Where = None,
        order_by: str | None = None,
        limit: int = 50,
        after: str | None = None,
        include: str = "",
        values: Values = None,
    ) -> Page[E]:
        """Return one page of records.

        Args:
            entity: The record class.
            where: A filter: the text ``"stage.outcome = 'open' AND amount > USD 1000"``, or made with `F`:
                ``(F.stage.outcome == "open") & (F.amount > Money("1000", "USD"))``, or its JSON form as a mapping.
            order_by: ``"close_on, amount DESC"``, also what is computed, as ``"PINYIN(name)"``; by creation where
                absent. Missing values are smallest.
            limit: At most so many records.
            after: `Page.next_cursor` of the page before.
            include: Related records to load with them.
            values: What the filter's parameters stand for, by name: of ``:low`` under ``"low"``.
        Raises:
            UnknownNameError: A path that leads nowhere; the nearest names are given.
            QueryError: A filter that cannot be read or served, an order or a cursor that cannot be served.
        """
        known = self._readable(entity)
        reads = self._reads
        plan = reads.reading.compiler.page(
            known,
            self._settled(where, values),
            self._order(order_by),
            limit=limit,
            after=after,
            with_schema_number=self._ctx.needs_number,
            how_many=partial(reads.how_many, known),
        )
        rows = reads.page(plan)
        if rows.schema_number is not None:
            self._ctx.check_number(rows.schema_number)
        records = reads.load(known, rows.rows)
        if include:
            load_related(reads, known, records, include)
        return Page(records, rows.next_cursor)

    def iterate(
        self,
        entity: type[E],
        *,
        where: Where = None,
        order_by: str | None = None,
        include: str = "",
        values: Values = None,
    ) -> Iterator[E]:
        """Yield all records that *where* selects, read in batches of 200; writing inside the loop is allowed."""
        cursor: str | None = None
        while True:
            page = self.list(
                entity,
                where=where,
                order_by=order_by,
                limit=ITERATE_BATCH,
                after=cursor,
                include=include,
                values=values,
            )
            yield from page
            cursor = page.next_cursor
            if cursor is None:
                return

    @_again_when_moved
    def count(self, entity: type[Record], *, where: Where = None, cap: int | None = None, values: Values = None) -> int:
        """Return how many records *where* selects; counting stops at *cap*."""
        known = self._readable(entity)
        reads = self._reads
        statement = reads.reading.compiler.count(
            known, self._settled(where, values), cap=cap, with_schema_number=self._ctx.needs_number
        )
        return int(reads.rows(statement)[0][0])

    @_again_when_moved
    def aggregate(
        self,
        entity: type[Record],
        *,
        measures: Sequence[str],
        group_by: str | Sequence[str] | None = None,
        where: Where = None,
        values: Values = None,
    ) -> Groups:
        """Return measures over the records that *where* selects, one mapping per group.

        Args:
            entity: The record class.
            measures: ``"count()"``, ``"count_distinct(account)"``, ``"sum(amount)"``. A sum of money is `Monies`.
            group_by: Up to two paths; without, there is exactly one mapping.
            where: A filter, as `list` takes it.
            values: What its parameters stand for.
        Returns:
            Mappings keyed by the texts of groups and measures, in the order of the groups.
        """
        known = self._readable(entity)
        reads = self._reads
        plan = reads.reading.compiler.aggregate(
            known, measures, group_by, self._settled(where, values), with_schema_number=self._ctx.needs_number
        )
        result = plan.read(reads.run)
        if result.schema_number is not None:
            self._ctx.check_number(result.schema_number)
        return list(result.groups)

    def explain(self, entity: type[Record], where: Where, *, language: str = "en") -> str:
        """Return what a filter asks for in words, by the labels of fields and options.

        Args:
            entity: The record class.
            where: A filter, as `list` takes it. Parameters, relative dates and ``ME`` stay what they are. Records that
                it names by id are told by their titles, those that the principal may read.
            language: One that there are labels in: ``"en"``, ``"zh"``, ``"zh-TW"``.
        Returns:
            Such as ``"Stage · Outcome is Open and Amount is more than USD 1000"``.
        Raises:
            UnknownNameError: A path that leads nowhere; the nearest names are given.
            QueryError: A filter that cannot be read, or a path that cannot be followed.
        """
        return self._explain(entity, where=where, language=language)

    @_again_when_moved
    def _explain(self, entity: type[Record], *, where: Where, language: str) -> str:
        labels = self._ctx.services.labels()
        known, node = self._readable(entity), node_of(where)
        self._check_moved()  # it may be that nothing else is read
        schema = self._reads.schema
        titles = {} if node is None else self._titles(mentioned(schema, known, node))
        return explain(schema, known, node, labels, language, titles)

    def _titles(self, ids: Mapping[str, set[UUID]]) -> dict[UUID, str]:
        """Return what the records with these ids, by entity name, are called; those that may not be read are absent."""
        titles: dict[UUID, str] = {}
        for name in ids:
            known = self._reads.schema.entities.get(name)
            if known is None or known.parked:
                continue
            if self._may("read", self._ctx.tools.schema.entities[name]):
                for record in self._reads.by_ids(known, sorted(ids[name])[:MOST_TITLES]):
                    titles[record.id] = str(getattr(record, record.__title__) or record.id)
        return titles

    @_again_when_moved
    def search(
        self, text: str, *, entities: Sequence[type[Record] | str] | None = None, limit: int = 20
    ) -> SearchResult:
        """Return the records of all entities that hold what *text* asks for, the best first.

        A record is found if it has every term: a word that begins so, characters that stand together, the digits that
        a phone number begins or ends with, with the extra ``zh`` also pinyin or its initials. What equals the text
        comes first, then what begins with it, then titles that hold all of it; the newest first among equals.

        Args:
            text: What somebody typed: ``"海晨 mei 138"``. Of a long one the beginning is read.
            entities: Record classes or names; all where absent. Those that the principal may not read are left out.
            limit: At most so many hits; 8 is usual while somebody types.
        Raises:
            NotAllowedError: The principal may read none of the entities.
        """
        return find_text(self, text, entities, limit=limit)

    @_again_when_moved
    def fields(self, entity: type[Record]) -> Mapping[str, Field]:
        """Return the fields of *entity* by path, those of plugins and custom ones among them.

        Args:
            entity: The record class.
        """
        self._readable(entity)
        self._check_moved()
        return self._readable(entity).fields

    @_again_when_moved
    def indexes(self, entity: type[Record]) -> tuple[ListIndex, ...]:
        """Return the indexes over several fields that *entity* has: those that code declares, then the defined ones.

        Args:
            entity: The record class.
        """
        self._readable(entity)
        self._check_moved()
        return self._readable(entity).indexes

    def moves(self, record: Record) -> tuple[Move, ...]:
        """Return the moves that start from the record's present state."""
        return moves_of(self._readable(record.__record_class__), record)

    @_again_when_moved
    def state_durations(self, record: Record, field: str | None = None) -> Mapping[str, timedelta]:
        """Return how long *record* has been in each state of its lifecycle, from its creation until now.

        Time in the bin counts for none. A state that it came back to has the sum. It is read from the change rows of
        the record, all of which are read.

        Args:
            record: A stored record, which may be in the bin.
            field: Which status field, where its entity has several.
        Returns:
            The states that it was in, in the order in which it first left them; the present one last if it is new.
        Raises:
            ConfigurationError: Its entity has no lifecycle, or several and none is named.
            NotFoundError: It is gone.
        """
        return state_durations(self._ctx, self._reads, self._readable(record.__record_class__), record, field)

    @_again_when_moved
    def history(self, record: Record | Ref[Any], *, limit: int = 50, after: str | None = None) -> Entries[HistoryEntry]:
        """Return what became of *record*, the newest change first, as far as the principal may see it.

        A change of nothing but hidden fields is not there; masked values are masked; a reference holds its record
        where that may be read. It goes back to the newest change on each page, so read what is shown.

        Args:
            record: A stored record, which may be in the bin, or a `Ref` that says of which entity it is. Administrators
                read the history of a purged one, too.
            limit: At most so many entries.
            after: `Entries.next_cursor` of those before.
        Raises:
            NotFoundError: There is none, or none that the principal may read.
            QueryError: A cursor of something else.
        """
        return history(self, record, limit=limit, after=after)

    @_again_when_moved
    def audit(
        self,
        *,
        actor: str | None = None,
        kind: str | None = None,
        entity: type[Record] | str | None = None,
        record: Record | Ref[Any] | UUID | None = None,
        since: datetime | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Entries[AuditEntry]:
        """Return what was refused and what was let through beyond somebody's rights, the newest first.

        Administrators read all of it. Whoever has the right ``audit`` on an entity reads what is about its records
        within the reach of that right; what is about no single record only where that reaches all.

        Args:
            actor: Only what the user with this key did.
            kind: Only ``"denied"``, ``"elevated"``, ``"unmasked"``, ``"handed_over"``, ``"exported"``, ``"imported"``,
                ``"import_undone"``, ``"archived"`` or ``"unarchived"``.
            entity: Only what is about records of this class.
            record: Only what is about this record.
            since: Only from this instant on.
            limit: At most so many entries.
            after: `Entries.next_cursor` of those before.
        Raises:
            NotAllowedError: The principal may read none of it.
            QueryError: A cursor of something else.
        """
        return audit(self, actor=actor, kind=kind, entity=entity, record=record, since=since, limit=limit, after=after)

    @_again_when_moved
    def why(
        self,
        action: str,
        record: Record | Ref[Any] | type[Record],
        field: str | None = None,
        language: str = "en",
        *,
        who: Principal | None = None,
    ) -> Why:
        """Return whether the principal may do something, and why, in words: ``ws.why("write", account)``.

        Args:
            action: ``"read"``, ``"write"``, another action of the entity, a permission of a plugin, or a move.
            record: A stored record, which may be in the bin, a `Ref` that says of which entity it is, or a record class
                to ask about any, as for ``"create"``.
            field: Ask about this field of it, too; with ``"read"``, ``"export"``, ``"create"``, ``"write"`` and
                ``"unmask"``. What is merely masked is not read.
            language: One that there are labels in: ``"en"``, ``"zh"``, ``"zh-TW"``.
            who: Somebody else whom administrators ask about.
        Returns:
            The decision of this moment, one sentence, and its parts. A rule that names what the principal does not
            know of is told as a rule and no more.
        Raises:
            NotFoundError: There is no such record, or none that the principal may read.
            UnknownNameError: No such action or field, or a field that is hidden from the principal.
            NotAllowedError: He asks about somebody else, or may read none of the entity.
        """
        return why(self, action, record, field, language, who)

    def owned_by(self, user: User | str) -> Mapping[str, int]:
        """Return how many records a user owns, by entity name, of those that the principal may read.

        Parts, which go with what they belong to, are not counted, nor what pycrm itself brings, such as saved views.

        Args:
            user: The `User`, or the host's key of the user.
        Raises:
            NotFoundError: There is no such user.
        """
        return owned_by(self, user)

    @_again_when_moved
    def views(self, entity: type[Record] | None = None) -> tuple[ListView, ...]:
        """Return the saved views that the principal may choose: his own, those of his teams, those for everybody.

        A broken one is among them, with the reasons; so is one whose entity is missing.

        Args:
            entity: Only views of this record class.
        """
        return views_of(self, entity)

    @_again_when_moved
    def view(self, view: Wanted, entity: type[Record] | None = None) -> ListView:
        """Return one saved view as it stands today: what it shows, and why it is broken if it is.

        Args:
            view: Its name, its id, or a `SavedView`. His own comes before one of the same name that is shared.
            entity: Whose records it shows, where views of several entities have one name.
        Raises:
            NotFoundError: There is none that the principal may choose.
            QueryError: Several are called so.
        """
        return find_view(self, view, entity)

    @_again_when_moved
    def list_view(self, view: Wanted, *, limit: int = 50, after: str | None = None) -> ViewPage:
        """Return a page of what a saved view shows, in its order, by group first.

        Args:
            view: As `view` takes it.
            limit: At most so many records.
            after: `Page.next_cursor` of the page before.
        Returns:
            A page with the ``columns`` to show and the ``colours`` of records that stand out.
        Raises:
            QueryError: The view is broken; the reasons are told, and are in ``problems``.
        """
        return list_view(self, view, limit=limit, after=after)

    @_again_when_moved
    def group_view(self, view: Wanted, *, measures: Sequence[str] = ("count()",)) -> Groups:
        """Return the groups of a saved view, all of its pages counted, as `aggregate` does.

        Without grouping there is one.
        """
        return group_view(self, view, measures)

    @_again_when_moved
    def recent(self, entity: type[E] | None = None, *, limit: int = 20) -> tuple[E, ...]:
        """Return the records that the user looked at last, as `Workspace.note_visit` noted, the newest first.

        Those in the bin, and those that he may not read any more, are left out.

        Args:
            entity: Only records of this class.
            limit: At most so many.
        Raises:
            NotAllowedError: The principal is anonymous.
        """
        return bookmarked(self, "visit", entity, limit)

    @_again_when_moved
    def favourites(self, entity: type[E] | None = None, *, limit: int = MOST_FAVOURITES) -> tuple[E, ...]:
        """Return the user's favourites, those added last first; as `recent`."""
        return bookmarked(self, "favourite", entity, limit)

    def open_attachment(self, attachment: Attachment | Ref[Attachment] | UUID | str) -> IO[bytes]:
        """Return the file of an attachment, verified, to read and to seek in; close it after use.

        Args:
            attachment: The record, a reference to it, or its id. What the row says of it now is what counts.
        Raises:
            NotFoundError: There is no such attachment outside the bin.
            NotAllowedError: The principal may not read its ``digest``, and so neither what that stands for.
            FileLostError: Its bytes are missing, or are not those that were stored.
        """
        key = attachment.id if isinstance(attachment, (Attachment, Ref)) else attachment
        if "digest" not in self._readable(Attachment).fields and (rights := self._rights) is not None:
            entity = self._entity(Attachment)
            self._note_denied("read", entity, fields=["digest"])
            raise refusal(self.principal, rights.roles, "read", entity, [entity.fields["digest"]])
        return open_attachment(self._ctx, self._get(Attachment, key))

    @_again_when_moved
    def include(self, records: Sequence[Record], text: str) -> None:
        """Load related records of *records*, which are of one entity, as ``include=`` of `list` does."""
        if records:
            load_related(self._reads, self._readable(records[0].__record_class__), records, text)

    def _settled(self, where: Where, values: Values = None) -> Node | None:
        """Return the filter with values in the place of all that depends on who asks, and when."""
        node = node_of(where)
        if node is None:
            if values:
                raise QueryError("values= are for the parameters of where=, which is not given")
            return None
        return settle(node, self._who_asks(), values)

    def _order(self, order_by: str | None) -> tuple[OrderKey, ...]:
        keys = read_order(order_by)
        return settle_order(keys, self._who_asks()) if any(not isinstance(key.operand, Path) for key in keys) else keys

    def _who_asks(self) -> UnitAsker:
        if self._asker is None:
            self._asker = UnitAsker(self._ctx, self.principal)
        return self._asker

    @_again_when_moved
    def _get(self, entity: type[E], id: UUID | str) -> E:
        known = self._readable(entity)
        key = self._key(known, id)
        reads = self._reads
        (statement,) = reads.reading.compiler.by_ids(known, [key], with_schema_number=self._ctx.needs_number)
        rows = reads.rows(statement)
        if not rows:
            if self._rights is not None and self._ctx.existing_ids(self._entity(entity), [key]):
                self._note_denied("read", known, ids=[key])
            raise NotFoundError(
                f"no {known.name} with id {key}; it may be in the bin or never have been", entity=known.name, id=key
            )
        found: list[E] = reads.load(known, rows)
        return found[0]

    @staticmethod
    def _key(entity: Entity, id: Any) -> UUID:
        """Return *id* as a UUID; what is no id finds nothing."""
        try:
            key: UUID = entity.fields["id"].kind.parse(id)
        except Problem as problem:
            raise NotFoundError(
                f"no {entity.name} with id {id!r}, which {problem.message}", entity=entity.name, id=id
            ) from problem
        return key

    def _readable(self, entity: type[Record]) -> Entity:
        """Return the entity as the principal sees it, after the checks that every read begins with."""
        self._ctx.unit.check_usable()
        known = self._entity(entity)
        self._require("read", known)
        return self._reads.schema.entities[known.name]

    @_again_when_moved
    def _by_ids_anywhere(self, entity: str, ids: Sequence[UUID]) -> Sequence[Any]:
        """Return those of the records with *ids* that the principal may read, in the bin or not, in no order."""
        known = self._readable(self._ctx.tools.schema.entity(entity).record_class)
        return self._reads.by_ids(known, ids, include_binned=True)

    def _check_moved(self) -> None:
        """Raise `Moved` if custom fields or rights are no longer those that the unit holds."""
        self._ctx.check_schema()
        if isinstance(reads := self._reads, SeenReads):
            reads.check()
