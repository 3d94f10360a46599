"""Putting plugins together: how they are found, in which order they are asked, and what is refused at once."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pycrm import CRM, Account, ConfigurationError, Contact, Principal, Product, Workspace, discover
from pycrm.errors import (
    HookFailedError,
    NameClashError,
    NotMigratedError,
    PluginError,
    UnknownNameError,
    ValidationError,
)
from pycrm.plugin import ChangeSet, Extension, Migration, OwnedRecord, Plugin, Record, Ref, field

Make = Callable[..., CRM]
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A function that installs a distribution with one module and one entry point, as pip would."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(name: str, source: str, *, version: str = "1.2", module: str = "") -> None:
        module = module or f"some_{name}"
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source), "utf-8")
        info = tmp_path / f"some_{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: some-{name}\nVersion: {version}\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[pycrm]\n{name} = {module}:plugin\n", "utf-8")

    return add


GREETER = """
    from pycrm.plugin import Plugin, Record, field
    plugin = Plugin("greeter")

    @plugin.entity(title="text")
    class Greeting(Record):
        text: str = field.text()
"""


class TestDiscovery:
    def test_by_entry_point(self, install: Install) -> None:
        """What is installed is found, with the version of its distribution."""
        install("greeter", GREETER)
        crm = CRM("sqlite://")

        assert "greeter.greeting" in crm.entities
        assert [plugin.version for plugin in crm.plugins if plugin.name == "greeter"] == ["1.2"]

    def test_explicit_list(self, install: Install) -> None:
        """A list takes exactly its plugins beside the built-in ones."""
        install("greeter", GREETER, module="some_greeter_2")
        mine = Plugin("mine")

        names = [plugin.name for plugin in CRM("sqlite://", plugins=[mine]).plugins]
        assert names == ["activities", "kinds", "mine", "parties", "products", "sales"]

    def test_both(self, install: Install) -> None:
        """What is installed and a plugin of one's own go together; one can be left out by name."""
        install("greeter", GREETER, module="some_greeter_3")
        mine = Plugin("mine")

        names = {plugin.name for plugin in CRM("sqlite://", plugins=[*discover(), mine]).plugins}
        assert {"greeter", "mine"} <= names
        assert "greeter" not in {plugin.name for plugin in discover(without=["greeter"])}

    def test_handed_over_knows_its_version(self, install: Install, tmp_path: Path) -> None:
        """One and the same plugin has one version, whether found or handed over."""
        install("greeter", GREETER, module="some_greeter_4")
        url = f"sqlite:///{tmp_path / 'crm.db'}"
        found = CRM(url)
        found.migrate()
        found.close()

        from some_greeter_4 import plugin  # type: ignore[import-not-found]

        plugin.version = "0"
        given = CRM(url, plugins=[*discover(without=["greeter"]), plugin])
        assert given.migrate() == []
        given.close()

    @pytest.mark.parametrize(
        ("source", "told"),
        [("raise OSError('disk')", "cannot be imported .*OSError: disk"), ("plugin = 42", "is 42, not a pycrm.plugin")],
    )
    def test_broken_one_is_named(self, install: Install, source: str, told: str) -> None:
        """A plugin that cannot be loaded is named, with the cause."""
        install("broken", source, module=f"some_broken_{len(source)}")
        with pytest.raises(PluginError, match=told) as caught:
            CRM("sqlite://")

        assert caught.value.plugin == "broken"


def asked(crm: CRM) -> list[str]:
    """Return the names of the plugins whose functions are asked at the derive hook of products, in order."""
    return [function.plugin for function, entity, _ in crm.hooks.listing() if entity == "product"]


def deriving(name: str, value: str, **options: Any) -> Plugin:
    """Return a plugin that derives a product's unit."""
    declared = {key: options.pop(key) for key in ("requires", "after") if key in options}
    plugin = Plugin(name, **declared)

    @plugin.derive(Product, **options)
    def set_unit(ws: Workspace, changes: ChangeSet[Product]) -> None:
        for product in changes:
            if value != product.uom:
                changes.set(product, uom=value)

    return plugin


