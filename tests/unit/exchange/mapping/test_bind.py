"""A mapping meets its source and the CRM: what does not go together is told, what is referred to comes first."""

from __future__ import annotations

import pytest
from tests.sheets import Bind

from pycrm.errors import MappingError
from pycrm.exchange.mapping import CustomField, EntityMap, FieldMap, Mapping, bind_mapping, missing_custom_fields
from pycrm.schema import Schema


def told(bind: Bind, text: str, *columns: str) -> dict[str | None, str]:
    """Return by place the codes of what is wrong."""
    with pytest.raises(MappingError) as caught:
        bind(text, columns)
    return {problem.field: problem.code for problem in caught.value.problems}


def test_all_problems_at_once(bind: Bind) -> None:
    """Columns, fields, entities, transforms, references and conditions are judged together."""
    problems = told(
        bind,
        """
        reading = { time_zone = "Mars/Olympus" }
        [[entity]]
        entity = "contact"
        when = "Stat = 'open'"
        by = ["phone"]
        newest = "Changed"
        [entity.fields]
        nmae = "Name"
        email = "Mail"
        department = { column = "Name", transforms = ["trimm"] }
        job_title = { column = "Name", transforms = ["split_name(middle)"] }
        mobile = { column = "Name", transforms = ["trim("] }
        birth_on = { default = "some day" }
        salutation = { column = "Name", record = "acounts" }
        version = "Name"
        description = { column = "Name", find = "name" }
        given_name = { column = "Name", part = 2 }
        family_name = { column = "Name", on_problem = "default" }
        wechat = {}
        [[entity]]
        entity = "acount"
        """,
        "Name",
        "Status",
    )

    assert problems == {
        "reading.time_zone": "mapping.unknown_zone",
        "contact.nmae": "mapping.unknown_field",
        "contact.email": "mapping.unknown_column",
        "contact.department": "mapping.unknown_transform",
        "contact.job_title": "mapping.bad_arguments",
        "contact.mobile": "mapping.unreadable_step",
        "contact.birth_on": "mapping.bad_value",
        "contact.salutation": "mapping.unknown_record",
        "contact.version": "mapping.not_writable",
        "contact.description": "mapping.not_looked_up",
        "contact.given_name": "mapping.no_split",
        "contact.family_name": "mapping.no_default",
        "contact.wechat": "mapping.no_source",
        "contact.by": "mapping.not_mapped",
        "contact.when": "mapping.unknown_column",
        "contact.newest": "mapping.unknown_column",
        "acount": "mapping.unknown_entity",
    }


def test_nearest_names(bind: Bind) -> None:
    """An unknown name comes with those that are like it."""
    with pytest.raises(MappingError, match=r"did you mean 'E-mail'"):
        bind('[[entity]]\nentity = "contact"\n[entity.fields]\nemail = "Email"', ["Name", "E-mail"])


def test_writing_order(bind: Bind) -> None:
    """What others of the row refer to is written first, in whatever order the file has it."""
    bound = bind(
        """
        [[entity]]
        entity = "account_contact"
        [entity.fields]
        account = { record = "account" }
        contact = { record = "person" }
        [[entity]]
        entity = "account"
        [entity.fields]
        name = "Firm"
        [[entity]]
        entity = "contact"
        alias = "person"
        [entity.fields]
        name = "Name"
        """,
        ["Firm", "Name", "Note"],
    )

    order = [each.alias for each in bound.entities]
    assert order[-1] == "account_contact"
    assert set(order) == {"account", "person", "account_contact"}
    assert bound.entities[-1].records == {"account": "account", "contact": "person"}
    assert bound.unmapped == ("Note",)


def test_circle(bind: Bind) -> None:
    """Two records of a row that refer to each other cannot both come first."""
    text = """
        [[entity]]
        entity = "account"
        [entity.fields]
        name = "Firm"
        parent = { record = "head" }
        [[entity]]
        entity = "account"
        alias = "head"
        [entity.fields]
        name = "Head"
        parent = { record = "account" }
    """

    assert told(bind, text, "Firm", "Head") == {None: "mapping.circle"}


def test_wrong_target(bind: Bind) -> None:
    """A reference leads to records of its own target only."""
    text = """
        [[entity]]
        entity = "account"
        [entity.fields]
        parent = { record = "contact" }
        [[entity]]
        entity = "contact"
        [entity.fields]
        name = "Name"
    """

    assert told(bind, text, "Name") == {"account.parent": "mapping.not_a_reference"}


def test_field_mapped_twice(bind: Bind) -> None:
    """A field is mapped once, whole or in parts."""
    text = '[[entity]]\nentity = "account"\n[entity.fields]\naddress = "A"\n"address.city" = "B"'

    assert told(bind, text, "A", "B") == {"account.address": "mapping.twice"}


def test_policies_are_resolved(bind: Bind) -> None:
    """What a match changes is named: all that is mapped unless the file says which."""
    text = '[[entity]]\nentity = "account"\nonly_empty = true\n[entity.fields]\nname = "A"\nphone = "B"'

    (plain,) = bind(text, ["A", "B"]).entities
    (told_so,) = bind(text.replace("only_empty = true", 'update = ["phone"]'), ["A", "B"]).entities

    assert plain.update_fields == plain.only_empty == {"name", "phone"}
    assert (told_so.update_fields, told_so.only_empty) == ({"phone"}, frozenset())


def test_policies_name_whole_fields(bind: Bind) -> None:
    """A part stands for its field where it is written, and cannot be a key."""
    text = '[[entity]]\nentity = "account"\nupdate = ["address.city"]\n[entity.fields]\naddress.city = "A"'

    (entity,) = bind(text, ["A"]).entities

    assert entity.update_fields == {"address"}
    assert told(bind, text.replace("update", "by"), "A") == {"account.by": "mapping.not_mapped"}


def test_custom_fields_to_define(schema: Schema) -> None:
    """A mapping knows which custom fields it needs, and says so where they are not there."""
    field = FieldMap("custom.shop_id", ("Id",))
    mapping = Mapping(
        entities=(EntityMap("account", fields=(field,)),),
        custom_fields=(CustomField("account", "shop_id", unique=True),),
    )

    assert missing_custom_fields(mapping, schema) == ["account.custom.shop_id"]
    with pytest.raises(MappingError, match="define it first"):
        bind_mapping(mapping, ("Id",), schema)
