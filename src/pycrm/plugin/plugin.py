"""`Plugin`: the object that an author decorates with, and that hands over what it collected."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypedDict, TypeVar, Unpack

import attrs

from pycrm.errors import ConfigurationError
from pycrm.fields import Kind
from pycrm.fields.registry import check_kind_class
from pycrm.markers import hookimpl
from pycrm.plugin.functions import Action, HookFunction, check_states
from pycrm.policies.declared import RoleDeclarations
from pycrm.policies.grants import EntityGrant
from pycrm.policies.roles import RoleDefinition, read_rights, read_role
from pycrm.schema import (
    ChangeSet,
    DataStep,
    EntityDeclaration,
    Extension,
    ExtensionDeclaration,
    OwnerDeclarations,
    Record,
    entity_maker,
    make_extension_class,
)
from pycrm.schema.functions import Function, make_function
from pycrm.schema.transforms import Transform, make_transform
from pycrm.values.versions import release_of
from pycrm.workspace import Workspace

if TYPE_CHECKING:
    from pycrm.storage.upgrade.steps import Migration

__all__ = ["Plugin"]

E = TypeVar("E", bound=Record)
X = TypeVar("X", bound=Extension)
K = TypeVar("K", bound=Kind)
P = ParamSpec("P")
T = TypeVar("T")
G = TypeVar("G", bound=Callable[..., Any])
F = TypeVar("F", bound=Callable[[Workspace, ChangeSet[Any]], object])

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REQUIREMENT = re.compile(r"([a-z][a-z0-9_]*)(?:>=(\d+(?:\.\d+)*))?")
NO_VERSION = "0"
_RESERVED = frozenset({"core", "custom", "pycrm", "plugin"})


class HookOptions(TypedDict, total=False):
    """When a hook's function is asked, and as whom; see `HookFunction`."""

    changed: str
    move: str
    include: str
    as_plugin: bool
    after: str


@attrs.frozen
class Requirement:
    """Another plugin (or pycrm itself) that must be there, at least in a version."""

    name: str
    at_least: tuple[int, ...] = ()

    @classmethod
    def read(cls, text: str) -> Requirement:
        """Return what ``"trade>=1.2"`` asks for."""
        found = _REQUIREMENT.fullmatch(text.replace(" ", ""))
        if found is None:
            raise ConfigurationError(f"requirement {text!r} is not of the form 'name' or 'name>=1.2'", value=text)
        return cls(found[1], release_of(found[2] or ""))


