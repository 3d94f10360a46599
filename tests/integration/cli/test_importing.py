"""``pycrm import``: proposing, planning, running, going on, telling and taking back, for people and for programs."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.imports import ACCOUNTS
from tests.integration.cli.conftest import Done, Run

from pycrm.cli.importing import _Watch

RUN = "IMP-2026-0001"
FIRMS = "No,Name,Country\nF-1,Isar Handel GmbH,DE\nF-2,Nowhere Ltd,XX\nF-3,海晨贸易,CN\n"
GOOD = "No,Name,Country\nF-1,Isar Handel GmbH,DE\nF-3,海晨贸易,CN\n"


@pytest.fixture
def firms(pycrm: Run, folder: Path) -> Run:
    """`pycrm` beside ``firms.csv`` of which one row is refused, ``good.csv`` and the mapping ``m.toml``."""
    (folder / "firms.csv").write_text(FIRMS)
    (folder / "good.csv").write_text(GOOD)
    (folder / "m.toml").write_text(ACCOUNTS)
    return pycrm


def bring(run: Run, source: str = "good.csv", *more: str) -> tuple[Done, str]:
    """Import *source*, and return how that ended and the number of the run."""
    done = run("import", "run", source, "--mapping", "m.toml", *more)
    return done, last_run(run)


def last_run(run: Run) -> str:
    """Return the number of the run that began last."""
    runs = run("list", "import_run", "--columns", "number", "--order-by", "number DESC", "--json").data
    records = runs["records"] if isinstance(runs, dict) else runs
    return str(records[0]["number"])


def fact(done: Done, name: str) -> str:
    """Return what a text tells of *name* in its two columns."""
    return next(line.partition(" ")[2].strip() for line in done.lines if line.startswith(f"{name} "))


def rows_of(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


class TestSuggest:
    """``import suggest``."""

    def test_text(self, firms: Run, folder: Path) -> None:
        """Each column with its field, and a mapping that runs as it is."""
        done = firms("import", "suggest", "good.csv", "--entity", "account", "--to", "found.toml")

        assert done.code == 0
        assert "account.country" in done.out
        assert done.lines[-1].startswith("the mapping is in found.toml")
        assert firms("import", "run", "good.csv", "--mapping", "found.toml").code == 0

    def test_json(self, firms: Run) -> None:
        """Programs get columns and the mapping."""
        done = firms("import", "suggest", "good.csv", "--entity", "account", "--json")

        assert done.code == 0
        assert [each["column"] for each in done.data["columns"]] == ["No", "Name", "Country"]
        assert 'entity = "account"' in done.data["mapping"]
        assert done.data["without_key"] == []

    def test_currency_that_is_none(self, firms: Run) -> None:
        """A slip is told, not written into the mapping."""
        done = firms("import", "suggest", "good.csv", "--currency", "XXXX")

        assert done.code == 4
        assert "'XXXX' is no active currency" in done.err


class TestPlan:
    """``import plan``."""

    def test_text(self, firms: Run) -> None:
        """Counts and refused rows; nothing is changed."""
        done = firms("import", "plan", "firms.csv", "--mapping", "m.toml")

        assert done.code == 0
        assert (fact(done, "rows"), fact(done, "created"), fact(done, "refused")) == ("3", "2", "1")
        assert "is no code of a country" in done.out
        assert done.lines[-1] == "nothing was changed"
        assert firms("count", "account").lines == ["0"]

    def test_json(self, firms: Run) -> None:
        """Programs get the plan."""
        done = firms("import", "plan", "firms.csv", "--mapping", "m.toml", "--json")

        assert (done.code, done.data["counts"]["refused"]) == (0, 1)

    def test_against_the_file_that_it_replaces(self, firms: Run) -> None:
        """The earlier plan is read before the new one takes its place."""
        words = ("import", "plan", "firms.csv", "--mapping", "m.toml", "--to", "plan.json")
        firms(*words)
        firms("import", "run", "good.csv", "--mapping", "m.toml")

        assert "since the earlier plan:" in firms(*words, "--against", "plan.json").out
        assert "no difference to the earlier plan" in firms(*words, "--against", "plan.json").out

    def test_run_of_a_plan(self, firms: Run) -> None:
        """It says all of how to read itself."""
        firms("import", "plan", "good.csv", "--mapping", "m.toml", "--to", "plan.json")

        assert firms("import", "run", "good.csv", "--plan", "plan.json", "--header-row", "1").code == 2
        assert firms("import", "run", "firms.csv", "--plan", "plan.json").code == 7
        assert firms("import", "run", "good.csv", "--plan", "plan.json").code == 0


class TestRun:
    """``import run``."""

    def test_text(self, firms: Run) -> None:
        """Counts, proof and refused rows."""
        done, number = bring(firms, "firms.csv")

        assert done.code == 4
        assert (fact(done, "run"), fact(done, "status")) == (number, "done")
        assert (fact(done, "rows"), fact(done, "created"), fact(done, "refused")) == ("3", "2", "1")
        assert ["3", "Country", "XX"] in [line.split()[:3] for line in done.lines]

    def test_json(self, firms: Run) -> None:
        """Programs get the same."""
        done = firms("import", "run", "good.csv", "--mapping", "m.toml", "--json")

        assert done.code == 0
        assert set(done.data) == {
            *("run", "rows", "created", "updated", "skipped", "refused", "queued"),
            *("encoding", "seconds", "status", "agrees", "as_planned", "proof", "left"),
        }
        assert (done.data["created"], done.data["agrees"], done.data["left"]) == (2, True, [])

    def test_refused_rows(self, firms: Run, folder: Path) -> None:
        """They are given back with the reason, to be mended and fed again."""
        done, _ = bring(firms, "firms.csv", "--refused", "back.csv")

        assert done.code == 4
        assert done.lines[-1] == "the refused rows are in back.csv"
        assert rows_of(folder / "back.csv")[1][:5] == ["F-2", "Nowhere Ltd", "XX", "3", "refused"]

    def test_older_file_of_refused_rows(self, firms: Run, folder: Path) -> None:
        """It does not stay where nothing is refused, to be taken for that of this run."""
        bring(firms, "firms.csv", "--refused", "back.csv")

        done, _ = bring(firms, "good.csv", "--refused", "back.csv")

        assert done.code == 0
        assert "back.csv" not in done.out
        assert [row[:3] for row in rows_of(folder / "back.csv")] == [["No", "Name", "Country"]]

    def test_without_mapping(self, firms: Run) -> None:
        """It is said how to get one."""
        assert "--mapping FILE" in firms("import", "run", "good.csv").err
        assert firms("import", "run", "good.csv").code == 2
        assert firms("import", "run", "good.csv", "--mapping", "none.toml").code == 2

    def test_huge_value(self, firms: Run, folder: Path) -> None:
        """Of a cell of megabytes the beginning is shown; the row that is given back has it whole."""
        huge = "X" * 2_000_000
        (folder / "huge.csv").write_text(f"No,Name,Country\nF-1,a,{huge}\n")

        done, number = bring(firms, "huge.csv")
        report = firms("import", "report", number, "--json", "--refused", "back.csv")
        planned = firms("import", "plan", "huge.csv", "--mapping", "m.toml", "--json")

        assert len(done.out) < 5_000
        assert len(firms("import", "report", number).out) < 5_000
        assert "XXX…" in done.out
        (row,) = report.data["kept_rows"]
        assert row["cells"] == ["F-1", "a", huge]
        assert len(json.dumps(row["problems"])) < 5_000
        assert len(planned.out) < 10_000
        csv.field_size_limit(4_000_000)
        assert rows_of(folder / "back.csv")[1][2] == huge

    def test_rows_that_wait_for_a_decision(self, firms: Run, folder: Path) -> None:
        """They are no plain skipped ones."""
        bring(firms)
        (folder / "m.toml").write_text(ACCOUNTS.replace('by = ["number"]', 'by = ["number"]\non_match = "queue"'))
        (folder / "good.csv").write_text(GOOD.replace("Isar", "Inn"))

        done, number = bring(firms)
        report = firms("import", "report", number, "--skipped")

        assert (fact(done, "skipped"), fact(done, "undecided")) == ("2", "2")
        assert f"2 of the skipped rows wait for a decision; `pycrm import report {number} --skipped`" in done.out
        assert "somebody has to decide" in report.out
        assert firms("import", "report", number, "--json").data["queued"] == 2

    def test_values_set_aside(self, firms: Run, folder: Path) -> None:
        """Values that the mapping leaves out are told by field and reason in the plan, the run and its report."""
        empty = 'country = { column = "Country", on_problem = "empty" }'
        (folder / "m.toml").write_text(ACCOUNTS.replace('country = "Country"', empty))

        planned = firms("import", "plan", "firms.csv", "--mapping", "m.toml")
        done, run = bring(firms, "firms.csv")
        reported = firms("import", "report", run)

        for told in (planned, done, reported):
            assert "rows went in without these values:" in told.lines
            assert re.search(r"^Country +account\.country +1 +XX +is no code of a country", told.out, re.MULTILINE)
        (aside,) = firms("import", "report", run, "--json").data["proof"]["set_aside"]
        assert (aside["field"], aside["count"], aside["examples"][0]["facts"]["line"]) == ("country", 1, 3)

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--header-row", "-1"), "--header-row"),
            (("--query", "SELECT 1"), "--query goes with the URL of a database"),
        ],
    )
    def test_reading_that_makes_no_sense(self, firms: Run, words: tuple[str, ...], told: str) -> None:
        """It is refused, not left aside."""
        done = firms("import", "run", "good.csv", "--mapping", "m.toml", *words)

        assert done.code == 2
        assert told in done.err
        assert firms("count", "import_run").lines == ["0"]

    def test_mapping_that_names_a_line_before_the_first(self, firms: Run, folder: Path) -> None:
        """Nor in the file of a mapping."""
        (folder / "m.toml").write_text(f"{ACCOUNTS}\n[reading]\nheader_row = -1\n")

        done = firms("import", "run", "good.csv", "--mapping", "m.toml")

        assert done.code == 10
        assert "header_row=-1 is no line" in done.err


class TestFiles:
    """What is written replaces nothing that is read, and is known to be writable before anything is done."""

    @pytest.mark.parametrize("name", ["firms.csv", "./firms.csv", "link.csv", "hard.csv", "m.toml", "crm.db"])
    def test_refused_rows_replace_nothing_that_is_read(self, firms: Run, folder: Path, name: str) -> None:
        """Neither the source nor the mapping nor the database, under another name either."""
        (folder / "link.csv").symlink_to("firms.csv")
        os.link(folder / "firms.csv", folder / "hard.csv")

        done = firms("import", "run", "firms.csv", "--mapping", "m.toml", "--refused", name)

        assert done.code == 2
        assert f"--refused {Path(name)} would replace what is read from" in done.err
        assert (folder / "firms.csv").read_text() == FIRMS
        assert firms("count", "import_run").lines == ["0"]

    def test_in_the_folder_that_is_read(self, firms: Run, folder: Path) -> None:
        """There every file is a table."""
        (folder / "all").mkdir()
        (folder / "all" / "firms.csv").write_text(FIRMS)

        done = firms("import", "run", "all", "--mapping", "m.toml", "--refused", "all/back.csv")

        assert done.code == 2
        assert not (folder / "all" / "back.csv").exists()

    def test_report_and_resume(self, firms: Run, folder: Path) -> None:
        """These know the source by the run."""
        _, number = bring(firms, "firms.csv")

        report = firms("import", "report", number, "--refused", "firms.csv")
        resumed = firms("import", "resume", number, "--refused", "firms.csv")

        assert (report.code, resumed.code) == (7, 7)
        assert "belongs to what the rows were read from" in report.err
        assert fact(resumed, "refused") == "1"
        assert (folder / "firms.csv").read_text() == FIRMS

    @pytest.mark.parametrize(
        "words",
        [
            ("suggest", "good.csv", "--to"),
            ("plan", "good.csv", "--mapping", "m.toml", "--to"),
            ("run", "good.csv", "--mapping", "m.toml", "--refused"),
            ("report", RUN, "--refused"),
        ],
    )
    def test_folder_that_is_not_there(self, firms: Run, folder: Path, words: tuple[str, ...]) -> None:
        """It is told before anything is done."""
        done = firms("import", *words, str(folder / "none" / "file"))

        assert done.code == 2
        assert f"cannot be written: there is no folder {folder / 'none'}" in done.err
        assert firms("count", "import_run").lines == ["0"]

    @pytest.mark.parametrize("name", ["good.csv", "m.toml"])
    def test_plan_replaces_nothing_that_is_read(self, firms: Run, folder: Path, name: str) -> None:
        """Nor does the mapping that is proposed."""
        assert firms("import", "plan", "good.csv", "--mapping", "m.toml", "--to", name).code == 2
        assert firms("import", "suggest", "good.csv", "--to", "good.csv").code == 2
        assert (folder / "good.csv").read_text() == GOOD

    def test_file_that_cannot_be_written_any_more(
        self, firms: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        """What was imported is told all the same, and where else the rows can be written."""

        def fail(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pycrm.exchange.importing.imports.write_rows_back", fail)

        done, number = bring(firms, "firms.csv", "--refused", "back.csv")

        assert fact(done, "created") == "2"
        assert f"No space left on device; `pycrm import report {number} --refused FILE`" in done.err


class TestExitCodes:
    """What cannot be read is no unexpected error, and none of values."""

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("none.csv", None, ()),
            ("a.csv", b"", ()),
            ("a.csv", b'No,Name,Country\nF-1,"a,DE\n', ()),
            ("a.csv", GOOD.encode(), ("--encoding", "klingon")),
            ("a.csv", GOOD.encode(), ("--header-row", "9")),
            ("a.csv", GOOD.encode(), ("--format", "klingon")),
            ("a.xlsx", b"PK\x03\x04 and no more", ()),
        ],
    )
    def test_source(self, firms: Run, folder: Path, name: str, content: bytes | None, words: tuple[str, ...]) -> None:
        """A file that cannot be read."""
        if content is not None:
            (folder / name).write_bytes(content)

        for command in ("plan", "run"):
            done = firms("import", command, name, "--mapping", "m.toml", *words)

            assert done.code == 10
            assert "unexpected" not in done.err

    @pytest.mark.parametrize(
        ("old", "new"),
        [("by =", "bye ="), ('"account"', '"accuont"'), ('"Country"', '"Land"'), ("version = 1", "version = ")],
    )
    def test_mapping(self, firms: Run, folder: Path, old: str, new: str) -> None:
        """A mapping that cannot be used."""
        (folder / "m.toml").write_text(ACCOUNTS.replace(old, new))

        done = firms("import", "run", "good.csv", "--mapping", "m.toml")

        assert done.code == 10
        assert "unexpected" not in done.err
        assert firms("count", "import_run").lines == ["0"]

    def test_unknown_run(self, firms: Run) -> None:
        """There is no such record."""
        assert [firms("import", word, "IMP-1999-0001").code for word in ("resume", "undo", "report")] == [3, 3, 3]


class TestEndedEarly:
    """A run that ends before its last row is named, with the way on and the way back."""

    def test_source_that_cannot_be_read_any_further(self, firms: Run, folder: Path) -> None:
        """What was imported before is in."""
        rows = "".join(f"F-{n},firm {n},DE\n" for n in range(2_000))
        (folder / "open.csv").write_text(f'No,Name,Country\n{rows}F-99,"open,DE\n')

        done, number = bring(firms, "open.csv", "--batch-size", "500")

        assert done.code == 10
        assert "a quote that is opened" in done.err
        assert f"{number} stopped, rows done: 1,500; `pycrm import resume {number}` goes on behind them" in done.err
        assert firms("count", "account").lines == ["1500"]
        assert firms("import", "undo", number).code == 0
        assert firms("count", "account").lines == ["0"]

    def test_interrupted(self, firms: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C says so too, and what is left goes in later."""
        with monkeypatch.context() as patched:
            progress = _Watch.progress

            def interrupt(watch: _Watch, done: Any) -> None:
                progress(watch, done)
                raise KeyboardInterrupt

            patched.setattr(_Watch, "progress", interrupt)
            done, number = bring(firms, "firms.csv", "--batch-size", "1")

        assert done.code == 130
        assert f"{number} stopped, rows done: 1;" in done.err
        assert fact(firms("import", "report", number), "status") == "running"
        resumed = firms("import", "resume", number)
        assert (resumed.code, fact(resumed, "rows"), fact(resumed, "status")) == (4, "3", "done")
        assert firms("import", "resume", number, "--json").data["rows"] == 3

    def test_before_there_is_a_run(self, firms: Run) -> None:
        """Nothing stopped that never began."""
        assert "stopped" not in firms("import", "run", "none.csv", "--mapping", "m.toml").err


