"""``fields``: custom fields from the command line, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES
from tests.integration.cli.conftest import Run

from pycrm import discover


@pytest.fixture(params=DATABASES)
def at(request: pytest.FixtureRequest, run: Run, migrated: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run` on a migrated database of each engine."""
    monkeypatch.setenv("PYCRM_URL", migrated(request.param, discover()))
    return run


def test_life_of_a_custom_field(at: Run) -> None:
    """Defined, filled, filtered, relabelled, its options changed, retired, revived."""
    defined = at(
        *("fields", "define", "account", "region", "choice", "华东", "华北"),
        *("--label", "en=Region", "--label", "zh=大区", "--indexed", "--default", "华东"),
    )
    at("create", "account", "name=a")
    at("create", "account", "name=b", "custom.region=华北")
    listed = at("list", "account", "--where", "custom.region=华东", "--columns", "name,custom.region", "--lang", "zh")
    relabelled = at("fields", "relabel", "account", "custom.region", "--label", "zh=销售大区")
    added = at("fields", "add-options", "account", "region", "西南")
    dropped = at("fields", "retire-options", "account", "region", "华北")
    retired = at("fields", "retire", "account", "region")
    refused = at("update", "account", "b", "custom.region=西南")
    revived = at("fields", "revive", "account", "region")
    taken = at("update", "account", "b", "custom.region=西南")

    assert defined.out == "defined account.custom.region, choice: 华东 华北\n"
    assert [line.split() for line in listed.lines[0:3:2]] == [["客户名称", "大区"], ["a", "华东"]]
    assert (relabelled.code, added.code, dropped.code, retired.code, revived.code) == (0, 0, 0, 0, 0)
    assert added.out == "changed account.custom.region, choice: 华东 华北 西南\n"
    assert (refused.code, taken.code) == (4, 0)
    facts = next(
        each for each in at("fields", "account", "--json", "--lang", "zh").data if each["name"] == "custom.region"
    )
    assert (facts["label"], facts["indexed"], facts["retired"]) == ("销售大区", True, False)


@pytest.mark.parametrize(
    ("words", "given", "kept"),
    [
        ("text max_length=5 --unique", "abcde", "abcde"),
        ("integer", "42", 42),
        ("decimal places=2", "1.5", "1.5"),
        ("multi_choice a b", "b,a", ["a", "b"]),
        ('choice options:=[{"value":"a=b","label":{"zh":"甲"}}]', "a=b", "a=b"),
        ("boolean --default true", "", True),
        ("ref target=account", "one", None),
    ],
)
def test_kinds_take_their_options(pycrm: Run, words: str, given: str, kept: object) -> None:
    """Options of the kind are OPTION=VALUE, choices stand as they are, and the field works."""
    id = pycrm("create", "account", "name=one", "--json").data["id"]

    defined = pycrm("fields", "define", "account", "extra", *words.split())
    created = pycrm("create", "account", "name=x", *([f"custom.extra={given}"] if given else []), "--json")

    assert (defined.code, created.code) == (0, 0), defined.err + created.err
    assert created.data["custom.extra"] == (id if kept is None else kept)


def test_definition_is_told_as_json(pycrm: Run) -> None:
    """A program gets what was defined."""
    data = pycrm("fields", "define", "account", "key", "text", "max_length=20", "--unique", "--json").data

    assert {"entity": "account", "name": "custom.key", "kind": "text", "unique": True}.items() <= data.items()
    assert data["options"] == {"max_length": 20}


def test_unique_field_refuses_the_second(pycrm: Run) -> None:
    """What was asked for with --unique holds."""
    pycrm("fields", "define", "account", "key", "text", "--unique")
    pycrm("create", "account", "name=a", "custom.key=1")

    assert "[field.not_unique]" in pycrm("create", "account", "name=b", "custom.key=1").err


def test_list_can_be_written_out(pycrm: Run) -> None:
    """``fields ENTITY`` is short for ``fields list ENTITY``."""
    assert pycrm("fields", "account").out == pycrm("fields", "list", "account").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("fields", 2, "Usage:"),
        ("fields acount", 2, "did you mean 'account'"),
        ("fields define account", 2, "Missing argument"),
        ("fields define acount x text", 2, "did you mean 'account'"),
        ("fields define account x txt", 7, "did you mean 'text'"),
        ("fields define account x text max=3", 7, "does not take"),
        ("fields define account x text long", 2, "option=value"),
        ("fields define account x choice", 7, "at least one option"),
        ("fields define account x status", 7, "status"),
        ("fields define account x integer --default few", 4, "[integer.invalid]"),
        ("fields define account class text", 7, "class"),
        ("fields define account x text --label Region", 2, "zh=TEXT"),
        ("fields relabel account x", 2, "nothing to change"),
        ("fields relabel account x --label en=X", 2, "no custom field 'x'"),
        ("fields retire account x", 2, "no custom field 'x'"),
        ("fields retire account name", 2, "no custom field 'name'"),
        ("fields add-options account x a", 2, "no custom field 'x'"),
    ],
)
def test_slips_are_told(pycrm: Run, words: str, code: int, told: str) -> None:
    """Each slip has its exit code and a sentence, and no traceback."""
    done = pycrm(*words.split())

    assert done.code == code, done.err
    assert told in done.err + done.out
    assert "Traceback" not in done.err


