"""The tables that the kernel keeps for itself, beside those of entities. Append-only ones are keyed by a counter."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Identity, Index, Integer, MetaData, Table, UniqueConstraint

from pycrm.storage.search_tables import search_doc, search_queue
from pycrm.storage.types import BIGINT, COUNTER, TEXT, Document, Id, Instant, Json

__all__ = ["kernel_tables"]


def kernel_tables(metadata: MetaData, prefix: str) -> dict[str, Table]:
    """Return the kernel's tables by their name without *prefix*, added to *metadata*."""
    return {
        "change": _change(metadata, prefix),
        "audit": _audit(metadata, prefix),
        "outbox": _outbox(metadata, prefix),
        "link": _link(metadata, prefix),
        "bulk_call": Table(
            f"{prefix}bulk_call",
            metadata,
            Column("id", Id(), primary_key=True),
            Column("entity", TEXT, nullable=False),
            Column("kind", TEXT, nullable=False),
            Column("actor", TEXT, nullable=False),
            Column("at", Instant(), nullable=False),
            Column("after_change", BIGINT, nullable=False),
            Column("last_change", BIGINT, nullable=False),
        ),
        "bookmark": _bookmark(metadata, prefix),
        "idempotency": _idempotency(metadata, prefix),
        "import_batch": _import_batch(metadata, prefix),
        "import_row": _import_row(metadata, prefix),
        "search_doc": search_doc(metadata, prefix),
        "search_queue": search_queue(metadata, prefix),
        "sequence": Table(
            f"{prefix}sequence",
            metadata,
            Column("key", TEXT, primary_key=True),
            Column("next", BIGINT, nullable=False),
        ),
        "plugins": Table(
            f"{prefix}plugins",
            metadata,
            Column("name", TEXT, primary_key=True),
            Column("version", TEXT, nullable=False),
            Column("snapshot", Document(), nullable=False),
            Column("head", TEXT),
        ),
        "state": Table(
            f"{prefix}state",
            metadata,
            Column("id", Integer(), primary_key=True, autoincrement=False),
            Column("installation", Id(), nullable=False),
            Column("schema_number", BIGINT, nullable=False),
            Column("secret", TEXT),  # missing where an older release made the table and nobody has migrated since
        ),
        # Apart from the schema's number, whose row every writing unit holds.
        "access": Table(
            f"{prefix}access",
            metadata,
            Column("id", Integer(), primary_key=True, autoincrement=False),
            Column("number", BIGINT, nullable=False),
        ),
    }


def _counter() -> Column[Any]:
    return Column("n", COUNTER, Identity(), primary_key=True)


def _change(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}change",
        metadata,
        _counter(),
        Column("entity", TEXT, nullable=False),
        Column("record_id", Id(), nullable=False),
        Column("version", BIGINT, nullable=False),
        Column("kind", TEXT, nullable=False),
        Column("changed", Json()),
        Column("old", Document()),
        Column("facts", Document()),
        Column("actor", TEXT, nullable=False),
        Column("plugin", TEXT),
        Column("at", Instant(), nullable=False),
        Column("batch", Id(), nullable=False),
    )
    Index(f"{table.name}_record_idx", table.c.record_id, table.c.version)
    return table


def _audit(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}audit",
        metadata,
        _counter(),
        Column("kind", TEXT, nullable=False),
        Column("actor", TEXT, nullable=False),
        Column("at", Instant(), nullable=False),
        Column("origin", TEXT, nullable=False),
        Column("plugin", TEXT),
        Column("entity", TEXT),
        Column("record_id", Id()),
        Column("action", TEXT),
        Column("fields", Json()),
        Column("reason", TEXT),
        Column("facts", Document()),
        # Told instead of the counter, whose gaps would speak of what the asker does not see.
        Column("id", Id(), nullable=False),
    )
    Index(f"{table.name}_id_key", table.c.id, unique=True)
    Index(f"{table.name}_record_idx", table.c.record_id, table.c.n)
    Index(f"{table.name}_actor_idx", table.c.actor, table.c.n)
    return table


def _outbox(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}outbox",
        metadata,
        _counter(),
        Column("unit", Id(), nullable=False),
        Column("at", Instant(), nullable=False),
        Column("event", TEXT, nullable=False),
        Column("entity", TEXT, nullable=False),
        Column("payload", Document(), nullable=False),
    )
    Index(f"{table.name}_unit_idx", table.c.unit)
    return table


def _bookmark(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}bookmark",
        metadata,
        Column("actor", TEXT, primary_key=True),
        Column("kind", TEXT, primary_key=True),
        Column("record_id", Id(), primary_key=True),
        Column("entity", TEXT, nullable=False),
        Column("at", Instant(), nullable=False),
    )
    Index(f"{table.name}_at_idx", table.c.actor, table.c.kind, table.c.at)
    Index(f"{table.name}_record_idx", table.c.record_id)
    return table


def _idempotency(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}idempotency",
        metadata,
        Column("actor", TEXT, primary_key=True),
        Column("key", TEXT, primary_key=True),
        Column("call", TEXT, nullable=False),
        Column("digest", TEXT, nullable=False),
        Column("outcome", TEXT),
        Column("at", Instant(), nullable=False),
    )
    Index(f"{table.name}_at_idx", table.c.at)
    return table


def _import_batch(metadata: MetaData, prefix: str) -> Table:
    return Table(
        f"{prefix}import_batch",
        metadata,
        Column("run", Id(), primary_key=True),
        Column("number", BIGINT, primary_key=True, autoincrement=False),
        Column("last_line", BIGINT, nullable=False),
        Column("after_change", BIGINT, nullable=False),
        Column("last_change", BIGINT, nullable=False),
        Column("told", Document(), nullable=False),
        Column("undone_at", Instant()),
    )


def _import_row(metadata: MetaData, prefix: str) -> Table:
    return Table(
        f"{prefix}import_row",
        metadata,
        Column("run", Id(), primary_key=True),
        Column("line", BIGINT, primary_key=True, autoincrement=False),
        Column("outcome", TEXT, nullable=False),
        Column("entity", TEXT),
        Column("record_id", Id()),
        Column("cells", Json(), nullable=False),
        Column("problems", Json(), nullable=False),
    )


def _link(metadata: MetaData, prefix: str) -> Table:
    table = Table(
        f"{prefix}link",
        metadata,
        _counter(),
        Column("field", TEXT, nullable=False),
        Column("source_id", Id(), nullable=False),
        Column("target_id", Id(), nullable=False),
        Column("position", BIGINT, nullable=False),
        # Led by the source, which is read most and also tells a record's links apart without a field.
        UniqueConstraint("source_id", "field", "target_id", name=f"{prefix}link_key"),
    )
    Index(f"{table.name}_target_idx", table.c.target_id, table.c.field)
    return table
