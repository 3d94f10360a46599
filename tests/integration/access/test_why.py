"""Why somebody may do something or may not, in words, and that the answer is what the doors do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.access.company import BO, BOSS, EYE, KAI, LIN, MEI, NOBODY, known

from pycrm import (
    CRM,
    Account,
    AccountContact,
    ConfigurationError,
    Contact,
    ContactPoint,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    PycrmError,
    Quote,
    UnknownNameError,
    User,
    Why,
    field,
)
from pycrm.entities import Cover, Role, RoleAssignment, Share

PEOPLE = (BOSS, MEI, LIN, KAI, EYE, NOBODY)


def account_of(crm: CRM, name: str) -> Account:
    """Return an account as the administrator reads it."""
    with crm.reading_as(BOSS) as reader:
        found = reader.find(Account, name=name)
    assert found is not None
    return found


def asked(crm: CRM, who: Principal, action: str, name: str, field: str | None = None, language: str = "en") -> Why:
    """Return what an administrator learns of what *who* may do with an account."""
    with crm.reading_as(BOSS) as reader:
        return reader.why(action, account_of(crm, name), field, language, who=who)


class TestRoles:
    def test_allowed(self, crm: CRM) -> None:
        """A role that reaches the record is named with its reach."""
        with crm.reading_as(MEI) as reader:
            found = reader.why("write", account_of(crm, "mei 1"))

        assert found.allowed
        assert found.text == (
            "Mei may write Account “mei 1”: the role Seller allows it for one's own records, and this is one of them."
        )

    def test_forbidden(self, crm: CRM) -> None:
        """A role that does not reach the record is named too, and in how far it falls short."""
        with crm.reading_as(MEI) as reader:
            found = reader.why("write", account_of(crm, "bo 1"))

        assert not found.allowed
        assert found.reasons == ("the role Seller allows it for one's own records, and this is none of them",)

    def test_languages(self, crm: CRM) -> None:
        """The sentence is in the language that is asked for, labels and rules too."""
        told = asked(crm, EYE, "read", "mei 1", language="zh").text

        assert told == "Eye可以查看客户“mei 1”：角色“Auditor”允许用于满足“行业为“textiles””的记录，此记录属于其中。"
        assert asked(crm, EYE, "read", "mei 1", language="zh-TW").text.startswith("Eye可以檢視客戶")

    def test_rule(self, crm: CRM) -> None:
        """A rule is told in words."""
        assert asked(crm, EYE, "read", "mei 2").reasons == (
            "the role Auditor allows it for records where Industry is “textiles”, and this is none of them",
        )

    def test_administrator(self, crm: CRM) -> None:
        """An administrator may do all, and that is the reason."""
        with crm.reading_as(BOSS) as reader:
            found = reader.why("delete", account_of(crm, "kai 1"))

        assert found.reasons == ("the role Administrator may do all",)

    def test_no_role(self, crm: CRM) -> None:
        """Who has no role is told so, and so is one whose roles say nothing of it."""
        assert asked(crm, NOBODY, "read", "mei 1").text == "nobody may not read Account “mei 1”: nobody has no role."
        assert asked(crm, EYE, "write", "mei 1").reasons == ("none of the roles allows it: Auditor",)

    def test_plugin(self, crm: CRM) -> None:
        """A plugin's principal reads everything, and does otherwise what the plugin lists."""
        plugin = Principal.plugin("roles")
        assert asked(crm, plugin, "read", "mei 1").reasons == ("a plugin reads everything",)
        assert asked(crm, plugin, "write", "mei 1").text == (
            "the plugin roles may not write Account “mei 1”: Plugin(may=…) does not list it."
        )

    def test_class(self, crm: CRM) -> None:
        """Without a record it is told what reach a role has."""
        with crm.reading_as(MEI) as reader:
            found = reader.why("create", Account)

        assert found == Why(
            True,
            "Mei may create Account records: the role Seller allows it for one's own records.",
            ("the role Seller allows it for one's own records",),
        )

    def test_denied(self, crm: CRM) -> None:
        """A denial that holds for the record is told beside what would allow it."""
        with crm.acting_as(BOSS) as ws:
            rights = {"account": {"read": "all", "deny": {"read": {"where": "industry = 'textiles'"}}}}
            ws.define_role("careful", {"rights": rights})
        careful = Principal("careful", roles={"careful"})

        assert asked(crm, careful, "read", "mei 1") == Why(
            False,
            "careful may not read Account “mei 1”: the role Careful allows it for all records; the role Careful denies "
            "it for records where Industry is “textiles”, and this is one of them.",
            (
                "the role Careful allows it for all records",
                "the role Careful denies it for records where Industry is “textiles”, and this is one of them",
            ),
        )
        assert asked(crm, careful, "read", "mei 2").reasons == ("the role Careful allows it for all records",)

    def test_hidden_rule(self, crm: CRM) -> None:
        """A rule that names what whoever asks does not know of is told as a rule and no more."""
        with crm.acting_as(BOSS) as ws:
            rule = {"where": "annual_revenue > CNY 0"}
            ws.define_role("rich", {"rights": {"account": {"read": rule, "fields": {"annual_revenue": "none"}}}})
        with crm.reading_as(Principal("rich", roles={"rich"})) as reader:
            (reason,) = reader.why("read", account_of(crm, "mei 1")).reasons

        assert reason == "the role Rich allows it for records of a rule, and this is one of them"