class TestOrder:
    def test_by_name(self, crm_with: Make) -> None:
        """Without a reason for another order the name decides, not the order of the list."""
        assert asked(crm_with(deriving("zeta", "z"), deriving("alpha", "a"))) == ["alpha", "zeta"]

    def test_requirements_first(self, crm_with: Make) -> None:
        """What a plugin requires is asked before it."""
        assert asked(crm_with(deriving("alpha", "a", requires=["zeta"]), deriving("zeta", "z"))) == ["zeta", "alpha"]

    def test_after(self, crm_with: Make) -> None:
        """`after=` of a plugin holds for all of its functions, and asks for nothing where the other is absent."""
        late = Plugin("alpha", after=["zeta", "absent"])

        @late.derive(Product)
        def last(ws: Workspace, changes: ChangeSet[Product]) -> None:
            """Asked last."""

        assert asked(crm_with(late, deriving("zeta", "z"))) == ["zeta", "alpha"]

    def test_circle_is_refused(self) -> None:
        """Two plugins cannot both come after each other; the circle is shown."""
        with pytest.raises(ConfigurationError, match=r"circle: .*alpha.*zeta"):
            CRM("sqlite://", plugins=[Plugin("alpha", requires=["zeta"]), Plugin("zeta", after=["alpha"])])

    def test_both_extend_one_entity(self, crm_with: Make, mei: Principal) -> None:
        """Two plugins that extend one entity under the same word both run, each with its own field."""
        views: list[type[Any]] = []
        plugins = []
        for name in ("one", "two"):
            plugin = Plugin(name)

            @plugin.extend(Product)
            class Grade(Extension):
                grade: str | None = field.text()

            @plugin.derive(Product)
            def fill(ws: Workspace, changes: ChangeSet[Product], name: str = name) -> None:
                for product in changes:
                    changes.set(product, **{f"{name}.grade": f"by {name}"})

            views.append(Grade)
            plugins.append(plugin)

        with crm_with(*plugins).acting_as(mei) as ws:
            product = ws.create(Product(code="P", name="heart"))

            assert [product[view].grade for view in views] == ["by one", "by two"]


class TestConflicts:
    def test_two_values_for_one_field(self, crm_with: Make, mei: Principal) -> None:
        """Two plugins that derive one field differently are both named, and nothing is written."""
        crm = crm_with(deriving("one", "a"), deriving("two", "b"))
        conflict = pytest.raises(PluginError, match=r"one:set_unit derives 'a' and two:set_unit derives 'b'")
        with conflict as caught, crm.acting_as(mei) as ws:
            ws.create(Product(code="P", name="heart"))

        assert caught.value.code == "plugin.hook_conflict"
        assert (caught.value.entity, caught.value.field) == ("product", "uom")
        assert caught.value.hooks == ("one:set_unit", "two:set_unit")

    def test_same_value_is_no_conflict(self, crm_with: Make, mei: Principal) -> None:
        """Two plugins may agree."""
        with crm_with(deriving("one", "a"), deriving("two", "a")).acting_as(mei) as ws:
            assert ws.create(Product(code="P", name="heart")).uom == "a"

    @pytest.mark.parametrize(("first", "second"), [({}, {"after": "one"}), ({"after": "two"}, {})])
    def test_after_resolves(self, crm_with: Make, mei: Principal, first: Any, second: Any) -> None:
        """The one that declares to come after the other has the last word."""
        plugins = [deriving("one", "a", **_as_options(first)), deriving("two", "b", **_as_options(second))]
        with crm_with(*plugins).acting_as(mei) as ws:
            assert ws.create(Product(code="P", name="heart")).uom == ("b" if second else "a")

    def test_one_plugin_may_correct_itself(self, crm_with: Make, mei: Principal) -> None:
        """Two functions of one plugin are one opinion: the later one holds."""
        plugin = deriving("one", "a")

        @plugin.derive(Product)
        def correct(ws: Workspace, changes: ChangeSet[Product]) -> None:
            changes.set(changes[0], uom="b")

        with crm_with(plugin).acting_as(mei) as ws:
            assert ws.create(Product(code="P", name="heart")).uom == "b"

    def test_callers_value_stays(self, crm_with: Make, mei: Principal) -> None:
        """What the caller gave is not overwritten, neither at a creation nor at an update."""
        with crm_with(deriving("one", "a")).acting_as(mei) as ws:
            product = ws.create(Product(code="P", name="heart"))
            with pytest.raises(PluginError, match=r"the caller gave 'kg'.*override=True"), ws.savepoint():
                ws.create(Product(code="Q", name="heart", uom="kg"))
            with pytest.raises(PluginError, match="the caller gave 'kg'"), ws.savepoint():
                ws.update(product, uom="kg")

            assert ws.get(Product, product.id).uom == "a"

    def test_default_is_not_the_callers(self, crm_with: Make, mei: Principal) -> None:
        """A default that the door filled in yields to a derive hook."""
        plugin = Plugin("one")

        @plugin.derive(Product)
        def retire(ws: Workspace, changes: ChangeSet[Product]) -> None:
            changes.set(changes[0], is_active=False)

        with crm_with(plugin).acting_as(mei) as ws:
            assert ws.create(Product(code="P", name="heart")).is_active is False

    def test_override_is_said(self, crm_with: Make, mei: Principal) -> None:
        """With `override=True` a derive hook replaces what the caller gave."""
        plugin = Plugin("one")

        @plugin.derive(Product)
        def correct(ws: Workspace, changes: ChangeSet[Product]) -> None:
            changes.set(changes[0], override=True, uom="pcs")

        with crm_with(plugin).acting_as(mei) as ws:
            assert ws.create(Product(code="P", name="heart", uom="kg")).uom == "pcs"


