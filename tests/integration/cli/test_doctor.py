"""``doctor`` and ``indexes``: what is wrong with a database is found, on both engines, and indexes are mended."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine
from tests.integration.cli.conftest import Run

from pycrm import CRM, Account, Principal, field
from pycrm.plugin import Plugin, Record
from pycrm.plugin import field as plugin_field

MEI = Principal("mei", roles={"administrator"})


@pytest.fixture
def at(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run` on a migrated database of each engine, with an indexed custom field."""
    monkeypatch.setenv("PYCRM_URL", database_url)
    assert run("migrate").code == 0
    assert run("fields", "define", "account", "region", "text", "--indexed").code == 0
    return run


def alter(url: str, *statements: str) -> None:
    """Do behind pycrm's back what somebody may have done."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def findings(run: Run, *words: str) -> dict[str, list[str]]:
    """Return what the doctor finds but for the engine's version: code to what it is about."""
    found: dict[str, list[str]] = {}
    for each in run("doctor", "--json", *words).data["findings"]:
        about = next(
            (each["facts"][name] for name in ("column", "index", "table", "key", "plugin") if name in each["facts"]), ""
        )
        found.setdefault(each["code"], []).append(about)
    return {code: sorted(about) for code, about in found.items() if not code.startswith("engine.")}


def test_new_database_is_well(at: Run) -> None:
    """What was just made agrees with what was declared."""
    assert findings(at, "--deep") == {}


def test_health_is_success(pycrm: Run) -> None:
    """The last line counts, and a script can rely on the exit code."""
    done = pycrm("doctor", "--deep")

    assert done.code == 0
    assert "errors 0" in done.lines[-1]


def test_unsafe_server_is_an_error(at: Run, database_url: str) -> None:
    """A PostgreSQL that does not wait for its disk can lose what was committed."""
    if database_url.startswith("sqlite"):
        pytest.skip("a matter of PostgreSQL's servers")
    engine = create_engine(database_url)
    with engine.connect() as connection:
        is_safe = connection.exec_driver_sql("SHOW fsync").scalar() == "on"
    engine.dispose()

    assert any(line.startswith("error: fsync is off") for line in at("doctor").lines) != is_safe


def test_drift_is_found(at: Run, database_url: str) -> None:
    """Tables, columns and indexes that somebody dropped, changed or added."""
    alter(
        database_url,
        "DROP INDEX crm_account_name_idx",
        "DROP INDEX crm_account_number_key",
        "CREATE INDEX crm_account_number_key ON crm_account (number)",
        "DROP INDEX crm_account_custom_region_doc_idx",
        "CREATE INDEX somebodys ON crm_account (industry)",
        "ALTER TABLE crm_account DROP COLUMN website",
        "ALTER TABLE crm_task ADD COLUMN colour TEXT",
        "CREATE TABLE crm_scratch (a TEXT)",
        "INSERT INTO crm_sequence (key, next) VALUES ('account.gone:2020', 7)",
    )

    done = at("doctor")

    assert done.code == 9
    assert findings(at) == {
        "drift.missing_column": ["crm_account.website"],
        "drift.other_index": ["crm_account_number_key"],
        "drift.missing_index": ["crm_account_custom_region_doc_idx", "crm_account_name_idx"],
        "drift.extra_index": ["somebodys"],
        "drift.extra_column": ["crm_task.colour"],
        "drift.extra_table": ["crm_scratch"],
        "drift.orphan_counter": ["account.gone:2020"],
    }
    assert [line.split(":")[0] for line in done.lines[:2]] == ["error", "error"]


def test_lost_table_is_found(at: Run, database_url: str) -> None:
    """A table that is gone is an error, and its indexes are no further ones."""
    alter(database_url, "DROP TABLE crm_outbox")

    assert findings(at) == {"drift.missing_table": ["crm_outbox"]}


def test_lost_foreign_key_is_found(at: Run, database_url: str) -> None:
    """On PostgreSQL a key can be dropped; SQLite has no such statement."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite cannot drop a foreign key")
    alter(database_url, "ALTER TABLE crm_account DROP CONSTRAINT crm_account_parent_fkey")

    assert findings(at) == {"drift.missing_key": ["crm_account.parent"]}


def test_other_type_is_found(at: Run, database_url: str) -> None:
    """A column that takes other values than it was declared to."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite cannot change a column's type")
    alter(database_url, "ALTER TABLE crm_account ALTER COLUMN industry TYPE varchar(20)")

    assert findings(at) == {"drift.other_column": ["crm_account.industry"]}


