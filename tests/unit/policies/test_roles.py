from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm import ConfigurationError
from pycrm.fields.field import Field
from pycrm.fields.text import TextKind
from pycrm.policies.grants import ACTIONS, FIELD_RIGHTS, SCOPES, EntityGrant, FieldRight, Rule, field_right, united
from pycrm.policies.masks import MASKS
from pycrm.policies.roles import RoleDefinition, effective, merge_stored, read_role, role_data

SALESPERSON = """
    label = { zh = "销售" }
    parent = "sales_manager"
    [rights.account]
    read = "team"
    create = "own"
    write = ["own", { where = "account_team HAS ME" }]
    fields = { credit_limit = "read", phone = "masked", "*" = "write" }
    masks = { phone = "last4" }
    deny = { delete = "all", fields = ["tax_number"] }
"""


def role(name: str, **grants: Mapping[str, Any]) -> RoleDefinition:
    return read_role(name, {"rights": grants}, "test")


@attrs.frozen
class SecretKind(TextKind):
    @property
    def sensitive(self) -> bool:
        return True


def field(path: str, **facts: Any) -> Field:
    kind = SecretKind() if facts.pop("sensitive", False) else TextKind()
    return Field(kind, name=path.rpartition(".")[2], path=path, **facts)


def rights(*grants: Mapping[str, Any], path: str = "phone", may_write: bool = True, **facts: Any) -> FieldRight:
    """Return the right to a field of somebody with these grants on its entity."""
    definitions = [role(f"role{number}", account=grant) for number, grant in enumerate(grants)]
    return field_right(effective(definitions)["account"], field(path, **facts), may_write)


def test_role_is_read_from_toml() -> None:
    """The plain form says per entity what is allowed, denied, and what of each field."""
    read = read_role("salesperson", tomllib.loads(SALESPERSON), "sales")

    grant = read.grants["account"]
    assert (read.name, read.label, read.parent, read.owner) == ("salesperson", {"zh": "销售"}, "sales_manager", "sales")
    assert grant.actions == {"read": ("team",), "create": ("own",), "write": ("own", Rule("account_team HAS ME"))}
    assert grant.fields == {"credit_limit": "read", "phone": "masked", "*": "write"}
    assert (grant.masks, grant.denied, grant.denied_fields) == (
        {"phone": "last4"},
        {"delete": ("all",)},
        frozenset({"tax_number"}),
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"read": "teams"}, r"rights.account.read is none of none, own, .*did you mean 'team'.*\(got 'teams'\)"),
        ({"read": []}, r"rights.account.read is none of"),
        ({"write": {"were": "owner = ME"}}, r"rights.account.write is no rule; write \{ where = \"FILTER\" \}"),
        ({"write": {"where": "owner ="}}, r"rights.account.write cannot be read: .*\(got 'owner ='\)"),
        (
            {"fields": {"phone": "mask"}},
            r"rights.account.fields.phone is none of none, masked, .*did you mean 'masked'",
        ),
        (
            {"fields": {"phone": "masked"}, "masks": {"phone": "last_4"}},
            r"masks.phone is none of .*did you mean 'last4'",
        ),
        ({"masks": {"phone": "last4"}}, r"masks.phone is for a field that is not masked; say fields = \{ \"phone\""),
        ({"deny": {"fields": "phone"}}, r"rights.account.deny.fields is no list of names; write it as \[\"name\"\]"),
        ("all", r"rights.account is no table"),
    ],
)
def test_refusal_names_place_and_cure(data: Any, told: str) -> None:
    """What cannot be read is refused with role, place, value and cure."""
    with pytest.raises(ConfigurationError, match=told) as refused:
        role("clerk", account=data)

    assert str(refused.value).startswith("role 'clerk' of 'test' cannot work:")


def test_refusal_tells_everything() -> None:
    """All that is wrong with a role is told at once."""
    with pytest.raises(ConfigurationError) as refused:
        read_role("clerk", {"rigths": {}, "parent": 1, "label": {"zh": ""}, "rights": {"account": 1}}, "stored")

    codes = {problem.code for problem in refused.value.problems}
    assert codes == {"role.unknown_key", "role.no_parent", "role.no_text", "role.no_table"}


