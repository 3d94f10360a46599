"""A promotion of a custom field that is killed has changed nothing, and the next one goes on while others write."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from pycrm import CRM, Account, F, field
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated, running

PER_BATCH = 1_000
REGIONS = ("华东", "华南", "华北", "西南", "east", "east ", "EAST")
PATH = "custom.region"


@check("promotion_killed", promise=43)
def promotion_killed(
    new_database: NewDatabase, seed: int, *, records: int = 60_000, kills: int = 25, seconds: float = 1.0
) -> Mapping[str, Any]:
    """Kill a promotion *kills* times at random moments while another process writes the field; then finish it.

    After each kill the filters must find what the records say. At the end every acknowledged write is there, and the
    columns say what the documents say, for the records of the kills as for all others.
    """
    chance = random.Random(seed)
    url = new_database()
    written: dict[UUID, set[str]] = {}
    cut = wrong = 0
    with migrated(url) as crm:
        _fill(crm, records)
        with crm.reading_as(ADMINISTRATOR) as reader:
            ids = [account.id for account in reader.list(Account, limit=200)]
        for life in range(kills + 1):
            is_last = life == kills
            with running(write, [(url, seed + life, ids)]) as (writer,):
                if is_last:
                    crm.promote_field(ADMINISTRATOR, Account, "region")
                else:
                    cut += _killed(url, chance.uniform(0, seconds))
                writer.kill()
                _note(written, writer.rest())
            wrong += _wrong(crm, written)
            if not is_last and _is_promoted(crm):
                crm.demote_field(ADMINISTRATOR, Account, "region")
        is_promoted = _is_promoted(crm)
    return {
        "passed": wrong == 0 and is_promoted and bool(cut) and bool(written),
        "kills": kills,
        "cut": cut,
        "written": len(written),
        "wrong": wrong,
    }


def _fill(crm: CRM, records: int) -> None:
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.define_field(Account, "region", field.text(), indexed=True)
    for start in range(0, records, PER_BATCH):
        with crm.acting_as(ADMINISTRATOR) as ws:
            numbers = range(start, min(start + PER_BATCH, records))
            ws.create_many([Account(name=f"a{n}", custom={"region": REGIONS[n % len(REGIONS)]}) for n in numbers])


def _killed(url: str, seconds: float) -> bool:
    """Promote in a process that is killed after *seconds*; return whether it was cut off."""
    with running(promote, [(url,)]) as (promoter,):
        time.sleep(seconds)
        promoter.kill()
        return "done" not in promoter.rest()


def _is_promoted(crm: CRM) -> bool:
    with crm.reading_as(ADMINISTRATOR) as reader:
        return reader.fields(Account)[PATH].promoted


def _note(written: dict[UUID, set[str]], said: list[tuple[UUID, str, bool]]) -> None:
    """Note what the field of each record may hold by now: what was committed last, or a write that was cut off."""
    for id, region, is_committed in said:
        if is_committed:
            written[id] = {region}
        elif id in written:
            written[id].add(region)


def _wrong(crm: CRM, written: Mapping[UUID, set[str]]) -> int:
    """Return how many records filters find otherwise than the records say, and how many writes are lost."""
    with crm.reading_as(ADMINISTRATOR) as reader:
        said = {account.id: account.custom["region"] for account in reader.iterate(Account)}
        found = {region: reader.count(Account, where=F[PATH] == region) for region in sorted(set(said.values()))}
    expected = Counter(said.values())
    lost = sum(said[id] not in regions for id, regions in written.items())
    return lost + sum(abs(found[region] - expected[region]) for region in found)


def promote(pipe: Connection, url: str) -> None:
    """Promote the field, and say so; a worker."""
    crm = CRM(url, plugins=[])
    pipe.send("ready")
    crm.promote_field(ADMINISTRATOR, Account, "region")
    pipe.send("done")


def write(pipe: Connection, url: str, seed: int, ids: list[UUID]) -> None:
    """Change the field of one record after the other until killed, naming each before and after it; a worker."""
    chance = random.Random(seed)
    crm = CRM(url, plugins=[])
    with crm.reading_as(ADMINISTRATOR) as reader:
        reader.count(Account)
    pipe.send("ready")
    number = 0
    while True:
        id, region = chance.choice(ids), f"{chance.choice(REGIONS)} {number % 5}"
        pipe.send((id, region, False))
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.update(ws.get(Account, id), custom={"region": region})
        pipe.send((id, region, True))
        number += 1
        time.sleep(0.002)  # leaves a single-writer database to the other process now and then
