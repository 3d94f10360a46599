"""What a unit of work promises on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pycrm.errors import NotMigratedError, StorageError, UnitEndedError, UnitError, UnitFailedError
from pycrm.storage import ForeignKeyViolation, UniqueViolation

if TYPE_CHECKING:
    from .conftest import World


def test_commit_keeps_rows_and_facts(world: World) -> None:
    """A unit that ends well keeps its rows; its facts are told once the unit is closed."""
    with world.database.writing_unit(announcements=world.announcer) as unit:
        world.add(unit, 2)
        told_inside = list(world.told)

    assert (told_inside, world.told, world.items()) == ([], [2], [2])


def test_exception_rolls_back(world: World) -> None:
    """An exception takes rows, facts and record state back, newest first."""
    undone: list[str] = []

    with pytest.raises(KeyError), world.database.writing_unit(announcements=world.announcer) as unit:
        world.add(unit, 2)
        unit.on_rollback(lambda: undone.append("first"))
        unit.on_rollback(lambda: undone.append("second"))
        raise KeyError

    assert (world.items(), world.told, undone) == ([], [], ["second", "first"])


def test_commit_drops_rollback_callbacks(world: World) -> None:
    """After a commit only the commit callbacks run, oldest first."""
    calls: list[str] = []

    with world.database.writing_unit() as unit:
        unit.on_rollback(lambda: calls.append("rolled back"))
        unit.on_commit(lambda: calls.append("one"))
        unit.on_commit(lambda: calls.append("two"))

    assert calls == ["one", "two"]


def test_swallowed_error_fails_unit(world: World) -> None:
    """A database error fails the unit for good, also where the caller swallows it."""
    mark = world.database.dialect.positional

    with pytest.raises(UnitFailedError) as failure, world.database.writing_unit() as unit:
        world.add(unit, 2)
        with pytest.raises(StorageError) as first:
            unit.execute(f"INSERT INTO item (id, n) VALUES ({mark}, {mark})", (1, 0))
        with pytest.raises(UnitFailedError):
            unit.rows("SELECT 1")

    assert failure.value.first is first.value
    assert isinstance(first.value, UniqueViolation)
    assert world.items() == []


def test_named_first_cause_wins(world: World) -> None:
    """The first cause stays the cause, whatever fails afterwards."""
    with pytest.raises(UnitFailedError, match="ValueError: hook was wrong"), world.database.writing_unit() as unit:
        unit.fail(ValueError("hook was wrong"))
        unit.fail(ValueError("something later"))


def test_ended_unit_is_refused(world: World) -> None:
    """After its block a unit takes no calls."""
    with world.database.writing_unit() as unit:
        pass

    for call in (lambda: unit.rows("SELECT 1"), unit.begin_writing, unit.commit, unit.savepoint().__enter__):
        with pytest.raises(UnitEndedError, match="acting_as"):
            call()


def test_reading_unit_refuses_writing(world: World) -> None:
    """A reading unit refuses to write by itself, and so does the database for it."""
    with world.database.reading_unit() as unit:
        with pytest.raises(UnitError, match="only reads"):
            unit.execute("DELETE FROM item")
        with pytest.raises(StorageError, match="read-only"), unit.savepoint():
            unit.rows("INSERT INTO item (id, n) VALUES (9, 9) RETURNING id")
        assert unit.rows("SELECT count(*) FROM item") == [(1,)]

    with world.database.writing_unit() as unit:
        assert unit.execute("UPDATE item SET n = n + 1") == 1


def test_statements_answer_with_plain_values(world: World) -> None:
    """Rows are the driver's tuples; counts are summed over many rows."""
    named = world.database.dialect.named
    mark = world.database.dialect.positional

    with world.database.writing_unit() as unit:
        many = unit.execute_many(f"INSERT INTO item (id, n) VALUES ({mark}, {mark})", ((i, i) for i in range(2, 6)))
        named_many = unit.execute_many(
            f"UPDATE item SET n = {named('n')} WHERE id = {named('id')}", [{"id": 2, "n": 7}, {"id": 99, "n": 7}]
        )
        none = unit.execute_many("DELETE FROM item", [])
        returned = unit.returning(f"UPDATE item SET n = n + 1 WHERE id = {mark} RETURNING id, n", (2,))
        found = unit.rows(f"SELECT id, n FROM item WHERE n > {named('n')} ORDER BY id", {"n": 3})

    assert (many, named_many, none) == (4, 1, 0)
    assert returned == [(2, 8)]
    assert found == [(2, 8), (4, 4), (5, 5)]
    assert type(found[0]) is tuple


