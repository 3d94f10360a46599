"""Alembic's environment of the host: it compares and migrates the host's tables, and leaves those of the CRM alone."""

from __future__ import annotations

import warnings
from typing import Any, Literal

from alembic import context
from models import Base, crm, engine
from sqlalchemy.exc import SAWarning

from pycrm import Account

RECORD_ID = type(crm.table(Account).c.id.type)

# Alembic reads the indexes of all tables at once, and SQLAlchemy cannot read those of custom fields on SQLite.
warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index crm_", SAWarning)


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave the CRM's tables out of what is read from the database."""
    return not (kind == "table" and name is not None and crm.owns_table(name, parents["schema_name"]))


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write the type of a foreign key to a record so that a revision needs nothing of pycrm."""
    if kind == "type" and isinstance(item, RECORD_ID):
        return "sa.LargeBinary(16).with_variant(sa.Uuid(), 'postgresql')"
    return False


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_item=render_item,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()
