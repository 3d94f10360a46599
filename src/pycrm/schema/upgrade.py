"""What changes between two snapshots of one owner, told as data: the author of an owner writes none of it.

Fields and entities are added, renamed where `was` says so, widened, indexed. What a newer snapshot lacks is *parked*:
it stays in the stored snapshot, marked, so that its data are known and come back with it. What cannot be bridged
without looking at values becomes a check, what cannot be bridged at all a refusal. Nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.fields.kind import Fit, Kind
from pycrm.fields.references import RefKind
from pycrm.schema.kinds import frozen_kind, kind_to_json
from pycrm.schema.list_index import read_list_index

__all__ = ["Check", "Difference", "MustBeUnique", "MustExist", "MustFit", "Renamed", "difference", "stored_names"]

# What a declaration says of a field beside its kind, and how a change of it is told.
_FACTS = {
    "required": ("required of new records", "optional"),
    "unique": ("unique", "no longer unique"),
    "indexed": ("indexed", "no longer indexed"),
    "read_only": ("read-only", "writable"),
    "hidden": ("hidden", "shown"),
    "searchable": ("searchable", "no longer searchable"),
    "open": ("open to all who read the record", "closed until a role names it"),
}


@attrs.frozen
class Renamed:
    """A field that has another path: ``"pol"``, or ``"trade.pol"`` where it was added to somebody else's entity."""

    entity: str
    old: str
    new: str


@attrs.frozen
class MustBeUnique:
    """No two records of *entity* outside the bin may share the values at *paths*."""

    entity: str
    paths: tuple[str, ...]


@attrs.frozen
class MustFit:
    """Each value at *path*, stored under the kind *old*, must come through the kind *new* unchanged."""

    entity: str
    path: str
    old: Kind
    new: Kind


@attrs.frozen
class MustExist:
    """Each reference at *path* must lead to a record of *target*."""

    entity: str
    path: str
    target: str


Check = MustBeUnique | MustFit | MustExist
"""What must be true of the stored values before a snapshot may be taken over. Paths are those of the newer one."""


@attrs.define
class Difference:
    """What lies between a stored snapshot and a newer one.

    Attributes:
        snapshot: The newer one with what is parked, to be stored.
        lines: One per change, for people.
        refusals: Why it cannot be done; empty where it can.
        renamed: In the order in which it happened.
        checks: What values must fulfil.
    """

    snapshot: dict[str, Any] = attrs.field(factory=dict)
    lines: list[str] = attrs.field(factory=list)
    refusals: list[str] = attrs.field(factory=list)
    renamed: list[Renamed] = attrs.field(factory=list)
    checks: list[Check] = attrs.field(factory=list)


def difference(
    owner: str, stored: Mapping[str, Any], declared: Mapping[str, Any], kinds: Mapping[str, type[Kind]]
) -> Difference:
    """Return what brings *owner* from its *stored* snapshot to the *declared* one.

    Args:
        owner: Whose snapshots they are.
        stored: As `Difference.snapshot` left it; as `snapshot` made it at first.
        declared: As the code, or a released snapshot, has it.
        kinds: The field kinds by name. Of one that is gone the stored parts answer.
    """
    found = Difference()
    comparison = _Comparison(owner, kinds, found)
    found.snapshot = {
        "entities": comparison.entities(stored["entities"], declared["entities"]),
        "extensions": comparison.extensions(stored["extensions"], declared["extensions"]),
    }
    if renamed := _all_renamed(stored.get("renamed", {}), found.renamed):
        found.snapshot["renamed"] = renamed
    if "common" in declared:
        found.snapshot["common"] = comparison.common(stored.get("common"), declared["common"])
    if "kernel" in declared:
        found.snapshot["kernel"] = declared["kernel"]
        if stored.get("kernel") != declared["kernel"]:
            found.lines.append("the kernel's own tables: completed")
    return found


