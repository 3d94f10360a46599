"""Saved views: which there are for somebody, which are broken and why, and what they show."""

from __future__ import annotations

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import BOB, GUEST, MEI

from pycrm import (
    CRM,
    Account,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    QueryError,
    SavedView,
    Team,
    User,
    ValidationError,
    Workspace,
    field,
)
from pycrm.workspace.views import ListView

EAST = Principal("li", roles={"administrator"}, teams={"East"})


def view(name: str = "view", **texts: object) -> SavedView:
    """Return a view of accounts."""
    return SavedView(**{"entity": "account", "name": name, **texts})


def reasons(found: ListView) -> list[tuple[str, str | None]]:
    """Return code and text of the view of everything that is wrong."""
    return [(problem.code, problem.field) for problem in found.problems]


def names(crm: CRM, principal: Principal) -> list[str]:
    """Return the names of the views that *principal* may choose."""
    with crm.reading_as(principal) as reader:
        return [found.name for found in reader.views(Account)]


class TestWhose:
    def test_own_and_shared(self, crm: CRM) -> None:
        """A view is its owner's; a shared one is for everybody, or for its team, by name or by membership."""
        with crm.acting_as(BOB) as ws:
            east = ws.create(Team(name="East"))
            west = ws.create(Team(name="West", members=[ws.find(User, key="bob")]))
        with crm.acting_as(MEI) as ws:
            ws.create_many(
                [
                    view("own"),
                    view("of all", is_shared=True),
                    view("of east", team=east, is_shared=True),
                    view("of west", team=west, is_shared=True),
                    view("not yet shared", team=east),
                ]
            )

        assert names(crm, MEI) == ["not yet shared", "of all", "of east", "of west", "own"]
        assert names(crm, BOB) == ["of all", "of west"]
        assert names(crm, EAST) == ["of all", "of east"]

    def test_own_first(self, crm: CRM) -> None:
        """A name means one's own view before one that somebody shares, and is asked for entity by entity."""
        with crm.acting_as(BOB) as ws:
            ws.create(view("hot", is_shared=True))
        with crm.acting_as(MEI) as ws:
            mine = ws.create(view("hot"))
            assert ws.view("hot").record.id == mine.id

            other = ws.create(SavedView(entity="contact", name="hot"))
            with pytest.raises(QueryError, match=r"several views are called 'hot'.* account .*contact"):
                ws.view("hot")
            assert ws.view("hot", Account).record.id == mine.id
            assert ws.view(str(other.id)).entity == "contact"

    def test_unknown(self, crm: CRM) -> None:
        """A view that somebody else keeps to himself is as unknown as one that never was."""
        with crm.acting_as(BOB) as ws:
            ws.create(view("secret"))
            kept = ws.view("secret").record
        with crm.reading_as(MEI) as reader:
            for wanted in ("secret", kept.id, "scret"):
                with pytest.raises(NotFoundError, match="no view"):
                    reader.view(wanted)

    def test_rights(self, crm: CRM) -> None:
        """Who may not read has no views."""
        with crm.reading_as(GUEST) as reader, pytest.raises(NotAllowedError):
            reader.views()


class TestList:
    def test_columns_and_order(self, ws: Workspace) -> None:
        """A view gives columns and order; what a column refers to is loaded."""
        ws.define_field(Account, "region", field.text())
        parent = ws.create(Account(name="b", custom={"region": "华东"}))
        ws.create(Account(name="a", parent=parent))
        ws.create(view(columns="name parent.custom.region owner", order_by="name DESC"))

        page = ws.list_view("view")
        assert page.columns == ("name", "parent.custom.region", "owner")
        assert [each.name for each in page] == ["b", "a"]
        assert page[1].parent.record.custom.region == "华东"
        assert page[1].owner.record.key == "mei"

    def test_pages(self, ws: Workspace) -> None:
        """It is read page by page like any list."""
        ws.create_many([Account(name=str(number)) for number in range(5)])
        saved = ws.create(view(order_by="name DESC"))

        found, cursor = [], None
        while True:
            page = ws.list_view(saved, limit=2, after=cursor)
            found += [each.name for each in page]
            if (cursor := page.next_cursor) is None:
                break
        assert found == ["4", "3", "2", "1", "0"]

    def test_own_columns(self, ws: Workspace) -> None:
        """Without columns it shows those of the entity's own list."""
        ws.create(view())

        assert (
            ws.view("view").columns == ws.list_view("view").columns == ("number", "name", *ws.view("view").columns[2:])
        )

    def test_groups(self, ws: Workspace) -> None:
        """Grouped records stand together, in the direction that the order gives the group, and are counted."""
        for name, country in (("a", "CN"), ("b", "DE"), ("c", "CN"), ("d", "FR")):
            ws.create(Account(name=name, country=country))
        ws.create(view(group_by="country", order_by="name DESC"))
        ws.create(view("down", group_by="country", order_by="name, country DESC"))

        assert [each.name for each in ws.list_view("view")] == ["c", "a", "b", "d"]
        assert [each.name for each in ws.list_view("down")] == ["d", "b", "a", "c"]
        assert [(group["country"], group["count()"]) for group in ws.group_view("view")] == [
            ("CN", 2),
            ("DE", 1),
            ("FR", 1),
        ]

    def test_other_entities(self, ws: Workspace) -> None:
        """A view shows the entity that it names."""
        ws.create(Opportunity(name="deal"))
        ws.create(SavedView(entity="opportunity", name="deals", columns="name stage.name"))

        assert [(each.name, each.stage.record.name) for each in ws.list_view("deals")] == [("deal", "Qualification")]


