"""Where the system nouns are collected: the owner ``core``, which needs no plugin."""

from __future__ import annotations

from pycrm.schema.entity import EntityDeclaration, entity_maker

__all__ = ["DECLARED", "entity"]

DECLARED: list[EntityDeclaration] = []

entity = entity_maker(DECLARED.append)
