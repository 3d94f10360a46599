"""From HTML to its text, for search, lists and terminals."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["plain_text"]

_BLOCKS = frozenset(
    {"article", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_spaces = re.compile(r"[ \t\r\n]+")


class _PlainText(HTMLParser):
    """Collects the text between tags; a block begins a new line, a cell is set off by a tabulator."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self._is_preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_preformatted += tag == "pre"
        if tag in _BLOCKS:
            self.lines.append("")
        elif tag in _CELLS and self.lines[-1]:
            self.lines[-1] += "\t"

    def handle_endtag(self, tag: str) -> None:
        self._is_preformatted -= tag == "pre"
        if tag in _BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if self._is_preformatted > 0:
            first, *others = data.splitlines() or [""]
            self.lines[-1] += first
            self.lines += others
        else:
            text = _spaces.sub(" ", data)
            self.lines[-1] += text if self.lines[-1] else text.lstrip(" ")


def plain_text(html: str) -> str:
    """Return the text of *html* without tags, a line per block and without empty ones, for search and lists."""
    reader = _PlainText()
    reader.feed(html)
    reader.close()
    return "\n".join(line.rstrip(" ") for line in reader.lines if line.strip())
