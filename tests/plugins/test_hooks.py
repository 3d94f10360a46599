"""One test per hook, and what holds for all of them: batches, order, narrowing, timing and blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    HookFailedError,
    MoveNotAllowedError,
    NotMigratedError,
    Principal,
    Problem,
    Product,
    Task,
    ValidationError,
    Workspace,
)
from pycrm.plugin import Action, ChangeSet, Extension, HookFunction, OwnedRecord, Plugin, Ref, field
from pycrm.schema import OwnerDeclarations

Make = Callable[..., CRM]
Seen = list[Any]


def recorder(name: str, seen: Seen, **options: Any) -> Plugin:
    """Return a plugin whose hooks note how they were called on products."""
    plugin = Plugin(name)

    @plugin.derive(Product, **options)
    def derive(ws: Workspace, changes: ChangeSet[Product]) -> None:
        seen.append((name, "derive", changes.kind, len(changes)))

    @plugin.check(Product, **options)
    def check(ws: Workspace, changes: ChangeSet[Product]) -> None:
        seen.append((name, "check", changes.kind, len(changes)))

    @plugin.after_write(Product, **options)
    def after_write(ws: Workspace, changes: ChangeSet[Product]) -> None:
        seen.append((name, "after_write", changes.kind, len(changes)))

    return plugin


def products(count: int) -> list[Product]:
    return [Product(code=f"P-{number}", name="heart") for number in range(count)]


class TestRegistration:
    def test_hook_register_declarations(self) -> None:
        """A plugin hands over its entities and extensions under its name, once it is complete."""
        plugin = Plugin("trade", version="1.2")

        @plugin.entity(title="name")
        class Sample(OwnedRecord):
            name: str = field.text()
            account: Ref[Account] = field.ref(Account, many="samples")

        @plugin.extend(Account)
        class Terms(Extension):
            incoterm: str | None = field.text()

        declared = plugin.pycrm_register_declarations(builtin=False)
        assert isinstance(declared, OwnerDeclarations)
        assert (declared.owner, declared.version) == ("trade", "1.2")

        crm = CRM("sqlite://", plugins=[plugin])
        assert crm.entities["trade.sample"] is Sample
        assert crm.schema.entities["account"].fields["trade.incoterm"].owner == "trade"
        assert "trade.samples" in crm.schema.entities["account"].back

    def test_hook_register_write_hooks(self) -> None:
        """A plugin hands over the functions of its hooks in the order in which it declared them."""
        plugin = recorder("trade", [], changed="name", as_plugin=True)
        functions = plugin.pycrm_register_write_hooks()

        assert all(isinstance(function, HookFunction) for function in functions)
        assert [function.name for function in functions] == ["trade:derive", "trade:check", "trade:after_write"]
        assert {function.as_plugin for function in functions} == {True}

    def test_hook_register_actions(self, crm_with: Make, mei: Principal) -> None:
        """An action is known by entity and name, takes arguments, and gives back what it returns."""
        plugin = Plugin("trade")

        @plugin.action(Product)
        def double(ws: Workspace, product: Product, *, times: int = 2) -> str:
            """Say the name several times."""
            return product.name * times

        assert plugin.pycrm_register_actions() == [double]
        crm = crm_with(plugin)
        action = crm.actions["product.double"]
        assert isinstance(action, Action)
        assert action.__doc__ == "Say the name several times."
        with crm.acting_as(mei) as ws:
            product = ws.create(Product(code="P", name="ab"))
            assert ws.run(double(product, times=3)) == ws.run(double(product=product, times=3)) == "ababab"

    def test_action_knows_its_arguments(self) -> None:
        """Arguments that the function does not take are refused where the action is called."""

        @Plugin("trade").action(Product)
        def double(ws: Workspace, product: Product) -> str:
            """Say the name twice."""
            return product.name * 2

        with pytest.raises(TypeError, match="product"):
            double()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="times"):
            double(Product(code="P", name="ab"), times=3)  # type: ignore[call-arg]

    def test_action_takes_states(self, crm_with: Make, mei: Principal) -> None:
        """An action for some states refuses a record that is in another, and says what may be done with it."""
        plugin = Plugin("trade")

        @plugin.action(Task, states="open")
        def postpone(ws: Workspace, task: Task) -> Task:
            """Move the reminder."""
            return ws.update(task, reminder_at=ws.now())

        with crm_with(plugin).acting_as(mei) as ws:
            task = ws.run(postpone(ws.create(Task(subject="Call"))))
            ws.move(task, "complete")
            with pytest.raises(MoveNotAllowedError, match="is done; postpone takes one that is open") as caught:
                ws.run(postpone(task))

        assert caught.value.allowed == ("reopen",)

    @pytest.mark.parametrize(("target", "told"), [(Task, "no state 'opn'; did you mean 'open'"), (Product, "has 0")])
    def test_action_knows_states(self, target: type[Any], told: str) -> None:
        """A state that the one lifecycle of the entity does not have is refused where it is written."""
        with pytest.raises(ConfigurationError, match=told):
            Plugin("trade").action(target, states="opn")


class TestInstallation:
    def test_hook_install_records(self, crm_with: Make, mei: Principal, tmp_path: Any) -> None:
        """A plugin's first records are written once per database, in its own name."""
        plugin = Plugin("trade", may={"product": {"create"}})

        @plugin.on_install
        def first(ws: Workspace) -> None:
            ws.create(Product(code=f"by {ws.principal.user}", name="first"))

        url = f"sqlite:///{tmp_path / 'crm.db'}"
        crm = crm_with(url=url)
        crm.close()
        for _ in range(2):
            crm = crm_with(plugin, url=url)
            crm.migrate()
            with crm.acting_as(mei) as ws:
                assert [product.code for product in ws.list(Product)] == ["by plugin:trade"]
            crm.close()

    def test_failure_migrates_nothing(self, mei: Principal, tmp_path: Any) -> None:
        """A plugin that cannot write its first records does not come into the database."""
        plugin = Plugin("trade")

        @plugin.on_install
        def first(ws: Workspace) -> None:
            ws.create(Product(code="P", name="not allowed"))

        crm = CRM(f"sqlite:///{tmp_path / 'crm.db'}", plugins=[plugin])
        with pytest.raises(HookFailedError, match="nothing was migrated") as caught:
            crm.migrate()

        assert (caught.value.plugin, caught.value.hook) == ("trade", "on_install")
        with pytest.raises(NotMigratedError), crm.acting_as(mei):
            pass


