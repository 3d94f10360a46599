"""Finding plugins by entry point, and putting them in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pycrm.errors import ConfigurationError, NameClashError, PluginError
from pycrm.plugin.plugin import NO_VERSION, Plugin
from pycrm.values.versions import release_of

__all__ = ["discover", "in_order", "load_builtins", "with_versions"]

GROUP = "pycrm"


def discover(*, without: Collection[str] = ()) -> list[Plugin]:
    """Return the installed plugins, found by their entry points in the group ``pycrm``, but for *without*.

    Raises:
        PluginError: An entry point cannot be imported or is no `Plugin`.
    """
    return [_load(point) for point in entry_points(group=GROUP) if point.name not in without and not _is_ours(point)]


def load_builtins(names: Sequence[str]) -> list[Plugin]:
    """Return pycrm's own plugins by entry-point name.

    Raises:
        ConfigurationError: pycrm itself is not installed, so that its entry points are unknown.
    """
    points = {point.name: point for point in entry_points(group=GROUP) if _is_ours(point)}
    if missing := [name for name in names if name not in points]:
        raise ConfigurationError(
            f"pycrm's own plugins {', '.join(missing)} are not registered; install pycrm (pip install -e .) instead of "
            "putting it on the path"
        )
    return [_load(points[name]) for name in names]


def with_versions(plugins: Sequence[Plugin]) -> Sequence[Plugin]:
    """Return *plugins*, each knowing the version of the distribution that it was installed from, if it was.

    A plugin that was handed over has not come by its entry point, but is of the same version as one that has.
    """
    unknown = {plugin.name: plugin for plugin in plugins if plugin.version == NO_VERSION}
    for point in entry_points(group=GROUP) if unknown else ():
        plugin = unknown.get(point.name)
        if plugin is not None and point.dist is not None and _top(point.module) == _top(plugin.module):
            plugin.version = point.dist.version
    return plugins


def in_order(plugins: Sequence[Plugin], version: str) -> list[Plugin]:
    """Return *plugins* so that each comes after what it requires or wants to follow, else by name.

    Args:
        plugins: Each once.
        version: Of pycrm, for requirements on it.
    Raises:
        NameClashError: Two plugins of one name.
        PluginError: A requirement is absent or too old.
        ConfigurationError: Plugins that want to follow each other in a circle.
    """
    by_name: dict[str, Plugin] = {}
    for plugin in plugins:
        if by_name.setdefault(plugin.name, plugin) is not plugin:
            raise NameClashError(
                f"two plugins are called {plugin.name!r}; install only one of them", plugin=plugin.name
            )
    versions = {name: plugin.version for name, plugin in by_name.items()} | {"pycrm": version}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(by_name):
        plugin = by_name[name]
        _check_requirements(plugin, versions)
        before = {requirement.name for requirement in plugin.requires} | plugin.follows
        sorter.add(name, *sorted(before & by_name.keys()))
    try:
        return [by_name[name] for name in _by_layers(sorter)]
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise ConfigurationError(f"plugins want to follow each other in a circle: {circle}; drop one after=") from error


def _by_layers(sorter: TopologicalSorter[str]) -> list[str]:
    """Return a topological order in which names decide between plugins that are free to go either way."""
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order


def _check_requirements(plugin: Plugin, versions: Mapping[str, str]) -> None:
    for requirement in plugin.requires:
        wanted = ".".join(map(str, requirement.at_least))
        if requirement.name not in versions:
            raise PluginError(
                f"plugin {plugin.name!r} requires {requirement.name!r}, which is not active; install it or leave "
                f"{plugin.name!r} out",
                plugin=plugin.name,
            )
        if release_of(versions[requirement.name]) < requirement.at_least:
            raise PluginError(
                f"plugin {plugin.name!r} requires {requirement.name}>={wanted}, but {versions[requirement.name]} is "
                "active; upgrade it",
                plugin=plugin.name,
            )


def _top(module: str) -> str:
    """Return the outermost package of *module*."""
    return module.partition(".")[0]


def _is_ours(point: EntryPoint) -> bool:
    return point.value.startswith("pycrm.builtin.")


def _load(point: EntryPoint) -> Plugin:
    source = f"entry point {point.name} = {point.value!r}"
    try:
        loaded: Any = point.load()
    except Exception as error:
        raise PluginError(
            f"plugin {point.name!r} cannot be imported ({source}): {type(error).__name__}: {error}; "
            "repair or uninstall it",
            plugin=point.name,
        ) from error
    if not isinstance(loaded, Plugin):
        raise PluginError(f"{source} is {loaded!r}, not a pycrm.plugin.Plugin", plugin=point.name)
    if loaded.version == NO_VERSION and point.dist is not None:
        loaded.version = point.dist.version
    return loaded
