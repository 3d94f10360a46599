"""The hook specifications, one file per moment. Each says when it runs, with what, how answers combine, since when.

Imports `pycrm.workspace` and below.
"""

from pycrm.hookspecs import installation, registration, writes

__all__ = ["installation", "registration", "writes"]
