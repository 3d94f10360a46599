"""Calls under a key of the caller's: carried out once, however often they are made, by however many at once.

The key is written in the transaction of the call, before anything else of it, and what came of it right after; so the
two are there together or not at all, whatever dies when. What is made again under a key that is there writes nothing.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pycrm.errors import ConfigurationError, KeyReusedError
from pycrm.storage.idempotency import UsedKey, claim_key, complete_key, read_key
from pycrm.workspace.reader import Reader
from pycrm.workspace.told import digest_of

__all__ = ["KeyedCall", "once"]

T = TypeVar("T")

MAX_KEY = 255


class KeyedCall(ABC, Generic[T]):
    """One call that may be made under a key.

    Attributes:
        ws: The door that it is made on.
        name: Which call it is, in words: ``"create account"``.
    """

    ws: Reader
    name: str

    @abstractmethod
    def payload(self, asked: Any = None) -> Any:
        """Return all that was given to it, as data for JSON.

        Args:
            asked: What `asked` said when the call was made first; None for the first time.
        """

    def asked(self) -> Any:
        """Return what has to be kept in order to recognise the call, as data; nothing for most."""
        return None

    @abstractmethod
    def kept(self, result: T) -> Any:
        """Return what has to be kept of *result*, as data."""

    @abstractmethod
    def again(self, kept: Any) -> T:
        """Return what was kept, with records as they are now."""

    def digest(self, asked: Any = None) -> str:
        """Return what tells the call and its payload from others."""
        return digest_of([self.name, self.payload(asked)])

    def is_made_on(self, kept: Any) -> bool:
        """Whether it was given the very records that the call under its key has written already."""
        return False


def once(ws: Reader, key: str | None, call: KeyedCall[T], perform: Callable[[], T]) -> T:
    """Return the outcome of *perform*, which is called unless *call* was made under *key* before.

    What it raises takes back all that it did, and leaves the key free.

    Args:
        ws: The door. A key is one of its principal's; others may use the same.
        key: None for a call that is made as often as it is made.
        call: What tells it from others and brings its outcome back.
        perform: Does it.
    Raises:
        KeyReusedError: The key was given with another call, or with another payload.
        NotFoundError: The call was made before, and all that it gave is gone, or may no longer be read.
    """
    if key is None:
        return perform()
    actor = _actor(ws, key)
    ctx = ws._ctx
    ctx.begin_writing()
    unit, tables = ctx.unit, ctx.tools.tables
    digest, asked = call.digest(), call.asked()
    with ctx.savepoint():
        if not claim_key(unit, tables, actor, key, call.name, digest, ctx.services.clock()):
            return _again(call, key, digest, read_key(unit, tables, actor, key))
        result = perform()
        outcome = json.dumps({"asked": asked, "kept": call.kept(result)}, separators=(",", ":"))
        complete_key(unit, tables, actor, key, outcome)
    return result


def _actor(ws: Reader, key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise ConfigurationError(
            f"idempotency_key={key!r}: give a text of 1 to {MAX_KEY} printable characters, such as a UUID", value=key
        )
    if ws.principal.is_anonymous:
        raise ConfigurationError(
            f"idempotency_key={key!r}: an anonymous principal has no keys, since nobody could tell whose they are; "
            "act as a principal with a name, as one for all visitors of a form",
            value=key,
        )
    return ws.principal.user


def _again(call: KeyedCall[T], key: str, digest: str, used: UsedKey) -> T:
    if used.outcome is not None:
        outcome = json.loads(used.outcome)
        asked, kept = outcome["asked"], outcome["kept"]
        if used.call == call.name and (
            digest == used.digest or call.digest(asked) == used.digest or call.is_made_on(kept)
        ):
            return call.again(kept)
    when = used.at.isoformat(timespec="seconds")
    other = "with another payload" if used.call == call.name else f"for {used.call!r}"
    raise KeyReusedError(
        f"idempotency key {key!r} of {call.name!r}: {call.ws.principal.user!r} has used it {other} on {when}; "
        "give each call a key of its own, and the same one only to repeat it as it was",
        key=key,
        call=call.name,
        used_by=used.call,
        used_at=used.at,
    )
