"""The host's engine, its CRM, and the one table that is its own: an order with a foreign key to an account."""

from __future__ import annotations

import os
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pycrm import CRM, Account

engine = create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))
if engine.dialect.name == "sqlite":
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))

crm = CRM(engine)


class Base(DeclarativeBase):
    """The host's own classes; their metadata is what Alembic compares with the database."""


class Order(Base):
    """An order in the host's shop."""

    __tablename__ = "shop_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    account_id: Mapped[UUID] = mapped_column(ForeignKey(crm.table(Account).c.id), index=True)


if __name__ == "__main__":
    print("\n".join(crm.migrate()) or "the CRM's tables are up to date")
    crm.close()
    engine.dispose()
