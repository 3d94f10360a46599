"""The plugin object of sales; the noun files hang their definitions on it."""

from __future__ import annotations

from pycrm.plugin import Plugin

plugin = Plugin("sales", requires=["parties", "products"])
