from __future__ import annotations

import threading
from uuid import UUID

import pytest

from pycrm import CRM, Account, ConflictError, Contact, ContactPoint, F, Principal, ValidationError, Workspace


def codes(caught: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in caught.value.problems]


def primary(ws: Workspace, owner: Account | Contact) -> list[str]:
    """Return the primary points of *owner*, by kind."""
    points = ws.list(ContactPoint, where=(F.of == owner) & (F.is_primary == True), order_by="kind")  # noqa: E712
    return [f"{point.kind} {point.value}" for point in points]


@pytest.fixture
def account(ws: Workspace) -> Account:
    """A stored account."""
    return ws.create(Account(name="青岛海晨贸易有限公司"))


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("phone", "+86 138 1234 5678", "+8613812345678"),
        ("fax", "0532-8888 8888", "053288888888"),
        ("whatsapp", "+49 (151) 2345-6789", "+4915123456789"),
        ("email", "mei@例子.中国", "mei@例子.中国"),
        ("website", "www.example.com/关于", "https://www.example.com/关于"),
        ("wechat", "kari-n", "kari-n"),
        ("wechat", "13812345678", "13812345678"),
        ("wecom", "ZhangSan@corp.01", "ZhangSan@corp.01"),
        ("dingtalk", "manager7078", "manager7078"),
    ],
)
def test_value_is_kept_as_its_kind_writes_it(ws: Workspace, account: Account, kind: str, value: str, kept: str) -> None:
    """A number or an address is written in the usual way of its kind."""
    point = ws.create(ContactPoint(of=account, kind=kind, value=value))

    assert ws.get(ContactPoint, point.id).value == kept


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("phone", "call me", "phone.invalid"),
        ("fax", "1", "phone.invalid"),
        ("whatsapp", "kari-n", "phone.invalid"),
        ("email", "mei.example.com", "email.invalid"),
        ("website", "javascript:alert(1)", "url.invalid"),
        ("wechat", "k", "contact_point.no_wechat"),
        ("wechat", "张三", "contact_point.no_wechat"),
        ("wecom", "-", "contact_point.no_member"),
        ("dingtalk", "a" * 65, "contact_point.no_member"),
    ],
)
def test_value_is_checked_by_kind(ws: Workspace, account: Account, kind: str, value: str, code: str) -> None:
    """What its kind could not be is refused, of a new point and of a changed one."""
    stored = ws.create(ContactPoint(of=account, kind="email", value="mei@example.com"))
    with pytest.raises(ValidationError) as caught_new:
        ws.create(ContactPoint(of=account, kind=kind, value=value))
    with pytest.raises(ValidationError) as caught_changed:
        ws.update(stored, kind=kind, value=value)

    assert codes(caught_new) == codes(caught_changed) == [(code, "value")]


def test_other_kind_asks_anew(ws: Workspace, account: Account) -> None:
    """A value must fit the new kind when the kind alone changes."""
    point = ws.create(ContactPoint(of=account, kind="email", value="mei@example.com"))

    with pytest.raises(ValidationError) as caught:
        ws.update(point, kind="phone")
    assert codes(caught) == [("phone.invalid", "value")]


def test_same_value_once_per_owner(ws: Workspace, account: Account) -> None:
    """The same number, in whatever spelling, is kept once for one owner; another may have it too."""
    ws.create(ContactPoint(of=account, kind="phone", value="+8613812345678"))

    with pytest.raises(ValidationError) as caught:
        ws.create(ContactPoint(of=account, kind="phone", value="+86 138-1234-5678"))
    assert codes(caught) == [("field.not_unique", "value")]
    ws.create(ContactPoint(of=account, kind="whatsapp", value="+8613812345678"))
    ws.create(ContactPoint(of=ws.create(Contact(name="韩梅梅")), kind="phone", value="+8613812345678"))


def test_owner_is_account_or_contact(ws: Workspace, account: Account) -> None:
    """Nothing else can be reached."""
    point = ws.create(ContactPoint(of=account, kind="wechat", value="haichen"))

    with pytest.raises(ValidationError) as caught:
        ws.create(ContactPoint(of=point, kind="wechat", value="haichen"))  # type: ignore[arg-type]
    assert codes(caught) == [("any_ref.wrong_entity", "of")]


