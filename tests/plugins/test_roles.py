"""Roles that plugins declare: put together when a CRM is, judged by the schema, each mistake told with its cure."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm import CRM, Account, ConfigurationError, NameClashError
from pycrm.plugin import Extension, Lifecycle, Move, OwnedRecord, Plugin, State, field
from pycrm.policies.declared import RoleDeclarations
from pycrm.policies.grants import EntityGrant, Rule
from pycrm.policies.roles import RoleDefinition

SHIPPED = {
    "administrator",
    "sales_manager",
    "salesperson",
    "marketing",
    "service_agent",
    "read_only",
    "integration",
}
SAMPLE = Lifecycle(State("asked"), State("sent"), State("signed", final=True), Move("send", "asked", "sent"))


def trade() -> Plugin:
    """A plugin with an entity, a field on accounts and a permission."""
    plugin = Plugin("trade")

    @plugin.entity(title="name")
    class Sample(OwnedRecord):
        name: str = field.text()
        status: str = field.status(SAMPLE)

    @plugin.extend(Account)
    class Terms(Extension):
        incoterm: str | None = field.text()

    return plugin


def roles_with(*plugins: Plugin) -> dict[str, RoleDefinition]:
    crm = CRM("sqlite://", plugins=plugins)
    crm.close()
    return dict(crm._roles)


class TestHooks:
    def test_hook_register_roles(self) -> None:
        """A plugin hands over its roles, what it grants to others, and its permissions under its name."""
        plugin = trade()
        sign = plugin.permission("sign")
        plugin.role("quality", {"trade.sample": {"read": "all", "send": "team", sign: "own"}}, label={"zh": "质检"})
        plugin.grant(
            "salesperson", {"trade.sample": {"read": "team"}, "account": {"fields": {"trade.incoterm": "read"}}}
        )

        declared = plugin.pycrm_register_roles()
        assert isinstance(declared, RoleDeclarations)
        assert (declared.owner, declared.permissions) == ("trade", ("trade.sign",))
        assert [role.name for role in declared.roles] == ["quality"]

        roles = roles_with(plugin)
        assert set(roles) == SHIPPED | {"quality"}
        assert roles["quality"].owner == "trade"
        assert roles["quality"].grants["trade.sample"].actions == {
            "read": ("all",),
            "send": ("team",),
            "trade.sign": ("own",),
        }
        account = roles["salesperson"].grants["account"]
        assert account.actions["read"] == ("team",)
        assert account.fields == {"trade.incoterm": "read"}


def test_role_of_two_owners_is_refused() -> None:
    """Two owners of one role are both named, pycrm itself too."""
    first, second, third = Plugin("first"), Plugin("second"), Plugin("third")
    first.role("quality", {})
    second.role("quality", {})
    third.role("salesperson", {})

    with pytest.raises(NameClashError, match="role 'quality' is brought by 'first' and by 'second'"):
        roles_with(first, second)
    with pytest.raises(NameClashError, match="role 'salesperson' is brought by 'core' and by 'third'"):
        roles_with(third)


def test_plugin_grants_to_role_of_another() -> None:
    """Whichever comes first, a grant finds its role; a role of which there is none is named with the nearest."""
    early, late = Plugin("early"), Plugin("late")
    early.grant("quality", {"account": {"read": "all"}})
    late.role("quality", {"account": {"write": {"where": "owner = ME"}}})

    assert roles_with(early, late)["quality"].grants["account"].actions == {
        "read": ("all",),
        "write": (Rule("owner = ME"),),
    }
    with pytest.raises(ConfigurationError, match="plugin 'early' grants rights to 'quality', which is no role here"):
        roles_with(early)


@pytest.mark.parametrize(
    ("rights", "told"),
    [
        ({"trade.samples": {"read": "all"}}, r"rights.trade.samples names no entity here; did you mean 'trade.sample'"),
        ({"absent.thing": {"read": "all"}}, r"rights.absent.thing names no entity here"),
        ({"trade.sample": {"sent": "all"}}, r"sent names no action of trade.sample.*did you mean 'send'"),
        ({"trade.sample": {"fields": {"nam": "read"}}}, r"fields.nam names no field of trade.sample.*mean 'name'"),
        ({"trade.sample": {"deny": {"fields": ["nam"]}}}, r"deny.fields.nam names no field of trade.sample"),
        ({"trade.sample": {"read": {"where": "onwer = ME"}}}, r"read cannot be read: .*did you mean 'owner'"),
        ({"trade.sample": {"read": {"where": "onwer = MY.user"}}}, r"read cannot be read: .*did you mean 'owner'"),
        ({"trade.sample": {"read": {"where": "owner > ME"}}}, r"read cannot be read: "),
        ({"trade.sample": {"read": Rule("name =")}}, r"read cannot be read: "),
    ],
)
def test_names_are_judged_by_the_schema(rights: Any, told: str) -> None:
    """What a role names and is not there keeps the CRM from being put together, with role, plugin, value and cure."""
    plugin = trade()
    plugin.role("quality", rights)

    with pytest.raises(ConfigurationError, match=told) as refused:
        roles_with(plugin)
    assert "role 'quality' of 'trade' cannot work" in str(refused.value)


def test_rule_may_ask_for_what_is_not_known_yet() -> None:
    """A rule names who acts and what a principal brings along, on entities that references lead to, too."""
    plugin = trade()
    where = "ANY(opportunities, owner = ME AND custom_note = MY.note) OR parent.owner.manager = MY.chief"
    plugin.role("quality", {"account": {"read": [{"where": where.replace("custom_note", "name")}]}})

    assert roles_with(plugin)["quality"].grants["account"].actions["read"] == (
        Rule(where.replace("custom_note", "name")),
    )


def test_custom_fields_are_left_to_the_database() -> None:
    """Code may speak of a custom field that some databases have."""
    plugin = trade()
    plugin.grant("salesperson", {"account": {"fields": {"custom.margin": "read"}}})

    assert roles_with(plugin)["salesperson"].grants["account"].fields == {"custom.margin": "read"}


def test_administrator_is_granted_nothing() -> None:
    """Who may do all needs no rights."""
    plugin = trade()
    plugin.grant("administrator", {"account": {"read": "all"}})

    with pytest.raises(ConfigurationError, match="grants rights to 'administrator', which may do all anyway"):
        roles_with(plugin)


@pytest.mark.parametrize(("parent", "told"), [("chief", "parent chief is no role here"), ("second", "lies below")])
def test_parent_is_a_role_above(parent: str, told: str) -> None:
    """A role's parent is another role, and none below it."""
    plugin = trade()
    plugin.role("first", {}, parent=parent)
    plugin.role("second", {}, parent="first")

    with pytest.raises(ConfigurationError, match=told):
        roles_with(plugin)


