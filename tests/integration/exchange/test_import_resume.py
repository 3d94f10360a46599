"""Going on with an import that was interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.imports import ACCOUNTS, MEI, contents, csv_file, mapping

from pycrm import CRM, Account, ImportRun, Principal
from pycrm.errors import ConfigurationError, ConflictError, NotFoundError
from pycrm.exchange.importing import ImportResult, Progress

ROWS = "No,Name,Country\n" + "".join(f"A{n % 17},name {n},{'XX' if n % 10 == 3 else 'CN'}\n" for n in range(60))


class Cut(Exception):
    """Cuts an import off, as a killed process would be, after a batch."""


def cut_after(rows: int) -> object:
    """Return what to watch an import by that ends it after so many rows."""

    def watch(progress: Progress) -> None:
        if progress.counts.rows >= rows:
            raise Cut

    return watch


def interrupted(crm: CRM, path: Path, rows: int) -> str:
    """Import *path* in batches of 7, cut off after so many rows, and return the number of the run."""
    with pytest.raises(Cut):
        crm.imports.run(MEI, path, mapping(ACCOUNTS), batch_size=7, on_progress=cut_after(rows))  # type: ignore[arg-type]
    with crm.reading_as(MEI) as ws:
        (run,) = ws.list(ImportRun)
    assert run.status == "running"
    return run.number


@pytest.mark.parametrize("rows", [7, 28, 56])
def test_nothing_lost_nothing_doubled(plain: CRM, tmp_path: Path, rows: int) -> None:
    """However far it came, in the end counts, proof and records are those of a run that nothing interrupted."""
    path = csv_file(tmp_path, ROWS)
    number = interrupted(plain, path, rows)

    result = plain.imports.resume(MEI, number)
    assert (result.status, result.counts.rows, result.agrees) == ("done", 60, True)
    assert [row.line for row in plain.imports.kept_rows(MEI, number) if row.outcome == "refused"] == [
        5,
        15,
        25,
        35,
        45,
        55,
    ]
    by_number = {each["number"]: each["name"] for each in contents(plain)["account"].values()}
    plain.imports.undo(MEI, number)
    whole = plain.imports.run(MEI, path, mapping(ACCOUNTS), batch_size=7)
    assert whole.counts == result.counts
    assert {each["number"]: each["name"] for each in contents(plain)["account"].values()} == by_number


def test_a_run_that_is_done(quick: CRM, tmp_path: Path) -> None:
    """Resuming what is done does nothing and tells it as it is."""
    result = quick.imports.run(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))

    assert quick.imports.resume(MEI, result.run) == result


def test_another_file(quick: CRM, tmp_path: Path) -> None:
    """A file that was changed since is refused: lines would mean other rows."""
    path = csv_file(tmp_path, ROWS)
    number = interrupted(quick, path, 7)
    path.write_text(ROWS + "more,x,CN\n")

    with pytest.raises(ConfigurationError, match=f"is not the file that {number} began with"):
        quick.imports.resume(MEI, number)


def test_a_file_that_moved(quick: CRM, tmp_path: Path) -> None:
    """The file may lie elsewhere by now."""
    path = csv_file(tmp_path, ROWS)
    number = interrupted(quick, path, 7)
    moved = path.rename(tmp_path / "moved.csv")

    assert quick.imports.resume(MEI, number, source=moved).counts.rows == 60


def test_undo_of_a_part(plain: CRM, tmp_path: Path) -> None:
    """What an interrupted import has done can be taken back as it is."""
    before = contents(plain)
    number = interrupted(plain, csv_file(tmp_path, ROWS), 28)

    plain.imports.undo(MEI, number)
    assert contents(plain) == before


def test_of_somebody_else(quick: CRM, tmp_path: Path) -> None:
    """Who may not read a run cannot go on with it, nor learn that there is one."""
    number = interrupted(quick, csv_file(tmp_path, ROWS), 7)

    with pytest.raises(NotFoundError):
        quick.imports.resume(Principal("li", roles={"marketing"}), number)


def test_two_at_once(plain: CRM, tmp_path: Path) -> None:
    """Where two go on with one run, each batch is applied once; the slower one is told."""
    path = csv_file(tmp_path, ROWS)
    number = interrupted(plain, path, 7)
    done: list[int] = []

    def other(progress: Progress) -> None:
        if not done:
            done.append(plain.imports.resume(MEI, number).counts.rows)

    with pytest.raises(ConflictError, match="somebody else"):
        plain.imports.resume(MEI, number, on_progress=other)
    assert done == [60]
    with plain.reading_as(MEI) as ws:
        assert ws.count(Account) == 17


def test_number_is_told_as_it_begins(plain: CRM, tmp_path: Path) -> None:
    """Whoever watches knows the run before its first row, and whatever ends it early names it."""
    path = csv_file(tmp_path, ROWS)
    begun: list[ImportResult] = []
    with pytest.raises(Cut) as ended:
        plain.imports.run(
            MEI,
            path,
            mapping(ACCOUNTS),
            batch_size=7,
            on_begin=begun.append,
            on_progress=cut_after(7),  # type: ignore[arg-type]
        )
    plain.imports.resume(MEI, begun[0].run, on_begin=begun.append)

    assert [(each.status, each.counts.rows) for each in begun] == [("running", 0), ("running", 7)]
    assert ended.value.__notes__[0].startswith(f"{begun[0].run} is not through: `resume` goes on")
