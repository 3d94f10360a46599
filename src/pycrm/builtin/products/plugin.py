"""The plugin object of the products; the noun files hang their definitions on it."""

from __future__ import annotations

from pycrm.plugin import Plugin

plugin = Plugin("products")
