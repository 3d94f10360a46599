"""Numbers that an authority gives out, by scheme: of companies, residents, payment cards, tax payers, traders.

A plugin brings schemes of its own by a kind of its own::

    @plugin.field_kind
    @attrs.frozen
    class BankIdentifierKind(IdentifierKind):
        name = "bank.identifier"
        schemes = {scheme.name: scheme for scheme in (IBAN, BIC)}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.cards import PAYMENT_CARD
from pycrm.builtin.kinds.china import RESIDENT, USCC
from pycrm.builtin.kinds.europe import EORI, VAT
from pycrm.builtin.kinds.plugin import plugin
from pycrm.builtin.kinds.scheme import Scheme
from pycrm.plugin import EQUALITY, ConfigurationError, Fit, Kind, Problem, ScalarKind, nearest, take_text

__all__ = ["IdentifierKind"]

_SCHEMES = (USCC, RESIDENT, PAYMENT_CARD, VAT, EORI)


@plugin.field_kind
@attrs.frozen
class IdentifierKind(ScalarKind):
    """A number after some scheme, kept without spaces and hyphens and in capitals.

    Attributes:
        scheme: Its name among *schemes*.
        schemes: Those that the kind knows.
    """

    name: ClassVar[str] = "identifier"
    python_type: ClassVar[type] = str
    operators: ClassVar[frozenset[str]] = EQUALITY
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})
    schemes: ClassVar[Mapping[str, Scheme]] = MappingProxyType({scheme.name: scheme for scheme in _SCHEMES})

    scheme: str
    _form: Callable[[str], Any] = attrs.field(init=False, eq=False, repr=False)

    @_form.default
    def _compile_form(self) -> Callable[[str], Any]:
        return re.compile(self.rules.form).fullmatch

    @property
    def rules(self) -> Scheme:
        """The scheme itself.

        Raises:
            ConfigurationError: There is none of this name.
        """
        try:
            return self.schemes[self.scheme]
        except KeyError:
            raise ConfigurationError(
                f"there is no scheme {self.scheme!r} of identifiers; "
                f"there are {', '.join(self.schemes)}{nearest(self.scheme, self.schemes)}",
                value=self.scheme,
            ) from None

    @property
    def sensitive(self) -> bool:
        return self.rules.sensitive

    def parse(self, value: Any) -> str:
        rules = self.rules
        text = self._take(value)
        # Digits, letters and hyphens as East Asian keyboards write them become plain ones.
        plain = unicodedata.normalize("NFKC", text).upper()
        number = plain.translate(dict.fromkeys(map(ord, rules.separators))).strip()
        shown = self.display(text)
        if not self._form(number):
            raise Problem(
                "identifier.wrong_form",
                message="is no {scheme}; write it as {example}",
                scheme=rules.called("en"),
                scheme_zh=rules.called("zh"),
                example=rules.example,
                value=shown,
            )
        proved = rules.prove(number)
        if proved is None:
            raise Problem(
                "identifier.wrong_check",
                message="is no {scheme}: a check digit or a date in it is wrong; compare it with the document",
                scheme=rules.called("en"),
                scheme_zh=rules.called("zh"),
                value=shown,
            )
        return proved

    def _take(self, value: Any) -> str:
        try:
            return take_text(value)
        except Problem as problem:
            if self.sensitive:
                problem.facts["value"] = self.display(str(problem.facts["value"]))
            raise

    def display(self, value: str) -> str:
        return self.rules.mask(value) if self.sensitive else value

    def tell(self, value: str) -> Mapping[str, Any]:
        """Return what else the number says, by name: the day of birth and the gender of a resident."""
        return self.rules.tell(value)

    def fit(self, old: Kind) -> Fit:
        if isinstance(old, IdentifierKind) and old.name == self.name:
            return Fit.ALL if old.scheme == self.scheme else Fit.SOME
        return super().fit(old)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.rules.form}$"}