class TestSingleRecords:
    def test_share(self, crm: CRM) -> None:
        """A share is told with its level, with whom and until when."""
        with crm.acting_as(BOSS) as ws:
            kai, end = known(ws, User, key="kai"), ws.now() + timedelta(days=1)
            ws.create(Share(record=known(ws, Account, name="mei 1"), grantee=kai, level="write", ends_at=end))
            ws.create(Share(record=known(ws, Account, name="mei 2"), grantee=kai))
        found = asked(crm, KAI, "write", "mei 1")

        assert found.allowed
        assert found.reasons[-1] == f"it is shared with Kai until {end:%Y-%m-%d %H:%M} (Write)"
        assert asked(crm, KAI, "read", "mei 2").reasons[-1] == "it is shared with Kai (Read)"
        assert not asked(crm, KAI, "write", "mei 2").allowed

    def test_cover(self, crm: CRM) -> None:
        """Who stands in for somebody is told so where that opens the record."""
        with crm.acting_as(BOSS) as ws:
            today = ws.now().date()
            mei, kai = known(ws, User, key="mei"), known(ws, User, key="kai")
            ws.create(Cover(user=mei, substitute=kai, starts_on=today, ends_on=today))

        assert asked(crm, KAI, "write", "mei 1").reasons[-1] == f"Kai stands in for Mei until {today}"
        assert len(asked(crm, KAI, "write", "kai 1").reasons) == 1

    def test_role_for_a_time(self, crm: CRM) -> None:
        """A role that is assigned for a time is told with its end."""
        with crm.acting_as(BOSS) as ws:
            end = ws.now() + timedelta(days=2)
            ws.create(RoleAssignment(user=known(ws, User, key="kai"), role="auditor", ends_at=end))

        assert (
            asked(crm, KAI, "read", "mei 1")
            .reasons[0]
            .startswith(f"the role Auditor (assigned until {end:%Y-%m-%d %H:%M}) allows it for records where")
        )

    def test_part(self, crm: CRM) -> None:
        """A part is told with what it belongs to, through one reference or one that leads anywhere."""
        with crm.acting_as(BOSS) as ws:
            point = ws.create(ContactPoint(of=known(ws, Account, name="bo 1"), kind="email", value="bo@example.com"))
        with crm.reading_as(MEI) as reader:
            (link,) = reader.list(AccountContact, where="account.name = 'bo 1'")
            expected = (
                "as a part it takes the right to write Account “bo 1”",
                "the role Seller allows it for one's own records, and this is none of them",
            )
            assert reader.why("delete", link).reasons == reader.why("write", point).reasons == expected
            assert (
                reader.why("write", AccountContact).reasons[0]
                == "as a part it takes the right to write Account records"
            )
            assert reader.why("read", ContactPoint).reasons == (
                "as a part it takes the right to read what it belongs to",
            )


