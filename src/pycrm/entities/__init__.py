"""The system nouns, which the kernel itself needs: User, Team, Tag, Attachment, Calendar, Cover, CustomField,
CustomIndex, DutySeparation, ExchangeRate, ImportRun, Role, RoleAssignment, SavedView, Share.

Made by the schema room's function with the owner ``core``. Imports `pycrm.schema` and below.
"""

from pycrm.entities.attachment import Attachment
from pycrm.entities.calendar import Calendar, CalendarException
from pycrm.entities.cover import Cover
from pycrm.entities.custom_field import CustomField
from pycrm.entities.custom_index import CustomIndex
from pycrm.entities.declared import DECLARED
from pycrm.entities.duty_separation import DutySeparation
from pycrm.entities.exchange_rate import ExchangeRate
from pycrm.entities.import_run import ImportRun
from pycrm.entities.role import Role, RoleAssignment
from pycrm.entities.saved_view import SavedView
from pycrm.entities.share import Share
from pycrm.entities.tag import Tag
from pycrm.entities.team import Team
from pycrm.entities.user import User

__all__ = [
    "DECLARED",
    "Attachment",
    "Calendar",
    "CalendarException",
    "Cover",
    "CustomField",
    "CustomIndex",
    "DutySeparation",
    "ExchangeRate",
    "ImportRun",
    "Role",
    "RoleAssignment",
    "SavedView",
    "Share",
    "Tag",
    "Team",
    "User",
]
