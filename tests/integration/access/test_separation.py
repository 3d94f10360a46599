"""Segregation of duties: who made one step of a record does not make the other, on whichever way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.access.company import BO, BOSS, MEI, known

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Cover,
    DutySeparation,
    Principal,
    Quote,
    User,
    ValidationError,
    Workspace,
)
from pycrm.plugin import Plugin

RIGHTS = {
    "rights": {"quote": dict.fromkeys(("read", "create", "write", "approve"), "all"), "account": {"read": "all"}},
}
SAME = "quote approval wants another one for approve"


@pytest.fixture(autouse=True)
def rule(crm: CRM) -> None:
    """Quotes are submitted and approved by different people, and sellers may do both otherwise."""
    with crm.acting_as(BOSS) as ws:
        ws.create(DutySeparation(name="quote approval", entity="quote", steps="submit approve"))
        ws.define_role("seller", RIGHTS)


def submitted(ws: Workspace) -> Quote:
    """Return a quote that the principal of *ws* has submitted."""
    quote = ws.create(Quote(account=ws.list(Account, order_by="name", limit=1)[0], currency="CNY"))
    return ws.move(quote, "submit")


class TestRefused:
    def test_move(self, crm: CRM) -> None:
        """The rule, the other step and who made it are told; a colleague makes the move."""
        with crm.acting_as(MEI) as ws:
            quote = submitted(ws)
            with pytest.raises(ValidationError, match=r"mei made submit on .*quote approval wants another one") as told:
                ws.move(ws.get(Quote, quote.id), "approve")
        with crm.acting_as(BO) as ws:
            approved = ws.move(ws.get(Quote, quote.id), "approve")

        assert [(each.code, each.field) for each in told.value.problems] == [("duty.same_person", "status")]
        assert approved.status == "approved"

    def test_administrator(self, crm: CRM) -> None:
        """Administrators are people, too."""
        with crm.acting_as(BOSS) as ws:
            quote = submitted(ws)
        with crm.acting_as(BOSS) as ws, pytest.raises(ValidationError, match=SAME):
            ws.move(ws.get(Quote, quote.id), "approve")

    def test_other_ways(self, crm: CRM) -> None:
        """A status that is written is a move: one by one, in a batch, by a filter, or by what comes in again."""
        with crm.acting_as(MEI) as ws:
            mine = submitted(ws)
        with crm.acting_as(BO) as ws:
            theirs = submitted(ws)
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError, match=SAME):
                ws.update(ws.get(Quote, mine.id), status="approved")
            with pytest.raises(ValidationError, match=SAME):
                ws.upsert_many(
                    Quote, [Quote(number=mine.number, account=mine.account, status="approved")], by=["number"]
                )
            done = ws.update_where(Quote, "status = 'in_approval'", {"status": "approved"}, on_problem="refuse")

            assert [each.id for each in done.records] == [theirs.id]
            assert [each.problems[0].code for each in done.refused] == ["duty.same_person"]

    def test_stand_in(self, crm: CRM) -> None:
        """What somebody does standing in for another one counts as his own doing."""
        with crm.acting_as(BOSS) as ws:
            today = ws.now().date()
            mei, bo = known(ws, User, key="mei"), known(ws, User, key="bo")
            ws.create(Cover(user=mei, substitute=bo, starts_on=today, ends_on=today + timedelta(1)))
        with crm.acting_as(BO) as ws:
            quote = submitted(ws)
            with pytest.raises(ValidationError, match=SAME):
                ws.move(ws.get(Quote, quote.id), "approve")

    def test_create(self, crm: CRM) -> None:
        """Making a record is a step, too."""
        with crm.acting_as(BOSS) as ws:
            ws.create(DutySeparation(name="four eyes", entity="quote", steps="create submit"))
        with crm.acting_as(MEI) as ws:
            quote = ws.create(Quote(account=ws.list(Account, limit=1)[0], currency="CNY"))
            with pytest.raises(ValidationError, match=r"mei made create on .*four eyes"):
                ws.move(quote, "submit")

    def test_why(self, crm: CRM) -> None:
        """Whoever asks why is told the rule."""
        with crm.acting_as(MEI) as ws:
            quote = submitted(ws)
            found = ws.why("approve", quote)

        assert not found.allowed
        assert found.reasons[-1].startswith("Mei made Submit on ")
        with crm.reading_as(BO) as reader:
            assert reader.why("approve", quote).allowed


class TestRules:
    def test_inactive(self, crm: CRM) -> None:
        """A rule that is not active does not count, and neither does one that is deleted."""
        with crm.acting_as(BOSS) as ws:
            ws.update(known(ws, DutySeparation, name="quote approval"), is_active=False)
        with crm.acting_as(MEI) as ws:
            assert ws.move(submitted(ws), "approve").status == "approved"

    def test_unfit(self, crm: CRM) -> None:
        """A rule names an entity, and two or more of its steps."""
        wrong = {
            "duty.unknown_entity": DutySeparation(name="a", entity="qoute", steps="submit approve"),
            "duty.unknown_step": DutySeparation(name="b", entity="quote", steps="submit aprove"),
            "duty.too_few": DutySeparation(name="c", entity="quote", steps="submit submit"),
        }
        for code, each in wrong.items():
            with crm.acting_as(BOSS) as ws, pytest.raises(ValidationError) as told:
                ws.create(each)
            assert [problem.code for problem in told.value.problems] == [code]

    def test_plugin_itself(self, crm: CRM) -> None:
        """What a plugin does for itself is nobody's doing, and so is no second step of anybody."""
        with crm.acting_as(MEI) as ws:
            quote = submitted(ws)
        with crm.acting_as(Principal.plugin("sales")) as ws:
            assert ws.move(ws.get(Quote, quote.id), "approve").status == "approved"


def test_declared() -> None:
    """A plugin declares a rule; one that cannot separate anything keeps the CRM from being made."""
    plugin = Plugin("duties")
    plugin.separate("order release", "sales_order", "confirm", "complete")
    assert [rule.steps for rule in CRM("sqlite://", plugins=[plugin])._separations["sales_order"]] == [
        ("confirm", "complete")
    ]
    for steps, told in ((("confirm",), "separates 1 steps"), (("confirm", "relase"), "no step of sales_order")):
        wrong = Plugin("duties")
        wrong.separate("order release", "sales_order", *steps)
        with pytest.raises(ConfigurationError, match=told):
            CRM("sqlite://", plugins=[wrong])
    elsewhere = Plugin("duties")
    elsewhere.separate("x", "sales_ordr", "a", "b")
    with pytest.raises(ConfigurationError, match="no entity 'sales_ordr'"):
        CRM("sqlite://", plugins=[elsewhere])


def test_declared_counts(crm: CRM) -> None:
    """What code declares counts as what is kept as data does."""
    plugin = Plugin("duties")
    plugin.separate("acceptance", Quote, "submit", "send")
    made = CRM(crm._database.engine, plugins=[*(each for each in crm.plugins if each.name == "roles"), plugin])
    made.migrate()
    with made.acting_as(BOSS) as ws:
        quote = submitted(ws)
    with made.acting_as(BO) as ws:
        ws.move(ws.get(Quote, quote.id), "approve")
    with made.acting_as(BOSS) as ws, pytest.raises(ValidationError, match="acceptance wants another one"):
        ws.move(ws.get(Quote, quote.id), "send")