def test_points_of_owner(ws: Workspace, account: Account) -> None:
    """Accounts and contacts lead to their points, and only to theirs."""
    contact = ws.create(Contact(name="韩梅梅"))
    ws.create_many(
        [
            ContactPoint(of=account, kind="phone", value="+8653288888888"),
            ContactPoint(of=account, kind="email", value="info@haichen.cn"),
            ContactPoint(of=contact, kind="wechat", value="hanmeimei"),
        ]
    )

    of_account = ws.get(Account, account.id, include="contact_points").related("contact_points")
    (of_contact,) = ws.get(Contact, contact.id, include="contact_points.of").related("contact_points")
    assert {point.kind for point in of_account} == {"phone", "email"}
    assert (of_contact.value, of_contact.of.record.name) == ("hanmeimei", "韩梅梅")


def test_new_primary_clears_old(ws: Workspace, account: Account) -> None:
    """Of one owner's points of one kind one is primary: the last that was made so."""
    contact = ws.create(Contact(name="韩梅梅"))
    first = ws.create(ContactPoint(of=account, kind="phone", value="+8613800000001", is_primary=True))
    ws.create(ContactPoint(of=account, kind="email", value="a@example.com", is_primary=True))
    ws.create(ContactPoint(of=contact, kind="phone", value="+8613800000001", is_primary=True))
    second = ws.create(ContactPoint(of=account, kind="phone", value="+8613800000002", is_primary=True))

    assert primary(ws, account) == ["email a@example.com", "phone +8613800000002"]
    assert primary(ws, contact) == ["phone +8613800000001"]
    ws.update(ws.get(ContactPoint, first.id), is_primary=True)
    assert primary(ws, account) == ["email a@example.com", "phone +8613800000001"]
    ws.update(ws.get(ContactPoint, second.id), kind="fax", is_primary=True)
    assert primary(ws, account) == ["email a@example.com", "fax +8613800000002", "phone +8613800000001"]


def test_primary_in_batch(ws: Workspace) -> None:
    """In a batch, too, each owner ends with one primary point of a kind: the last of the batch."""
    accounts = ws.create_many([Account(name=f"A{number}") for number in range(700)]).created
    for round_ in (0, 1):
        ws.create_many(
            [
                ContactPoint(of=account, kind="phone", value=f"+861380{number:03}{round_}{digit}", is_primary=True)
                for number, account in enumerate(accounts)
                for digit in (10, 20)
            ]
        )

    assert ws.count(ContactPoint, where=F.is_primary == True) == 700  # noqa: E712
    assert primary(ws, accounts[699]) == ["phone +861380699120"]


def test_restored_primary_takes_its_place_again(ws: Workspace, account: Account) -> None:
    """A primary point that comes out of the bin is primary again, and alone."""
    first = ws.create(ContactPoint(of=account, kind="phone", value="+8613800000001", is_primary=True))
    ws.delete(first)
    ws.create(ContactPoint(of=account, kind="phone", value="+8613800000002", is_primary=True))

    ws.restore(first)
    assert primary(ws, account) == ["phone +8613800000001"]


def test_points_go_with_owner(ws: Workspace, account: Account) -> None:
    """Points are parts of their owner: into the bin, out of it, and for good."""
    other = ws.create(Contact(name="韩梅梅"))
    for owner in (account, other):
        ws.create(ContactPoint(of=owner, kind="wechat", value="haichen"))

    ws.delete(account)
    assert ws.count(ContactPoint) == 1
    ws.restore(account)
    assert ws.count(ContactPoint) == 2
    ws.delete(account)
    ws.purge(account)
    assert [point.of.id for point in ws.list(ContactPoint)] == [other.id]


def test_two_units_choose_one_primary(crm: CRM, mei: Principal) -> None:
    """Of two units that choose for one owner at once, one is there in the end."""
    with crm.acting_as(mei) as ws:
        account = ws.create(Account(name="Nordwind"))
        ids = [ws.create(ContactPoint(of=account, kind="phone", value=f"+86138000000{n:02}")).id for n in range(2)]
    both_ready = threading.Barrier(2, timeout=30)

    def choose(id: UUID) -> None:
        try:
            with crm.acting_as(mei) as ws:
                point = ws.get(ContactPoint, id)
                both_ready.wait()
                ws.update(point, is_primary=True)
        except ConflictError:
            pass  # the other one was faster, and is there

    threads = [threading.Thread(target=choose, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with crm.reading_as(mei) as reader:
        assert reader.count(ContactPoint, where=F.is_primary == True) == 1  # noqa: E712
