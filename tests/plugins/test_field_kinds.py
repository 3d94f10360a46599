"""Kinds that plugins bring: they work like the basic ones on every path, and their data outlive their code."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import attrs
import pytest
from tests.conftest import DATABASES
from tests.lab import BOB, MEI
from tests.mill import Flour, GradeKind, MillTerms, RecipeKind, SpanKind, mill, recipes

from pycrm import CRM, Account, ConfigurationError, F, NameClashError, ValidationError, field
from pycrm.plugin import Extension, Kind, Part, PartType, Plugin, ScalarKind


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, migrated: Callable[..., str]) -> str:
    """The URL of a database that the mill was in from the beginning."""
    return migrated(request.param, [mill])


@pytest.fixture
def crm(url: str) -> Iterator[CRM]:
    """A CRM with the mill and a custom field of each of its kinds."""
    made = CRM(url, plugins=[mill])
    with made.acting_as(MEI) as ws:
        ws.define_field(Account, "grade", field.of_kind(GradeKind(), default="550"), indexed=True)
        ws.define_field(Account, "span", field.of_kind(SpanKind(widest=10)))
        ws.define_field(Account, "recipe", field.of_kind(RecipeKind()))
    yield made
    made.close()


@pytest.fixture
def bare(crm: CRM, url: str) -> Iterator[CRM]:
    """The same database opened without the mill, after data were written."""
    with crm.acting_as(MEI) as ws:
        account = Account(name="kept", custom={"grade": "405", "span": (1, None), "recipe": {"a": {"b": 1}}})
        account[MillTerms].grade, account[MillTerms].span, account[MillTerms].recipe = "00", (3, 4), ["x", 1]
        ws.create(account)
        ws.create(Flour(name="kept", grade="550", span=(5, 6), recipe={"c": None}))
    made = CRM(url, plugins=[])
    yield made
    made.close()


@attrs.frozen
class ToneKind(ScalarKind):
    """A kind that nobody has registered."""

    name: ClassVar[str] = "tone"
    python_type: ClassVar[type] = str

    def parse(self, value: Any) -> str:
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"}


def renamed(name: str, **members: Any) -> type[Kind]:
    """Return a kind like `ToneKind` under another name."""
    return attrs.frozen(type("Renamed", (ToneKind,), {"name": name, **members}))


class TestUse:
    def test_json_everywhere(self, crm: CRM) -> None:
        """JSON comes back as it was from a column, an extension field and a custom field, by every way of writing."""
        values = recipes()
        with crm.acting_as(MEI) as ws:
            for value in values:
                account = Account(name="new", custom={"recipe": value})
                account[MillTerms].recipe = value
                ws.create(account)
                other = ws.create(Account(name="changed", custom={"recipe": {"a": 1, "z": {"b": 2}}}))
                ws.update(other, **{"custom.recipe": value, "mill.recipe": value})
                flour = ws.create(Flour(name="changed", recipe={"gone": 1}))
                ws.update(flour, recipe=value)
            ws.create_many([Flour(name="new", recipe=value) for value in values * 2])

        with crm.reading_as(MEI) as reader:
            for name in ("new", "changed"):
                accounts = reader.list(Account, where=F.name == name)
                assert [read.custom.recipe for read in accounts] == values
                assert [read[MillTerms].recipe for read in accounts] == values
            assert [read.recipe for read in reader.list(Flour, where=F.name == "new", limit=50)] == values * 2
            assert [read.recipe for read in reader.list(Flour, where=F.name == "changed")] == values

    def test_changes_of_two_users(self, crm: CRM) -> None:
        """Two who change different fields of one record both win, whatever the other fields hold."""
        value = recipes()[0]
        with crm.acting_as(MEI) as ws:
            account = ws.create(Account(name="shared", custom={"recipe": value, "span": (1, 2)}))
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Account, account.id), **{"custom.span": (3, None)})
        with crm.acting_as(MEI) as ws:
            ws.update(account, **{"custom.recipe": "new"})

        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, account.id)
            assert (read.custom.recipe, read.custom.span) == ("new", (3, None))

    def test_judged_everywhere(self, crm: CRM) -> None:
        """What the kind refuses is a problem of the field, with the kind's own words."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError, match=r"mill\.flour\.grade: 'x'.*is no type of flour|is no type"):
                ws.create(Flour(name="bad", grade="x"))
            with pytest.raises(ValidationError, match="wider than 10"):
                ws.create(Account(name="bad", custom={"span": (1, 20)}))

    def test_asked_for(self, crm: CRM) -> None:
        """A filter compares by the kind's operators, in columns and in the document."""
        with crm.acting_as(MEI) as ws:
            ws.create(Flour(name="fine", grade="00", span=(1, 2)))
            ws.create(Account(name="fine", custom={"span": (1, 2)}))

            assert ws.find(Flour, grade="00", span=(1, 2)) is not None
            assert ws.find(Flour, grade="00", span=(1, 3)) is None
            assert ws.find(Account, **{"custom.span": (1, 2), "custom.grade": "550"}) is not None

    def test_snapshot_tells_parts(self, crm: CRM) -> None:
        """A schema of the same declarations finds nothing changed."""
        assert crm.migrate() == []
        assert crm.schema.kinds["mill.span"] is SpanKind


