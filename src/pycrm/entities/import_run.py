"""Runs of imports: what was read from where, what came of it, and whether it was taken back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import OwnedRecord

__all__ = ["ImportRun"]


@entity(title="number", list="number source status rows created updated skipped refused owner created_at")
class ImportRun(OwnedRecord):
    """One import of one table. Kept by pycrm; whoever may not read it learns nothing of its file.

    Attributes:
        number: Names it on the command line.
        source: The file's name, or what else was read.
        place: Where it was read from, so that it can be resumed there.
        table: The name of the sheet or file in it.
        format: ``"csv"``, ``"xlsx"`` and so on.
        encoding: Of a text file.
        certainty: Of the encoding, 0 to 1.
        digest: Of all bytes that were read, hexadecimal.
        mapping: The mapping file, as text.
        batch_size: How many rows are applied at once.
        status: How far it has come.
        rows: How many were read: as many as were created, updated, skipped and refused together.
        created: Rows by which a record came to be.
        updated: Rows that changed a record.
        skipped: Rows that left everything as it was.
        refused: Rows that were not taken.
        seconds: How long it took, without interruptions.
        finished_at: When its last row was applied.
        proof: What its reconciliation found, as JSON.
    """

    number: str = field.autonumber("IMP-{year}-{seq:04}")
    source: str = field.text(max_length=1000, read_only=True)
    place: str | None = field.text(max_length=4000, read_only=True, hidden=True)
    table: str | None = field.text(max_length=255, read_only=True)
    format: str = field.text(max_length=20, read_only=True)
    encoding: str | None = field.text(max_length=50, read_only=True)
    certainty: Decimal | None = field.decimal(places=2, read_only=True)
    digest: str = field.text(max_length=128, read_only=True, hidden=True)
    mapping: str = field.long_text(read_only=True, hidden=True)
    batch_size: int = field.integer(read_only=True, hidden=True)
    status: str = field.choice(["running", "done", "undoing", "undone"], read_only=True, indexed=True)
    rows: int | None = field.integer(read_only=True)
    created: int | None = field.integer(read_only=True)
    updated: int | None = field.integer(read_only=True)
    skipped: int | None = field.integer(read_only=True)
    refused: int | None = field.integer(read_only=True)
    seconds: Decimal | None = field.decimal(places=3, read_only=True)
    finished_at: dt.datetime | None = field.datetime(read_only=True)
    proof: str | None = field.long_text(read_only=True, hidden=True)