def test_pending_indexes_are_applied(at: Run, database_url: str) -> None:
    """They are listed, created at one call, and the doctor is content."""
    alter(database_url, "DROP INDEX crm_account_name_idx", "DROP INDEX crm_account_custom_region_doc_idx")

    listed = at("indexes")
    pending = at("indexes", "--json").data
    applied = at("indexes", "apply")

    assert listed.lines[-1].startswith("pending: 2;")
    assert {each["index"] for each in pending} == {"crm_account_name_idx", "crm_account_custom_region_doc_idx"}
    assert applied.code == 0
    assert len(applied.lines) == 2
    assert at("indexes").out == at("indexes", "apply").out == "no index is pending\n"
    assert findings(at) == {}


def test_index_on_doubled_values_is_refused(at: Run, database_url: str) -> None:
    """A unique index cannot come back while values are there twice; nothing is created then."""
    alter(database_url, "DROP INDEX crm_account_number_key", "DROP INDEX crm_account_name_idx")
    for name in "ab":
        at("create", "account", f"name={name}")
    alter(database_url, "UPDATE crm_account SET number = 'ACC-1'")

    refused = at("indexes", "apply")

    assert refused.code != 0
    assert refused.err.startswith("error: ")
    assert len(at("indexes", "--json").data) == 2


def test_parked_plugin_is_a_note(at: Run, database_url: str) -> None:
    """Its tables and fields are neither missing nor left over."""
    plugin = Plugin("trade", version="1.2")

    @plugin.entity(title="number")
    class Sample(Record):
        number: str = plugin_field.autonumber("S-{seq}", unique=True)

    crm = CRM(database_url, plugins=[plugin])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        ws.create(Sample())  # type: ignore[call-arg]
    crm.close()

    assert findings(at) == {"plugin.parked": ["trade"]}


def test_unmigrated_database_is_told(run: Run, database_url: str, folder: object, tmp_path: object) -> None:
    """The engine is looked at all the same."""
    if database_url.startswith("sqlite"):
        sqlite3.connect(database_url.removeprefix("sqlite:///")).close()
        run("migrate", "--url", database_url)
        alter(database_url, "DROP TABLE crm_plugins")

    done = run("doctor", "--url", database_url)

    assert done.code == 9
    assert "[storage.not_ready]" in done.out
    assert "pycrm migrate" in done.out


def test_weak_durability_is_a_warning(run: Run) -> None:
    """A host may choose it; whoever asks is told. --strict makes it count."""
    run("init", "--url", "sqlite:///crm.db?synchronous=NORMAL")

    lenient, strict = run("doctor"), run("doctor", "--strict")

    assert any("[engine.not_durable]" in line and line.startswith("warning") for line in lenient.lines)
    assert (lenient.code, strict.code) == (0, 9)


def test_other_journal_is_a_warning(pycrm: Run) -> None:
    """Somebody may have switched it."""
    with sqlite3.connect("crm.db") as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()

    assert any("[engine.not_wal]" in line for line in pycrm("doctor").lines)


def test_deep_look_finds_damage(pycrm: Run) -> None:
    """Rows that refer to nothing, and a page that was overwritten."""
    pycrm("create", "account", "name=a")
    with sqlite3.connect("crm.db") as connection:
        connection.execute("UPDATE crm_account SET parent = x'00112233445566778899aabbccddeeff'")
    connection.close()

    shallow, deep = pycrm("doctor"), pycrm("doctor", "--deep")

    assert (shallow.code, deep.code) == (0, 9)
    assert "1 rows of crm_account refer to rows of crm_account that are not there" in deep.out


def test_doctor_speaks_chinese(pycrm: Run) -> None:
    """Findings, levels and the line below."""
    with sqlite3.connect("crm.db") as connection:
        connection.execute("DROP INDEX crm_account_name_idx")
    connection.close()

    done = pycrm("doctor", "--lang", "zh")

    assert any(line.startswith("警告：缺少 crm_account 的索引 crm_account_name_idx") for line in done.lines)
    assert "错误 0" in done.lines[-1]


def test_host_may_ask_too(database_url: str) -> None:
    """`CRM.examine` and `CRM.apply_indexes` are what the commands call; a field that was defined elsewhere counts."""
    crm, other = CRM(database_url, plugins=[]), CRM(database_url, plugins=[])
    crm.migrate()
    with other.acting_as(MEI) as ws:
        ws.define_field(Account, "region", field.text(), indexed=True)

    assert [each.code for each in crm.examine() if not each.code.startswith("engine.")] == []
    assert crm.apply_indexes() == []
    other.close()
    crm.close()
