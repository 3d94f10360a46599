"""The CRM of the shop, on Django's database and inside Django's transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from sqlalchemy.engine import URL

from pycrm import CRM, Principal, Workspace


@cache
def crm() -> CRM:
    """Return the one CRM of this process."""
    return CRM(database_url(connection.vendor, connection.settings_dict), plugins=[])


def database_url(vendor: str, settings: dict[str, Any]) -> str:
    """Return the URL of Django's database; what is left empty there is left to the environment here too."""
    if vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    where = {"host": settings["HOST"], "port": str(settings["PORT"])}
    url = URL.create(
        "postgresql",
        username=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        database=settings["NAME"],
        query={name: value for name, value in where.items() if value},
    )
    return url.render_as_string(hide_password=False)


@contextmanager
def acting_as(user: AbstractBaseUser) -> Iterator[Workspace]:
    """Open a unit of work for a user of Django's, inside Django's own transaction and on its own connection.

    What the block writes through the ORM and through the workspace is kept together or not at all, with what an
    enclosing `atomic` block writes. Listeners are told after the outermost commit.
    """
    with transaction.atomic():
        borrowed = crm().borrow(connection.connection)
        transaction.on_commit(borrowed.close)
        with crm().acting_as(principal_of(user), connection=borrowed) as ws:
            yield ws


def principal_of(user: Any) -> Principal:
    """Tell the CRM who acts and what that user may."""
    roles = {"administrator"} if user.is_staff else set()
    return Principal(user.get_username(), roles=roles, origin="shop")


def migrate_crm(**_: Any) -> None:
    """Create what is missing, before Django's own migrations, whose tables refer to the CRM's."""
    for line in crm().migrate():
        print(line)
