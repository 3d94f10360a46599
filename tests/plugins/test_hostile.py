"""A plugin that misbehaves undoes its unit or savepoint and nothing outside it, and is named with hook and entity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest
from tests.conftest import DATABASES
from tests.plugins.hostile import acts, loops, nonsense, raises
from tests.plugins.hostile.switch import armed

from pycrm import CRM, ConflictError, HookFailedError, Principal, Problem, Product, Workspace
from pycrm.errors import HookLoopError, UnitFailedError
from pycrm.plugin import RecordsCreated

MEI = Principal("mei", roles={"administrator"})
Content = Callable[[str], dict[str, list[str]]]
Deed = Callable[[Workspace, Any], object]


@attrs.frozen
class World:
    """A CRM with hostile plugins, and two products in it: one in use, one in the bin."""

    crm: CRM
    url: str
    stored: Any
    binned: Any
    told: list[Any] = attrs.field(factory=list)


@pytest.fixture(scope="module", params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared by all tests of this module, which leave it as they found it."""
    with _database(request, tmp_path_factory.mktemp("hostile")) as url:
        crm = CRM(url, plugins=[raises.plugin, nonsense.plugin, acts.plugin, loops.plugin])
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            stored = ws.create(Product(code="A-1", name="heart"))
            binned = ws.create(Product(code="A-2", name="lantern"))
            ws.delete(binned)
        world = World(crm, url, stored.id, binned.id)
        crm.on(RecordsCreated, world.told.append)
        yield world
        crm.close()


def _database(request: pytest.FixtureRequest, folder: Path) -> Any:
    from contextlib import nullcontext

    if request.param == "sqlite":
        return nullcontext(f"sqlite:///{folder / 'crm.db'}")
    request.getfixturevalue("postgres_url")
    from pycrm.testing import postgres

    return postgres.fresh_database()


def stored(ws: Workspace, world: World) -> Product:
    return ws.get(Product, world.stored)


def binned(ws: Workspace, world: World) -> Product:
    found = ws.get_binned(Product, world.binned)
    assert found is not None
    return found


PATHS: dict[str, Callable[[Workspace, World], object]] = {
    "create": lambda ws, world: ws.create(Product(code="B-1", name="new")),
    "create_many": lambda ws, world: ws.create_many(
        [Product(code="B-1", name="new"), Product(code="B-2")], on_problem="refuse"
    ),
    "update": lambda ws, world: ws.update(stored(ws, world), name="other"),
    "update_many": lambda ws, world: ws.update_many([changed(stored(ws, world))], on_problem="refuse"),
    "upsert_many": lambda ws, world: ws.upsert_many(
        Product, [Product(code="A-1", name="other"), Product(code="B-1", name="new")], by=["code"], on_problem="refuse"
    ),
    "delete": lambda ws, world: ws.delete(stored(ws, world)),
    "delete_many": lambda ws, world: ws.delete_many([stored(ws, world)], on_problem="refuse"),
    "restore": lambda ws, world: ws.restore(binned(ws, world)),
    "purge": lambda ws, world: ws.purge(binned(ws, world)),
}
DERIVING = ("create", "create_many", "update", "update_many", "upsert_many")
EVERYWHERE = [
    (path, hook)
    for path in PATHS
    for hook in ("derive", "check", "after_write")
    if hook != "derive" or path in DERIVING
]


def changed(product: Product) -> Product:
    product.name = "other"
    return product


@pytest.fixture(autouse=True)
def put_back(world: World) -> Iterator[None]:
    """Give the next test the world as this one found it."""
    yield
    with world.crm.acting_as(MEI) as ws:
        ws._ctx.unit.execute("DELETE FROM crm_product WHERE code NOT IN ('A-1', 'A-2')")
        ws._ctx.unit.execute("UPDATE crm_product SET name = 'heart', uom = NULL, version = 1 WHERE code = 'A-1'")


