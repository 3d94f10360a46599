"""What users write to declare a custom field: its kind, the kind's options, labels by language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pycrm.cli.assignments import ASSIGNMENT, read_json
from pycrm.cli.texts import Misuse
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.kind import Kind
from pycrm.fields.registry import kind_from

__all__ = ["custom_name", "kind_of_words", "texts_by_language"]


def kind_of_words(name: str, words: Sequence[str], kinds: Mapping[str, type[Kind]]) -> Kind:
    """Return the field kind *name* with the options that *words* give it.

    Args:
        name: One of *kinds*.
        words: ``max_length=20`` or ``options:=["a", "b"]``; of a choice, its options as they are.
        kinds: The kinds of the schema.
    Raises:
        Misuse: A word that is no option.
        ConfigurationError: No such kind, or options that it does not take.
    """
    cls = kinds.get(name)
    if cls is not None and issubclass(cls, (ChoiceKind, MultiChoiceKind)) and not any(":=" in word for word in words):
        return kind_from(name, {"options": list(words)}, kinds)
    return kind_from(name, dict(map(_option, words)), kinds)


def _option(word: str) -> tuple[str, Any]:
    found = ASSIGNMENT.fullmatch(word)
    if found is None:
        raise Misuse("{word!r} is no option of a kind; write option=value, or option:=JSON", word=word)
    return found["path"], read_json(found["text"], word) if found["sign"] == ":=" else _simple(found["text"])


def _simple(text: str) -> Any:
    """Return a number, true or false where *text* is one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (int, bool)) else text


def texts_by_language(words: Sequence[str]) -> dict[str, str]:
    """Return language to text of ``en=Region`` and ``zh=大区``.

    Raises:
        Misuse: A word of another form.
    """
    texts: dict[str, str] = {}
    for word in words:
        language, sign, text = word.partition("=")
        if not sign or not language.replace("-", "").isalpha():
            raise Misuse("{word!r} is no text in a language; write en=TEXT or zh=TEXT", word=word)
        texts[language] = text
    return texts


def custom_name(name: str) -> str:
    """Return the name of a custom field without the ``custom.`` of its path."""
    return name.removeprefix("custom.")
