"""Indexes over several fields, for lists: first what a list filters by with equality, then what it is sorted by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from pycrm.errors import ConfigurationError
from pycrm.fields.field import Field

__all__ = ["ListIndex", "ListKey", "check_list_index", "read_list_index"]

ID = "id"
CUSTOM = "custom"
MAX_KEYS = 8


@attrs.frozen
class ListKey:
    """One key of a list's index: a field of the entity itself, by its path, and the direction."""

    path: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.path} DESC" if self.descending else self.path


@attrs.frozen
class ListIndex:
    """An index that lists of an entity want.

    Attributes:
        keys: What it is over, in order. The id, with which every order ends, is not among them unless it goes another
            way than the key before it.
        owner: ``"custom"`` where somebody defined it, else the owner of the entity, whose code declares it.
    """

    keys: tuple[ListKey, ...]
    owner: str = CUSTOM

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, keys: Sequence[ListKey], owner: str = CUSTOM) -> ListIndex:
        """Return the index over *keys* in its one form: without an id that comes by itself."""
        if len(keys) > 1 and keys[-1] == ListKey(ID, keys[-2].descending):
            keys = keys[:-1]
        return cls(tuple(keys), owner)

    @property
    def text(self) -> str:
        """The keys as the text of an order, in one spelling: ``"level, close_on DESC"``."""
        return ", ".join(map(str, self.keys))

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields that it is over."""
        return tuple(key.path for key in self.keys)

    @property
    def all_keys(self) -> tuple[ListKey, ...]:
        """The keys as pages have them: an order that does not name the id ends with it, in its last direction."""
        last = self.keys[-1]
        return self.keys if last.path == ID else (*self.keys, ListKey(ID, last.descending))

    def renamed(self, paths: Mapping[str, str]) -> ListIndex:
        """Return the same index under other names of its fields, by their former ones; others keep theirs."""
        keys = [attrs.evolve(key, path=paths.get(key.path, key.path)) for key in self.keys]
        return ListIndex.of(keys, self.owner)

    def fields(self, known: Mapping[str, Field]) -> tuple[Field, ...] | None:
        """Return the fields that it is over, out of those of its entity by path; None where one is not there."""
        found = tuple(known[path] for path in self.paths if path in known)
        return found if len(found) == len(self.keys) else None

    def is_usable(self, known: Mapping[str, Field]) -> bool:
        """Return whether lists can want it now: all its fields are there, on offer and sorted by."""
        fields = self.fields(known)
        return fields is not None and not any(
            field.retired or field.parked or not field.kind.sortable for field in fields
        )


def read_list_index(text: str, owner: str = CUSTOM) -> ListIndex:
    """Return the index that a *text* such as ``"level, close_on DESC"`` is about.

    Raises:
        ConfigurationError: It is none.
    """
    keys = []
    for part in text.split(","):
        match part.split():
            case [path]:
                keys.append(ListKey(path))
            case [path, direction] if direction.upper() in ("ASC", "DESC"):
                keys.append(ListKey(path, direction.upper() == "DESC"))
            case _:
                raise ConfigurationError(
                    f"the index {text!r} is not written as an order is; give fields with commas between them, as in "
                    "'level, close_on DESC'",
                    value=text,
                )
    return ListIndex.of(keys, owner)


def check_list_index(entity: str, known: Mapping[str, Field], index: ListIndex) -> None:
    """Raise `ConfigurationError` unless an index of *entity* can be over these keys, whose fields all are *known*."""
    fields = [known[path] for path in index.paths]
    if len(fields) > MAX_KEYS:
        why = f"has {len(fields)} keys; at most {MAX_KEYS} are kept. What a list filters by with equality comes first."
        _refuse(entity, index, why)
    for number, field in enumerate(fields):
        if field in fields[:number]:
            _refuse(entity, index, f"names {field.path} twice; name it once", field)
        if field.path == ID and number < len(fields) - 1:
            _refuse(entity, index, "goes on behind the id, which no two records share; end with it", field)
        if not field.kind.sortable:
            why = f"names {field.path}, and records are not sorted by a {field.kind.name} field; leave it out"
            _refuse(entity, index, why, field)
        if field.retired or field.parked:
            cure = "revive it" if field.retired else "install its plugin"
            state = "retired" if field.retired else "parked"
            _refuse(entity, index, f"names {field.path}, which is {state}; {cure} first", field)


def _refuse(entity: str, index: ListIndex, why: str, field: Field | None = None) -> None:
    raise ConfigurationError(
        f"the index {index.text!r} of {entity} {why}", entity=entity, field=None if field is None else field.path
    )
