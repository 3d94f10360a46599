"""The order of an upgrade: which owner goes from which release to which, and what may be one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import ConfigurationError
from pycrm.fields.kind import Kind
from pycrm.schema import DataStep, OwnerDeclarations
from pycrm.schema.releases import Release, read_releases
from pycrm.schema.upgrade import Check, Difference, Renamed, difference
from pycrm.storage.state import Installed
from pycrm.values.versions import release_of

__all__ = ["Plan", "Step", "make_plan", "steps_between"]


@attrs.frozen
class Step:
    """One owner from what is stored, or one of its releases, to the next.

    Attributes:
        was: Its row before.
        now: Its row after.
        difference: What lies between.
        functions: The owner's own steps for this release.
    """

    was: Installed
    now: Installed
    difference: Difference
    functions: tuple[DataStep, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether the database must change before the newer release may use it; else only its row does."""
        found = self.difference
        return bool(found.lines or found.refusals or self.functions)

    def lines(self) -> Iterator[str]:
        """Yield what is done, for people."""
        if self.was.version == self.now.version:
            yield f"changed {self.now.name} {self.now.version}"
        else:
            yield f"upgraded {self.now.name} from {self.was.version} to {self.now.version}"
        yield from (f"  {line}" for line in self.difference.lines)
        yield from (f"  step {function.name}" for function in self.functions)


@attrs.frozen
class Plan:
    """What brings a database to what the code declares.

    Attributes:
        new: The owners that it does not know.
        steps: Of the owners that it knows, in their order.
        refusals: Why it cannot be done, as far as the declarations tell.
    """

    new: tuple[OwnerDeclarations, ...]
    steps: tuple[Step, ...]
    refusals: tuple[str, ...]

    @property
    def stages(self) -> list[tuple[Step, ...]]:
        """The steps in portions that are one transaction each; one with functions is alone and takes several."""
        stages: list[tuple[Step, ...]] = []
        for step in self.steps:
            if step.functions or not stages or stages[-1][-1].functions:
                stages.append((step,))
            else:
                stages[-1] = (*stages[-1], step)
        return stages

    def checks(self) -> Iterator[tuple[Check, tuple[Renamed, ...]]]:
        """Yield what the values must fulfil now, each with the renamings up to the paths that it names.

        After an owner's own functions values are others, so that what is asked of them then is asked then.
        """
        renamed: tuple[Renamed, ...] = ()
        with_functions: set[str] = set()
        for step in self.steps:
            renamed += tuple(step.difference.renamed)
            if step.functions:
                with_functions.add(step.now.name)
            if step.now.name not in with_functions:
                for check in step.difference.checks:
                    yield check, renamed


def make_plan(
    owners: Sequence[OwnerDeclarations],
    installed: Mapping[str, Installed],
    declared: Mapping[str, Mapping[str, Any]],
    kinds: Mapping[str, type[Kind]],
) -> Plan:
    """Return what brings *installed* to what *owners* declare.

    Args:
        owners: In their order.
        installed: What the database says of itself.
        declared: The snapshot of each owner's code.
        kinds: The field kinds by name.
    Raises:
        ConfigurationError: A released snapshot cannot be read, or a function is for a release that is yet to come.
    """
    steps: list[Step] = []
    refusals: list[str] = []
    for owner in owners:
        stored = installed.get(owner.owner)
        if stored is None:
            continue
        if release_of(stored.version) > release_of(owner.version):
            refusals.append(
                f"the database was migrated by {owner.owner} {stored.version}, and this code is {owner.version}; "
                f"install {owner.owner} {stored.version} or newer"
            )
            continue
        steps += _steps(owner, stored, declared[owner.owner], kinds)
    refusals += [refusal for step in steps for refusal in step.difference.refusals]
    new = tuple(owner for owner in owners if owner.owner not in installed)
    return Plan(new, tuple(steps), tuple(refusals))


def steps_between(owner: OwnerDeclarations, was: str, now: str) -> tuple[DataStep, ...]:
    """Return the functions of *owner* that belong to releases after *was*, up to *now*."""
    return tuple(step for step in owner.steps if release_of(was) < release_of(step.version) <= release_of(now))


def _steps(
    owner: OwnerDeclarations, stored: Installed, declared: Mapping[str, Any], kinds: Mapping[str, type[Kind]]
) -> Iterator[Step]:
    for step in owner.steps:
        if release_of(step.version) > release_of(owner.version):
            raise ConfigurationError(
                f"plugin {owner.owner!r} has a step {step.name} for {step.version} and is itself {owner.version}; "
                "correct one of them",
                plugin=owner.owner,
            )
    was = stored
    for release in _way(owner, stored, declared):
        found = difference(owner.owner, was.snapshot, release.snapshot, kinds)
        now = Installed(owner.owner, release.version, found.snapshot)
        if (now.version, now.snapshot) != (was.version, was.snapshot):
            yield Step(was, now, found, steps_between(owner, was.version, now.version))
        was = now


def _way(owner: OwnerDeclarations, stored: Installed, declared: Mapping[str, Any]) -> Iterator[Release]:
    """Yield the releases on the way, the code's own declaration last."""
    if stored.version != owner.version and owner.package is not None:
        for release in read_releases(owner.owner, owner.package):
            if release_of(stored.version) < release_of(release.version) < release_of(owner.version):
                yield release
    yield Release(owner.version, declared)
