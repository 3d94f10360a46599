"""Everything that a user reads has a Chinese label, and no label file says anything about what does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pycrm import CRM
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.status import StatusKind
from pycrm.schema.labels import Key

SOURCE = Path(__file__).resolve().parents[2] / "src"
BUILT_IN = CRM("sqlite://", plugins=[])
ZH = BUILT_IN.labels.texts["zh"]


@cache
def declared_keys() -> frozenset[Key]:
    """Return the key of everything that an assembled CRM shows to people."""
    keys: set[Key] = set()
    for name, entity in BUILT_IN.schema.entities.items():
        keys.add(("entities", name))
        for path, field in entity.fields.items():
            keys.add(("common", path) if ("common", path) in ZH else ("fields", name, path))
            kind = field.kind
            if isinstance(kind, (ChoiceKind, MultiChoiceKind)):
                keys.update(("options", name, path, option.value) for option in kind.choices)
            if isinstance(kind, StatusKind):
                keys.update(("states", name, path, state) for state in kind.lifecycle.states)
                keys.update(("moves", name, path, move) for move in kind.lifecycle.moves)
    return frozenset(keys)


class RaisedProblem:
    """One ``Problem(code, …, message=…)`` in the sources."""

    def __init__(self, call: ast.Call, constants: dict[str, str]) -> None:
        code = call.args[0]
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        self.codes = {constants.get(text, text) for text in texts_of(code)}
        self.template = "".join(texts_of(given["message"])) if "message" in given else ""
        self.facts = {fact for fact in given if fact}


def texts_of(node: ast.expr) -> list[str]:
    """Return the texts that *node* may be; the name of a constant stands for its value."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name):
            return [name]
        case ast.IfExp(body=first, orelse=second):
            return [*texts_of(first), *texts_of(second)]
    return []


@cache
def problems() -> tuple[RaisedProblem, ...]:
    """Return every problem that the sources raise, with its possible codes."""
    return tuple(found for file in sorted(SOURCE.rglob("*.py")) for found in _problems_in(file))


def _problems_in(file: Path) -> Iterator[RaisedProblem]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem" and node.args:
            yield RaisedProblem(node, constants)


def codes() -> set[str]:
    return {code for problem in problems() for code in problem.codes}


def placeholders(template: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", template))


def test_every_name_has_chinese() -> None:
    """Entities, fields, options, states and moves are all labelled."""
    assert sorted(declared_keys() - ZH.keys()) == []


def test_every_problem_has_chinese() -> None:
    """Each code that the sources raise has its sentence."""
    assert sorted(codes() - {key[1] for key in ZH if key[0] == "problems"}) == []


def test_every_code_can_be_read() -> None:
    """A code is written where the problem is raised, so that it can be found, here too."""
    assert [problem.template for problem in problems() if not problem.codes] == []


def test_no_label_without_thing() -> None:
    """A label that nothing uses is a typing error or a leftover."""
    known = declared_keys() | {("problems", code) for code in codes()}

    assert sorted(key for key in ZH if key not in known) == []


def test_no_label_is_empty() -> None:
    """Labels have text, and no blanks around it."""
    assert [key for key, text in ZH.items() if not text or text != text.strip()] == []


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: " ".join(sorted(problem.codes)))
def test_sentences_use_given_facts(problem: RaisedProblem) -> None:
    """No sentence, English or Chinese, names a fact that its problem does not carry."""
    assert placeholders(problem.template) <= problem.facts
    for code in problem.codes:
        assert placeholders(ZH.get(("problems", code), "")) <= problem.facts, code
