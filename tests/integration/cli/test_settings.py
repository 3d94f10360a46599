"""``config``, ``completion``, the language, help and progress."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.cli.conftest import Run


def test_config_tells_who_says_what(pycrm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each value stands beside the place that says it."""
    monkeypatch.setenv("PYCRM_AS", "mei")

    table = pycrm("config", "--lang", "en")
    data = pycrm("config", "show", "--json").data

    rows = {line.split()[0]: line.split() for line in table.lines[2:]}
    assert rows["url"][1:3] == ["sqlite:///crm.db", "pycrm.toml"]
    assert rows["as"][1:3] == ["mei", "PYCRM_AS"]
    assert rows["language"][1:3] == ["en", "--lang"]
    assert data["schema"] == {"value": None, "from": ""}


def test_config_hides_passwords(run: Run) -> None:
    """Neither the table nor the JSON shows one, and no database is opened."""
    for words in (["config"], ["config", "--json"]):
        done = run(*words, "--url", "postgresql://mei:secret@127.0.0.1:1/crm")

        assert done.code == 0
        assert "secret" not in done.out
        assert "mei:***@" in done.out


def test_acting_user_comes_from_file(pycrm: Run, folder: Path) -> None:
    """``as`` in pycrm.toml counts where the option and the variable say nothing."""
    with (folder / "pycrm.toml").open("a") as file:
        file.write('as = "mei"\n')

    pycrm("create", "account", "name=a")

    assert pycrm("list", "account", "--columns", "created_by").lines[2] == "mei"


@pytest.mark.parametrize("place", ["option", "variable", "file", "locale"])
def test_language_by_every_way(pycrm: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Option, variable, pycrm.toml and the locale."""
    words = ["entities"]
    match place:
        case "option":
            words += ["--lang", "zh"]
        case "variable":
            monkeypatch.setenv("PYCRM_LANG", "zh-CN")
        case "file":
            with (folder / "pycrm.toml").open("a") as file:
                file.write('language = "zh"\n')
        case "locale":
            monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")

    assert pycrm(*words).lines[0].startswith("对象")


def test_wrong_language_is_told(pycrm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In English, since no other was understood."""
    monkeypatch.setenv("PYCRM_LANG", "fr")

    done = pycrm("entities")

    assert done.code == 7
    assert "error: PYCRM_LANG asks for the language 'fr'" in done.err


def test_errors_are_introduced_in_chinese(run: Run) -> None:
    """What it means comes first, the cure follows as the kernel says it."""
    done = run("list", "account", "--lang", "zh")

    assert done.code == 7
    assert done.err.splitlines()[0] == "错误：设置或定义有误"
    assert "pycrm init" in done.err


@pytest.mark.parametrize(
    "words", ["--lang zh --help", "list --lang zh --help", "fields --lang zh -h", "--lang zh fields define -h"]
)
def test_help_is_in_chinese(run: Run, words: str) -> None:
    """Of commands, groups and their options."""
    done = run(*words.split())

    assert done.code == 0
    assert "用法：" in done.out
    assert "选项：" in done.out
    assert "显示本说明后退出" in done.out
    assert "Usage:" not in done.out
    assert "Show" not in done.out


def test_help_lists_commands(run: Run) -> None:
    """Each with a line, in the user's language."""
    english, chinese = run("--help").out, run("--lang", "zh", "--help").out

    assert "Look the database over" in english
    assert "检查数据库" in chinese
    assert all(f"\n  {name} " in english for name in ("init", "fields", "doctor", "shell", "completion"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_script(run: Run, shell: str) -> None:
    """One per shell, for the name `pycrm`."""
    done = run("completion", shell)

    assert done.code == 0
    assert "_PYCRM_COMPLETE" in done.out
    assert run("completion", "tcsh").code == 2


def test_progress_is_shown_on_wish(run: Run) -> None:
    """Rate and time left go to standard error, never into the answer."""
    shown = run("demo", "--json", "--progress")
    hidden = run("demo", "--json")

    assert shown.data["records"] == hidden.data["records"]
    total = sum(shown.data["records"].values())
    assert f"records: {total:,} of {total:,}" in shown.err
    assert "per second" in shown.err
    assert hidden.err == ""


def test_demo_speaks_chinese(run: Run) -> None:
    """Titles, heads and what follows."""
    done = run("demo", "--lang", "zh")

    assert "1. 从零开始的 CRM" in done.out
    assert "各阶段的销售管道" in done.out
    assert "接下来可在此文件夹中试试" in done.out
