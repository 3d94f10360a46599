"""A shop on Django keeps an order of its ORM and an account of the CRM in one transaction, on Django's connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url
from tests.embedded import ORDER, check_both_or_neither, copy_of, on_sqlite, run, serving

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.slow

PREPARE = """\
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
User.objects.create_superuser("mei", password="secret")
"""

IN_ONE_TRANSACTION = """\
import django
django.setup()
from django.contrib.auth.models import User
from django.db import transaction
from pycrm import Account, RecordsCreated
from shop.crm import acting_as, crm
from shop.models import CrmAccount

crm().on(RecordsCreated, lambda facts: print("told", [fact.entity for fact in facts]))
mei = User.objects.get(username="mei")
try:
    with transaction.atomic():
        with acting_as(mei) as ws:
            ws.create(Account(name="Donau"))
        print("seen by the ORM:", CrmAccount.objects.get(name="Donau").number)
        raise ZeroDivisionError
except ZeroDivisionError:
    print("left:", CrmAccount.objects.count())
with transaction.atomic():
    with acting_as(mei) as ws:
        ws.create(Account(name="Elbe"))
    print("not yet")
print("left:", CrmAccount.objects.count())
try:
    CrmAccount.objects.get().save()
except TypeError as error:
    print(error)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example."""
    return copy_of("embed_django", tmp_path, "django", "httpx")


@pytest.fixture
def environment(folder: Path, database_url: str) -> Mapping[str, str]:
    """How the example is told of its database: SQLite is a file beside it, PostgreSQL is left to libpq's variables."""
    settings = {"DJANGO_SETTINGS_MODULE": "shop.settings", "SHOP_SECRET": "of the test"}
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return settings
    host, port = url.query.get("host", url.host), url.query.get("port", url.port)
    known = {"PGDATABASE": url.database, "PGHOST": host, "PGPORT": port, "PGUSER": url.username}
    known["PGPASSWORD"] = url.password
    return settings | {name: str(value) for name, value in known.items() if value}


@pytest.fixture
def database(folder: Path, database_url: str) -> str:
    """The URL under which the test sees the example's database."""
    return f"sqlite:///{folder / 'shop.db'}" if database_url.startswith("sqlite") else database_url


@pytest.fixture
def migrated(folder: Path, environment: Mapping[str, str]) -> Path:
    """The example with its tables, and Mei of its staff as a user."""
    assert "installed parties" in run(["-c", PREPARE], folder, environment)
    return folder


@pytest.fixture
def shop(migrated: Path, environment: Mapping[str, str]) -> Iterator[httpx.Client]:
    """The running shop, with nobody logged in."""
    with serving(["manage.py", "runserver", "--noreload", "127.0.0.1:{port}"], migrated, environment) as client:
        yield client


def log_in(shop: httpx.Client, password: str = "secret") -> int:
    """Log Mei in as a page does, with the CSRF cookie, and return the status of the answer."""
    shop.get("/login")
    shop.headers["X-CSRFToken"] = shop.cookies["csrftoken"]
    status = shop.post("/login", json={"login": "mei", "password": password}).status_code
    shop.headers["X-CSRFToken"] = shop.cookies["csrftoken"]
    return status


def test_both_or_neither(shop: httpx.Client, database: str) -> None:
    """One request writes both sides; an error on either takes both back."""
    assert log_in(shop) == 200
    check_both_or_neither(shop, database)


@on_sqlite
def test_logins_are_the_hosts(shop: httpx.Client) -> None:
    """Nobody writes without Django's login, nor without its CSRF token."""
    assert shop.post("/orders", json=ORDER).status_code == 403
    assert log_in(shop, "wrong") == 401
    assert shop.post("/orders", json=ORDER).status_code == 401
    assert log_in(shop) == 200
    assert shop.get("/orders/W-1").status_code == 404


def test_one_transaction(migrated: Path, environment: Mapping[str, str]) -> None:
    """The ORM sees what the CRM has not committed; the outermost block decides, and only then listeners are told."""
    assert run(["-c", IN_ONE_TRANSACTION], migrated, environment).splitlines() == [
        "seen by the ORM: ACC-000001",
        "left: 0",
        "not yet",
        "told ['account']",
        "left: 1",
        "accounts are written through `shop.crm.acting_as`",
    ]


def test_migrations_are_complete(migrated: Path, environment: Mapping[str, str]) -> None:
    """Django has nothing to do about our tables, and migrating again does nothing."""
    assert "No changes" in run(["manage.py", "makemigrations", "--check"], migrated, environment)
    assert "No migrations to apply" in run(["manage.py", "migrate"], migrated, environment)
