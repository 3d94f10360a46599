"""Outside data read: files of many formats, folders of them and answers of databases, as tables of rows.

`open_source` finds the format, encoding, delimiter and header, and says what it found. Reading streams, and what would
take the memory of the machine is refused. May import the rooms below `pycrm.exchange`, and of this one `rows` and
`formulas`.
"""

from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.opening import open_source

__all__ = ["Limits", "open_source"]
