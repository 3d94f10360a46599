"""Who acts: an immutable value that the host makes of its own login."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from pycrm.errors import ConfigurationError

ADMINISTRATOR = "administrator"
_PLUGIN = "plugin:"


def _names(values: Iterable[str]) -> frozenset[str]:
    if isinstance(values, str):
        raise ConfigurationError(
            f"roles and teams are sets of names; write {{{values!r}}} instead of {values!r}", value=values
        )
    return frozenset(values)


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen
class Principal:
    """Somebody who acts. pycrm logs nobody in and believes what the host says here.

    Attributes:
        user: The host's own key of the user (``"mei"``); empty for nobody known.
        roles: Names of roles; ``"administrator"`` may do all.
        teams: Names of teams.
        attributes: Facts that access rules may ask for, such as the account of a portal user.
        origin: The way in, for the history: ``"web"``, ``"cli"``, ``"import"``.
    """

    user: str
    roles: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    teams: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    attributes: Mapping[str, Any] = attrs.field(factory=dict, converter=_frozen, hash=False)
    origin: str = ""

    @classmethod
    def anonymous(cls, origin: str = "") -> Principal:
        """Return the principal without name and rights."""
        return cls("", origin=origin)

    @classmethod
    def plugin(cls, name: str) -> Principal:
        """Return the service principal of the plugin *name*, whose rights are ``Plugin(may=…)``."""
        return cls(_PLUGIN + name, origin="plugin")

    @property
    def is_administrator(self) -> bool:
        """Whether it may do all."""
        return ADMINISTRATOR in self.roles

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is known behind it."""
        return not self.user

    def __reduce__(self) -> tuple[Any, ...]:
        # So that it can go to another process: a read-only view of a dict does not travel.
        return Principal, (self.user, self.roles, self.teams, dict(self.attributes), self.origin)

    @property
    def plugin_name(self) -> str | None:
        """The plugin whose service principal this is, or None."""
        return self.user.removeprefix(_PLUGIN) if self.user.startswith(_PLUGIN) else None
