"""Mappings: which columns of a source go into which fields, read from files, suggested, and bound to a schema.

It imports `pycrm.exchange.rows`, `pycrm.query` and the floors below; it knows no database.
"""

from pycrm.exchange.mapping.bind import bind_mapping, missing_custom_fields
from pycrm.exchange.mapping.bound import BoundEntity, BoundMapping, Lookup, Prepared
from pycrm.exchange.mapping.files import mapping_text, read_mapping, read_mapping_text
from pycrm.exchange.mapping.headers import header_fingerprint
from pycrm.exchange.mapping.model import CustomField, EntityMap, FieldMap, Mapping
from pycrm.exchange.mapping.suggesting.shipped import Preset, presets
from pycrm.exchange.mapping.suggesting.suggest import suggest
from pycrm.exchange.mapping.suggesting.suggestion import ColumnSuggestion, Suggestion

__all__ = [
    "BoundEntity",
    "BoundMapping",
    "ColumnSuggestion",
    "CustomField",
    "EntityMap",
    "FieldMap",
    "Lookup",
    "Mapping",
    "Prepared",
    "Preset",
    "Suggestion",
    "bind_mapping",
    "header_fingerprint",
    "mapping_text",
    "missing_custom_fields",
    "presets",
    "read_mapping",
    "read_mapping_text",
    "suggest",
]
