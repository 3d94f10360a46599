"""Who may do what: roles and what they grant, and the decision. Fulfils the port `pycrm.query.ports.Access`."""

from pycrm.policies.access import Access

__all__ = ["Access"]
