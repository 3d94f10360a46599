"""Our tables beside those of a host: it refers to them, reads them, and its migrations know which are not its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Column, Engine, ForeignKey, Integer, MetaData, Table, insert, inspect, select
from sqlalchemy.exc import IntegrityError
from tests.lab import MEI

from pycrm import CRM, Account, Money, StorageError
from pycrm.errors import UnknownNameError

from .conftest import Open


@pytest.fixture
def cart(crm: CRM, host_engine: Engine) -> Iterator[Table]:
    """A table of the host with a foreign key to accounts."""
    metadata = MetaData()
    account_id = Column("account_id", ForeignKey(crm.table(Account).c.id))
    cart = Table("cart", metadata, Column("id", Integer, primary_key=True), account_id)
    metadata.create_all(host_engine)
    yield cart
    metadata.drop_all(host_engine)


def test_rows_are_python_values(crm: CRM, host_engine: Engine) -> None:
    """A host that selects from our table gets ids and instants as Python values, and amounts as scaled integers."""
    with crm.acting_as(MEI) as ws:
        made = ws.create(Account(name="Elbe", annual_revenue=Money("1.50", "EUR")))
    accounts = crm.table("account")
    columns = accounts.c.id, accounts.c.created_at, accounts.c.annual_revenue, accounts.c.annual_revenue_currency

    with host_engine.connect() as connection:
        row = connection.execute(select(*columns).where(accounts.c.id == made.id)).one()

    assert tuple(row) == (made.id, made.created_at, 15_000, "EUR")


def test_foreign_key_of_a_host(crm: CRM, host_engine: Engine, cart: Table) -> None:
    """A host's column that refers to an account takes its id, and no other."""
    with crm.acting_as(MEI) as ws:
        made = ws.create(Account(name="Elbe"))
    with host_engine.begin() as connection:
        connection.execute(insert(cart).values(account_id=made.id))
        assert connection.scalar(select(cart.c.account_id)) == made.id
    with pytest.raises(IntegrityError), host_engine.begin() as connection:
        connection.execute(insert(cart).values(account_id=uuid4()))


def test_purge_respects_a_host(crm: CRM, host_engine: Engine, cart: Table) -> None:
    """The bin leaves a host's reference alone; a purge is refused while the host refers to the record."""
    with crm.acting_as(MEI) as ws:
        made = ws.create(Account(name="Elbe"))
    with host_engine.begin() as connection:
        connection.execute(insert(cart).values(account_id=made.id))
    with crm.acting_as(MEI) as ws:
        ws.delete(made)
    with pytest.raises(StorageError, match="a table outside this CRM refers"), crm.acting_as(MEI) as ws:
        ws.purge(ws.get_binned(Account, made.id))

    with crm.acting_as(MEI) as ws:
        assert ws.get_binned(Account, made.id).id == made.id


def test_table_is_the_same_each_time(crm: CRM) -> None:
    """A host may ask twice, by class or by name, before and after the CRM was used."""
    table = crm.table(Account)
    with crm.reading_as(MEI) as reader:
        reader.count(Account)

    assert crm.table("account") is table
    assert table.name == "crm_account"
    assert crm.table("lab.sample").metadata is table.metadata


def test_no_table_of_an_unknown_entity(crm: CRM) -> None:
    """An entity that nobody brings has no table, and the nearest names are told."""
    with pytest.raises(UnknownNameError, match="account"):
        crm.table("acount")


def test_owned_tables(crm: CRM, cart: Table, crm_url: str, open_crm: Open, host_engine: Engine) -> None:
    """All tables of the database but the host's are the CRM's, with a plugin's code missing too."""
    without_plugin = open_crm(crm_url, plugins=[])
    names = inspect(host_engine).get_table_names()

    assert {name for name in names if not crm.owns_table(name)} == {cart.name}
    assert {name for name in names if not without_plugin.owns_table(name)} == {cart.name}


@pytest.mark.parametrize(
    ("name", "schema", "owned"),
    [("sales_account", "east", True), ("sales_account", "west", False), ("sales_account", None, False)],
)
def test_owned_tables_of_a_schema(new_database: Callable[[str], str], name: str, schema: str, owned: bool) -> None:
    """A CRM in a schema of its own owns tables of that schema only."""
    crm = CRM(new_database("postgresql"), schema="east", prefix="sales_", plugins=[])

    assert crm.owns_table(name, schema) is owned
    assert not crm.owns_table("crm_account", "east")