def refused_in_savepoint(
    world: World, what: str, payload: object, work: Callable[[Workspace], object] | str = "update"
) -> HookFailedError:
    """Return the error of *work* with *what* armed in a savepoint, after making sure that only that was undone."""
    with world.crm.acting_as(MEI) as ws:
        ws.create(Product(code="before", name="kept"))
        with pytest.raises(HookFailedError) as caught, ws.savepoint():
            inside = ws.create(Product(code="inside", name="lost"))
            with armed(what, payload):
                PATHS[work](ws, world) if isinstance(work, str) else work(ws)
        ws.create(Product(code="after", name="kept"))

    assert inside.version is None
    with world.crm.reading_as(MEI) as reader:
        assert {product.code for product in reader.list(Product)} == {"A-1", "before", "after"}
        product = reader.get(Product, world.stored)
        assert (product.version, product.name) == (1, "heart")
    return caught.value


class TestRaising:
    @pytest.mark.parametrize(("path", "hook"), EVERYWHERE)
    def test_undoes_savepoint(self, world: World, path: str, hook: str) -> None:
        """Whatever the call and the hook, the savepoint goes and the rest of the unit stays."""
        error = refused_in_savepoint(world, f"raises.{hook}", True, path)

        assert (error.plugin, error.hook, error.entity) == ("raises", f"raises:in_{hook}", "product")
        assert str(error) == f"plugin 'raises': {hook} hook raises:in_{hook} on product raised KeyError: 'whatever'"
        assert isinstance(error.__cause__, KeyError)

    @pytest.mark.parametrize(("path", "hook"), EVERYWHERE)
    def test_undoes_unit(self, world: World, content: Content, path: str, hook: str) -> None:
        """Swallowing the error does not help: nothing of the unit is kept or announced."""
        before, told = content(world.url), len(world.told)
        with pytest.raises(UnitFailedError, match=f"raises:in_{hook}"), world.crm.acting_as(MEI) as ws:
            ws.create(Product(code="early", name="lost"))
            with armed(f"raises.{hook}"), suppress(HookFailedError):
                PATHS[path](ws, world)

        assert content(world.url) == before
        assert len(world.told) == told

    @pytest.mark.parametrize("hook", ["derive", "check", "after_write"])
    def test_puts_records_back(self, world: World, hook: str) -> None:
        """The records are as they were before the call: new ones unstored, changed ones as the caller changed them."""
        with world.crm.acting_as(MEI) as ws:
            new, old = Product(code="B-1", name="new"), changed(stored(ws, world))
            for call in (lambda: ws.create(new), lambda: ws.update(old, uom="pcs")):
                with pytest.raises(HookFailedError), armed(f"raises.{hook}"), ws.savepoint():
                    call()

            assert (new.version, new.created_at, new.is_active, old.version) == (None, None, None, 1)
            assert (old.name, old.uom) == ("other", None)
            ws.update(old)
            assert old.version == 2
            assert ws.create(new).version == 1


class TestNonsense:
    @pytest.mark.parametrize("hook", ["derive", "after_write"])
    @pytest.mark.parametrize("answer", [False, 42, [], "text"])
    def test_answer_of_silent_hook(self, world: World, hook: str, answer: object) -> None:
        """Hooks that return nothing return nothing."""
        error = refused_in_savepoint(world, f"nonsense.{hook}", answer)

        assert (error.plugin, error.hook, error.entity) == ("nonsense", f"nonsense:in_{hook}", "product")
        assert repr(answer) in str(error)

    @pytest.mark.parametrize(
        "answer",
        [
            False,
            42,
            "text",
            [42],
            [None],
            Problem("nonsense.single"),
            [Problem("nonsense.foreign", Product(code="C", name="foreign"))],
            [Problem("nonsense.no_record", "no record")],
        ],
        ids=repr,
    )
    def test_answer_of_check(self, world: World, answer: object) -> None:
        """A check answers problems of the records that it was given."""
        error = refused_in_savepoint(world, "nonsense.check", answer)

        assert (error.plugin, error.hook, error.entity) == ("nonsense", "nonsense:in_check", "product")

    def test_problem_of_nobody(self, world: World) -> None:
        """Of several records a problem has to say which one it is about."""
        products = [Product(code="B-1", name="x"), Product(code="B-2", name="y")]
        answer = [Problem("nonsense.of_nobody")]
        error = refused_in_savepoint(world, "nonsense.check", answer, lambda ws: ws.create_many(products))

        assert error.plugin == "nonsense"


