"""Data in and out: files read, mapped, checked, matched, applied, reconciled and undone; lists and archives written."""
