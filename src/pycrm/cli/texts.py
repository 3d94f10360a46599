"""What the command line says, in the language of its user. English stands in the code and is the key to the others.

The catalogue ``labels/zh.toml`` beside this module has four tables: ``[texts]`` and ``[options]`` by the English
sentence, ``[commands]`` by the name of a command, ``[errors]`` by the code of an error. A test fails on what it lacks.
That of ``zh_TW.toml`` is derived from it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import attrs
import click

from pycrm.schema.labels import languages_for

__all__ = ["ENGLISH", "LANGUAGES", "Misuse", "Texts", "language_of", "sentence"]

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh", "zh-TW")


def language_of(tag: str) -> str | None:
    """Return the one of our languages that *tag* means (``"zh_CN.UTF-8"``, ``"zh-HK"``), or None."""
    plain = re.split("[.@]", tag, maxsplit=1)[0]
    found = next(each for each in languages_for(plain) if each in LANGUAGES)
    return None if found == ENGLISH and not plain.lower().startswith(ENGLISH) else found


def sentence(english: str) -> str:
    """Return *english*, and mark it as a key of the catalogue for whoever says it later."""
    return english


@attrs.frozen
class Texts:
    """The texts of one language. Called with an English sentence: ``say("wrote {file}", file=path)``."""

    language: str = ENGLISH

    def __call__(self, sentence: str, /, **facts: object) -> str:
        """Return *sentence* in this language, *facts* filled in."""
        return self._find("texts", sentence, sentence).format_map(facts)

    def each(self, *sentences: str) -> tuple[str, ...]:
        """Return several texts without facts, as the heads of a table are."""
        return tuple(map(self, sentences))

    def command(self, path: str, english: str) -> str:
        """Return the help text of the command *path*, ``"fields define"``; the outermost is ``""``."""
        return self._find("commands", path, english)

    def option(self, english: str) -> str:
        """Return the help text of an option or argument."""
        return self._find("options", english, english)

    def error(self, code: str) -> str:
        """Return what the error *code* means, as a beginning before the sentence; empty in English."""
        return self._find("errors", code, "")

    def _find(self, table: str, key: str, english: str) -> str:
        return english if self.language == ENGLISH else _catalogue(self.language)[table].get(key, english)


@cache
def _catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    file = files(__package__) / "labels" / f"{language.replace('-', '_')}.toml"
    content: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    return content


class Misuse(click.UsageError):
    """What was typed makes no sense: ``Misuse("{word!r} is no assignment", word=word)``."""

    def __init__(self, english: str, /, **facts: object) -> None:
        super().__init__(english.format_map(facts))
        self.sentence = english
        self.facts = facts