class TestBroken:
    def test_retired_field(self, ws: Workspace) -> None:
        """A view that names a retired field is broken as long as the field is retired, wherever it names it."""
        ws.define_field(Account, "region", field.text())
        texts = {"columns": "parent.custom.region", "order_by": "custom.region", "group_by": "custom.region"}
        for name, text in texts.items():
            ws.create(view(name, **{name: text}))
        ws.retire_field(Account, "region")

        assert [reasons(found) for found in ws.views()] == [[("view.retired", name)] for name in sorted(texts)]
        with pytest.raises(QueryError, match=r"'columns' is broken: columns: account\.custom\.region is retired"):
            ws.list_view("columns")
        ws.revive_field(Account, "region")
        assert [found.is_broken for found in ws.views()] == [False] * 3

    def test_missing_plugin(self, crm_url: str, open_crm: Open) -> None:
        """So is one of a plugin's entity or field while the plugin is missing; nothing else is."""
        with open_crm(crm_url).acting_as(MEI) as ws:
            ws.create(SavedView(entity="lab.sample", name="samples"))
            ws.create_many([view("terms", columns="name lab.text"), view("fine", columns="name")])
        with open_crm(crm_url, plugins=[]).reading_as(MEI) as reader:
            found = {each.name: each for each in reader.views()}

        assert reasons(found["samples"]) == [("view.parked", "entity")]
        assert reasons(found["terms"]) == [("view.parked", "columns")]
        assert found["fine"].problems == ()
        assert found["terms"].problems[0].message == "lab.text belongs to the plugin lab, which is not installed"
        with open_crm(crm_url).reading_as(MEI) as reader:
            assert not any(each.is_broken for each in reader.views())

    def test_not_there_yet(self, ws: Workspace) -> None:
        """What a view names need not be there when it is saved; once it is, the view works."""
        ws.create(SavedView(entity="trade.inquiry", name="inquiries"))
        ws.create(view(columns="name custom.region"))

        assert [reasons(found) for found in ws.views()] == [
            [("view.unknown_name", "columns")],
            [("view.unknown_entity", "entity")],
        ]
        ws.define_field(Account, "region", field.text())
        assert ws.list_view("view").columns == ("name", "custom.region")


class TestSaved:
    def test_unreadable(self, ws: Workspace) -> None:
        """What no schema could give a meaning is refused when it is saved, with what it was."""
        bad = [
            ("columns", "name ..", "expected"),
            ("columns", "name.x", "is a text field, not a reference"),
            ("order_by", "name DOWN", "expected"),
            ("order_by", "tags", "order"),
            ("group_by", "country kind level", "group"),
            ("colour_rule", "level = 'A'", "is no rule"),
            ("colour_rule", "level = 'A': crimson", "crimson is no colour; take one of red"),
        ]
        with pytest.raises(ValidationError) as caught:
            ws.create_many([view(f"view {number}", **{name: text}) for number, (name, text, _) in enumerate(bad)])

        for problem, (name, _, told) in zip(caught.value.problems, bad, strict=True):
            assert problem.field == name
            assert told in problem.message

    def test_only_what_changes(self, ws: Workspace) -> None:
        """A broken view may still be renamed and shared."""
        ws.define_field(Account, "region", field.text())
        saved = ws.create(view(order_by="custom.region"))
        ws.retire_field(Account, "region")

        ws.update(saved, name="renamed", is_shared=True)
        assert ws.view("renamed").is_broken


