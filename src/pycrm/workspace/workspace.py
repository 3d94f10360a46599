"""`Workspace`: the one door. Everything that is written to a CRM goes through it, for one principal, in one unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import attrs

from pycrm.entities import Attachment, Role, Team, User
from pycrm.fields.choices import Option
from pycrm.fields.field import Field
from pycrm.query import Where
from pycrm.schema import Record
from pycrm.schema.list_index import ListIndex
from pycrm.values.principal import Principal
from pycrm.values.refs import Ref
from pycrm.workspace import custom_fields, custom_indexes
from pycrm.workspace.attachments import FileData, attach
from pycrm.workspace.batch import OnProblem
from pycrm.workspace.bookmarks import add_favourite, note_visit, remove_favourite
from pycrm.workspace.bulk import delete_where, update_where
from pycrm.workspace.create import create_many
from pycrm.workspace.delete import delete_many, purge_many, restore_many
from pycrm.workspace.elevated import Elevated, May, Section
from pycrm.workspace.hand_over import hand_over
from pycrm.workspace.keyed_calls import bulk_once, perform_once, write_once
from pycrm.workspace.lock import lock
from pycrm.workspace.moves import move_named
from pycrm.workspace.ports import Call
from pycrm.workspace.reader import Reader, Values
from pycrm.workspace.reads import SchemaMoved
from pycrm.workspace.results import BatchResult, BulkResult, FieldConversion, HandOver, UndoResult
from pycrm.workspace.roles import define_role
from pycrm.workspace.undo import undo
from pycrm.workspace.unmask import unmask
from pycrm.workspace.update import update_many
from pycrm.workspace.upsert import upsert_many

__all__ = ["Workspace"]

E = TypeVar("E", bound=Record)
T = TypeVar("T")

MOST_AT_ONCE = 10_000
"""How many records a call with a filter writes where nothing else is said."""


class Workspace(Reader):
    """The door of one unit of work. Made by `CRM.acting_as`; it commits at the end of the block.

    Every writing call runs the same path: rights, generated parser, derive hooks, required fields and rules, check
    hooks, rows, after_write hooks, change rows, outbox. Problems found before a row is written leave the unit usable;
    after a raising hook or a database error it is failed and rolls back, whoever swallows the error.

    Calls that take an ``idempotency_key`` are carried out once under it, for each principal, however often they are
    made. A repeat writes nothing and returns the records as they are now; the ones given become these. A call that
    raises leaves its key free, and has taken back all that it did. The same key with another call or another payload
    is a `KeyReusedError`. Keys are kept until `CRM.remove_idempotency_keys` removes them.
    """

    def create(self, record: E, *, idempotency_key: str | None = None) -> E:
        """Write a new record and return it, with its number, version and defaults filled in.

        Args:
            record: Not stored yet.
            idempotency_key: Makes it safe to repeat: the record is created once.
        Raises:
            ValidationError: With every problem of the record.
            NotAllowedError: The principal may not.
            HookFailedError: A plugin's hook raised; the unit is undone.
        """
        self.create_many([record], idempotency_key=idempotency_key)
        return record

    def create_many(
        self, records: Sequence[E], *, on_problem: OnProblem = "raise", idempotency_key: str | None = None
    ) -> BatchResult[E]:
        """Write new records of one entity as one batch: each hook is called once.

        Args:
            records: Of one record class, none of them stored yet.
            on_problem: ``"raise"`` writes nothing and lists the problems of all records; ``"refuse"`` leaves records
                with problems out and writes the rest. A raising hook or a database error undoes the whole call.
            idempotency_key: Makes it safe to repeat. What is left out counts as carried out, too.
        """
        return write_once(
            self,
            idempotency_key,
            "create",
            records,
            lambda: create_many(self, records, on_problem),
            on_problem=on_problem,
        )

    def update(
        self, record: E, /, *, version: int | None = None, idempotency_key: str | None = None, **changes: Any
    ) -> E:
        """Write what changed in *record* since it was loaded, and return it refreshed.

        Args:
            record: A loaded record.
            version: The version that a form showed to its user: fields that others changed since are a conflict.
            idempotency_key: Makes it safe to repeat, with the same values.
            changes: Shorthand for setting fields first: ``ws.update(account, industry="textiles")``.
        Raises:
            ConflictError: Somebody else changed one of the same fields since it was loaded. Changes of other fields
                are merged.
            MoveNotAllowedError: A status was changed in a way that is no move.
            ValidationError: With every problem.
            UnknownNameError: A name among *changes* that is no field.
        """
        write_once(
            self,
            idempotency_key,
            "update",
            [record],
            lambda: update_many(self, [record], "raise", values=changes, version=version),
            values=changes,
            version=version,
        )
        return record

    def update_many(
        self, records: Sequence[E], *, on_problem: OnProblem = "raise", idempotency_key: str | None = None
    ) -> BatchResult[E]:
        """Write what changed in loaded records of one entity, as one batch."""
        return write_once(
            self,
            idempotency_key,
            "update",
            records,
            lambda: update_many(self, records, on_problem),
            on_problem=on_problem,
        )

    def upsert_many(
        self,
        entity: type[E],
        records: Sequence[E],
        *,
        by: Sequence[str],
        on_problem: OnProblem = "raise",
        idempotency_key: str | None = None,
    ) -> BatchResult[E]:
        """Create the records whose unique values are new, and update the stored ones of the others.

        Args:
            entity: The record class.
            records: As they should be; a field left empty does not change a stored one.
            by: The fields that find the stored record, such as ``["number"]``; they must be unique.
            on_problem: As in `create_many`.
            idempotency_key: Makes it safe to repeat, also where others change the same records meanwhile.
        Returns:
            ``created`` holds the given records, ``updated`` and ``unchanged`` the stored ones.
        """
        return write_once(
            self,
            idempotency_key,
            "upsert",
            records,
            lambda: upsert_many(self, entity, records, by, on_problem),
            by=list(by),
            on_problem=on_problem,
        )

    def delete(self, record: Record, *, idempotency_key: str | None = None) -> None:
        """Put *record* and its parts into the bin.

        Raises:
            ValidationError: Other records refer to it and must not be left so.
        """
        self.delete_many([record], idempotency_key=idempotency_key)

    def delete_many(
        self, records: Sequence[E], *, on_problem: OnProblem = "raise", idempotency_key: str | None = None
    ) -> BatchResult[E]:
        """Put records of one entity into the bin, as one batch."""
        return write_once(
            self,
            idempotency_key,
            "delete",
            records,
            lambda: delete_many(self, records, on_problem),
            on_problem=on_problem,
        )

    def update_where(
        self,
        entity: type[E],
        where: Where,
        changes: Mapping[str, Any],
        *,
        limit: int = MOST_AT_ONCE,
        on_problem: OnProblem = "raise",
        preview: bool = False,
        values: Values = None,
        idempotency_key: str | None = None,
    ) -> BulkResult[E]:
        """Set fields of all records that *where* selects: the path of `update_many`, in portions, all or nothing.

        Args:
            entity: The record class.
            where: Which records, as `list` takes it; all of them have to be asked for by a filter too.
            changes: Path to value, the same for each: ``{"industry": "textiles", "custom.region": "华东"}``.
            limit: Nothing is done where more records match.
            on_problem: As in `create_many`; the problems of all records are told.
            preview: Do everything, take it back, and tell what would be written and which problems there are. The
                unit writes for that, and so others may wait for its end.
            values: What the filter's parameters stand for.
            idempotency_key: Makes it safe to repeat: what the filter selects by then is not written again.
        Returns:
            The records, and a ``handle`` that `undo` takes.
        Raises:
            QueryError: More records match than *limit*; the count is told. Or *where* is None.
            UnknownNameError: A name among *changes* that is no field.
            ValidationError: With every problem of every record.
        """
        given: dict[str, Any] = {"limit": limit, "on_problem": on_problem, "values": values}
        write = partial(update_where, self, entity, where, changes, preview=preview, **given)
        told = {**given, "changes": changes}
        return bulk_once(self, idempotency_key, "update_where", entity, where, write, told, preview=preview)

    def delete_where(
        self,
        entity: type[E],
        where: Where,
        *,
        limit: int = MOST_AT_ONCE,
        on_problem: OnProblem = "raise",
        preview: bool = False,
        values: Values = None,
        idempotency_key: str | None = None,
    ) -> BulkResult[E]:
        """Put all records that *where* selects into the bin, with their parts; see `update_where`.

        Records that hold each other may go together, whatever their order.
        """
        given: dict[str, Any] = {"limit": limit, "on_problem": on_problem, "values": values}
        write = partial(delete_where, self, entity, where, preview=preview, **given)
        return bulk_once(self, idempotency_key, "delete_where", entity, where, write, given, preview=preview)

    def undo(self, handle: UUID | str) -> UndoResult:
        """Take back a call of `update_where` or `delete_where`, in whatever unit it was made.

        Exactly the fields that it changed, derived ones too, get back the values that they had; deleted records come
        out of the bin. A record of which somebody changed one of these fields since stays as it is and is reported,
        and so is one that rules keep from going back. Hooks, checks and change rows are those of any update.

        Args:
            handle: The ``handle`` of the call's result, or its text.
        Raises:
            NotFoundError: There is no such call.
        """
        return undo(self, handle)

    def hand_over(
        self,
        from_user: User | str,
        to_user: User | str,
        *,
        reason: str,
        entities: Sequence[type[Record] | str] | None = None,
        where: Where = None,
        records: Sequence[Record] | None = None,
        team: Team | Ref[Team] | None = None,
        limit: int = MOST_AT_ONCE,
        preview: bool = False,
    ) -> HandOver:
        """Make one user the owner of what another one owns, and give him the other's open tasks to do.

        Each record is written as by `update_where`: with rights before and after, hooks, checks and change rows. For
        all records, or those of a filter, it takes the right ``bulk``, too. A repeat finds nothing left to do. The
        audit trail tells who handed over what, and why.

        Args:
            from_user: A `User`, or the host's key of one; who has left may be inactive.
            to_user: Likewise, active.
            reason: Why, for the audit trail.
            entities: Record classes or names; where absent all whose records have owners and that the principal may
                write in bulk, parts and what pycrm itself brings left out.
            where: A filter, where one entity is named.
            records: Just these, of any entities, in the place of *entities* and *where*.
            team: The team that the records get; without it they keep theirs.
            limit: Nothing is done where there are more of one entity.
            preview: Do everything, take it back, and tell what would be.
        Returns:
            Per entity how many were written, which were refused, and a handle for `undo`; and what is left.
        Raises:
            NotFoundError: There is no such user.
            NotAllowedError: The principal may not, or the records would be out of his reach.
            ConfigurationError: Nobody could get them so, or what is given does not go together.
        """
        return hand_over(
            self,
            from_user,
            to_user,
            entities=entities,
            where=where,
            records=records,
            team=team,
            reason=reason,
            limit=limit,
            preview=preview,
        )

    def restore(self, record: Record, *, idempotency_key: str | None = None) -> None:
        """Take *record* out of the bin, with the parts that went into it together with it."""
        write_once(self, idempotency_key, "restore", [record], lambda: restore_many(self, [record]))

    def purge(self, record: Record, *, idempotency_key: str | None = None) -> None:
        """Remove *record* and its parts for good; its change rows stay.

        Raises:
            ValidationError: Anything refers to it, be it in the bin or of a plugin whose code is missing.
        """
        write_once(self, idempotency_key, "purge", [record], lambda: purge_many(self, [record]))

    def get_binned(self, entity: type[E], id: Any) -> E | None:
        """Return the record with this id if it is in the bin, or None."""
        known = self._readable(entity)
        key = self._key(known, id)
        found = self._ask(lambda reads: reads.by_ids(known, [key], include_binned=True))
        return found[0] if found and found[0].deleted_at is not None else None

    def move(self, record: E, name: str, /, *, idempotency_key: str | None = None, **changes: Any) -> E:
        """Make the move *name* of the record's lifecycle, setting *changes* with it.

        Args:
            record: A loaded record.
            name: The move.
            idempotency_key: Makes it safe to repeat, also where the record has moved on since.
            changes: Fields to set with it.
        Raises:
            MoveNotAllowedError: No such move from the present state; the allowed ones are listed.
        """

        def write() -> BatchResult[E]:
            field, move = move_named(self._ctx.tools.schema.entity_of(record), record, name)
            return update_many(self, [record], "raise", values={**changes, field.path: move.to})

        write_once(self, idempotency_key, "move", [record], write, values=changes, move=name)
        return record

    def run(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """Perform an action: ``ws.run(check_in(visit))``.

        Args:
            call: The action with its record and arguments.
            idempotency_key: Makes it safe to repeat: the action runs once, and its answer is given again. It may take
                and give None, truth values, numbers, texts, days, instants, ids, `Money`, `Quantity`, records, lists,
                tuples and mappings of these, and values of attrs classes that its return annotation names.
        Raises:
            ConfigurationError: The action takes or gives what cannot be kept; nothing was done.
        """
        self._ctx.unit.check_usable()
        self._require(call.permission, self._ctx.tools.schema.entity_of(call.record))
        with self._ctx.performing(call.plugin):
            return perform_once(self, idempotency_key, call, lambda: call.perform(self))

    def attach(
        self,
        record: Record,
        name: str,
        data: FileData,
        *,
        content_type: str | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Attachment:
        """Keep a file about *record*, of any entity, and return its `Attachment`.

        The bytes are on the disk before the row is written. The same bytes are kept once, whatever they are called.

        Args:
            record: What it is about; a stored record.
            name: What the file is called, without folders.
            data: Bytes, a path, or an open binary file, which is read to its end and not closed.
            content_type: As ``"image/png"``; guessed from the name's ending where absent.
            description: What it shows.
            idempotency_key: Makes it safe to repeat, with the same bytes.
        Raises:
            ValidationError: It is larger than the CRM takes, of another type, or has no plain name.
            ConfigurationError: The CRM has no place for files.
            StorageError: The place fails, as a full disk does.
        """

        def write(attachment: Attachment) -> None:
            made = [attachment]
            create = partial(create_many, self, made, "raise", with_read_only=True)
            write_once(self, idempotency_key, "attach", made, create, digest=attachment.digest)

        return attach(self, record, name, data, content_type, description, write)

    def unmask(self, record: Record, field: str, *, reason: str) -> Any:
        """Return the true value of a field that the principal sees masked; it takes the right ``unmask``.

        Who asked for it, when and why is in the audit trail with the commit of this unit, and also where the unit
        rolls back; so is a refusal. A field that is not masked is read as ever and leaves no trace.

        Args:
            record: A stored record, which he may read.
            field: The field's path.
            reason: Why he looks, in his words.
        Raises:
            NotAllowedError: He has no right to it, or not for this record.
            NotFoundError: There is no such record, or none that he may read.
            UnknownNameError: There is no such field, or none that he may see anything of.
        """
        return unmask(self, record, field, reason)

    def elevated(self, *, reason: str, may: May) -> Section[Workspace]:
        """Begin a section with further rights: ``with ws.elevated(reason="…", may={Account: {"read"}}) as sys:``.

        The block gets a second workspace of the same unit, with the principal's rights and those in *may* beside them,
        on all records and all their fields. This workspace stays as it is. The other one ends with the block, belongs
        to the thread and task that began it, and is not given to hooks. Each section leaves one entry in the audit
        trail: reason, module and line of the ``with``, plugin, and how many statements the unit ran meanwhile.

        Args:
            reason: Why, for the trail.
            may: Record classes or entity names to actions. Code of a plugin takes what ``Plugin(may=…)`` lists, and
                what it likes on its plugin's own entities.
        Raises:
            NotAllowedError: At the begin of the block: the plugin does not list it.
            ConfigurationError: No reason, or no action of that entity.
        """
        return Section(self, None, reason, may, _ElevatedWorkspace)

    def note_visit(self, record: Record) -> None:
        """Note that the user has looked at *record*, for `recent`; the last 100 are kept.

        Reading alone notes nothing, since reading does not write. It takes the right to read, leaves no change row
        and counts up no version.

        Raises:
            NotFoundError: It is in the bin or gone.
            NotAllowedError: The principal is anonymous, or may not read it.
        """
        note_visit(self, record)

    def add_favourite(self, record: Record) -> None:
        """Make *record* a favourite of the user, the newest; it takes the right to read.

        Raises:
            ConfigurationError: He has 500 already.
        """
        add_favourite(self, record)

    def remove_favourite(self, record: Record) -> None:
        """Make *record* no favourite of the user any longer; nothing happens if it was none."""
        remove_favourite(self, record)

    def lock(self, records: Sequence[Record]) -> None:
        """Lock *records* until the unit ends and reload them, in order of id, so that two units cannot deadlock."""
        lock(self, records)

    def announce(self, fact: Any) -> None:
        """Tell listeners of ``type(fact)`` after the commit; see `CRM.on`."""
        self._ctx.begin_writing()
        # Inside a hook somebody is in the middle of what he may do; the plugin adds the fact.
        if not self._ctx.chain:
            self._require_actor("announce")
        self._ctx.announce([fact])

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Limit the damage of an error to the block: rows, queued signals and record state go back together."""
        with self._ctx.savepoint():
            yield

    # Custom fields and indexes

    def define_field(
        self, entity: type[Record], name: str, declared: Any, *, label: Mapping[str, str] | None = None, **options: Any
    ) -> Field:
        """Add a custom field to *entity*, usable in this unit at once and everywhere from its commit on.

        Args:
            entity: The record class.
            name: An identifier, which may be Chinese; it never changes.
            declared: What it holds: ``field.choice(["华东", "华北"])``.
            label: Language to label; labels may change.
            options: Options common to all kinds, as ``indexed=True``.
        Raises:
            NameClashError: The name is taken.
            ConfigurationError: The name is reserved or no identifier, or the kind cannot be a custom field.
        """
        known = self._definable(entity)
        return custom_fields.define_field(self, known, name, _with_options(declared, label, options))

    def relabel_field(
        self,
        entity: type[Record],
        name: str,
        *,
        label: Mapping[str, str] | None = None,
        help: Mapping[str, str] | None = None,
    ) -> Field:
        """Give a custom field other labels or help texts; languages not named keep theirs."""
        return custom_fields.relabel_field(self, self._definable(entity), name, label, help)

    def add_options(self, entity: type[Record], name: str, options: Iterable[str | Option]) -> Field:
        """Offer further options in a custom choice; a retired one that is named here is offered again."""
        added = tuple(option if isinstance(option, Option) else Option(option) for option in options)
        return custom_fields.add_options(self, self._definable(entity), name, added)

    def retire_options(self, entity: type[Record], name: str, values: Iterable[str]) -> Field:
        """Offer these options no longer; records that have them keep them."""
        return custom_fields.retire_options(self, self._definable(entity), name, tuple(values))

    def convert_field(
        self,
        entity: type[Record],
        name: str,
        declared: Any,
        *,
        dry_run: bool = False,
        label: Mapping[str, str] | None = None,
        on_progress: Callable[[int], object] | None = None,
        **options: Any,
    ) -> FieldConversion:
        """Give a custom field another kind and carry its values over, in all records, those in the bin too.

        What was there stays in a retired custom field called ``<name>_before``, whether it fits the new kind or not;
        `undo_convert_field` takes everything back. No hook is asked, and the versions of the records count up. Until
        the unit ends nobody else writes.

        Args:
            entity: The record class.
            name: The field, which keeps its name.
            declared: What it is to hold: ``field.integer()``; not a reference.
            dry_run: Only report what would happen.
            label: Language to label; the field keeps its labels where there are none.
            on_progress: Called after each portion with how many records are done.
            options: Options common to all kinds, as ``indexed=True``; those that it had do not stay by themselves.
        Returns:
            How many values fit, and which do not, with the reason.
        """
        known = self._surveyable(entity) if dry_run else self._definable(entity)
        declared = _with_options(declared, label, options)
        from pycrm.workspace import conversion  # a rare call with much behind it

        return conversion.convert_field(self, known, name, declared, dry_run=dry_run, on_progress=on_progress)

    def undo_convert_field(
        self,
        entity: type[Record],
        name: str,
        *,
        dry_run: bool = False,
        on_progress: Callable[[int], object] | None = None,
    ) -> FieldConversion:
        """Give a custom field the kind back that it had before its last `convert_field`, and its values.

        A value that nobody has changed since is what it was. Others are carried over; what would not fit, or not come
        back the same, stays in a retired custom field, as with `convert_field`.
        """
        known = self._surveyable(entity) if dry_run else self._definable(entity)
        from pycrm.workspace import conversion

        return conversion.undo_convert_field(self, known, name, dry_run=dry_run, on_progress=on_progress)

    def retire_field(self, entity: type[Record], name: str) -> Field:
        """Offer a custom field no longer; its values stay readable, and `revive_field` brings it back."""
        return custom_fields.retire_field(self, self._definable(entity), name)

    def revive_field(self, entity: type[Record], name: str) -> Field:
        """Offer a retired custom field again."""
        return custom_fields.revive_field(self, self._definable(entity), name)

    def define_index(self, entity: type[Record], keys: str) -> ListIndex:
        """Give *entity* an index over several of its fields, for lists; it is there when the unit commits.

        For a list that filters by some fields with equality and sorts by others: first those, then these in their
        order and directions. Writing gets a little slower by each. On PostgreSQL a table cannot be written while an
        index of it is made.

        Args:
            entity: The record class.
            keys: As ``order_by`` takes them: ``"level, country, custom.incoterm, name"``; at most 8 fields of the
                entity itself. The id, with which every order ends, comes by itself.
        Raises:
            NameClashError: It is there already.
            UnknownNameError: A field that the entity does not have.
            ConfigurationError: A field of another entity, one that is not sorted by, or one that is retired.
        """
        return custom_indexes.define_index(self, self._definable(entity), keys)

    def drop_index(self, entity: type[Record], keys: str) -> ListIndex:
        """Take an index that `define_index` gave *entity* away again.

        Raises:
            UnknownNameError: There is none.
            ConfigurationError: The code of a plugin declares it.
        """
        return custom_indexes.drop_index(self, self._definable(entity), keys)

    # Roles

    def define_role(self, name: str, data: Mapping[str, Any], *, description: str | None = None) -> Role:
        """Keep the role *name* as data, in the place of what was kept under this name; it counts from the commit on.

        Of a role that plugins declare, it changes the entities that it names; the others stay as declared. Deleting
        the `Role`, or setting ``is_active=False``, takes that back.

        Args:
            name: What principals and assignments call it.
            data: Its ``rights`` by entity name, with ``label``, ``help`` and ``parent`` where it has them:
                ``{"rights": {"account": {"read": "team", "write": "own"}}}``.
            description: For those who administer roles.
        Raises:
            ValidationError: With everything that is wrong with it.
        """
        return define_role(self, name, data, description)

    def _definable(self, entity: type[Record]) -> Any:
        self._ctx.begin_writing()
        known = self._entity(entity)
        self._require("define_fields", known)
        return known

    def _surveyable(self, entity: type[Record]) -> Any:
        """Return the newest state of *entity*, whose custom fields this principal may change; nothing is locked."""
        with suppress(SchemaMoved):
            self._ctx.check_schema()
        known = self._entity(entity)
        self._require("define_fields", known)
        return known

    def _as_plugin(self, name: str) -> Workspace:
        """Return a view of the same unit that acts as the plugin *name*, under the rights of ``Plugin(may=…)``.

        For hooks that are declared so; a host that means a plugin opens a door for ``Principal.plugin(name)``.
        """
        return Workspace(self._ctx, Principal.plugin(name))


class _ElevatedWorkspace(Elevated, Workspace):
    """The workspace of a section with further rights."""

    def elevated(self, *, reason: str, may: May) -> Section[Workspace]:
        self._section.check()
        return Section(self._section.root, self._section, reason, may, _ElevatedWorkspace)


def _with_options(declared: Any, label: Mapping[str, str] | None, options: Mapping[str, Any]) -> Any:
    return attrs.evolve(declared, label=label or declared.label, **options) if isinstance(declared, Field) else declared
