"""Sections with further rights: a second view of the same unit, which ends with its block and leaves a trace.

The view that a section begins on stays as it is. What the section adds is named when it begins; hooks that are asked
because of what it writes do not get it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from pycrm.errors import ConfigurationError, NotAllowedError, UnitEndedError, UnitError, nearest
from pycrm.policies.rights import Rights
from pycrm.schema import Record
from pycrm.storage.audit import AuditEntry
from pycrm.workspace.context import UnitContext
from pycrm.workspace.reads import Reads
from pycrm.workspace.rights import SeenReads
from pycrm.workspace.trail import read_reason
from pycrm.workspace.view import View

__all__ = ["Elevated", "May", "Section", "read_may"]

V = TypeVar("V", bound=View)

May: TypeAlias = Mapping[type[Record] | str, Collection[str]]
"""Record class or entity name to actions."""


def read_may(view: View, may: May) -> dict[str, frozenset[str]]:
    """Return *may* by the names of entities.

    Raises:
        ConfigurationError: It is empty, or an action is none of its entity.
        UnknownNameError: There is no such entity.
    """
    schema, check = view._ctx.tools.schema, view._ctx.services.role_check
    found: dict[str, frozenset[str]] = {}
    for class_or_name, actions in may.items():
        entity = schema.entity(class_or_name)
        if isinstance(actions, str):
            raise ConfigurationError(
                f"may={{{entity.name!r}: …}} takes a set of actions: {{{actions!r}}}", value=actions
            )
        for action in actions:
            known = check.on(schema).actions(entity) if check is not None else {action}
            if action not in known:
                raise ConfigurationError(
                    f"{action!r} is no action of {entity.name}; it has {', '.join(sorted(known))}"
                    f"{nearest(action, known)}",
                    entity=entity.name,
                    value=action,
                )
        found[entity.name] = found.get(entity.name, frozenset()) | frozenset(actions)
    if not any(found.values()):
        raise ConfigurationError("may= names what the section is for: {Account: {'read'}}", value=may)
    return found


class Section(Generic[V]):
    """One use of ``with ws.elevated(…) as sys:``.

    Args:
        root: The view that is not elevated; its rights are those of the section too.
        outer: The section that this one begins within, if it was begun on an elevated view.
        reason: Why.
        may: Entity name to actions, those of *outer* not among them.
        make: Makes the elevated view.
    """

    def __init__(
        self,
        root: View,
        outer: Section[Any] | None,
        reason: str,
        may: May,
        make: Callable[[Section[V]], V],
    ) -> None:
        self.root = root
        self.outer = outer
        self.ctx: UnitContext = root._ctx
        self._reason = read_reason(reason)
        self._own = read_may(root, may)
        self._may: Mapping[str, frozenset[str]] = self._own if outer is None else _together(self._own, outer._may)
        self._make = make
        frame = sys._getframe(2)  # of whoever called the `elevated` that calls this
        self._caller = f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno}"
        self._plugin = self.ctx.acting[-1] if self.ctx.acting else root.principal.plugin_name
        self._where: tuple[int, object] | None = None
        self._has_ended = False
        self._error: str | None = None
        self._base: Reads | None = None
        self._held: SeenReads | None = None

    def __enter__(self) -> V:
        if self._where is not None:
            raise UnitError("a section with further rights begins once; call `ws.elevated` for another one")
        self.ctx.unit.check_usable()
        self._require_listed()
        self._where = _here()
        self._statements = self.ctx.unit.statement_count
        self.ctx.open_sections.append(self)
        return self._make(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._error = None if kind is None else kind.__name__
        self.end()

    def end(self) -> None:
        """End it, and the sections that were begun on its view; each is noted once."""
        if self._has_ended:
            return
        # Mostly it is the last one; those begun on its view can only stand behind it.
        sections = self.ctx.open_sections
        for section in reversed(sections[sections.index(self) :]):
            if isinstance(section, Section) and section._is_within(self):
                sections.remove(section)
                section._finish()

    def check(self) -> None:
        """Return if the elevated view may be used here and now.

        Raises:
            UnitEndedError: The block has ended.
            UnitError: Another thread or task uses it.
        """
        if self._has_ended:
            raise UnitEndedError(
                "these further rights have ended with the block of `with ws.elevated(…)`; begin another one there, "
                "or go on with the workspace outside"
            )
        if self._where != _here():
            raise UnitError(
                "a workspace with further rights belongs to the thread and the task that began it; open a unit of "
                "your own there"
            )

    def reads(self, base: Reads) -> Reads:
        """Return how the elevated view reads, where the one outside reads by *base*."""
        if not isinstance(base, SeenReads):
            return base
        if self._held is None or self._base is not base:
            self._base = base
            self._held = SeenReads(self.ctx, base.rights.elevated(self._may))
            self.ctx.seen_by[self] = self._held
        return self._held

    def _is_within(self, other: Section[Any]) -> bool:
        section: Section[Any] | None = self
        while section is not None and section is not other:
            section = section.outer
        return section is other

    def _finish(self) -> None:
        self._has_ended = True
        self.ctx.seen_by.pop(self, None)
        principal = self.root.principal
        facts: dict[str, Any] = {
            "may": {name: sorted(actions) for name, actions in self._own.items()},
            "caller": self._caller,
            "statements": self.ctx.unit.statement_count - self._statements,
        }
        if self._error is not None:
            facts["error"] = self._error
        self.ctx.trail.note(
            AuditEntry(
                "elevated",
                principal.user,
                self.ctx.services.clock(),
                principal.origin,
                self._plugin,
                entity=next(iter(self._own)) if len(self._own) == 1 else None,
                reason=self._reason,
                facts=facts,
            )
        )

    def _require_listed(self) -> None:
        """Refuse a plugin's code what its plugin does not list.

        Raises:
            NotAllowedError: It does not.
        """
        if self._plugin is None:
            return
        entities = self.ctx.tools.schema.entities
        for name, actions in self._own.items():
            for action in sorted(actions):
                if not self.ctx.services.access.may_elevate(self._plugin, action, entities[name]):
                    self.root._note_denied("elevate", entities[name], reason=self._reason, to=action)
                    raise NotAllowedError(
                        f"plugin {self._plugin!r} may not take the right to {action} {name}; list it in "
                        f"Plugin(may={{{name!r}: {{{action!r}}}}})",
                        action="elevate",
                        entity=name,
                        plugin=self._plugin,
                        user=self.root.principal.user,
                    )


class Elevated(View):
    """What makes a view an elevated one. Mixed in before the class of the view."""

    def __init__(self, section: Section[Any]) -> None:
        self._section = section
        super().__init__(section.ctx, section.root.principal, trusted=section.root._trusted)

    @property
    def _ctx(self) -> UnitContext:
        # Whatever a view does goes through this, so nothing can be done with one whose section has ended.
        self._section.check()
        return self._section.ctx

    @_ctx.setter
    def _ctx(self, ctx: UnitContext) -> None:
        """It is the section's."""

    @property
    def _reads(self) -> Reads:
        self._section.check()
        return self._section.reads(self._section.root._reads)

    @property
    def _rights(self) -> Rights | None:
        reads = self._reads
        return reads.rights if isinstance(reads, SeenReads) else None

    def _kernel(self) -> Any:
        self._section.check()
        return self._section.root._kernel()

    def _for_hooks(self) -> Any:
        return self._section.root

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise UnitError("a workspace with further rights cannot be copied or sent elsewhere; it ends with its block")


def _together(ours: Mapping[str, frozenset[str]], outer: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    nothing: frozenset[str] = frozenset()
    return {name: ours.get(name, nothing) | outer.get(name, nothing) for name in {**outer, **ours}}


def _here() -> tuple[int, object]:
    """Return the thread and, where there is one, the task that is running."""
    loop = asyncio._get_running_loop()
    return threading.get_ident(), None if loop is None else asyncio.current_task(loop)
