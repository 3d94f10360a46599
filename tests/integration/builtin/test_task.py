from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pycrm import Task, ValidationError, Workspace

EARLIER = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def test_completing_sets_time(ws: Workspace) -> None:
    """A task knows when it was done."""
    task = ws.create(Task(subject="send samples"))

    before = ws.now()
    ws.move(task, "complete")
    assert task.status == "done"
    assert task.done_at is not None
    assert before <= task.done_at <= ws.now()


def test_given_time_is_kept(ws: Workspace) -> None:
    """Whoever completes a task later than it was done says when that was; an import of history does, too."""
    task = ws.create(Task(subject="send samples"))
    ws.move(task, "complete", done_at=EARLIER)
    old = ws.create(Task(subject="call back", status="done", done_at=EARLIER))

    assert (ws.get(Task, task.id).done_at, ws.get(Task, old.id).done_at) == (EARLIER, EARLIER)


def test_reopening_clears_time(ws: Workspace) -> None:
    """A task that is open again was not done."""
    task = ws.create(Task(subject="send samples"))
    ws.move(task, "complete")

    ws.move(task, "reopen")
    assert (task.status, ws.get(Task, task.id).done_at) == ("open", None)


def test_cancelled_task_has_no_time(ws: Workspace) -> None:
    """Cancelling is not completing."""
    task = ws.create(Task(subject="send samples"))

    ws.move(task, "cancel")
    assert task.done_at is None


def test_open_task_refuses_time(ws: Workspace) -> None:
    """A time at which an open task was done is a contradiction."""
    with pytest.raises(ValidationError) as caught:
        ws.create(Task(subject="send samples", done_at=EARLIER))

    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("task.not_done", "done_at")]


def test_batch_of_tasks_is_completed(ws: Workspace) -> None:
    """Writing the status of many tasks completes them all."""
    tasks = ws.create_many([Task(subject=f"call {number}") for number in range(5)]).created
    for task in tasks:
        task.status = "done"

    ws.update_many(tasks)
    assert all(ws.get(Task, task.id).done_at for task in tasks)
