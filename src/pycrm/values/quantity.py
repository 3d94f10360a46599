"""Quantity: an exact amount of one unit of measure, and `Quantities`, amounts by unit.

Arithmetic stays within one unit and is exact whatever the decimal context of the thread says. Only `Quantity.to`
converts, between units of one dimension, and only it and division may round, half to even to 34 digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, overload

from pycrm.errors import QuantityError, nearest
from pycrm.values.frozen import Frozen
from pycrm.values.money import EXACT, Number
from pycrm.values.units import Unit, find_unit, known_units

__all__ = ["Quantities", "Quantity"]

_LARGEST_EXPONENT = 60
_QUOTIENT = Context(prec=34, rounding=ROUND_HALF_EVEN)
_own_unit = re.compile(r"[^\W\d_][\w./-]{0,19}").fullmatch
# Without a space between the two, the unit must not begin as a number might go on: "121" is no dozen of ones.
_written = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?)(?:\s+(\S.*)|([^\s\d.].*))").fullmatch

_new = object.__new__


class Quantity(Frozen):
    """An amount of a unit of measure; an immutable value.

    The amount is kept as given: ``Quantity("1.50", "kg")`` has two places, and equals ``Quantity("1.5", "kg")``. The
    unit is kept by its code, so that ``Quantity(1, "公斤")`` is ``Quantity(1, "kg")``. It compares and adds with a
    quantity of the same unit, and with the number 0; quantities of different units are unequal, convert one first.

    Args:
        amount: A Decimal, an int, or text such as ``"12.50"``; never a float.
        uom: A unit of measure: its code, that of UN/ECE Recommendation 20, or a usual spelling. Another word of at
            most 20 characters is a unit of your own, which converts into nothing.
    Raises:
        QuantityError: The amount is no finite number, or the unit no word.
    """

    if TYPE_CHECKING:

        @property
        def amount(self) -> Decimal: ...
        @property
        def uom(self) -> str: ...

    else:
        __slots__ = ("amount", "uom")

    def __init__(self, amount: Decimal | int | str, uom: str) -> None:
        _set_amount(self, _exact(amount))
        _set_uom(self, _code(uom))

    @staticmethod
    def _make(amount: Decimal, uom: str) -> Quantity:
        """Return the quantity of values that are known to be right; for loaders and for results of arithmetic."""
        made: Quantity = _new(Quantity)
        _set_amount(made, amount)
        _set_uom(made, uom)
        return made

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Return the quantity that *text* names, as ``"12.5 kg"``, ``"3箱"``; the inverse of ``str()``.

        Raises:
            QuantityError: The text has another form.
        """
        if found := _written(text.strip()):
            return cls(found[1], found[2] or found[3])
        raise QuantityError(f"{text!r} is no quantity; write amount and unit, as in '12.5 kg'", value=text)

    @property
    def unit(self) -> Unit | None:
        """What is known of the unit; None of one's own unit."""
        return known_units().get(self.uom)

    def to(self, uom: str) -> Quantity:
        """Return the same quantity in another unit of its dimension: ``Quantity("2.5", "t").to("kg")``.

        Raises:
            QuantityError: The units do not convert into each other.
        """
        code = _code(uom)
        if code == self.uom:
            return self
        have, want = self.unit, known_units().get(code)
        if have is None or want is None or have.dimension != want.dimension:
            raise QuantityError(
                f"cannot convert {self} to {code!r}: {_of_dimension(have, self.uom)}", value=self, uom=code
            )
        if have.factor == want.factor:
            return Quantity._make(self.amount, code)
        amount = _QUOTIENT.divide(EXACT.multiply(self.amount, have.factor), want.factor)
        return Quantity._make(_plain(amount), code)

    def rounded(self, places: int) -> Quantity:
        """Return it rounded half to even to *places* digits after the point."""
        return Quantity._make(self.amount.quantize(EXACT.scaleb(1, -places), context=EXACT), self.uom)

    def __add__(self, other: Quantity | int) -> Quantity:
        if isinstance(other, Quantity):
            return Quantity._make(EXACT.add(self.amount, self._same(other, "add")), self.uom)
        return self if _is_zero(other) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Quantity | int) -> Quantity:
        if isinstance(other, Quantity):
            return Quantity._make(EXACT.subtract(self.amount, self._same(other, "subtract")), self.uom)
        return self if _is_zero(other) else NotImplemented

    def __mul__(self, factor: Number) -> Quantity:
        return Quantity._make(EXACT.multiply(self.amount, _number(factor)), self.uom)

    __rmul__ = __mul__

    @overload
    def __truediv__(self, divisor: Quantity) -> Decimal: ...
    @overload
    def __truediv__(self, divisor: Number) -> Quantity: ...
    def __truediv__(self, divisor: Quantity | Number) -> Quantity | Decimal:
        """Return a quantity divided by a number, or the ratio of two quantities of one unit; to 34 digits."""
        if isinstance(divisor, Quantity):
            return _QUOTIENT.divide(self.amount, _divisor(self._same(divisor, "divide")))
        return Quantity._make(_QUOTIENT.divide(self.amount, _divisor(_number(divisor))), self.uom)

    def __neg__(self) -> Quantity:
        return Quantity._make(self.amount.copy_negate() if self.amount else self.amount, self.uom)

    def __abs__(self) -> Quantity:
        return Quantity._make(self.amount.copy_abs(), self.uom)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Quantity):
            return self.uom == other.uom and self.amount == other.amount
        return not self.amount if _is_zero(other) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.amount, self.uom)) if self.amount else hash(0)

    def __lt__(self, other: Quantity | int) -> bool:
        return self.amount < self._comparable(other)

    def __le__(self, other: Quantity | int) -> bool:
        return self.amount <= self._comparable(other)

    def __gt__(self, other: Quantity | int) -> bool:
        return self.amount > self._comparable(other)

    def __ge__(self, other: Quantity | int) -> bool:
        return self.amount >= self._comparable(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.uom}"

    def __repr__(self) -> str:
        return f"Quantity('{self.amount}', {self.uom!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Quantity, (self.amount, self.uom)

    def _same(self, other: Quantity, verb: str) -> Decimal:
        if self.uom != other.uom:
            raise QuantityError(
                f"cannot {verb} {self} and {other}: convert one of them first, as in .to({self.uom!r})",
                uoms=(self.uom, other.uom),
            )
        return other.amount

    def _comparable(self, other: object) -> Decimal | int:
        if isinstance(other, Quantity):
            return self._same(other, "compare")
        if _is_zero(other):
            return 0
        raise QuantityError(f"cannot compare {self} with {other!r}: compare with a Quantity, or with 0", value=other)


