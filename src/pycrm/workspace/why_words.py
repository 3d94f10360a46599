"""The words in which rights are told, in English. ``[why]`` of a label file has them in its language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["WHY_WORDS"]

WHY_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # The sentence and its parts
        "may": "{who} may {action} {what}: {reasons}.",
        "may not": "{who} may not {action} {what}: {reasons}.",
        "reasons": "; ",
        "list": ", ",
        "nobody": "an anonymous principal",
        "plugin": "the plugin {plugin}",
        "one": "{entity} “{title}”",
        "any": "{entity} records",
        "field": "{field} of {what}",
        # Actions
        "do read": "read",
        "do create": "create",
        "do write": "write",
        "do delete": "delete",
        "do share": "share",
        "do export": "export",
        "do bulk": "change in bulk",
        "do unmask": "unmask",
        "do audit": "audit",
        "do set_state": "set the state of",
        "do define_fields": "define fields of",
        "do": "do “{action}” with",
        # Who may do all, or what its code lists
        "administrator": "the role {role} may do all",
        "plugin own": "it is the plugin's own",
        "plugin reads": "a plugin reads everything",
        "plugin lists": "Plugin(may=…) lists it",
        "plugin lists not": "Plugin(may=…) does not list it",
        "section": "a section with further rights gives it for all records",
        # Roles
        "no role": "{who} has no role",
        "none allows": "none of the roles allows it: {roles}",
        "allows": "the role {role} allows it for {reach}",
        "allows this": "the role {role} allows it for {reach}, and this is one of them",
        "allows others": "the role {role} allows it for {reach}, and this is none of them",
        "denies": "the role {role} denies it for {reach}",
        "denies this": "the role {role} denies it for {reach}, and this is one of them",
        "role until": "{role} (assigned until {until})",
        # Records that a role reaches
        "none": "no records",
        "own": "one's own records",
        "team": "records of one's own and of the team",
        "subordinates": "records of one's own, of the team and of those below",
        "all": "all records",
        "rule": "records where {rule}",
        "hidden rule": "records of a rule",
        "broken rule": "records of a rule that means nothing any more",
        # What opens single records
        "shared": "it is shared with {grantee} ({level})",
        "shared until": "it is shared with {grantee} until {until} ({level})",
        "stands in": "{who} stands in for {other} until {until}",
        # Parts
        "part": "as a part it takes the right to {action} {what}",
        "part of any": "as a part it takes the right to {action} what it belongs to",
        "part of nothing": "it belongs to nothing that is there",
        # Fields
        "field common": "every record has this field, and whoever reads the record reads it",
        "field kept": "it is kept by pycrm or a plugin, and nobody gives it a value",
        "field right": "the role {role} gives the field: {right}",
        "field open": "the role {role} does not name the field, which is open",
        "field closed": "the role {role} does not name the field, which is closed until a role does",
        "field unnamed open": "no role names the field, which is open",
        "field unnamed closed": "no role names the field, which is closed until one does",
        "field denied": "the role {role} denies the field",
        "field not written": "without the right to write or create records no field of them is written",
        "field not masked": "the field is not masked",
        "right none": "no right",
        "right masked": "masked",
        "right read": "read",
        "right write": "write",
        # Moves
        "separated": "{who} made {step} on {day}, and {rule} wants somebody else for this",
        "no move": "there is no move {move} from {state}",
    }
)
"""Templates by key."""