class TestDerive:
    def test_hook_derive_records(self, crm_with: Make, mei: Principal) -> None:
        """A derive hook fills what the caller left out, extension fields too; what it set is judged like any value."""
        plugin = Plugin("trade")

        @plugin.extend(Product)
        class Origin(Extension):
            country: str | None = field.text(max_length=2)

        @plugin.derive(Product)
        def fill(ws: Workspace, changes: ChangeSet[Product]) -> None:
            for product in changes:
                if not product.name:
                    changes.set(product, name=product.code.lower())
                changes.set(product, **{"trade.country": product.uom})

        with crm_with(plugin).acting_as(mei) as ws:
            product = ws.create(Product(code="HEART", uom="CN"))
            assert (product.name, product[Origin].country) == ("heart", "CN")

            with pytest.raises(ValidationError, match=r"set by trade:fill") as caught:
                ws.create(Product(code="LANTERN", uom="China"))
            assert [problem.field for problem in caught.value.problems] == ["trade.country"]

    def test_derived_change_is_written_and_told(self, crm_with: Make, mei: Principal) -> None:
        """On an update, too, what is derived becomes part of the change."""
        plugin, seen = Plugin("trade"), []

        @plugin.derive(Product, changed="name")
        def describe(ws: Workspace, changes: ChangeSet[Product]) -> None:
            for product in changes:
                changes.set(product, description=f"about {product.name}", override=True)

        @plugin.after_write(Product)
        def tell(ws: Workspace, changes: ChangeSet[Product]) -> None:
            seen.append((sorted(changes.changed(changes[0])), changes.before(changes[0], "description")))

        with crm_with(plugin).acting_as(mei) as ws:
            product = ws.create(Product(code="P", name="heart"))
            ws.update(product, name="lantern")

            assert ws.get(Product, product.id).description == "about lantern"
        assert seen[1] == (["description", "name"], "about heart")


