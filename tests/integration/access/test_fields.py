"""Which fields somebody reads and writes: what is hidden is as unknown as what was never there."""

from __future__ import annotations

import re

import pytest
from tests.integration.access.company import BOSS, LIN, MEI

from pycrm import CRM, Account, Money, NotAllowedError, Principal, UnknownNameError
from pycrm import field as f

QUESTIONS = {
    "where": lambda reader, name: reader.list(Account, where=f"{name} IS NULL"),
    "order": lambda reader, name: reader.list(Account, order_by=name),
    "path": lambda reader, name: reader.list(Account, where=f"parent.{name} IS NULL"),
    "path order": lambda reader, name: reader.list(Account, order_by=f"parent.{name}"),
    "to many": lambda reader, name: reader.count(Account, where=f"ANY(subsidiaries, {name} IS NULL)"),
    "count": lambda reader, name: reader.count(Account, where=f"{name} IS NULL"),
    "sum": lambda reader, name: reader.aggregate(Account, measures=[f"sum({name})"]),
    "distinct": lambda reader, name: reader.aggregate(Account, measures=[f"count_distinct({name})"]),
    "group": lambda reader, name: reader.aggregate(Account, measures=["count()"], group_by=name),
    "computed order": lambda reader, name: reader.list(Account, order_by=f"PINYIN({name})"),
    "computed": lambda reader, name: reader.list(Account, where=f"LENGTH({name}) > 1"),
    "explain": lambda reader, name: reader.explain(Account, f"{name} IS NULL"),
    "include": lambda reader, name: reader.list(Account, include=name),
    "find": lambda reader, name: reader.find(Account, **{name: None}),
}


@pytest.mark.parametrize("hidden", ["annual_revenue", "tax_number"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_unknown(crm: CRM, question: str, hidden: str) -> None:
    """A hidden field, and one that is masked, is unknown wherever it could be named."""
    with crm.reading_as(MEI) as reader:
        with pytest.raises(UnknownNameError) as forbidden:
            QUESTIONS[question](reader, hidden)
        with pytest.raises(UnknownNameError) as absent:
            QUESTIONS[question](reader, "zzzzz")

    assert told(forbidden.value, hidden) == told(absent.value, "zzzzz")


def test_nearest(crm: CRM) -> None:
    """Nobody is offered a hidden field for a misspelt one."""
    with crm.reading_as(MEI) as reader, pytest.raises(UnknownNameError) as error:
        reader.count(Account, where="annual_revenu IS NULL")

    assert "annual_revenue" not in str(error.value)


def told(error: Exception, name: str) -> str:
    """Return the message of *error* without *name* and without the names that are near to it."""
    return re.sub(r"; did you mean [^?]*\?", "", str(error)).replace(name, "NAME")


class TestReading:
    def test_hidden(self, crm: CRM) -> None:
        """A hidden field is empty in a record, a masked one shows what its mask leaves."""
        with crm.reading_as(MEI) as reader:
            account = reader.find(Account, name="mei 1")
        with crm.reading_as(LIN) as reader:
            whole = reader.find(Account, name="mei 1")

        assert account is not None
        assert whole is not None
        assert account.annual_revenue is None
        assert account.tax_number == "*" * (len(whole.tax_number or "") - 4) + "1234"
        assert whole.annual_revenue == Money(1_000_000, "CNY")

    def test_fields(self, crm: CRM) -> None:
        """Forms and lists are offered what may be asked for."""
        with crm.reading_as(MEI) as reader:
            known = reader.fields(Account)

        assert "name" in known
        assert "annual_revenue" not in known

    def test_search(self, crm: CRM) -> None:
        """Nobody finds a record by what he may not see of it."""
        with crm.reading_as(LIN) as reader:
            assert len(reader.search("9131000mei1234")) == 1
        with crm.reading_as(MEI) as reader:
            assert len(reader.search("9131000mei1234")) == 0

    def test_custom(self, crm: CRM) -> None:
        """A new field is closed to all whose roles do not name it, unless it is declared open."""
        with crm.acting_as(BOSS) as ws:
            ws.define_field(Account, "margin", f.integer())
            ws.define_field(Account, "region", f.text(), open=True)
            (account,) = ws.list(Account, where="name = 'mei 1'")
            ws.update(account, custom={"margin": 7, "region": "华东"})
        with crm.reading_as(MEI) as reader:
            seen = reader.find(Account, name="mei 1")
            assert seen is not None

            assert dict(seen.custom) == {"region": "华东"}
            assert reader.count(Account, where="custom.region = '华东'") == 1
            with pytest.raises(UnknownNameError):
                reader.count(Account, where="custom.margin = 7")
            with pytest.raises(UnknownNameError):
                seen.custom["margin"]


class TestWriting:
    def test_around_what_is_hidden(self, crm: CRM) -> None:
        """Who changes what he sees leaves what he does not see as it is, and still does not see it."""
        with crm.acting_as(MEI) as ws:
            account = ws.find(Account, name="mei 1")
            assert account is not None
            ws.update(account, industry="shipping")
            assert (account.annual_revenue, (account.tax_number or "")[:3]) == (None, "***")
        with crm.reading_as(LIN) as reader:
            (whole,) = reader.list(Account, where="industry = 'shipping'")

            assert (whole.annual_revenue, whole.tax_number) == (Money(1_000_000, "CNY"), "9131000mei1234")
            assert len(reader.search("9131000mei1234")) == 1

    @pytest.mark.parametrize("changes", [{"annual_revenue": Money(5, "CNY")}, {"tax_number": "1"}], ids=str)
    def test_closed(self, crm: CRM, changes: dict[str, object]) -> None:
        """A field that one may not write is refused, in an update and in a new record."""
        with crm.acting_as(MEI) as ws:
            account = ws.find(Account, name="mei 1")
            assert account is not None
            with pytest.raises(NotAllowedError, match=next(iter(changes))):
                ws.update(account, **changes)
            with pytest.raises(NotAllowedError, match=next(iter(changes))):
                ws.create(Account(name="new", **changes))  # type: ignore[arg-type]

        assert unchanged(crm, BOSS)

    def test_hidden_meanwhile(self, crm: CRM) -> None:
        """A bulk call names fields by the rights of now, also where one was hidden since the last call."""

        def write() -> int:
            with crm.acting_as(MEI) as ws:
                return len(ws.update_where(Account, "name STARTS WITH 'mei'", {"industry": "linen"}).records)

        assert write() == 2
        with crm.acting_as(BOSS) as ws:
            rights = {"read": "team", "write": "own", "fields": {"industry": "none"}}
            ws.define_role("seller", {"rights": {"account": rights}})

        for _ in range(2):
            with pytest.raises(UnknownNameError, match="no field 'industry'"):
                write()


def unchanged(crm: CRM, who: Principal) -> bool:
    """Return whether the accounts are those of the beginning."""
    with crm.reading_as(who) as reader:
        return reader.count(Account) == 6 and reader.count(Account, where="tax_number = '9131000mei1234'") == 1
