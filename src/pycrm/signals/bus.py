"""Telling listeners of this process what was committed: one blinker namespace per CRM."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import blinker

__all__ = ["SignalBus"]

T = TypeVar("T")

_log = logging.getLogger("pycrm.signals")


class SignalBus:
    """Delivers facts after commit. A fact is any object; its type is the signal.

    Listeners of one type are called once per unit with all its facts of that type, in the order they were announced.
    A listener that raises is logged and does not keep the others from hearing.
    """

    def __init__(self) -> None:
        self._namespace = blinker.Namespace()

    def connect(self, fact_type: type[T], listener: Callable[[Sequence[T]], object]) -> Callable[[], None]:
        """Call ``listener(facts)`` for facts of exactly *fact_type*; the returned function disconnects it."""
        signal = self._signal(fact_type)

        def receive(facts: Sequence[T]) -> None:
            try:
                listener(facts)
            except Exception:  # noqa: BLE001 - logged; one listener must not keep the others from hearing
                _log.exception("listener %r for %s raised; the data stays committed", listener, fact_type.__name__)

        signal.connect(receive, weak=False)
        return lambda: signal.disconnect(receive)

    def deliver(self, facts: Sequence[Any]) -> None:
        """Tell the listeners *facts* of one committed unit, grouped by type in order of first appearance."""
        by_type: dict[type, list[Any]] = {}
        for fact in facts:
            by_type.setdefault(type(fact), []).append(fact)
        for fact_type, batch in by_type.items():
            self._signal(fact_type).send(tuple(batch))

    def _signal(self, fact_type: type) -> blinker.NamedSignal:
        return self._namespace.signal(f"{fact_type.__module__}.{fact_type.__qualname__}")