class TestProgress:
    """How far it is."""

    def test_time_left_by_lines(self, firms: Run, folder: Path) -> None:
        """Nobody counted the rows, but the lines of a text are counted fast."""
        rows = "".join(f"F-{n},firm {n},DE\n" for n in range(40))
        (folder / "many.csv").write_text(f"No,Name,Country\n{rows}")

        done, _ = bring(firms, "many.csv", "--batch-size", "10", "--progress")

        lines = [line for line in done.err.splitlines() if line.startswith("rows: ")]
        assert lines[0] == "rows: 0"
        assert lines[-1].startswith("rows: 40, ")
        assert lines[-1].endswith(" per second, 0:00 left")
        assert " of " not in done.err

    def test_without_lines(self, firms: Run, folder: Path) -> None:
        """Of other sources nobody knows how much is left, and nobody says so."""
        (folder / "some.jsonl").write_text('{"No": "F-1", "Name": "a", "Country": "DE"}\n')

        done, _ = bring(firms, "some.jsonl", "--progress")

        assert done.err.splitlines()[-1].startswith("rows: 1, ")
        assert "left" not in done.err


class TestReport:
    """``import report``."""

    def test_text(self, firms: Run) -> None:
        """What the run itself has told."""
        done, number = bring(firms, "firms.csv")

        report = firms("import", "report", number)

        assert report.code == 0
        assert report.out == done.out

    def test_json(self, firms: Run) -> None:
        """And each refused row."""
        _, number = bring(firms, "firms.csv")

        report = firms("import", "report", number, "--json")

        assert report.code == 0
        assert [(row["line"], row["outcome"]) for row in report.data["kept_rows"]] == [(3, "refused")]

    def test_skipped_rows(self, firms: Run, folder: Path) -> None:
        """On request with the record that they hit."""
        bring(firms)
        _, number = bring(firms)

        report = firms("import", "report", number, "--skipped", "--refused", "back.csv")
        chinese = firms("import", "report", number, "--skipped", "--lang", "zh")

        place = report.lines.index("skipped:")
        assert report.lines[place + 1].split() == ["Line", "Record", "Reason"]
        assert "2  account F-1 Isar Handel GmbH (" in report.out
        assert report.lines[place + 3].endswith("is so already")
        assert "skipped:" not in firms("import", "report", number).out
        assert "被跳过：" in chinese.lines
        assert [row[4] for row in rows_of(folder / "back.csv")[1:]] == ["skipped", "skipped"]

    def test_many_skipped_rows(self, firms: Run, folder: Path) -> None:
        """The first are shown, the others counted."""
        rows = "".join(f"F-{n},firm {n},DE\n" for n in range(25))
        (folder / "many.csv").write_text(f"No,Name,Country\n{rows}")
        bring(firms, "many.csv")
        _, number = bring(firms, "many.csv")

        assert firms("import", "report", number, "--skipped").lines[-1] == "and 5 more"

    def test_refused_rows_of_a_database(self, firms: Run, folder: Path) -> None:
        """It did not begin with a file: it is said what to give, and that is enough."""
        with sqlite3.connect(folder / "old.db") as old:
            old.execute("CREATE TABLE firm (No, Name, Country)")
            old.execute("INSERT INTO firm VALUES ('F-1', 'a', 'XX')")
        old.close()
        url, query = "sqlite:///old.db", "SELECT * FROM firm"
        done, number = bring(firms, url, "--query", query)

        without = firms("import", "report", number, "--refused", "back.csv")
        replaced = firms("import", "report", number, "--refused", "old.db", "--source", url)
        told = firms("import", "report", number, "--refused", "back.csv", "--source", url)

        assert done.code == 4
        assert without.code == 7
        assert "on the command line as --source" in without.err
        assert url in without.err
        assert replaced.code == 2
        assert told.code == 0
        assert rows_of(folder / "back.csv")[1][:3] == ["F-1", "a", "XX"]


