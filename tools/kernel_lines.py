"""Print how many lines the kernel has, room by room: floors 0 to 12, without the rooms that stand on their own.

A line counts as code unless it is blank, a comment or part of a docstring.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "pycrm"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FLOORS = {
    0: ("errors", "markers"),
    1: ("values",),
    2: ("fields",),
    3: ("schema",),
    4: ("entities", "signals"),
    5: ("storage",),
    6: ("query",),
    7: ("policies", "audit"),
    8: ("workspace",),
    10: ("hookspecs",),
    11: ("plugin",),
    12: ("app",),
}


def main() -> None:
    """Print one line per room and the sum."""
    total_files = total_lines = total_code = 0
    print(f"{'floor':>5}  {'room':<10} {'files':>5} {'lines':>6} {'code':>6}")
    for floor, rooms in FLOORS.items():
        for room in rooms:
            files = list(_files(room))
            if not files:
                continue
            sources = [path.read_text("utf-8") for path in files]
            lines = sum(len(source.splitlines()) for source in sources)
            code = sum(_code_lines(source) for source in sources)
            print(f"{floor:>5}  {room:<10} {len(files):>5} {lines:>6} {code:>6}")
            total_files, total_lines, total_code = total_files + len(files), total_lines + lines, total_code + code
    print(f"kernel: {total_lines} lines in {total_files} files, {total_code} of them code")


def _files(room: str) -> Iterator[Path]:
    module = PACKAGE / f"{room}.py"
    yield from [module] if module.is_file() else sorted((PACKAGE / room).rglob("*.py"))


def _code_lines(source: str) -> int:
    numbers: set[int] = set()
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in quiet:
            numbers.update(range(token.start[0], token.end[0] + 1))
    return len(numbers - _docstring_lines(source))


def _docstring_lines(source: str) -> set[int]:
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
            docstring = node.body[0]
            numbers.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return numbers


if __name__ == "__main__":
    sys.exit(main())
