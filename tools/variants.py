"""Write the table of traditional characters and the simplified ones that stand for them.

``python -m tools.variants`` writes it anew, ``python -m tools.variants --check`` says whether it is current. Unicode
publishes such a table in Unihan (``kSimplifiedVariant``), which no package carries by itself; OpenCC (Apache licence)
ships one that was made from it and corrected since, and its characters are what is written here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "pycrm" / "search" / "variants.py"
IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF))
WIDTH = 50


def pairs() -> Iterator[tuple[str, str]]:
    """Yield each traditional character with its simplified one, by code point."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    for first, last in IDEOGRAPHS:
        for code in range(first, last + 1):
            simplified = convert(chr(code))
            if simplified != chr(code) and len(simplified) == 1:
                yield chr(code), simplified


def page() -> str:
    """Return the module's text."""
    found = list(pairs())
    lines = [
        '"""Traditional characters and the simplified ones that stand for them, in the same order.',
        "",
        "Written by ``python -m tools.variants``; change the script instead.",
        f"Source: the characters of OpenCC {version('OpenCC')} (Apache licence), which go back to Unihan of Unicode.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        '__all__ = ["SIMPLIFIED", "TRADITIONAL"]',
        "",
    ]
    for name, texts in zip(("TRADITIONAL", "SIMPLIFIED"), zip(*found, strict=True), strict=True):
        lines += [f"{name}: Final = (", *_literals("".join(texts)), ")"]
    return "\n".join(lines) + "\n"


def _literals(text: str) -> Iterator[str]:
    for start in range(0, len(text), WIDTH):
        yield f'    "{text[start : start + WIDTH]}"'


def main() -> int:
    """Write the module, or with ``--check`` only compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the table is outdated")
    if parser.parse_args().check:
        return 0 if TARGET.exists() and TARGET.read_text("utf-8") == page() else 1
    TARGET.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
