"""Looking a database over: hazards of its engine and settings, and how it differs from what was declared.

Nothing is raised: each finding is a `Problem` with a level. Nothing is changed but by `create_missing_indexes`.
Imports the storage room.
"""

from pycrm.storage.checkup.damage import find_damage
from pycrm.storage.checkup.drift import find_drift
from pycrm.storage.checkup.hazards import find_hazards
from pycrm.storage.checkup.leftovers import find_leftovers
from pycrm.storage.checkup.mending import create_missing_indexes

__all__ = ["create_missing_indexes", "find_damage", "find_drift", "find_hazards", "find_leftovers"]
