"""Phone numbers: E.164 where the package ``phonenumbers`` (extra ``people``) can tell, else the digits as they are."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, ClassVar, Literal

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import ConfigurationError, Problem, ScalarKind, take_text

__all__ = ["Phone", "PhoneKind"]

MAX_DIGITS = 20  # E.164 has 15; a prefix to dial abroad comes before them
MAX_WRITTEN = 250  # characters that ``phonenumbers`` takes; the pattern of extensions takes the square of more

_region = re.compile(r"[A-Z]{2}").fullmatch
_extension = re.compile(
    r"[ ,;]*(?:;ext=|\bext(?:ension)?\b\.?|[x#]|转|轉|分机|分機|内线)[ :.]*(\d{1,8})$", re.IGNORECASE
)
_written = re.compile(r"\+?[\d ()./\\*~-]+").fullmatch
_plain = re.compile(r"\+[1-9][0-9 .-]{5,20}").fullmatch
_punctuation = str.maketrans("", "", " .-")


class Phone(str):
    """A phone number: ``+8613812345678``, or only its digits where the country is not known.

    An extension follows as ``;ext=12``, as in RFC 3966.
    """

    __slots__ = ()

    @property
    def is_verified(self) -> bool:
        """Whether it is a number that exists in its country's plan; never without the extra ``people``."""
        library = _library()
        return library is not None and _parsed(library, self, "") is not None

    @property
    def international(self) -> str:
        """The number as people write it, ``+86 138 1234 5678``; as it is where that is not known."""
        library = _library()
        number = None if library is None else _parsed(library, self, "")
        if library is None or number is None:
            return str(self)
        return str(library.format_number(number, library.PhoneNumberFormat.INTERNATIONAL))


@plugin.field_kind
@attrs.frozen
class PhoneKind(ScalarKind):
    """A phone number. What is no number in E.164 is kept as its digits and is not `Phone.is_verified`.

    Attributes:
        region: The country, a code such as ``"CN"``, of numbers that are written without one.
    """

    name: ClassVar[str] = "phone"
    python_type: ClassVar[type] = str
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})
    source_names: ClassVar[dict[str, Any]] = {"phone_value": Phone}
    search_form: ClassVar[Literal["text", "phone"]] = "phone"

    region: str = ""

    def __attrs_post_init__(self) -> None:
        if self.region and not _region(self.region):
            raise ConfigurationError(f"region={self.region!r} is no country; write its code, as CN", value=self.region)

    def parse(self, value: Any) -> Phone:
        library = _library()
        text = take_text(value)
        if library is not None and _plain(text) and (phone := _with_country(library, text)):
            return phone
        text = unicodedata.normalize("NFKC", text).strip()
        if len(text) > MAX_WRITTEN:
            raise _no_phone(value)
        text = _extension.sub(r";ext=\1", text)
        number = None if library is None else _parsed(library, text, self.region)
        if library is not None and number is not None:
            main = str(library.format_number(number, library.PhoneNumberFormat.E164))
            return Phone(f"{main};ext={number.extension}" if number.extension else main)
        return _digits(text, value)

    def dump(self, value: str) -> str:
        return str(value)

    def display(self, value: str) -> str:
        phone = Phone(value)
        return phone.international if phone.is_verified else f"{phone} (?)"

    def search_text(self, value: str) -> str:
        return str(value)

    def to_parts(self, value: str) -> tuple[str]:
        return (str(value),)

    def from_parts(self, *parts: Any) -> Phone:
        return Phone(parts[0])

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": 60}

    def load_source(self, *parts: str) -> str:
        return f"phone_value({parts[0]})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"str({value})",)


@cache
def _library() -> Any:
    """Return the package ``phonenumbers``, or None where it is not installed."""
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


def _with_country(library: Any, text: str) -> Phone | None:
    """Return *text*, digits after a plus sign, without punctuation; None where the library would change a digit.

    It takes a seventh of the time of parsing by the library, and imports have many numbers. Whether there is such a
    number makes no difference to its writing.
    """
    compact = text.translate(_punctuation)
    for length in (1, 2, 3):
        if (code := int(compact[1 : length + 1])) in library.COUNTRY_CODE_TO_REGION_CODE:
            prefix = _national_prefix(code)
            is_kept = len(compact) <= 16 and prefix is not None and not prefix.match(compact, length + 1)
            return Phone(compact) if is_kept else None
    return None


@cache
def _national_prefix(country_code: int) -> re.Pattern[str] | None:
    """Return what the library takes off the front of a country's numbers; None where it goes by other rules."""
    from phonenumbers import PhoneMetadata, region_code_for_country_code

    metadata = PhoneMetadata.metadata_for_region_or_calling_code(
        country_code, region_code_for_country_code(country_code)
    )
    if metadata is None:
        return None
    return re.compile(metadata.national_prefix_for_parsing or "(?!)")


def _parsed(library: Any, text: str, region: str) -> Any:
    """Return *text* as a number of the library if there is such a number, else None.

    Args:
        library: The package ``phonenumbers``.
        text: In its usual spellings.
        region: The country of a number without one; where absent, two zeros lead abroad.
    """
    spellings = [text, f"+{text[2:]}"] if text.startswith("00") else [text]
    for spelling in spellings:
        try:
            number = library.parse(spelling, region or None)
        except library.NumberParseException:
            continue
        if library.is_valid_number(number):
            return number
    return None


def _digits(text: str, value: Any) -> Phone:
    """Return the digits of *text*, with the plus sign before and the extension behind them.

    Raises:
        Problem: It holds something else.
    """
    main, semicolon, extension = text.partition(";ext=")
    digits = "".join(str(unicodedata.decimal(each)) for each in main if each.isdecimal())
    if not _written(main) or not 3 <= len(digits) <= MAX_DIGITS or (semicolon and not extension.isdecimal()):
        raise _no_phone(value)
    plus = "+" if main.startswith("+") else ""
    return Phone(f"{plus}{digits}{semicolon}{extension}")


def _no_phone(value: Any) -> Problem:
    return Problem(
        "phone.invalid",
        message="is no phone number; write it in digits, with the country before it: +86 138 1234 5678",
        value=value,
    )
