"""A shop on FastAPI keeps an order of its own and an account of the CRM together, over HTTP, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.embedded import ORDER, check_both_or_neither, copy_of, on_sqlite, run, serving

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.slow

ADD_USERS = """\
import app
app.prepare()
app.add_user("mei", "secret", is_staff=True)
app.add_user("bob", "secret", is_staff=False)
app.crm.close()
app.engine.dispose()
"""


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """The running shop, with Mei of its staff logged in."""
    folder = copy_of("embed_fastapi", tmp_path, "fastapi", "uvicorn", "httpx")
    environment = {"SHOP_DATABASE": database_url}
    run(["-c", ADD_USERS], folder, environment)
    with serving(["-m", "uvicorn", "app:app", "--port", "{port}"], folder, environment) as client:
        client.auth = ("mei", "secret")
        yield client


def test_both_or_neither(shop: httpx.Client, database_url: str) -> None:
    """One request writes both sides; an error on either takes both back."""
    check_both_or_neither(shop, database_url)


@on_sqlite
def test_logins_are_the_hosts(shop: httpx.Client) -> None:
    """The host says who somebody is, and by that what the CRM allows."""
    assert shop.post("/orders", json=ORDER, auth=("mei", "wrong")).status_code == 401
    assert shop.post("/orders", json=ORDER, auth=("bob", "secret")).status_code == 403
    assert shop.get("/orders/W-1").status_code == 404


def test_async_work(shop: httpx.Client) -> None:
    """Async code gives its work to `run_async`; a second time the move is refused."""
    number = shop.post("/orders", json=ORDER).json()["account"]

    assert shop.post(f"/accounts/{number}/block").json() == {"status": "blocked"}
    assert shop.post("/accounts/ACC-9/block").status_code == 404
    assert shop.post(f"/accounts/{number}/block").status_code == 409
