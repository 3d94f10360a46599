"""What a check is made of: the decorator that names it and the register that the runner reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

NewDatabase = Callable[[], str]
Proof = Callable[[NewDatabase, int], Mapping[str, Any]]


@attrs.frozen
class Check:
    """A named proof of one promise."""

    name: str
    promise: int | None
    function: Proof


CHECKS: dict[str, Check] = {}


def check(name: str, *, promise: int | None = None) -> Callable[[Proof], Proof]:
    """Register a function under *name*.

    The function takes a factory that returns the URL of one more empty database, and a seed from which all of its
    chance comes.  It returns its figure: a mapping for JSON with ``passed`` and the numbers that show it.

    Args:
        name: Short and unique, as the command line takes it.
        promise: The number of the promise that it proves.
    """

    def register(function: Proof) -> Proof:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        CHECKS[name] = Check(name, promise, function)
        return function

    return register