class Plugin:
    """Collects what a plugin brings; several CRMs may use it, and it holds nothing of theirs.

    Args:
        name: The prefix of everything that it brings: tables, fields, rights.
        requires: Plugins that must be there and whose hooks run first: ``["pycrm>=0.1", "trade"]``.
        after: Plugins whose hooks run first where they are there.
        may: What its service principal may do beyond its own entities: ``{"sales_order": {"write"}}``.
        version: Of its code, where no installed distribution tells.
    """

    def __init__(
        self,
        name: str,
        *,
        requires: Iterable[str] = (),
        after: Iterable[str] = (),
        may: Mapping[str, Collection[str]] | None = None,
        version: str = NO_VERSION,
    ) -> None:
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise ConfigurationError(
                f"plugin name {name!r}: use lower-case letters, digits and underscores, none of "
                f"{', '.join(sorted(_RESERVED))}",
                plugin=name,
            )
        self.name = name
        self.version = version
        # Labels lie beside the module that makes the plugin; its author need not say where that is.
        caller = sys._getframe(1).f_globals
        self.module: str = caller.get("__name__", "")
        self.package: str | None = caller.get("__package__") or None
        self.requires = tuple(map(Requirement.read, requires))
        self.after = frozenset(after)
        self.may = {entity: frozenset(actions) for entity, actions in (may or {}).items()}
        self._entities: list[EntityDeclaration] = []
        self._extensions: list[ExtensionDeclaration] = []
        self._kinds: list[type[Kind]] = []
        self._functions: list[HookFunction] = []
        self._filter_functions: list[Function] = []
        self._transforms: list[Transform] = []
        self._actions: list[Action[Any, Any, Any]] = []
        self._installers: list[Callable[[Workspace], None]] = []
        self._steps: list[DataStep] = []
        self._roles: list[RoleDefinition] = []
        self._grants: list[tuple[str, Mapping[str, EntityGrant]]] = []
        self._permissions: list[str] = []
        self._separations: list[tuple[str, type[Record] | str, tuple[str, ...]]] = []
        self._frozen = False
        self.entity = entity_maker(self._collect_entity)

    @property
    def follows(self) -> frozenset[str]:
        """Plugins whose hooks are asked before ours where they are there."""
        return self.after.union(*(function.after for function in self._functions))

    def __repr__(self) -> str:
        return f"<Plugin {self.name} {self.version}>"

    # What authors decorate with

    def extend(self, target: type[Record] | str) -> Callable[[type[X]], type[X]]:
        """Add the fields of the decorated `Extension` class to somebody else's entity."""

        def make(cls: type[X]) -> type[X]:
            made = make_extension_class(cls, self.name)
            self._collect(self._extensions, ExtensionDeclaration(target, made))
            return made

        return make

    def field_kind(self, cls: type[K]) -> type[K]:
        """Bring the decorated class as a field kind; its ``name`` begins with the plugin's: ``"trade.hs_code"``.

        Raises:
            ConfigurationError: It is no field kind; it says what is missing.
        """
        check_kind_class(cls)
        self._collect(self._kinds, cls)
        return cls

    def function(
        self, *, takes: Sequence[str], gives: str, postgresql: Callable[..., Any], words: str = ""
    ) -> Callable[[G], G]:
        """Bring the decorated function into the language of filters and orders: ``TRADE.SHORT(name) = 'HAI'``.

        It is called with values, none of them missing, and gives one or None; SQLite asks it, and so does whoever
        evaluates filters in memory. Its name there is the plugin's and its own, in capitals.

        Args:
            takes: The sorts of its arguments: ``"number"`` (`Decimal`), ``"text"``, ``"boolean"``, ``"date"``,
                ``"instant"`` (an aware `datetime`), ``"id"`` (`UUID`).
            gives: The sort of its result.
            postgresql: From the SQL of the arguments, SQLAlchemy expressions, to that of the same result.
            words: How `explain` tells it in English, ``"the short form of {0}"``; a label file has other languages.
        Raises:
            ConfigurationError: A sort that there is not, or a form with another number of arguments.
        """

        def collect(function: G) -> G:
            made = make_function(self.name, function, takes=takes, gives=gives, postgresql=postgresql, words=words)
            self._collect(self._filter_functions, made)
            return function

        return collect

    def transform(self, name: str, *, gives: str = "", check: Callable[..., str] | None = None) -> Callable[[G], G]:
        """Bring the decorated function as a step of import mappings: ``transforms = ["trade.incoterm"]``.

        It is called with a value, which is never empty, and the arguments of the mapping file, texts; it gives a value,
        or None for an empty one. What it cannot read it refuses by raising a `Problem`. It is called once for equal
        values, so it must not depend on anything else.

        Args:
            name: Its name within the plugin.
            gives: The name of a kind whose inside values it always gives, whatever the kind's options; a field of that
                kind then takes them as they are.
            check: Returns what is wrong with arguments that the mapping file gives as texts, an empty text for
                nothing; called before any row is read.
        Raises:
            ConfigurationError: The name is none, or the function does not take a value.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"plugin {self.name!r}: transform({name!r}): use lower-case letters, digits and underscores",
                plugin=self.name,
            )

        def collect(function: G) -> G:
            self._collect(self._transforms, make_transform(name, function, self.name, gives, check))
            return function

        return collect

    def derive(self, target: type[Record] | str, **options: Unpack[HookOptions]) -> Callable[[F], F]:
        """Ask the decorated function to set fields that follow from others; see `pycrm_derive_records`.

        Args:
            target: The record class or entity name.
            options: ``changed="qty unit_price"`` (see only updates of one of these), ``move="confirm"``,
                ``include="order.owner"``, ``as_plugin=True``, ``after="other"``.
        """
        return self._hook("derive", target, options)

    def check(self, target: type[Record] | str, **options: Unpack[HookOptions]) -> Callable[[F], F]:
        """Ask the decorated function what is wrong with records; see `pycrm_check_records` and `derive`."""
        return self._hook("check", target, options)

    def after_write(self, target: type[Record] | str, **options: Unpack[HookOptions]) -> Callable[[F], F]:
        """Let the decorated function write other records; see `pycrm_after_write_records` and `derive`."""
        return self._hook("after_write", target, options)

    def action(
        self, target: type[E], *, permission: str = "write", states: str = ""
    ) -> Callable[[Callable[Concatenate[Workspace, P], T]], Action[E, P, T]]:
        """Make the decorated function a verb of *target*: ``ws.run(remind(sample, days=3))``.

        Args:
            target: The record class.
            permission: The right that it asks for.
            states: The states that a record may be in for it: ``"asked sent"``; empty for any.
        """
        taken = tuple(states.split())
        if taken:
            check_states(target, taken)

        def make(function: Callable[Concatenate[Workspace, P], T]) -> Action[E, P, T]:
            action = Action(self.name, function, target, permission, taken)
            self._collect(self._actions, action)
            return action

        return make

    def permission(self, name: str) -> str:
        """Bring a right of the plugin's own and return its full name, ``"trade.sign"``.

        An action asks for it with ``permission=``, a move with ``may=``, and roles allow it on an entity as they allow
        ``"write"``.

        Raises:
            ConfigurationError: The name is none.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"plugin {self.name!r}: permission({name!r}): use lower-case letters, digits and underscores",
                plugin=self.name,
            )
        full = f"{self.name}.{name}"
        self._collect(self._permissions, full)
        return full

    def role(
        self,
        name: str,
        rights: Mapping[str, Mapping[str, Any]],
        *,
        label: Mapping[str, str] | None = None,
        help: Mapping[str, str] | None = None,
        parent: str | None = None,
    ) -> None:
        """Bring a role: ``plugin.role("quality", {"trade.sample": {"read": "all", "write": "team"}})``.

        Args:
            name: What principals and assignments call it.
            rights: By entity name, what it may do; see `pycrm.policies.roles` for the form.
            label: Language to label; a label file may have them, and the English one derives from the name.
            help: Language to what it is for.
            parent: The role above it.
        Raises:
            ConfigurationError: It cannot be read; everything that is wrong is told. Names of entities, actions and
                fields are judged when a CRM is put together.
        """
        data = {"rights": rights, "label": label or {}, "help": help or {}, "parent": parent}
        self._collect(self._roles, read_role(name, data, self.name))

    def grant(self, role: str, rights: Mapping[str, Mapping[str, Any]]) -> None:
        """Give a role, of this plugin or of another, further *rights*, in the form that `role` takes."""
        self._collect(self._grants, (role, read_rights(role, rights, self.name)))

    def separate(self, name: str, target: type[Record] | str, *steps: str) -> None:
        """Let different people make *steps* of one record: ``plugin.separate("approval", Quote, "submit", "approve")``.

        It holds for every move, on whichever way, and for administrators, too.

        Args:
            name: What people call the rule.
            target: The record class or entity name.
            steps: Two or more moves of its lifecycle, or ``"create"``; judged when a CRM is put together.
        """
        self._collect(self._separations, (name, target, steps))

    def on_install(self, function: Callable[[Workspace], None]) -> Callable[[Workspace], None]:
        """Let the decorated function write the plugin's first records; see `pycrm_install_records`."""
        self._collect(self._installers, function)
        return function

    def migration(self, version: str) -> Callable[[Callable[[Migration], None]], Callable[[Migration], None]]:
        """Let the decorated function bring stored values into the form of the release *version*.

        It runs once in a database of an earlier release, after columns came and were renamed, and before what must be
        unique is looked at. See `Migration` for what it may do.

        Raises:
            ConfigurationError: *version* has no number.
        """
        if not release_of(version):
            raise ConfigurationError(
                f"plugin {self.name!r}: migration({version!r}) names no release; write it as '1.2'", plugin=self.name
            )

        def collect(function: Callable[[Migration], None]) -> Callable[[Migration], None]:
            self._collect(self._steps, DataStep(version, function))
            return function

        return collect

    # What the CRM calls

    @hookimpl
    def pycrm_register_declarations(self, builtin: bool) -> OwnerDeclarations:
        """Hand over what belongs to the schema; from here on the plugin takes nothing more."""
        self._frozen = True
        return OwnerDeclarations(
            self.name,
            builtin,
            self.version,
            tuple(self._entities),
            tuple(self._extensions),
            tuple(self._kinds),
            self.package,
            tuple(self._steps),
            tuple(self._filter_functions),
            tuple(self._transforms),
        )

    @hookimpl
    def pycrm_register_write_hooks(self) -> list[HookFunction]:
        """Hand over the functions for hooks."""
        return list(self._functions)

    @hookimpl
    def pycrm_register_actions(self) -> list[Action[Any, Any, Any]]:
        """Hand over the actions."""
        return list(self._actions)

    @hookimpl
    def pycrm_register_roles(self) -> RoleDeclarations:
        """Hand over the roles, what it grants to any, and its permissions."""
        return RoleDeclarations(
            self.name, tuple(self._roles), tuple(self._grants), tuple(self._permissions), tuple(self._separations)
        )

    @hookimpl
    def pycrm_install_records(self, ws: Workspace) -> None:
        """Write the plugin's first records."""
        for function in self._installers:
            function(ws)

    def _hook(self, hook: str, target: type[Record] | str, options: HookOptions) -> Callable[[F], F]:
        known = HookOptions.__annotations__.keys()
        if unknown := options.keys() - known:
            raise ConfigurationError(
                f"plugin {self.name!r}: {hook} takes {', '.join(known)}, not {', '.join(sorted(unknown))}",
                plugin=self.name,
            )

        def collect(function: F) -> F:
            declared = HookFunction(
                hook,
                self.name,
                function,
                target,
                changed=frozenset(str(options.get("changed", "")).split()),
                move=options.get("move"),
                include=options.get("include", ""),
                as_plugin=options.get("as_plugin", False),
                after=self.after | frozenset(str(options.get("after", "")).split()),
            )
            self._collect(self._functions, declared)
            return function

        return collect

    def _collect_entity(self, declaration: EntityDeclaration) -> None:
        self._collect(self._entities, declaration)

    def _collect(self, to: list[Any], what: Any) -> None:
        if self._frozen:
            raise ConfigurationError(
                f"plugin {self.name!r} is in use by a CRM and takes nothing more; import all its modules in its "
                "__init__.py, before the CRM is made",
                plugin=self.name,
            )
        to.append(what)
