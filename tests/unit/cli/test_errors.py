"""Every error has its exit code, and a sentence."""

from __future__ import annotations

import pytest

from pycrm import CRM, Account, errors
from pycrm.cli.errors import ExitCode, describe, exit_code_of, exit_codes_text
from pycrm.cli.texts import Texts
from pycrm.storage.errors import UniqueViolation


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFoundError("x"), 3),
        (errors.ValidationError([]), 4),
        (errors.MoveNotAllowedError("x"), 4),
        (errors.Problem("text.too_long"), 4),
        (errors.MoneyError("x"), 4),
        (UniqueViolation("x"), 4),
        (errors.ConflictError("x"), 5),
        (errors.NotAllowedError("x"), 6),
        (errors.ConfigurationError("x"), 7),
        (errors.NameClashError("x"), 7),
        (errors.NotMigratedError("x"), 7),
        (errors.SchemaMismatchError("x"), 7),
        (errors.StorageError("x"), 7),
        (errors.MissingExtraError("x"), 7),
        (errors.PluginError("x"), 8),
        (errors.HookFailedError("x"), 8),
        (errors.HookLoopError("x"), 8),
        (errors.UnknownNameError("x"), 2),
        (errors.QueryError("x"), 2),
        (errors.ReadError("x"), 10),
        (errors.ReadTooLargeError("x"), 10),
        (errors.MappingError("x", []), 10),
        (errors.UnitError("x"), 1),
        (KeyError("x"), 1),
    ],
)
def test_error_has_exit_code(error: Exception, code: int) -> None:
    """Special cases go before their families."""
    assert exit_code_of(error) == code


def test_unexpected_error_says_how_to_go_on() -> None:
    """Type, message and what to do are told."""
    assert describe(RuntimeError("boom"), Texts()).startswith(
        "unexpected RuntimeError: boom; run it again with --debug"
    )


def test_problems_are_told_in_language() -> None:
    """Chinese users read Chinese sentences; codes and names stay."""
    problem = errors.Problem("text.too_long", field="name", message="…", length=300, limit=255)
    error = errors.ValidationError([problem], entity="account")

    told = describe(error, Texts("zh"), CRM("sqlite://", plugins=[]).labels)

    assert told.splitlines()[0] == "客户 (1)"
    assert "255" in told
    assert told.endswith("[text.too_long]")


def test_problems_of_several_records_name_them() -> None:
    """Otherwise nobody would know which one to mend."""
    records = [Account(name=name) for name in "ab"]
    problems = [errors.Problem("field.required", record, "kind", message="…") for record in records]

    told = describe(
        errors.ValidationError(problems, entity="account"), Texts("zh"), CRM("sqlite://", plugins=[]).labels
    )

    assert [line.split(">")[0] for line in told.splitlines()[1:]] == ["  <Account a", "  <Account b"]


def test_other_errors_say_what_they_mean() -> None:
    """The kernel's sentence follows, for it has the cure; a special error has the meaning of its family."""

    class SpecialError(errors.HookFailedError):
        code = "plugin.special"

    assert describe(errors.NotFoundError("no account 'x'"), Texts("zh")) == "找不到记录\n  no account 'x'"
    assert describe(SpecialError("…"), Texts("zh")).startswith("插件的钩子出错")
    assert describe(errors.NotFoundError("no account 'x'"), Texts()) == "no account 'x'"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_is_explained(language: str) -> None:
    """The help text has a line for each."""
    text = exit_codes_text(Texts(language))

    assert all(f"  {code:d}  " in text for code in ExitCode)
