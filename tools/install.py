"""Install pycrm and every plugin of this repository, editable, into the environment of the running interpreter.

``python -m tools.install --group test "SQLAlchemy==2.0.*"``; the arguments are passed on to uv.  The Makefile runs it
for `.venv` and tox for each of its environments, so that all hold the same distributions.  Where nothing has changed
since the last time nothing is done, and without a network uv's cache has to do.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = Path(sys.prefix) / "pycrm-installed"


def main(arguments: list[str]) -> int:
    """Install everything with *arguments* and return uv's exit code."""
    projects = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    wanted = fingerprint(projects, arguments)
    if STAMP.exists() and STAMP.read_text("utf-8") == wanted:
        return 0
    editables = [f"{ROOT}[all]", *(str(project.parent) for project in projects[1:])]
    command = ["uv", "pip", "install", "--quiet", "--python", sys.executable]
    command += [part for name in editables for part in ("--editable", name)] + arguments
    code = subprocess.call(command, cwd=ROOT)
    if code:
        print("trying once more with uv's cache alone", file=sys.stderr)
        code = subprocess.call([*command, "--offline"], cwd=ROOT)
    if not code:
        STAMP.write_text(wanted, "utf-8")
    return code


def fingerprint(projects: list[Path], arguments: list[str]) -> str:
    """Return a text that changes with what would be installed."""
    parts = [str(ROOT), *arguments, *(project.read_text("utf-8") for project in projects)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
