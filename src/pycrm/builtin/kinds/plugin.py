"""The plugin object of the field kinds; the files of the families hang their kinds on it."""

from __future__ import annotations

from pycrm.plugin import Plugin

plugin = Plugin("kinds")
