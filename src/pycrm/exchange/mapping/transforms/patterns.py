"""Patterns that a mapping file may search with: a part of regular expressions whose time is bounded.

Repetition is what lets a search run for hours, so a pattern repeats single characters and classes, not groups, and the
ways in which all its repetitions could share out a text are few. It is looked for in short texts only.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["MAX_TEXT", "objection", "pattern_of"]

MAX_TEXT = 500
MAX_PATTERN = 200
MAX_WAYS = MAX_TEXT**2  # two repetitions without an upper bound

_token = re.compile(
    r"""(?P<escape>\\[dDwWsSbB]|\\[^\w\s])
    |(?P<set>\[\^?(?:\\[dDwWsS]|\\[^\w\s]|[^\[\]\\&~|])+\])
    |(?P<repeat>(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\}))
    |(?P<open>\((?!\?))|(?P<close>\))|(?P<either>\|)|(?P<place>[\^$])
    |(?P<plain>[^\\\[\]{}()*+?|^$])""",
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=256)
def pattern_of(pattern: str) -> re.Pattern[str]:
    """Return *pattern*, of which `objection` has nothing to say, compiled."""
    return re.compile(pattern)


def objection(pattern: str) -> str:
    """Return what keeps *pattern* from being used, as a sentence; an empty text for nothing."""
    if len(pattern) > MAX_PATTERN:
        return f"the pattern has more than {MAX_PATTERN} characters"
    at, ways, before = 0, 1, ""
    while at < len(pattern):
        found = _token.match(pattern, at)
        if found is None:
            return f"the pattern {pattern!r} has at character {at + 1} what patterns of mappings do not know"
        kind, text = str(found.lastgroup), found[0]
        if kind == "repeat":
            if before not in ("escape", "set", "plain"):
                reason = "a group cannot be repeated" if before == "close" else "there is nothing to repeat"
                return f"the pattern {pattern!r} at character {at + 1}: {reason}"
            ways *= _ways(text)
            if ways > MAX_WAYS:
                return f"the pattern {pattern!r} repeats too much; write bounds, as in \\d{{1,4}}"
        if kind == "set" and "--" in text:  # which Python keeps for a difference of sets to come
            return f"the pattern {pattern!r} has two hyphens in a set; write one of them as \\-"
        before, at = kind, found.end()
    try:
        pattern_of(pattern)
    except re.error as error:
        return f"the pattern {pattern!r} cannot be read: {error}"
    return ""


def _ways(repeat: str) -> int:
    """Return how many lengths *repeat* lets a piece of the longest text have."""
    if repeat == "?":
        return 2
    least, comma, most = repeat.strip("{}").partition(",")
    if not least.isdecimal() or (comma and not most):
        return MAX_TEXT
    return abs(int(most) - int(least)) + 1 if comma else 1
