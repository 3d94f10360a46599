"""Steps of import mappings that plugins bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pycrm import CRM, Principal
from pycrm.errors import ConfigurationError, MappingError, NameClashError
from pycrm.exchange.mapping import bind_mapping, read_mapping_text
from pycrm.exchange.rows import Row
from pycrm.plugin import Plugin, Problem

MAPPING = """
version = 1
[[entity]]
entity = "account"
[entity.fields]
name = { column = "Name", transforms = ["trade.cut(3)", "trade.checked"] }
"""


def made_plugin() -> Plugin:
    """Return a plugin with two transforms, of which one refuses and fails."""
    plugin = Plugin("trade")

    @plugin.transform("cut")
    def cut(value: Any, length: str) -> str:
        return str(value)[: int(length)]

    @plugin.transform("checked")
    def checked(value: str) -> str | None:
        if value == "bad":
            raise Problem("trade.bad", message="is bad", value=value)
        return None if value == "non" else str(1 / (value != "bug")) and value

    return plugin


def test_transform_of_plugin() -> None:
    """It carries the plugin's name, takes texts as arguments, and refuses by a problem; what it raises is told."""
    schema = CRM("sqlite://", plugins=[made_plugin()]).schema
    rows = [Row(line, (name,)) for line, name in enumerate(["Haichen", "badger", "none", "buggy", ""], start=2)]

    (entity,) = bind_mapping(read_mapping_text(MAPPING), ["Name"], schema).entities
    prepared = entity.prepare(rows)

    assert prepared.values["name"] == ["Hai", None, None, None, None]
    assert {place: [problem.code for problem in found] for place, found in prepared.problems.items()} == {
        1: ["trade.bad"],
        3: ["import.transform_failed"],
    }
    assert "trade.checked" in prepared.problems[3][0].message


def test_arguments_are_checked() -> None:
    """What is wrong with arguments is told before any row is read."""
    plugin = Plugin("trade")
    plugin.transform("cut", check=lambda length: "" if length.isdigit() else "takes a number")(
        lambda value, length: value
    )
    schema = CRM("sqlite://", plugins=[plugin]).schema

    def told(step: str) -> str:
        text = MAPPING.replace('"trade.cut(3)", "trade.checked"', f'"{step}"')
        with pytest.raises(MappingError) as caught:
            bind_mapping(read_mapping_text(text), ["Name"], schema)
        return str(caught.value)

    assert "takes a number" in told("trade.cut(three)")
    assert "there is no country 'XX'" in told("phone(XX)")


def test_transform_that_gives_something_else(tmp_path: Path) -> None:
    """What a transform says to give is judged all the same before it is written."""
    plugin = Plugin("trade")
    plugin.transform("land", gives="country")(lambda value: f"land of {value}")
    text = 'version = 1\n[[entity]]\nentity = "account"\n[entity.fields]\nname = "Name"\n'
    text += 'country = { column = "Country", transforms = ["trade.land"] }\n'
    (tmp_path / "rows.csv").write_text("Name,Country\nHaichen,CN\n", "utf-8")
    crm = CRM(f"sqlite:///{tmp_path / 'crm.db'}", plugins=[plugin])
    crm.migrate()
    boss = Principal("boss", roles={"administrator"})

    result = crm.imports.run(boss, tmp_path / "rows.csv", read_mapping_text(text))

    (row,) = crm.imports.kept_rows(boss, result.run)
    assert [(problem["code"], problem["field"]) for problem in row.problems] == [("country.unknown", "country")]
    crm.close()


@pytest.mark.parametrize("name", ["Cut", "2nd", "trade.cut", ""])
def test_name_of_transform(name: str) -> None:
    """A transform has a name as fields have."""
    with pytest.raises(ConfigurationError, match="lower-case"):
        Plugin("trade").transform(name)


def test_transform_without_value() -> None:
    """A function that takes no value is refused as it comes in."""
    with pytest.raises(ConfigurationError, match="function of a value"):
        Plugin("trade").transform("cut")(lambda: None)


def test_two_transforms_of_one_name() -> None:
    """Two of one name are refused as a CRM is put together."""
    plugin = made_plugin()
    plugin.transform("cut")(str)

    with pytest.raises(NameClashError, match=r"trade\.cut"):
        CRM("sqlite://", plugins=[plugin])