def write_slot(ws: Workspace, changes: Any) -> None:
    changes[0].name = "mine"


def delete_slot(ws: Workspace, changes: Any) -> None:
    del changes[0].name


def write_reference(ws: Workspace, changes: Any) -> None:
    changes[0].created_by = changes[0].id


def write_custom(ws: Workspace, changes: Any) -> None:
    changes[0].custom["region"] = "mine"


def write_extension(ws: Workspace, changes: Any) -> None:
    changes[0][acts.Mark].colour = "mine"


def write_document(ws: Workspace, changes: Any) -> None:
    changes[0].document_values()["acts.colour"] = "mine"


def write_kind(ws: Workspace, changes: Any) -> None:
    changes.kind = "delete"


def write_sequence(ws: Workspace, changes: Any) -> None:
    changes[0] = Product(code="other", name="other")


def write_principal(ws: Workspace, changes: Any) -> None:
    ws.principal = MEI  # type: ignore[misc]


def write_record_again(ws: Workspace, changes: Any) -> None:
    ws.update(changes[0], name="mine")


class TestMutating:
    @pytest.mark.parametrize("hook", ["derive", "check", "after_write"])
    @pytest.mark.parametrize(
        "deed",
        [
            write_slot,
            delete_slot,
            write_reference,
            write_custom,
            write_extension,
            write_document,
            write_kind,
            write_sequence,
            write_principal,
            write_record_again,
        ],
    )
    @pytest.mark.parametrize("path", ["create", "update"])
    def test_is_refused(self, world: World, deed: Deed, hook: str, path: str) -> None:
        """What a hook is given it may read; the attempt to change it is an error of the hook."""
        error = refused_in_savepoint(world, f"acts.{hook}", deed, path)

        assert (error.plugin, error.hook, error.entity) == ("acts", f"acts:in_{hook}", "product")

    @pytest.mark.parametrize("path", ["create", "update"])
    def test_records_are_the_callers_again(self, world: World, path: str) -> None:
        """After the call, refused or not, the caller may change the records."""
        with world.crm.acting_as(MEI) as ws:
            product = stored(ws, world)
            with armed("acts.check", write_slot), pytest.raises(HookFailedError), ws.savepoint():
                ws.update(product, name="other")
            product.name = "mine"

            assert type(product) is Product

    @pytest.mark.parametrize(
        "values",
        [{"id": MEI}, {"version": 7}, {"created_at": None}, {"nonsense": 1}],
        ids=lambda given: next(iter(given)),
    )
    def test_derive_sets_no_common_field(self, world: World, values: dict[str, Any]) -> None:
        """A derive hook sets fields of its entity, and none that pycrm keeps."""
        error = refused_in_savepoint(world, "acts.derive", lambda ws, changes: changes.set(changes[0], **values))

        assert error.plugin == "acts"

    def test_derive_sets_no_foreign_record(self, world: World) -> None:
        """A derive hook sets fields of the records that it was given."""
        foreign = Product(code="C", name="foreign")
        error = refused_in_savepoint(world, "acts.derive", lambda ws, changes: changes.set(foreign, name="mine"))

        assert (error.plugin, foreign.name) == ("acts", "foreign")

    @pytest.mark.parametrize("hook", ["check", "after_write"])
    def test_only_derive_sets(self, world: World, hook: str) -> None:
        """Setting fields is for derive hooks."""
        error = refused_in_savepoint(world, f"acts.{hook}", lambda ws, changes: changes.set(changes[0], name="mine"))

        assert "changes.set works in derive hooks only" in str(error)

    @pytest.mark.parametrize("hook", ["derive", "check"])
    def test_judging_hooks_write_nothing(self, world: World, hook: str) -> None:
        """What a judging hook wrote would stay where the judged batch is refused; so it may not write."""
        error = refused_in_savepoint(
            world, f"acts.{hook}", lambda ws, changes: ws.create(Product(code="C", name="mine"))
        )

        assert (error.plugin, error.hook) == ("acts", f"acts:in_{hook}")


