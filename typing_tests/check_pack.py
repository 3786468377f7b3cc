"""A pack: its hooks, a logger, the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from synapse_plugins import hookimpl
from synapse_plugins.providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from synapse_plugins.context import LogRecord
    from synapse_plugins.steps import BaseStepContext, StepResult


@hookimpl
def synapse_register_steps(register: Callable[[StepProvider], None]) -> None:
    register(StepProvider(name='rtdetr', role='train', step='my_pack.train:TrainStep', formats=('coco',)))
    register(StepProvider(name='x', role='training', step='my_pack.train:TrainStep'))  # type: ignore[arg-type]
    register(StepProvider('rtdetr', 'train', 'my_pack.train:TrainStep'))  # type: ignore[call-arg]


@hookimpl
def synapse_register_formats(register: Callable[[FormatProvider], None]) -> None:
    register(FormatProvider(name='tally', reader='my_pack.tally:Reader', writer='my_pack.tally:Writer'))


@hookimpl
def synapse_register_actions(register: Callable[[ActionProvider], None]) -> None:
    register(
        ActionProvider(name='rtdetr.train', action='my_pack.actions:Train', defaults={'trainer': 'rtdetr'})
    )


@hookimpl
def synapse_register_loggers(register: Callable[[LoggerProvider], None]) -> None:
    register(LoggerProvider(name='lines', factory='my_pack.lines:make'))


@hookimpl
def synapse_before_run(context: BaseStepContext, steps: Sequence[str]) -> None:
    assert_type(context.run_id, str)


@hookimpl
def synapse_after_step(context: BaseStepContext, step: str, result: StepResult) -> None:
    assert_type(result.skipped, bool)


@hookimpl
def synapse_after_run(error: BaseException | None) -> None:
    """An implementation takes the arguments that it needs."""


class LinesLogger:
    """A logger is any object with `emit`; `finish` is optional."""

    def emit(self, record: LogRecord) -> None:
        if record.kind == 'artefact':  # type: ignore[comparison-overlap]
            return
        assert_type(record.data, dict[str, Any])
        assert_type(record.step, str | None)


def make(run_id: str, action: str, params: dict[str, Any]) -> LinesLogger | None:
    return LinesLogger() if action == 'train' else None
