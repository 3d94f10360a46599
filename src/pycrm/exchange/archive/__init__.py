"""A whole CRM in one file, that the other database loads as well: definitions, data, files and everything noted.

It imports the storage room and the floors below it, and of its own floor only `target`.
"""

from pycrm.exchange.archive.loading import load_archive
from pycrm.exchange.archive.manifest import ArchiveReport
from pycrm.exchange.archive.writing import write_archive

__all__ = ["ArchiveReport", "load_archive", "write_archive"]
