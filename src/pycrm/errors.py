"""Every exception that pycrm raises, and `Problem`, one thing wrong with one record.

Each error has a stable `code` (``"record.not_found"``), which leads to a heading in the reference with its cause and
cure, its facts as attributes, and a sentence with what, which value and the cure. Each branch is also a kind of the
built-in exception that it resembles.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self


class Problem(Exception):
    """One thing wrong with one record: where, what and how bad.

    A field kind raises it without record and field, which the parser adds; a check hook yields it.

    Args:
        code: Stable name such as ``"text.too_long"``; the Chinese text is looked up by it.
        record: The record that it is about.
        field: The field's path, as ``"name"``, ``"custom.region"`` or ``"visits.last_visit_on"``.
        level: ``"error"`` stops the write.
        message: English sentence, a template over *facts*: ``"is longer than {limit} characters"``.
        facts: What the message needs; ``value`` is the refused value.
    """

    def __init__(
        self,
        code: str,
        /,
        record: Any = None,
        field: str | None = None,
        level: str = "error",
        *,
        message: str = "",
        **facts: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.record = record
        self.field = field
        self.level = level
        self.template = message
        self.facts = facts

    @property
    def message(self) -> str:
        """The English sentence with its facts filled in."""
        return self.describe(self.template)

    def describe(self, template: str) -> str:
        """Return *template* (of any language) with this problem's facts filled in."""
        facts = {name: _short(value) for name, value in self.facts.items()}
        return template.format_map(_Missing(facts)) if template else self.code

    def kept(self) -> Self:
        """Return it without its traceback and the errors behind it, to be told later.

        These hold the frames of all callers and so whatever they worked on, such as the rows of a batch, until the
        garbage collector finds out.
        """
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def to_data(self) -> dict[str, Any]:
        """Return it as data for JSON, without its record; facts that JSON has no word for as text."""
        facts = {name: _as_data(value) for name, value in self.facts.items()}
        return {
            "code": self.code,
            "field": self.field,
            "level": self.level,
            "message": self.template,
            "facts": facts,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any], record: Any) -> Self:
        """Return the problem of *record* that `to_data` has told."""
        return cls(data["code"], record, data["field"], data["level"], message=data["message"], **data["facts"])

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.message} [{self.code}]"

    def __repr__(self) -> str:
        return f"Problem({self.code!r}, field={self.field!r}, message={self.message!r})"


class _Missing(dict[str, Any]):
    """Leaves a placeholder without a fact readable instead of raising inside an error message."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


_MOST_BITS = 1_000
"""Of whole numbers that are shown; Python refuses to write out some thousand digits."""


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > 80:
        return value[:77] + "…"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a number of hundreds of digits"
    return value


def _as_data(value: object) -> object:
    if isinstance(value, int):
        return _short(value)
    return value if value is None or isinstance(value, (float, str)) else str(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x' or 'y'?"`` for the names closest to *name*, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


class PycrmError(Exception):
    """Root of all errors. `code` names the case, further facts are attributes of the same name."""

    code: ClassVar[str] = "pycrm"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None


class ConfigurationError(PycrmError, ValueError):
    """A definition or setting that cannot work; raised while a CRM is put together or a field is defined."""

    code = "configuration"


class NameClashError(ConfigurationError):
    """Two owners want the same name; both are named."""

    code = "configuration.name_clash"


class UnknownNameError(PycrmError, LookupError):
    """A path, field, entity or measure that does not exist; carries the nearest names."""

    code = "query.unknown_name"


class QueryError(PycrmError, ValueError):
    """A filter, order, page cursor or measure that cannot be answered as asked."""

    code = "query"


class PluginError(PycrmError, RuntimeError):
    """Something is wrong with a plugin; `plugin` names it."""

    code = "plugin"


class HookFailedError(PluginError):
    """A hook raised, answered nonsense or changed what it may not; `plugin`, `hook` and `entity` name it."""

    code = "plugin.hook_failed"


class FunctionFailedError(PluginError):
    """A filter function of a plugin raised, or gave what it may not; `plugin` and `function` name it."""

    code = "plugin.function_failed"


class HookConflictError(PluginError):
    """Two hooks derive one field to different values, or one overwrites the caller's; both are named."""

    code = "plugin.hook_conflict"


class HookLoopError(PluginError):
    """Writes of hooks caused writes of hooks too deep; `chain` lists them in order."""

    code = "plugin.hook_loop"


class ValidationError(PycrmError, ValueError):
    """Records with problems, all of them; nothing was written.

    Attributes:
        problems: Every `Problem`, in the order of the records.
    """

    code = "record.invalid"

    def __init__(self, problems: Sequence[Problem], *, entity: str = "") -> None:
        self.problems = tuple(problems)
        several = len({id(problem.record) for problem in self.problems}) > 1
        shown = "\n".join(f"  {self._line(problem, entity, several)}" for problem in self.problems[:20])
        more = f"\n  … and {len(self.problems) - 20} more" if len(self.problems) > 20 else ""
        count = len(self.problems)
        super().__init__(
            f"{entity or 'record'}: {count} problem{'s' if count != 1 else ''}\n{shown}{more}",
            entity=entity,
        )

    @staticmethod
    def _line(problem: Problem, entity: str, several: bool) -> str:
        value = problem.facts.get("value")
        got = f" (got {_short(value)!r})" if value is not None else ""
        where = f"{entity}.{problem.field}" if problem.field else entity
        which = f"{problem.record!r} " if several else ""
        return f"{which}{where}: {problem.message}{got} [{problem.code}]"


