"""Transforms to numbers, money and truth values. What could be two numbers is refused unless the mapping says which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pycrm.errors import MoneyError, Problem
from pycrm.exchange.mapping.cells import check_digits, text_of
from pycrm.exchange.mapping.transforms.currencies import AMBIGUOUS, SIGNS
from pycrm.fields.numbers import take_decimal
from pycrm.schema.transforms import Transform
from pycrm.values.currencies import CURRENCIES
from pycrm.values.money import EXACT, Money

__all__ = ["NUMBERS", "decimal_mark"]

_UNITS = MappingProxyType(
    {
        "万": 4,
        "萬": 4,
        "亿": 8,
        "億": 8,
        "千": 3,
        "百万": 6,
        "百萬": 6,
        "千万": 7,
        "千萬": 7,
        "万亿": 12,
        "万元": 4,
        "亿元": 8,
    }
)
_NOTHING = frozenset({"-", "--", "n/a", "N/A"})
_machine = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_number = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d[\d.,' \u00a0\u202f]*|[.,]\d[\d.,]*)(?:[eE](?P<exponent>[+-]?\d{1,3}))?"
    r"(?P<unit>[万萬亿億千百]*)(?P<percent>%?)(?P<behind>-?)"
).fullmatch
_money = re.compile(
    r"(?P<before>\D*)(?P<amount>\d[\d.,' ]*(?:[eE][+-]?\d{1,3})?[万萬亿億千百]*-?)\s*(?P<behind>\D*)"
).fullmatch
_WORDS: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "true",
                "t",
                "yes",
                "y",
                "1",
                "on",
                "x",
                "✓",
                "✔",
                "√",
                "是",
                "对",
                "對",
                "有",
                "真",
                "ja",
                "oui",
                "si",
                "sí",
            ),
            True,
        ),
        **dict.fromkeys(
            (
                "false",
                "f",
                "no",
                "n",
                "0",
                "off",
                "✗",
                "✘",
                "×",
                "否",
                "不是",
                "错",
                "錯",
                "无",
                "無",
                "假",
                "nein",
                "non",
            ),
            False,
        ),
    }
)


def decimal_mark(sample: str) -> tuple[str, str]:
    """Return the decimal mark and the grouping mark of the number *sample*, ``1.234,56``; empty where it has none."""
    marks = [each for each in sample if not each.isdecimal()]
    if not marks:
        return ".", ""
    return marks[-1], next((mark for mark in marks[:-1]), "")


def _number_of(value: Any, sample: str = "") -> Decimal | None:
    """Return the number that *value* says."""
    if isinstance(value, str) and not sample and _machine(value):
        return Decimal(value)
    if isinstance(value, int | float | Decimal):
        check_digits(value)
        return take_decimal(value)
    check_digits(value)
    text = _plain(text_of(value))
    if text in _NOTHING:
        return None
    negative = text.startswith("(") and text.endswith(")")
    found = _number(text[1:-1].strip() if negative else text)
    if found is None or (found["unit"] and found["unit"] not in _UNITS) or (found["sign"] and found["behind"]):
        raise _no_number(value)
    digits = _digits(found["whole"].strip(), sample, value)
    amount = EXACT.scaleb(Decimal(digits), int(found["exponent"] or 0) + _UNITS.get(found["unit"], 0))
    if found["percent"]:
        amount = EXACT.scaleb(amount, -2)
    if int(amount.as_tuple().exponent) > 0:
        amount = Decimal(int(amount))  # 12000, where Decimal would say 1.2E+4
    return -amount if negative or found["sign"] == "-" or found["behind"] else amount


def _divide(value: Any, divisor: str) -> Decimal | None:
    """Return the number that *value* says, divided by *divisor*, as percent by 100."""
    number = _number_of(value)
    return None if number is None else EXACT.divide(number, Decimal(divisor))


def _plain(text: str) -> str:
    """Return *text* with digits and signs of usual width, and with plain blanks and minus signs."""
    return re.sub(r"[\u2212\u2012\u2013]", "-", unicodedata.normalize("NFKC", text)).replace("\u2019", "'").strip()


def _digits(whole: str, sample: str, value: Any) -> str:
    """Return the digits of *whole* as Python writes them.

    Raises:
        Problem: Its marks are not those of *sample*, or could be read in two ways.
    """
    if sample:
        mark, group = decimal_mark(_plain(sample))
        before, found, after = whole.rpartition(mark) if mark in whole else (whole, "", "")
        if (found and not after.isdecimal()) or not _is_grouped(before, group):
            raise _no_number(value)
        digits = before.replace(group, "") if group else before
        return f"{digits or '0'}.{after}" if after else digits
    marks = {each for each in whole if not each.isdecimal()}
    if marks <= {"."} and whole.count(".") <= 1:
        return whole
    if len(marks) == 2:
        last = max(whole.rindex(mark) for mark in marks)
        return _digits(whole, f"1{(marks - {whole[last]}).pop()}000{whole[last]}0", value)
    mark = marks.pop() if len(marks) == 1 else ""
    if not mark or mark == " " or mark == "'" or whole.count(mark) > 1:
        return _digits(whole, f"1{mark}000{'.' if mark != '.' else ','}0", value) if mark else _raise(value)
    before, _, after = whole.partition(mark)
    if len(after) != 3 or not 1 <= len(before) <= 3 or before == "0":
        return f"{before or '0'}.{after}"  # a comma that cannot be a grouping mark
    raise Problem(
        "import.ambiguous_number",
        message="may be {first} or {second}; tell the form in the mapping, as in {form}",
        form="number('1,234.56')",
        first=before + after,
        second=f"{before}.{after}",
        value=value,
    )


def _raise(value: Any) -> str:
    raise _no_number(value)


def _is_grouped(whole: str, group: str) -> bool:
    """Return whether *whole* is digits, in groups by *group* or not at all."""
    if not group or group not in whole:
        return whole.isdecimal() or not whole
    first, *others, last = whole.split(group)
    return (
        1 <= len(first) <= 3
        and first.isdecimal()
        and len(last) == 3
        and last.isdecimal()
        and all(len(each) in (2, 3) and each.isdecimal() for each in others)
    )


def _no_number(value: Any) -> Problem:
    return Problem(
        "import.no_number",
        message="is no number that the mapping can read; correct it, or tell its form, as in {form}",
        form="number('1.234,56')",
        value=value,
    )


def _money_of(value: Any, currency: str = "", sample: str = "") -> Money | None:
    """Return the money that *value* says; of *currency* where it does not say itself, or could mean several."""
    if isinstance(value, str) and not sample and _machine(value) and currency in CURRENCIES:
        return _in_currency(value, currency, value)
    if isinstance(value, Money):
        return value
    if isinstance(value, int | float | Decimal):
        before, amount, behind = "", _number_of(value), ""
    else:
        check_digits(value)
        try:
            before, amount, behind = _taken_apart(value, sample)
        except Problem as problem:
            if "form" in problem.facts:
                problem.facts["form"] = problem.facts["form"].replace("number(", f"money({currency or 'CNY'}, ")
            raise
    return None if amount is None else _in_currency(amount, _currency(before, behind, currency, value), value)


def _in_currency(amount: Any, currency: str, value: Any) -> Money:
    try:
        return Money(amount, currency)
    except MoneyError:  # a number with a hundred digits
        raise _no_money(value) from None


def _taken_apart(value: Any, sample: str) -> tuple[str, Decimal | None, str]:
    """Return what stands before the amount, the amount, and what stands behind it."""
    text = _plain(text_of(value))
    if text in _NOTHING:
        return "", None, ""
    inside = text[1:-1].strip() if text.startswith("(") and text.endswith(")") else text
    found = _money(inside)
    if found is None:
        raise _no_money(value)
    before, behind = found["before"].strip(), found["behind"].strip()
    signs = [sign for sign in before if sign in "+-"]
    before = before.strip("+- ")
    # Nobody knows whether "Fr .50" is a half; a point or comma belongs to the sign, or to nothing.
    if (before.endswith((".", ",")) and not _code(before) and before not in AMBIGUOUS) or len(signs) > 1:
        raise _no_money(value)
    amount = _number_of(found["amount"], sample)
    is_negative = (inside is not text) != ("-" in signs)
    return before, -amount if is_negative and amount is not None else amount, behind


def _currency(before: str, behind: str, told: str, value: Any) -> str:
    """Return the currency that the texts around an amount name, else *told*."""
    known = {sign for sign in (before, behind.removesuffix("整")) if sign}
    codes = {_code(sign) for sign in known}
    if len(known) > 1 and "" not in codes and len(codes - {None}) > 1:
        raise _no_money(value)
    for sign in known:
        code = _code(sign)
        if code:
            return code
        possible = AMBIGUOUS.get(sign, ())
        if not possible:
            raise _no_money(value)
        if told in possible:
            return told
        raise Problem(
            "import.ambiguous_currency",
            message="{sign} may stand for {currencies}; tell which in the mapping, as in money({first})",
            sign=sign,
            currencies=", ".join(possible),
            first=possible[0],
            value=value,
        )
    if not told:
        raise Problem(
            "import.no_currency",
            message="does not say of which currency it is; tell it in the mapping, as in money(USD)",
            value=value,
        )
    return told


def _code(sign: str) -> str:
    upper = sign.upper()
    return upper if upper in CURRENCIES else SIGNS.get(upper, "")


def _no_money(value: Any) -> Problem:
    return Problem(
        "import.no_money",
        message="is no amount of money that the mapping can read; write it as USD 1,234.50",
        value=value,
    )


@lru_cache(maxsize=64)
def _told_words(words: tuple[str, ...]) -> Mapping[str, bool]:
    return {word.casefold(): place == 0 for place, word in enumerate(words)}


def _boolean(value: Any, *words: str) -> bool:
    """Return whether *value* says yes; of *words*, where told, the first does and the others say no."""
    if isinstance(value, bool):
        return value
    known = _told_words(words) if words else _WORDS
    found = known.get(text_of(value).strip().casefold())
    if found is None:
        raise Problem(
            "import.no_boolean",
            message="says neither yes nor no; tell the words in the mapping, as in boolean(subscribed, unsubscribed)",
            value=value,
        )
    return found


def _check_sample(sample: str = "") -> str:
    if not sample:
        return ""
    mark, group = decimal_mark(_plain(sample))
    is_sound = any(each.isdecimal() for each in sample) and mark in ".," and group in ("", ".", ",", "'", " ")
    return "" if is_sound and mark != group else f"{sample!r} shows no form of numbers; write it as '1.234,56'"


def _check_divisor(divisor: str = "") -> str:
    is_sound = re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", divisor) and Decimal(divisor)
    return "" if is_sound else f"{divisor!r} is no number to divide by; write it as 100"


def _check_money(currency: str = "", sample: str = "") -> str:
    if currency and currency not in CURRENCIES:
        return f"{currency!r} is no active currency of ISO 4217; write its code in capitals"
    return _check_sample(sample)


NUMBERS = (
    Transform("number", _number_of, check=_check_sample),
    Transform("divide", _divide, check=_check_divisor),
    Transform("money", _money_of, check=_check_money),
    Transform("boolean", _boolean, gives="boolean"),
)
