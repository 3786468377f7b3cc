"""Runs an action for a command: with Ctrl-C as cancel, and a failure told once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from ..errors import RunCancelledError, SynapsePluginsError
from . import output
from .console import RunConsole
from .errors import print_error
from .result_view import failure_text, result_document
from .signals import Interrupts

if TYPE_CHECKING:
    from ..executors import RunResult
    from ..runs import RunRecord
    from .settings import Settings

__all__ = ['Finished', 'run_to_the_end']


@dataclass(frozen=True)
class Finished:
    """A run that succeeded.

    Attributes:
        result: What the executor returned.
        record: What the store keeps of it.
        model: The model that it registered, or None.
    """

    result: RunResult
    record: RunRecord
    model: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return result_document(self.record, self.model)


def run_to_the_end(
    settings: Settings,
    action: str,
    arguments: dict[str, Any],
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> Finished:
    """Run *action* and return how it went.

    Args:
        settings: The global options.
        action: What to run.
        arguments: Further arguments of `synapse_plugins.executors.run`.
        as_json: A run that fails leaves its record on stdout.
        quiet: Show only progress and errors.

    Raises:
        SynapsePluginsError: If it could not start.
        typer.Exit: If it failed or was interrupted, after that has been said.
    """
    from .. import executors

    with Interrupts(settings.hint) as interrupts:
        try:
            result = executors.run(
                action,
                home=settings.home,
                loggers=[RunConsole(quiet=quiet)],
                on_context=interrupts.watch,
                **arguments,
            )
        except SynapsePluginsError as exc:
            if exc.run_id is None:
                raise
            _say_failure(settings, exc, as_json)
            raise typer.Exit(interrupts.exit_code if interrupts.received else exc.exit_code) from exc
    if interrupts.received:
        output.note('The run had finished all its work before it could stop, so nothing was undone.')
    model = _model_of(settings, arguments.get('backend', 'local'), result.model_id)
    return Finished(result, settings.runs().get(result.run_id), model)


def _model_of(settings: Settings, backend: str, model_id: Any) -> dict[str, Any] | None:
    """Return what the backend of a run says of the model that it registered; that of a server says which it is."""
    if model_id is None:
        return None
    if backend == 'local':
        return settings.backend().get_model(model_id)
    from ..backends import SynapseBackend

    with SynapseBackend(backend) as client:
        try:
            model = client.describe_model(model_id)
        except SynapsePluginsError as exc:  # the run is done, whatever the server says now
            output.note(f'The model {model_id} cannot be shown: {exc}')
            return None
        # An address of its file is good for a while and for whoever has it: not for a log or a terminal.
        return {**model, 'file': None, 'backend': client.name}


def _say_failure(settings: Settings, error: SynapsePluginsError, as_json: bool) -> None:
    head = 'Stopped' if isinstance(error, RunCancelledError) else 'Error'
    try:
        record = settings.runs().get(str(error.run_id))
        text = failure_text(settings, record, error)
    except Exception as exc:  # noqa: BLE001 - what is wrong with the record must not hide what went wrong before
        print_error(error, str(error), with_traceback=settings.traceback, head=head)
        print_error(
            exc, f'The record of run {error.run_id} cannot be read: {exc}', with_traceback=settings.traceback
        )
        return
    if as_json:
        output.emit_json(result_document(record, None))
    print_error(error, text, with_traceback=settings.traceback, head=head)
