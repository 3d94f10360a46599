"""Files that no row names any more: what a rolled back unit or a purge leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pycrm.entities import Attachment
from pycrm.query import F
from pycrm.storage.files import StoredFile
from pycrm.workspace.attachments import store_of
from pycrm.workspace.context import UnitContext

__all__ = ["find_unused_files", "remove_unused_files"]

PORTION = 500
LONGEST_READING = timedelta(days=1)


def find_unused_files(ctx: UnitContext, before: datetime) -> list[StoredFile]:
    """Return the files that no attachment names, one in the bin counted, and that were last brought before then.

    Raises:
        ConfigurationError: The store is another CRM's.
    """
    store = store_of(ctx)
    store.refuse_others(ctx.services.known_installation)
    return store.older(_unnamed(ctx, store.digests()), before)


def remove_unused_files(ctx: UnitContext, found: Iterable[StoredFile], before: datetime) -> list[StoredFile]:
    """Remove those of *found* that are still unused, and what dead processes left behind, and return them.

    It waits until no other unit is writing. One that attaches a file has begun to write before the file is one of the
    store, and ends after its row is written; so either the row is seen here, or the file comes back after it is gone.
    """
    store = store_of(ctx)
    ctx.begin_writing()
    ctx.stored_number(exclusive=True)
    files = store.older(_unnamed(ctx, [file.digest for file in found]), before)
    store.remove(files)
    # However young unused files may be removed: what is being read now is no leftover.
    store.clear_incoming(min(before, datetime.now(UTC) - LONGEST_READING))
    return files


def _unnamed(ctx: UnitContext, digests: list[str]) -> list[str]:
    entity = ctx.tools.schema.entity(Attachment)
    named: set[str] = set()
    for start in range(0, len(digests), PORTION):
        where = F.digest.in_(digests[start : start + PORTION])
        named.update(attachment.digest for attachment in ctx.matching(entity, where, include_binned=True))
    return [digest for digest in digests if digest not in named]