def test_savepoint_limits_damage(world: World) -> None:
    """A failed savepoint takes back its rows, facts and record state, and nothing before it; the unit goes on."""
    calls: list[str] = []

    with world.database.writing_unit(announcements=world.announcer) as unit:
        world.add(unit, 2)
        unit.on_rollback(lambda: calls.append("outside"))
        with pytest.raises(StorageError), unit.savepoint():
            world.add(unit, 3)
            unit.on_rollback(lambda: calls.append("undo 3"))
            unit.on_rollback(lambda: calls.append("undo 3 again"))
            unit.on_commit(lambda: calls.append("committed inside"))
            unit.execute("INSERT INTO item (id, n) VALUES (1, 1)")
        world.add(unit, 4)

    assert (world.items(), world.told, calls) == ([2, 4], [2, 4], ["undo 3 again", "undo 3"])


def test_savepoint_notices_swallowed_error(world: World) -> None:
    """A block that swallowed the error which failed the unit is rolled back all the same and says so."""
    with world.database.writing_unit() as unit:
        with pytest.raises(UnitFailedError) as failure, unit.savepoint():
            world.add(unit, 2)
            with pytest.raises(StorageError):
                unit.execute("INSERT INTO item (id, n) VALUES (1, 1)")
        world.add(unit, 3)

    assert isinstance(failure.value.first, UniqueViolation)
    assert world.items() == [3]


def test_savepoints_nest(world: World) -> None:
    """An outer savepoint takes inner ones with it, an inner one leaves the outer one."""
    with world.database.writing_unit(announcements=world.announcer) as unit:
        with unit.savepoint():
            world.add(unit, 2)
            with pytest.raises(KeyError), unit.savepoint():
                world.add(unit, 3)
                raise KeyError
            world.add(unit, 4)
        with pytest.raises(KeyError), unit.savepoint():
            with unit.savepoint():
                world.add(unit, 5)
            raise KeyError

    assert (world.items(), world.told) == ([2, 4], [2, 4])


def test_savepoint_before_first_write(world: World) -> None:
    """A savepoint that was set while only reading holds for what is written in it."""
    with world.database.writing_unit() as unit:
        unit.rows("SELECT n FROM item")
        with pytest.raises(KeyError), unit.savepoint(), unit.savepoint():
            unit.rows("SELECT n FROM item")
            world.add(unit, 2)
            raise KeyError
        world.add(unit, 3)

    assert world.items() == [3]


def test_unique_violation_says_where(world: World) -> None:
    """A broken unique rule names the table and the columns or the constraint, never the value."""
    with pytest.raises(UniqueViolation) as violation, world.database.writing_unit() as unit:
        unit.execute("INSERT INTO item (id, n, code) VALUES (2, 0, 'secret')")
        unit.execute("INSERT INTO item (id, n, code) VALUES (3, 0, 'secret')")

    assert violation.value.table == "item"
    assert violation.value.columns == ("code",) or violation.value.constraint == "item_code_key"
    assert "secret" not in str(violation.value)


def test_foreign_key_violation_is_told(world: World) -> None:
    """A reference to no row has an error of its own."""
    with pytest.raises(ForeignKeyViolation), world.database.writing_unit() as unit:
        world.add(unit, 2, parent=77)

    assert world.items() == []


def test_refused_commit_keeps_nothing(world: World) -> None:
    """What the database refuses only at COMMIT takes everything back, records too."""
    undone: list[str] = []

    with (
        pytest.raises(ForeignKeyViolation),
        world.database.writing_unit(announcements=world.announcer) as unit,
    ):
        unit.execute(world.defer)
        unit.on_rollback(lambda: undone.append("record"))
        world.add(unit, 2)
        world.add(unit, 3, parent=77)

    assert (world.items(), world.told, undone) == ([], [], ["record"])


def test_missing_table_names_cure(world: World) -> None:
    """A table that is not there means that the database was not migrated."""
    with pytest.raises(NotMigratedError, match="pycrm migrate"), world.database.reading_unit() as unit:
        unit.rows("SELECT * FROM nowhere")


def test_values_stay_out_of_traceback(world: World) -> None:
    """SQLAlchemy's own error, which is the cause, hides its parameters."""
    mark = world.database.dialect.positional

    with pytest.raises(StorageError) as failure, world.database.writing_unit() as unit:
        unit.execute(f"INSERT INTO item (id, n, code) VALUES (1, 0, {mark})", ("secret",))

    assert "secret" not in f"{failure.value} {failure.value.__cause__}"
