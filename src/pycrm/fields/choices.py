"""One of some options, or several of them. Options are data: labelled, added and retired, never removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, Problem, nearest
from pycrm.fields.kind import EQUALITY, PRESENCE, Fit, Kind, Part, PartType
from pycrm.fields.text import take_several, take_text

MAX_OPTION_LENGTH = 255


@attrs.frozen
class Option:
    """One value that may be chosen.

    Attributes:
        value: What is stored and what text names.
        label: Language to label.
        retired: No longer offered and no longer taken; records that hold it stay readable.
    """

    value: str
    label: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    retired: bool = False

    def describe(self) -> str | dict[str, Any]:
        """Return it as JSON-able data: the bare value, unless there is more to say."""
        if not self.label and not self.retired:
            return self.value
        return {"value": self.value, "label": dict(self.label), "retired": self.retired}


def _options(given: Iterable[Option | str | Mapping[str, Any]]) -> tuple[Option, ...]:
    if isinstance(given, str):
        raise ConfigurationError(f"options={given!r} is one text; give a list, as in ['FOB', 'CIF']", value=given)
    options = tuple(_option(each) for each in given)
    if not options:
        raise ConfigurationError("a choice needs at least one option")
    seen: set[str] = set()
    for option in options:
        if option.value in seen:
            raise ConfigurationError(f"the option {option.value!r} is given twice; remove one", value=option.value)
        seen.add(option.value)
    return options


def _option(given: Option | str | Mapping[str, Any]) -> Option:
    option = given if isinstance(given, Option) else Option(**given) if isinstance(given, Mapping) else Option(given)
    try:
        text = take_text(option.value)
    except Problem as problem:
        raise ConfigurationError(f"the option {option.value!r} {problem.message}", value=option.value) from problem
    if not 1 <= len(text) <= MAX_OPTION_LENGTH:
        raise ConfigurationError(
            f"the option {text!r} has {len(text)} characters; give it 1 to {MAX_OPTION_LENGTH}", value=text
        )
    return option


@attrs.frozen
class _OptionsKind(Kind):
    """What both kinds share: the options, and the judgement of one value."""

    choices: tuple[Option, ...] = attrs.field(converter=_options, alias="options")
    by_value: Mapping[str, Option] = attrs.field(init=False, eq=False, repr=False)

    @by_value.default
    def _index(self) -> Mapping[str, Option]:
        return {option.value: option for option in self.choices}

    @property
    def offered(self) -> tuple[str, ...]:
        """The values that may be chosen: all but the retired ones, in order."""
        return tuple(option.value for option in self.choices if not option.retired)

    def options(self) -> dict[str, Any]:
        return {"options": [option.describe() for option in self.choices]}

    def fit(self, old: Kind) -> Fit:
        if isinstance(old, _OptionsKind) and old.name == self.name:
            return Fit.ALL if old.by_value.keys() <= self.by_value.keys() else Fit.SOME
        return Fit.SOME if old.name in self.replaces else Fit.NONE

    def keeping(self, old: Kind) -> Kind:
        if not isinstance(old, _OptionsKind) or old.name != self.name:
            return self
        gone = [attrs.evolve(option, retired=True) for option in old.choices if option.value not in self.by_value]
        return attrs.evolve(self, options=(*self.choices, *gone)) if gone else self

    def take(self, value: Any) -> str:
        """Return *value* as text if it may be chosen.

        Raises:
            Problem: It is no option, or a retired one.
        """
        text = take_text(value)
        option = self.by_value.get(text)
        if option is None:
            hint = nearest(text, self.offered)
            raise Problem(
                "choice.unknown",
                message="is none of {options}{hint}",
                options=list(self.offered),
                hint=hint,
                value=value,
            )
        if option.retired:
            raise Problem(
                "choice.retired",
                message="is no longer offered; choose one of {options}",
                options=list(self.offered),
                value=value,
            )
        return text


@attrs.frozen
class ChoiceKind(_OptionsKind):
    """One of some options.

    Attributes:
        choices: The options, given as ``options=``: values or `Option`, in the order in which they are shown.
    """

    name: ClassVar[str] = "choice"
    python_type: ClassVar[type] = str
    replaces: ClassVar[frozenset[str]] = frozenset({"status", "text"})
    operators: ClassVar[frozenset[str]] = EQUALITY

    def parse(self, value: Any) -> str:
        return self.take(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.by_value)}

    def parse_source(self, value: str) -> str | None:
        return f"(type({value}) is str and {value} in {set(self.offered)!r})" if self.offered else None

    def load_source(self, *parts: str) -> str:
        return parts[0]

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (value,)


@attrs.frozen
class MultiChoiceKind(_OptionsKind):
    """Several of some options: a tuple without repetition, in the order of the options.

    Attributes:
        choices: The options, given as ``options=``: values or `Option`, in the order in which they are shown.
    """

    name: ClassVar[str] = "multi_choice"
    python_type: ClassVar[type] = tuple
    replaces: ClassVar[frozenset[str]] = frozenset({"tags"})
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.JSON),)
    operators: ClassVar[frozenset[str]] = PRESENCE
    sortable: ClassVar[bool] = False
    empty: ClassVar[Any] = ()

    def parse(self, value: Any) -> tuple[str, ...]:
        chosen = {self.take(each) for each in take_several(value)}
        return tuple(option for option in self.by_value if option in chosen)

    def parse_source(self, value: str) -> str | None:
        # One chosen option is the commonest case, and the only one that is in order whatever it is.
        is_one = f"type({value}) is tuple and len({value}) == 1 and type({value}[0]) is str"
        return f"({is_one} and {value}[0] in {set(self.offered)!r})" if self.offered else None

    def dump(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def to_parts(self, value: tuple[str, ...]) -> tuple[list[str]]:
        return (list(value),)

    def from_parts(self, *parts: Any) -> tuple[str, ...]:
        return tuple(parts[0])

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(self.by_value)}, "uniqueItems": True}
