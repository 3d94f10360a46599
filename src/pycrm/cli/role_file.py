"""Roles in a TOML file: written for people to keep under version control, and read again."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pycrm.cli.texts import Misuse
from pycrm.errors import Problem, ValidationError
from pycrm.policies.roles import STORED, RoleDefinition, parse_role, role_data

__all__ = ["read_roles", "roles_text", "value_text"]

_BARE = re.compile("[A-Za-z0-9_-]+")


def roles_text(roles: Mapping[str, RoleDefinition]) -> str:
    """Return *roles* as TOML: a table per role, and one per entity in it."""
    return "\n".join(line for name, role in roles.items() for line in _role_lines(name, role_data(role)))


def _role_lines(name: str, data: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{_key(name)}]"
    for key in ("label", "help", "parent"):
        if key in data:
            yield f"{key} = {value_text(data[key])}"
    yield ""
    for entity, grant in data.get("rights", {}).items():
        yield f"[{_key(name)}.rights.{_key(entity)}]"
        yield from (f"{_key(key)} = {value_text(value)}" for key, value in grant.items())
        yield ""


def value_text(value: Any) -> str:
    """Return a text, a list or a table on one line, as TOML writes it."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {value_text(each)}" for key, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(value_text, value))}]"
    # JSON's escapes are TOML's, but for one character that TOML wants escaped too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else value_text(name)


def read_roles(file: Path) -> dict[str, RoleDefinition]:
    """Return the roles of a file by name.

    Raises:
        Misuse: There is no such file, or it is no TOML.
        ValidationError: With everything that is wrong with the roles.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse("{file} cannot be read: {error}", file=file, error=error) from error
    roles: dict[str, RoleDefinition] = {}
    problems: list[Problem] = []
    for name, described in data.items():
        roles[name], found = parse_role(name, described, STORED)
        for problem in found:
            problem.field = name
        problems += found
    if problems:
        raise ValidationError(problems, entity="role")
    return roles
