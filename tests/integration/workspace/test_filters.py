"""Filters as people write them, at the door: who asks, when, with which values, over which links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.lab import MEI, lab

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    ExchangeRate,
    F,
    Money,
    Principal,
    QueryError,
    SavedView,
    Team,
    UnknownNameError,
    User,
    Workspace,
    field,
)
from pycrm.builtin.activities import Interaction
from pycrm.builtin.parties import Contact
from pycrm.builtin.sales import Opportunity
from pycrm.values.clock import FixedClock

from .conftest import Open

# In Shanghai it is Monday, 2 March 2026, half past seven in the morning; in New York still Sunday.
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def crm(crm_url: str, open_crm: Open, clock: FixedClock) -> CRM:
    """The laboratory at a fixed moment, its fiscal year beginning in April."""
    return open_crm(crm_url, (lab,), clock=clock, fiscal_year_start=4)


@pytest.fixture
def ws(crm: CRM) -> Iterator[Workspace]:
    with crm.acting_as(MEI) as workspace:
        yield workspace


def names(ws: Workspace, where: Any, **values: Any) -> list[str]:
    """Return the names of the accounts that *where* selects, in the order of their creation."""
    return [account.name for account in ws.list(Account, where=where, values=values or None)]


class TestWho:
    def test_me_is_the_user_who_asks(self, crm: CRM) -> None:
        """Also one who has never written anything."""
        for user in ("mei", "li"):
            with crm.acting_as(Principal(user, roles={"administrator"})) as ws:
                ws.create(Account(name=f"of {user}"))
        found = {}
        for user in ("mei", "li", "new"):
            with crm.reading_as(Principal(user, roles={"administrator"})) as reader:
                found[user] = [account.name for account in reader.list(Account, where="owner = ME")]

        assert found == {"mei": ["of mei"], "li": ["of li"], "new": []}

    def test_my_team_is_every_team_of_mine(self, crm: CRM) -> None:
        """Those that the principal names, and those that the user is a member of; without one, nothing matches."""
        with crm.acting_as(MEI) as ws:
            ws.create(User(key="li", name="Li"))
            li = ws.find(User, key="li")
            teams = ws.create_many([Team(name="north", members=[li]), Team(name="south"), Team(name="west")]).created
            for team in teams:
                ws.create(Account(name=team.name, team=team))
        found = {}
        for user, given in (("li", ["west"]), ("li", []), ("wang", [])):
            with crm.reading_as(Principal(user, roles={"administrator"}, teams=set(given))) as reader:
                key = f"{user} {','.join(given)}".strip()
                found[key] = sorted(each.name for each in reader.list(Account, where="team IN MY_TEAM"))
                assert reader.count(Account, where="team = MY_TEAM") == len(found[key])

        assert found == {"li west": ["north", "west"], "li": ["north"], "wang": []}

    def test_attributes_of_the_principal(self, crm: CRM) -> None:
        """One value or several; an attribute that is missing is an error, so that no rule opens by accident."""
        with crm.acting_as(MEI) as ws:
            ws.create_many([Account(name="a", industry="toys"), Account(name="b", industry="steel")])
        asking = Principal("li", roles={"administrator"}, attributes={"trade": "toys", "trades": ["toys", "steel"]})

        with crm.reading_as(asking) as reader:
            assert [each.name for each in reader.list(Account, where="industry = MY.trade")] == ["a"]
            assert reader.count(Account, where="industry IN MY.trades") == 2
            with pytest.raises(QueryError, match=r"no attribute 'trad'; did you mean 'trade'"):
                reader.count(Account, where="industry = MY.trad")


class TestWhen:
    def test_today_is_the_day_of_who_asks(self, crm: CRM) -> None:
        """By the principal's time zone, else by that of the user's record."""
        with crm.acting_as(MEI) as ws:
            ws.create(User(key="li", name="Li", time_zone="Asia/Shanghai"))
            account = ws.create(Account(name="a"))
            for day in (1, 2, 3):
                ws.create(Opportunity(name=str(day), account=account, close_on=datetime(2026, 3, day).date()))
        found = {}
        for principal in (
            Principal("li", roles={"administrator"}),
            Principal("li", roles={"administrator"}, attributes={"time_zone": "America/New_York"}),
            MEI,
        ):
            with crm.reading_as(principal) as reader:
                days = [each.name for each in reader.list(Opportunity, where="close_on = TODAY")]
                later = reader.count(Opportunity, where="close_on > TODAY")
                found[principal.attributes.get("time_zone", principal.user)] = (days, later)

        assert found == {"li": (["2"], 1), "America/New_York": (["1"], 2), "mei": (["1"], 2)}

    def test_instants_belong_to_days_of_who_asks(self, crm: CRM, clock: FixedClock) -> None:
        """Midnight is that of the time zone."""
        for hours in (0, 1, 24):
            clock.advance(timedelta(hours=hours))
            with crm.acting_as(MEI) as ws:
                ws.create(Account(name=f"{clock():%d %H}"))
        with crm.reading_as(
            Principal("li", roles={"administrator"}, attributes={"time_zone": "Asia/Shanghai"})
        ) as reader:
            today = [each.name for each in reader.list(Account, where="created_at = TODAY")]
            before = [each.name for each in reader.list(Account, where="DATE(created_at) < TODAY")]
        with crm.reading_as(MEI) as reader:
            in_utc = [each.name for each in reader.list(Account, where="created_at = YESTERDAY")]

        assert (today, before, in_utc) == (["03 00"], ["01 23", "02 00"], ["02 00"])

    def test_fiscal_quarter_is_the_crms(self, ws: Workspace) -> None:
        """With a year that begins in April, March belongs to its last quarter."""
        account = ws.create(Account(name="a"))
        for month in (12, 1, 3):
            day = datetime(2025 if month == 12 else 2026, month, 15).date()
            ws.create(Opportunity(name=str(month), account=account, close_on=day))

        found = ws.list(Opportunity, where="close_on = THIS_FISCAL_QUARTER")
        year = ws.list(Opportunity, where="close_on = THIS_FISCAL_YEAR AND close_on < TODAY")

        assert [each.name for each in found] == ["1", "3"]
        assert [each.name for each in year] == ["12", "1"]


class TestValues:
    def test_parameters_stand_for_values(self, ws: Workspace) -> None:
        """One value, or a list after IN; nothing that they hold is read as language."""
        ws.create_many([Account(name=name) for name in ("a", "b", "c' OR 1 = 1 --")])

        assert names(ws, "name = :name", name="c' OR 1 = 1 --") == ["c' OR 1 = 1 --"]
        assert names(ws, "name IN :names", names=["a", "b"]) == ["a", "b"]
        assert names(ws, "name NOT IN :names", names=()) == ["a", "b", "c' OR 1 = 1 --"]
        assert [each.name for each in ws.iterate(Account, where="name < :n", values={"n": "b"})] == ["a"]
        assert ws.count(Account, where="name = :n", values={"n": "b"}) == 1
        assert ws.aggregate(Account, measures=["count()"], where="name = :n", values={"n": "b"}) == [{"count()": 1}]

    @pytest.mark.parametrize(
        ("where", "values", "message"),
        [
            ("name = :name", {}, r"parameter :name without a value; give values="),
            ("name = :name", {"nme": "a"}, r":name without a value; did you mean 'nme'"),
            ("name = :name", {"name": "a", "extra": 1}, r"the filter has no parameter :extra"),
            ("name = :name", {"name": None}, r"name=None; a missing value is asked for with IS NULL"),
            ("name CONTAINS :name", {"name": ["a"]}, r"name is a list; compare it with IN :name"),
            (None, {"name": "a"}, r"values= are for the parameters of where="),
        ],
    )
    def test_wrong_values_are_told(self, ws: Workspace, where: Any, values: dict[str, Any], message: str) -> None:
        """With the parameter and the cure."""
        with pytest.raises(QueryError, match=message):
            ws.list(Account, where=where, values=values)


class TestLinks:
    def test_ways_back_and_parts(self, ws: Workspace) -> None:
        """A condition on many records never repeats one, and says nothing of those in the bin."""
        first, second, third = ws.create_many([Account(name=name) for name in "abc"]).created
        for amount in (100, 900, 950):
            ws.create(Opportunity(name=str(amount), account=first, amount=f"USD {amount}"))
        ws.create(Opportunity(name="cheap", account=second, amount="USD 5"))
        gone = ws.create(Opportunity(name="gone", account=third, amount="USD 999"))
        ws.delete(gone)

        assert names(ws, "ANY(opportunities, amount > USD 500)") == ["a"]
        assert names(ws, "ALL(opportunities, amount > USD 50)") == ["a", "c"]
        assert names(ws, "NONE(opportunities)") == ["c"]
        assert names(ws, F.opportunities.any((F.amount < Money("500", "USD")) & (F.account.name == "b"))) == ["b"]
        assert ws.count(Opportunity, where="ANY(account.opportunities, name = '900')") == 3
        assert names(ws, "id = :which", which=first) == names(ws, "id UNDER :which", which=first) == ["a"]

    def test_multi_references(self, ws: Workspace) -> None:
        """HAS names the records; ANY alone asks whether there is one."""
        wang, li = ws.create_many([Contact(name="王芳"), Contact(name="李伟")]).created
        ws.create(Interaction(happened_at=NOW, kind="call", subject="both", participants=[wang, li]))
        ws.create(Interaction(happened_at=NOW, kind="call", subject="one", participants=[li]))
        ws.create(Interaction(happened_at=NOW, kind="call", subject="none"))

        def subjects(where: str, **values: Any) -> list[str | None]:
            return [each.subject for each in ws.list(Interaction, where=where, values=values or None)]

        assert subjects("participants HAS :who", who=wang) == ["both"]
        assert subjects("participants HAS ANY :who", who=[wang, ws.find(User, key="mei")]) == ["both"]
        assert subjects("participants HAS ALL :who", who=[wang, li]) == ["both"]
        assert subjects("ANY(participants)") == ["both", "one"]
        assert subjects("NONE(participants)") == ["none"]

    def test_custom_and_extension_fields(self, ws: Workspace) -> None:
        """They are asked like all others, behind references and in links too."""
        ws.define_field(Account, "等级", field.choice(["金", "银"]))
        ws.define_field(Opportunity, "discount", field.percent())
        gold = ws.create(Account(name="gold", custom={"等级": "金"}))
        ws.create(Account(name="none"))
        ws.create(Opportunity(name="o", account=gold, custom={"discount": "12.5%"}))

        assert names(ws, "custom.等级 = '金'") == ["gold"]
        assert names(ws, "custom.等级 != '金'") == ["none"]
        assert ws.count(Opportunity, where="account.custom.等级 IN ('金', '银') AND custom.discount * 2 = 0.25") == 1
        assert names(ws, "ANY(opportunities, custom.discount > 0.12)") == ["gold"]


class TestNumbers:
    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ("employee_count = 1.5", []),
            ("employee_count != 1.5", ["one", "two", "none"]),
            ("employee_count > 1.5", ["two"]),
            ("employee_count < 1000000000000000000000", ["one", "two"]),
            ("employee_count IN (1, 1.5)", ["one"]),
            ("employee_count NOT IN (1.5)", ["one", "two", "none"]),
            ("annual_revenue > USD 9.999999", ["one"]),
            ("annual_revenue >= USD 1000000000000000000000000000000", []),
            ("annual_revenue IN (USD 0.001, USD 10)", ["one"]),
        ],
    )
    def test_what_no_field_could_hold_is_compared(self, ws: Workspace, where: str, expected: list[str]) -> None:
        """Too large, or too precise: it is a number like any other."""
        ws.create_many(
            [
                Account(name="one", employee_count=1, annual_revenue=Money(10, "USD")),
                Account(name="two", employee_count=2, annual_revenue=Money(2000, "EUR")),
                Account(name="none"),
            ]
        )

        assert names(ws, where) == expected


class TestOtherCurrencies:
    def test_rates_of_today_are_those_of_who_asks(self, crm_url: str, open_crm: Open, clock: FixedClock) -> None:
        """In Shanghai it is Monday already, and its rate counts; by way of the CRM's base currency."""
        crm = open_crm(crm_url, (lab,), clock=clock, base_currency="CNY")
        with crm.acting_as(MEI) as ws:
            for code, day, rate in (("USD", 1, "7"), ("USD", 2, "8"), ("EUR", 1, "10")):
                quoted_on = date(2026, 3, day)
                ws.create(ExchangeRate(from_currency=code, to_currency="CNY", quoted_on=quoted_on, rate=Decimal(rate)))
            ws.create(Account(name="a", annual_revenue=Money(80, "EUR")))
        found = {}
        for zone in ("Asia/Shanghai", "America/New_York"):
            who = Principal("li", roles={"administrator"}, attributes={"time_zone": zone})
            with crm.reading_as(who) as reader:
                found[zone] = reader.count(Account, where="CONVERT(annual_revenue, 'USD') = USD 100")

        assert found == {"Asia/Shanghai": 1, "America/New_York": 0}

    def test_base_is_a_currency(self) -> None:
        """Anything else is refused before a database is opened."""
        with pytest.raises(ConfigurationError, match=r"base_currency='RMB' is no currency of ISO 4217"):
            CRM("sqlite://", base_currency="RMB")

    def test_saved_views_have_computed_orders(self, ws: Workspace) -> None:
        """Behind the groups; a function that there is not makes the view broken."""
        ws.create_many(
            [Account(name=name, country="CN") for name in ("张", "阿")] + [Account(name="Zeta", country="DE")]
        )
        ws.create(SavedView(entity="account", name="read", group_by="country", order_by="PINYIN(name), country DESC"))

        assert [each.name for each in ws.list_view("read")] == ["Zeta", "阿", "张"]
        with pytest.raises(QueryError, match="PINYN"):
            ws.list_view(ws.create(SavedView(entity="account", name="bad", order_by="PINYN(name)")))

    def test_lists_continue_in_a_computed_order(self, ws: Workspace) -> None:
        """From page to page, and through all of them."""
        ws.create_many([Account(name=name) for name in ("张", "阿", "Acme", "单", "曾")])
        first = ws.list(Account, order_by="PINYIN_NAME(name)", limit=2)
        second = ws.list(Account, order_by="PINYIN_NAME(name)", limit=2, after=first.next_cursor)

        assert [each.name for each in [*first, *second]] == ["阿", "Acme", "单", "曾"]
        assert next(each.name for each in ws.iterate(Account, order_by="PINYIN_NAME(name) DESC")) == "张"


