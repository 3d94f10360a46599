"""Names that look alike although their characters differ: ``раураl`` in Cyrillic letters beside ``paypal``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Literal

from pycrm.builtin.parties.account import Account
from pycrm.plugin import F, Reader

__all__ = ["find_look_alikes", "looks_like", "skeleton"]

# What a reader does not see at all; later editions of UTS #39 leave it out as well.
_INVISIBLE = dict.fromkeys([0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])

_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD", "NFD")


@cache
def _prototypes() -> dict[int, str | None]:
    """Return the table for `str.translate`; the large one that it is made of is imported on first use."""
    from pycrm.builtin.parties.confusables import PROTOTYPES

    table: dict[int, str | None] = dict(_INVISIBLE)
    table[0xFEFF] = None
    for prototype, characters in PROTOTYPES.items():
        table.update(dict.fromkeys(map(ord, characters), prototype))
    return table


def skeleton(text: str) -> str:
    """Return what *text* looks like: two texts with equal skeletons can hardly be told apart.

    The skeleton of UTS #39: each character is replaced by the one that stands for all that look like it, in form NFD.
    Unlike there, composed characters are looked up before they are taken apart, since the table has some of them.
    It is for comparison only; nobody would read it. Case makes a difference, as in print.
    """
    table = _prototypes()
    for form in _FORMS:
        text = unicodedata.normalize(form, text.translate(table))
    return text


def looks_like(name: str, others: Iterable[str]) -> list[str]:
    """Return those of *others* that look like *name* without being it, in their order."""
    wanted = skeleton(name)
    return [other for other in others if other != name and skeleton(other) == wanted]


def find_look_alikes(ws: Reader, name: str) -> list[Account]:
    """Return the accounts outside the bin whose names look like *name* without being it, the oldest first.

    It reads every account, some hundred thousand per second, so ask before a new one is made, not on every write.
    """
    wanted = skeleton(name)
    return [account for account in ws.iterate(Account, where=F.name != name) if skeleton(account.name) == wanted]
