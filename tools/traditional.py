"""Write ``labels/zh_TW.toml`` beside every ``labels/zh.toml``: the same labels in the Chinese of Taiwan.

``python -m tools.traditional`` writes the files, ``python -m tools.traditional --check`` says whether they are current.
They are made here and kept, rather than made when somebody asks: a host then needs no dictionaries, which are larger
than all of pycrm, and a change of words shows in review. Characters and phrases are converted by OpenCC (``s2twp``,
Apache licence); `TERMS` has the words of our trade that it lacks, or takes for a programmer's.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Derived from zh.toml by `python -m tools.traditional`; change that file, or the terms there.\n\n"

TERMS = {
    "代码": "代碼",
    "信用证": "信用狀",
    "列表": "清單",
    "合同": "合約",
    "回款": "收款",
    "审批": "簽核",
    "币种": "幣別",
    "微信": "微信",
    "托收": "託收",
    "折合": "折合",
    "文本": "文字",
    "最终用户": "最終使用者",
    "标识": "識別碼",
    "电子邮箱": "電子郵件地址",
    "类型": "類型",
    "营销": "行銷",
    "计划": "計畫",
    "货代": "貨運承攬",
    "质保金": "保固金",
    "转账": "轉帳",
    "邮箱": "電子郵件",
}

_label = re.compile(r'^(?P<key>(?:"(?:[^"\\]|\\.)*"|[^"#=\[]+?) ?= )"(?P<text>.*)"$').fullmatch
# Quoted samples of what to type stay as they are, for the parsers read one script.
_apart = re.compile("('[^']*'|" + "|".join(sorted(TERMS, key=len, reverse=True)) + ")").split


def sources() -> Iterator[Path]:
    """Yield the Chinese label files of pycrm and of the plugins of this repository."""
    for folder in (ROOT / "src", *sorted((ROOT / "plugins").glob("*/src"))):
        yield from sorted(folder.rglob("labels/zh.toml"))


def derived(source: Path) -> Path:
    """Return where the Taiwanese labels of *source* are."""
    return source.with_name("zh_TW.toml")


def traditional(text: str, convert: Callable[[str], str]) -> str:
    """Return *text* in the Chinese of Taiwan: terms as `TERMS` says, all between them by *convert*."""
    return "".join(part if part.startswith("'") else TERMS.get(part) or convert(part) for part in _apart(text))


def page(source: Path, convert: Callable[[str], str]) -> str:
    """Return what the file derived from *source* should hold, line by line as there."""
    lines = [
        line if (found := _label(line)) is None else f'{found["key"]}"{traditional(found["text"], convert)}"'
        for line in source.read_text("utf-8").splitlines()
    ]
    return HEADER + "\n".join(lines) + "\n"


def outdated() -> list[str]:
    """Return the derived files that are missing or hold something else than they should."""
    convert = converter()
    return [
        str(target.relative_to(ROOT))
        for source in sources()
        if not (target := derived(source)).exists() or target.read_text("utf-8") != page(source, convert)
    ]


def converter() -> Callable[[str], str]:
    """Return OpenCC's conversion of simplified Chinese to that of Taiwan."""
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2twp").convert
    return convert


def main() -> int:
    """Write the files, or with ``--check`` only compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a file is outdated")
    if parser.parse_args().check:
        found = outdated()
        for name in found:
            print(f"{name} is outdated; run python -m tools.traditional")
        return 1 if found else 0
    convert = converter()
    for source in sources():
        derived(source).write_text(page(source, convert), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