def _as_options(options: dict[str, str]) -> dict[str, Any]:
    """Return *options* as those of a function; ``after`` of a plugin would be a list."""
    return {"after": options["after"].split()} if options else {}


def with_entity(name: str, class_name: str, **fields: Any) -> Plugin:
    """Return a plugin that brings one entity with a name and a reference to accounts."""
    plugin = Plugin(name)
    body = {"name": field.text(), "account": field.ref(Account, **fields)}
    annotations = {"name": "str", "account": "Ref[Account]"}
    plugin.entity(title="name")(type(class_name, (OwnedRecord,), {**body, "__annotations__": annotations}))
    return plugin


class TestClashes:
    def test_two_plugins_of_one_name(self) -> None:
        """A name is one plugin's, for it is the prefix of all that it brings."""
        with pytest.raises(NameClashError, match="two plugins are called 'trade'"):
            CRM("sqlite://", plugins=[Plugin("trade"), Plugin("trade")])

    def test_plugin_of_a_built_in_name(self) -> None:
        """Nor may a plugin take the name of a built-in one."""
        with pytest.raises(NameClashError, match="'sales'"):
            CRM("sqlite://", plugins=[Plugin("sales")])

    @pytest.mark.parametrize("name", ["core", "custom", "pycrm", "Trade", "trade.more", "", "1st"])
    def test_names_that_nobody_may_have(self, name: str) -> None:
        """A name that means something else, or that no table could carry, is refused."""
        with pytest.raises(ConfigurationError, match="plugin name"):
            Plugin(name)

    def test_entity(self) -> None:
        """Two entities whose tables would share a name: both owners are named."""
        with pytest.raises(NameClashError) as caught:
            CRM("sqlite://", plugins=[with_entity("trade", "OldSample"), with_entity("trade_old", "Sample")])

        assert caught.value.owners == ("trade", "trade_old")
        assert "'trade'" in str(caught.value)
        assert "'trade_old'" in str(caught.value)

    def test_entity_of_the_core(self) -> None:
        """A plugin's table cannot take a built-in one's name either."""
        with pytest.raises(NameClashError, match=r"'account_contact' is brought by 'parties' and by 'account'"):
            CRM("sqlite://", plugins=[with_entity("account", "Contact")])

    def test_extension_field(self) -> None:
        """Two extensions of one plugin cannot bring one field twice."""
        plugin = Plugin("trade")
        for _ in range(2):

            @plugin.extend(Account)
            class Terms(Extension):
                incoterm: str | None = field.text()

        with pytest.raises(NameClashError, match=r"account\.trade\.incoterm is added twice by 'trade'"):
            CRM("sqlite://", plugins=[plugin])

    def test_stored_names_of_extension_fields(self) -> None:
        """Two fields that would be stored under one name are refused, both named."""
        plugin = Plugin("trade")

        @plugin.extend(Account)
        class Terms(Extension):
            amount: Any = field.money()
            amount_currency: str | None = field.text()

        with pytest.raises(NameClashError, match=r"trade\.amount"):
            CRM("sqlite://", plugins=[plugin])

    def test_action(self) -> None:
        """Two actions of one name on one entity: both plugins are named."""
        plugins = []
        for name in ("one", "two"):
            plugin = Plugin(name)

            @plugin.action(Account)
            def remind(ws: Workspace, account: Account) -> None:
                """Remind somebody."""

            plugins.append(plugin)

        with pytest.raises(NameClashError, match=r"'account.remind' is brought by 'one' and by 'two'") as caught:
            CRM("sqlite://", plugins=plugins)
        assert caught.value.owners == ("one", "two")

    def test_way_back(self) -> None:
        """Two references that would be walked back by one name are both named."""
        plugin = Plugin("trade")

        @plugin.entity(title="name")
        class Sample(Record):
            name: str = field.text()
            account: Ref[Account] = field.ref(Account, many="samples")
            maker: Ref[Account] = field.ref(Account, many="samples")

        with pytest.raises(NameClashError, match=r"account\.trade\.samples .* trade\.sample\.maker and "):
            CRM("sqlite://", plugins=[plugin])

    def test_same_words_in_two_plugins(self, crm_with: Make) -> None:
        """Under their own names two plugins may use the same words for everything."""
        crm = crm_with(with_entity("one", "Sample", many="samples"), with_entity("two", "Sample", many="samples"))

        assert {"one.sample", "two.sample"} <= crm.entities.keys()
        assert {"one.samples", "two.samples"} <= crm.schema.entities["account"].back.keys()


