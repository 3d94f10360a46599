"""A shop on FastAPI with a CRM inside: its own users, engine and transaction, and an order that refers to an account.

    uvicorn app:app        # then POST /orders, with the login of a user

`POST /orders` writes an account through the CRM and an order through the shop's ORM; either both are kept or none.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel
from sqlalchemy import ForeignKey, Numeric, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pycrm import (
    CRM,
    Account,
    ConflictError,
    MoveNotAllowedError,
    NotAllowedError,
    Principal,
    ValidationError,
    Workspace,
)

engine = create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))
if engine.dialect.name == "sqlite":
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
crm = CRM(engine, plugins=[])


class Base(DeclarativeBase):
    """The shop's own tables."""


class ShopUser(Base):
    """Who may log in."""

    __tablename__ = "shop_user"

    login: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    password: Mapped[bytes]
    is_staff: Mapped[bool] = mapped_column(default=False)


class Order(Base):
    """An order in the shop, of an account in the CRM."""

    __tablename__ = "shop_order"

    reference: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    account_id: Mapped[UUID] = mapped_column(ForeignKey(crm.table(Account).c.id))


def add_user(login: str, password: str, *, is_staff: bool) -> None:
    """Give somebody a login."""
    salt = secrets.token_bytes(16)
    with Session(engine) as session, session.begin():
        session.add(ShopUser(login=login, salt=salt, password=hashed(password, salt), is_staff=is_staff))


def hashed(password: str, salt: bytes) -> bytes:
    """Return what is kept of a password."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def prepare() -> None:
    """Create what is missing: the CRM's tables first, since the shop's refer to them."""
    crm.migrate()
    Base.metadata.create_all(engine)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the shop, and let go of the database at the end."""
    prepare()
    yield
    crm.close()
    engine.dispose()


app = FastAPI(lifespan=lifespan)


def logged_in(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> Principal:
    """Check the login against the shop's own users; the CRM is told who acts and what that user may."""
    with Session(engine) as session:
        user = session.get(ShopUser, credentials.username)
    if user is None or not hmac.compare_digest(hashed(credentials.password, user.salt), user.password):
        raise HTTPException(401, "wrong login", headers={"WWW-Authenticate": "Basic"})
    return Principal(user.login, roles={"administrator"} if user.is_staff else set(), origin="shop")


Actor = Annotated[Principal, Depends(logged_in)]


class NewOrder(BaseModel):
    """The body of `POST /orders`."""

    reference: str
    total: Decimal
    customer: str
    country: str | None = None


@app.post("/orders", status_code=201)
def take_order(given: NewOrder, actor: Actor) -> dict[str, Any]:
    """Write the customer into the CRM and the order into the shop, in one transaction.

    The transaction ends inside this function: a dependency with `yield` would end it after the answer was sent.
    """
    with Session(engine) as session, session.begin():
        with crm.acting_as(actor, session=session) as ws:
            account = ws.create(Account(name=given.customer, country=given.country))
        session.add(Order(reference=given.reference, total=given.total, account_id=account.id))
    return {"reference": given.reference, "account": account.number}


@app.get("/orders/{reference}")
def show_order(reference: str, actor: Actor) -> dict[str, Any]:
    """Read from both sides, in one transaction."""
    with Session(engine) as session, crm.reading_as(actor, session=session) as reader:
        order = session.get(Order, reference)
        if order is None:
            raise HTTPException(404, f"no order {reference!r}")
        return {"total": str(order.total), "customer": reader.get(Account, order.account_id).name}


@app.post("/accounts/{number}/block")
async def block_account(number: str, actor: Actor) -> dict[str, Any]:
    """Change the CRM alone, from async code: the work runs in a thread, in a unit of its own."""

    def work(ws: Workspace) -> str:
        account = ws.find(Account, number=number)
        if account is None:
            raise HTTPException(404, f"no account {number!r}")
        return ws.move(account, "block").status

    return {"status": await crm.run_async(actor, work)}


@app.exception_handler(ValidationError)
def refuse_values(_: Request, error: ValidationError) -> JSONResponse:
    """Tell each problem with its field; the transaction has been rolled back by then."""
    problems = [{"field": each.field, "code": each.code, "message": each.message} for each in error.problems]
    return JSONResponse({"problems": problems}, 422)


@app.exception_handler(NotAllowedError)
def refuse_access(_: Request, error: NotAllowedError) -> JSONResponse:
    """Tell what the user may not do."""
    return JSONResponse({"detail": str(error)}, 403)


@app.exception_handler(ConflictError)
@app.exception_handler(MoveNotAllowedError)
def refuse_change(_: Request, error: Exception) -> JSONResponse:
    """Tell that somebody else was faster, or that the record does not stand where such a move begins."""
    return JSONResponse({"detail": str(error)}, 409)


@app.exception_handler(IntegrityError)
def refuse_duplicate(_: Request, error: IntegrityError) -> JSONResponse:
    """Tell that the shop's own table refused the row."""
    return JSONResponse({"detail": "there is an order with this reference"}, 409)
