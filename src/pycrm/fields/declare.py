"""Field declarations, used as ``from pycrm import field``: ``name: str = field.text()``.

To a type checker each function returns the Python type of its values, so that a declaration reads like an attribute;
at run time it returns a `Field`. All take the common options:

- ``default``: a value, or a callable without arguments.
- ``label``, ``help``: language to text; the English label derives from the name.
- ``unique``: no two records outside the bin hold the same value. ``indexed``: the database keeps an index.
- ``read_only``: only hooks and the kernel write it. ``hidden``: not offered in forms and lists.
- ``searchable``: found by full-text search.
- ``open``: those who may read or write the record may read or write it. Fields that an entity declares itself are open
  anyway, unless their kind is sensitive; those of plugins on other entities, and custom ones, are closed until a role
  names them.
- ``was``: its former name, for a renaming upgrade.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from pycrm.fields.attachment import AttachmentKind
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind, Option
from pycrm.fields.dates import DateKind, InstantKind
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind
from pycrm.fields.named import NamedKind
from pycrm.fields.numbers import BooleanKind, DecimalKind, IntegerKind
from pycrm.fields.references import ANY_ENTITY, AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import MAX_TEXT, LongTextKind, TextKind
from pycrm.values.lifecycle import Lifecycle
from pycrm.values.money import Money

__all__ = [
    "Option",
    "any_ref",
    "any_refs",
    "attachment",
    "autonumber",
    "boolean",
    "choice",
    "date",
    "datetime",
    "decimal",
    "integer",
    "long_text",
    "money",
    "multi_choice",
    "of_kind",
    "ref",
    "refs",
    "status",
    "tags",
    "text",
]


class Common(TypedDict, total=False):
    """The options that all kinds have."""

    default: Any | Callable[[], Any]
    label: Mapping[str, str]
    help: Mapping[str, str]
    unique: bool
    indexed: bool
    read_only: bool
    hidden: bool
    searchable: bool
    open: bool
    was: str | None


def of_kind(kind: Kind | str, **common: Unpack[Common]) -> Any:
    """Declare a field of any kind; plugins that bring a kind wrap this in a function that returns its type.

    A kind may be called by its name, ``of_kind("trade.hs_code")``; the name resolves when a CRM is put together.
    """
    return Field(kind=NamedKind(kind) if isinstance(kind, str) else kind, **common)


def text(*, max_length: int = 255, **common: Unpack[Common]) -> str:
    """Declare text of at most *max_length* characters."""
    declared: str = of_kind(TextKind(max_length), **common)
    return declared


def long_text(*, max_length: int = MAX_TEXT, **common: Unpack[Common]) -> str:
    """Declare text of many lines; it is neither sorted nor grouped by."""
    declared: str = of_kind(LongTextKind(max_length), **common)
    return declared


def integer(**common: Unpack[Common]) -> int:
    """Declare a whole number of 64 bits."""
    declared: int = of_kind(IntegerKind(), **common)
    return declared


def decimal(*, places: int = 6, **common: Unpack[Common]) -> Decimal:
    """Declare an exact number with at most *places* digits after the point."""
    declared: Decimal = of_kind(DecimalKind(places), **common)
    return declared


def boolean(**common: Unpack[Common]) -> bool:
    """Declare yes or no."""
    declared: bool = of_kind(BooleanKind(), **common)
    return declared


def date(**common: Unpack[Common]) -> dt.date:
    """Declare a day of the calendar; its name ends in ``_on``."""
    declared: dt.date = of_kind(DateKind(), **common)
    return declared


def datetime(**common: Unpack[Common]) -> dt.datetime:
    """Declare an instant, kept in UTC; its name ends in ``_at``."""
    declared: dt.datetime = of_kind(InstantKind(), **common)
    return declared


def choice(options: Iterable[str | Option], **common: Unpack[Common]) -> str:
    """Declare one of *options*, in the order in which they are shown."""
    declared: str = of_kind(ChoiceKind(options), **common)
    return declared


def multi_choice(options: Iterable[str | Option], **common: Unpack[Common]) -> tuple[str, ...]:
    """Declare several of *options*, in the order in which they are shown."""
    declared: tuple[str, ...] = of_kind(MultiChoiceKind(options), **common)
    return declared


def money(*, places: int | None = None, currency: str | None = None, **common: Unpack[Common]) -> Money:
    """Declare an amount of money; see `MoneyKind` for *places* and *currency*."""
    declared: Money = of_kind(MoneyKind(places, currency), **common)
    return declared


def ref(
    target: type | str,
    *,
    many: str | None = None,
    on_delete: str = "restrict",
    part_of: bool = False,
    rights_from: bool = False,
    soft: bool = False,
    tree: bool = False,
    **common: Unpack[Common],
) -> Any:
    """Declare a reference to one record, annotated as ``Ref[Account]`` or ``OptRef[Account]``; see `RefKind`."""
    kind = RefKind(
        target, many=many, on_delete=on_delete, part_of=part_of, rights_from=rights_from, soft=soft, tree=tree
    )
    return of_kind(kind, **common)


def refs(target: type | str, **common: Unpack[Common]) -> Any:
    """Declare references to several records of one entity, annotated as ``Refs[User]``."""
    return Field(kind=RefsKind(target), place=Place.LINK, **common)


def any_ref(
    *targets: type | str,
    many: str | None = None,
    part_of: bool = False,
    rights_from: bool = False,
    **common: Unpack[Common],
) -> Any:
    """Declare a reference to a record of one of *targets*, or of any entity, annotated as ``OptRef[Any]``.

    See `AnyRefKind` for *many*, *part_of* and *rights_from*.
    """
    return of_kind(AnyRefKind(targets or (ANY_ENTITY,), many, part_of, rights_from), **common)


def any_refs(*targets: type | str, **common: Unpack[Common]) -> Any:
    """Declare references to several records of *targets*, or of any entity, annotated as ``Refs[Record]``."""
    return Field(kind=AnyRefsKind(targets or (ANY_ENTITY,)), place=Place.LINK, **common)


def attachment(
    *,
    max_bytes: int | None = None,
    content_types: Iterable[str] = (),
    many: str | None = None,
    on_delete: str = "restrict",
    **common: Unpack[Common],
) -> Any:
    """Declare a file, annotated as ``OptRef[Attachment]``; see `AttachmentKind` for its limits.

    ``ws.update(product, photo=ws.attach(product, "photo.jpg", data))`` gives it one.
    """
    kind = AttachmentKind(max_bytes=max_bytes, content_types=content_types, many=many, on_delete=on_delete)
    return of_kind(kind, **common)


def autonumber(pattern: str, *, gap_free: bool = False, **common: Unpack[Common]) -> str:
    """Declare a number that the CRM gives after *pattern*, as ``"SO-{year}-{seq:05}"``; see `AutonumberKind`."""
    declared: str = of_kind(AutonumberKind(pattern, gap_free), **common)
    return declared


def tags(**common: Unpack[Common]) -> tuple[str, ...]:
    """Declare names of tags."""
    declared: tuple[str, ...] = of_kind(TagsKind(), **common)
    return declared


def status(lifecycle: Lifecycle, **common: Unpack[Common]) -> str:
    """Declare the state of *lifecycle*; new records begin in its first state."""
    declared: str = of_kind(StatusKind(lifecycle), **common)
    return declared
