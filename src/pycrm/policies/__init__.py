"""Who may do what. Fulfils the port `pycrm.query.ports.Access`."""

from pycrm.policies.access import Access

__all__ = ["Access"]
