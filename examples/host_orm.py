"""A host's own SQLAlchemy ORM: its class `Order` refers to an account, and `CrmAccount` is mapped on our table to read.

    python host_orm.py [host_orm.db]

The ORM sees the table as it is: past rights and hooks, with the bin in it, amounts as scaled integers. So the mapping
shows what is useful and refuses to write; changes go through the CRM's door, in the same Session.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from pycrm import CRM, Account, Money, Principal

url = sys.argv[1] if len(sys.argv) > 1 else "sqlite:///host_orm.db"
engine = create_engine(url if "://" in url else f"sqlite:///{url}")
if engine.dialect.name == "sqlite":
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
crm = CRM(engine, plugins=[])
accounts = crm.table(Account)


class Base(DeclarativeBase):
    """The host's own classes, and its own tables."""


class CrmAccount(Base):
    """An account, to read. The bin is in it; `alive` leaves it out."""

    __table__ = accounts

    id: Mapped[UUID]
    number: Mapped[str]
    name: Mapped[str]
    country: Mapped[str | None]
    annual_revenue: Mapped[int | None]
    annual_revenue_currency: Mapped[str | None]
    tags: Mapped[list[str] | None]

    @property
    def revenue(self) -> Money | None:
        """The annual revenue, which is stored in ten-thousandths."""
        if self.annual_revenue is None or self.annual_revenue_currency is None:
            return None
        return Money(Decimal(self.annual_revenue).scaleb(-4), self.annual_revenue_currency).rounded()


alive = accounts.c.deleted_at.is_(None)


class Order(Base):
    """A table of the host's own, with a foreign key to an account."""

    __tablename__ = "shop_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(accounts.c.id))
    account: Mapped[CrmAccount] = relationship(viewonly=True)


@event.listens_for(Session, "before_flush")
def refuse_to_write(session: Session, *_: Any) -> None:
    """Keep the ORM from writing what belongs to the CRM."""
    for record in (*session.new, *session.dirty, *session.deleted):
        if isinstance(record, CrmAccount):
            raise TypeError(f"{record!r} is mapped to be read; write it through `crm.acting_as(…, session=session)`")


def main() -> None:
    """Write both sides in one transaction, read them back through the ORM, and see a direct write refused."""
    crm.migrate()
    Base.metadata.create_all(engine)  # the host's own tables: ours are in a MetaData of their own
    mei = Principal("mei", roles={"administrator"})

    with Session(engine) as session, session.begin():
        with crm.acting_as(mei, session=session) as ws:
            account = ws.create(Account(name="Rhein Import", country="DE", annual_revenue=Money("1500000", "EUR")))
        session.add(Order(reference=f"W-{account.number}", account_id=account.id))

    with Session(engine) as session:
        for order in session.scalars(select(Order).join(CrmAccount).where(alive, CrmAccount.country == "DE")):
            print(order.reference, order.account.name, order.account.revenue)
        order.account.name = "Rhine Imports"
        try:
            session.commit()
        except TypeError as error:
            session.rollback()
            print("refused:", error)

    crm.close()
    engine.dispose()


if __name__ == "__main__":
    main()
