from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.choices import ChoiceKind, Option
from pycrm.fields.field import Field
from pycrm.fields.status import StatusKind
from pycrm.fields.text import TextKind
from pycrm.schema.labels import Labels, languages_for
from pycrm.values.lifecycle import Lifecycle, Move, State

ZH = """
[entities]
visit = "拜访"
[fields.visit]
planned_at = "计划时间"
[fields.account]
last_visit_on = "上次拜访日期"
[options.visit.purpose]
demo = "演示"
[states.visit.status]
planned = "已计划"
[moves.visit.status]
finish = "完成"
[problems]
"visits.too_late" = "晚于 {limit}"
[common]
owner = "负责人"
"""

STATUS = Field(
    kind=StatusKind(Lifecycle(State("planned"), State("all_done"), Move("finish", "planned", "all_done"))),
    path="status",
)
PURPOSE = Field(kind=ChoiceKind(["demo", "first_talk", "华东 V1.2"]), path="purpose")


def text_field(path: str, **facts: object) -> Field:
    return Field(kind=TextKind(), path=path, **facts)  # type: ignore[arg-type]


@pytest.fixture
def write_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that makes a package with *text* as its labels in a language and returns the package's name."""

    def write(text: str, language: str = "zh") -> str:
        name = f"labelled_{abs(hash(tmp_path))}"
        (tmp_path / name / "labels").mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "labels" / f"{language}.toml").write_text(text, encoding="utf-8")
        (tmp_path / name / "labels" / "README.md").write_text("no labels")
        monkeypatch.syspath_prepend(tmp_path)
        sys.modules.pop(name, None)
        return name

    return write


@pytest.fixture
def labels(write_labels: Callable[..., str]) -> Labels:
    return Labels.of([(write_labels(ZH), "visits")])


def test_english_derives_from_names(labels: Labels) -> None:
    """Without any file, names become words."""
    status = STATUS.kind.lifecycle  # type: ignore[attr-defined]

    assert labels.entity("sales_order") == "Sales order"
    assert labels.field("account", text_field("visits.last_visit_on")) == "Last visit on"
    assert labels.state("visits.visit", STATUS, status.states["all_done"]) == "All done"
    assert labels.move("visits.visit", STATUS, status.moves["finish"]) == "Finish"


@pytest.mark.parametrize(("value", "label"), [("first_talk", "First talk"), ("华东 V1.2", "华东 V1.2"), ("A", "A")])
def test_option_label_of_value(value: str, label: str) -> None:
    """An option that is a name reads like one; any other value stands for itself."""
    assert Labels().option("visit", PURPOSE, Option(value)) == label


def test_plugin_names_gain_owner(labels: Labels) -> None:
    """A plugin's file names its own things without the plugin's name; they are found by the full one."""
    status = STATUS.kind.lifecycle  # type: ignore[attr-defined]

    assert labels.entity("visits.visit", "zh") == "拜访"
    assert labels.field("visits.visit", text_field("planned_at"), "zh") == "计划时间"
    assert labels.field("account", text_field("visits.last_visit_on"), "zh") == "上次拜访日期"
    assert labels.option("visits.visit", PURPOSE, Option("demo"), "zh") == "演示"
    assert labels.state("visits.visit", STATUS, status.states["planned"], "zh") == "已计划"
    assert labels.move("visits.visit", STATUS, status.moves["finish"], "zh") == "完成"


def test_common_fields_serve_all(labels: Labels) -> None:
    """A common label is used where the entity has none of its own."""
    assert labels.field("account", text_field("owner"), "zh") == "负责人"


def test_declared_label_wins(labels: Labels) -> None:
    """A label in the declaration is stronger than the file."""
    field = text_field("planned_at", label={"zh": "预定时间", "en": "Booked for"})

    assert labels.field("visits.visit", field, "zh") == "预定时间"
    assert labels.field("visits.visit", field) == "Booked for"


def test_missing_language_falls_back(labels: Labels) -> None:
    """A variant asks its language, an unknown language gets the English."""
    assert labels.entity("visits.visit", "zh-CN") == "拜访"
    assert labels.entity("visits.visit", "zh_Hans") == "拜访"
    assert labels.entity("visits.visit", "fr") == "Visit"
    assert labels.field("account", text_field("name", label={"en": "Firm"}), "fr") == "Firm"


@pytest.mark.parametrize(
    ("language", "chain"),
    [
        ("en", ["en"]),
        ("en-GB", ["en-GB", "en"]),
        ("zh", ["zh", "en"]),
        ("zh_CN", ["zh-CN", "zh", "en"]),
        ("zh-tw", ["zh-TW", "zh", "en"]),
        ("zh_hant", ["zh-Hant", "zh-TW", "zh", "en"]),
        ("zh-Hant-HK", ["zh-Hant-HK", "zh-Hant", "zh-TW", "zh", "en"]),
        ("zh-MO", ["zh-MO", "zh-TW", "zh", "en"]),
        ("zh-Hant-TW", ["zh-Hant-TW", "zh-Hant", "zh-TW", "zh", "en"]),
        ("zh-Hans-HK", ["zh-Hans-HK", "zh-Hans", "zh", "en"]),
        ("pt-BR", ["pt-BR", "pt", "en"]),
    ],
)
def test_languages_that_stand_for_one(language: str, chain: list[str]) -> None:
    """A variant asks the language that it is one of; Traditional Chinese of any place that of Taiwan first."""
    assert list(languages_for(language)) == chain


def test_variant_has_labels_of_its_own(write_labels: Callable[..., str]) -> None:
    """Taiwan's labels come first where it has them, then the Chinese ones, then the English."""
    package = write_labels(ZH)
    write_labels('[entities]\nvisit = "拜訪"', "zh_TW")
    labels = Labels.of([(package, "visits")])

    assert [labels.entity("visits.visit", each) for each in ("zh-TW", "zh_HK", "zh-CN")] == ["拜訪", "拜訪", "拜访"]
    assert labels.field("visits.visit", text_field("planned_at"), "zh-TW") == "计划时间"
    assert labels.field("visits.visit", text_field("ended_at"), "zh-TW") == "Ended at"
    assert labels.languages == ("en", "zh", "zh-TW")


def test_english_may_be_written_down(write_labels: Callable[..., str]) -> None:
    """Where a name does not tell the English label a file does; other languages fall back on it."""
    labels = Labels.of([(write_labels('[fields.product]\nhs_code = "HS code"', "en"), "")])

    assert labels.field("product", text_field("hs_code")) == "HS code"
    assert labels.field("product", text_field("hs_code"), "fr") == "HS code"


def test_problem_fills_facts(labels: Labels) -> None:
    """A problem's sentence is filled with its facts in every language."""
    problem = Problem("visits.too_late", message="is after {limit}", limit="18:00")

    assert labels.problem(problem, "zh") == "晚于 18:00"
    assert labels.problem(problem) == "is after 18:00"


def test_package_without_labels() -> None:
    """A package need not have labels."""
    assert Labels.of([("json", "")]).texts == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[entities", "no readable label file"),
        ("[entitys]\nvisit = '拜访'", r"unknown section \[entitys\]"),
        ("[fields]\nname = '名称'", "no label"),
        ("[entities]\nvisit = 1", "no label"),
    ],
)
def test_bad_file_is_named(write_labels: Callable[..., str], text: str, complaint: str) -> None:
    """A file that cannot be labels is refused with its path and the reason."""
    package = write_labels(text)

    with pytest.raises(ConfigurationError, match=rf"zh\.toml.*{complaint}"):
        Labels.of([(package, "visits")])
