"""``roles list``, ``show``, ``export``, ``diff`` and ``apply``: roles from the command line, by way of a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.integration.cli.conftest import Run

CHANGES = """
[salesperson.rights.account]
read = "team"
create = "own"
write = ["own", { where = "team IN MY_TEAM" }]
share = "own"
fields = { phone = "masked" }
masks = { phone = "last4" }

[salesperson.rights.lead]

[finance]
label = { zh = "财务" }
parent = "sales_manager"
[finance.rights.payment_receipt]
read = "all"
create = "all"
"""


def test_roles_are_listed(pycrm: Run) -> None:
    """Each with its label, who brings it and the role above; the bare group lists too."""
    listed = pycrm("roles")
    chinese = pycrm("roles", "list", "--lang", "zh")
    documents = pycrm("roles", "list", "--json").data

    assert listed.lines[0].split() == ["Role", "Label", "Owner", "Below", "Entities", "State"]
    assert any(line.split()[:4] == ["salesperson", "Salesperson", "core", "sales_manager"] for line in listed.lines)
    assert "销售经理" in chinese.out
    assert [each["name"] for each in documents][:2] == ["administrator", "sales_manager"]
    assert not any(each["is_changed"] for each in documents)


def test_one_role_is_shown(pycrm: Run) -> None:
    """As TOML, as JSON, and with the nearest name where there is none."""
    shown = pycrm("roles", "show", "salesperson")
    document = pycrm("roles", "show", "salesperson", "--json").data
    unknown = pycrm("roles", "show", "salesprson")

    data = tomllib.loads(shown.out)["salesperson"]
    assert data["rights"]["account"] == {"read": "team", "create": "own", "write": "own", "share": "own"}
    assert document == {"name": "salesperson", "owner": "core", **data}
    assert (unknown.code, "did you mean 'salesperson'" in unknown.err) == (2, True)


def test_file_is_compared_and_applied(pycrm: Run, folder: Path) -> None:
    """What would change is told first; applying tells the same, and then there is no difference."""
    Path("roles.toml").write_text(CHANGES, encoding="utf-8")
    before = pycrm("roles", "diff", "roles.toml")
    documents = pycrm("roles", "diff", "roles.toml", "--json")
    applied = pycrm("roles", "apply", "roles.toml")
    after = pycrm("roles", "diff", "roles.toml")
    again = pycrm("roles", "apply", "roles.toml")
    listed = pycrm("roles", "list")

    assert before.code == documents.code == 1
    assert before.out == applied.out
    assert applied.lines == [
        'salesperson: rights.account.write: "own" → ["own", { where = "team IN MY_TEAM" }]',
        'salesperson: rights.account.fields.phone: nothing → "masked"',
        'salesperson: rights.account.masks.phone: nothing → "last4"',
        'salesperson: rights.lead.read: "team" → nothing',
        'salesperson: rights.lead.create: "own" → nothing',
        'salesperson: rights.lead.write: "own" → nothing',
        'salesperson: rights.lead.delete: "own" → nothing',
        'salesperson: rights.lead.share: "own" → nothing',
        "finance: new",
    ]
    assert documents.data[0] == {
        "role": "salesperson",
        "path": "rights.account.write",
        "now": "own",
        "wanted": ["own", {"where": "team IN MY_TEAM"}],
    }
    assert (after.code, after.out) == (again.code, again.out) == (0, "the roles are as in the file\n")
    assert any(line.startswith("salesperson") and line.endswith("changed here") for line in listed.lines)
    assert any(line.split() == ["finance", "Finance", "stored", "sales_manager", "1"] for line in listed.lines)


def test_exported_roles_go_back(pycrm: Run, folder: Path) -> None:
    """What was exported first undoes what was applied since; of a role that was not there rights go, it stays."""
    exported = pycrm("roles", "export", "before.toml")
    Path("roles.toml").write_text(CHANGES, encoding="utf-8")
    pycrm("roles", "apply", "roles.toml")
    changed = tomllib.loads(pycrm("roles", "export").out)
    data = pycrm("roles", "export", "--json").data
    back = pycrm("roles", "apply", "before.toml")

    assert exported.out == "wrote before.toml\n"
    assert changed["finance"]["label"] == {"zh": "财务"}
    assert "lead" in changed["salesperson"]["rights"]
    assert data == changed
    assert back.code == 0
    assert pycrm("roles", "diff", "before.toml").code == 0
    assert pycrm("roles", "export", "--json").data.keys() == changed.keys()


def test_nothing_is_applied_in_part(pycrm: Run, folder: Path) -> None:
    """One name that is not there keeps everything of a file from being applied; each problem is told."""
    Path("roles.toml").write_text(CHANGES + '[finance.rights.acount]\nread = "all"\n', encoding="utf-8")
    refused = pycrm("roles", "apply", "roles.toml")
    missing = pycrm("roles", "apply", "nowhere.toml")

    assert refused.code == 4
    assert "rights.acount names no entity here; did you mean 'account'" in refused.err
    assert "finance" not in pycrm("roles", "export").out
    assert (missing.code, "nowhere.toml cannot be read" in missing.err) == (2, True)


def test_roles_of_one_file_may_name_each_other(pycrm: Run, folder: Path) -> None:
    """A parent may come later in the file; a circle is refused."""
    Path("roles.toml").write_text('[clerk]\nparent = "chief"\n[chief]\n', encoding="utf-8")
    Path("circle.toml").write_text('[chief]\nparent = "clerk"\n', encoding="utf-8")

    assert pycrm("roles", "apply", "roles.toml").lines == ["clerk: new", "chief: new"]
    circle = pycrm("roles", "apply", "circle.toml")
    assert (circle.code, "parent clerk lies below this role" in circle.err) == (4, True)
