"""`ContactPoint`: one way to reach an account or a contact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pycrm.builtin.batches import portions, read_by
from pycrm.builtin.kinds import EmailKind, PhoneKind, UrlKind
from pycrm.builtin.parties.account import Account
from pycrm.builtin.parties.contact import Contact
from pycrm.builtin.parties.plugin import plugin
from pycrm.plugin import ChangeSet, F, Problem, Record, Ref, Workspace, field

KINDS = ("phone", "email", "wechat", "wecom", "whatsapp", "dingtalk", "fax", "website")

# What WeChat gives and lets people choose; many are found by the number of their phone or QQ instead.
_wechat = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}|\+?[0-9]{5,15}").fullmatch
# The user id of a member, up to 64 bytes in both.
_member = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}").fullmatch


@plugin.entity(title="value", list="of kind value is_primary is_valid opted_out_at", unique=[("value", "kind", "of")])
class ContactPoint(Record):
    """One way to reach an account or a contact: a number, an address, a name with a messenger.

    Of the points of one kind that somebody has, at most one is primary.

    Attributes:
        is_valid: False once it proved wrong: mail came back, the number is somebody else's.
        opted_out_at: When its owner asked not to be reached here any more.
    """

    of: Ref[Account | Contact] = field.any_ref(Account, Contact, many="contact_points", part_of=True, rights_from=True)
    kind: str = field.choice(KINDS)
    value: str = field.text(max_length=500, searchable=True)
    is_primary: bool = field.boolean(default=False)
    is_valid: bool = field.boolean(default=True)
    opted_out_at: datetime | None = field.datetime()


def _take_wechat(value: str) -> str:
    if not _wechat(value):
        raise Problem(
            "contact_point.no_wechat",
            message="is no WeChat id; give its 6 to 20 letters, digits, - or _, or the number of a phone or QQ",
            value=value,
        )
    return value


def _take_member(value: str) -> str:
    if not _member(value):
        raise Problem(
            "contact_point.no_member",
            message="is no user id of WeCom or DingTalk; give its letters, digits, or . _ - @, at most 64 of them",
            value=value,
        )
    return value


_TAKE: Mapping[str, Callable[[str], str]] = {
    "phone": PhoneKind().parse,
    "fax": PhoneKind().parse,
    "whatsapp": PhoneKind().parse,
    "email": EmailKind().parse,
    "website": UrlKind().parse,
    "wechat": _take_wechat,
    "wecom": _take_member,
    "dingtalk": _take_member,
}


@plugin.derive(ContactPoint, changed="kind value")
def write_as_usual(ws: Workspace, changes: ChangeSet[ContactPoint]) -> None:
    """Write a value as its kind does, as a phone number in E.164, so that equal ones are found to be."""
    for point in changes:
        if point.kind in _TAKE and point.value:
            try:
                usual = str(_TAKE[point.kind](point.value))
            except Problem:
                continue  # what it is not, the check says
            if usual != point.value:
                changes.set(point, override=True, value=usual)


@plugin.check(ContactPoint, changed="kind value")
def value_of_kind(ws: Workspace, changes: ChangeSet[ContactPoint]) -> Iterator[Problem]:
    """A phone number is one, and so on for each kind."""
    if changes.kind == "delete":
        return
    for point in changes:
        try:
            _TAKE[point.kind](point.value)
        except Problem as problem:
            problem.record, problem.field = point, "value"
            yield problem


@plugin.after_write(ContactPoint, changed="of kind is_primary", as_plugin=True)
def keep_one_primary(ws: Workspace, changes: ChangeSet[ContactPoint]) -> None:
    """Let a new primary point take the place of the old one of its owner and kind; of several the last stays."""
    if changes.kind == "delete":
        return
    chosen = {key_of(point): point.id for point in changes if point.is_primary}
    if not chosen:
        return
    owners = {point.of.id: point.of for point in changes if point.is_primary}
    # Locked before it is looked: of two units that choose for one owner, the second then sees the first's.
    for owner in (Account, Contact):
        ws.lock(list(read_by(ws, owner, "id", owners)))
    others = [point for point in primary_points(ws, owners) if chosen.get(key_of(point), point.id) != point.id]
    for point in others:
        point.is_primary = False
    ws.update_many(others)


def key_of(point: ContactPoint) -> tuple[UUID, str]:
    """Return that of which one is primary: owner and kind."""
    return point.of.id, point.kind


def primary_points(ws: Workspace, owners: Mapping[UUID, Ref[Any]]) -> Iterator[ContactPoint]:
    """Yield the primary points of *owners*."""
    for portion in portions(owners):
        of_them = F.of.in_([owners[id] for id in portion])
        yield from ws.iterate(ContactPoint, where=of_them & (F.is_primary == True))  # noqa: E712
