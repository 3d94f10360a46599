"""Records, entities and the schema, and what is generated from them: parser, diff, border.

Imports `pycrm.fields`, `pycrm.values` and `pycrm.errors` only. Nothing here knows a database.
"""

from pycrm.schema.changes import ChangeSet
from pycrm.schema.entity import (
    Back,
    DataStep,
    Entity,
    EntityDeclaration,
    ExtensionDeclaration,
    OwnerDeclarations,
    entity_maker,
)
from pycrm.schema.extension import Extension, make_extension_class
from pycrm.schema.record import CustomValues, OwnedRecord, Record
from pycrm.schema.schema import Schema, assemble

__all__ = [
    "Back",
    "ChangeSet",
    "CustomValues",
    "DataStep",
    "Entity",
    "EntityDeclaration",
    "Extension",
    "ExtensionDeclaration",
    "OwnedRecord",
    "OwnerDeclarations",
    "Record",
    "Schema",
    "assemble",
    "entity_maker",
    "make_extension_class",
]
