"""The command line in Chinese: nothing that it says is missing in the catalogue, and nothing is left over."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import pycrm.app
import pycrm.cli
from pycrm.cli.command import with_global_options
from pycrm.cli.main import cli
from pycrm.cli.texts import Texts, language_of
from pycrm.errors import PycrmError

FOLDER = Path(pycrm.cli.__file__).parent
ZH: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "labels" / "zh.toml").read_text("utf-8"))


@cache
def sentences() -> frozenset[str]:
    """Return every sentence that the sources hand to `Texts`."""
    return frozenset(found for file in sorted(FOLDER.glob("*.py")) for found in sentences_in(file))


def sentences_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and speaks(node.func):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def speaks(function: ast.expr) -> bool:
    """Whether a call is one of ``say(…)``, ``stage.say(…)``, ``say.each(…)``, ``sentence(…)`` and ``Misuse(…)``."""
    return ast.unparse(function).removesuffix(".each").rpartition(".")[2] in ("say", "sentence", "Misuse")


def unspoken() -> Iterator[str]:
    """Yield the calls that say what is written elsewhere; that must go through `sentence`."""
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and speaks(node.func):
                yield from (ast.unparse(node) for each in node.args if isinstance(each, ast.JoinedStr | ast.BinOp))


def commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its path, ``"fields define"``."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (below := command.get_command(context, name)) is not None:
                yield from commands(with_global_options(below), f"{path} {name}".strip())


def option_texts() -> frozenset[str]:
    return frozenset(
        parameter.help
        for _, command in commands(cli)
        for parameter in command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
        if isinstance(parameter, click.Option) and parameter.help
    )


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def error_classes(root: type[PycrmError] = PycrmError) -> Iterator[type[PycrmError]]:
    """Yield our errors, each after those that it is a kind of."""
    for each in root.__subclasses__():
        if each.__module__.startswith("pycrm."):
            yield each
            yield from error_classes(each)


def test_every_sentence_has_chinese() -> None:
    """Heads, footers and messages."""
    assert sorted(sentences() - ZH["texts"].keys()) == []
    assert sorted(ZH["texts"].keys() - sentences()) == []


def test_no_sentence_is_put_together() -> None:
    """A sentence with facts is a template; one that is added up could not be found in the catalogue."""
    assert list(unspoken()) == []


def test_facts_are_the_same() -> None:
    """A Chinese sentence takes the facts of the English one."""
    assert [text for text, zh in ZH["texts"].items() if placeholders(text) != placeholders(zh)] == []


def test_every_command_has_chinese() -> None:
    """Its help, and that of its options."""
    paths = {path for path, _ in commands(cli)}

    assert sorted(paths - ZH["commands"].keys()) == []
    assert sorted(ZH["commands"].keys() - paths) == []
    assert sorted(option_texts() - ZH["options"].keys()) == []
    assert sorted(ZH["options"].keys() - option_texts() - {"Usage:", "Options:", "Commands:"}) == []


def test_every_error_has_chinese() -> None:
    """What the kernel says in English follows what it means; a special error may leave that to its family."""
    families = {each.code for each in error_classes() if PycrmError in each.__bases__}

    assert sorted(families - ZH["errors"].keys()) == []
    assert sorted(ZH["errors"].keys() - {each.code for each in error_classes()}) == []


def test_traditional_has_the_same() -> None:
    """Nothing is lost in deriving it."""
    derived = tomllib.loads((FOLDER / "labels" / "zh_TW.toml").read_text("utf-8"))

    assert {table: content.keys() for table, content in derived.items()} == {
        table: content.keys() for table, content in ZH.items()
    }
    assert Texts("zh-TW")("no such record") == "沒有這條記錄"


def test_english_needs_no_catalogue() -> None:
    """The sentence in the code is the English one."""
    assert Texts()("wrote {file}", file="a") == "wrote a"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh"),
        ("zh_CN.UTF-8", "zh"),
        ("zh-Hant-HK", "zh-TW"),
        ("EN", "en"),
        ("en_GB@euro", "en"),
        ("de", None),
        ("", None),
    ],
)
def test_language_of_tag(tag: str, language: str | None) -> None:
    """What locales and browsers write is understood."""
    assert language_of(tag) == language
