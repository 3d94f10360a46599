"""The rules of attachments."""

from __future__ import annotations

from collections.abc import Iterator

from pycrm.builtin.activities.plugin import plugin
from pycrm.plugin import Attachment, ChangeSet, Problem, Workspace


@plugin.check(Attachment, changed="name digest")
def whole_attachment(ws: Workspace, changes: ChangeSet[Attachment]) -> Iterator[Problem]:
    """An attachment has a file, and a name that whoever saves it can use as it is."""
    for attachment in changes:
        if not attachment.digest:
            yield Problem(
                "attachment.no_file", attachment, "digest", message="is missing: there is no file; use ws.attach"
            )
        if not _is_plain(attachment.name):
            yield Problem(
                "attachment.bad_name",
                attachment,
                "name",
                message="is no plain name of a file; leave out folders and control characters",
                value=attachment.name,
            )


def _is_plain(name: str) -> bool:
    return name.strip() not in ("", ".", "..") and name.isprintable() and not {"/", "\\"} & set(name)
