"""What speaks for and against reading or writing a field: what each role says of it, and what is so by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pycrm.fields.field import Field
from pycrm.policies.grants import COMMON, EVERY_FIELD, EntityGrant, is_open
from pycrm.policies.rights import Rights
from pycrm.schema import Entity
from pycrm.workspace.why_teller import Teller

__all__ = ["field_reasons", "gives_field"]

_NEEDED = {"write": ("write",), "create": ("write",), "unmask": ("masked",)}


def gives_field(rights: Rights, action: str, entity: Entity, field: Field) -> bool:
    """Return whether *rights* give what *action* needs of *field*: to be written, to be masked, or to be read."""
    return rights.field_right(entity, field) in _NEEDED.get(action, ("read", "write"))


def field_reasons(rights: Rights, teller: Teller, action: str, entity: Entity, field: Field) -> Iterator[str]:
    """Yield what speaks for and against *action* on *field*, given that the record is within reach."""
    known = teller.grounds.definitions
    grants = [(name, known[name].grants.get(entity.name)) for name in sorted(rights.roles & known.keys())]
    said = [(name, told) for name, grant in grants if grant is not None and (told := _told(grant, field)) is not None]
    for name, (key, right) in said:
        yield teller.say(key, role=teller.role(name, known), right=teller.say(f"right {right or 'none'}"))
    if not said:
        yield teller.say("field unnamed open" if is_open(field) else "field unnamed closed")
    if field.path in COMMON:
        yield teller.say("field common")
    may_write = rights.allows("write", entity) or rights.allows("create", entity)
    if action in ("write", "create") and not may_write:
        yield teller.say("field not written")
    if action == "unmask" and rights.field_right(entity, field) != "masked":
        yield teller.say("field not masked")


def _told(grant: EntityGrant, field: Field) -> tuple[str, str] | None:
    """Return how to tell what one role says of *field*, and the right that it gives, if it names one."""
    if field.path in grant.denied_fields or EVERY_FIELD in grant.denied_fields:
        return "field denied", ""
    if not grant.allows:
        return None  # it only denies other things
    named = grant.named(field.path)
    if named is not None:
        return "field right", grant.fields[named]
    return ("field open" if is_open(field) else "field closed"), ""