@pytest.mark.parametrize("name", ["", " clerk", "x" * 101])
def test_name_is_a_short_text(name: str) -> None:
    """A role has a name that can be told from others by eye."""
    with pytest.raises(ConfigurationError, match="is no name of a role"):
        read_role(name, {}, "test")


scopes = st.sampled_from(SCOPES)
rules = st.sampled_from([Rule("owner = ME"), Rule("team IN MY_TEAM"), Rule("custom.region = MY.region")])
reaches = st.lists(scopes | rules, min_size=1, max_size=4).map(united)
names = st.sampled_from(["name", "phone", "custom.margin", "trade.incoterm", "*"])


@st.composite
def entity_grants(draw: st.DrawFn) -> EntityGrant:
    fields = draw(st.dictionaries(names, st.sampled_from(FIELD_RIGHTS)))
    masked = [path for path, right in fields.items() if right == "masked"]
    actions = st.dictionaries(st.sampled_from([*ACTIONS, "approve", "trade.sign"]), reaches, max_size=4)
    return EntityGrant(
        actions=draw(actions),
        denied=draw(actions),
        fields=fields,
        denied_fields=frozenset(draw(st.sets(names))),
        masks=draw(st.dictionaries(st.sampled_from(masked), st.sampled_from(list(MASKS)))) if masked else {},
    )


definitions = st.builds(
    RoleDefinition,
    name=st.sampled_from(["clerk", "财务", "trade.agent"]),
    label=st.dictionaries(st.sampled_from(["en", "zh"]), st.sampled_from(["Clerk", "文员"])),
    help=st.dictionaries(st.sampled_from(["en", "zh"]), st.just("…")),
    grants=st.dictionaries(st.sampled_from(["account", "trade.sample"]), entity_grants()),
    owner=st.just("stored"),
    parent=st.none() | st.just("manager"),
)


@given(definitions)
def test_data_is_the_inverse_of_reading(definition: RoleDefinition) -> None:
    """A role comes back from its data as it was."""
    data = role_data(definition)

    assert read_role(definition.name, data, definition.owner) == definition
    assert role_data(read_role(definition.name, data, "stored")) == data


def test_scopes_are_one_scope() -> None:
    """The widest scope says what narrower ones do; to all of them no rule adds anything."""
    assert united(["own", "team", Rule("owner = ME"), Rule("owner = ME")]) == ("team", Rule("owner = ME"))
    assert united(["none", Rule("owner = ME")]) == (Rule("owner = ME"),)
    assert united([Rule("owner = ME"), "all"]) == ("all",)
    assert united(["none"]) == ("none",)


def test_roles_add_up() -> None:
    """Somebody with two roles may do what either allows, and not what either denies."""
    clerk = role("clerk", account={"read": "own", "write": {"where": "owner = ME"}}, lead={"read": "all"})
    auditor = role("auditor", account={"read": "team", "write": "own", "deny": {"delete": "all"}})

    both = effective([clerk, auditor])

    assert both["account"].actions == {"read": ("team",), "write": ("own", Rule("owner = ME"))}
    assert both["account"].denied == {"delete": ("all",)}
    assert both["lead"].actions == {"read": ("all",)}


def test_own_fields_are_open() -> None:
    """What an entity declares itself is read, and written by those who may write."""
    assert rights({"read": "all"}) == "write"
    assert rights({"read": "all"}, may_write=False) == "read"


@pytest.mark.parametrize("facts", [{"path": "custom.margin"}, {"path": "trade.incoterm"}, {"sensitive": True}])
def test_new_and_sensitive_fields_are_closed(facts: Mapping[str, Any]) -> None:
    """Custom fields, those of plugins and sensitive ones are open to roles that name them, or every field."""
    path = str(facts.get("path", "phone"))

    assert rights({"read": "all"}, **facts) == "none"
    assert rights({"read": "all", "fields": {path: "read"}}, **facts) == "read"
    assert rights({"read": "all", "fields": {"*": "write"}}, **facts) == "write"
    assert rights({"read": "all"}, open=True, **facts) == "write"


def test_named_field_goes_before_every_field() -> None:
    """What a role says of one field counts, whatever it says of all."""
    assert rights({"read": "all", "fields": {"phone": "none", "*": "write"}}) == "none"


