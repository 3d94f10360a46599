"""Records: what a class body becomes, and what a record offers before the door has seen it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from pycrm.errors import ConfigurationError, NotLoadedError
from pycrm.fields import declare as field
from pycrm.schema import OwnedRecord, Record
from pycrm.schema.record import FrozenRecordError, freeze, make_record_class, thaw
from pycrm.values.refs import OptRef, Refs


class _Thing(OwnedRecord):
    name: str = field.text()
    size: int | None = field.integer()
    parent: OptRef[Any] = field.ref("thing")
    friends: Refs[Any] = field.refs("thing")
    tags: tuple[str, ...] = field.tags()


Thing = make_record_class(_Thing, title="name")


class TestConstructor:
    def test_judges_nothing(self) -> None:
        """A constructor takes whatever it is given; the door judges."""
        thing = Thing(name=None, size="many", custom={"x": object()})  # type: ignore[arg-type]

        assert (thing.name, thing.size) == (None, "many")

    def test_id_is_known(self) -> None:
        """A new record has an id of its own, version 7 of RFC 9562."""
        first, second = Thing(name="a"), Thing(name="b")

        assert first.id.version == second.id.version == 7
        assert first.id < second.id

    def test_unknown_name(self) -> None:
        """A name that is no field is refused at once."""
        with pytest.raises(TypeError, match="naem"):
            Thing(naem="x")  # type: ignore[call-arg]

    def test_keywords_only(self) -> None:
        """Values are given by name."""
        with pytest.raises(TypeError):
            Thing("x")  # type: ignore[misc]

    def test_slots(self) -> None:
        """A misspelt attribute is an error, not a new attribute."""
        thing = Thing(name="x")

        with pytest.raises(AttributeError):
            thing.naem = "y"  # type: ignore[attr-defined]

    def test_compared_by_identity(self) -> None:
        """Two records with one id are two records."""
        id = uuid4()

        assert Thing(name="x", id=id) != Thing(name="x", id=id)


class TestReferences:
    def test_forms(self) -> None:
        """A reference takes a record, an id, its text, a Ref; it always gives a Ref."""
        target = Thing(name="target")

        for given in (target, target.id, str(target.id), Thing(name="x", parent=target).parent):
            parent = Thing(name="x", parent=given).parent
            assert parent is not None
            assert parent.id == target.id

    def test_assigned_record_is_loaded(self) -> None:
        """The record that was assigned is at hand."""
        target = Thing(name="target")

        assert Thing(name="x", parent=target).parent.record is target  # type: ignore[union-attr]

    def test_not_loaded(self) -> None:
        """A reference by id names the include that loads it."""
        with pytest.raises(NotLoadedError, match="include='parent'"):
            _ = Thing(name="x", parent=uuid4()).parent.record  # type: ignore[union-attr]

    def test_several(self) -> None:
        """Multi-references are a tuple of Refs."""
        ids = [uuid4(), uuid4()]

        assert [ref.id for ref in Thing(name="x", friends=ids).friends] == ids


class TestCustom:
    def test_both_spellings(self) -> None:
        """Custom values are attributes and items."""
        thing = Thing(name="x", custom={"大区": "华东"})
        thing.custom.score = 5
        thing.custom["mark"] = "m"
        del thing.custom["大区"]

        assert dict(thing.custom) == {"大区": None, "score": 5, "mark": "m"}
        assert (thing.custom.score, thing.custom["mark"], len(thing.custom)) == (5, "m", 3)

    def test_way_back_not_loaded(self) -> None:
        """A way back names the include that loads it."""
        with pytest.raises(NotLoadedError, match="include='children'"):
            Thing(name="x").related("children")


class TestFrozen:
    def test_refuses(self) -> None:
        """A record in the hands of a hook refuses every change, and takes them again afterwards."""
        thing = Thing(name="x", custom={"a": 1})
        freeze([thing])
        for change in (
            lambda: setattr(thing, "name", "y"),
            lambda: setattr(thing, "parent", uuid4()),
            lambda: setattr(thing.custom, "a", 2),
            lambda: delattr(thing, "name"),
        ):
            with pytest.raises((FrozenRecordError, AttributeError)):
                change()
        assert isinstance(thing, Thing)
        thaw([thing])
        thing.name = "y"

        assert (thing.name, thing.custom.a, type(thing)) == ("y", 1, Thing)


class TestDeclaration:
    @pytest.mark.parametrize(
        "name", ["id", "version", "custom", "doc", "related", "class", "created_at", "deleted_at", "x" * 61]
    )
    def test_reserved_names(self, name: str) -> None:
        """A field cannot take a name that every record has, a keyword, or one that is too long."""
        body = {name: field.text(), "__annotations__": {name: "str"}, "__module__": __name__}

        with pytest.raises(ConfigurationError, match="cannot name a field"):
            make_record_class(type("Bad", (Record,), body))

    def test_annotation_without_field(self) -> None:
        """An annotation says which field it lacks."""
        body = {"__annotations__": {"name": "str"}, "__module__": __name__}

        with pytest.raises(ConfigurationError, match=r"Bad\.name has no field: write `name: str = field\.…`"):
            make_record_class(type("Bad", (Record,), body))

    def test_title_is_field(self) -> None:
        """The title is one of the fields."""
        body = {"name": field.text(), "__annotations__": {"name": "str"}, "__module__": __name__}

        with pytest.raises(ConfigurationError, match="did you mean 'name'"):
            make_record_class(type("Bad", (Record,), body), title="nmae")

    def test_no_record(self) -> None:
        """An entity derives from Record."""
        with pytest.raises(ConfigurationError, match="must derive from Record"):
            make_record_class(int)  # type: ignore[type-var]

    @pytest.mark.parametrize(
        ("annotation", "required"),
        [("str", True), ("str | None", False), ("Optional[str]", False), (str, True), (str | None, False)],
    )
    def test_required(self, annotation: Any, required: bool) -> None:
        """Whatever does not admit None is required."""
        body = {"name": field.text(), "__annotations__": {"name": annotation}, "__module__": __name__}
        made = make_record_class(type("Made", (Record,), body))

        assert made.__declared_fields__["name"].required is required

    def test_several_values_never_required(self) -> None:
        """Where several values may be, none may be, too."""
        fields = Thing.__declared_fields__

        assert not any(fields[name].required for name in ("tags", "friends"))

    def test_representation(self) -> None:
        """A record is shown by its class and title, or its id."""
        id = UUID(int=1)

        assert (repr(Thing(name="x")), repr(Thing(id=id))) == ("<_Thing x>", f"<_Thing {id}>")  # type: ignore[call-arg]
