"""The transforms of mappings that are always there; those of built-in kinds and of plugins come with the schema."""

from pycrm.exchange.mapping.transforms.registry import BASIC, find_transform, known_transforms

__all__ = ["BASIC", "find_transform", "known_transforms"]
