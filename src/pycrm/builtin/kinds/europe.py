"""Identifiers of traders in the European Union, Northern Ireland and Great Britain."""

from __future__ import annotations

from pycrm.builtin.kinds.scheme import Scheme
from pycrm.plugin import MissingExtraError

__all__ = ["EORI", "VAT"]

_EU = "AT|BE|BG|CY|CZ|DE|DK|EE|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK"


def _prove_vat(number: str) -> str | None:
    """Ask python-stdnum, which knows each country's form and check digits."""
    try:
        from stdnum.eu import vat
        from stdnum.exceptions import ValidationError
    except ImportError as error:
        raise MissingExtraError(
            "identifiers of the scheme 'vat' are checked by python-stdnum; "
            "install it by: pip install 'pycrm[identifiers]'",
            extra="identifiers",
        ) from error
    try:
        return str(vat.validate(number))
    except ValidationError:
        return None


VAT = Scheme(
    name="vat",
    label={"en": "VAT number", "zh": "增值税识别号"},
    form=rf"(?:{_EU}|EL|XI|GB)[A-Z0-9+*]{{2,12}}",
    example="DE136695976",
    prove=_prove_vat,
    tell=lambda number: {"country": "GR" if number.startswith("EL") else number[:2]},
    separators=" -.",
)
"""The number of a tax payer, with its country's prefix; Greece writes EL, Northern Ireland XI."""

EORI = Scheme(
    name="eori",
    label={"en": "EORI number", "zh": "EORI 号"},
    form=rf"(?:{_EU}|GR|XI|GB)[A-Z0-9]{{1,15}}",
    example="DE1234563",
    tell=lambda number: {"country": number[:2]},
    separators=" -.",
)
"""The number of an economic operator at the customs; what follows the country has no check digit in common."""
