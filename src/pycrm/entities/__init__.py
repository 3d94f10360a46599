"""The system nouns, which the kernel itself needs: User, Team, Tag, CustomField.

Made by the schema room's function with the owner ``core``. Imports `pycrm.schema` and below.
"""

from pycrm.entities.custom_field import CustomField
from pycrm.entities.declared import DECLARED
from pycrm.entities.tag import Tag
from pycrm.entities.team import Team
from pycrm.entities.user import User

__all__ = ["DECLARED", "CustomField", "Tag", "Team", "User"]
