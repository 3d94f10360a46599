"""A field: a kind plus what is true of it in one entity. Declared once; everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import attrs

from pycrm.fields.kind import Kind


class Place(Enum):
    """Where a field's parts are stored."""

    COLUMN = "column"  # one column per part in the entity's table
    DOCUMENT = "document"  # one key per part in the entity's `doc` column
    LINK = "link"  # rows of the link table (multi-reference)


@attrs.frozen(eq=False)
class Field:
    """One field of one entity; compared by identity, for a schema has each of its fields once.

    Attributes:
        kind: What its values are.
        name: Its name within its owner (``"incoterm"``); set when the class is made.
        path: How text names it: ``"incoterm"``, ``"trade.incoterm"``, ``"custom.incoterm"``; set by the schema.
        owner: The plugin that brought it, ``"core"`` or ``"custom"``; set by the schema.
        place: Where it is stored; set by the schema.
        required: True when the annotation does not admit None.
        default: A value, or a callable without arguments; filled in by the door where the caller gave nothing.
        label: Language to label; the English one derives from the name where absent.
        help: Language to help text.
        unique: No two records outside the bin hold the same value.
        indexed: The database keeps an index on it.
        read_only: Only hooks and the kernel write it.
        hidden: Not offered in forms and lists.
        searchable: Found by full-text search.
        retired: A custom field that is no longer offered; its values stay readable.
        parked: Brought by a plugin whose code is missing; its values stay readable.
        open: Those who may read or write the record may read or write it; other new fields are closed until a role
            names them.
        was: Its former name, for a renaming upgrade.
        stored_as: The key of a custom field in the document where it is not its name, as after a conversion.
        promoted: Columns repeat what the document holds of it, and are what filters, orders and groups ask.
    """

    kind: Kind
    name: str = ""
    path: str = ""
    owner: str = ""
    place: Place = Place.COLUMN
    required: bool = False
    default: Any | Callable[[], Any] = None
    label: Mapping[str, str] = attrs.field(factory=dict)
    help: Mapping[str, str] = attrs.field(factory=dict)
    unique: bool = False
    indexed: bool = False
    read_only: bool = False
    hidden: bool = False
    searchable: bool = False
    retired: bool = False
    parked: bool = False
    open: bool = False
    was: str | None = None
    stored_as: str = ""
    promoted: bool = False

    @property
    def part_names(self) -> tuple[str, ...]:
        """Return the column names (or document keys) of its parts: ``("amount", "amount_currency")``."""
        base = self.key
        return tuple(base + part.suffix for part in self.kind.parts)

    @property
    def key(self) -> str:
        """Return the stored name: the column, or the key in the document (``"trade.incoterm"``, ``"region"``)."""
        if self.stored_as:
            return self.stored_as
        return self.name if self.owner == "custom" or self.place is not Place.DOCUMENT else self.path

    def shown(self, value: Any) -> Any:
        """Return *value* for whoever reads a message or a log: a sensitive one masked, any other as it is."""
        if value is None or not self.kind.sensitive:
            return value
        # Nobody has judged the value yet, perhaps.
        return self.kind.display(value) if type(value) is self.kind.python_type else "***"

    def make_default(self) -> Any:
        """Return a fresh default value, or None."""
        return self.default() if callable(self.default) else self.default
