"""Custom fields that refer to other records."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, event

from pycrm import CRM, Account, ConfigurationError, F, Principal, User, field

MEI = Principal("mei", roles={"administrator"})


@pytest.fixture
def crm(database_url):
    crm = CRM(database_url, plugins=[])
    crm.migrate()
    yield crm
    crm.close()


def agent_and_customer(ws):
    agent = ws.create(Account(name="agent"))
    return agent, ws.create(Account(name="customer", custom={"agent": agent}))


def test_class_names_the_target(crm):
    """A record class names the target of a custom reference, as it does in a declaration."""
    with crm.acting_as(MEI) as ws:
        defined = ws.define_field(Account, "agent", field.ref(Account))

        assert defined.kind.target == "account"


def test_unknown_target_is_refused(crm):
    """A target that is no entity is refused with the nearest names."""
    with crm.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match="did you mean 'account'"):
        ws.define_field(Account, "agent", field.ref("acount"))


def test_path_follows_custom_reference(crm):
    """A filter follows a custom reference, on a SQLite without ``unhex`` too."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "agent", field.ref(Account))
        _, customer = agent_and_customer(ws)

        assert [found.id for found in ws.list(Account, where=F.custom.agent.name == "agent")] == [customer.id]


def test_path_follows_custom_reference_in_host_transaction(tmp_path):
    """So it does on a host's connection."""
    engine = create_engine(f"sqlite:///{tmp_path / 'host.db'}")
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
    crm = CRM(engine, plugins=[])
    crm.migrate()
    with engine.begin() as connection, crm.acting_as(MEI, connection=connection) as ws:
        ws.define_field(Account, "agent", field.ref(Account))
        _, customer = agent_and_customer(ws)

        assert [found.id for found in ws.list(Account, where=F.custom.agent.name == "agent")] == [customer.id]
    crm.close()
    engine.dispose()


def test_included_reference_is_no_change(crm):
    """Loading what custom fields refer to does not change the record."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "agent", field.ref(Account))
        ws.define_field(Account, "keepers", field.refs(User))
        user = ws.create(User(key="li", name="Li"))
        agent, _ = agent_and_customer(ws)
        made = ws.create(Account(name="other", custom={"agent": agent, "keepers": [user]}))
        found = ws.get(Account, made.id, include="custom.agent custom.keepers")

        assert ws.update_many([found]).unchanged == (found,)
        assert (found.custom.agent.record.name, found.custom.keepers[0].record.name) == ("agent", "Li")
