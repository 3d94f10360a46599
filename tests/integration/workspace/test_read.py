"""Reading: get, find, list, iterate, count, aggregate, include."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.lab import MEI, Portion, Reading, Sample, sample

from pycrm import (
    CRM,
    Account,
    F,
    Interaction,
    Money,
    Monies,
    NotFoundError,
    SalesOrder,
    SalesOrderLine,
    UnknownNameError,
    User,
    Workspace,
    field,
)
from pycrm.errors import NotLoadedError, QueryError
from pycrm.values.ids import new_id


def names(records: Any) -> list[str]:
    return [record.name for record in records]


class TestGet:
    def test_by_text(self, ws: Workspace) -> None:
        """An id may be given as text."""
        made = ws.create(sample())

        assert ws.get(Sample, str(made.id)).id == made.id

    @pytest.mark.parametrize("id", [new_id(), str(new_id())], ids=["uuid", "text"])
    def test_none(self, ws: Workspace, id: Any) -> None:
        """A record that is not there is not found."""
        with pytest.raises(NotFoundError, match=r"no lab\.sample with id"):
            ws.get(Sample, id)

    def test_bad_id(self, ws: Workspace) -> None:
        """What is no id finds nothing, and harms nothing."""
        with pytest.raises(NotFoundError):
            ws.get(Sample, "'; DROP TABLE crm_account; --")
        assert ws.count(Sample) == 0

    def test_own_writes(self, ws: Workspace) -> None:
        """A unit sees what it wrote."""
        made = ws.create(sample(count=1))
        ws.update(made, count=2)

        assert ws.get(Sample, made.id).count == 2


class TestFind:
    def test_one(self, ws: Workspace) -> None:
        """One record is found by values of its fields; None stands for no value."""
        made = ws.create(sample(box="a"))
        ws.create(sample(box="a", count=1))

        found = ws.find(Sample, box="a", count=None)
        assert found is not None
        assert found.id == made.id

    def test_none(self, ws: Workspace) -> None:
        """No match is None."""
        assert ws.find(Sample, code="x") is None

    def test_several(self, ws: Workspace) -> None:
        """Several matches are an error, not a guess."""
        ws.create_many([sample(box="a"), sample(box="a")])

        with pytest.raises(QueryError, match="several samples"):
            ws.find(Sample, box="a")

    def test_by_reference(self, ws: Workspace) -> None:
        """A reference is found by record, id or text."""
        account = ws.create(Account(name="x"))
        made = ws.create(sample(account=account))

        for value in (account, account.id, str(account.id)):
            found = ws.find(Sample, account=value)
            assert found is not None
            assert found.id == made.id


class TestList:
    def test_pages(self, ws: Workspace) -> None:
        """Pages follow each other without gap or repetition, missing values first, ties by id."""
        made = ws.create_many([sample(count=count % 3 if count % 4 else None) for count in range(25)]).created
        expected = sorted(made, key=lambda each: (each.count is not None, each.count or 0, each.id))

        found, cursor = [], None
        while True:
            page = ws.list(Sample, order_by="count", limit=4, after=cursor)
            found += [each.id for each in page]
            if (cursor := page.next_cursor) is None:
                break
        assert found == [each.id for each in expected]

    def test_page_is_stable(self, ws: Workspace) -> None:
        """A record written between two pages moves no other from one to the next."""
        ws.create_many([sample(name=name) for name in "bdfh"])
        first = ws.list(Sample, order_by="name", limit=2)
        ws.create_many([sample(name="a"), sample(name="c")])

        second = ws.list(Sample, order_by="name", limit=2, after=first.next_cursor)
        assert (names(first), names(second)) == (["b", "d"], ["f", "h"])

    def test_descending_over_reference(self, ws: Workspace) -> None:
        """Keys may lead over references, each in its direction."""
        accounts = [ws.create(Account(name=name)) for name in ("x", "y")]
        ws.create_many([sample(name=name, account=account) for name in "ab" for account in accounts])
        ws.create(sample(name="none"))

        page = ws.list(Sample, order_by="account.name DESC, name", include="account")
        assert [(each.account.record.name if each.account else None, each.name) for each in page] == [
            ("y", "a"),
            ("y", "b"),
            ("x", "a"),
            ("x", "b"),
            (None, "none"),
        ]

    def test_links_of_each_page(self, ws: Workspace) -> None:
        """Each record of a page has its own multi-references in order, whatever the page is sorted by."""
        people = ws.create_many([User(key=key, name=key) for key in "abc"]).created
        taking_part = [(people[2], people[0]), (), (people[1],), (people[0], people[1], people[2])]
        accounts = ws.create_many([Account(name=name) for name in "zyxw"]).created
        for account, participants in zip(accounts, taking_part, strict=True):
            ws.create(Interaction(kind="call", happened_at=ws.now(), about=account, participants=participants))
        expected = [[person.id for person in participants] for participants in taking_part]

        for order in ("created_at", "owner.name DESC, id", "subject, created_at"):
            found, cursor = [], None
            while True:
                page = ws.list(Interaction, order_by=order, limit=3, after=cursor)
                found += [[each.id for each in interaction.participants] for interaction in page]
                if (cursor := page.next_cursor) is None:
                    break
            assert found == expected

    def test_bad_cursor(self, ws: Workspace) -> None:
        """A cursor of another order, or none at all, is refused."""
        ws.create_many([sample(), sample()])
        cursor = ws.list(Sample, order_by="name", limit=1).next_cursor

        for order, after in (("count", cursor), ("name", "garbage")):
            with pytest.raises(QueryError):
                ws.list(Sample, order_by=order, after=after)

    def test_sequence(self, ws: Workspace) -> None:
        """A page is a sequence."""
        ws.create_many([sample(name=name) for name in "ab"])
        page = ws.list(Sample, order_by="name")

        assert (len(page), page[1].name, names(page[:1]), page.next_cursor) == (2, "b", ["a"], None)


class TestFilters:
    def test_operators(self, ws: Workspace) -> None:
        """A comparison with a missing value is false, and `!=` as its negation true."""
        ws.create_many([sample(name=str(count), count=count) for count in (1, 2, 3)])
        ws.create(sample(name="none"))
        expected = {
            "=": (F.count == 2, ["2"]),
            "!=": (F.count != 2, ["1", "3", "none"]),
            "<": (F.count < 2, ["1"]),
            "<=": (F.count <= 2, ["1", "2"]),
            ">": (F.count > 2, ["3"]),
            ">=": (F.count >= 2, ["2", "3"]),
            "IN": (F.count.in_([1, 3]), ["1", "3"]),
            "IS NULL": (F.count.is_null(), ["none"]),
            "IS NOT NULL": (F.count.is_not_null(), ["1", "2", "3"]),
            "AND": ((F.count > 1) & (F.name != "3"), ["2"]),
        }

        found = {what: names(ws.list(Sample, where=where, order_by="name")) for what, (where, _) in expected.items()}
        assert found == {what: answer for what, (_, answer) in expected.items()}

    def test_over_missing_reference(self, ws: Workspace) -> None:
        """Nothing lies behind a missing reference, so `!=` is true there, too."""
        account = ws.create(Account(name="x", industry="textiles"))
        ws.create_many([sample(name="with", account=account), sample(name="without")])

        assert names(ws.list(Sample, where=F.account.industry != "steel", order_by="name")) == ["with", "without"]
        assert names(ws.list(Sample, where=F.account.industry == "textiles")) == ["with"]

    def test_custom_over_reference(self, ws: Workspace) -> None:
        """A path ends in a custom or extension field as in any other."""
        ws.define_field(Account, "market", field.choice(["UK", "FR"]))
        uk, fr = (ws.create(Account(name=m, custom={"market": m}, industry="x")) for m in ("UK", "FR"))
        ws.update(fr, **{"lab.text": "lab"})
        ws.create_many([sample(name="uk", account=uk), sample(name="fr", account=fr)])

        assert names(ws.list(Sample, where=F.account.custom.market == "UK")) == ["uk"]
        assert names(ws.list(Sample, where=F["account.lab.text"] == "lab")) == ["fr"]
        assert names(ws.list(Sample, order_by="account.custom.market")) == ["fr", "uk"]

    def test_unknown_name(self, ws: Workspace) -> None:
        """A name that leads nowhere is answered with the nearest."""
        with pytest.raises(UnknownNameError, match="did you mean 'industry'"):
            ws.list(Sample, where=F.account.industri == "x")


class TestIterate:
    def test_all(self, ws: Workspace) -> None:
        """Every record comes once, over the seams of the batches."""
        ws.create_many([sample(count=count) for count in range(2100)])

        assert sum(1 for _ in ws.iterate(Sample)) == len({each.id for each in ws.iterate(Sample)}) == 2100

    def test_writing_inside(self, ws: Workspace) -> None:
        """The loop may write what it reads."""
        ws.create_many([sample(count=count) for count in range(1100)])
        for each in ws.iterate(Sample, order_by="name"):
            ws.update(each, notes="seen")

        assert ws.count(Sample, where=F.notes == "seen") == 1100

    def test_first_write_inside(self, crm: CRM) -> None:
        """Even where the first write of the unit comes inside the loop."""
        with crm.acting_as(MEI) as ws:
            ws.create_many([sample(count=count) for count in range(1100)])
        with crm.acting_as(MEI) as ws:
            for each in ws.iterate(Sample):
                ws.delete(each)

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 0


class TestCount:
    def test_cap(self, ws: Workspace) -> None:
        """Counting stops at the cap."""
        ws.create_many([sample() for _ in range(5)])

        assert (ws.count(Sample), ws.count(Sample, cap=3), ws.count(Sample, where=F.count > 1)) == (5, 3, 0)


class TestAggregate:
    def test_over_paths(self, ws: Workspace) -> None:
        """Measures and groups may be paths, a custom field of a reference among them."""
        ws.define_field(SalesOrder, "market", field.text())
        for market, prices in {"UK": ("1.10", "2.20"), "FR": ("3.30",)}.items():
            order = ws.create(SalesOrder(currency="GBP", custom={"market": market}))
            ws.create_many([SalesOrderLine(order=order, unit_price=Money(price, "GBP")) for price in prices])

        measures = ["count()", "sum(total)", "count_distinct(order)", "sum(order.total)"]
        assert ws.aggregate(SalesOrderLine, measures=measures, group_by="order.custom.market") == [
            {
                "order.custom.market": "FR",
                "count()": 1,
                "sum(total)": Monies.of([Money("3.30", "GBP")]),
                "count_distinct(order)": 1,
                "sum(order.total)": Monies.of([Money("3.30", "GBP")]),
            },
            {
                "order.custom.market": "UK",
                "count()": 2,
                "sum(total)": Monies.of([Money("3.30", "GBP")]),
                "count_distinct(order)": 1,
                "sum(order.total)": Monies.of([Money("6.60", "GBP")]),
            },
        ]

    def test_two_groups(self, ws: Workspace) -> None:
        """Two groups come in their order, missing values first."""
        ws.create_many([sample(box=box, size=size, weight="0.5") for box in ("a", None) for size in ("M", "L")])

        rows = ws.aggregate(Sample, measures=["sum(weight)"], group_by=["box", "size"])
        assert [(row["box"], row["size"], row["sum(weight)"]) for row in rows] == [
            (None, "L", Decimal("0.5")),
            (None, "M", Decimal("0.5")),
            ("a", "L", Decimal("0.5")),
            ("a", "M", Decimal("0.5")),
        ]

    def test_money_by_currency(self, ws: Workspace) -> None:
        """A sum of money is one amount per currency."""
        ws.create_many([sample(price=price) for price in ("USD 1.50", "USD 2", "JPY 3")])

        (row,) = ws.aggregate(Sample, measures=["sum(price)"])
        assert dict(row["sum(price)"]) == {"USD": Money("3.50", "USD"), "JPY": Money(3, "JPY")}

    def test_bin_left_out(self, ws: Workspace) -> None:
        """What is in the bin is not counted."""
        ws.delete(ws.create(sample()))

        assert ws.aggregate(Sample, measures=["count()"]) == [{"count()": 0}]


class TestInclude:
    @pytest.fixture
    def made(self, ws: Workspace) -> Sample:
        """A sample with everything around it."""
        account = ws.create(Account(name="account"))
        user = ws.create(User(key="u", name="user"))
        made = ws.create(sample(account=account, watchers=[user], about=account))
        portions = ws.create_many([Portion(name=name, sample=made) for name in "pq"]).created
        ws.create(Reading(name="r", portion=portions[1]))
        return made

    def test_forwards(self, ws: Workspace, made: Sample) -> None:
        """A reference of any kind is followed: to one, to several, to any entity, to a user."""
        read = ws.get(Sample, made.id, include="account watchers about owner created_by")

        assert read.account is not None
        assert read.about is not None
        assert (read.account.record.name, read.about.record.name) == ("account", "account")
        assert [ref.record.name for ref in read.watchers] == ["user"]
        assert read.created_by.record.key == "mei"

    def test_backwards(self, ws: Workspace, made: Sample) -> None:
        """A way back gives the records that refer to this one; empty where there is none."""
        read = ws.get(Sample, made.id, include="portions labels")

        assert (names(read.related("portions")), read.related("labels")) == (["p", "q"], ())

    def test_nested(self, ws: Workspace, made: Sample) -> None:
        """Steps follow each other, forwards and backwards."""
        read = ws.get(Sample, made.id, include="portions.readings portions.sample.account")

        first, second = read.related("portions")
        assert (names(first.related("readings")), names(second.related("readings"))) == ([], ["r"])
        assert first.sample.record.account.record.name == "account"

    def test_prefixed(self, ws: Workspace, made: Sample) -> None:
        """A plugin's way back on an entity of others carries the plugin's name."""
        assert made.account is not None
        account = ws.get(Account, made.account.id, include="lab.samples.portions")

        (read,) = account.related("lab.samples")
        assert names(read.related("portions")) == ["p", "q"]

    def test_document_references(self, ws: Workspace, made: Sample) -> None:
        """References in custom and extension fields are followed as well."""
        ws.define_field(Account, "agent", field.ref("user"))
        ws.define_field(Account, "friends", field.refs("user"))
        user = made.watchers[0].id
        assert made.account is not None
        account = ws.get(Account, made.account.id)
        ws.update(account, **{"custom.agent": user, "custom.friends": [user], "lab.ref": user, "lab.any_ref": made})

        read = ws.get(Account, account.id, include="custom.agent custom.friends lab.ref lab.any_ref")
        assert read.custom.agent.record.name == read.custom.friends[0].record.name == "user"
        assert read.get_document_value("lab.ref").record.name == "user"
        assert read.get_document_value("lab.any_ref").record.name == "sample"

    def test_of_list(self, ws: Workspace) -> None:
        """All records of a page get theirs."""
        accounts = [ws.create(Account(name=str(number))) for number in range(3)]
        ws.create_many([sample(name=str(number), account=accounts[number % 3]) for number in range(9)])

        page = ws.list(Sample, include="account.lab.samples", order_by="name")
        assert [each.account.record.name for each in page] == list("012012012")  # type: ignore[union-attr]
        assert names(page[0].account.record.related("lab.samples")) == ["0", "3", "6"]  # type: ignore[union-attr]

    def test_binned(self, ws: Workspace) -> None:
        """A reference to a record in the bin is followed, for it is still referred to; a way back leaves it out."""
        made = ws.create(sample(account=ws.create(Account(name="x"))))
        interaction = ws.create(Interaction(kind="call", happened_at=ws.now(), about=made))
        ws.delete(made)

        read = ws.get(Interaction, interaction.id, include="about")
        assert read.about is not None
        assert read.about.record.deleted_at is not None
        assert made.account is not None
        assert ws.get(Account, made.account.id, include="lab.samples").related("lab.samples") == ()

    def test_unchanged_by_it(self, ws: Workspace, made: Sample) -> None:
        """Loading what a record refers to changes nothing in it."""
        read = ws.get(Sample, made.id, include="account watchers about owner portions")

        assert ws.update(read).version == made.version

    def test_not_loaded(self, ws: Workspace, made: Sample) -> None:
        """What was not included says how to include it."""
        read = ws.get(Sample, made.id)

        assert read.account is not None
        with pytest.raises(NotLoadedError, match="include='account'"):
            _ = read.account.record
        with pytest.raises(NotLoadedError, match="include='portions'"):
            read.related("portions")

    def test_unknown(self, ws: Workspace, made: Sample) -> None:
        """A name that leads nowhere is answered with the nearest."""
        with pytest.raises(UnknownNameError, match="did you mean 'portions'"):
            ws.get(Sample, made.id, include="portion")

    def test_unknown_on_empty_page(self, ws: Workspace) -> None:
        """Also where there is no record that it could lead from."""
        with pytest.raises(UnknownNameError, match="did you mean 'portions'"):
            ws.list(Sample, include="account portion")


class TestFields:
    def test_all_of_entity(self, ws: Workspace) -> None:
        """The fields of an entity are its own, the common ones, those of plugins and custom ones."""
        ws.define_field(SalesOrder, "market", field.text())

        assert ws.fields(SalesOrder).keys() >= {"id", "number", "total", "custom.market"}
        assert any(path.startswith("lab.") for path in ws.fields(Account))

    def test_newest(self, crm: CRM) -> None:
        """A field that was defined elsewhere a moment ago is there, in a unit that has read nothing yet."""
        with crm.acting_as(MEI) as ws:
            before = len(ws.fields(Account))
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "market", field.text())

        with crm.reading_as(MEI) as reader:
            assert reader.fields(Account).keys() >= {"custom.market"}
            assert len(reader.fields(Account)) == before + 1