class NotFoundError(PycrmError, LookupError):
    """No such record, or none that this principal may read; the two are not told apart."""

    code = "record.not_found"


class NotLoadedError(PycrmError, AttributeError):
    """A related record that was not loaded; the message names the ``include=`` that loads it."""

    code = "record.not_loaded"


class NotAllowedError(PycrmError, PermissionError):
    """This principal may not do this; `action` and `entity` say what."""

    code = "access.not_allowed"


class SideDoorError(PycrmError, PermissionError):
    """A statement on a table of a CRM that comes past its doors, where nobody's rights count; `table` names it."""

    code = "access.side_door"


class MoveNotAllowedError(PycrmError, ValueError):
    """No such move from the present state; `allowed` lists the moves that exist."""

    code = "lifecycle.move_not_allowed"


class ConflictError(PycrmError, RuntimeError):
    """Somebody else changed the same field meanwhile; `field`, `ours`, `theirs`, `actor`, `other_actor` tell what.

    `retryable` says whether the same work may be run again from its start with hope.
    """

    code = "record.conflict"

    def __init__(self, message: str, *, retryable: bool = True, **facts: Any) -> None:
        super().__init__(message, retryable=retryable, **facts)


class KeyReusedError(ConflictError):
    """An idempotency key that stands for another call, or the same one with another payload; nothing was done.

    `key` and `call` tell what was asked, `used_by` and `used_at` what the key stands for.
    """

    code = "idempotency.key_reused"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message, retryable=False, **facts)


class StorageError(PycrmError, RuntimeError):
    """The database refused or failed; the driver's error is the cause."""

    code = "storage"


class FileLostError(StorageError):
    """The bytes of an attachment are missing, or are not those that were stored; `digest` names them."""

    code = "storage.file_lost"


class NotMigratedError(StorageError):
    """The database lacks tables or plugins of this CRM; the cure is `crm.migrate()` or ``pycrm migrate``."""

    code = "storage.not_migrated"


class SchemaMismatchError(StorageError):
    """What is stored and the code do not go together: it was upgraded meanwhile, or cannot be."""

    code = "storage.schema_mismatch"


class UpgradeRefusedError(SchemaMismatchError):
    """An upgrade that the declarations or the stored values do not allow; `refusals` has every reason."""

    code = "storage.upgrade_refused"

    @classmethod
    def of(cls, refusals: Sequence[str]) -> UpgradeRefusedError:
        """Return the error for *refusals*, one sentence each."""
        lines = "\n".join(f"  {refusal}" for refusal in refusals)
        return cls(f"the database cannot be upgraded:\n{lines}", refusals=tuple(refusals))


class UnitError(PycrmError, RuntimeError):
    """A unit of work used in a way that it cannot serve."""

    code = "unit"


class UnitFailedError(UnitError):
    """An earlier error undid this unit, whoever swallowed it; `first` is that error."""

    code = "unit.failed"


class UnitEndedError(UnitError):
    """The unit's block has ended; open a new one with `crm.acting_as`."""

    code = "unit.ended"


class MoneyError(PycrmError, ValueError):
    """Money of different currencies was mixed, or compared with a bare number other than 0."""

    code = "money"


class MissingRateError(MoneyError, LookupError):
    """Money cannot be converted: no exchange rate leads from the one currency to the other on that day."""

    code = "money.missing_rate"


class QuantityError(PycrmError, ValueError):
    """Quantities of different units were mixed, or units that do not convert into each other."""

    code = "quantity"


class CalendarError(PycrmError, ValueError):
    """Hours or a time zone that cannot be read, or a calendar asked for time that it does not have.

    Of what cannot be read, `field` says which it is (``"hours"`` or ``"time_zone"``), `value` what was given, and
    `reason` why hours cannot be.
    """

    code = "calendar"


class MappingError(PycrmError, ValueError):
    """A mapping that cannot be read, or does not go with its source or this CRM; everything wrong is told at once.

    Attributes:
        problems: Every `Problem`; its field says where in the mapping, as ``"account.name"``.
    """

    code = "mapping"

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"the mapping {name!r} cannot be used:\n{lines}", name=name)


class ReadError(PycrmError, ValueError):
    """A file or other source of data that cannot be read, or no further; `source` names it, `line` says where."""

    code = "read"


class ReadTooLargeError(ReadError):
    """A source that would take more memory or time than reading may; `limit` is what it may."""

    code = "read.too_large"


class ExportError(PycrmError, ValueError):
    """Something that cannot be exported as asked; nothing stands under the file's name."""

    code = "export"


class ArchiveError(PycrmError, ValueError):
    """An archive that cannot be written or loaded; what was to be loaded into is as it was before."""

    code = "archive"


class MissingExtraError(PycrmError, ImportError):
    """An optional package is needed; the message says what to install."""

    code = "extra.missing"