class TestRequirements:
    def test_absent_plugin(self) -> None:
        """A plugin that needs an absent one is refused, with the cure."""
        with pytest.raises(PluginError, match=r"'trade' requires 'shipping', which is not active") as caught:
            CRM("sqlite://", plugins=[Plugin("trade", requires=["shipping>=1"])])

        assert caught.value.plugin == "trade"

    def test_too_old(self) -> None:
        """A version that is too old is told with both numbers."""
        plugins = [Plugin("trade", requires=["shipping>=1.10"]), Plugin("shipping", version="1.9")]
        with pytest.raises(PluginError, match=r"requires shipping>=1.10, but 1.9 is active"):
            CRM("sqlite://", plugins=plugins)

    def test_pycrm_itself(self) -> None:
        """The version of pycrm can be required like a plugin's."""
        CRM("sqlite://", plugins=[Plugin("trade", requires=["pycrm>=0.1"])])
        with pytest.raises(PluginError, match=r"requires pycrm>=99"):
            CRM("sqlite://", plugins=[Plugin("trade", requires=["pycrm>=99"])])

    def test_nonsense(self) -> None:
        """A requirement that says nothing is refused where it is written."""
        with pytest.raises(ConfigurationError, match="requirement 'a==1'"):
            Plugin("trade", requires=["a==1"])

    @pytest.mark.parametrize("target", ["nothing", "shipping.parcel"])
    def test_reference_and_extension_of_absent_entity(self, target: str) -> None:
        """A field that leads nowhere, or that is added to nothing, is refused by name."""
        referring, extending = Plugin("trade"), Plugin("trade")

        @referring.entity(title="name")
        class Sample(Record):
            name: str = field.text()
            parcel: Ref[Any] = field.ref(target)

        @extending.extend(target)
        class Terms(Extension):
            incoterm: str | None = field.text()

        with pytest.raises(ConfigurationError, match=rf"trade\.sample\.parcel refers to '{target}'"):
            CRM("sqlite://", plugins=[referring])
        with pytest.raises(ConfigurationError, match=rf"'trade' extends '{target}'"):
            CRM("sqlite://", plugins=[extending])


