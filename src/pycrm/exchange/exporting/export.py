"""One export: what is asked for, chosen, written page by page, and noted in the audit trail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import PurePath
from typing import IO, Any, Final, Literal, TypeAlias, get_args

import attrs

from pycrm.errors import ConfigurationError, QueryError, nearest
from pycrm.exchange.exporting.asked import Asked
from pycrm.exchange.exporting.cells import OutColumn, heads_apart, labelled, named
from pycrm.exchange.exporting.columns import Column, column_of, include_of, usual_paths
from pycrm.exchange.exporting.reach import ExportReach
from pycrm.exchange.target import Target, opened
from pycrm.query import Where
from pycrm.schema import Entity, Record
from pycrm.workspace import Reader
from pycrm.workspace.views import Wanted

__all__ = ["FORMATS", "ExportReport", "Headers", "export", "format_of"]

Headers: TypeAlias = Literal["names", "labels"]
OnProgress: TypeAlias = Callable[[int, int], object]

FORMATS: Final = {
    "csv": (".csv",),
    "xlsx": (".xlsx",),
    "jsonl": (".jsonl", ".ndjson"),
    "vcard3": (".vcf", ".vcard"),
    "vcard4": (),
    "parquet": (".parquet",),
}
"""The formats, with the ends of file names that mean them."""
ENCODINGS: Final = ("utf-8", "gb18030")
PAGE: Final = 200  # as many as `Reader.iterate` reads at a time
_CARDS = ("vcard3", "vcard4")


@attrs.frozen
class ExportReport:
    """What was written.

    Attributes:
        entity: The entity's name.
        format: One of `FORMATS`.
        records: How many records.
        left_out: How many more the filter selected that the principal may read, but not export.
        columns: The headers; nothing for cards.
    """

    entity: str
    format: str
    records: int
    left_out: int
    columns: tuple[str, ...]


@attrs.frozen
class Order:
    """How it is to be written; see `CRM.export`."""

    format: str
    headers: Headers = "names"
    language: str = "en"
    encoding: str = "utf-8"
    bom: bool = False

    @classmethod
    def of(cls, target: Target, format: str | None, **asked: Any) -> Order:
        """Return the order, checked.

        Raises:
            ConfigurationError: There is no such format, encoding or kind of headers, or they do not go together.
        """
        order = cls(_format(target, format), **asked)
        if order.headers not in get_args(Headers):
            raise ConfigurationError(f"headers={order.headers!r} is neither 'names' nor 'labels'", value=order.headers)
        if order.encoding.lower() not in ENCODINGS:
            raise ConfigurationError(
                f"encoding={order.encoding!r} does not hold every character; take one of {', '.join(ENCODINGS)}",
                value=order.encoding,
            )
        if (order.encoding.lower() != "utf-8" or order.bom) and order.format != "csv":
            raise ConfigurationError(f"{order.format} has an encoding of its own; encoding= and bom= are for csv")
        if order.bom and order.encoding.lower() != "utf-8":
            raise ConfigurationError(f"bom= marks UTF-8; leave it out with encoding={order.encoding!r}")
        return order


def export(
    open_unit: Callable[[], AbstractContextManager[Reader]],
    entity: type[Record] | str,
    to: Target,
    *,
    where: Where = None,
    values: Mapping[str, Any] | None = None,
    order_by: str | None = None,
    columns: Sequence[str] | str | None = None,
    view: Wanted | None = None,
    format: str | None = None,
    headers: Headers = "names",
    language: str = "en",
    encoding: str = "utf-8",
    bom: bool = False,
    on_progress: OnProgress | None = None,
) -> ExportReport:
    """Write records to a file; see `CRM.export`.

    Args:
        open_unit: Opens a unit that may write, for whom the export is: its trace is committed before the file is there.
        entity: As in `CRM.export`, and so are all that follow.
        to: Where to.
        where: Which records.
        values: Of the filter.
        order_by: In which order.
        columns: What of them.
        view: The view that says these.
        format: Of the file.
        headers: And what cells hold.
        language: Of labels.
        encoding: Of CSV.
        bom: Of CSV.
        on_progress: Who watches.
    """
    order = Order.of(to, format, headers=headers, language=language, encoding=encoding, bom=bom)
    with opened(to) as file, open_unit() as ws:
        known = ws._ctx.tools.schema.entity(entity)
        ws._readable(known.record_class)
        ws._check_moved()
        seen = ws._readable(known.record_class)
        asked = Asked.of(ws, seen, where, values, order_by, columns, view)
        if order.format in _CARDS and asked.paths is not None:
            raise ConfigurationError("cards have no columns; leave columns= and view= out, or take another format")
        run = _Run(ws, seen, order, asked)
        try:
            run.write(file, on_progress)
        except BaseException:
            run.note(to, is_whole=False)
            raise
        run.note(to, is_whole=True)
        return run.report()


def format_of(name: str) -> str | None:
    """Return the format that the ending of a file's *name* stands for; None where it stands for none."""
    end = PurePath(name).suffix.lower()
    return next((each for each, ends in FORMATS.items() if end in ends), None)


def _format(target: Target, format: str | None) -> str:
    if format is None:
        name = os.fspath(target) if isinstance(target, (str, os.PathLike)) else ""
        format = format_of(name)
        if format is None:
            raise ConfigurationError(
                f"the name {name!r} does not say which format is meant; give format=, one of {', '.join(FORMATS)}",
                value=name,
            )
    if format not in FORMATS:
        raise ConfigurationError(
            f"there is no format {format!r}; take one of {', '.join(FORMATS)}{nearest(format, FORMATS)}", value=format
        )
    return format


