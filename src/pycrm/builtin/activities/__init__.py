"""Activities: `Interaction` is what happened, `Task` is what is due; both may be about any record."""

from pycrm.builtin.activities.interaction import Interaction
from pycrm.builtin.activities.plugin import plugin
from pycrm.builtin.activities.task import TASK, Task

__all__ = ["TASK", "Interaction", "Task", "plugin"]
