"""Working off a queue by two threads."""

from __future__ import annotations

import threading

import pytest

from pycrm.workspace import draining
from pycrm.workspace.draining import drain

PATIENCE = 30.0


class Queue:
    """Parts of one each; with ``meet``, each of the two threads waits with its first part until the other has one."""

    def __init__(self, count: int, *, meet: bool = False, fails_beside: bool = False) -> None:
        self.left = list(range(count))
        self.done: list[tuple[int, bool]] = []
        self._main = threading.current_thread()
        self._lock = threading.Lock()
        self._fails_beside = fails_beside
        self._both = threading.Barrier(2) if meet else None
        self._seen: set[threading.Thread] = set()

    def portion(self) -> int:
        thread = threading.current_thread()
        with self._lock:
            if not self.left:
                return 0
            part = self.left.pop(0)
        # The first part is done before there is a second thread.
        if self._both is not None and part > 0 and thread not in self._seen:
            self._seen.add(thread)
            self._both.wait(PATIENCE)
        if self._fails_beside and thread is not self._main:
            with self._lock:
                self.left.append(part)
            raise ValueError("beside")
        self.done.append((part, thread is self._main))
        return 1


@pytest.fixture(autouse=True)
def helped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "HELPED_FROM", 1)


def test_both_work() -> None:
    """Both threads do parts, each part is done once, and all are counted."""
    queue = Queue(20, meet=True)

    assert drain(queue.portion, is_helped=True) == 20
    assert sorted(part for part, _ in queue.done) == list(range(20))
    assert {is_main for _, is_main in queue.done} == {True, False}


@pytest.mark.parametrize(("is_helped", "helped_from"), [(False, 1), (True, 2)])
def test_alone(monkeypatch: pytest.MonkeyPatch, is_helped: bool, helped_from: int) -> None:
    """Without help, or with little to do, one thread does all."""
    monkeypatch.setattr(draining, "HELPED_FROM", helped_from)
    queue, told = Queue(5), list[int]()

    assert drain(queue.portion, is_helped=is_helped, on_progress=told.append) == 5
    assert queue.done == [(part, True) for part in range(5)]
    assert told == [1, 2, 3, 4, 5]


def test_helper_fails() -> None:
    """What the second thread fails at, the first one does."""
    queue = Queue(20, meet=True, fails_beside=True)

    assert drain(queue.portion, is_helped=True) == 20
    assert sorted(queue.done) == [(part, True) for part in range(20)]


def test_first_fails() -> None:
    """An error of the first thread is the caller's, and the second one has ended by then."""
    queue = Queue(1_000)

    def refuse(done: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        drain(queue.portion, is_helped=True, on_progress=refuse)
    assert not [each for each in threading.enumerate() if each.name == "pycrm search index"]
