"""The rights of a plugin itself: all on what it brings, reading everywhere, and what `Plugin(may=…)` lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    HookFailedError,
    NotAllowedError,
    Principal,
    Product,
    Task,
    Workspace,
)
from pycrm.plugin import ChangeSet, Extension, Lifecycle, Move, OwnedRecord, Plugin, State, field

Make = Callable[..., CRM]

SAMPLE = Lifecycle(State("asked"), State("sent", final=True), Move("send", "asked", "sent"))


class World:
    """A plugin with an entity and an extension, and records that are not its own."""

    def __init__(self, crm_with: Make, may: Any = None) -> None:
        plugin = Plugin("trade", may=may)

        @plugin.entity(title="name")
        class Sample(OwnedRecord):
            name: str = field.text()
            status: str = field.status(SAMPLE)

        @plugin.extend(Product)
        class Terms(Extension):
            incoterm: str | None = field.text()
            locked: str | None = field.text(read_only=True)

        self.sample: Any = Sample
        self.terms = Terms
        self.crm = crm_with(plugin, Plugin("other"))
        with self.crm.acting_as(Principal("mei", roles={"administrator"})) as ws:
            self.product = ws.create(Product(code="P", name="heart")).id


@pytest.fixture
def world(crm_with: Make) -> World:
    """The plugin without further rights."""
    return World(crm_with)


def as_trade(world: World) -> Any:
    """Return the door for the plugin's service principal, as jobs open it."""
    return world.crm.acting_as(Principal.plugin("trade"))


def test_all_on_its_own_entity(world: World) -> None:
    """It creates, changes, moves, bins, restores and purges what is its own, also into a later state."""
    with as_trade(world) as ws:
        sample = ws.create(world.sample(name="s"))
        ws.update(sample, name="t")
        ws.move(sample, "send")
        ws.delete(sample)
        ws.restore(sample)
        ws.purge(sample)

        assert ws.create(world.sample(name="history", status="sent")).status == "sent"


def test_its_own_fields_of_others(world: World) -> None:
    """It writes, and locks for it, records of others in its own fields, read-only ones included from a hook."""
    with as_trade(world) as ws:
        product = ws.get(Product, world.product)
        ws.lock([product])
        product[world.terms].incoterm = "FOB"
        ws.update(product)
        ws.update(product)

        assert ws.get(Product, world.product)[world.terms].incoterm == "FOB"


def test_reads_everything(world: World) -> None:
    """It may look at all that there is."""
    with as_trade(world) as ws:
        assert ws.get(Product, world.product).name == "heart"
        assert ws.count(Task) == 0


@pytest.mark.parametrize(
    ("action", "work"),
    [
        ("create", lambda ws, product: ws.create(Product(code="Q", name="mine"))),
        ("write", lambda ws, product: ws.update(product, name="mine")),
        ("delete", lambda ws, product: ws.delete(product)),
        ("delete", lambda ws, product: ws.purge(product)),
        ("define_fields", lambda ws, product: ws.define_field(Product, "mine", field.text())),
        ("create", lambda ws, product: ws.upsert_many(Product, [Product(code="Q", name="mine")], by=["code"])),
        ("write", lambda ws, product: ws.upsert_many(Product, [Product(code="P", name="mine")], by=["code"])),
        ("create", lambda ws, product: ws.create(Account(name="mine"))),
        ("write", lambda ws, product: ws.lock([ws.create(Account(name="mine"))])),
    ],
    ids=["create", "update", "delete", "purge", "define", "upsert new", "upsert old", "other entity", "lock"],
)
def test_nothing_else(world: World, action: str, work: Callable[[Workspace, Product], object]) -> None:
    """Elsewhere it is refused, and told what to list."""
    with as_trade(world) as ws, pytest.raises(NotAllowedError, match=r"'plugin:trade'.*list it in Plugin\(may="):
        work(ws, ws.get(Product, world.product))

    with as_trade(world) as ws:
        assert (ws.count(Product), ws.get(Product, world.product).name) == (1, "heart")


def test_own_and_foreign_field_together(world: World) -> None:
    """A write that touches one foreign field is no write of its own."""
    with as_trade(world) as ws, pytest.raises(NotAllowedError):
        ws.update(ws.get(Product, world.product), **{"trade.incoterm": "FOB", "name": "mine"})


def test_what_is_listed(crm_with: Make) -> None:
    """`may=` adds exactly the actions that it lists."""
    world = World(crm_with, may={"product": {"write"}, "task": {"create"}})
    with as_trade(world) as ws:
        product = ws.update(ws.get(Product, world.product), name="other")
        assert ws.create(Task(subject="describe")).version == 1
        with pytest.raises(NotAllowedError):
            ws.delete(product)
        with pytest.raises(NotAllowedError):
            ws.create(Product(code="Q", name="mine"))


@pytest.mark.parametrize("principal", [Principal.plugin("other"), Principal.plugin("absent"), Principal.anonymous()])
def test_others_are_others(world: World, principal: Principal) -> None:
    """Another plugin, and whoever only says that it is one, writes nothing of this one's."""
    with world.crm.acting_as(principal) as ws, pytest.raises(NotAllowedError):
        ws.create(world.sample(name="theirs"))


def asking(name: str, **options: Any) -> Plugin:
    """Return a plugin whose hook on new tasks writes a product."""
    plugin = Plugin(name)

    @plugin.after_write(Task, **options)
    def write_product(ws: Workspace, changes: ChangeSet[Task]) -> None:
        if changes.kind == "create":
            ws.create(Product(code="from hook", name="heart"))

    return plugin


def test_hook_acts_as_the_actor(crm_with: Make, mei: Principal) -> None:
    """Without `as_plugin` a hook may what its actor may."""
    with crm_with(asking("trade")).acting_as(mei) as ws:
        ws.create(Task(subject="call"))

        assert ws.get(Product, ws.list(Product)[0].id).created_by.id == ws.list(Task)[0].created_by.id


def test_hook_acts_as_the_plugin(crm_with: Make, mei: Principal) -> None:
    """With `as_plugin=True` it may what the plugin may, even where its actor is an administrator."""
    crm = crm_with(asking("trade", as_plugin=True))
    with pytest.raises(HookFailedError, match="may not create product") as caught, crm.acting_as(mei) as ws:
        ws.create(Task(subject="call"))

    assert isinstance(caught.value.__cause__, NotAllowedError)
    assert caught.value.plugin == "trade"


def test_plugin_right_ends_with_the_hook(crm_with: Make, mei: Principal) -> None:
    """The view that a hook was given is its own; the caller's door keeps the caller's rights."""
    plugin, seen = Plugin("trade"), []

    @plugin.after_write(Task, as_plugin=True)
    def look(ws: Workspace, changes: ChangeSet[Task]) -> None:
        seen.append(ws.principal.user)

    with crm_with(plugin).acting_as(mei) as ws:
        ws.create(Task(subject="call"))
        assert ws.principal == mei

    assert seen == ["plugin:trade"]


def test_right_on_nothing_refused() -> None:
    """A right on an entity that nobody brings is a slip of the pen, and is refused with the nearest names."""
    slip = Plugin("slip", may={"sales_ordr": {"write"}})

    with pytest.raises(ConfigurationError, match=r"'sales_ordr': ….*did you mean 'sales_order'"):
        CRM("sqlite://", plugins=[slip])


def test_right_on_absent_plugin_passed_over() -> None:
    """A right on an entity of a plugin that is not there waits for it."""
    CRM("sqlite://", plugins=[Plugin("waiting", may={"trade.sample": {"write"}})])
