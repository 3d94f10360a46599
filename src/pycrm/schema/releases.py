"""Released snapshots: one file per release in the folder ``migrations`` beside an owner's code, never changed again.

A file is the snapshot as JSON, with the owner and the version on top. Upgrades walk over them, so that what was
declared once stays known after the code has gone on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from pycrm.errors import ConfigurationError, PluginError
from pycrm.values.versions import release_of

__all__ = ["FOLDER", "Release", "check_release", "read_releases", "write_release"]

FOLDER = "migrations"
FORMAT = 1


@attrs.frozen
class Release:
    """What one release of an owner declared."""

    version: str
    snapshot: Mapping[str, Any]


def read_releases(owner: str, package: str | None) -> list[Release]:
    """Return the released snapshots that lie beside *package*, oldest first.

    Raises:
        ConfigurationError: A file that is no snapshot, or one of another owner.
    """
    folder = files(package) / FOLDER if package else None
    if folder is None or not folder.is_dir():
        return []
    found = [_read(file.name, file.read_text("utf-8"), owner) for file in folder.iterdir() if _is_snapshot(file.name)]
    return sorted(found, key=lambda release: release_of(release.version))


def write_release(owner: str, version: str, package: str | None, snapshot: Mapping[str, Any]) -> Path:
    """Write what *owner* declares as its release *version* and return the file; the same content changes nothing.

    Raises:
        PluginError: That release is there and says something else, or there is no folder to write to.
    """
    path = _path(owner, version, package)
    text = _text(owner, version, snapshot)
    if path.exists() and path.read_text("utf-8") != text:
        raise PluginError(
            f"{path.name} of {owner!r} is there and declares something else:\n"
            f"{_listed(_read(path.name, path.read_text('utf-8'), owner).snapshot, snapshot)}\n"
            "A release stays as it is; give the plugin a new version",
            plugin=owner,
        )
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def check_release(owner: str, version: str, package: str | None, snapshot: Mapping[str, Any]) -> Path:
    """Return the file of the release *version*, which says what *owner* declares.

    Raises:
        PluginError: There is none, or it says something else.
    """
    path = _path(owner, version, package)
    if not path.exists():
        raise PluginError(
            f"{owner!r} {version} has no {FOLDER}/{path.name}; run `pycrm plugin freeze {owner}` before the release",
            plugin=owner,
        )
    released = _read(path.name, path.read_text("utf-8"), owner).snapshot
    if released != snapshot:
        raise PluginError(
            f"{owner!r} declares something else than its released {FOLDER}/{path.name}:\n"
            f"{_listed(released, snapshot)}\n"
            "Give the plugin a new version, and freeze that",
            plugin=owner,
        )
    return path


def _path(owner: str, version: str, package: str | None) -> Path:
    if not release_of(version):
        raise PluginError(
            f"{owner!r} has the version {version!r}, which is no release; set it in its pyproject.toml", plugin=owner
        )
    root = files(package) if package else None
    if not isinstance(root, Path):
        raise PluginError(
            f"{owner!r} is in no folder of its own; make it a package, so that {FOLDER}/ can lie beside it",
            plugin=owner,
        )
    return root / FOLDER / f"{version}.json"


def _is_snapshot(name: str) -> bool:
    return name.endswith(".json")


def _text(owner: str, version: str, snapshot: Mapping[str, Any]) -> str:
    data = {"format": FORMAT, "owner": owner, "version": version, **snapshot}
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _read(name: str, text: str, owner: str) -> Release:
    try:
        data = json.loads(text)
        if (data.pop("format"), data.pop("owner")) != (FORMAT, owner):
            raise ValueError("of another owner or format")
        return Release(data.pop("version"), data)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigurationError(
            f"{FOLDER}/{name} of {owner!r} is no released snapshot ({error}); write it with `pycrm plugin freeze`",
            plugin=owner,
        ) from error


def _listed(released: Mapping[str, Any], declared: Mapping[str, Any]) -> str:
    return "\n".join(f"  {line}" for line in _differences("", released, declared))


def _differences(path: str, old: Any, new: Any) -> Sequence[str]:
    """Return one line per difference, as deep as mappings go."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            line
            for name in (*old, *(name for name in new if name not in old))
            for line in _differences(f"{path}.{name}" if path else name, old.get(name), new.get(name))
            if old.get(name) != new.get(name)
        ]
    shown = ["absent" if value is None else json.dumps(value, ensure_ascii=False) for value in (old, new)]
    return [f"{path}: released {shown[0]}, declared {shown[1]}"]
