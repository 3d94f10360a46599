"""Labels: what entities, fields, options, states, moves and problems are called, in every language there is a file for.

The English label derives from the name. Other languages live beside their owner in ``labels/<language>.toml``::

    [entities]
    visit = "拜访"
    [roles]
    quality = "质检"
    [fields.visit]
    planned_at = "计划时间"
    [options.visit.purpose]
    first_meeting = "初次拜访"
    [states.visit.status]
    done = "已完成"
    [moves.visit.status]
    complete = "完成"
    [problems]
    "visits.too_late" = "晚于 {limit}"
    [common]
    created_at = "创建时间"
    [filters]
    "contains" = "{left}包含{right}"
    [why]
    "do read" = "查看"

Names are written without the owner's own: the file of the plugin ``visits`` says ``visit`` for ``visits.visit``, and
``[fields.account] last_visit_on`` for the field ``visits.last_visit_on`` that it adds to accounts. ``[common]`` labels
fields of whatever entity has no label of its own for them. A ``label=`` in the declaration wins over the file.

A language is asked for by its tag, ``zh-TW`` or ``zh_TW``. Where it has no label, the language that it is a variant of
has: ``zh`` for ``zh-TW``, then English. Traditional Chinese of every place (``zh-Hant``, ``zh-HK``, ``zh-Hant-MO``)
goes by way of ``zh-TW``. ``labels/en.toml`` holds only what no name would tell: ``HS code``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeAlias

import attrs

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.choices import Option
from pycrm.fields.field import Field
from pycrm.fields.names import english_label
from pycrm.values.lifecycle import Move, State

__all__ = ["Key", "Labels", "languages_for", "read_labels"]

Key: TypeAlias = tuple[str, ...]
"""The section, then the names within it: ``("fields", "account", "name")``."""

ENGLISH = "en"
SCRIPT = 4  # letters of a script in a tag; a region has two
_TRADITIONAL = frozenset({"Hant", "TW", "HK", "MO"})
_DEPTHS = {
    "entities": 1,
    "roles": 1,
    "common": 1,
    "problems": 1,
    "filters": 1,
    "why": 1,
    "fields": 2,
    "options": 3,
    "states": 3,
    "moves": 3,
}


@attrs.frozen
class Labels:
    """The labels of one CRM. Where a language lacks one, the next that `languages_for` names answers.

    Attributes:
        texts: By language, then by key; names in keys are full ones (``("entities", "visits.visit")``).
    """

    texts: Mapping[str, Mapping[Key, str]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, packages: Iterable[tuple[str, str]]) -> Labels:
        """Return the labels of *packages*: pairs of package name and owner, the owner empty for a built-in one.

        Raises:
            ConfigurationError: A file cannot be read; the file and the reason are named.
        """
        texts: dict[str, dict[Key, str]] = {}
        for package, owner in packages:
            for language, found in read_labels(package, owner).items():
                texts.setdefault(language, {}).update(found)
        return cls(texts)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there are labels in, English first."""
        return (ENGLISH, *sorted(self.texts.keys() - {ENGLISH}))

    def entity(self, name: str, language: str = ENGLISH) -> str:
        """Return the label of the entity *name*: ``Sales order`` for ``"sales_order"``."""
        return self._find(language, {}, ("entities", name)) or english_label(name)

    def field(self, entity: str, field: Field, language: str = ENGLISH) -> str:
        """Return the label of *field* of *entity*."""
        found = self._find(language, field.label, ("fields", entity, field.path), ("common", field.path))
        return found or english_label(field.path)

    def option(self, entity: str, field: Field, option: Option, language: str = ENGLISH) -> str:
        """Return the label of one *option* of a choice; in English a value that is no name stands for itself."""
        found = self._find(language, option.label, ("options", entity, field.path, option.value))
        return found or _of_value(option.value)

    def state(self, entity: str, field: Field, state: State, language: str = ENGLISH) -> str:
        """Return the label of one *state* of a status field."""
        return self._find(language, state.label, ("states", entity, field.path, state.name)) or _of_value(state.name)

    def move(self, entity: str, field: Field, move: Move, language: str = ENGLISH) -> str:
        """Return the label of one *move* of a status field's lifecycle."""
        return self._find(language, move.label, ("moves", entity, field.path, move.name)) or _of_value(move.name)

    def role(self, name: str, declared: Mapping[str, str], language: str = ENGLISH) -> str:
        """Return the label of the role *name*, of which *declared* has labels of its own."""
        return self._find(language, declared, ("roles", name)) or _of_value(name)

    def problem(self, problem: Problem, language: str = ENGLISH) -> str:
        """Return what is wrong as a sentence; its facts are filled in."""
        template = self._find(language, {}, ("problems", problem.code))
        return problem.describe(template) if template else problem.message

    def words(self, key: str, english: str, language: str = ENGLISH) -> str:
        """Return the template by which a part of a filter is told, *english* where the language has none."""
        return self._find(language, {}, ("filters", key)) or english

    def why(self, key: str, english: str, language: str = ENGLISH) -> str:
        """Return the template by which a part of what rights rest on is told, as `words`."""
        return self._find(language, {}, ("why", key)) or english

    def _find(self, language: str, declared: Mapping[str, str], *keys: Key) -> str | None:
        """Return the label in *language*, or in the first that stands for it; None where only a name can tell."""
        for each in languages_for(language):
            if each in declared:
                return declared[each]
            texts = self.texts.get(each, {})
            for key in keys:
                if key in texts:
                    return texts[key]
        return None


