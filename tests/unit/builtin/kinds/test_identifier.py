"""Identifiers by scheme, held to python-stdnum where that knows them too."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NumberError
from stdnum.iso7064 import mod_11_2

from pycrm.builtin.kinds import IdentifierKind
from pycrm.builtin.kinds.scheme import Scheme
from pycrm.errors import ConfigurationError, MissingExtraError, Problem
from pycrm.fields.kind import Fit
from pycrm.fields.numbers import DecimalKind
from pycrm.fields.text import TextKind

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SCHEMES = sorted(IdentifierKind.schemes)


def verdict(scheme: str, value: Any) -> str:
    """Return the number that is kept, or the code of the problem."""
    try:
        return IdentifierKind(scheme).parse(value)
    except Problem as problem:
        return problem.code


@pytest.mark.parametrize("scheme", SCHEMES)
def test_example_is_sound(scheme: str) -> None:
    """The number that a message gives as an example is one."""
    example = IdentifierKind.schemes[scheme].example

    assert verdict(scheme, example) == example
    assert verdict(scheme, " - ".join(example.lower())) == example


@pytest.mark.parametrize(
    ("scheme", "value", "kept"),
    [
        ("uscc", "９１３５０１００ m000100Y43", "91350100M000100Y43"),
        ("cn_resident", "110105 19491231 002x", "11010519491231002X"),
        ("payment_card", "4111-1111-1111-1111", "4111111111111111"),
        ("vat", "DE 136.695.976", "DE136695976"),
        ("vat", "BE 697449992", "BE0697449992"),
        ("vat", "EL 023456780", "EL023456780"),
        ("eori", "de 1234563", "DE1234563"),
    ],
)
def test_normal_form_is_kept(scheme: str, value: str, kept: str) -> None:
    """Numbers are taken as people write them, and kept in one form."""
    assert verdict(scheme, value) == kept


@pytest.mark.parametrize(
    ("scheme", "value", "problem"),
    [
        ("uscc", "91350100M000100Y44", "identifier.wrong_check"),
        ("uscc", "91350100M000100Y4", "identifier.wrong_form"),
        ("uscc", "91350100I000100Y43", "identifier.wrong_form"),
        ("cn_resident", "110105194912310021", "identifier.wrong_check"),
        ("cn_resident", "110105194913310025", "identifier.wrong_check"),
        ("cn_resident", "110105491231002", "identifier.wrong_form"),
        ("payment_card", "4111111111111112", "identifier.wrong_check"),
        ("payment_card", "411111111", "identifier.wrong_form"),
        ("vat", "DE136695977", "identifier.wrong_check"),
        ("vat", "US136695977", "identifier.wrong_form"),
        ("eori", "US1234563", "identifier.wrong_form"),
        ("eori", "", "identifier.wrong_form"),
        ("eori", 5, "text.invalid"),
        ("eori", "DE1\0", "text.unstorable"),
    ],
)
def test_wrong_numbers_are_refused(scheme: str, value: Any, problem: str) -> None:
    """A number of another form, and one whose check digit or date is wrong, are told apart."""
    assert verdict(scheme, value) == problem


@given(st.text("123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=10, max_size=10))
def test_credit_code_agrees_with_library(head: str, tail: str) -> None:
    """The check character of GB 32100 is that which python-stdnum computes."""
    number = head + tail

    assert (verdict("uscc", number) == number) == uscc.is_valid(number)
    sound = number[:17] + uscc.calc_check_digit(number[:17])
    assert verdict("uscc", sound) == sound


@given(st.dates(date(1800, 1, 1), date(2099, 12, 31)), st.integers(0, 999))
def test_resident_number_agrees_with_library(born: date, sequence: int) -> None:
    """The check character of GB 11643 is that of ISO 7064, and the number tells birth and gender."""
    base = f"370202{born:%Y%m%d}{sequence:03}"
    number = base + mod_11_2.calc_check_digit(base)
    facts = IdentifierKind("cn_resident").tell(number)

    assert verdict("cn_resident", number) == number
    assert facts == {"region": "370202", "birth_on": born, "gender": "male" if sequence % 2 else "female"}


@given(st.text("0123456789", min_size=11, max_size=18).map(lambda rest: f"4{rest}"))
def test_card_agrees_with_library(number: str) -> None:
    """The sum of Luhn is that which python-stdnum computes."""
    assert (verdict("payment_card", number) == number) == luhn.is_valid(number)


@given(st.text("0123456789ABCX", min_size=7, max_size=12), st.sampled_from(["DE", "FR", "IT", "NL", "EL", "XI"]))
def test_tax_number_is_the_library_s(rest: str, country: str) -> None:
    """A VAT number is sound when python-stdnum says so."""
    from stdnum.eu import vat

    try:
        expected = vat.validate(country + rest)
    except NumberError:
        expected = "identifier.wrong_check"

    assert verdict("vat", country + rest) == expected


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without python-stdnum a VAT number is not taken unproved; the error says what to install."""
    monkeypatch.setitem(sys.modules, "stdnum.eu", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'pycrm\[identifiers\]'"):
        verdict("vat", "DE136695976")
    assert verdict("vat", "nonsense") == "identifier.wrong_form"


def test_countries_are_told() -> None:
    """VAT and EORI numbers tell their country as ISO 3166 has it."""
    assert IdentifierKind("vat").tell("EL023456780") == {"country": "GR"}
    assert IdentifierKind("eori").tell("DE1234563") == {"country": "DE"}


@pytest.mark.parametrize("value", ["4111111111111112", "41111111111111\0", "41111111x"])
def test_sensitive_numbers_stay_hidden(value: str) -> None:
    """A sensitive number is masked where it is shown, in problems too."""
    kind = IdentifierKind("payment_card")
    with pytest.raises(Problem) as caught:
        kind.parse(value)

    assert kind.sensitive
    assert kind.display("4111111111111111") == "************1111"
    assert "1111" not in str(caught.value.facts["value"])[:-4]
    assert not IdentifierKind("uscc").sensitive
    assert IdentifierKind("uscc").display("91350100M000100Y43") == "91350100M000100Y43"


def test_unknown_scheme_is_refused() -> None:
    """A scheme that nobody brings is refused where the field is declared, with the nearest names."""
    with pytest.raises(ConfigurationError, match="did you mean 'uscc'"):
        IdentifierKind("usc")


@attrs.frozen
class BankIdentifierKind(IdentifierKind):
    """Identifiers of banks, as a plugin would bring them."""

    name: ClassVar[str] = "bank.identifier"
    schemes: ClassVar[Mapping[str, Scheme]] = {"bic": Scheme("bic", {"en": "BIC"}, "[A-Z0-9]{8}", "DEUTDEFF")}


def test_plugin_brings_schemes() -> None:
    """A kind with schemes of its own knows those, and a scheme without Chinese name is called by its English one."""
    with pytest.raises(Problem) as caught:
        BankIdentifierKind("bic").parse("x")

    assert BankIdentifierKind("bic").parse("deut-deff") == "DEUTDEFF"
    assert caught.value.facts["scheme_zh"] == "BIC"
    with pytest.raises(ConfigurationError):
        BankIdentifierKind("uscc")


def test_upgrade_from_text() -> None:
    """A text may become an identifier as it is; another scheme is tried on each value."""
    assert IdentifierKind("uscc").fit(TextKind()) is IdentifierKind("uscc").fit(IdentifierKind("uscc")) is Fit.ALL
    assert IdentifierKind("uscc").fit(IdentifierKind("vat")) is Fit.SOME
    assert IdentifierKind("uscc").fit(DecimalKind()) is Fit.NONE
