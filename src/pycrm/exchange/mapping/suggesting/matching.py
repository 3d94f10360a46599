"""Which field a header means: by labels in all languages and by what columns are commonly called."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files

from pycrm.exchange.mapping.fields import parts_of
from pycrm.exchange.mapping.headers import normal_header
from pycrm.schema import Entity
from pycrm.schema.labels import Labels

__all__ = ["COMMON", "Names", "names_of"]

EXACT, COMMON, LIKE = 0.95, 0.9, 0.8
ALIKE = 0.86  # below it two headers are alike by chance


class Names:
    """What columns for the fields of one entity may be called."""

    def __init__(self, exact: Mapping[str, str], common: Mapping[str, str]) -> None:
        self._exact = exact
        self._common = common

    def match(self, header: str) -> Iterator[tuple[float, str]]:
        """Yield how well *header* fits, 0 to 1, and the path that it fits, best first."""
        name = normal_header(header)
        if name in self._exact:
            yield EXACT, self._exact[name]
        if name in self._common:
            yield COMMON, self._common[name]
        found = {path: likeness for known, path in self._known() if (likeness := _likeness(name, known)) >= ALIKE}
        yield from sorted(((LIKE * likeness, path) for path, likeness in found.items()), reverse=True)

    def _known(self) -> Iterator[tuple[str, str]]:
        yield from self._exact.items()
        yield from self._common.items()


def _likeness(name: str, known: str) -> float:
    if abs(len(name) - len(known)) > max(len(name), len(known)) * (1 - ALIKE) * 2:
        return 0.0
    return SequenceMatcher(None, name, known).ratio()


def names_of(entity: Entity, labels: Labels) -> Names:
    """Return what columns for the fields of *entity* may be called, in every language of *labels*."""
    exact: dict[str, str] = {}
    for path in _targets(entity):
        field = entity.fields.get(path)
        if field is not None:
            for language in labels.languages:
                exact.setdefault(normal_header(labels.field(entity.name, field, language)), path)
        exact.setdefault(normal_header(path.removeprefix("custom.")), path)
        exact.setdefault(normal_header(f"{entity.name} {path}"), path)
    common: dict[str, str] = {}
    synonyms = _synonyms()
    for section in (synonyms["entity"].get(entity.name, {}), synonyms["fields"]):
        for path, headers in section.items():
            if path in set(_targets(entity)):
                for header in headers:
                    common.setdefault(normal_header(header), path)
    return Names(exact, common)


def _targets(entity: Entity) -> Iterator[str]:
    """Yield the paths that a file may fill: fields that are not kept by the CRM, and parts of addresses."""
    for path, field in entity.fields.items():
        if field.read_only or field.retired or field.parked:
            continue
        yield path
        if field.kind.name == "address":
            yield from (f"{path}.{part}" for part in parts_of(field.kind) if part not in ("text", "country_name"))


@cache
def _synonyms() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    text = files(__package__).joinpath("synonyms.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return {"fields": data["fields"], "entity": data["entity"]}
