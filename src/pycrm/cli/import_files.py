"""Files that ``pycrm import`` is given: what is read, and what may be written without harm to that."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pycrm.cli.context import Settings
from pycrm.cli.texts import Misuse
from pycrm.exchange.importing import ImportPlan
from pycrm.exchange.mapping import Mapping, read_mapping

__all__ = ["check_written", "mapping_in", "plan_in"]


def mapping_in(path: Path | None) -> Mapping:
    """Return the mapping in the file *path*.

    Raises:
        Misuse: None is named, or there is no such file.
        MappingError: It holds none that can be read.
    """
    if path is None:
        raise Misuse("say which column goes where: --mapping FILE; `pycrm import suggest` proposes one")
    if not path.exists():
        raise Misuse("there is no mapping file {path}", path=path)
    return read_mapping(path)


def plan_in(path: Path) -> ImportPlan:
    """Return the plan in the file *path*.

    Raises:
        Misuse: It holds none.
    """
    try:
        return ImportPlan.from_data(json.loads(path.read_text("utf-8")))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Misuse("{path} holds no plan: {told}", path=path, told=error) from error


def check_written(settings: Settings, option: str, path: Path | None, *read: Path | str | None) -> None:
    """Make sure, before any work is done, that *path* can be written and is nothing that is read.

    Args:
        settings: Whose database is not to be replaced either.
        option: That names the file, as ``"--refused"``.
        path: Of the file; None where there is none to write.
        read: Files, folders and URLs of databases.
    Raises:
        Misuse: It cannot, or it is.
    """
    if path is None:
        return
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Misuse("{option} {path} cannot be written: there is no folder {folder}", **_facts(option, path, folder))
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise Misuse("{option} {path} cannot be written: you may not write there", option=option, path=path)
    for one in _files(*read, settings.database()):
        if _is_or_holds(one, path):
            raise Misuse(
                "{option} {path} would replace what is read from {read}; name another file",
                option=option,
                path=path,
                read=one,
            )


def _facts(option: str, path: Path, folder: Path) -> dict[str, object]:
    return {"option": option, "path": path, "folder": folder}


def _files(*named: Path | str | None) -> Iterator[Path]:
    """Yield the files and folders that are *named*, by a path or by the URL of a database in a file."""
    for one in named:
        if isinstance(one, str) and "://" in one:
            try:
                url = make_url(one)
            except (ArgumentError, ValueError):  # the second for a port that is no number
                continue  # told better where it is opened
            if url.drivername.startswith("sqlite") and url.database:
                yield Path(url.database)
        elif one is not None:
            yield Path(one)


def _is_or_holds(read: Path, written: Path) -> bool:
    """Whether *written* is *read*, by a link perhaps, or lies in it: in a folder every file is a table."""
    if written.resolve().is_relative_to(read.resolve()):
        return True
    return read.is_file() and written.exists() and read.samefile(written)
