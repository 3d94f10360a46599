"""Errors as a command line tells them: one sentence on stderr, and an exit code that a script can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from pycrm.cli.table import width
from pycrm.cli.texts import ENGLISH, Texts, sentence
from pycrm.errors import (
    ArchiveError,
    ConfigurationError,
    ConflictError,
    ExportError,
    MappingError,
    MissingExtraError,
    MoneyError,
    MoveNotAllowedError,
    NotAllowedError,
    NotFoundError,
    PluginError,
    Problem,
    PycrmError,
    QueryError,
    ReadError,
    StorageError,
    UnknownNameError,
    ValidationError,
)
from pycrm.schema.labels import Labels
from pycrm.storage.errors import ForeignKeyViolation, UniqueViolation

__all__ = ["ExitCode", "describe", "exit_code_of", "exit_codes_text"]


LONGEST_LINE = 500


class ExitCode(IntEnum):
    """What the process returns."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NOT_FOUND = 3
    INVALID = 4
    CONFLICT = 5
    NOT_ALLOWED = 6
    CONFIGURATION = 7
    PLUGIN = 8
    UNHEALTHY = 9
    UNREADABLE = 10


MEANINGS = {
    ExitCode.OK: sentence("done"),
    ExitCode.UNEXPECTED: sentence("unexpected error; --debug shows the traceback"),
    ExitCode.USAGE: sentence("wrong usage, an unknown entity, a filter that cannot be answered"),
    ExitCode.NOT_FOUND: sentence("no such record"),
    ExitCode.INVALID: sentence("a value, a name of a field to write, or a move was refused"),
    ExitCode.CONFLICT: sentence("somebody else changed the same field, or holds the database"),
    ExitCode.NOT_ALLOWED: sentence("the acting user may not do this"),
    ExitCode.CONFIGURATION: sentence("settings, database not migrated, schema mismatch, database not reachable"),
    ExitCode.PLUGIN: sentence("a plugin or one of its hooks failed"),
    ExitCode.UNHEALTHY: sentence("the doctor found something to mend"),
    ExitCode.UNREADABLE: sentence("a source that cannot be read, or a mapping that does not go with it"),
}

# The first class that fits decides, so that special cases stand before the family that they belong to.
_CODES: Sequence[tuple[type[Exception], ExitCode]] = (
    (MoveNotAllowedError, ExitCode.INVALID),
    (UniqueViolation, ExitCode.INVALID),
    (ForeignKeyViolation, ExitCode.INVALID),
    (ValidationError, ExitCode.INVALID),
    (MoneyError, ExitCode.INVALID),
    (Problem, ExitCode.INVALID),
    (NotFoundError, ExitCode.NOT_FOUND),
    (UnknownNameError, ExitCode.USAGE),
    (QueryError, ExitCode.USAGE),
    (ConflictError, ExitCode.CONFLICT),
    (NotAllowedError, ExitCode.NOT_ALLOWED),
    (PluginError, ExitCode.PLUGIN),
    (ExportError, ExitCode.INVALID),
    (ArchiveError, ExitCode.INVALID),
    (ReadError, ExitCode.UNREADABLE),
    (MappingError, ExitCode.UNREADABLE),
    (ConfigurationError, ExitCode.CONFIGURATION),
    (StorageError, ExitCode.CONFIGURATION),
    (MissingExtraError, ExitCode.CONFIGURATION),
)


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code for *error*."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)


def exit_codes_text(say: Texts) -> str:
    """Return the table of exit codes for the help text."""
    return "\n".join([say("Exit codes:"), *(f"  {code:d}  {say(meaning)}" for code, meaning in MEANINGS.items())])


def describe(error: Exception, say: Texts, labels: Labels | None = None) -> str:
    """Return what went wrong and the cure, without the ``error:`` in front.

    Args:
        error: Ours or anybody's.
        say: The texts in the user's language. What the kernel says in English follows what it means in that language.
        labels: To tell the problems of records in it; without, they are told in English.
    """
    if isinstance(error, ValidationError) and labels is not None and say.language != ENGLISH:
        return _problems(error, labels, say.language)
    if isinstance(error, (PycrmError, Problem)):
        meaning = _meaning(error, say)
        return (f"{meaning}\n  {error}" if meaning else str(error)) + _caret(error)
    kind = type(error).__name__
    return say("unexpected {kind}: {error}; run it again with --debug and report what it shows", kind=kind, error=error)


def _caret(error: Exception) -> str:
    """Return the text that *error* is about with a caret under the place, where it knows both."""
    facts = getattr(error, "facts", {})
    text, position = facts.get("text"), facts.get("position")
    if not isinstance(text, str) or not isinstance(position, int) or not text.isprintable() or len(text) > LONGEST_LINE:
        return ""
    return f"\n\n  {text}\n  {' ' * width(text[: position - 1])}^"


def _meaning(error: Exception, say: Texts) -> str:
    """Return what *error* means, in the words of the nearest class that has some."""
    codes = (vars(each).get("code") for each in type(error).__mro__)
    return next((meaning for code in codes if code and (meaning := say.error(code))), "")


def _problems(error: ValidationError, labels: Labels, language: str) -> str:
    entity = labels.entity(error.entity, language) if error.entity else ""
    several = len({id(problem.record) for problem in error.problems}) > 1
    lines = [
        f"  {f'{each.record!r} ' if several else ''}{error.entity}{f'.{each.field}' if each.field else ''}: "
        f"{labels.problem(each, language)} [{each.code}]"
        for each in error.problems
    ]
    return "\n".join([f"{entity} ({len(error.problems)})", *lines])