_slots: dict[str, Any] = dict(vars(Quantity))
_set_amount = _slots["amount"].__set__
_set_uom = _slots["uom"].__set__


def _exact(amount: object) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        raise QuantityError(f"{amount!r} cannot be an amount; write it as text or Decimal", value=amount)
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise QuantityError(f"{amount!r} is no number; write it as '12.50'", value=amount) from None
    if not exact.is_finite() or abs(exact.adjusted()) > _LARGEST_EXPONENT:
        raise QuantityError(f"{amount!r} cannot be an amount; give a finite, sensible number", value=amount)
    return exact


def _code(uom: object) -> str:
    if isinstance(uom, str):
        if known := find_unit(uom):
            return known.code
        if _own_unit(word := uom.strip()):
            return word
    raise QuantityError(f"{uom!r} is no unit of measure; write its code, as in 'kg'", value=uom)


def _of_dimension(have: Unit | None, uom: str) -> str:
    if have is None:
        return f"{uom!r} is a unit of your own{nearest(uom, known_units())}"
    siblings = ", ".join(unit.code for unit in known_units().values() if unit.dimension == have.dimension)
    return f"a {have.label['en']} converts into {siblings}"


def _plain(amount: Decimal) -> Decimal:
    """Return *amount* without trailing zeros, never in the form ``1E+3``."""
    short = amount.normalize(EXACT)
    return EXACT.quantize(short, Decimal(1)) if short == short.to_integral_value() else short


def _is_zero(other: object) -> bool:
    """Return whether *other* is the number 0, which needs no unit; ``sum()`` begins with it."""
    return isinstance(other, int | Decimal) and other == 0


def _number(value: object) -> Decimal:
    if isinstance(value, int | Decimal):
        return Decimal(value)
    raise QuantityError(f"cannot multiply or divide a quantity by {value!r}: use an int or a Decimal", value=value)


def _divisor(value: Decimal) -> Decimal:
    if not value:
        raise QuantityError("cannot divide a quantity by zero", value=value)
    return value


class Quantities(Mapping[str, Quantity]):
    """Quantities by unit, at most one each; an immutable mapping in the order of the codes.

    What a sum over several units is: `only` gives the single one, `to` adds all up in one unit.
    """

    __slots__ = ("_amounts",)

    def __init__(self, quantities: Iterable[Quantity] = ()) -> None:
        sums: dict[str, Quantity] = {}
        for quantity in quantities:
            sums[quantity.uom] = quantity + sums.get(quantity.uom, 0)
        self._amounts = dict(sorted(sums.items()))

    def only(self) -> Quantity:
        """Return the quantity of the single unit.

        Raises:
            QuantityError: There is none, or more than one.
        """
        if len(self._amounts) == 1:
            return next(iter(self._amounts.values()))
        if not self._amounts:
            raise QuantityError("these Quantities are empty: nothing was summed; test with bool()")
        raise QuantityError(f"these Quantities hold {', '.join(self._amounts)}; pick one, or use .to()", uoms=[*self])

    def to(self, uom: str) -> Quantity:
        """Return the sum of all in one unit.

        Raises:
            QuantityError: One of them does not convert into it.
        """
        return sum((quantity.to(uom) for quantity in self._amounts.values()), start=Quantity(0, uom))

    def __getitem__(self, uom: str) -> Quantity:
        return self._amounts[uom]

    def __iter__(self) -> Iterator[str]:
        return iter(self._amounts)

    def __len__(self) -> int:
        return len(self._amounts)

    def __hash__(self) -> int:
        return hash(tuple(self._amounts.values()))

    def __repr__(self) -> str:
        return f"Quantities([{', '.join(map(repr, self._amounts.values()))}])"
