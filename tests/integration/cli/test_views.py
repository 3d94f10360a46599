"""``views``."""

from __future__ import annotations

from tests.integration.cli.conftest import Run


def two_accounts(pycrm: Run) -> None:
    pycrm("create", "account", "name=青岛海晨贸易有限公司", "country=CN", "level=A")
    pycrm("create", "account", "name=Müller GmbH", "country=DE", "level=B")


def save(pycrm: Run, name: str, *words: str, entity: str = "account") -> None:
    assert pycrm("create", "saved_view", f"entity={entity}", f"name={name}", *words).code == 0


def test_none(pycrm: Run) -> None:
    """Without views it says so."""
    assert pycrm("views").out == "there is no view\n"


def test_shown(pycrm: Run) -> None:
    """A view is shown with its columns, page by page, its groups counted."""
    two_accounts(pycrm)
    save(pycrm, "Countries", "columns=name country", "order_by=name", "group_by=country")

    first = pycrm("views", "show", "Countries", "--limit", "1")
    cursor = first.lines[-3].removeprefix("more: --after ")
    second = pycrm("views", "show", "Countries", "--limit", "1", "--after", cursor)
    assert first.lines[2].split() == ["青岛海晨贸易有限公司", "CN"]
    assert first.lines[-2:] == ["CN: 1", "DE: 1"]
    assert second.lines[2].split() == ["Müller", "GmbH", "DE"]


def test_json(pycrm: Run) -> None:
    """As JSON a list tells problems, and a view its records by path."""
    two_accounts(pycrm)
    save(pycrm, "Names", "columns=name owner.key", "order_by=name")
    save(pycrm, "Broken", "columns=custom.gone")

    listed = pycrm("views", "--json").data
    shown = pycrm("views", "show", "Names", "--json").data
    assert [(view["name"], [each["code"] for each in view["problems"]]) for view in listed] == [
        ("Broken", ["view.unknown_name"]),
        ("Names", []),
    ]
    assert [record["owner.key"] for record in shown["records"]] == ["cli", "cli"]


def test_one_name_twice(pycrm: Run) -> None:
    """Where views of two entities have one name, the entity is asked for."""
    for entity in ("account", "contact"):
        save(pycrm, "Mine", entity=entity)

    assert pycrm("views", "show", "Mine").code == 2
    assert pycrm("views", "show", "Mine", "--entity", "contact").out == "the view has no records\n"


def test_unknown(pycrm: Run) -> None:
    """A view that is not there is a record that is not there."""
    assert pycrm("views", "show", "Mine").code == 3


def test_chinese(pycrm: Run) -> None:
    """Reasons are told in the user's language."""
    save(pycrm, "坏", "columns=custom.gone", "--lang", "zh")

    assert "已失效：所写的名称不存在" in pycrm("views", "--lang", "zh").out