class TestCheck:
    def test_hook_check_records(self, crm_with: Make, mei: Principal) -> None:
        """A check's problems come to the caller with their records; in refuse mode the sound records are written."""
        plugin = Plugin("trade")

        @plugin.check(Product)
        def named(ws: Workspace, changes: ChangeSet[Product]) -> Iterator[Problem]:
            for product in changes:
                if product.uom is None:
                    yield Problem("trade.no_unit", product, "uom", message="of {of} is missing", of=product.code)

        with crm_with(plugin).acting_as(mei) as ws:
            bad, good = products(2)
            good.uom = "pcs"
            with pytest.raises(ValidationError, match=r"uom: of P-0 is missing \[trade.no_unit\]"):
                ws.create_many([bad, good])
            result = ws.create_many([bad, good], on_problem="refuse")

            assert result.created == (good,)
            assert [(each.position, each.record) for each in result.refused] == [(0, bad)]
            assert ws.count(Product) == 1

    def test_raised_problem_is_an_answer(self, crm_with: Make, mei: Principal) -> None:
        """A check of one record may raise its problem; the unit stays usable."""
        plugin = Plugin("trade")

        @plugin.check(Product)
        def never(ws: Workspace, changes: ChangeSet[Product]) -> None:
            if changes[0].name == "bad":
                raise Problem("trade.never", message="never")

        with crm_with(plugin).acting_as(mei) as ws:
            with pytest.raises(ValidationError, match="never"):
                ws.create(Product(code="P", name="bad"))

            assert ws.create(Product(code="P", name="good")).version == 1

    def test_sees_what_was_derived(self, crm_with: Make, mei: Principal) -> None:
        """Checks come after every derive hook, whatever the plugins are called."""
        late, early = Plugin("zeta"), Plugin("alpha")

        @late.derive(Product)
        def fill(ws: Workspace, changes: ChangeSet[Product]) -> None:
            changes.set(changes[0], uom="pcs")

        @early.check(Product)
        def has_unit(ws: Workspace, changes: ChangeSet[Product]) -> None:
            assert changes[0].uom == "pcs"

        with crm_with(late, early).acting_as(mei) as ws:
            ws.create(Product(code="P", name="heart"))


class TestAfterWrite:
    def test_hook_after_write_records(self, crm_with: Make, mei: Principal) -> None:
        """An after_write hook sees what is in the database, and writes other records in the same unit."""
        plugin = Plugin("trade")

        @plugin.after_write(Product)
        def remind(ws: Workspace, changes: ChangeSet[Product]) -> None:
            if changes.kind == "create":
                assert ws.count(Product) == len(changes)
                ws.create_many([Task(subject=f"describe {product.code}") for product in changes])

        crm = crm_with(plugin)
        with pytest.raises(RuntimeError), crm.acting_as(mei) as ws:
            ws.create_many(products(2))
            assert ws.count(Task) == 2
            raise RuntimeError
        with crm.acting_as(mei) as ws:
            assert ws.count(Task) == 0

    def test_before_tells_what_was(self, crm_with: Make, mei: Principal) -> None:
        """`before` answers for fields of every sort; at a creation there is no before."""
        plugin, seen = Plugin("trade"), []

        @plugin.after_write(Task)
        def look(ws: Workspace, changes: ChangeSet[Task]) -> None:
            names = ("subject", "status", "owner")
            seen.append((changes.kind, changes.move, [changes.before(changes[0], name) for name in names]))

        with crm_with(plugin).acting_as(mei) as ws:
            task = ws.create(Task(subject="call"))
            owner = task.owner.id if task.owner else None
            ws.move(task, "complete", subject="called")
            ws.delete(task)
            ws.restore(task)

        assert seen == [
            ("create", None, [None, None, None]),
            ("update", "complete", ["call", "open", owner]),
            ("delete", None, ["called", "done", owner]),
            ("restore", None, ["called", "done", owner]),
        ]