class TestFilters:
    def test_filter(self, ws: Workspace) -> None:
        """A view shows what its filter selects for whoever asks; groups count the same."""
        ws.define_field(Account, "region", field.choice(["华东", "华北"]))
        ws.create_many(
            [
                Account(name=name, level=level, custom={"region": region})
                for name, level, region in (("a", "A", "华东"), ("b", "B", "华东"), ("c", "A", "华北"))
            ]
        )
        ws.create(view(where="level = 'A' AND owner = ME AND custom.region IN ('华东', '华北')", order_by="name"))
        ws.create(view("counted", where="custom.region = '华东'", group_by="level"))

        assert [each.name for each in ws.list_view("view")] == ["a", "c"]
        assert [(group["level"], group["count()"]) for group in ws.group_view("counted")] == [("A", 1), ("B", 1)]

    def test_colours(self, ws: Workspace) -> None:
        """The first rule that a record meets colours it."""
        made = [ws.create(Account(name=name, level=level)) for name, level in (("a", "A"), ("b", "B"), ("c", None))]
        ws.create(view(colour_rule="name = 'b': #c0392b\n\nlevel IN ('A', 'B'): green"))

        assert ws.list_view("view").colours == {made[0].id: "green", made[1].id: "#c0392b"}

    def test_broken(self, ws: Workspace) -> None:
        """A filter or rule that names what is missing breaks the view as long as it is missing, in brackets too."""
        ws.define_field(Account, "region", field.text())
        ws.create(view("a", where="name = 'x' OR NOT (custom.region = '华东')"))
        ws.create(view("b", colour_rule="parent.custom.region = '华东': red"))
        ws.create(view("c", where="custom.later = 'x'"))
        ws.retire_field(Account, "region")

        assert [reasons(found) for found in ws.views()] == [
            [("view.retired", "where")],
            [("view.retired", "colour_rule")],
            [("view.unknown_name", "where")],
        ]

    def test_unreadable(self, ws: Workspace) -> None:
        """A filter that cannot be read, or compares what cannot be compared, is refused when it is saved."""
        bad = [
            ("where", "name = "),
            ("where", "name > USD 5"),
            ("where", "name = :x"),
            ("colour_rule", "name LIKE: red"),
        ]
        with pytest.raises(ValidationError) as caught:
            ws.create_many([view(str(number), **{name: text}) for number, (name, text) in enumerate(bad)])

        assert [(each.code, each.field) for each in caught.value.problems] == [
            ("view.unreadable", bad_[0]) for bad_ in bad
        ]

    def test_attribute_of_whoever_looks(self, crm: CRM) -> None:
        """Who saves a view need not have the attribute that it asks for; for who lacks it, it is broken."""
        with crm.acting_as(MEI) as ws:
            ws.create(view(where="country = MY.country", is_shared=True))
            ws.create_many([Account(name="a", country="CN"), Account(name="b", country="DE")])

            assert reasons(ws.view("view")) == [("view.unknown_attribute", "where")]
        with crm.reading_as(Principal("li", roles={"administrator"}, attributes={"country": "DE"})) as reader:
            assert [each.name for each in reader.list_view("view")] == ["b"]


class TestTexts:
    def test_commas(self, ws: Workspace) -> None:
        """Whoever parts columns and groups by commas, as in an order, is understood."""
        ws.create(Account(name="a", level="A"))
        saved = ws.create(view(columns="name, level,owner.name", group_by="level, country"))

        assert ws.list_view(saved).columns == ("name", "level", "owner.name")
        assert [(group["level"], group["country"]) for group in ws.group_view(saved)] == [("A", None)]

    def test_computed_order(self, ws: Workspace) -> None:
        """A view is ordered by what is computed, within its groups."""
        for name, level, staff in (("a", "A", 1), ("b", "B", 9), ("c", "A", 5), ("d", None, 2)):
            ws.create(Account(name=name, level=level, employee_count=staff))
        by_sum = ws.create(view("sum", order_by="(employee_count * 2) DESC", group_by="level"))
        by_call = ws.create(view("call", order_by="ABS(employee_count - 5), level"))

        assert [each.name for each in ws.list_view(by_sum)] == ["d", "c", "a", "b"]
        assert [each.name for each in ws.list_view(by_call)] == ["c", "d", "a", "b"]
