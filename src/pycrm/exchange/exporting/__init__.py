"""Lists, views and whole entities written to files: CSV, XLSX, JSON lines, vCard and Parquet, under a reader's rights.

It imports the workspace and the floors below it, and of its own floor only `formulas`, `joined` and `target`.
"""

from pycrm.exchange.exporting.export import FORMATS, ExportReport, Headers, export, format_of

__all__ = ["FORMATS", "ExportReport", "Headers", "export", "format_of"]
