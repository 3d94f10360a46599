"""``shell``: Python on the CRM, as a prompt and for scripts."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Run

RUN = "import sys; from pycrm.cli import main; sys.exit(main())"


def test_names_are_there(pycrm: Run) -> None:
    """The CRM, the acting user, the doors, the promised names and every entity's class."""
    done = pycrm(
        *("--as", "mei", "shell", "-c"),
        "print(crm.parked, me.user, Account.__name__, CustomField.__name__, F.name, Money('1', 'USD'), field.text())",
    )

    assert done.code == 0, done.err
    assert done.out.startswith("{} mei Account CustomField")


def test_script_writes_as_user(pycrm: Run) -> None:
    """A script on standard input acts as the user of --as; each block is one unit of work."""
    script = """
with acting() as ws:
    ws.create(Account(name="青岛海晨贸易有限公司"))
try:
    with acting() as ws:
        ws.create(Account(name="undone"))
        raise KeyError
except KeyError:
    pass
with reading() as ws:
    print([(each.name, each.created_by.record.key) for each in ws.list(Account, include="created_by")])
"""
    done = pycrm("shell", "--as", "mei", stdin=script)

    assert done.code == 0, done.err
    assert done.out == "[('青岛海晨贸易有限公司', 'mei')]\n"


@pytest.mark.parametrize(
    ("code", "exit_code", "told"),
    [
        ("with reading() as ws: ws.get(Account, me.user)", 3, "no account"),
        ("with acting() as ws: ws.create(Account(name=3))", 4, "account.name"),
        ("1 / 0", 1, "unexpected ZeroDivisionError"),
        ("with:", 1, "unexpected SyntaxError"),
    ],
)
def test_errors_end_as_everywhere(pycrm: Run, code: str, exit_code: int, told: str) -> None:
    """A script's errors have the exit codes of the other commands."""
    done = pycrm("shell", "-c", code)

    assert done.code == exit_code
    assert told in done.err
    assert "Traceback" not in done.err


def test_script_chooses_its_exit_code(pycrm: Run) -> None:
    """``SystemExit`` passes as it is."""
    with pytest.raises(SystemExit) as ended:
        pycrm("shell", "-c", "raise SystemExit(5)")

    assert ended.value.code == 5


def test_prompt_answers(pycrm: Run, folder: Path) -> None:
    """On a terminal a prompt greets with the database and the user, and evaluates what is typed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TERM": "dumb"}
    with subprocess.Popen(
        [sys.executable, "-c", RUN, "shell", "--plain"],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        os.close(theirs)
        os.write(ours, b"print('found', Account.__name__, 6 * 7)\nexit()\n")
        out, _ = process.communicate(timeout=60)
    os.close(ours)

    assert process.returncode == 0, out
    assert "sqlite:///crm.db" in out
    assert "as cli" in out
    assert "found Account 42" in out


def test_ipython_is_used_where_it_is_there(
    pycrm: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gets the same names; --plain passes it over. Here a module of its name stands for it."""
    (tmp_path / "IPython.py").write_text(
        "def start_ipython(argv, user_ns): print('ipython', user_ns['Account'].__name__)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    from pycrm.cli.shell import _prompt

    _prompt({"Account": type("Account", (), {})}, "hello", plain=False)

    assert capsys.readouterr().out == "hello\nipython Account\n"
    sys.modules.pop("IPython", None)
