"""``entities``, ``fields``, ``plugins``: what there is, also of plugins that are gone."""

from __future__ import annotations

from tests.integration.cli.conftest import Done, Run

from pycrm import CRM, Account, Principal, field
from pycrm.plugin import Extension, Plugin, Record
from pycrm.plugin import field as plugin_field

MEI = Principal("mei", roles={"administrator"})


def trade() -> Plugin:
    """A plugin that nobody has installed."""
    plugin = Plugin("trade", version="1.2")

    @plugin.entity(title="name")
    class Sample(Record):
        name: str = plugin_field.text()

    @plugin.extend(Account)
    class Terms(Extension):
        incoterm: str | None = plugin_field.choice(["FOB", "CIF"])

    assert Sample
    assert Terms
    return plugin


def leave_plugin(url: str) -> None:
    """Migrate the database with the plugin, and write its field."""
    crm = CRM(url, plugins=[trade()])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        account = Account(name="a")
        account.set_document_value("trade.incoterm", "FOB")
        ws.create(account)
    crm.close()


def test_fields_tell_kind_label_owner_state(pycrm: Run) -> None:
    """A retired custom field is marked, in the language asked for."""
    crm = CRM("sqlite:///crm.db")
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "大区", field.choice(["华东"]), label={"en": "Region", "zh": "销售大区"})
        ws.retire_field(Account, "大区")
    crm.close()

    english = {line.split()[0]: line.split() for line in pycrm("fields", "account").lines}
    chinese = next(line for line in pycrm("fields", "account", "--language", "zh").lines if "大区" in line)

    assert english["name"][:4] == ["name", "text", "Name", "required"]
    assert english["custom.大区"] == ["custom.大区", "choice", "Region", "custom", "retired", "华东"]
    assert "销售大区" in chinese


def test_fields_as_json_have_options(pycrm: Run) -> None:
    """A program gets kind, options and facts."""
    by_name = {each["name"]: each for each in pycrm("fields", "account", "--json").data}

    assert by_name["level"]["options"] == {"options": ["A", "B", "C", "D"]}
    assert by_name["name"]["required"] is True
    assert by_name["created_at"]["read_only"] is True


def test_heads_are_in_chinese(pycrm: Run) -> None:
    """Of every list."""
    heads = [pycrm(*words.split(), "--lang", "zh").lines[0].split() for words in ("entities", "fields task", "plugins")]

    assert heads == [
        ["对象", "名称", "归属", "字段数", "状态"],
        ["字段", "类型", "名称", "必填", "归属", "状态", "可取值"],
        ["插件", "版本", "状态"],
    ]


def test_entities_are_listed(pycrm: Run) -> None:
    """Name, label and owner of each."""
    lines = pycrm("entities", "--language", "zh").lines

    assert any(line.split()[:3] == ["account", "客户", "parties"] for line in lines)


def test_gone_plugin_shows_parked(run: Run, database_url: str) -> None:
    """Its entities and fields are there, marked; its values are read, and not written."""
    leave_plugin(database_url)
    run("migrate", "--url", database_url)  # further plugins may be installed beside

    def at(*words: str) -> Done:
        return run("--url", database_url, *words)

    assert any(line.startswith("trade  ") and "parked" in line for line in at("plugins").lines)
    assert any(line.startswith("trade.sample") and line.endswith("parked") for line in at("entities").lines)
    assert any(line.startswith("trade.incoterm") and "parked" in line for line in at("fields", "account").lines)
    assert any("(parked)" in line and "FOB" in line for line in at("show", "account", "a").lines)
    refused = at("update", "account", "a", "trade.incoterm=CIF")
    assert refused.code == 4
    assert "install it to write" in refused.err


def test_plugins_need_no_database(run: Run) -> None:
    """What is installed can be listed anywhere."""
    done = run("plugins")

    assert done.code == 0
    assert any(line.startswith("parties") and "active" in line for line in done.lines)
    assert "no database here" in done.out


def test_plugins_as_json(pycrm: Run) -> None:
    """Name, version and state of each."""
    data = pycrm("plugins", "--json").data

    assert {"parties", "sales"} <= {each["name"] for each in data}
    assert all(each["state"] == "active" and each["version"] for each in data)


def test_hooks_are_listed_in_order(pycrm: Run) -> None:
    """Order, hook, entity, function, calls, time."""
    table = pycrm("plugins", "hooks")
    data = pycrm("plugins", "hooks", "--json").data

    assert table.lines[0].split("  ")[0] == "Order"
    assert [each["order"] for each in data] == list(range(1, len(data) + 1))
    assert {"hook": "derive", "entity": "sales_order_line", "function": "sales:keep_line_total"}.items() <= next(
        each for each in data if each["function"] == "sales:keep_line_total"
    ).items()
