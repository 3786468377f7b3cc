"""Loads packs one by one, and says who provides what.

The loop over entry points is ours: pluggy's own loader lets the first pack that cannot be imported stop all
others, and passes over a second distribution with the same entry-point name without a word.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pluggy

from .. import hookspecs
from .._version import __version__
from ..errors import PackConflictError, PackError
from ..providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider
from .claims import ClaimTable, PackRecord, key_of
from .discovery import BUILTIN_DISTRIBUTION, BUILTIN_MODULE, FoundPack, discover, normalised
from .faults import fault_of, place_in
from .known import who_brings
from .selection import candidates, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..providers import Role
    from ..steps.protocols import Observer
    from .claims import Claim

__all__ = ['PackManager', 'get_manager']

_KINDS: Mapping[str, type] = {
    'steps': StepProvider,
    'formats': FormatProvider,
    'actions': ActionProvider,
    'loggers': LoggerProvider,
}
_SHOWN = 3
"""Broken packs that an error about a name tells of."""
_EVENTS: Mapping[str, tuple[str, ...]] = {
    'before_run': ('context', 'steps'),
    'before_step': ('context', 'step'),
    'after_step': ('context', 'step', 'result'),
    'on_step_error': ('context', 'step', 'error'),
    'after_rollback': ('context', 'step', 'error'),
    'after_run': ('context', 'error'),
}


class PackManager:
    """The packs of this installation.

    Args:
        load: Distributions to load beside the built-in pack; None: all.
        disable: Distributions or entry-point names that are not even imported.
        strict: Raise a pack's error instead of recording it.
        trace: Write every hook call to standard error.

    Attributes:
        records: Every pack that was found, built-in first, with its state.
    """

    def __init__(
        self,
        *,
        load: Iterable[str] | None = None,
        disable: Iterable[str] = (),
        strict: bool = False,
        trace: bool = False,
    ) -> None:
        self._load = None if load is None else {normalised(name) for name in load}
        self._disable = {normalised(name) for name in disable}
        self._strict = strict
        self._trace = trace
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._claims = ClaimTable()
        self._modules: dict[str, Any] = {}
        self.records: list[PackRecord] = []
        self._claim_engine_formats()
        for found in discover():
            self._load_pack(found)

    @classmethod
    def from_environment(cls) -> PackManager:
        """Make a manager as ``SYNAPSE_PLUGINS_LOAD``, ``_DISABLE``, ``_STRICT`` and ``_TRACE`` say."""
        load = os.environ.get('SYNAPSE_PLUGINS_LOAD')
        return cls(
            load=None if load is None else _split(load),
            disable=_split(os.environ.get('SYNAPSE_PLUGINS_DISABLE', '')),
            strict=_is_on('SYNAPSE_PLUGINS_STRICT'),
            trace=_is_on('SYNAPSE_PLUGINS_TRACE'),
        )

    def add_module(self, module: str, *, distribution: str, version: str = '0') -> PackRecord:
        """Load a pack that is not installed, e.g. the one of the project at hand; once only."""
        for record in self.records:
            if record.module == module:
                return record
        return self._load_pack(FoundPack(distribution, module.rpartition('.')[2], version, module))

    # -- asking ---------------------------------------------------------------------------------------

    def steps(self) -> list[Claim]:
        """Return what packs offer as steps, built-in first."""
        return self._claims.held('steps')

    def formats(self) -> list[Claim]:
        """Return the formats that can be used, the engine's own first."""
        return self._claims.held('formats')

    def actions(self) -> list[Claim]:
        """Return the actions that packs offer."""
        return self._claims.held('actions')

    def loggers(self) -> list[Claim]:
        """Return the loggers that packs plug in."""
        return self._claims.held('loggers')

    def action(self, name: str) -> Claim:
        """Return the action of this name.

        Raises:
            UnknownNameError: If no pack offers it.
            PackConflictError: If several packs claim it.
        """
        hint = self.who_brings('actions', name) or 'See `synapse-plugins actions`.'
        return self._claims.get('actions', name, word='action', hint=hint)

    def format_conflict(self, name: str) -> PackConflictError | None:
        """Return the error that says who contests a format, if it is contested and nobody keeps it."""
        return self._claims.contested('formats', name)

    def who_brings(self, kind: str, name: str) -> str:
        """Return sentences about which known pack provides what is missing, and about packs that are broken, if any."""
        return ' '.join(filter(None, (who_brings(kind, name), *self._broken())))

    def fault(self, error: BaseException) -> str:
        """Return what to say of an exception that the code of a pack raised; an empty text if another's did."""
        return fault_of(error, self.records)

    def _broken(self) -> list[str]:
        """Return a sentence for each pack that cannot be used, and may be the one that is missed; at most three."""
        unusable = [(one, one.error.rstrip('.')) for one in self.records if one.error]
        return [
            f'It may be of the pack {one.name!r} of {one.origin}, which cannot be used: {error}.'
            for one, error in unusable[:_SHOWN]
        ]

    def candidates(
        self, role: Role, target_format: str | None = None, task: str | None = None
    ) -> list[Claim]:
        """Return who serves a role for a format and a task; None stands for any."""
        return candidates(self._claims, role, target_format, task)

    def select(
        self,
        role: Role,
        target_format: str | None = None,
        task: str | None = None,
        *,
        named: str | None = None,
    ) -> Claim:
        """Return who serves a role: the one named, else the built-in one, else the only one.

        Raises:
            ProviderError: If nobody serves it, or several packs do and none was named.
            UnknownNameError: If the named one does not exist.
            PackConflictError: If several packs claim the name.
        """
        return select(self._claims, role, target_format, task, named)

    def observers(self) -> list[Observer]:
        """Return an observer for each pack that implements hooks around runs or steps."""
        observers: list[Observer] = []
        for record in self.records:
            module = self._modules.get(record.module)
            implemented = {
                event: implementation
                for event in _EVENTS
                for implementation in getattr(self._pluggy.hook, f'synapse_{event}').get_hookimpls()
                if implementation.plugin is module
            }
            if implemented:
                observers.append(self._observer(record, implemented))
        return observers

    # -- loading --------------------------------------------------------------------------------------

    def _claim_engine_formats(self) -> None:
        """Enter the dataset engine's own formats; they belong to this distribution."""
        from ..datasets import formats

        engine = PackRecord('datasets', BUILTIN_DISTRIBUTION, __version__, BUILTIN_MODULE)
        for provider in formats.BUILTIN:
            self._claims.add('formats', provider, engine)

    def _load_pack(self, found: FoundPack) -> PackRecord:
        record = PackRecord(found.name, found.distribution, found.version, found.module, needs=found.needs)
        self.records.append(record)
        if not self._is_wanted(record):
            record.state = 'disabled'
            return record
        if not _fits(found.needs):
            record.state = 'incompatible'
            record.error = (
                f'it needs synapse-plugins {found.needs}, and this is {__version__}. '
                f"Type: pip install --upgrade 'synapse-plugins{found.needs}'"
            )
            if self._strict:
                raise PackError(f'Pack {record.name!r} of {record.origin} cannot be used: {record.error}')
            return record
        try:
            self._register(record, import_module(found.module))
        except (Exception, SystemExit) as exc:
            if self._strict and isinstance(exc, PackConflictError):
                raise
            place = place_in(exc, [found.module.partition('.')[0]])
            record.state = 'broken'
            record.error = f'{type(exc).__name__}: {exc}{f" ({place[1]})" if place else ""}'
            if self._strict:
                raise PackError(f'Pack {record.name!r} of {record.origin} is broken: {record.error}') from exc
        return record

    def _is_wanted(self, record: PackRecord) -> bool:
        if record.is_builtin:
            return True
        names = {normalised(record.distribution), normalised(record.name)}
        return not names & self._disable and (self._load is None or bool(names & self._load))

    def _register(self, record: PackRecord, module: Any) -> None:
        """Register a pack whole, or not at all."""
        self._pluggy.register(module, name=f'{record.distribution}:{record.name}')
        try:
            self._pluggy.check_pending()
            record.hooks = tuple(sorted(caller.name for caller in self._pluggy.get_hookcallers(module) or ()))
            provided = {kind: self._collect(record, module, kind) for kind in _KINDS}
        except BaseException:
            self._pluggy.unregister(module)
            raise
        self._modules[record.module] = module
        record.provides = {kind: [key_of(one) for one in many] for kind, many in provided.items() if many}
        for kind, providers in provided.items():
            for provider in providers:
                self._claim(kind, provider, record)

    def _collect(self, record: PackRecord, module: Any, kind: str) -> list[Any]:
        """Call the pack's registration hook of one kind, and check what it registers."""
        expected = _KINDS[kind]
        collected: list[Any] = []

        def register(provider: Any) -> None:
            if not isinstance(provider, expected):
                raise PackError(
                    f'synapse_register_{kind} got {type(provider).__name__}, not {expected.__name__}.'
                )
            if key_of(provider) in {key_of(other) for other in collected}:
                raise PackError(f'synapse_register_{kind} got {key_of(provider)!r} twice.')
            collected.append(provider)

        hook = f'synapse_register_{kind}'
        if (
            hook in record.hooks
        ):  # asked first: with hundreds of packs, each would be compared with all others
            for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
                if implementation.plugin is module:
                    self._call(record, hook, implementation, {'register': register})
        return collected

    def _claim(self, kind: str, provider: Any, record: PackRecord) -> None:
        conflict = self._claims.add(kind, provider, record)
        if kind == 'formats':
            self._update_format_table(provider)
        if conflict is not None and self._strict:
            raise conflict

    def _update_format_table(self, provider: FormatProvider) -> None:
        """Keep the engine's table in step: a pack's format joins it, a contested one leaves it."""
        from ..datasets import formats

        if provider.name in {builtin.name for builtin in formats.BUILTIN}:
            return
        formats.discard(provider.name)
        if self.format_conflict(provider.name) is None:
            formats.add(provider)

    # -- calling --------------------------------------------------------------------------------------

    def _call(self, record: PackRecord, hook: str, implementation: Any, arguments: Mapping[str, Any]) -> None:
        if self._trace:
            shown = ', '.join(f'{name}={arguments[name]!r}' for name in implementation.argnames)
            sys.stderr.write(f'{hook}({shown}) -> {record.origin}\n')
        implementation.function(*(arguments[name] for name in implementation.argnames))

    def _observer(self, record: PackRecord, implemented: Mapping[str, Any]) -> Observer:
        def method(event: str, implementation: Any) -> Any:
            def call(*values: Any) -> None:
                arguments = dict(zip(_EVENTS[event], values, strict=True))
                self._call(record, f'synapse_{event}', implementation, arguments)

            return staticmethod(call)

        # Named after the distribution, because that is what the orchestrator tells of an observer that fails.
        methods = {event: method(event, implementation) for event, implementation in implemented.items()}
        return type(f'Pack[{record.distribution}]', (), methods)()  # type: ignore[no-any-return]


@cache
def get_manager() -> PackManager:
    """Return the manager of this process, made as the environment says when it is first asked for."""
    return PackManager.from_environment()


@cache
def _fits(needs: str) -> bool:
    """Tell whether this version is one that a pack asks for."""
    if not needs:
        return True
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(needs).contains(__version__, prereleases=True)
    except InvalidSpecifier:  # the installer accepted it; let the pack be tried
        return True


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(',') if name.strip()]


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, '').strip().lower() in {'1', 'true', 'yes', 'on'}