class TestAbsent:
    """The plugin's code is gone: every field of its kinds is parked, and reads as bare parts."""

    def test_values_readable(self, bare: CRM) -> None:
        """Custom and extension fields show what is stored."""
        with bare.reading_as(MEI) as reader:
            (account,) = reader.list(Account)
            fields = bare.schema.entity(Account).fields

            assert {path for path, known in fields.items() if known.parked} == {
                "mill.grade",
                "mill.span",
                "mill.recipe",
                "custom.grade",
                "custom.span",
                "custom.recipe",
            }
            assert (account.custom.grade, account.custom.span, account.custom.recipe) == (
                "405",
                (1, None),
                {"a": {"b": 1}},
            )
            assert account.get_document_value("mill.span") == (3, 4)

    def test_entity_readable(self, bare: CRM) -> None:
        """So do the columns of its own entities."""
        with bare.reading_as(MEI) as reader:
            flour: Any = reader.list(bare.entities["mill.flour"])[0]

            assert (flour.grade, flour.span, flour.recipe) == ("550", (5, 6), {"c": None})

    def test_not_written(self, bare: CRM) -> None:
        """A write to a parked custom field is refused and names the plugin that brings its kind."""
        with bare.acting_as(MEI) as ws:
            (account,) = ws.list(Account)
            with pytest.raises(ValidationError, match="plugin mill is not installed"):
                ws.update(account, **{"custom.grade": "00"})
            with pytest.raises(ConfigurationError, match="install the plugin 'mill', which brings it"):
                ws.relabel_field(Account, "grade", label={"en": "Grade"})

    def test_whole_again(self, bare: CRM, url: str) -> None:
        """What was written meanwhile and what was there before are both there with the code."""
        with bare.acting_as(MEI) as ws:
            (account,) = ws.list(Account)
            ws.update(account, industry="food")
            ws.retire_field(Account, "recipe")
            ws.revive_field(Account, "recipe")
        back = CRM(url, plugins=[mill])

        assert back.migrate() == []
        with back.acting_as(MEI) as ws:
            (account,) = ws.list(Account)
            assert (account.industry, account.custom.span, account[MillTerms].recipe) == ("food", (1, None), ["x", 1])
            ws.update(account, **{"custom.grade": "00"})
            assert ws.create(Account(name="new")).custom.grade == "550"
        back.close()


class TestRefused:
    """A kind is judged when it is brought, and when a CRM is put together."""

    @pytest.mark.parametrize(
        ("brought", "reason"),
        [
            (int, "does not derive from Kind"),
            (type("Bare", (ToneKind,), {"name": "x.y"}), "decorate it with @attrs.frozen"),
            (renamed("Tone"), "no word in lower case"),
            (renamed("x.y.z"), "no word in lower case"),
            (renamed("x.y", python_type=None), "`python_type` is no type"),
            (renamed("x.y", parts=()), "`parts` need the suffix ''"),
            (renamed("x.y", parts=(Part(PartType.TEXT, "_a"),)), "`parts` need the suffix ''"),
            (renamed("x.y", parts=(Part(PartType.TEXT), Part(PartType.TEXT, "b"))), "`parts` need the suffix ''"),
            (renamed("x.y", operators=frozenset({"like"})), "`operators` are not among"),
            (renamed("x.y", parse=Kind.parse), "has no method `parse`"),
            (renamed("x.y", json_schema=Kind.json_schema), "has no method `json_schema`"),
            (renamed("x.y", source_names={"record": 1}), "does not begin with 'x_y_'"),
            (attrs.frozen(type("Link", (type(field.ref("user").kind),), {"name": "x.y"})), "declare field.ref"),
        ],
    )
    def test_unsound_class(self, brought: Any, reason: str) -> None:
        """A class that cannot be a kind is refused at once, with the reason."""
        with pytest.raises(ConfigurationError, match="cannot be a field kind") as refused:
            Plugin("x").field_kind(brought)

        assert reason in str(refused.value)

    def test_name_of_another(self) -> None:
        """A plugin's kind carries the plugin's name."""
        plugin = Plugin("choir")
        plugin.field_kind(renamed("tone"))

        with pytest.raises(ConfigurationError, match=r"'tone' of 'choir' must be called 'choir\.tone'"):
            CRM("sqlite://", plugins=[plugin])

    def test_two_of_one_name(self) -> None:
        """Two kinds of one name are refused, both owners named."""
        plugin = Plugin("choir")
        plugin.field_kind(renamed("choir.tone"))
        plugin.field_kind(renamed("choir.tone"))

        with pytest.raises(NameClashError, match=r"'choir\.tone' is brought by 'choir' and by 'choir'"):
            CRM("sqlite://", plugins=[plugin])

    def test_not_registered(self) -> None:
        """A field whose kind nobody brings is refused; so it is where the plugin that brings it is left out."""
        body = {"tone": field.of_kind(ToneKind()), "__annotations__": {"tone": "str"}, "__module__": __name__}
        user = Plugin("choir")
        user.extend(Account)(types.new_class("Tones", (Extension,), exec_body=lambda members: members.update(body)))

        with pytest.raises(ConfigurationError, match=r"account\.tone is of the field kind 'tone' \(ToneKind\)"):
            CRM("sqlite://", plugins=[user])

    def test_custom_field_of_unknown_kind(self, crm_with: Callable[..., CRM]) -> None:
        """A custom field cannot be of a kind that this CRM does not know."""
        with crm_with().acting_as(MEI) as ws, pytest.raises(ConfigurationError, match=r"kind 'mill\.grade'"):
            ws.define_field(Account, "grade", field.of_kind(GradeKind()))
