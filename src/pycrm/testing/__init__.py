"""What tests of an application or a plugin need: a clock that stands still, demo data, databases to throw away.

This is a promise, like `pycrm` and `pycrm.plugin`. The pytest fixtures are in `pycrm.testing.fixtures`; write
``pytest_plugins = ["pycrm.testing.fixtures"]`` into your ``conftest.py`` for them. Imports everything below the
command line.
"""

from pycrm.plugin.lint import SideDoor, find_side_doors
from pycrm.testing.demo_data import define_demo_fields, demo_records, load_demo
from pycrm.testing.filter_functions import check_functions
from pycrm.testing.kinds import check_kind
from pycrm.testing.look_alikes import disguised
from pycrm.testing.postgres import fresh_database, postgres_url, running_server
from pycrm.values.clock import FixedClock

__all__ = [
    "FixedClock",
    "SideDoor",
    "check_functions",
    "check_kind",
    "define_demo_fields",
    "demo_records",
    "disguised",
    "find_side_doors",
    "fresh_database",
    "load_demo",
    "postgres_url",
    "running_server",
]
