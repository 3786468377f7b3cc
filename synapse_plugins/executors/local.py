"""Runs an action in this process, with a record of the run in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ActionFailedError, RunCancelledError, SynapsePluginsError
from .job import Job
from .prepare import is_vendor_action, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ..context import RuntimeContext
    from .prepare import Prepared

__all__ = ['RunResult', 'run', 'run_plugin']


@dataclass
class RunResult:
    """How a run went.

    Attributes:
        run_id: The run's id; ``synapse-plugins runs show RUN`` shows its record.
        action: The action's name.
        state: ``SUCCEEDED``; a run that failed raises.
        output: What the action's `run()` returned.
        model_id: Id of the registered model, if there is one.
        metrics: Final metrics by name.
        steps: `name`, `state`, `seconds` of each step, in order.
        dataset: What the backend says of the dataset version, if there is one.
        backend: The backend's identity.
        work_dir: The run's own folder; None if nothing was left in it.
        problems: What could not be reported to the job, as sentences.
    """

    run_id: str
    action: str
    state: str
    output: Any
    model_id: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    dataset: dict[str, Any] | None = None
    backend: str = 'local'
    work_dir: Path | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def success(self) -> bool:
        """Whether the run succeeded."""
        return self.state == 'SUCCEEDED'


def run(
    action: str,
    *,
    params: Mapping[str, Any] | None = None,
    backend: str = 'local',
    home: str | Path | None = None,
    plugin: str | Path | None = None,
    job: int | str | None = None,
    loggers: Iterable[Any] | None = None,
    on_context: Callable[[RuntimeContext], Any] | None = None,
    **kwargs: Any,
) -> RunResult:
    """Run an action.

    Args:
        action: An action of the plugin project at hand, of a pack (``yolo.train``), or ``pkg.mod:Class``.
        params: Its parameters; *kwargs* are more of them, and win. `dataset` is an id, a name, ``name@version``
            or a folder, `checkpoint` an id or a name.
        backend: ``local``.
        home: The store's folder; None: as the environment says.
        plugin: Folder of the plugin project; None: the current one.
        job: Id of the job of the backend that this run is: it gets status, progress, reports and result.
        loggers: Where events go beside the run's record and the packs' loggers: objects with `emit(record)`;
            None: the console.
        on_context: Gets the runtime context before the run starts, e.g. to cancel it from outside.
        **kwargs: Parameters of the action.

    Returns:
        How it went. It works in a notebook and in a script without a main guard.

    Raises:
        SynapsePluginsError: If the run could not start (nothing was changed then), or failed (it was rolled
            back then, and the error's `run_id` is its record).
    """
    from .. import backends
    from ..runs import RunStore
    from ..store import open_store

    with open_store(home) as store, backends.open(backend, home=home) as client:
        prepared = prepare(
            action, {**(params or {}), **kwargs}, client=client, plugin=plugin, cache_dir=store.cache_dir
        )
        work = None if job is None else Job(client, job)
        prepared.register_folder()
        journal = RunStore(store).start(
            action=action,
            params=prepared.complete_params(),
            backend=client.identity,
            dataset=prepared.dataset,
        )
        return _run(prepared, journal, loggers, on_context, work)


def run_plugin(
    plugin: str | Path, action: str, params: Mapping[str, Any] | None = None, **kwargs: Any
) -> RunResult:
    """Run an action of the plugin project in the folder *plugin*; the rest is as in `run`."""
    return run(action, plugin=plugin, params=params, **kwargs)


def _attach(prepared: Prepared, journal: Any, loggers: Iterable[Any] | None, job: Job | None) -> None:
    """Give the runtime context the run's journal, folder and loggers."""
    from ..context import ConsoleLogger, TeeLogger

    ctx = prepared.ctx
    ctx.journal = journal
    ctx.run_id = journal.run_id
    ctx.work_dir = journal.work_dir
    packs_loggers, problems = _packs_loggers(prepared, journal.run_id)
    shown = [ConsoleLogger()] if loggers is None else list(loggers)
    reports = [] if job is None else [job.begin(ctx)]
    ctx.logger = TeeLogger([journal.logger(), *shown, *packs_loggers, *reports])
    for note, level in prepared.notes:
        ctx.log_message(note, level)
    for problem in problems:
        ctx.log_message(problem, 'warning')


def _packs_loggers(prepared: Prepared, run_id: str) -> tuple[list[Any], list[str]]:
    """Make the loggers that packs plug in; one that cannot be made is told, and the run goes on."""
    from ..providers import resolve

    made: list[Any] = []
    problems: list[str] = []
    for claim in prepared.ctx.packs.loggers():
        try:
            logger = resolve(claim.provider.factory)(run_id, prepared.found.name, prepared.complete_params())
        except Exception as exc:  # noqa: BLE001 - a stranger's code; told below
            problems.append(
                f'Logger {claim.provider.name!r} of {claim.pack.origin} is off: {type(exc).__name__}: {exc}'
            )
            continue
        if logger is not None:
            made.append(logger)
    return made, problems


def _run(
    prepared: Prepared,
    journal: Any,
    loggers: Iterable[Any] | None,
    on_context: Callable[[RuntimeContext], Any] | None,
    job: Job | None,
) -> RunResult:
    """Run the action and close its record, however it ends."""
    try:
        _attach(prepared, journal, loggers, job)
        if on_context is not None:
            on_context(prepared.ctx)
        output = _call(prepared)
    except BaseException as exc:
        state = 'CANCELLED' if isinstance(exc, (RunCancelledError, KeyboardInterrupt)) else 'FAILED'
        try:
            _close(prepared, journal, job, state, error=exc)
        except Exception as lost:  # noqa: BLE001 - what went wrong first is what is raised
            exc.add_note(f'The record of run {journal.run_id} could not be closed: {lost}')
        if isinstance(exc, SynapsePluginsError):
            exc.run_id = journal.run_id
            raise
        if not isinstance(exc, (Exception, SystemExit)):
            raise
        # Who calls sys.exit() in an action must not end the program, and with 0 it would look like a success.
        told = (
            f'it called sys.exit({exc.code!r})'
            if isinstance(exc, SystemExit)
            else f'{type(exc).__name__}: {exc}'
        )
        failed = ActionFailedError(f'Action {prepared.found.name!r} failed: {told}')
        failed.run_id = journal.run_id
        raise failed from exc
    problems = _close(prepared, journal, job, 'SUCCEEDED', result=output)
    facts = output if isinstance(output, dict) else {}
    return RunResult(
        run_id=journal.run_id,
        action=prepared.found.name,
        state='SUCCEEDED',
        output=output,
        model_id=facts.get('model_id'),
        metrics=dict(facts.get('metrics') or {}),
        steps=journal.record().steps,
        dataset=prepared.dataset,
        backend=prepared.ctx.client.identity,
        work_dir=folder if (folder := prepared.ctx.work_dir) is not None and folder.is_dir() else None,
        problems=problems,
    )


def _call(prepared: Prepared) -> Any:
    if is_vendor_action(prepared.found.cls):
        from .vendor import dispatch

        return dispatch(prepared)
    output = prepared.action.run()
    _check_result(prepared, output)
    return output


def _check_result(prepared: Prepared, output: Any) -> None:
    """Warn of a result that does not fit the action's result model; the work is done all the same."""
    from pydantic import BaseModel, ValidationError

    model = getattr(prepared.found.cls, 'result_model', None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    try:
        model.model_validate(output.model_dump() if isinstance(output, BaseModel) else output)
    except ValidationError as exc:
        prepared.ctx.log_message(
            f'The result does not fit {model.__name__}: {exc.error_count()} problems', 'warning'
        )


def _close(
    prepared: Prepared,
    journal: Any,
    job: Job | None,
    state: str,
    *,
    result: Any = None,
    error: BaseException | None = None,
) -> list[str]:
    """End the logger, the job, then the record; what fails here does not hide how the run ended.

    Returns:
        What could not be reported to the job.
    """
    problems: list[str] = []
    try:
        if job is not None and error is not None:
            job.tell_failure(prepared.ctx, getattr(prepared.found.cls, 'category', None), error)
        prepared.ctx.logger.finish()
        if job is not None:
            problems = job.end(state, result=result, error=error)
            _say_unreported(journal, problems)
    finally:
        journal.finish(state, result=result, error=error)
    return problems


def _say_unreported(journal: Any, problems: list[str]) -> None:
    """Keep in the run's record, and say on the console, what could not be reported: no logger is left that would."""
    from datetime import UTC, datetime
    from logging import getLogger

    from ..context import LogRecord

    for problem in problems:
        data = {'content': problem}
        journal.logger().emit(LogRecord('message', datetime.now(UTC), None, None, 'warning', 'message', data))
        getLogger('synapse_plugins').warning('%s', problem)
