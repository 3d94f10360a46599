"""The reference of filters shows everything that the language has in an example that runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from pycrm.query.ast import CONVERT
from pycrm.query.grammar import GRAMMAR
from pycrm.storage.functions import FUNCTIONS
from pycrm.values.periods import COUNTED, RELATIVE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "filters.md"
EXAMPLE = re.compile(r"^(?:>>> |\.\.\. )(?P<code>.*)$", re.MULTILINE)

pytestmark = pytest.mark.docs


@cache
def parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False, keep_all_tokens=True, start=["start", "order"])


@cache
def examples() -> tuple[Tree[Token], ...]:
    """Return every text of the page's Python that can be read as a filter or an order, as the grammar reads it."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    found = []
    for block in blocks:
        code = "\n".join(each["code"] for each in EXAMPLE.finditer(block)) or block
        texts = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
        for text in texts:
            found += [tree for start in ("start", "order") if (tree := parsed(text, start)) is not None]
    return tuple(found)


def parsed(text: Any, start: str) -> Tree[Token] | None:
    """Return *text* as a tree; None if it is neither a filter nor an order of more than one plain word."""
    if not isinstance(text, str) or re.fullmatch(r"\w*", text):
        return None
    try:
        return parser().parse(text, start=start)
    except LarkError:
        return None


def rules() -> set[str]:
    """Return what the grammar makes: the name of every rule that stands for something."""
    return set(re.findall(r"-> (\w+)", GRAMMAR))


def signs() -> set[str]:
    """Return the signs between two values, and the words of links and directions."""
    listed = re.findall(r"^(?:COMPARE|SIGN|FACTOR|ASCENDING|DESCENDING): (.+)$", GRAMMAR, re.MULTILINE)
    listed += re.findall(r"^!mode: (.+)$", GRAMMAR, re.MULTILINE)
    return {sign for line in listed for sign in re.findall(r'"([^"]+)"', line)}


def names() -> Iterator[str]:
    """Yield every word of the examples that is a name, a number's name or a sign."""
    for tree in examples():
        for token in tree.scan_values(lambda each: isinstance(each, Token)):
            yield str(token).upper().partition(":")[0]


def test_every_form_has_an_example() -> None:
    """Each operator, each kind of value, each way to join conditions."""
    shown = {str(node.data) for tree in examples() for node in tree.iter_subtrees()}

    assert rules() - shown == set()
    assert signs() - set(names()) == set()


def test_every_relative_date_has_an_example() -> None:
    """With a number and without."""
    assert {*RELATIVE, *COUNTED} - set(names()) == set()


def test_every_function_has_an_example() -> None:
    """Those of the language; a plugin documents its own."""
    called = {
        str(token).upper()
        for tree in examples()
        for call in tree.find_data("call")
        for token in call.children[0].scan_values(lambda each: isinstance(each, Token))
    }

    assert {*FUNCTIONS, CONVERT} - called == set()


def test_whoever_asks_has_examples() -> None:
    """Oneself, one's teams, one's attributes."""
    assert {"ME", "MY_TEAM", "MY"} <= set(names())