class TestFields:
    def test_given(self, crm: CRM) -> None:
        """What each role says of a field is told, and what is so where it says nothing."""
        hidden = asked(crm, MEI, "read", "mei 1", "annual_revenue")
        assert (hidden.allowed, hidden.reasons[-1]) == (False, "the role Seller gives the field: no right")
        masked = asked(crm, MEI, "read", "mei 1", "tax_number")
        assert (masked.allowed, masked.reasons[-1]) == (False, "the role Seller gives the field: masked")
        opened = asked(crm, MEI, "write", "mei 1", "industry")
        assert (opened.allowed, opened.reasons[-1]) == (True, "the role Seller does not name the field, which is open")
        assert asked(crm, MEI, "write", "bo 1", "industry").allowed is False
        assert asked(crm, LIN, "write", "bo 1", "annual_revenue").text == (
            "Lin may write Annual revenue of Account “bo 1”: the role Lead allows it for records of one's own, of the "
            "team and of those below, and this is one of them; the role Lead gives the field: write."
        )
        assert asked(crm, BOSS, "write", "bo 1", "created_at").allowed is False

    def test_closed(self, crm: CRM) -> None:
        """A field that is closed by default is told to be so."""
        with crm.acting_as(BOSS) as ws:
            ws.define_field(Account, "vip", field.text())

        assert asked(crm, MEI, "read", "mei 1", "custom.vip").reasons[-1] == (
            "the role Seller does not name the field, which is closed until a role does"
        )

    def test_hidden(self, crm: CRM) -> None:
        """Who does not see a field learns no more of it by asking why than by asking for it."""
        with crm.reading_as(MEI) as reader:
            with pytest.raises(UnknownNameError) as hidden:
                reader.why("read", account_of(crm, "mei 1"), "annual_revenue")
            with pytest.raises(UnknownNameError) as absent:
                reader.why("read", account_of(crm, "mei 1"), "annual_revenux")

            assert str(hidden.value).replace("revenue", "") == str(absent.value).replace("revenux", "")
            assert not reader.why("read", account_of(crm, "mei 1"), "tax_number").allowed


class TestRefused:
    def test_unread(self, crm: CRM) -> None:
        """A record that whoever asks may not read is as one that is not there."""
        with crm.reading_as(MEI) as reader, pytest.raises(NotFoundError):
            reader.why("read", account_of(crm, "kai 1"))

    def test_others(self, crm: CRM) -> None:
        """Only administrators ask for somebody else."""
        with crm.reading_as(MEI) as reader, pytest.raises(NotAllowedError, match="only administrators"):
            reader.why("read", account_of(crm, "mei 1"), who=BO)

    def test_slips(self, crm: CRM) -> None:
        """An action that there is not is told with the nearest one; a field goes with some actions only."""
        with crm.reading_as(BOSS) as reader:
            with pytest.raises(UnknownNameError, match="did you mean 'write'"):
                reader.why("wriet", Account)
            with pytest.raises(ConfigurationError, match="field= goes with"):
                reader.why("delete", Account, "name")

    def test_move(self, crm: CRM) -> None:
        """A move takes its right and a state from which it starts."""
        with crm.acting_as(BOSS) as ws:
            ws.define_role("approver", {"rights": {"quote": {"read": "all", "approve": "all"}}})
            quote = ws.create(Quote(account=known(ws, Account, name="mei 1"), currency="CNY"))
            found = ws.why("approve", quote, who=Principal("a", roles={"approver"}))

        assert not found.allowed
        assert found.reasons == ("the role Approver allows it for all records", "there is no move Approve from Draft")


def may(crm: CRM, who: Principal, action: str, account: Account) -> bool:
    """Return whether the doors let *who* do *action* with an account, having tried."""
    try:
        with crm.acting_as(who) as ws:
            known = ws.get(Account, account.id)
            if action == "write":
                ws.update(known, industry="tried")
            if action == "delete":
                ws.delete(known)
            raise _Done
    except _Done:
        return True
    except PycrmError:
        return False


class _Done(Exception):
    """Takes back what was tried."""


def test_as_the_doors(crm: CRM) -> None:
    """Whatever is told to be allowed the doors do, and they refuse the rest."""
    with crm.acting_as(BOSS) as ws:
        for part in (Opportunity, AccountContact, Contact):
            ws.delete_many(list(ws.list(part)))
        ws.create(Share(record=known(ws, Account, name="mei 1"), grantee=known(ws, User, key="kai"), level="write"))
        ws.create(
            Role(
                name="seller",
                rights='{"rights": {"account": {"read": "team", "write": "own", "deny": '
                '{"write": {"where": "industry = \'machinery\'"}}}}}',
            )
        )
    with crm.reading_as(BOSS) as reader:
        accounts = list(reader.list(Account))
    for who in PEOPLE:
        for account in accounts:
            for action in ("read", "write", "delete"):
                assert asked(crm, who, action, account.name).allowed == may(crm, who, action, account), (who, account)
