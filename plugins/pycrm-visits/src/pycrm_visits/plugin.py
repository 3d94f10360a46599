"""The plugin object; `visit.py` hangs its definitions on it."""

from pycrm.plugin import Plugin

plugin = Plugin("visits", requires=["pycrm>=0.1"])
