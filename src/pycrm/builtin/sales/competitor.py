"""`Competitor`: who else wants our deals."""

from __future__ import annotations

from pycrm.builtin.parties import Account
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import OptRef, Record, field


@plugin.entity(title="name", list="name account website")
class Competitor(Record):
    """A firm that sells what we sell. Where it is an account as well, `account` leads to that."""

    name: str = field.text(unique=True, searchable=True)
    account: OptRef[Account] = field.ref(Account, many="competitors")
    website: str | None = field.url()
    strengths: str | None = field.long_text()
    weaknesses: str | None = field.long_text()
    description: str | None = field.long_text()
    tags: tuple[str, ...] = field.tags()
