"""Runs an action as its user would, against a store that nobody needs."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..backends import LocalBackend
from ..context import TeeLogger
from ..errors import ActionFailedError, SynapsePluginsError
from ..executors import RunResult, run
from ..executors.prepare import prepare
from ..executors.vendor import dispatch
from .journal import MemoryJournal
from .recording import RecordingLogger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..context import LogRecord
    from ..executors.prepare import Prepared

__all__ = ['run_action']

_STAND_IN = 'action_under_test'


def run_action(
    action: str | type[Any],
    *,
    params: Mapping[str, Any] | None = None,
    client: Any = None,
    loggers: Iterable[Any] = (),
    plugin: str | Path | None = None,
    **kwargs: Any,
) -> RunResult:
    """Run an action, with every check that `synapse-plugins run` makes.

    Args:
        action: Its class, or what a user types: the name of an action, or ``pkg.mod:Class``.
        params: Its parameters; *kwargs* are more of them, and win. `dataset` may be a folder.
        client: The backend; None: the embedded one in a temporary home, which goes when the process ends. With
            an embedded one the run leaves a record in its store; with any other, perhaps a stand-in of yours,
            it leaves none.
        loggers: Where events go: objects with `emit(record)`, e.g. a `RecordingLogger`. They are not finished.
        plugin: Folder of the plugin project; None: the current one.
        **kwargs: Parameters of the action.

    Returns:
        How it went.

    Raises:
        SynapsePluginsError: If the run could not start, or failed; it was rolled back then.
    """
    given = {**(params or {}), **kwargs}
    sinks = [_Sink(logger) for logger in loggers]
    with _import_path_kept(), _name_of(action) as name:
        if client is None or isinstance(client, LocalBackend):
            home = _temporary_folder() / 'home' if client is None else client.store.home
            return run(name, params=given, home=home, loggers=sinks, plugin=plugin)
        return _run_with(client, prepare(name, given, client=client, plugin=plugin), sinks)


def _run_with(client: Any, prepared: Prepared, sinks: list[_Sink]) -> RunResult:
    """Run an action against a backend that has no store to keep records in."""
    prepared.register_folder()
    journal = MemoryJournal()
    ctx = prepared.ctx
    ctx.logger = TeeLogger([RecordingLogger(), *sinks])
    ctx.journal, ctx.run_id, ctx.work_dir = journal, journal.run_id, _temporary_folder()
    try:
        output = dispatch(prepared) if prepared.action is None else prepared.action.run()
    except SynapsePluginsError:
        raise
    except Exception as exc:
        raise ActionFailedError(
            f'Action {prepared.found.name!r} failed: {type(exc).__name__}: {exc}'
        ) from exc
    facts = output if isinstance(output, dict) else {}
    return RunResult(
        run_id=journal.run_id,
        action=prepared.found.name,
        state='SUCCEEDED',
        output=output,
        model_id=facts.get('model_id'),
        metrics=dict(facts.get('metrics') or {}),
        steps=journal.steps,
        dataset=prepared.dataset,
        backend=str(getattr(client, 'identity', type(client).__name__)),
        work_dir=ctx.work_dir,
    )


class _Sink:
    """Passes records on, and not the end of the run: a logger of a test is used for several runs."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def emit(self, record: LogRecord) -> None:
        """Pass a record on."""
        self._logger.emit(record)


# -- what a run finds and leaves ------------------------------------------------------------------------------


@contextmanager
def _name_of(action: str | type[Any]) -> Iterator[str]:
    """Give what `run` finds an action by, also a class that stands inside a test."""
    if isinstance(action, str):
        yield action
        return
    if '.' not in action.__qualname__ and vars(sys.modules[action.__module__]).get(action.__name__) is action:
        yield f'{action.__module__}:{action.__name__}'
        return
    module = ModuleType(_STAND_IN)
    setattr(module, action.__name__, action)
    sys.modules[_STAND_IN] = module
    try:
        yield f'{_STAND_IN}:{action.__name__}'
    finally:
        del sys.modules[_STAND_IN]


@contextmanager
def _import_path_kept() -> Iterator[None]:
    """Take back what a run of a plugin project adds to the places where Python looks for modules."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before


def _temporary_folder() -> Path:
    """Make a folder that stays as long as the process, since a result points into it."""
    folder = tempfile.mkdtemp(prefix='synapse-plugins-test-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
