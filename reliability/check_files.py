"""No attachment loses its file, whoever removes unused ones meanwhile."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pycrm import CRM, Account, Attachment, FileLostError
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated, running

CONTENTS = 5  # few, so that what one unit brings is what another one has just purged
AT_ONCE = timedelta()


@check("files_kept")
def files_kept(new_database: NewDatabase, seed: int, *, processes: int = 3, units: int = 1_000) -> Mapping[str, Any]:
    """Attach, roll back and purge equal files in *processes* of *units* each, and remove unused ones all the time.

    Every attachment must have its file in the end, and every file that is left must be named.
    """
    url = new_database()
    with tempfile.TemporaryDirectory() as folder, migrated(url) as crm:
        with crm.acting_as(ADMINISTRATOR) as ws:
            account = ws.create(Account(name="files"))
        arguments = [(url, folder, str(account.id), seed * 100 + number, units) for number in range(processes)]
        keeper = CRM(url, plugins=[], files=folder)
        removed = 0
        with running(use_files, arguments) as workers:
            waiting = list(workers)
            while waiting:
                removed += len(keeper.remove_unused_files(older_than=AT_ONCE))
                waiting = [worker for worker in waiting if not worker.pipe.poll()]
            done = sum(worker.hear() for worker in workers)
        removed += len(keeper.remove_unused_files(older_than=AT_ONCE))
        lost, rows = 0, 0
        with keeper.reading_as(ADMINISTRATOR) as reader:
            for attachment in reader.iterate(Attachment):
                rows += 1
                try:
                    reader.open_attachment(attachment).close()
                except FileLostError:
                    lost += 1
            named = {attachment.digest for attachment in reader.iterate(Attachment)}
        left = {file.name for file in Path(folder).glob("??/*")}
        keeper.close()
    return {
        "passed": lost == 0 and left == named and removed > 0,
        "units": done,
        "rows": rows,
        "lost": lost,
        "removed": removed,
        "files_without_row": len(left - named),
    }


def use_files(pipe: Connection, url: str, folder: str, account_id: str, seed: int, units: int) -> None:
    """Attach a file per unit, and take half of them back in one way or another; a worker."""
    chance = random.Random(seed)
    crm = CRM(url, plugins=[], files=folder)
    pipe.send("ready")
    for _ in range(units):
        try:
            with crm.acting_as(ADMINISTRATOR) as ws:
                content = b"%d" % chance.randrange(CONTENTS)
                made = ws.attach(ws.get(Account, account_id), "a", content)
                if chance.random() < 0.3:
                    raise ZeroDivisionError  # any error will do
        except ZeroDivisionError:
            continue
        if chance.random() < 0.95:
            with crm.acting_as(ADMINISTRATOR) as ws:
                ws.purge(ws.get(Attachment, made.id))
    pipe.send(units)
    crm.close()
