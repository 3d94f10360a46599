from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policies.test_roles import definitions

from pycrm import CRM, ValidationError
from pycrm.cli.role_file import read_roles, roles_text, value_text
from pycrm.cli.texts import Misuse
from pycrm.policies.roles import RoleDefinition, role_data


@given(st.lists(definitions, unique_by=lambda role: role.name))
def test_file_says_what_the_roles_are(roles: list[RoleDefinition]) -> None:
    """What is written is TOML, and reads as the data of each role."""
    text = roles_text({role.name: role for role in roles})

    assert tomllib.loads(text) == {role.name: role_data(role) for role in roles}


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_can_be_written(text: str) -> None:
    """Quotes, line ends and characters of control come back."""
    assert tomllib.loads(f"value = {value_text(text)}\n{value_text('k' + text)} = 1") == {"value": text, "k" + text: 1}


def test_shipped_roles_come_back(tmp_path: Path) -> None:
    """The roles of the code are the same when they are read from a file."""
    crm = CRM("sqlite://", plugins=[])
    crm.close()
    file = tmp_path / "roles.toml"
    file.write_text(roles_text(crm._roles), encoding="utf-8")

    read = read_roles(file)
    assert {name: role_data(role) for name, role in read.items()} == {
        name: role_data(role) for name, role in crm._roles.items()
    }


def test_everything_wrong_is_told(tmp_path: Path) -> None:
    """Of all roles of a file every problem is told, with the role and the place."""
    file = tmp_path / "roles.toml"
    file.write_text('[clerk]\nrigths = 1\n[chief.rights.account]\nread = "al"\n', encoding="utf-8")

    with pytest.raises(ValidationError) as refused:
        read_roles(file)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [
        ("clerk", "role.unknown_key"),
        ("chief", "role.unknown_scope"),
    ]


@pytest.mark.parametrize("content", [None, b"[clerk", b"\xff"])
def test_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing or no TOML is named with the reason."""
    file = tmp_path / "roles.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(Misuse, match=r"roles\.toml cannot be read"):
        read_roles(file)
