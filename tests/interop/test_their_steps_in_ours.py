"""Steps, wrappers, registries and contexts of the vendor under our orchestrator."""

from __future__ import annotations

from typing import Any

import pytest

import synapse_plugins.steps as ours
from synapse_plugins.context import BaseLogger, RuntimeContext


class Keeper(BaseLogger):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: Any) -> None:
        self.records.append(record)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


def run(context: Any, *steps: Any, registry: Any = None, **options: Any) -> Any:
    registry = ours.StepRegistry() if registry is None else registry
    for step in steps:
        registry.register(step)
    return ours.Orchestrator(registry, context, **options).execute()


def test_their_steps_run_with_our_progress(vendor: Any, make_step: Any, trace: Any, keeper: Keeper) -> None:
    progress: list[Any] = []
    result = run(
        ours.BaseStepContext(RuntimeContext(logger=keeper)),
        make_step(vendor.steps, 'theirs', 0.3),
        make_step(vendor.steps, 'skipped', 0.2, skip=True),
        make_step(ours, 'ours', 0.5),
        progress_callback=lambda current, total: progress.append((current, total)),
    )
    assert result == {'success': True, 'steps_executed': 2, 'steps_total': 3}
    assert progress == [(30, 100), (50, 100), (100, 100)]
    assert trace == ['theirs', 'ours']


def test_their_results_are_results(vendor: Any, make_step: Any, trace: Any) -> None:
    context = ours.BaseStepContext(None)
    fail = make_step(
        vendor.steps, 'bad', do=lambda context: vendor.steps.StepResult(success=False, error='안 됨')
    )
    with pytest.raises(RuntimeError, match=r"^Step 'bad' failed: 안 됨$"):
        run(context, make_step(vendor.steps, 'theirs'), fail)
    assert trace == ['theirs', 'bad', "undo theirs {'by': 'theirs'}"]
    assert [result.success for result in context.step_results] == [True, False]


def test_what_their_steps_save_is_undone(vendor: Any, make_step: Any, trace: Any) -> None:
    def half(context: Any) -> Any:
        context.save_rollback(half=True)
        return vendor.steps.StepResult(success=False, error='no', rollback_data={'more': 1})

    with pytest.raises(RuntimeError):
        run(ours.BaseStepContext(None), make_step(vendor.steps, 'bad', do=half))
    assert trace == ['bad', "undo bad {'half': True, 'more': 1}"]


def test_their_wrappers_keep_their_events(vendor: Any, make_step: Any, keeper: Keeper) -> None:
    registry = ours.StepRegistry[Any]()
    context = ours.BaseStepContext(RuntimeContext(logger=keeper))
    run(
        context,
        vendor.steps.LoggingStep(make_step(vendor.steps, 'a')),
        vendor.steps.TimingStep(make_step(ours, 'b')),
        vendor.steps.ValidationStep(lambda context: (True, None)),
        registry=registry,
    )
    assert [step.name for step in registry] == ['logged_a', 'timed_b', 'validate']
    assert [record.event for record in keeper.records if record.kind == 'event'] == ['step_start', 'step_end']
    assert 'duration_seconds' in context.step_results[1].data


def test_their_steps_report_with_their_levels(vendor: Any, make_step: Any, keeper: Keeper) -> None:
    levels = vendor.level.LogLevel

    def talk(context: Any) -> Any:
        context.log('event', {'a': 1}, level=levels.WARNING)
        context.log_message('메시지', levels.DANGER)
        context.set_progress(1, 2)
        context.set_metrics({'loss': 0.5})
        return vendor.steps.StepResult()

    context = ours.BaseStepContext(RuntimeContext(logger=keeper))
    run(context, make_step(vendor.steps, 'a', do=talk))
    told = [(record.kind, record.level, record.step) for record in keeper.records if record.kind != 'step']
    assert told[1:5] == [
        ('event', 'warning', 'a'),
        ('message', 'danger', 'a'),
        ('progress', 'info', 'a'),
        ('metrics', 'info', 'a'),
    ]


def test_our_wrappers_take_their_steps(vendor: Any, make_step: Any, trace: Any, keeper: Keeper) -> None:
    calls: list[int] = []

    def flaky(context: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError('once')
        return vendor.steps.StepResult()

    step = ours.RetryStep(make_step(vendor.steps, 'a', do=flaky), on=ConnectionError, delay=0)
    context = ours.BaseStepContext(RuntimeContext(logger=keeper))
    wrapped = ours.LoggingStep(ours.TimingStep(ours.TimeoutStep(step, 60)))
    assert wrapped.progress_proportion == step.wrapped.progress_proportion
    assert run(context, wrapped)['success']
    assert trace == ['a', 'a']


def test_their_registry_and_context_under_our_orchestrator(
    vendor: Any, make_step: Any, trace: Any, vendor_runtime: Any
) -> None:
    registry = vendor.steps.StepRegistry()
    context = vendor.steps.BaseStepContext(runtime_ctx=vendor_runtime)
    assert run(context, make_step(vendor.steps, 'a'), make_step(ours, 'b'), registry=registry)['success']
    assert trace == ['a', 'b']
    assert context.errors == []
    assert context.current_step is None
    assert vendor_runtime.logger.get_step() is None


def test_a_failure_over_their_context_is_rolled_back(
    vendor: Any, make_step: Any, trace: Any, vendor_runtime: Any
) -> None:
    context = vendor.steps.BaseStepContext(runtime_ctx=vendor_runtime)
    with pytest.raises(RuntimeError, match=r"^Step 'b' failed: division by zero$") as caught:
        run(context, make_step(ours, 'a'), make_step(vendor.steps, 'b', do=lambda context: 1 / 0))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert trace == ['a', 'b', "undo a {'by': 'a'}"]


def test_a_warning_reaches_their_console(
    vendor: Any, make_step: Any, vendor_runtime: Any, capsys: Any
) -> None:
    context = ours.BaseStepContext(vendor_runtime)
    assert run(context, make_step(ours, 'a'), progress_callback=lambda current, total: 1 / 0)['success']
    assert context.errors == ['Reporting the progress failed: ZeroDivisionError: division by zero']
    assert 'Reporting the progress failed' in capsys.readouterr().out


@pytest.mark.parametrize('callback', [False, True])
def test_the_job_logger_counts_our_run_to_100(vendor: Any, make_step: Any, callback: bool) -> None:
    class Client:
        def __init__(self) -> None:
            self.progress: list[Any] = []

        def update_job(self, job: Any, data: Any) -> None:
            if 'progress_record' in data:
                self.progress.append(data['progress_record']['current_progress']['overall'])

        def create_logs(self, data: Any) -> None: ...

    client = Client()
    logger = vendor.loggers.JobLogger(client, 'job', background_flush=False, progress_flush_interval=0)
    runtime = vendor.context.RuntimeContext(logger=logger, env=vendor.context.PluginEnvironment())
    context = ours.BaseStepContext(runtime)
    steps = [make_step(ours, 'a', 0.3), make_step(vendor.steps, 'b', 0), make_step(ours, 'c', 0.7)]
    options = {'progress_callback': context.set_progress} if callback else {}
    assert run(context, *steps, **options)['success']
    logger.finish()
    assert context.errors == []
    assert client.progress[-1] == 100
    assert client.progress == sorted(client.progress)
