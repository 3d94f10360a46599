"""`HookCalls`: one typed method per hook. It asks pluggy, combines the answers, times them and blames the plugin."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import pluggy

from pycrm.errors import ConflictError, HookFailedError, PluginError, Problem, UnitFailedError
from pycrm.hookspecs import writes
from pycrm.markers import hookimpl
from pycrm.plugin.functions import HookFunction
from pycrm.schema import ChangeSet, Entity
from pycrm.workspace import Workspace

__all__ = ["HookCalls", "HookTiming"]

_SPECS = {
    "derive": "pycrm_derive_records",
    "check": "pycrm_check_records",
    "after_write": "pycrm_after_write_records",
}


@attrs.define
class HookTiming:
    """How often a function was called and how long it took, in seconds."""

    calls: int = 0
    seconds: float = 0.0


class _Adapter:
    """One collected function as pluggy sees it: narrowed to its records, timed, blamed."""

    def __init__(self, declared: HookFunction, entity: str) -> None:
        self.declared = declared
        self.entity = entity
        self.timing = HookTiming()

    def ask(self, ws: Workspace, changes: ChangeSet[Any]) -> Any:
        """Return the function's answer for the records that concern it; None where there is none."""
        declared = self.declared
        part = changes.narrowed(declared.changed, declared.move)
        if not part:
            return None
        ws = ws._for_hooks()
        started = time.perf_counter()
        try:
            with ws._ctx.generation(declared.name, writes=declared.hook == "after_write"):
                if declared.include:
                    ws.include(part, declared.include)
                acting = ws._as_plugin(declared.plugin) if declared.as_plugin else ws
                answer = self._judged(declared.function(acting, part), part)
                ws._ctx.unit.check_usable()
                return answer
        except PluginError:
            raise
        except ConflictError as error:
            # Stays what it is, so that the work may be run again; only the blame is added.
            error.facts = {"plugin": declared.plugin, "hook": declared.name} | error.facts
            error.add_note(f"in {declared.hook} hook {declared.name} on {self.entity}")
            raise
        except UnitFailedError as error:
            first = error.first
            raise self._failed(f"swallowed an error that failed the unit: {type(first).__name__}: {first}") from first
        except Exception as error:
            if declared.hook == "check" and isinstance(error, Problem):
                return self._judged([error], part)
            raise self._failed(f"raised {type(error).__name__}: {error}") from error
        finally:
            self.timing.calls += 1
            self.timing.seconds += time.perf_counter() - started

    def _judged(self, answer: Any, part: ChangeSet[Any]) -> Any:
        if self.declared.hook != "check" and answer is not None:
            raise self._failed(f"returned {answer!r}; a {self.declared.hook} hook returns nothing")
        if answer is None:
            return []
        if not isinstance(answer, Iterable):
            raise self._failed(f"returned {answer!r}; a check hook yields Problem")
        answers = list(answer)
        given = {id(record) for record in part} if answers else set()
        for each in answers:
            if not isinstance(each, Problem):
                raise self._failed(f"answered {each!r}; a check hook yields Problem")
            if each.level != "error":
                raise self._failed(f"answered {each!r} of level {each.level!r}; there is only 'error'")
            if each.record is None and len(part) == 1:
                each.record = part[0]
            if id(each.record) not in given:
                raise self._failed(
                    f"answered a problem of {each.record!r}, which is not among the records it was given"
                )
        return answers

    def _failed(self, what: str) -> HookFailedError:
        declared = self.declared
        return HookFailedError(
            f"plugin {declared.plugin!r}: {declared.hook} hook {declared.name} on {self.entity} {what}",
            plugin=declared.plugin,
            hook=declared.name,
            entity=self.entity,
        )


class _Derive(_Adapter):
    @hookimpl
    def pycrm_derive_records(self, ws: Workspace, changes: ChangeSet[Any]) -> None:
        changes.speaking(self.declared.name, self.declared.after)
        self.ask(ws, changes)


class _Check(_Adapter):
    @hookimpl
    def pycrm_check_records(self, ws: Workspace, changes: ChangeSet[Any]) -> list[Problem] | None:
        answer: list[Problem] | None = self.ask(ws, changes)
        return answer


class _AfterWrite(_Adapter):
    @hookimpl
    def pycrm_after_write_records(self, ws: Workspace, changes: ChangeSet[Any]) -> None:
        self.ask(ws, changes)


_ADAPTERS = {"derive": _Derive, "check": _Check, "after_write": _AfterWrite}


class _Manager(pluggy.PluginManager):
    """Looks for hooks by name first, since an adapter has one among dozens of attributes."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return super().parse_hookimpl_opts(plugin, name) if name.startswith("pycrm_") else None


class HookCalls:
    """Fulfils `pycrm.workspace.WriteHooks` for one CRM.

    Args:
        functions: Every function with the name of its entity, in the order in which they are to be asked.
    """

    def __init__(self, functions: Sequence[tuple[HookFunction, str]]) -> None:
        self._manager = _Manager("pycrm")
        self._manager.add_hookspecs(writes)
        self._adapters: dict[tuple[str, str], list[_Adapter]] = {}
        self._callers: dict[tuple[str, str], pluggy.HookCaller] = {}
        adapters = [_ADAPTERS[function.hook](function, entity) for function, entity in functions]
        # pluggy asks the last registered first; the order of plugins is ours.
        for number, adapter in reversed(list(enumerate(adapters))):
            self._manager.register(adapter, name=f"{adapter.declared.name}#{number}")
        for adapter in adapters:
            self._adapters.setdefault((adapter.declared.hook, adapter.entity), []).append(adapter)

    def wants(self, hook: str, entity: Entity) -> bool:
        """Return whether any function is asked at *hook* for *entity*."""
        return (hook, entity.name) in self._adapters

    def derive(self, ws: Workspace, changes: ChangeSet[Any]) -> None:
        """Let derive hooks set fields, in the order of plugins."""
        self._caller("derive", changes.entity)(ws=ws, changes=changes)

    def check(self, ws: Workspace, changes: ChangeSet[Any]) -> list[Problem]:
        """Return the problems of all check hooks, in the order of plugins."""
        answers: list[list[Problem]] = self._caller("check", changes.entity)(ws=ws, changes=changes)
        return [problem for answer in answers for problem in answer]

    def after_write(self, ws: Workspace, changes: ChangeSet[Any]) -> None:
        """Let after_write hooks write other records, in the order of plugins."""
        self._caller("after_write", changes.entity)(ws=ws, changes=changes)

    def listing(self) -> list[tuple[HookFunction, str, HookTiming]]:
        """Return every function with its entity and timing, in the order in which they are asked."""
        return [
            (adapter.declared, adapter.entity, adapter.timing)
            for adapters in self._adapters.values()
            for adapter in adapters
        ]

    def _caller(self, hook: str, entity: str) -> pluggy.HookCaller:
        """Return pluggy's caller for the functions of one hook on one entity."""
        key = (hook, entity)
        if key not in self._callers:
            others = [adapter for other, adapters in self._adapters.items() if other != key for adapter in adapters]
            self._callers[key] = self._manager.subset_hook_caller(_SPECS[hook], remove_plugins=others)
        return self._callers[key]