@attrs.frozen
class _Comparison:
    """One comparison on its way."""

    owner: str
    kinds: Mapping[str, type[Kind]]
    found: Difference

    def entities(self, stored: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, new in declared.items():
            result[name] = new
            if (old := stored.get(name)) is None:
                self._tell(name, "added")
                continue
            if old.get("parked"):
                self._tell(name, "back again, with the records that it had")
            result[name] = {**new, "fields": self._fields(name, "", old["fields"], new["fields"])}
            self._combinations(name, old, new)
            self._indexes(name, old, new)
        for name, old in stored.items():
            if name not in declared:
                result[name] = {**old, "parked": True}
                if not old.get("parked"):
                    self._tell(name, "parked; its records are kept")
        return result

    def extensions(self, stored: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
        names = [*declared, *(name for name in stored if name not in declared)]
        return {
            name: self._fields(name, f"{self.owner}.", stored.get(name, {}), declared.get(name, {})) for name in names
        }

    def common(self, stored: Mapping[str, Any] | None, declared: Mapping[str, Any]) -> dict[str, Any]:
        """Compare the fields that every record has; a snapshot from before they were noted has just those."""
        for name in declared.keys() - (stored or declared).keys():
            self._tell(f"every record's {name}", "added")
        for name, old in (stored or {}).items():
            if declared.get(name) != old:
                self._refuse(f"every record's {name}", "changed; the fields that all records have are only added to")
        return dict(declared)

    def _fields(
        self, entity: str, prefix: str, stored: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        former = self._former_names(entity, prefix, stored, declared)
        renamed = {old for name, old in former.items() if name != old}
        for name, new in declared.items():
            path, old_name = prefix + name, former.get(name, name)
            if old_name not in stored or (old_name == name and name in renamed):
                self._tell(f"{entity}.{path}", "added")
                result[name] = new
                continue
            old = stored[old_name]
            if old_name != name:
                self._tell(f"{entity}.{path}", f"renamed from {old_name}")
                self.found.renamed.append(Renamed(entity, prefix + old_name, path))
            if old.get("parked"):
                self._tell(f"{entity}.{path}", "back again, with the values that it had")
            result[name] = new if new == old else self._changed(entity, path, old, new)
        taken = renamed | {name for name in declared if name in stored}
        for name, old in stored.items():
            if name not in taken:
                result[name] = {**old, "parked": True}
                if not old.get("parked"):
                    self._tell(f"{entity}.{prefix}{name}", "parked; its values are kept")
        self._refuse_clashes(entity, prefix, result)
        return result

    def _former_names(
        self, entity: str, prefix: str, stored: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> dict[str, str]:
        """Return the names that fields had in *stored* where `was` says so; one that is done already is passed over."""
        former: dict[str, str] = {}
        for name, new in declared.items():
            was = new.get("was")
            if was not in stored or stored[was].get("parked"):
                continue
            if name not in stored:
                if was in former.values():
                    self._refuse(f"{entity}.{prefix}{name}", f"was {was}, and so was another field; only one can be it")
                former[name] = was
            elif stored[name].get("parked"):
                self._refuse(
                    f"{entity}.{prefix}{name}", f"was {was}, but a parked field has that name; choose another one"
                )
        return former

    def _changed(self, entity: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        where, was_parked = f"{entity}.{path}", bool(old.get("parked"))
        kind = self._kind(entity, path, old, new)
        for fact, (set_now, no_longer) in _FACTS.items():
            if bool(old.get(fact)) != bool(new.get(fact)):
                self._tell(where, set_now if new.get(fact) else no_longer)
        if new.get("unique") and (was_parked or not old.get("unique")):
            self.found.checks.append(MustBeUnique(entity, (path,)))
        if isinstance(kind, RefKind) and not kind.soft and (was_parked or old.get("options", {}).get("soft")):
            self.found.checks.append(MustExist(entity, path, str(kind.target)))
        return {**new, **kind_to_json(kind)}

    def _kind(self, entity: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Kind:
        """Return the kind to be stored; note what its change asks for."""
        was, now = frozen_kind(old, self.kinds), frozen_kind(new, self.kinds)
        now = now.keeping(was)
        if was.parts == now.parts and kind_to_json(was) == kind_to_json(now):
            return now
        where = f"{entity}.{path}"
        change = f"{was.name} becomes {now.name}" if was.name != now.name else f"{_options(was, now)} changed"
        fit = _fit(was, now)
        if fit is Fit.NONE:
            self._refuse(where, f"{change}, which the stored values do not bear; declare a new field beside it")
            return now
        self._tell(where, change)
        if fit is Fit.SOME:
            self.found.checks.append(MustFit(entity, path, was, now))
        return now

    def _combinations(self, entity: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compare what is unique over several fields."""
        renamed = {each.old: each.new for each in self.found.renamed if each.entity == entity}
        before = {tuple(renamed.get(name, name) for name in names) for names in old["unique"]}
        after = {tuple(names) for names in new["unique"]}
        for names in sorted(after - before):
            self._tell(entity, f"unique by {', '.join(names)}")
            self.found.checks.append(MustBeUnique(entity, names))
        for names in sorted(before - after):
            self._tell(entity, f"no longer unique by {', '.join(names)}")

    def _indexes(self, entity: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Compare the indexes over several fields."""
        renamed = {each.old: each.new for each in self.found.renamed if each.entity == entity}
        before = {read_list_index(text).renamed(renamed).text for text in old.get("indexes", ())}
        after = set(new.get("indexes", ()))
        for text in sorted(after - before):
            self._tell(entity, f"indexed by {text}")
        for text in sorted(before - after):
            self._tell(entity, f"no longer indexed by {text}")

    def _refuse_clashes(self, entity: str, prefix: str, fields: Mapping[str, Any]) -> None:
        """Refuse a field that would be stored where a parked one keeps its values."""
        parked: dict[str, str] = {}
        for name, data in fields.items():
            if data.get("parked"):
                parked |= dict.fromkeys(stored_names(name, data, self.kinds), name)
        for name, data in fields.items():
            if parked and not data.get("parked"):
                for stored_name in stored_names(name, data, self.kinds):
                    if stored_name in parked:
                        self._refuse(
                            f"{entity}.{prefix}{name}",
                            f"would be stored where the parked field {parked[stored_name]} keeps its values; "
                            "choose another name",
                        )

    def _tell(self, where: str, what: str) -> None:
        self.found.lines.append(f"{where}: {what}")

    def _refuse(self, where: str, why: str) -> None:
        self.found.refusals.append(f"{where}: {why}")


def _all_renamed(before: Mapping[str, Mapping[str, str]], renamed: Sequence[Renamed]) -> dict[str, dict[str, str]]:
    """Return by entity the former paths to those of today: of earlier releases, and of this one."""
    result = {entity: dict(paths) for entity, paths in before.items()}
    for each in renamed:
        paths = result.setdefault(each.entity, {})
        paths |= {old: each.new for old, new in paths.items() if new == each.old}
        paths[each.old] = each.new
        paths.pop(each.new, None)
    return result


def _fit(was: Kind, now: Kind) -> Fit:
    """Return which of the values that are stored under one kind another one takes over."""
    if not set(was.parts) <= set(now.parts):
        return Fit.NONE
    if (was.name, was.options()) == (now.name, now.options()):
        return Fit.ALL  # it only keeps more parts than it did
    return now.fit(was)


def stored_names(name: str, data: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> list[str]:
    """Return what the parts of the field *name* of a snapshot are stored under."""
    return [name + part.suffix for part in frozen_kind(data, kinds).parts]


def _options(was: Kind, now: Kind) -> str:
    """Return the names of the options that differ; of what they say there is too much for a line."""
    old, new = was.options(), now.options()
    return ", ".join(name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)) or "parts"
