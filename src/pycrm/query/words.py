"""The words in which a filter is told, in English. ``[filters]`` of a label file has them in its language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pycrm.values.periods import COUNTED, RELATIVE

__all__ = ["WORDS"]


def _relative(name: str) -> str:
    return name.lower().replace("_", " ")


def _counted(name: str) -> str:
    text = _relative(name).replace(" n ", " {count} ").replace("n days ago", "{count} days ago")
    return text if text.endswith("ago") else f"the {text}"


WORDS: Mapping[str, str] = MappingProxyType(
    {
        # How conditions and values are joined
        "and": " and ",
        "or": " or ",
        "list": ", ",
        "brackets": "({inside})",
        "quotes": "“{text}”",
        "step": "{owner} · {field}",
        "not": "not {inside}",
        "always": "in every case",
        "never": "in no case",
        # Comparisons
        "=": "{left} is {right}",
        "!=": "{left} is not {right}",
        "<": "{left} is less than {right}",
        "<=": "{left} is at most {right}",
        ">": "{left} is more than {right}",
        ">=": "{left} is at least {right}",
        "time <": "{left} is before {right}",
        "time <=": "{left} is not after {right}",
        "time >": "{left} is after {right}",
        "time >=": "{left} is not before {right}",
        "period =": "{left} is in {right}",
        "period !=": "{left} is not in {right}",
        "between": "{left} is between {low} and {high}",
        "in": "{left} is one of {right}",
        "not in": "{left} is none of {right}",
        "contains": "{left} contains {right}",
        "not contains": "{left} does not contain {right}",
        "starts with": "{left} starts with {right}",
        "not starts with": "{left} does not start with {right}",
        "like": "{left} is like {right}",
        "not like": "{left} is not like {right}",
        "has": "{left} has {right}",
        "not has": "{left} does not have {right}",
        "has any": "{left} has one of {right}",
        "not has any": "{left} has none of {right}",
        "has all": "{left} has all of {right}",
        "not has all": "{left} does not have all of {right}",
        "under": "{left} is {right} or below it",
        "not under": "{left} is neither {right} nor below it",
        "is null": "{left} is missing",
        "is not null": "{left} is given",
        # Links to many
        "any": "at least one of {link} fulfils {inside}",
        "all": "each of {link} fulfils {inside}",
        "none": "none of {link} fulfils {inside}",
        "there are": "there are {link}",
        "there are no": "there are no {link}",
        # Values
        "yes": "yes",
        "no": "no",
        "nothing": "nothing",
        "me": "me",
        "my teams": "my teams",
        "my": "my {attribute}",
        **{name: _relative(name) for name in RELATIVE},
        **{name: _counted(name) for name in COUNTED},
        # Functions, with their arguments by number
        "ABS()": "the absolute value of {0}",
        "ROUND()": "{0} rounded to {1} places",
        "LENGTH()": "the length of {0}",
        "LOWER()": "{0} in lower case",
        "FOLD()": "{0} without regard to case and width",
        "PINYIN()": "the pinyin of {0}",
        "PINYIN_NAME()": "the pinyin of the person's name {0}",
        "CONVERT()": "{0} in {1}",
        "CONVERT() on": "{0} in {1} at the rate of {2}",
        "DATE()": "the date of {0}",
        "YEAR()": "the year of {0}",
        "QUARTER()": "the quarter of {0}",
        "MONTH()": "the month of {0}",
        "DAY()": "the day of the month of {0}",
        "WEEKDAY()": "the weekday of {0}, Monday being 1,",
    }
)
"""Templates by key."""