class TestFreezing:
    @pytest.mark.parametrize("declare", ["entity", "extend", "derive", "check", "after_write", "action", "on_install"])
    def test_takes_nothing_more(self, declare: str) -> None:
        """Once a CRM has used a plugin, what it brings is settled."""
        plugin = Plugin("trade")
        CRM("sqlite://", plugins=[plugin])

        def function(ws: Workspace, other: Any) -> None:
            """Do nothing."""

        def add() -> None:
            if declare == "entity":
                plugin.entity()(type("Late", (Record,), {"__annotations__": {}}))
            elif declare == "extend":
                plugin.extend(Account)(type("Late", (Extension,), {}))
            elif declare == "on_install":
                plugin.on_install(lambda ws: None)
            else:
                getattr(plugin, declare)(Account)(function)

        with pytest.raises(ConfigurationError, match="'trade' is in use by a CRM and takes nothing more"):
            add()


class TestTwoCRMs:
    def test_in_one_process(self, crm_with: Make, mei: Principal) -> None:
        """Two CRMs with different plugins share nothing but code."""
        with_it, without = crm_with(with_entity("trade", "Sample")), crm_with(deriving("other", "kg"))

        assert ("trade.sample" in with_it.entities, "trade.sample" in without.entities) == (True, False)
        assert (asked(with_it), asked(without)) == ([], ["other"])
        for crm, unit in ((with_it, None), (without, "kg")):
            with crm.acting_as(mei) as ws:
                assert ws.create(Product(code="P", name="heart")).uom == unit

    def test_share_a_plugin(self, crm_with: Make, mei: Principal) -> None:
        """A plugin holds nothing of the CRMs that use it."""
        shared = with_entity("trade", "Sample")
        crms = [crm_with(shared), crm_with(shared)]
        for number, crm in enumerate(crms, start=1):
            with crm.acting_as(mei) as ws:
                account = ws.create(Account(name="a"))
                ws.create_many([crm.entities["trade.sample"](name="s", account=account) for _ in range(number)])

        counts = []
        for crm in crms:
            with crm.reading_as(mei) as reader:
                counts.append(reader.count(crm.entities["trade.sample"]))
        assert counts == [1, 2]

    def test_in_one_database(self, crm_with: Make, mei: Principal, database_url: str) -> None:
        """Of two CRMs on one database the one without the plugin sees its data parked, and disturbs nothing."""
        full = crm_with(with_entity("trade", "Sample"), url=database_url)
        bare = crm_with(url=database_url)
        sample = full.entities["trade.sample"]
        with full.acting_as(mei) as ws:
            made = ws.create(sample(name="s", account=ws.create(Account(name="a"))))
        with bare.acting_as(mei) as ws:
            ws.update(ws.get(Account, made.account.id), industry="textiles")
            ws.create(Contact(name="c"))

        assert (full.parked, bare.parked) == ({}, {"trade": "0"})
        with full.acting_as(mei) as ws:
            assert ws.get(sample, made.id, include="account").account.record.industry == "textiles"

    def test_two_prefixes_in_one_database(self, mei: Principal, database_url: str) -> None:
        """Under different prefixes two CRMs live in one database and know nothing of each other."""
        first = CRM(database_url, plugins=[with_entity("trade", "Sample")], prefix="a_")
        second = CRM(database_url, plugins=[], prefix="b_")
        for crm in (first, second):
            crm.migrate()
        with first.acting_as(mei) as ws:
            ws.create(Account(name="a"))
        with second.acting_as(mei) as ws:
            assert ws.count(Account) == 0
        assert second.parked == {}
        first.close()
        second.close()

    def test_plugin_that_the_database_lacks(self, crm_with: Make, mei: Principal, tmp_path: Path) -> None:
        """A plugin is new to a database until it is migrated; the cure is told."""
        url = f"sqlite:///{tmp_path / 'crm.db'}"
        crm_with(url=url)
        newer = CRM(url, plugins=[with_entity("trade", "Sample")])
        with pytest.raises(NotMigratedError, match=r"does not know trade yet; call `crm.migrate\(\)`"):
            newer.acting_as(mei).__enter__()

        assert newer.migrate(backup=False) == ["installed trade 0: trade.sample"]
        newer.close()

    def test_changed_plugin(self, crm_with: Make, tmp_path: Path, mei: Principal) -> None:
        """A plugin that declares another field than the database has opens nothing until it is migrated."""
        url = f"sqlite:///{tmp_path / 'crm.db'}"
        crm_with(with_entity("trade", "Sample"), url=url)
        other = CRM(url, plugins=[with_entity("trade", "Sample", on_delete="cascade")])
        with pytest.raises(NotMigratedError, match=r"trade\.sample\.account: on_delete changed"):
            other.acting_as(mei).__enter__()

        assert other.migrate(backup=False) == ["changed trade 0", "  trade.sample.account: on_delete changed"]
        other.close()


