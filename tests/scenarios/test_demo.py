"""``pycrm demo``, as a newcomer runs it: a process in an empty folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests import command_server

from pycrm import discover

COMMAND = [sys.executable, "-c", "import sys; from pycrm.cli import main; sys.argv[0] = 'pycrm'; sys.exit(main())"]
SCENES = (
    "A CRM from nothing",
    "Custom fields",
    "A trading company",
    "Customers by market",
    "Pipeline by stage",
    "This week's tasks",
    "One customer",
    "Ten questions of a sales manager",
    "One list, three people",
    "A messy sheet in GBK",
    "Two people, one field",
    "Two people, different fields",
    "Bad values",
    "A move that its lifecycle does not know",
)
pytestmark = pytest.mark.slow

HAS_VISITS = any(plugin.name == "visits" for plugin in discover())


class Told(NamedTuple):
    """What the demo said, and the seconds of the processor that it took."""

    text: str
    seconds: float


def environment_of(**more: str) -> dict[str, str]:
    """Return an environment that names no database."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYCRM_URL"}
    path = os.pathsep.join(filter(None, sys.path))
    return inherited | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"} | more


def pycrm(folder: Path, *words: str, **environment: str) -> command_server.Done:
    """Run a command in *folder*."""
    return command_server.run(folder, words, environment_of(**environment))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder at first."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(folder: Path) -> Told:
    """The first run, by a process that a shell would make."""
    before = os.times().children_user
    done = subprocess.run(
        [*COMMAND, "demo"],
        cwd=folder,
        env=environment_of(),
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Told(done.stdout, os.times().children_user - before)


@pytest.fixture(scope="module")
def told(first: Told) -> str:
    """What it says."""
    return first.text


@pytest.fixture(scope="module")
def figures(folder: Path, told: str) -> Any:
    """What a second run in the same folder has to tell a program."""
    assert told
    done = pycrm(folder, "demo", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_scenes_come_in_order(told: str) -> None:
    """Every scene of the main job has its turn."""
    places = [told.find(f"{number}. {title}") for number, title in enumerate(SCENES, start=1)]

    assert -1 not in places
    assert places == sorted(places)


def test_company_is_loaded(figures: Any) -> None:
    """A few thousand records, in every stage and market."""
    records = figures["records"]
    assert records["account"] == 600
    assert sum(records.values()) > 4000
    assert sum(market["customers"] for market in figures["markets"].values()) == 600
    assert {"华东", "欧洲", "北美", "中东"} <= figures["markets"].keys()
    assert list(figures["pipeline"]) == ["Inquiry", "Sample", "Quotation", "Negotiation", "Won", "Lost"]
    assert sum(stage["opportunities"] for stage in figures["pipeline"].values()) == records["opportunity"]
    assert figures["week"]["open"] > 0


def test_visits_follow_the_plugin(figures: Any, told: str) -> None:
    """With the plugin there are visits; without it, how to get it is said."""
    assert figures["migrate"]["visits"] is HAS_VISITS
    assert ("visits.visit" in figures["records"]) is HAS_VISITS
    assert ("pip install pycrm-visits" in told) is not HAS_VISITS


def test_customer_has_history(figures: Any) -> None:
    """Talks and orders, and visits where there are any, newest first."""
    kinds = {event["what"] for event in figures["customer"]["events"]}

    assert "order" in kinds
    assert kinds & {"call", "email", "meeting", "note", "chat"}
    assert not HAS_VISITS or "visit" in kinds


def test_questions_show_filter_words_and_answer(figures: Any, told: str) -> None:
    """Ten of them; each has what a program asks, what that means, and something to find."""
    questions = figures["questions"]

    assert len(questions) == 10
    for question in questions:
        assert question["count"] > 0
        assert f"{question['question']}\n  {question['filter']}\n  {question['words']}\n" in told


def test_import_goes_in_and_out_again(figures: Any, told: str) -> None:
    """A sheet in GBK is read, mapped, planned, imported, proved and taken back, to the same digest."""
    act = figures["import"]
    assert act["encoding"] == "gb18030"
    assert act["columns"]["客户名称"] == "account.name"
    assert act["columns"]["手机"] == "contact.mobile"
    assert act["counts"] == {"rows": 6, "created": 3, "refused": 3}
    assert act["agrees"] is True
    assert act["digests"]["before"] == act["digests"]["after"] != act["digests"]["with"]
    assert "客户表.csv" in told
    assert act["undone"]["left"] == 0


def test_access_shows_what_each_may_see(figures: Any, told: str) -> None:
    """Three people get three answers to one question; a hidden field is refused in a sort, and why is told."""
    access = figures["access"]

    counts = access["counts"]
    assert 0 < counts["lin"] < counts["zhou"] < counts["ning"]
    assert access["refused"] in told
    assert access["refused"].startswith("UnknownNameError: account has no field 'annual_revenue'")
    assert access["why"]["allowed"] is False
    assert access["why"]["text"] in told


def test_conflict_names_both(figures: Any, told: str) -> None:
    """Field, both values, both people; changes of different fields stay both."""
    conflict = figures["conflict"]
    assert (conflict["field"], conflict["actor"], conflict["other_actor"]) == ("level", "lin", "zhou")
    assert conflict["ours"] != conflict["theirs"]
    assert figures["merge"]["industry"] == "wholesale, wide range"
    assert figures["merge"]["preferences"] == "电话联系请在上午"
    assert "ConflictError: account" in told


def test_bad_values_are_all_told(figures: Any, told: str) -> None:
    """Five fields, five problems."""
    fields = [problem["field"] for problem in figures["bad_value"]]

    assert sorted(fields) == ["annual_revenue", "birth_on", "custom.大区", "employee_count", "level"]
    assert "ValidationError: account: 5 problems" in told


def test_refused_move_lists_allowed(figures: Any, told: str) -> None:
    """A shipped order is completed or nothing."""
    assert figures["refused_move"]["allowed"] == ["complete"]
    assert "no move 'cancel' from shipped; allowed: complete" in told


def test_next_commands_work(folder: Path, figures: Any) -> None:
    """What is offered to try next runs in that folder."""
    assert len(figures["next"]) >= 6
    for program, *words in figures["next"]:
        done = pycrm(folder, *words)
        assert program == "pycrm"
        assert (done.returncode, done.stderr) == (0, ""), shlex.join(words)
        assert len(done.stdout.splitlines()) >= 1


def test_second_run_begins_anew(folder: Path, figures: Any) -> None:
    """The folder holds one company, however often the demo ran."""
    done = pycrm(folder, "list", "account", "--limit", "1")

    assert figures["records"]["account"] == 600
    assert "1 of 600 accounts" in done.stdout


def test_is_quick(first: Told) -> None:
    """Nobody waits for it longer than 15 seconds, however busy the machine."""
    assert first.seconds < 15


def test_environment_is_left_alone(tmp_path: Path) -> None:
    """The database that PYCRM_URL names is not the demo's; that it goes first is said."""
    done = pycrm(tmp_path, "demo", PYCRM_URL="sqlite:///precious.db")

    assert done.returncode == 0
    assert not (tmp_path / "precious.db").exists()
    assert "unset it" in done.stdout


def test_own_database_must_be_empty(tmp_path: Path, database_url: str) -> None:
    """It runs on a database of one's own, once."""
    first = pycrm(tmp_path, "demo", "--url", database_url, "--json")
    second = pycrm(tmp_path, "demo", "--url", database_url, "--json")

    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["records"]["account"] == 600
    assert second.returncode == 7
    assert "wants an empty database" in second.stderr
