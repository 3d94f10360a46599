"""What is acknowledged is there, and what is not is not there by half, whenever the process is killed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from pycrm import CRM, Account, Product
from pycrm.plugin import RecordsCreated
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated, running

PER_BATCH = 200


@check("kill_batch", promise=18)
def kill_batch(new_database: NewDatabase, seed: int, *, kills: int = 50, seconds: float = 0.5) -> Mapping[str, Any]:
    """Kill a process that creates batches, *kills* times at random moments; every batch must be whole or absent.

    A batch is acknowledged once its unit has ended; the process says so, and the check believes it from then on.
    """
    chance = random.Random(seed)
    url = new_database()
    acknowledged: set[str] = set()
    with migrated(url) as crm:
        for life in range(kills):
            with running(create_batches, [(url, str(life))]) as (worker,):
                time.sleep(chance.uniform(0, seconds))
                worker.kill()
                acknowledged |= set(worker.rest())
        with crm.reading_as(ADMINISTRATOR) as reader:
            groups = reader.aggregate(Account, measures=["count()"], group_by="industry")
            trailing = _trailing_rows(reader)
    found = {group["industry"]: group["count()"] for group in groups}
    half = sum(1 for count in found.values() if count != PER_BATCH)
    lost = len(acknowledged - found.keys())
    return {
        "passed": half == lost == trailing == 0 and bool(acknowledged),
        "kills": kills,
        "batches": len(found),
        "acknowledged": len(acknowledged),
        "half": half,
        "lost": lost,
        "rows_of_absent_batches": trailing,
    }


def create_batches(pipe: Connection, url: str, life: str) -> None:
    """Create batches until killed, naming each once it is committed; a worker."""
    crm = CRM(url, plugins=[])
    with crm.reading_as(ADMINISTRATOR) as reader:
        reader.count(Account)
    pipe.send("ready")
    number = 0
    while True:
        name = f"{life}-{number}"
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many([Account(name=name, industry=name, tags=[f"t{life}"]) for _ in range(PER_BATCH)])
        pipe.send(name)
        number += 1


def _trailing_rows(reader: Any) -> int:
    """Return how many change rows have no record and how many records have no change row."""
    sql = (
        "SELECT count(*) FROM crm_change c LEFT JOIN crm_account a ON a.id = c.record_id"
        " WHERE c.entity = 'account' AND a.id IS NULL",
        "SELECT count(*) FROM crm_account a LEFT JOIN crm_change c ON a.id = c.record_id WHERE c.record_id IS NULL",
    )
    return sum(int(reader._ctx.unit.rows(each)[0][0]) for each in sql)


@check("event_iff_commit", promise=24)
def event_iff_commit(
    new_database: NewDatabase, seed: int, *, units: int = 10_000, kills: int = 50, rollbacks: float = 0.3
) -> Mapping[str, Any]:
    """Run *units* of which a share rolls back, in processes that are killed; outbox rows exist exactly for the rest.

    Each unit creates one product, so that each record must have its event and each event its record. What listeners
    were told is told of committed units only, at most once.
    """
    chance = random.Random(seed)
    url = new_database()
    told: list[UUID] = []
    done = 0
    with migrated(url) as crm:
        for life in range(kills + 1):
            part = units - done if life == kills else max(1, units // (kills + 1))
            with running(run_units, [(url, seed * 1000 + life, part, rollbacks)]) as (worker,):
                if life < kills:
                    time.sleep(chance.uniform(0, 0.5))
                    worker.kill()
                said = worker.rest()
            told += [each for each in said if each is not None]
            done += said.count(None)
        with crm.reading_as(ADMINISTRATOR) as reader:
            records = {product.id for product in reader.iterate(Product)}
            events = _events(reader)
    told_ids = set(told)
    figure = {
        "units": done,
        "kills": kills,
        "committed": len(records),
        "commits_without_event": len(records - set(events)),
        "events_without_commit": len(set(events) - records),
        "events_twice": len(events) - len(set(events)),
        "told_without_commit": len(told_ids - records),
        "told_twice": len(told) - len(told_ids),
    }
    wrong = sum(value for name, value in figure.items() if name.endswith(("_event", "_commit", "_twice")))
    return {"passed": wrong == 0 and bool(records), **figure}


def run_units(pipe: Connection, url: str, seed: int, units: int, rollbacks: float) -> None:
    """Create one product per unit, or roll the unit back; a worker.

    It sends the id of each record that a listener was told of, and None after each unit.
    """
    chance = random.Random(seed)
    crm = CRM(url, plugins=[])
    crm.on(RecordsCreated, lambda facts: [pipe.send(id) for fact in facts for id in fact.ids])
    pipe.send("ready")
    for number in range(units):
        rolls_back = chance.random() < rollbacks
        try:
            with crm.acting_as(ADMINISTRATOR) as ws:
                ws.create(Product(code=f"{seed}-{number}", name="x"))
                if rolls_back:
                    raise ZeroDivisionError  # any error will do
        except ZeroDivisionError:
            pass
        pipe.send(None)
    crm.close()


def _events(reader: Any) -> list[UUID]:
    """Return the ids in the outbox rows of created products."""
    rows = reader._ctx.unit.rows("SELECT CAST(payload AS TEXT) FROM crm_outbox WHERE entity = 'product' ORDER BY n")
    return [UUID(id) for (payload,) in rows for id in json.loads(payload)["ids"]]