def nested_hook_raises(ws: Workspace, changes: Any) -> None:
    if changes[0].code == "A-1":
        with armed("raises.check"):
            ws.create(Product(code="nested", name="nested"))


def database_refuses(ws: Workspace, changes: Any) -> None:
    if changes[0].code == "A-1":
        ws._ctx.unit.execute("INSERT INTO crm_nowhere VALUES (1)")


class TestSwallowing:
    @pytest.mark.parametrize("deed", [nested_hook_raises, database_refuses])
    def test_undoes_savepoint(self, world: World, deed: Deed) -> None:
        """An error that failed the unit cannot be kept quiet; who tried is named."""
        error = refused_in_savepoint(world, "acts.swallowing", deed)

        assert (error.plugin, error.hook, error.entity) == ("acts", "acts:swallowing", "product")
        assert "swallowed an error that failed the unit" in str(error)

    @pytest.mark.parametrize("deed", [nested_hook_raises, database_refuses])
    def test_undoes_unit(self, world: World, content: Content, deed: Deed) -> None:
        """Neither can the hook and the caller together."""
        before = content(world.url)
        with pytest.raises(UnitFailedError), world.crm.acting_as(MEI) as ws:
            ws.create(Product(code="early", name="lost"))
            with armed("acts.swallowing", deed), suppress(HookFailedError):
                PATHS["update"](ws, world)

        assert content(world.url) == before

    def test_harmless_error_may_be_handled(self, world: World) -> None:
        """A problem found before any row was written is the hook's to handle, and so is its own savepoint."""

        def deed(ws: Workspace, changes: Any) -> None:
            with suppress(Exception):
                ws.create(Product(code="no name"))
            with suppress(Exception), ws.savepoint():
                nested_hook_raises(ws, changes)

        with world.crm.acting_as(MEI) as ws, armed("acts.after_write", deed):
            product = ws.update(stored(ws, world), name="other")
            assert product.version == 2


class TestLooping:
    def test_chain_is_named(self, world: World, content: Content) -> None:
        """Hooks that answer each other's writes are stopped after 8 generations, and the error tells who they are."""
        before = content(world.url)
        loop = pytest.raises(HookLoopError, match="loops:again → loops:again")
        with loop as caught, armed("loops"), world.crm.acting_as(MEI) as ws:
            PATHS["update"](ws, world)

        assert caught.value.chain[:8] == ("loops:again",) * 8
        assert len(caught.value.chain) == 9
        assert content(world.url) == before


class TestStaleRecords:
    def test_conflict_names_the_hook(self, world: World, content: Content) -> None:
        """A hook that writes through a copy that is no longer true conflicts as everybody does, and is named."""
        before = content(world.url)

        def deed(ws: Workspace, changes: Any) -> None:
            if changes[0].name == "other":
                fresh, stale = (ws.get(Product, changes[0].id) for _ in range(2))
                ws.update(fresh, name="fresh")
                ws.update(stale, name="stale")

        with pytest.raises(ConflictError) as caught, armed("acts.after_write", deed), world.crm.acting_as(MEI) as ws:
            PATHS["update"](ws, world)

        assert (caught.value.plugin, caught.value.hook) == ("acts", "acts:in_after_write")
        assert caught.value.__notes__ == ["in after_write hook acts:in_after_write on product"]
        assert content(world.url) == before

    def test_own_copy_is_merged(self, world: World) -> None:
        """What a hook changes beside the caller's fields is there, and the caller's record knows it when read again."""

        def deed(ws: Workspace, changes: Any) -> None:
            if changes[0].uom is None:
                ws.update(ws.get(Product, changes[0].id), uom="pcs")

        with world.crm.acting_as(MEI) as ws, armed("acts.after_write", deed):
            ws.update(stored(ws, world), name="other")
            assert (stored(ws, world).name, stored(ws, world).uom) == ("other", "pcs")
