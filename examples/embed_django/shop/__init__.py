"""A shop on Django with a CRM inside."""