def test_second_definition_is_refused(pycrm: Run) -> None:
    """A name is taken once; a retired field is to be revived."""
    pycrm("fields", "define", "account", "region", "text")
    again = pycrm("fields", "define", "account", "region", "text")
    pycrm("fields", "retire", "account", "region")
    retired = pycrm("fields", "define", "account", "region", "text")

    assert (again.code, retired.code) == (7, 7)
    assert "there already" in again.err
    assert "revive it" in retired.err


class TestConvert:
    @pytest.fixture
    def with_values(self, at: Run) -> Run:
        """A text field that holds a number and something else."""
        at("fields", "define", "account", "staff", "text", "--label", "en=Staff")
        for name, value in (("a", "42"), ("b", "many")):
            at("create", "account", f"name={name}", f"custom.staff={value}")
        return at

    def test_dry_run_changes_nothing(self, with_values: Run) -> None:
        """What would not fit is listed with the reason, and the field is what it was."""
        done = with_values("fields", "convert", "account", "staff", "integer")
        data = with_values("fields", "convert", "account", "staff", "integer", "--json").data

        assert done.code == 0
        assert "many" in done.lines[2]
        assert "[integer.invalid]" in done.lines[2]
        assert done.lines[-1] == "account.custom.staff to integer: 1 values fit, 1 do not; --apply does it"
        assert (data["applied"], data["converted"], data["misfit_count"]) == (False, 1, 1)
        assert with_values("show", "account", "a", "--json").data["custom.staff"] == "42"

    def test_applied_and_undone(self, with_values: Run) -> None:
        """Values are carried over, what was there stays readable, and one call takes it back."""
        applied = with_values("fields", "convert", "account", "staff", "integer", "--indexed", "--apply", "--progress")
        after = with_values("list", "account", "--where", "custom.staff>=40", "--columns", "name,custom.staff")
        undone = with_values("fields", "convert", "account", "staff", "--undo", "--apply")

        assert applied.lines[-1] == "what was there is kept in custom.staff_before; --undo takes it back"
        assert "records: 2 of 2" in applied.err
        assert after.lines[2].split() == ["a", "42"]
        assert undone.lines == ["account.custom.staff is text now: 2 values fit, 0 did not"]
        values = [with_values("show", "account", name, "--json").data["custom.staff"] for name in "ab"]
        assert values == ["42", "many"]

    def test_chinese(self, with_values: Run) -> None:
        """Report and reasons."""
        lines = with_values("fields", "convert", "account", "staff", "integer", "--lang", "zh").lines

        assert lines[0].split() == ["记录", "值", "问题"]
        assert "不是整数" in lines[2]
        assert lines[-1].startswith("account.custom.staff 改为 integer：1 个值可转换")

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            ("staff", 2, "new kind"),
            ("staff integer --undo", 2, "without one"),
            ("gone integer", 2, "no field 'custom.gone'"),
            ("staff ref target=account", 7, "not converted"),
            ("staff --undo", 7, "was not converted"),
        ],
    )
    def test_slips(self, with_values: Run, words: str, code: int, told: str) -> None:
        """What cannot be done is said."""
        done = with_values("fields", "convert", "account", *words.split())

        assert (done.code, told in done.err) == (code, True), done.err


def test_promoted_and_demoted(pycrm: Run) -> None:
    """A field gets columns of its own and loses them again; what is found stays the same."""
    pycrm("fields", "define", "account", "region", "text", "--indexed")
    pycrm("create", "account", "name=Elbe", "custom.region=north")

    told = pycrm("fields", "promote", "account", "region", "--json").data
    found = pycrm("list", "account", "--where", "custom.region=north", "--columns", "name").lines[2]
    demoted = pycrm("fields", "demote", "account", "custom.region").out
    assert told == {"entity": "account", "name": "custom.region", "promoted": True}
    assert (found, demoted) == ("Elbe", "demoted account.custom.region\n")
    assert pycrm("fields", "promote", "account", "gone").code == 2
