"""Filters in words."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from tests.filters import any_nodes

from pycrm import CRM, Account, F, Money, Opportunity, Principal
from pycrm.errors import QueryError, UnknownNameError
from pycrm.query import node_of
from pycrm.query.ast import And, Node, Or
from pycrm.query.builder import Condition
from pycrm.query.explain import explain

ADMINISTRATOR = Principal("mei", roles={"administrator"})
OURS = CRM("sqlite://", plugins=[])
ID = UUID("01952a6e-3b00-7000-8000-000000000001")


def told(entity: str, where: str | Condition | Node | None, language: str = "en") -> str:
    return explain(OURS.schema, OURS.schema.entity(entity), node_of(where), OURS.labels, language)


@pytest.mark.parametrize(
    ("entity", "where", "english", "chinese"),
    [
        (
            "opportunity",
            "stage.outcome = 'open' AND amount > USD 1000",
            "Stage · Outcome is Open and Amount is more than USD 1000",
            "销售阶段的结果为进行中，并且金额大于USD 1000",
        ),
        (
            "opportunity",
            "owner = ME AND close_on = THIS_QUARTER",
            "Owner is me and Close on is in this quarter",
            "负责人为我，并且预计成交日期在本季度",
        ),
        (
            "opportunity",
            "close_on < TODAY OR close_on IS NULL",
            "Close on is before today or Close on is missing",
            "预计成交日期早于今天，或者预计成交日期为空",
        ),
        (
            "opportunity",
            "amount BETWEEN USD 1000 AND USD 5000 AND NOT (team IN MY_TEAM OR probability_ratio < 0.5)",
            "Amount is between USD 1000 and USD 5000 and not (Team is one of my teams or Probability ratio is less "
            "than 0.5)",
            "金额在USD 1000和USD 5000之间，并且并非（团队为我的团队之一，或者赢单概率小于0.5）",
        ),
        (
            "account",
            "country IN ('CN', 'DE') AND NOT name CONTAINS '贸易'",
            "Country is one of “CN”, “DE” and Name does not contain “贸易”",
            "国家/地区为“CN”、“DE”之一，并且客户名称不包含“贸易”",
        ),
        (
            "account",
            "NONE(opportunities, created_at >= LAST_N_DAYS:90)",
            "none of Opportunities fulfils (Created at is not before the last 90 days)",
            "商机中没有一条满足（创建时间不早于最近 90 天）",
        ),
        (
            "account",
            "ANY(opportunities, stage.outcome = 'won' AND closed_at = N_DAYS_AGO:3) AND NONE(contracts)",
            "at least one of Opportunities fulfils (Stage · Outcome is Won and Closed at is 3 days ago) and there are "
            "no Contracts",
            "商机中至少有一条满足（销售阶段的结果为赢单，并且结束时间为3 天前），并且没有合同",
        ),
        (
            "account",
            "tags HAS ALL ('vip', '展会') AND roles HAS 'customer' AND parent UNDER :firm",
            "Tags has all of “vip”, “展会” and Roles has Customer and Parent is :firm or below it",
            "标签同时含有“vip”、“展会”，并且角色含有客户，并且上级客户为:firm或其下级",
        ),
        (
            "contact",
            "do_not_contact != TRUE AND MONTH(birth_on) = 3 AND name STARTS WITH '王'",
            "Do not contact is not yes and the month of Birth on is 3 and Name starts with “王”",
            "请勿联系不为是，并且出生日期的月份为3，并且姓名以“王”开头",
        ),
        (
            "opportunity",
            "CONVERT(amount, 'USD') > USD 1000 AND CONVERT(amount, :c, close_on) > 0 AND PINYIN(name) STARTS WITH 'h'",
            "Amount in USD is more than USD 1000 and Amount in :c at the rate of Close on is more than 0 and the "
            "pinyin of Name starts with “h”",
            "金额折合USD的金额大于USD 1000，并且金额按预计成交日期的汇率折合:c的金额大于0，并且商机名称的拼音以“h”开头",
        ),
        (
            "quote_line",
            "qty * (discount_ratio + 1) >= 12 AND quote.account.level = MY.level AND quote.status IN ('draft', 'sent')",
            "Qty × (Discount ratio + 1) is at least 12 and Quote · Account · Level is my level and Quote · Status is "
            "one of Draft, Sent",
            "数量 × （折扣率 + 1）不小于12，并且报价单的客户的客户等级为我的level，并且报价单的状态为草稿、已发送之一",
        ),
    ],
)
def test_filter_is_told(entity: str, where: str, english: str, chinese: str) -> None:
    """As a sales manager would say it, with the labels of fields, options and states."""
    assert told(entity, where) == english
    assert told(entity, where, "zh") == chinese


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (None, "in every case"),
        (And(()), "in every case"),
        (Or(()), "in no case"),
        (F.name.in_([]), "Name is one of nothing"),
        (~F.country.in_(["CN"]), "Country is none of “CN”"),
        (~(F.name == "a"), "not (Name is “a”)"),
        (~F.name.like("a%"), "Name is not like “a%”"),
        (~F.tags.has_any(["a"]), "Tags has none of “a”"),
        (~F.parent.under(ID), f"Parent is neither {ID} nor below it"),
        (F.parent == Account(id=ID, name="海晨"), "Parent is 海晨"),
        (F.opportunities.all(), "in every case"),
        (F.opportunities.any(), "there are Opportunities"),
        (F.annual_revenue - Money(5, "USD") > Money(1, "USD"), "Annual revenue - USD 5 is more than USD 1"),
        ("created_at > 2026-03-01T08:30:00+08:00", "Created at is after 2026-03-01 08:30+08:00"),
        ("birth_on + 18 <= DATE(created_at)", "Birth on + 18 is not after the date of Created at"),
        ("created_at - birth_on > 3", "Created at - Birth on is more than 3"),
        ("identity_number = '110101199003074258'", "Resident identity number is **************4258"),
        ("MARGIN(name) = 1", "MARGIN(Name) is 1"),
    ],
)
def test_each_part_has_words(where: str | Condition | Node | None, words: str) -> None:
    """What a filter may hold beside the usual; a secret is masked."""
    assert told("account", where) == words


def test_language_without_words_is_told_in_english() -> None:
    """As labels are."""
    assert told("account", "name = 'a'", "fr") == "Name is “a”"
    assert told("account", "name = 'a'", "zh-TW") == "客戶名稱為“a”"


@pytest.mark.parametrize(("where", "message"), [("nam = 1", "'name'"), ("ANY(nam)", "'name'")])
def test_unknown_name_is_refused(where: str, message: str) -> None:
    """Nothing is told of what does not exist."""
    with pytest.raises(UnknownNameError, match=message):
        told("account", where)


@given(any_nodes())
@settings(max_examples=60)
def test_any_filter_is_told_or_refused(node: Node) -> None:
    """Whatever a filter holds, it is said in words, or a name in it is unknown."""
    for language in ("en", "zh"):
        try:
            words = told("account", node, language)
        except (UnknownNameError, QueryError):
            continue

        assert words


def test_door_explains() -> None:
    """The door tells a filter in any form, and where an unknown name stands in it."""
    crm = CRM("sqlite://", plugins=[])
    crm.migrate()
    with crm.reading_as(ADMINISTRATOR) as reader:
        words = reader.explain(Opportunity, {">": [{"path": "amount"}, {"amount": "1000", "currency": "USD"}]})
        chinese = reader.explain(Opportunity, F.amount > 0, language="zh")
        with pytest.raises(UnknownNameError, match=r"did you mean 'amount' .*\(at character 16 of the filter\)"):
            reader.explain(Opportunity, "name = 'a' AND amout > 0")

    assert (words, chinese) == ("Amount is more than USD 1000", "金额大于0")
