"""Everything that a user reads is labelled in each language, and no label file speaks of what does not exist.

Of pycrm itself and of the plugins of this repository.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pycrm import CRM, discover
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.status import StatusKind
from pycrm.query.words import WORDS
from pycrm.schema.labels import Key
from pycrm.workspace.why_words import WHY_WORDS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "src", *sorted(ROOT.glob("plugins/*/src")))
PLUGINS = frozenset(folder.name for source in SOURCES[1:] for folder in source.iterdir())
OURS = CRM("sqlite://", plugins=[plugin for plugin in discover() if plugin.package in PLUGINS])
TEXTS = OURS.labels.texts
ZH = TEXTS["zh"]
LANGUAGES = ("zh", "zh-TW")


@cache
def declared_keys() -> frozenset[Key]:
    """Return the key of everything that an assembled CRM shows to people."""
    keys: set[Key] = {("roles", name) for name in OURS._roles}
    for name, entity in OURS.schema.entities.items():
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
    return tuple(found for source in SOURCES for file in sorted(source.rglob("*.py")) for found in _problems_in(file))


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
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).rpartition(".")[2] == "Problem":
            yield RaisedProblem(node, constants)


def codes() -> set[str]:
    return {code for problem in problems() for code in problem.codes}


def placeholders(template: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", template))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_labelled(language: str) -> None:
    """Entities, fields, options, states and moves all have a label of the language's own."""
    assert sorted(declared_keys() - TEXTS[language].keys()) == []


def test_english_reads_well() -> None:
    """What derives from a name is words, and begins like a heading."""
    labels = [label for label in english_labels() if "_" in label or not label or label[0].islower()]

    assert labels == []


def english_labels() -> Iterator[str]:
    """Yield the English label of everything that an assembled CRM shows to people."""
    labels = OURS.labels
    yield from (labels.role(name, role.label) for name, role in OURS._roles.items())
    for name, entity in OURS.schema.entities.items():
        yield labels.entity(name)
        for field in entity.fields.values():
            yield labels.field(name, field)
            kind = field.kind
            if isinstance(kind, (ChoiceKind, MultiChoiceKind)):
                yield from (labels.option(name, field, option) for option in kind.choices)
            if isinstance(kind, StatusKind):
                yield from (labels.state(name, field, state) for state in kind.lifecycle.states.values())
                yield from (labels.move(name, field, move) for move in kind.lifecycle.moves.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_is_labelled(language: str) -> None:
    """Each code that the sources raise has its sentence."""
    assert sorted(codes() - {key[1] for key in TEXTS[language] if key[0] == "problems"}) == []


def test_every_code_can_be_read() -> None:
    """A code is written where the problem is raised, so that it can be found, here too."""
    assert [problem.template for problem in problems() if not problem.codes] == []


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_no_label_without_thing(language: str) -> None:
    """A label that nothing uses is a typing error or a leftover."""
    words = {("filters", key) for key in WORDS} | {("why", key) for key in WHY_WORDS}
    known = declared_keys() | {("problems", code) for code in codes()} | words

    assert sorted(key for key in TEXTS[language] if key not in known) == []


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_no_label_is_empty(language: str) -> None:
    """Labels have text, and no blanks around it."""
    assert [key for key, text in TEXTS[language].items() if not text or text != text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_filters_are_told_in_every_language(language: str) -> None:
    """Each part of a filter has its words, with the same places for what it compares."""
    told = {key[1]: placeholders(text) for key, text in TEXTS[language].items() if key[0] == "filters"}

    assert told == {key: placeholders(text) for key, text in WORDS.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_rights_are_told_in_every_language(language: str) -> None:
    """Each part of what rights rest on has its words, with the same places for who, what and why."""
    told = {key[1]: placeholders(text) for key, text in TEXTS[language].items() if key[0] == "why"}

    assert told == {key: placeholders(text) for key, text in WHY_WORDS.items()}


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: " ".join(sorted(problem.codes)))
def test_sentences_use_given_facts(problem: RaisedProblem) -> None:
    """No sentence, English or Chinese, names a fact that its problem does not carry."""
    assert placeholders(problem.template) <= problem.facts
    for code in problem.codes:
        for language in LANGUAGES:
            assert placeholders(TEXTS[language].get(("problems", code), "")) <= problem.facts, (code, language)
