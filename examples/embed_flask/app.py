"""A shop on Flask with a CRM inside: its own users, engine and transaction, and an order that refers to an account.

    flask --app app add-user mei --staff
    flask --app app run        # then POST /login and POST /orders

`POST /orders` writes an account through the CRM and an order through the shop's ORM; either both are kept or none.
"""

from __future__ import annotations

import os
import secrets
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import click
from flask import Flask, abort, request, session
from sqlalchemy import ForeignKey, Numeric, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from pycrm import CRM, Account, NotAllowedError, Principal, ValidationError

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
    password: Mapped[str]
    is_staff: Mapped[bool] = mapped_column(default=False)


class Order(Base):
    """An order in the shop, of an account in the CRM."""

    __tablename__ = "shop_order"

    reference: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    account_id: Mapped[UUID] = mapped_column(ForeignKey(crm.table(Account).c.id))


# The CRM's tables first, since the shop's refer to them.
crm.migrate()
Base.metadata.create_all(engine)

app = Flask(__name__)
app.secret_key = os.environ.get("SHOP_SECRET") or secrets.token_bytes(32)
app.config["SESSION_COOKIE_SAMESITE"] = "Strict"


@app.cli.command()
@click.argument("login")
@click.option("--staff", is_flag=True)
@click.password_option()
def add_user(login: str, staff: bool, password: str) -> None:
    """Give somebody a login."""
    with Session(engine) as database, database.begin():
        database.add(ShopUser(login=login, password=generate_password_hash(password), is_staff=staff))


@app.post("/login")
def log_in() -> dict[str, Any]:
    """Check the login against the shop's own users and remember it in the cookie."""
    given = request.get_json()
    with Session(engine) as database:
        user = database.get(ShopUser, given["login"])
    if user is None or not check_password_hash(user.password, given["password"]):
        abort(401)
    session["login"], session["is_staff"] = user.login, user.is_staff
    return {"login": user.login}


def actor() -> Principal:
    """Tell the CRM who acts and what that user may."""
    if "login" not in session:
        abort(401)
    return Principal(session["login"], roles={"administrator"} if session["is_staff"] else set(), origin="shop")


@app.post("/orders")
def take_order() -> tuple[dict[str, Any], int]:
    """Write the customer into the CRM and the order into the shop, in one transaction."""
    given = request.get_json()
    with Session(engine) as database, database.begin():
        with crm.acting_as(actor(), session=database) as ws:
            account = ws.create(Account(name=given["customer"], country=given.get("country")))
        database.add(Order(reference=given["reference"], total=Decimal(given["total"]), account_id=account.id))
    return {"reference": given["reference"], "account": account.number}, 201


@app.get("/orders/<reference>")
def show_order(reference: str) -> dict[str, Any]:
    """Read from both sides, in one transaction."""
    with Session(engine) as database, crm.reading_as(actor(), session=database) as reader:
        order = database.get(Order, reference)
        if order is None:
            abort(404)
        return {"total": str(order.total), "customer": reader.get(Account, order.account_id).name}


@app.errorhandler(ValidationError)
def refuse_values(error: ValidationError) -> tuple[dict[str, Any], int]:
    """Tell each problem with its field; the transaction has been rolled back by then."""
    problems = [{"field": each.field, "code": each.code, "message": each.message} for each in error.problems]
    return {"problems": problems}, 422


@app.errorhandler(NotAllowedError)
def refuse_access(error: NotAllowedError) -> tuple[dict[str, Any], int]:
    """Tell what the user may not do."""
    return {"detail": str(error)}, 403


@app.errorhandler(IntegrityError)
def refuse_duplicate(error: IntegrityError) -> tuple[dict[str, Any], int]:
    """Tell that the shop's own table refused the row."""
    return {"detail": "there is an order with this reference"}, 409


@app.errorhandler(InvalidOperation)
@app.errorhandler(KeyError)
def refuse_request(error: Exception) -> tuple[dict[str, Any], int]:
    """Tell that the body of the request lacks something, or has no number where one belongs."""
    return {"detail": f"the request cannot be read: {error!r}"}, 400
