"""The plugin object."""

from pycrm.plugin import Plugin

plugin = Plugin("samples", requires=["pycrm>=0.1"], may={"task": {"create"}}, version="1.0")