class TestMissing:
    """A plugin's code is gone: the others go on, and what it has is known and respected."""

    @pytest.fixture
    def url(self, crm_with: Make, mei: Principal, database_url: str) -> str:
        """A database with a record of ``trade`` that refers to an account."""
        crm = crm_with(with_entity("trade", "Sample"), with_entity("other", "Thing"), url=database_url)
        with crm.acting_as(mei) as ws:
            ws.create(crm.entities["trade.sample"](name="s", account=ws.create(Account(name="a"))))
        return database_url

    def test_others_migrate(self, url: str, mei: Principal) -> None:
        """Another plugin is upgraded and a new one installed while it is away."""
        changed = with_entity("other", "Thing", on_delete="cascade")
        changed.version = "2"
        crm = CRM(url, plugins=[changed, with_entity("newcomer", "Part")])

        assert crm.migrate(backup=False) == [
            "upgraded other from 0 to 2",
            "  other.thing.account: on_delete changed",
            "installed newcomer 0: newcomer.part",
        ]
        assert dict(crm.parked) == {"trade": "0"}
        assert list(crm.left_by("trade")) == ["trade.sample"]
        with crm.acting_as(mei) as ws, pytest.raises(ValidationError, match=r"trade\.sample\.account \(parked"):
            ws.purge(ws.list(Account)[0])
        crm.close()

    def test_whole_again(self, url: str, mei: Principal, content: Callable[[str], dict[str, list[str]]]) -> None:
        """Away and back again, the database is what it was to the byte."""
        before = content(url)
        bare = CRM(url, plugins=[with_entity("other", "Thing")])
        bare.migrate(backup=False)
        with bare.reading_as(mei) as ws:
            assert ws.count("trade.sample") == 1
        bare.close()
        back = CRM(url, plugins=[with_entity("trade", "Sample"), with_entity("other", "Thing")])
        assert back.migrate(backup=False) == []
        assert content(url) == before
        with back.acting_as(mei) as ws:
            ws.purge(ws.list("trade.sample")[0])
            ws.purge(ws.list(Account)[0])
        back.close()

        changed = {name for name, rows in content(url).items() if rows != before[name]}
        # What the records were found by goes with them.
        assert {name for name in changed if not name.startswith("crm_search_")} == {
            "crm_trade_sample",
            "crm_account",
            "crm_change",
            "crm_outbox",
        }

    def test_unfinished_steps_of_it(self, url: str, mei: Principal) -> None:
        """Gone in the midst of its own steps, it keeps nobody else from working, and goes on when it is back."""
        calls: list[str] = []

        def broken(m: Migration) -> None:
            calls.append("broken")
            raise ZeroDivisionError

        def repaired(m: Migration) -> None:
            calls.append("repaired")

        others = with_entity("other", "Thing")
        for step in (broken, repaired):
            trade = with_entity("trade", "Sample")
            trade.version = "1"
            trade.migration("1")(step)
            crm = CRM(url, plugins=[trade, others])
            if step is broken:
                with pytest.raises(HookFailedError, match="its step broken for 1 raised ZeroDivisionError"):
                    crm.migrate(backup=False)
                bare = CRM(url, plugins=[others])
                assert bare.migrate(backup=False) == []
                with bare.acting_as(mei) as ws:
                    ws.create(Account(name="b"))
                bare.close()
            else:
                assert crm.migrate(backup=False) == ["completed trade 1"]
            crm.close()

        assert calls == ["broken", "repaired"]

    def test_unknown_one(self, url: str) -> None:
        """What a plugin has that was never there cannot be told."""
        crm = CRM(url, plugins=[with_entity("other", "Thing")])
        with pytest.raises(UnknownNameError, match="knows no plugin 'trad'; did you mean 'trade'"):
            crm.left_by("trad")
        crm.close()
