"""Names that are not what they look like, to test what meets them."""

from __future__ import annotations

from random import Random

from pycrm.builtin.parties.confusables import PROTOTYPES
from pycrm.builtin.parties.look_alike import skeleton

__all__ = ["disguised"]


def disguised(name: str, *, seed: int = 0) -> str:
    """Return a text that looks like *name* and is another: one of its characters is replaced.

    Args:
        name: Any text of which at least one character has a look-alike.
        seed: Chooses character and replacement.
    Raises:
        ValueError: Nothing looks like any of its characters.
    """
    rng = Random(seed)  # noqa: S311 - no secret
    places = [at for at, character in enumerate(name) if character in PROTOTYPES]
    rng.shuffle(places)
    for at in places:
        for other in rng.sample(PROTOTYPES[name[at]], k=len(PROTOTYPES[name[at]])):
            made = f"{name[:at]}{other}{name[at + 1 :]}"
            if other.isprintable() and skeleton(made) == skeleton(name):
                return made
    raise ValueError(f"no character of {name!r} has a look-alike")
