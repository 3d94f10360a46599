"""The plugin object of the activities; the noun files hang their definitions on it."""

from __future__ import annotations

from pycrm.plugin import Plugin

plugin = Plugin("activities", may={"calendar": {"write"}})