def test_shape_is_judged_where_it_is_written() -> None:
    """What no schema could mend is refused in the line that says it."""
    with pytest.raises(ConfigurationError, match="did you mean 'team'"):
        trade().role("quality", {"trade.sample": {"read": "teem"}})
    with pytest.raises(ConfigurationError, match="use lower-case letters"):
        trade().permission("Sign it")


def test_shipped_roles_name_what_is_there() -> None:
    """Of pycrm's own roles the rules are judged too, which no CRM waits for."""
    crm = CRM("sqlite://", plugins=[])
    crm.close()

    found = {name: [str(each) for each in crm._role_check.problems(role)] for name, role in crm._roles.items()}
    assert found == {name: [] for name in SHIPPED}


def test_parts_need_no_grant() -> None:
    """A part takes its rights from what it belongs to; no shipped role grants any on one."""
    crm = CRM("sqlite://", plugins=[])
    crm.close()
    parts = {
        entity.name
        for entity in crm.schema.entities.values()
        if any(getattr(reference.kind, "rights_from", False) for reference in entity.all_references)
    }

    assert {"quote_line", "contact_point", "attachment"} <= parts
    assert [role.name for role in crm._roles.values() if parts & role.grants.keys()] == []


def test_every_role_reads_reference_data() -> None:
    """What everybody needs to make sense of records is read by every role."""
    roles = roles_with()
    reference = (
        "user team tag calendar calendar_exception exchange_rate product product_category price_book unit_of_measure "
        "pipeline stage competitor"
    )

    assert {
        (role.name, entity)
        for role in roles.values()
        for entity in reference.split()
        if role.name != "administrator" and role.grants.get(entity, EntityGrant()).actions.get("read") != ("all",)
    } == set()


def test_only_administrators_define() -> None:
    """No shipped role defines fields, nor touches roles and who has them."""
    granted = {
        (role.name, entity, action)
        for role in roles_with().values()
        for entity, grant in role.grants.items()
        for action in grant.actions
    }

    kernel = {"role", "role_assignment", "custom_field", "custom_index"}
    assert [each for each in granted if each[1] in kernel or each[2] in ("define_fields", "unmask")] == []