class TestUndo:
    """``import undo``."""

    def test_text(self, firms: Run) -> None:
        """What it did."""
        _, number = bring(firms)

        done = firms("import", "undo", number)

        assert (done.code, done.lines) == (0, [f"{number} is taken back: 2 removed, 0 put back"])
        assert firms("count", "account").lines == ["0"]
        assert firms("import", "resume", number).code == 7

    def test_json(self, firms: Run) -> None:
        """For programs."""
        _, number = bring(firms)

        done = firms("import", "undo", number, "--json")

        assert done.code == 0
        assert done.data == {"run": number, "removed": 2, "restored": 0, "left": []}

    def test_left(self, firms: Run, folder: Path) -> None:
        """A record that others changed since is called by its name, with what was changed and by whom."""
        _, created = bring(firms)
        (folder / "good.csv").write_text(GOOD.replace("Isar", "Inn"))
        _, updated = bring(firms)
        firms("update", "account", "F-1", "name=Mine", "--as", "mei")

        first = firms("import", "undo", updated)
        second = firms("import", "undo", created)

        assert (first.code, second.code) == (4, 4)
        assert first.lines[:2] == [f"{updated} is taken back: 0 removed, 0 put back", "left as they are:"]
        assert "account F-1 Mine (" in first.out
        assert "name   was changed by mei since" in first.out
        assert second.lines[0] == f"{created} is taken back: 1 removed, 0 put back"
        assert "account F-1 Mine (" in second.out
        assert "name" in second.lines[-1]

    def test_left_is_told_again(self, firms: Run) -> None:
        """By the report, and by another undoing."""
        _, number = bring(firms)
        firms("update", "account", "F-1", "name=Mine", "--as", "mei")
        first = firms("import", "undo", number, "--json")

        again = firms("import", "undo", number)
        report = firms("import", "report", number)

        assert first.code == 4
        assert again.code == 4
        assert again.lines[0] == f"{number} is taken back: 0 removed, 0 put back"
        assert report.code == 0
        assert fact(report, "status") == "undone"
        assert again.lines[1:] == report.lines[-len(again.lines[1:]) :]
        assert "was changed by mei since" in report.out
        assert firms("import", "report", number, "--json").data["left"] == first.data["left"]

    def test_left_of_one_that_is_gone(self, firms: Run) -> None:
        """What is out of reach by then has its id for a name."""
        _, number = bring(firms)
        firms("update", "account", "F-1", "name=Mine")
        firms("import", "undo", number)
        firms("shell", "-c", "with acting() as ws: ws.delete(ws.find(Account, number='F-1'))")

        report = firms("import", "report", number)

        assert firms("count", "account").lines == ["0"]
        assert re.search(r"^account \([0-9a-f-]{36}\)  name ", report.out, re.MULTILINE)

    def test_referred_to(self, firms: Run) -> None:
        """So is one that something else refers to by now."""
        _, number = bring(firms)
        firms("create", "account", "name=daughter", "parent=F-1")

        done = firms("import", "undo", number, "--lang", "zh")

        assert done.code == 4
        assert done.lines[1] == "保持原样的："
        assert "account F-1 Isar Handel GmbH (" in done.out
