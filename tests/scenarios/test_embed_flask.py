"""A shop on Flask keeps an order of its own and an account of the CRM together, over HTTP, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.embedded import ORDER, check_both_or_neither, copy_of, on_sqlite, run, serving

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.slow

FLASK = ["-m", "flask", "--app", "app"]


@pytest.fixture
def add_user(database_url: str, tmp_path: Path) -> Callable[..., object]:
    """A function that gives somebody a login in the shop."""
    folder = copy_of("embed_flask", tmp_path, "flask", "httpx")

    def add(login: str, *options: str) -> None:
        run([*FLASK, "add-user", login, "--password", "secret", *options], folder, {"SHOP_DATABASE": database_url})

    return add


@pytest.fixture
def shop(database_url: str, tmp_path: Path, add_user: Callable[..., object]) -> Iterator[httpx.Client]:
    """The running shop, with Mei of its staff, and nobody logged in."""
    add_user("mei", "--staff")
    environment = {"SHOP_DATABASE": database_url}
    with serving([*FLASK, "run", "--port", "{port}"], tmp_path / "embed_flask", environment) as client:
        yield client


def log_in(shop: httpx.Client, login: str, password: str = "secret") -> int:
    """Log in, and return the status of the answer."""
    return shop.post("/login", json={"login": login, "password": password}).status_code


def test_both_or_neither(shop: httpx.Client, database_url: str) -> None:
    """One request writes both sides; an error on either takes both back."""
    assert log_in(shop, "mei") == 200
    check_both_or_neither(shop, database_url)


@on_sqlite
def test_logins_are_the_hosts(shop: httpx.Client, add_user: Callable[..., object]) -> None:
    """The host says who somebody is, and by that what the CRM allows."""
    add_user("bob")
    assert shop.post("/orders", json=ORDER).status_code == 401
    assert log_in(shop, "mei", "wrong") == 401
    assert log_in(shop, "bob") == 200
    assert shop.post("/orders", json=ORDER).status_code == 403
    assert log_in(shop, "mei") == 200
    assert shop.get("/orders/W-1").status_code == 404


@on_sqlite
def test_a_wrong_request_writes_nothing(shop: httpx.Client) -> None:
    """What the host itself cannot read takes back what the CRM has written by then."""
    assert log_in(shop, "mei") == 200
    assert shop.post("/orders", json=ORDER | {"total": "much"}).status_code == 400
    assert shop.post("/orders", json=ORDER).json()["account"] == "ACC-000001"
