"""How declarations of contact data look to a type checker; checked by mypy strict and pyright, never run."""

from __future__ import annotations

from typing import Any, ClassVar, assert_type

import attrs

from pycrm import Account, Address, Phone, find_look_alikes, looks_like
from pycrm.plugin import OwnedRecord, Plugin, Reader, ScalarKind, field

plugin = Plugin("harbour")


@plugin.field_kind
@attrs.frozen
class BerthKind(ScalarKind):
    name: ClassVar[str] = "harbour.berth"
    python_type: ClassVar[type] = str

    longest: int = 3

    def parse(self, value: Any) -> str:
        return str(value)[: self.longest]


@plugin.entity(title="name")
class Agent(OwnedRecord):
    name: str = field.text()
    email: str | None = field.email(indexed=True)
    phone: str | None = field.phone(region="CN")
    page: str = field.url(max_length=100)
    address: Address | None = field.address(label={"zh": "地址"})
    country: str = field.country(default="CN")
    currency: str | None = field.currency()
    language: str | None = field.language()
    time_zone: str = field.time_zone(default="Asia/Shanghai")
    profile: str | None = field.rich_text()
    berth: str | None = field.of_kind(BerthKind(2))
    former_berth: str | None = field.of_kind("harbour.berth")


def reads(agent: Agent, ws: Reader) -> None:
    assert_type(BerthKind(longest=5).longest, int)
    assert_type(agent.email, str | None)
    assert_type(agent.time_zone, str)
    if agent.address:
        assert_type(agent.address.lines("zh"), tuple[str, ...])
        assert_type(agent.address.city, str)
    assert_type(Phone(agent.phone or "").is_verified, bool)
    assert_type(looks_like(agent.name, ["x"]), list[str])
    assert_type(find_look_alikes(ws, agent.name), list[Account])
    Agent(name="x", page="https://example.com", address=Address(city="Köln", country="DE"))
    Agent(name="x", page=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
