"""Activities: `Interaction` is what happened, `Task` is what is due; both may be about any record.

The rules of the system's attachments and calendars are here too, and `add_holidays`, which fills a calendar.
"""

from pycrm.builtin.activities import roles
from pycrm.builtin.activities.attachment import whole_attachment
from pycrm.builtin.activities.calendar import add_holidays
from pycrm.builtin.activities.interaction import Interaction
from pycrm.builtin.activities.plugin import plugin
from pycrm.builtin.activities.task import TASK, Task

__all__ = ["TASK", "Interaction", "Task", "add_holidays", "plugin", "roles", "whole_attachment"]
