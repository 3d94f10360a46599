"""Two CRMs in one process, each with its own plugins, custom fields and data; nothing is shared but code.

    python two_crms.py
    python two_crms.py --database postgresql://localhost/shop

The first makes the files trade.db and service.db, the second the schemas `trade` and `service` of one database.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pycrm import CRM, Account, Principal, ValidationError, field
from pycrm.plugin import Lifecycle, Move, OwnedRecord, Plugin, Ref, State

MEI = Principal("mei", roles={"administrator"})

samples = Plugin("samples", version="1.0")
SAMPLE = Lifecycle(State("asked"), State("sent"), Move("send", "asked", "sent", needs="courier"))


@samples.entity(title="number")
class Sample(OwnedRecord):
    """Something that a customer of the trading company wants to see first."""

    number: str = field.autonumber("SMP-{seq:04}")
    account: Ref[Account] = field.ref(Account, many="samples")
    status: str = field.status(SAMPLE)
    courier: str | None = field.text()


machines = Plugin("machines", version="1.0")


@machines.entity(title="serial_number")
class Machine(OwnedRecord):
    """Something that the service company keeps running."""

    serial_number: str = field.text(unique=True)
    account: Ref[Account] = field.ref(Account, many="machines")


def open_crm(database: str | None, name: str, plugins: Sequence[Plugin]) -> CRM:
    """Open the CRM *name*: a schema of its own in a PostgreSQL database, else a file of its own."""
    crm = CRM(database, schema=name, plugins=plugins) if database else CRM(f"{name}.db", plugins=plugins)
    crm.migrate()
    return crm


def define_fields(crm: CRM, **kinds: object) -> None:
    """Define the custom fields *kinds* of accounts, those that are not there yet."""
    with crm.acting_as(MEI) as ws:
        for name, kind in kinds.items():
            if f"custom.{name}" not in crm.schema.entity(Account).fields:
                ws.define_field(Account, name, kind)


def main() -> None:
    """Fill both CRMs and show that each knows its own world only."""
    parser = argparse.ArgumentParser(description="Two CRMs in one process.")
    parser.add_argument("--database", help="the URL of a PostgreSQL database")
    database = parser.parse_args().database

    trade = open_crm(database, "trade", [samples])
    service = open_crm(database, "service", [machines])
    define_fields(trade, region=field.choice(["Asia", "Europe"]))
    define_fields(service, region=field.integer(), contract_until=field.date())

    with trade.acting_as(MEI) as ws:
        account = ws.create(Account(name="Rhein Import", custom={"region": "Europe"}))
        sample = ws.create(Sample(account=account))
        ws.move(sample, "send", courier="DHL")
    with service.acting_as(MEI) as ws:
        account = ws.create(Account(name="Rhein Import", custom={"region": 7}))
        numbers = range(ws.count(Machine), 3)
        ws.create_many([Machine(serial_number=f"M-{number}", account=account) for number in numbers])
        try:
            ws.create(Account(name="Elbe", custom={"region": "Europe"}))
        except ValidationError as error:
            print("service:", error.problems[0].field, error.problems[0].message)

    for name, crm in {"trade": trade, "service": service}.items():
        own = [entity for entity in crm.entities if "." in entity]
        custom = [path for path in crm.schema.entity(Account).fields if path.startswith("custom.")]
        with crm.reading_as(MEI) as reader:
            counts = {entity: reader.count(crm.entities[entity]) for entity in ["account", *own]}
        print(f"{name}: {counts}, {custom}")
        crm.close()


if __name__ == "__main__":
    main()
