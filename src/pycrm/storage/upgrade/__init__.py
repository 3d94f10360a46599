"""Bringing the tables of one release to those of the next, and the rows in them.

`state` is what snapshots say of a database, `operations` what lies between two states, `checks` what the values must
fulfil first, `steps` the work of an owner's own functions, `plan` their order. Imports `pycrm.storage` and below;
`pycrm.storage.migration` puts it to work.
"""
