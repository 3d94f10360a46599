"""Write the table of characters that look like others.

``python -m tools.confusables confusables.txt`` writes it anew from the file that Unicode publishes with UTS #39;
``ruff format`` then breaks its lines.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "pycrm" / "builtin" / "parties" / "confusables.py"
WIDTH = 100


def main(path: str) -> None:
    """Write the module from the file at *path*."""
    text = Path(path).read_text("utf-8-sig")
    version = re.search(r"^# Version: (\S+)", text, re.MULTILINE)
    by_prototype: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        if line and not line.startswith("#"):
            source, prototype = (_characters(field) for field in line.split(";")[:2])
            by_prototype[prototype].append(source)
    lines = [
        '"""Characters that look like others, by the one or more characters that stand for all of them.',
        "",
        "Written by ``python -m tools.confusables``; change the script instead.",
        f"Source: confusables.txt of UTS #39, version {version[1] if version else '?'} (Unicode licence).",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping",
        "from typing import Final",
        "",
        '__all__ = ["PROTOTYPES"]',
        "",
        "PROTOTYPES: Final[Mapping[str, str]] = {",
    ]
    for prototype, sources in sorted(by_prototype.items()):
        lines.append(f"    {_quoted(prototype)}: {_joined(''.join(sorted(sources)))},")
    lines += ["}", '"""Prototype to the characters that look like it, one after the other."""']
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")


def _characters(field: str) -> str:
    return "".join(chr(int(code, 16)) for code in field.split())


def _quoted(text: str) -> str:
    return '"' + ascii(text)[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _joined(characters: str) -> str:
    """Return the source of one text, in lines of bearable width."""
    lines = list(_lines(characters))
    if len(lines) == 1:
        return _quoted(lines[0])
    return "\n".join(["(", *(f"        {_quoted(line)}" for line in lines), "    )"])


def _lines(characters: str) -> Iterator[str]:
    line = ""
    for character in characters:
        if len(_quoted(line + character)) > WIDTH:
            yield line
            line = ""
        line += character
    yield line


if __name__ == "__main__":
    main(sys.argv[1])
