"""How rights are told: who, what and which records are called so that whoever asks may read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pycrm.entities import User
from pycrm.errors import PycrmError
from pycrm.fields.field import Field
from pycrm.fields.status import StatusKind
from pycrm.policies.grants import Reach, Rule
from pycrm.policies.roles import RoleDefinition
from pycrm.query.explain import explain
from pycrm.query.mentioned import mentioned
from pycrm.schema import Entity
from pycrm.schema.diff import loaded_value
from pycrm.workspace.asker import UnitAsker
from pycrm.workspace.rights import Grounds, grounds_of
from pycrm.workspace.view import View
from pycrm.workspace.why_words import WHY_WORDS

__all__ = ["Teller"]


class Teller:
    """Tells what rights rest on, in one language, with nothing that whoever asks may not read.

    Args:
        ws: The reader of whoever asks.
        subject: The view of whoever it is about.
        language: One that there are labels in.
    """

    def __init__(self, ws: Any, subject: View, language: str) -> None:
        self._ws = ws
        self._subject = subject
        self._language = language
        self._labels = ws._ctx.services.labels()
        self._asker = UnitAsker(ws._ctx, ws.principal)

    @cached_property
    def grounds(self) -> Grounds:
        """What the rights rest on; asked only where they come of roles."""
        return grounds_of(self._ws._ctx, self._subject.principal)

    def say(self, key: str, /, **parts: str) -> str:
        """Return the words of *key* with *parts* in their places."""
        template: str = self._labels.why(key, WHY_WORDS[key], self._language)
        return template.format(**parts)

    @cached_property
    def who(self) -> str:
        """What whoever it is about is called."""
        principal = self._subject.principal
        if principal.is_anonymous:
            return self.say("nobody")
        if principal.plugin_name is not None:
            return self.say("plugin", plugin=principal.plugin_name)
        ctx = self._ws._ctx
        id = ctx.user_of(principal)
        rows = [] if id is None else ctx.by_ids(ctx.tools.schema.entity(User), [id], include_binned=True)
        return str(rows[0].name) if rows else principal.user

    def what(self, entity: Entity, record: Any) -> str:
        """Return what *record* is called, or any of *entity* where it is None."""
        label = self._labels.entity(entity.name, self._language)
        if record is None:
            return self.say("any", entity=label)
        return self.say("one", entity=label, title=self.title(entity.name, record.id))

    def title(self, entity: str, id: UUID) -> str:
        """Return the title of a record as whoever asks reads it; its id where he does not."""
        reads = self._ws._reads
        seen = reads.schema.entities.get(entity)
        found = [] if seen is None else reads.by_ids(seen, [id], include_binned=True)
        return str((getattr(found[0], found[0].__title__) if found else None) or id)

    def action(self, entity: Entity, action: str) -> str:
        """Return what *action* is called, as a verb."""
        if f"do {action}" in WHY_WORDS:
            return self.say(f"do {action}")
        return self.say("do", action=self.move(entity, action))

    def move(self, entity: Entity, name: str) -> str:
        """Return what the move *name* is called; anything else stands for itself."""
        for field in entity.statuses:
            if isinstance(field.kind, StatusKind) and name in field.kind.lifecycle.moves:
                return str(self._labels.move(entity.name, field, field.kind.lifecycle.moves[name], self._language))
        return name

    def states(self, entity: Entity, record: Any) -> str:
        """Return the states in which *record* is."""
        told = []
        for field in entity.statuses:
            value = loaded_value(entity, record, field)
            if isinstance(field.kind, StatusKind) and value in field.kind.lifecycle.states:
                state = field.kind.lifecycle.states[value]
                told.append(self._labels.state(entity.name, field, state, self._language))
        return self.say("list").join(told)

    def field(self, entity: Entity, field: Field) -> str:
        """Return what *field* is called."""
        return str(self._labels.field(entity.name, field, self._language))

    def option(self, entity: Entity, path: str, value: str) -> str:
        """Return what *value* of the choice at *path* is called."""
        field = entity.fields[path]
        return str(self._labels.option(entity.name, field, field.kind.by_value[value], self._language))  # type: ignore[attr-defined]

    def role(self, name: str, definitions: Mapping[str, RoleDefinition] | None = None) -> str:
        """Return what the role *name* is called, with how long it is assigned where that ends."""
        known = (definitions or {}).get(name)
        label = str(self._labels.role(name, {} if known is None else known.label, self._language))
        if definitions is None or name in self._subject.principal.roles:
            return label
        ends = [each.ends_at for each in self.grounds.assigned if each.role == name]
        if not ends or None in ends:
            return label
        return self.say("role until", role=label, until=self.moment(max(ends)))

    def moment(self, at: datetime) -> str:
        """Return an instant as the clocks of whoever asks show it."""
        return f"{at.astimezone(self._asker.zone):%Y-%m-%d %H:%M}"

    def reach(self, entity: Entity, reach: Reach, *, is_broken: bool) -> str:
        """Return which records *reach* means."""
        if not isinstance(reach, Rule):
            return self.say(reach)
        if is_broken:
            return self.say("broken rule")
        from pycrm.query.reading import read_filter  # with a parser, which not every process needs

        schema = self._ws._reads.schema
        try:
            node = read_filter(reach.where)
            titles = self._ws._titles(mentioned(schema, schema.entities[entity.name], node))
            told = explain(schema, schema.entities[entity.name], node, self._labels, self._language, titles)
        except (PycrmError, KeyError):
            return self.say("hidden rule")  # it names what whoever asks does not know of
        return self.say("rule", rule=told)
