"""``pycrm`` as a process: pipes, exit codes, encodings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "import sys; from pycrm.cli import main; sys.argv[0] = 'pycrm'; sys.exit(main())"]


def pycrm(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in *folder*."""
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CRM of some hundred accounts."""
    folder = tmp_path_factory.mktemp("filled")
    pycrm("init", folder=folder)
    accounts = json.dumps([{"name": f"青岛海晨贸易有限公司 {number}"} for number in range(400)])
    subprocess.run(
        [*COMMAND, "create", "account", "-"], cwd=folder, input=accounts.encode(), check=True, capture_output=True
    )
    return folder


def test_closed_pipe_is_quiet(filled: Path) -> None:
    """``| head`` ends the program without a word."""
    words = [*COMMAND, "list", "account", "--limit", "400", "--all-fields"]
    with subprocess.Popen(words, cwd=filled, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""
    assert process.returncode == 0


def test_exit_code_is_of_process(filled: Path) -> None:
    """Scripts can tell cases apart."""
    codes = [
        pycrm(*words.split(), folder=filled).returncode
        for words in ("show account nobody", "list nonsense", "create account level=Z", "--version")
    ]

    assert codes == [3, 2, 4, 0]


def test_no_encoding_stops_it(filled: Path) -> None:
    """Where the terminal lacks Chinese, escapes stand in."""
    done = pycrm("list", "account", "--limit", "1", folder=filled, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")

    assert done.returncode == 0
    assert "\\u9752\\u5c9b" in done.stdout


def test_bytes_that_are_no_text_are_refused(filled: Path) -> None:
    """An argument in another encoding ends as a problem of the field."""
    done = subprocess.run(
        [*COMMAND, "create", "account", b"name=\xc7\xe0\xb5\xba"], cwd=filled, capture_output=True, encoding="utf-8"
    )

    assert done.returncode == 4
    assert "[text.unstorable]" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help_need_nothing(tmp_path: Path) -> None:
    """They work in an empty folder, and the help has the exit codes."""
    version = pycrm("--version", folder=tmp_path)
    helped = pycrm("--help", folder=tmp_path)
    alone = pycrm(folder=tmp_path)

    assert version.stdout.startswith("pycrm 0.")
    assert "Exit codes:" in helped.stdout
    assert (alone.returncode, alone.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