@cache
def languages_for(language: str) -> tuple[str, ...]:
    """Return the tags under which labels in *language* are looked for: ``zh-TW``, ``zh``, ``en`` for ``"zh_TW"``."""
    parts = _tag(language).split("-")
    chain = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    if parts[0] == "zh" and "Hans" not in parts and not _TRADITIONAL.isdisjoint(parts):
        chain.insert(-1, "zh-TW")
    return tuple(dict.fromkeys([*chain, ENGLISH]))


def _tag(language: str) -> str:
    """Return *language* as BCP 47 writes it: ``zh-Hant-HK``."""
    first, *others = language.replace("_", "-").split("-")
    return "-".join([first.lower(), *(each.title() if len(each) == SCRIPT else each.upper() for each in others)])


def _of_value(value: str) -> str:
    return english_label(value) if value.isidentifier() and value.islower() else value


def read_labels(package: str, owner: str = "") -> dict[str, dict[Key, str]]:
    """Return the labels in the folder ``labels`` of *package* by language's tag; none where there is no such folder.

    Args:
        package: Its import name.
        owner: The plugin whose name its entities and fields carry, empty for a built-in one.
    Raises:
        ConfigurationError: A file is no TOML, or has another shape than a label file.
    """
    folder = files(package) / "labels"
    found = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    return {_tag(file.name[: -len(".toml")]): _read(file, owner) for file in found if file.name.endswith(".toml")}


def _read(file: Traversable, owner: str) -> dict[Key, str]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: no readable label file: {error}") from error
    texts: dict[Key, str] = {}
    for section, content in data.items():
        if section not in _DEPTHS:
            raise ConfigurationError(f"{file}: unknown section [{section}]; there are {', '.join(_DEPTHS)}")
        for names, text in _leaves(content):
            if len(names) != _DEPTHS[section] or not isinstance(text, str):
                raise ConfigurationError(f"{file}: [{section}] {'.'.join(names)} is no label; see the other sections")
            texts[(section, *names)] = text
    return _with_full_names(texts, owner) if owner else texts


def _leaves(content: Any, names: Key = ()) -> Iterable[tuple[Key, Any]]:
    if not isinstance(content, dict):
        yield names, content
        return
    for name, value in content.items():
        yield from _leaves(value, (*names, name))


def _with_full_names(texts: Mapping[Key, str], owner: str) -> dict[Key, str]:
    """Return *texts* with *owner* before its entities, and before the fields that it adds to those of others."""
    own = {key[1] for key in texts if key[0] == "entities"}
    full: dict[Key, str] = {}
    for (section, *names), text in texts.items():
        if section not in ("roles", "common", "problems", "filters", "why"):
            if names[0] in own:
                names[0] = f"{owner}.{names[0]}"
            elif len(names) > 1:
                names[1] = f"{owner}.{names[1]}"
        full[(section, *names)] = text
    return full
