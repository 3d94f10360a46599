"""`Task`: something that somebody is to do, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pycrm.builtin.activities.plugin import plugin
from pycrm.plugin import (
    ChangeSet,
    Lifecycle,
    Move,
    OptRef,
    OwnedRecord,
    Problem,
    Record,
    State,
    User,
    Workspace,
    field,
)

PRIORITIES = ("low", "normal", "high", "urgent")

TASK = Lifecycle(
    State("open"),
    State("done", final=True),
    State("cancelled", final=True),
    Move("complete", "open", "done"),
    Move("cancel", "open", "cancelled"),
    Move("reopen", "done cancelled", "open"),
)


@plugin.entity(title="subject", list="due_at subject priority assignee status")
class Task(OwnedRecord):
    """What is due. Its `owner` answers for it, its `assignee` does it."""

    subject: str = field.text(searchable=True)
    due_at: datetime | None = field.datetime(indexed=True)
    reminder_at: datetime | None = field.datetime(indexed=True)
    status: str = field.status(TASK)
    priority: str = field.choice(PRIORITIES, default="normal")
    assignee: OptRef[User] = field.ref("user", many="tasks")
    about: OptRef[Record] = field.any_ref("*")
    done_at: datetime | None = field.datetime()


@plugin.derive(Task, changed="status")
def keep_done_at(ws: Workspace, changes: ChangeSet[Task]) -> None:
    """Set `done_at` as a task gets done and clear it as the task is reopened, unless the caller gives a time."""
    for task in changes:
        if "done_at" in changes.changed(task):
            continue
        if task.status == "done":
            changes.set(task, done_at=ws.now())
        elif task.done_at is not None:
            changes.set(task, done_at=None)


@plugin.check(Task, changed="status done_at")
def done_when_done(ws: Workspace, changes: ChangeSet[Task]) -> Iterator[Problem]:
    """Only a task that is done has a time at which it was."""
    for task in changes:
        if task.done_at is not None and task.status != "done":
            yield Problem(
                "task.not_done",
                task,
                "done_at",
                message="is set, but the task is {status}; complete it, or leave the time out",
                value=task.done_at,
                status=task.status,
            )
