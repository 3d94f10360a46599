"""Transforms of mappings: what one is, and how a plugin makes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import attrs

from pycrm.errors import ConfigurationError

__all__ = ["Transform", "make_transform"]


@attrs.frozen(eq=False)
class Transform:
    """One transform by the name that mapping files write.

    Attributes:
        name: That of a plugin begins with the plugin's: ``"trade.incoterm"``.
        function: From a value, which is never empty, and the arguments, texts, to a value; None for an empty one. What
            it cannot read it refuses by raising a `Problem`.
        plugin: Who brings it; empty for those that are always there.
        gives: A kind whose inside values it always gives, whatever the options of the kind; an empty text for none.
        check: From the arguments to a sentence that says what is wrong with them, or an empty text; None where any do.
    """

    name: str
    function: Callable[..., Any]
    plugin: str = ""
    gives: str = ""
    check: Callable[..., str] | None = None

    def takes(self, count: int) -> bool:
        """Return whether it can be called with *count* arguments beside the value."""
        try:
            inspect.signature(self.function).bind(*[None] * (count + 1))
        except TypeError:
            return False
        except ValueError:
            return True  # some of Python's own do not say what they take
        return True


def make_transform(
    name: str, function: Callable[..., Any], plugin: str, gives: str = "", check: Callable[..., str] | None = None
) -> Transform:
    """Return the transform that *plugin* brings under *name*, its own.

    Raises:
        ConfigurationError: The function does not take a value.
    """
    made = Transform(name, function, plugin, gives, check)
    if not any(map(made.takes, range(9))):
        raise ConfigurationError(
            f"plugin {plugin!r}: the transform {name!r} must be a function of a value, and of the arguments that the "
            "mapping file gives it",
            plugin=plugin,
        )
    return made
