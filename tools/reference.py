"""Write the pages of the reference that follow from the schema: the entities with their fields, and the lifecycles.

``python -m tools.reference`` writes them, ``python -m tools.reference --check`` says whether they are current.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pycrm import CRM
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind
from pycrm.fields.numbers import DecimalKind
from pycrm.fields.references import ANY_ENTITY, AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.fields.text import LongTextKind, TextKind
from pycrm.schema import Entity, OwnedRecord, Record

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
CHINESE = "zh"
GENERATED = "<!-- Written by `python -m tools.reference`; change the declaration or the script instead. -->"
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
FACTS = ("required", "unique", "indexed", "read_only", "hidden", "searchable", "open")


def entities_page(crm: CRM) -> str:
    """Return the page of all entities that pycrm itself brings."""
    lines = [
        "# Entities",
        "",
        GENERATED,
        "",
        "What pycrm itself brings, with the labels of both languages.",
        "A plugin's entities are named after it, as `visits.visit`.",
        "[Field kinds](field-kinds.md) says what each kind takes and stores.",
        "A required field is never without a value once it is written.",
        "The caller need not give it where a default, a lifecycle, an autonumber or a hook fills it in.",
        "By `searchable` fields [search](../how-to/search.md) finds a record.",
        "",
        "## Fields of every record",
        "",
        *_field_table(crm, crm.schema.entity("account"), list(Record.__declared_fields__)),
        "",
        "Records with an owner also have these.",
        "`owner` is the acting user unless the caller names another.",
        "",
        *_field_table(crm, crm.schema.entity("account"), _own(OwnedRecord)),
    ]
    for entity in crm.schema.entities.values():
        lines += ["", *_entity_section(crm, entity)]
    return "\n".join(lines) + "\n"


def lifecycles_page(crm: CRM) -> str:
    """Return the page of the lifecycles of pycrm's own entities."""
    lines = [
        "# Lifecycles",
        "",
        GENERATED,
        "",
        "The states of each status field, the first of them the initial one, and the moves between them.",
        "Changing the field by `update` is the move, with the same right, needs and checks.",
        "A new record in another state than the first asks for the right `set_state`.",
        "An opportunity has stages instead, which are data: [Opportunity](entities.md#opportunity).",
    ]
    for entity in crm.schema.entities.values():
        for field in entity.statuses:
            lines += ["", *_lifecycle_section(crm, entity, field)]
    return "\n".join(lines) + "\n"


PAGES: Mapping[str, Callable[[CRM], str]] = {"entities.md": entities_page, "lifecycles.md": lifecycles_page}


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return the names of the pages that differ from what the schema says now."""
    crm = CRM("sqlite://", plugins=[])
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text("utf-8") != page(crm)
    ]


def main() -> int:
    """Write the pages, or with ``--check`` only compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is outdated")
    if parser.parse_args().check:
        found = outdated()
        for name in found:
            print(f"docs/reference/{name} is outdated; run python -m tools.reference")
        return 1 if found else 0
    crm = CRM("sqlite://", plugins=[])
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(crm), "utf-8")
    return 0


def _own(record_class: type[Record]) -> list[str]:
    """Return the fields that a base class adds to those of every record."""
    return [name for name in record_class.__declared_fields__ if name not in Record.__declared_fields__]


def _entity_section(crm: CRM, entity: Entity) -> Iterator[str]:
    yield f"## {crm.labels.entity(entity.name)}"
    yield ""
    yield f"`{entity.name}` · {crm.labels.entity(entity.name, CHINESE)} · titled by `{entity.title}`"
    yield ""
    about = (inspect.getdoc(entity.record_class) or "").partition("\n\nAttributes:")[0].replace("``", "`")
    yield from _SENTENCE.split(" ".join(about.split()))
    is_owned = issubclass(entity.record_class, OwnedRecord)
    yield "It has an owner." if is_owned else "It has no owner."
    for paths in entity.unique:
        yield f"Unique together: {_listed(paths)}."
    yield ""
    inherited = _own(OwnedRecord) if is_owned else []
    yield from _field_table(crm, entity, [field.name for field in entity.own_fields if field.name not in inherited])
    if entity.back:
        yield ""
        ways = [f"`{name}` ({_link(back.entity, crm)}, by `{back.field}`)" for name, back in entity.back.items()]
        yield f"Ways back, for `include=`: {', '.join(ways)}."


