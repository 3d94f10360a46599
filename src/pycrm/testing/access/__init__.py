"""The generated proof that nobody reaches what his roles do not give him, for every entity of a CRM.

Each check makes a small random company in an empty database, gives its people random roles, and holds what the doors
answer against what plain Python says. A host or an author of a plugin runs them on his own CRM::

    def test_rows() -> None:
        report = check_rows(open_crm, seed=1, count=2_000)
        assert report.passed, str(report)
"""

from pycrm.testing.access.absent import check_absent
from pycrm.testing.access.closed import check_closed
from pycrm.testing.access.doors import DOORS, undeclared_doors, undeclared_ids
from pycrm.testing.access.fields import check_fields
from pycrm.testing.access.ids import check_ids
from pycrm.testing.access.promotion import check_promotion
from pycrm.testing.access.report import Report
from pycrm.testing.access.revocation import check_revocation
from pycrm.testing.access.rows import check_rows
from pycrm.testing.access.tenants import check_tenants
from pycrm.testing.access.walls import check_walls
from pycrm.testing.access.world import World
from pycrm.testing.access.writes import check_writes

__all__ = [
    "DOORS",
    "Report",
    "World",
    "check_absent",
    "check_closed",
    "check_fields",
    "check_ids",
    "check_promotion",
    "check_revocation",
    "check_rows",
    "check_tenants",
    "check_walls",
    "check_writes",
    "undeclared_doors",
    "undeclared_ids",
]
