"""Putting a schema together: names, clashes, ways back, custom fields."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm.errors import ConfigurationError, NameClashError, UnknownNameError
from pycrm.fields import declare as field
from pycrm.fields.field import Field
from pycrm.schema import (
    EntityDeclaration,
    Extension,
    ExtensionDeclaration,
    OwnerDeclarations,
    Record,
    Schema,
    assemble,
    entity_maker,
    make_extension_class,
)


def declare(class_name: str, unique: Any = (), **fields: Any) -> EntityDeclaration:
    """Return the declaration of an entity with optional *fields*."""
    declared: list[EntityDeclaration] = []
    body = {**fields, "__annotations__": dict.fromkeys(fields, "Any | None"), "__module__": __name__}
    entity_maker(declared.append)(unique=unique)(type(class_name, (Record,), body))
    return declared[0]


def extension(owner: str, target: str, **fields: Any) -> ExtensionDeclaration:
    body = {**fields, "__annotations__": dict.fromkeys(fields, "Any | None"), "__module__": __name__}
    return ExtensionDeclaration(target, make_extension_class(type("Added", (Extension,), body), owner))


def owner(name: str, *entities: EntityDeclaration, builtin: bool = False, extensions: Any = ()) -> OwnerDeclarations:
    return OwnerDeclarations(name, builtin, "1", entities, tuple(extensions))


def core(*entities: EntityDeclaration) -> OwnerDeclarations:
    return owner("core", declare("User"), declare("Team"), *entities, builtin=True)


def custom(name: str, declared: Any) -> Field:
    made: Field = declared
    return Field(made.kind, name=name, default=made.default)


class TestNames:
    def test_of_builtin_and_plugin(self) -> None:
        """A built-in's entities carry no owner's name, a plugin's do."""
        schema = assemble([core(declare("SalesOrder")), owner("trade", declare("SalesOrder"))])

        assert {"sales_order", "trade.sales_order"} <= schema.entities.keys()
        assert schema.entity("trade.sales_order").table_name == "trade_sales_order"

    def test_by_class(self) -> None:
        """An entity is found by its class and by its name."""
        order = declare("Order")
        schema = assemble([core(order)])

        assert schema.entity(order.record_class) is schema.entity("order")

    def test_unknown(self) -> None:
        """An unknown one is answered with the nearest."""
        with pytest.raises(UnknownNameError, match="did you mean 'user'"):
            assemble([core()]).entity("usr")

    def test_common_fields_first(self) -> None:
        """Every entity begins with the common fields, in one order."""
        entity = assemble([core(declare("Order", name=field.text()))]).entity("order")

        common = ["id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at"]
        assert list(entity.fields) == [*common, "name"]


class TestClashes:
    def test_entities(self) -> None:
        """Two owners of one name are both named, though the names differ in a dot only."""
        with pytest.raises(NameClashError, match=r"entity 'a_b\.c' is brought by 'a_b' and by 'a'"):
            assemble([core(), owner("a", declare("B_c")), owner("a_b", declare("C"))])

    def test_parts(self) -> None:
        """Two fields that would be stored under one name are both named."""
        with pytest.raises(NameClashError, match=r"order\.amount_currency and order\.amount"):
            assemble([core(declare("Order", amount=field.money(), amount_currency=field.text()))])

    def test_extension_parts(self) -> None:
        """So are two fields of an extension."""
        added = extension("trade", "user", amount=field.money(), amount_currency=field.text())

        with pytest.raises(NameClashError, match=r"trade\.amount_currency.*trade\.amount"):
            assemble([core(), owner("trade", extensions=[added])])

    def test_extension_twice(self) -> None:
        """One owner adds one name once."""
        added = [extension("trade", "user", x=field.text()), extension("trade", "user", x=field.integer())]

        with pytest.raises(NameClashError, match=r"user\.trade\.x is added twice by 'trade'"):
            assemble([core(), owner("trade", extensions=added)])

    def test_two_owners_extend(self) -> None:
        """Two owners may add the same name: each has its own."""
        added = [owner(name, extensions=[extension(name, "user", x=field.text())]) for name in ("a", "b")]

        assert {"a.x", "b.x"} <= assemble([core(), *added]).entity("user").fields.keys()

    def test_ways_back(self) -> None:
        """Two ways back of one name are both named."""
        one = declare("One", user=field.ref("user", many="things"))
        two = declare("Two", user=field.ref("user", many="things"))

        with pytest.raises(NameClashError, match=r"user\.things would lead back to two\.user and to one\.user"):
            assemble([core(one, two)])