def _field_table(crm: CRM, entity: Entity, names: list[str]) -> Iterator[str]:
    yield "| field | label | 中文 | kind | facts |"
    yield "|---|---|---|---|---|"
    for name in names:
        field = entity.fields[name]
        english, chinese = (crm.labels.field(entity.name, field, language) for language in ("en", CHINESE))
        yield f"| `{name}` | {english} | {chinese} | {_kind(crm, entity, field)} | {_facts(field)} |"


def _facts(field: Field) -> str:
    facts = [fact.replace("_", " ") for fact in FACTS if getattr(field, fact)]
    if field.default is not None:
        facts.append(f"default `{field.default}`")
    return ", ".join(facts)


def _kind(crm: CRM, entity: Entity, field: Field) -> str:
    kind = field.kind
    name = f"[{kind.name}](kinds/{kind.name}.md)"
    match kind:
        case ChoiceKind() | MultiChoiceKind():
            chinese = (crm.labels.option(entity.name, field, option, CHINESE) for option in kind.choices)
            options = (f"`{option.value}` {label}" for option, label in zip(kind.choices, chinese, strict=True))
            return f"{name}: {', '.join(options)}"
        case RefKind() | RefsKind():
            return f"{name} to {_link(str(kind.target), crm)}{_role(kind)}"
        case AnyRefKind() | AnyRefsKind():
            return f"{name} to {'any entity' if ANY_ENTITY in kind.targets else _listed(kind.targets)}{_role(kind)}"
        case StatusKind():
            return f"{name}: [{', '.join(kind.lifecycle.states)}](lifecycles.md#{_anchor(crm, entity.name)})"
        case AutonumberKind():
            return f"{name} `{kind.pattern}`"
        case LongTextKind():
            return name
        case TextKind(max_length=length):
            return name if length == TextKind().max_length else f"{name}, at most {length:,} characters"
        case DecimalKind(places=places):
            return f"{name}, {places} places"
        case MoneyKind(places=int(places)):
            return f"{name}, {places} places"
    return name


def _role(kind: Kind) -> str:
    """Return what the target of a reference is beside that."""
    if isinstance(kind, RefKind) and kind.tree:
        return ", above it in a tree"
    return ", part of it" if isinstance(kind, (RefKind, AnyRefKind)) and kind.part_of else ""


def _lifecycle_section(crm: CRM, entity: Entity, field: Field) -> Iterator[str]:
    kind: Any = field.kind
    lifecycle = kind.lifecycle
    yield f"## {crm.labels.entity(entity.name)}"
    yield ""
    yield f"`{entity.name}.{field.path}`"
    yield ""
    yield "| state | label | 中文 | category | final |"
    yield "|---|---|---|---|---|"
    for state in lifecycle.states.values():
        english, chinese = (crm.labels.state(entity.name, field, state, language) for language in ("en", CHINESE))
        yield f"| `{state.name}` | {english} | {chinese} | {state.category} | {'yes' if state.final else ''} |"
    yield ""
    yield "| move | label | 中文 | from | to | needs |"
    yield "|---|---|---|---|---|---|"
    for move in lifecycle.moves.values():
        english, chinese = (crm.labels.move(entity.name, field, move, language) for language in ("en", CHINESE))
        sources, needs = _listed(lifecycle.sources(move.name)), _listed(move.needs)
        yield f"| `{move.name}` | {english} | {chinese} | {sources} | `{move.to}` | {needs} |"


def _link(entity: str, crm: CRM) -> str:
    return f"[{entity}](entities.md#{_anchor(crm, entity)})"


def _anchor(crm: CRM, entity: str) -> str:
    return crm.labels.entity(entity).lower().replace(" ", "-")


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.exit(main())