class TestBatches:
    def test_called_once_per_batch(self, crm_with: Make, mei: Principal) -> None:
        """However many records a call has, each hook is called once."""
        seen: Seen = []
        with crm_with(recorder("trade", seen)).acting_as(mei) as ws:
            many = products(500)
            ws.create_many(many)
            for product in many:
                product.name = "other"
            ws.update_many(many)
            ws.delete_many(many)

        hooks = {"create": ("derive", "check", "after_write"), "update": ("derive", "check", "after_write")}
        hooks["delete"] = ("check", "after_write")
        assert seen == [("trade", hook, kind, 500) for kind, names in hooks.items() for hook in names]

    def test_fires_on_every_path(self, crm_with: Make, mei: Principal) -> None:
        """A record that is written by whatever call has met the check hook."""
        seen: Seen = []
        crm = crm_with(recorder("trade", seen))
        with crm.acting_as(mei) as ws:
            product = ws.create(Product(code="P-0", name="heart"))
            ws.update(product, name="other")
            ws.upsert_many(Product, [Product(code="P-0", name="again"), Product(code="P-1", name="new")], by=["code"])
            ws.delete(ws.get(Product, product.id))
            ws.restore(ws.get_binned(Product, product.id) or product)
            ws.purge(ws.get(Product, product.id))

        kinds = ["create", "update", "create", "update", "delete", "restore", "delete"]
        assert [kind for _, hook, kind, _ in seen if hook == "check"] == kinds
        assert [kind for _, hook, kind, _ in seen if hook == "after_write"] == kinds

    def test_narrowed_to_what_concerns(self, crm_with: Make, mei: Principal) -> None:
        """`changed=` leaves out updates of other fields, `move=` all but that move; else it is not called."""
        plugin, seen = Plugin("trade"), []

        @plugin.after_write(Task, changed="subject priority")
        def on_change(ws: Workspace, changes: ChangeSet[Task]) -> None:
            seen.append(("change", [task.subject for task in changes]))

        @plugin.after_write(Task, move="complete")
        def on_move(ws: Workspace, changes: ChangeSet[Task]) -> None:
            seen.append((changes.move, [task.subject for task in changes]))

        with crm_with(plugin).acting_as(mei) as ws:
            tasks = ws.create_many([Task(subject=name) for name in "abc"]).created
            seen.clear()
            tasks[0].priority = "high"
            tasks[1].status = "done"
            tasks[2].status = "cancelled"
            ws.update_many(tasks)

        assert seen == [("change", ["a"]), ("complete", ["b"])]

    def test_include_loads_once(self, crm_with: Make, mei: Principal) -> None:
        """`include=` of a hook loads what it needs for the whole batch beforehand."""
        plugin, seen = Plugin("trade"), []

        @plugin.check(Task, include="assignee owner")
        def look(ws: Workspace, changes: ChangeSet[Task]) -> None:
            seen.extend(task.owner.record.key for task in changes if task.owner)

        with crm_with(plugin).acting_as(mei) as ws:
            ws.create_many([Task(subject=name) for name in "abc"])

        assert seen == ["mei"] * 3


class TestAccountability:
    def test_listing_counts_and_times(self, crm_with: Make, mei: Principal) -> None:
        """The CRM knows of each function how often it was called and how long it took, in the order of asking."""
        crm = crm_with(recorder("trade", []))
        with crm.acting_as(mei) as ws:
            ws.create_many(products(3))
            ws.create(Product(code="more", name="more"))

        ours = [(function.name, timing) for function, entity, timing in crm.hooks.listing() if entity == "product"]
        assert [(name, timing.calls) for name, timing in ours] == [
            ("trade:derive", 2),
            ("trade:check", 2),
            ("trade:after_write", 2),
        ]
        assert all(0 < timing.seconds < 1 for _, timing in ours)

    def test_change_row_names_plugin(self, crm_with: Make, mei: Principal, tmp_path: Any, content: Any) -> None:
        """What a hook writes is down to the actor and the plugin."""
        plugin = Plugin("trade")

        @plugin.after_write(Product)
        def remind(ws: Workspace, changes: ChangeSet[Product]) -> None:
            ws.create(Task(subject="describe"))

        url = f"sqlite:///{tmp_path / 'crm.db'}"
        with crm_with(plugin, url=url).acting_as(mei) as ws:
            ws.create(Product(code="P", name="heart"))
        rows = [row for row in content(url)["crm_change"] if "'task'" in row]

        assert len(rows) == 1
        assert "'mei'" in rows[0]
        assert "trade" in rows[0]

    def test_unknown_option(self) -> None:
        """A misspelt option is refused where it is written."""
        plugin: Any = Plugin("trade")
        with pytest.raises(ConfigurationError, match=r"check takes .*, not change"):
            plugin.check(Product, change="name")

    def test_unknown_target(self) -> None:
        """A hook on an entity that is not there is refused when the CRM is put together."""
        plugin = Plugin("trade")

        @plugin.check("prodct")
        def never(ws: Workspace, changes: ChangeSet[Any]) -> None:
            """Never called."""

        with pytest.raises(ConfigurationError, match=r"'trade'.*'prodct'.*product"):
            CRM("sqlite://", plugins=[plugin])
