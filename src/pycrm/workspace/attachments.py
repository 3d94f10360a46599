"""Attachments: files about records. The bytes go to the file store, what is known of them into a row."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from pycrm.entities import Attachment
from pycrm.errors import ConfigurationError, Problem, ValidationError
from pycrm.schema import Record
from pycrm.storage.files import FileStore
from pycrm.values.file_limits import read_content_type
from pycrm.workspace.context import UnitContext
from pycrm.workspace.view import View

__all__ = ["FileData", "attach", "open_attachment", "store_of"]

FileData: TypeAlias = bytes | os.PathLike[str] | IO[bytes]
"""What a file may be given as: its bytes, its path, or a stream to be read to its end."""

UNKNOWN_TYPE = "application/octet-stream"


def attach(
    ws: View,
    record: Record,
    name: str,
    data: FileData,
    content_type: str | None,
    description: str | None,
    write: Callable[[Attachment], None],
) -> Attachment:
    """Write *data* to the file store and, by *write*, a row about *record*; see `Workspace.attach`."""
    ctx = ws._ctx
    ctx.unit.check_usable()
    ws._require("create", ctx.tools.schema.entity(Attachment))
    store = store_of(ctx)
    attachment = Attachment(about=record, name=name, description=description)
    try:
        attachment.content_type = read_content_type(content_type or _guess_type(str(name)))
        with _opened(data) as source, store.stage(source, attachment.content_type) as file:
            # Whoever removes files that no row names waits for writing units to end, so the row is in time.
            ctx.begin_writing()
            store.keep(file, ctx.services.known_installation)
            attachment.digest, attachment.size_bytes = file.digest, file.size_bytes
    except Problem as problem:
        problem.record, problem.field = attachment, "content_type" if "_type" in problem.code else "size_bytes"
        raise ValidationError([problem], entity="attachment") from problem
    write(attachment)
    return attachment


def open_attachment(ctx: UnitContext, attachment: Attachment) -> IO[bytes]:
    """Return the file of *attachment*, a record as it is stored."""
    return store_of(ctx).open(attachment.digest)


def store_of(ctx: UnitContext) -> FileStore:
    """Return where files are.

    Raises:
        ConfigurationError: The CRM was given no place for them.
    """
    if ctx.services.files is None:
        raise ConfigurationError(
            "this CRM has no place for files; give it one, as in CRM(database, files='/srv/files')"
        )
    return ctx.services.files


def _guess_type(name: str) -> str:
    import mimetypes  # with tables that most programs need not wait for

    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE


@contextmanager
def _opened(data: Any) -> Iterator[IO[bytes]]:
    if isinstance(data, (bytes, bytearray, memoryview)):
        yield io.BytesIO(data)
    elif isinstance(data, os.PathLike):
        with Path(data).open("rb") as file:
            yield file
    elif hasattr(data, "read"):
        yield data
    else:
        raise ConfigurationError(
            f"an attachment is made of bytes, a pathlib.Path or an open binary file, not of {type(data).__name__}"
        )