class TestWords:
    def test_records_are_told_by_their_titles(self, ws: Workspace) -> None:
        """Over any link, by whatever names the record; an id of no record stays one."""
        made = ws.create(Account(name="海晨集团"))
        linked = F.opportunities.any(F.account.in_([made]))
        told = {ws.explain(Account, F.parent == each) for each in (made, made.id, str(made.id))}

        assert told == {"Parent is 海晨集团"}
        assert ws.explain(Account, linked) == "at least one of Opportunities fulfils (Account is one of 海晨集团)"
        assert ws.explain(Account, F.id == made.id, language="zh").endswith("为海晨集团")
        assert ws.explain(Account, F.parent == UUID(int=7)) == f"Parent is {UUID(int=7)}"


class TestErrors:
    @pytest.mark.parametrize(
        ("where", "kind", "position", "message"),
        [
            ("naem = 'a'", UnknownNameError, 1, r"account has no field 'naem'; did you mean 'name'"),
            ("name = 'naem' AND  owner.naem = 'a'", UnknownNameError, 20, r"user has no field 'naem'"),
            ("name == 'a'", QueryError, 7, r"expected a field or a value .* at character 7, got '='"),
            ("YAER(created_at) = 2026", UnknownNameError, None, r"no function YAER\(\); did you mean 'YEAR'"),
            ("YEAR(created_at) = 2026", QueryError, None, r"YEAR\(\) takes a date, not a instant; turn it into a date"),
            ("opportunities.amount > 5", QueryError, 1, r"say ANY\(opportunities, …\)"),
            ("ANY(name, name = 'a')", QueryError, 5, r"does not lead to many records"),
            ("name UNDER 'x'", QueryError, 1, r"does not lead into a tree"),
            ("name HAS 'x'", QueryError, 1, r"a text field has one; compare it by = or IN"),
            ("employee_count CONTAINS '1'", QueryError, 1, r"CONTAINS searches texts, and this is a number"),
            ("name = NULL", QueryError, 8, r"IS NULL"),
            ("CONVERT(annual_revenue, 'XYZ') > USD 1", QueryError, None, r"CONVERT\(\): .*XYZ"),
            ("CONVERT(annual_revenue) > USD 1", QueryError, None, r"takes money, a currency and"),
            (
                "CONVERT(name, 'USD') > USD 1",
                QueryError,
                None,
                r"takes money, a currency and a day, and .* a text",
            ),
            ("CONVERT(annual_revenue, 'USD', created_at) > 0", QueryError, None, r"into a date by DATE\(…\)"),
            ("CONVERT(annual_revenue, industry) > 0", QueryError, None, r"nothing to compute with"),
            ("name IN ('a', industry)", QueryError, 15, r"IN takes values; compare with another field by ="),
        ],
    )
    def test_place_and_cure_are_told(
        self, ws: Workspace, where: str, kind: type[QueryError], position: int | None, message: str
    ) -> None:
        """Of a text, the place is the number of a character."""
        with pytest.raises(kind, match=message) as caught:
            ws.list(Account, where=where)

        assert caught.value.facts.get("position") == position