class _Run:
    """One export on its way."""

    def __init__(self, ws: Reader, entity: Entity, order: Order, asked: Asked) -> None:
        self._ws = ws
        self._entity = entity
        self._order = order
        self._asked = asked
        schema = ws._reads.schema
        paths = asked.paths or usual_paths(entity)
        self._columns = [column_of(schema, entity, path) for path in dict.fromkeys(paths)]
        self._reach = ExportReach(ws, entity, self._columns)
        self._heads: tuple[str, ...] = ()
        self._records = 0
        self._left_out = 0

    def write(self, file: IO[bytes], on_progress: OnProgress | None) -> None:
        """Write everything."""
        if self._order.format in _CARDS:
            self._write_cards(file, on_progress)
        elif self._order.format == "jsonl":
            self._write_lines(file, on_progress)
        else:
            self._write_rows(file, on_progress)

    def report(self) -> ExportReport:
        """Return what was written."""
        return ExportReport(self._entity.name, self._order.format, self._records, self._left_out, self._heads)

    def note(self, target: Target, *, is_whole: bool) -> None:
        """Leave a trace of who took what away, also where it did not come to a whole file."""
        node = None if self._asked.where is None else self._asked.where.node
        facts: dict[str, Any] = {"format": self._order.format, "count": self._records}
        if not is_whole:
            facts["failed"] = True
        if isinstance(target, (str, os.PathLike)):
            facts["file"] = PurePath(target).name
        if node is not None:
            facts["where"] = _told(node)
        if self._asked.values:
            facts["values"] = {name: str(value) for name, value in self._asked.values.items()}
        if self._asked.view is not None:
            facts["view"] = self._asked.view
        fields = () if self._order.format in _CARDS else tuple(column.path.path.text for column in self._columns)
        self._ws._note("exported", action="export", entity=self._entity.name, fields=fields, facts=facts)

    def _pages(self, include: str, on_progress: OnProgress | None) -> Iterator[list[Record]]:
        asked, cursor = self._asked, None
        entity = self._entity.record_class
        total = 0 if on_progress is None else self._ws.count(entity, where=asked.where, values=asked.values)
        while True:
            page = self._ws.list(
                entity,
                where=asked.where,
                values=asked.values,
                order_by=asked.order_by,
                limit=PAGE,
                after=cursor,
                include=include,
            )
            kept = self._reach.kept(page)
            self._records += len(kept)
            self._left_out += len(page) - len(kept)
            if kept:
                yield kept
            if on_progress is not None:
                done = self._records + self._left_out
                on_progress(done, max(done, total))
            if (cursor := page.next_cursor) is None:
                return

    def _write_rows(self, file: IO[bytes], on_progress: OnProgress | None) -> None:
        columns = self._out_columns()
        self._heads = tuple(column.head for column in columns)
        cells = [(out.column, out.column.path.field.kind.empty, out.make) for out in columns]
        writer = self._writer(file, columns)
        try:
            for page in self._pages(include_of(self._columns), on_progress):
                withheld = self._reach.withheld(page)
                writer.write([_row(cells, record, withheld) for record in page])
            writer.close()
        except BaseException:
            writer.abandon()
            raise

    def _out_columns(self) -> list[OutColumn]:
        order, found = self._order, []
        for column in self._columns:
            if order.headers == "labels":
                found += labelled(column, self._ws._ctx.services.labels(), order.language)
            else:
                found += named(column, with_units=order.format == "parquet")
        return heads_apart(found)

    def _writer(self, file: IO[bytes], columns: Sequence[OutColumn]) -> Any:
        order = self._order
        if order.format == "csv":
            from pycrm.exchange.exporting.delimited import DelimitedWriter

            return DelimitedWriter(file, columns, encoding=order.encoding, bom=order.bom)
        if order.format == "xlsx":
            from pycrm.exchange.exporting.workbook import WorkbookWriter

            name = self._ws._ctx.services.labels().entity(self._entity.name, order.language)
            return WorkbookWriter(file, columns, name=name)
        from pycrm.exchange.exporting.parquet import ParquetWriter

        return ParquetWriter(file, columns)

    def _write_lines(self, file: IO[bytes], on_progress: OnProgress | None) -> None:
        from pycrm.exchange.exporting.lines import write_lines

        columns = [(self._line_name(column), column) for column in self._columns]
        self._heads = tuple(name for name, _ in columns)
        include = include_of([column for column in self._columns if column.path.hops])
        for page in self._pages(include, on_progress):
            write_lines(file, columns, page, self._reach.withheld(page))

    def _line_name(self, column: Column) -> str:
        if self._order.headers == "names":
            return column.path.path.text
        return heads_apart(labelled(column, self._ws._ctx.services.labels(), self._order.language))[0].head

    def _write_cards(self, file: IO[bytes], on_progress: OnProgress | None) -> None:
        from pycrm.exchange.exporting.cards import CardWriter

        cards = CardWriter(
            file, self._ws._reads.schema, self._entity, "4.0" if self._order.format == "vcard4" else "3.0"
        )
        for page in self._pages(cards.include, on_progress):
            cards.write(page)


def _row(cells: Sequence[tuple[Column, Any, Any]], record: Record, withheld: set[Any]) -> list[Any]:
    row = []
    for column, empty, make in cells:
        value = column.value(record, withheld)
        row.append(None if value is None or value == empty else make(value))
    return row


def _told(node: Any) -> str:
    from pycrm.query.writing import write_filter  # which most exports, of everything, never need

    try:
        return write_filter(node)
    except QueryError:
        return repr(node)
