"""Errors as a command line tells them: one sentence on stderr, and an exit code that a script can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from pycrm.errors import (
    ConfigurationError,
    ConflictError,
    MissingExtraError,
    MoneyError,
    MoveNotAllowedError,
    NotAllowedError,
    NotFoundError,
    PluginError,
    Problem,
    PycrmError,
    QueryError,
    StorageError,
    UnknownNameError,
    ValidationError,
)
from pycrm.schema.labels import Labels
from pycrm.storage.errors import ForeignKeyViolation, UniqueViolation

__all__ = ["ExitCode", "describe", "exit_code_of", "exit_codes_text"]


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


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.UNEXPECTED: "unexpected error; --debug shows the traceback",
    ExitCode.USAGE: "wrong usage, an unknown entity or field, a filter that cannot be answered",
    ExitCode.NOT_FOUND: "no such record",
    ExitCode.INVALID: "a value or a move was refused",
    ExitCode.CONFLICT: "somebody else changed the same field, or holds the database",
    ExitCode.NOT_ALLOWED: "the acting user may not do this",
    ExitCode.CONFIGURATION: "settings, database not migrated, schema mismatch, database not reachable",
    ExitCode.PLUGIN: "a plugin or one of its hooks failed",
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
    (ConfigurationError, ExitCode.CONFIGURATION),
    (StorageError, ExitCode.CONFIGURATION),
    (MissingExtraError, ExitCode.CONFIGURATION),
)


def exit_code_of(error: BaseException) -> ExitCode:
    """Return the exit code for *error*."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)


def exit_codes_text() -> str:
    """Return the table of exit codes for the help text."""
    return "Exit codes:\n" + "\n".join(f"  {code:d}  {meaning}" for code, meaning in MEANINGS.items())


def describe(error: Exception, labels: Labels | None = None, language: str = "en") -> str:
    """Return what went wrong and the cure, without the ``error:`` in front.

    Args:
        error: Ours or anybody's.
        labels: To tell the problems of records in *language*; without, they are told in English.
        language: Of the user.
    """
    if isinstance(error, ValidationError) and labels is not None and language != "en":
        return _problems(error, labels, language)
    if isinstance(error, (PycrmError, Problem)):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; run it again with --debug for the traceback, and report it"


def _problems(error: ValidationError, labels: Labels, language: str) -> str:
    entity = labels.entity(error.entity, language) if error.entity else ""
    lines = [
        f"  {error.entity}.{each.field}: {labels.problem(each, language)} [{each.code}]" for each in error.problems
    ]
    return "\n".join([f"{entity} ({len(error.problems)})", *lines])