def test_highest_right_counts() -> None:
    """Of several roles the one that gives most of a field counts, be it by default."""
    masked, closed, silent = {"fields": {"phone": "masked"}}, {"fields": {"phone": "none"}}, {"read": "own"}

    assert rights(masked, closed) == "masked"
    assert rights(masked, silent) == "write"
    assert rights(masked, silent, path="custom.margin") == "none"
    assert rights(closed, {"fields": {"*": "read"}}) == "read"


def test_role_that_only_denies_opens_nothing() -> None:
    """A role without anything to give on an entity does not open a field that another one masks."""
    assert rights({"fields": {"phone": "masked"}}, {"deny": {"delete": "all"}}) == "masked"


@pytest.mark.parametrize("denied", ["phone", "*"])
def test_denied_field_is_closed(denied: str) -> None:
    """A field that one role denies is closed, whatever others give."""
    assert rights({"fields": {"phone": "write"}}, {"deny": {"fields": [denied]}}) == "none"


def test_common_fields_are_always_read() -> None:
    """What tells records apart cannot be hidden from those who read them."""
    assert rights({"fields": {"*": "none"}, "deny": {"fields": ["*"]}}, path="created_at") == "read"


def test_mask_that_shows_most_counts() -> None:
    """Of the masks of several roles the one that shows most is taken; without any, all is hidden."""
    first = role("first", account={"fields": {"phone": "masked"}, "masks": {"phone": "last4"}})
    second = role("second", account={"fields": {"*": "masked"}})

    both = effective([first, second])["account"]

    assert (both.mask_of("phone"), both.mask_of("email")) == ("last4", "all")


@given(st.lists(entity_grants(), min_size=1, max_size=4), names, st.booleans(), st.booleans())
def test_union_is_highest_of_each(grants: list[EntityGrant], path: str, may_write: bool, is_open: bool) -> None:
    """What several roles give to a field is what the best of them gives by itself, unless one denies it."""
    asked = field("phone" if path == "*" else path, open=is_open)
    together = effective(RoleDefinition(f"r{n}", grants={"account": grant}) for n, grant in enumerate(grants))

    giving = [grant for grant in grants if grant.allows] or [EntityGrant()]
    each = [field_right(attrs.evolve(grant, denied_fields=frozenset()), asked, may_write) for grant in giving]
    is_denied = any({asked.path, "*"} & grant.denied_fields for grant in grants)
    expected = "none" if is_denied else max(each, key=FIELD_RIGHTS.index)
    assert field_right(together["account"], asked, may_write) == expected


def test_stored_role_changes_entities_that_it_names() -> None:
    """Where an administrator says something of an entity, the code says no more of it; of others it does."""
    code = {"clerk": read_role("clerk", tomllib.loads(SALESPERSON) | {"help": {"en": "sells"}}, "sales")}
    stored = {
        "clerk": read_role("clerk", {"label": {"en": "Seller"}, "rights": {"lead": {"read": "all"}}}, "stored"),
        "finance": role("finance", account={"read": "all"}),
    }

    merged = merge_stored(code, stored)

    assert merged["clerk"].label == {"zh": "销售", "en": "Seller"}
    assert (merged["clerk"].parent, merged["clerk"].owner) == ("sales_manager", "sales")
    assert merged["clerk"].grants["account"] == code["clerk"].grants["account"]
    assert merged["clerk"].grants["lead"].actions == {"read": ("all",)}
    assert merged["finance"] == stored["finance"]
    closed = {"clerk": role("clerk", account={})}
    assert merge_stored(code, closed)["clerk"].grants["account"] == EntityGrant()


def test_plugins_add_to_a_role() -> None:
    """What several plugins say of one entity counts together, a field's right as the one that names it says."""
    clerk = role("clerk", account={"read": "own"}).with_grants(
        role("clerk", account={"read": "team", "fields": {"trade.incoterm": "read"}}, lead={"read": "all"}).grants
    )

    assert clerk.grants["account"].actions == {"read": ("team",)}
    assert field_right(clerk.grants["account"], field("trade.incoterm"), True) == "read"
    assert clerk.grants["lead"].actions == {"read": ("all",)}
