"""Who asks, for filters that depend on it: the user's time zone, record and teams, read when a filter wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from functools import cached_property
from typing import Any
from uuid import UUID

from pycrm.entities import Calendar, Team, User
from pycrm.query import F
from pycrm.values.principal import Principal
from pycrm.values.wall_clock import read_zone
from pycrm.workspace.context import UnitContext

__all__ = ["UnitAsker"]

NOBODY = UUID(int=0)


class UnitAsker:
    """The principal of a unit as a filter knows it. Fulfils the port `pycrm.query.settle.Asker`."""

    def __init__(self, ctx: UnitContext, principal: Principal) -> None:
        self._ctx = ctx
        self._principal = principal

    @cached_property
    def today(self) -> date:
        """The day in the user's time zone."""
        return self._ctx.services.clock().astimezone(self.zone).date()

    @cached_property
    def zone(self) -> tzinfo:
        """The user's time zone."""
        return read_zone(self.zone_name)

    @cached_property
    def zone_name(self) -> str:
        """The principal's ``time_zone``, else that of the user's record, of the usual calendar, or UTC."""
        given = self._principal.attributes.get("time_zone") or (self._user and self._user.time_zone)
        if given:
            return str(given)
        calendars = self._ctx.matching(self._ctx.tools.schema.entity(Calendar), F.is_default == True)  # noqa: E712
        return str(calendars[0].time_zone) if calendars else "UTC"

    @property
    def fiscal_start(self) -> int:
        """The month in which the CRM's fiscal year begins."""
        return self._ctx.services.fiscal_year_start

    @property
    def base_currency(self) -> str:
        """The currency by way of which others convert; an empty text for none."""
        return self._ctx.services.base_currency or ""

    @cached_property
    def me(self) -> UUID:
        """The user's record; for an unknown one the id that it will have, for nobody one that no record has."""
        if self._principal.is_anonymous:
            return NOBODY
        return self._user.id if self._user else self._ctx.services.user_id(self._principal.user)

    @cached_property
    def teams(self) -> Sequence[UUID]:
        """The teams that the principal names, and those that the user is a member of."""
        names = F.name.in_(sorted(self._principal.teams))
        found = self._ctx.matching(self._ctx.tools.schema.entity(Team), names | F.members.has(self.me))
        return [team.id for team in found]

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What the principal brings along."""
        return self._principal.attributes

    @cached_property
    def _user(self) -> User | None:
        if self._principal.is_anonymous:
            return None
        found = self._ctx.matching(self._ctx.tools.schema.entity(User), F.key == self._principal.user)
        return found[0] if found else None
