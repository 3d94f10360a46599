"""Customer visits by field sales: `Visit`, what accounts know of theirs, and checking in on the spot."""

from pycrm_visits.plugin import plugin
from pycrm_visits.visit import VISIT, LastVisit, Visit, check_in

__all__ = ["VISIT", "LastVisit", "Visit", "check_in", "plugin"]