class TestReferences:
    def test_unknown_target(self) -> None:
        """A reference to what no plugin brings is refused with the nearest."""
        with pytest.raises(ConfigurationError, match=r"refers to 'usr', which no plugin.*did you mean 'user'"):
            assemble([core(declare("Order", buyer=field.ref("usr")))])

    def test_unknown_extension_target(self) -> None:
        """So is an extension of it."""
        with pytest.raises(ConfigurationError, match="'trade' extends 'usr', which is no entity here"):
            assemble([core(), owner("trade", extensions=[extension("trade", "usr", x=field.text())])])

    def test_ways_back(self) -> None:
        """A way back is named by `many=`, else by the plural; a plugin's carries its name on others' entities."""
        schema = assemble(
            [
                core(declare("Order", user=field.ref("user", many="bought"))),
                owner("trade", declare("Box", user=field.ref("user"))),
            ]
        )

        assert {name: (way.entity, way.field) for name, way in schema.entity("user").back.items()} == {
            "bought": ("order", "user"),
            "trade.boxes": ("trade.box", "user"),
        }

    def test_unknown_names_in_declaration(self) -> None:
        """Combinations and lists name fields that are there."""
        with pytest.raises(
            ConfigurationError, match="order lists 'nmae', which is no field of it; did you mean 'name'"
        ):
            assemble([core(declare("Order", unique=[("nmae",)], name=field.text()))])


class TestCustomFields:
    @pytest.fixture
    def schema(self) -> Schema:
        """A schema of two entities."""
        return assemble([core()])

    def test_next_schema(self, schema: Schema) -> None:
        """Defining a field gives another schema and leaves the old one as it was."""
        after = schema.with_custom_fields({"user": [custom("大区", field.text())]}, 7)

        assert (schema.number, after.number) == (0, 7)
        assert "custom.大区" in after.entity("user").fields
        assert "custom.大区" not in schema.entity("user").fields

    def test_exactly_these(self, schema: Schema) -> None:
        """The fields given are all there are."""
        first = schema.with_custom_fields({"user": [custom("a", field.text())]}, 1)
        second = first.with_custom_fields({"user": [custom("b", field.text())]}, 2)

        assert [path for path in second.entity("user").fields if "." in path] == ["custom.b"]

    def test_too_many(self, schema: Schema) -> None:
        """More than 500 fields are refused; 500 are not."""
        room = 500 - len(schema.entity("user").fields)
        fields = [custom(f"f{number}", field.integer()) for number in range(room + 1)]
        assert len(schema.with_custom_fields({"user": fields[:-1]}, 1).entity("user").fields) == 500

        with pytest.raises(ConfigurationError, match="user would have 501 fields; at most 500 are kept"):
            schema.with_custom_fields({"user": fields}, 1)

    def test_too_many_declared(self) -> None:
        """A plugin cannot bring more either, on its own entity or on another's."""
        fields = {f"f{number}": field.integer() for number in range(501)}

        with pytest.raises(ConfigurationError, match="at most 500"):
            assemble([core(declare("Order", **fields))])
        with pytest.raises(ConfigurationError, match="at most 500"):
            assemble([core(), owner("trade", extensions=[extension("trade", "user", **fields)])])

    def test_reference_to_nothing(self, schema: Schema) -> None:
        """A custom reference leads to an entity of this CRM."""
        with pytest.raises(ConfigurationError, match=r"user\.custom\.boss refers to 'usr', which is no entity here"):
            schema.with_custom_fields({"user": [custom("boss", field.ref("usr"))]}, 1)

    def test_absent_entity(self, schema: Schema) -> None:
        """Definitions for an entity that is not there are passed over."""
        assert schema.with_custom_fields({"trade.box": [custom("a", field.text())]}, 1).number == 1

    def test_way_back(self, schema: Schema) -> None:
        """A custom reference has a way back like any other."""
        after = schema.with_custom_fields({"team": [custom("boss", field.ref("user", many="bossed"))]}, 1)

        assert after.entity("user").back["bossed"].field == "custom.boss"
