"""``pycrm archive`` and ``pycrm unarchive``."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cli.conftest import Run


def test_there_and_back(run: Run, folder: Path) -> None:
    """Everything goes into one file and comes out of it elsewhere; both tell how much it was."""
    run("init")
    run("create", "account", "name=海晨")

    written = run("archive", "shop.pycrm")
    loaded = run("unarchive", "shop.pycrm", "--url", "sqlite:///other.db", "--json")
    listed = run("list", "account", "--url", "sqlite:///other.db", "--json")

    assert written.code == loaded.code == 0
    assert written.out.endswith("rows and 0 files written to shop.pycrm\n")
    assert loaded.data["tables"]["account"] == 1
    assert [record["name"] for record in listed.data["records"]] == ["海晨"]


def test_refused(run: Run, folder: Path) -> None:
    """What is no archive, and a database that is not empty, are told with the cure and an exit code of their own."""
    run("init")
    run("archive", "shop.pycrm")
    (folder / "bad.pycrm").write_bytes((folder / "shop.pycrm").read_bytes()[:-1])

    full = run("unarchive", "shop.pycrm")
    bad = run("unarchive", "bad.pycrm", "--url", "sqlite:///other.db")
    missing = run("unarchive", "none.pycrm", "--url", "sqlite:///other.db", "--lang", "zh")

    assert [done.code for done in (full, bad, missing)] == [4, 4, 4]
    assert "give an empty one" in full.err
    assert "damaged" in bad.err
    assert "归档文件无法使用" in missing.err
    assert not (folder / "other.db").exists()
