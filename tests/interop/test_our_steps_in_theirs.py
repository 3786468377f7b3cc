"""Our steps, wrappers, registries and contexts under the vendor's orchestrator."""

from __future__ import annotations

import time
from typing import Any

import pytest

import synapse_plugins.steps as ours
from synapse_plugins.context import NullLogger, RuntimeContext


def run(vendor: Any, registry: Any, context: Any, *steps: Any) -> tuple[Any, list[Any]]:
    progress: list[Any] = []
    for step in steps:
        registry.register(step)
    orchestrator = vendor.steps.Orchestrator(
        registry, context, lambda current, total: progress.append((current, total))
    )
    return orchestrator.execute(), progress


@pytest.fixture(params=['their context', 'our context', 'our context and runtime'])
def context(request: pytest.FixtureRequest, vendor: Any, vendor_runtime: Any) -> Any:
    if request.param == 'their context':
        return vendor.steps.BaseStepContext(runtime_ctx=vendor_runtime)
    if request.param == 'our context':
        return ours.BaseStepContext(vendor_runtime)
    return ours.BaseStepContext(RuntimeContext(logger=NullLogger()))


@pytest.fixture(params=['their registry', 'our registry'])
def registry(request: pytest.FixtureRequest, vendor: Any) -> Any:
    return vendor.steps.StepRegistry() if request.param == 'their registry' else ours.StepRegistry()


def test_our_steps_run(vendor: Any, registry: Any, context: Any, make_step: Any, trace: Any) -> None:
    result, progress = run(
        vendor, registry, context,
        make_step(ours, 'a', 0.3), make_step(vendor.steps, 'b'), make_step(ours, 'c', 0.5, skip=True),
    )  # fmt: skip
    assert result == {'success': True, 'steps_executed': 2, 'steps_total': 3}
    assert trace == ['a', 'b']
    # Steps of no proportion report nothing there; ours have one by their weight.
    assert progress == [(100, 100), (100, 100)]


def test_our_steps_are_rolled_back(
    vendor: Any, registry: Any, context: Any, make_step: Any, trace: Any
) -> None:
    with pytest.raises(RuntimeError, match=r"^Step 'b' failed: 왜$"):
        run(
            vendor, registry, context,
            make_step(ours, 'a'),
            make_step(ours, 'b', do=lambda context: ours.StepResult(success=False, error='왜')),
        )  # fmt: skip
    assert trace == ['a', 'b', 'undo b {}', "undo a {'by': 'a'}"], (
        'there the failed step is always undone too'
    )


def test_our_wrappers_work(vendor: Any, registry: Any, context: Any, make_step: Any, trace: Any) -> None:
    calls: list[int] = []

    def flaky(context: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError('once')
        return ours.StepResult()

    wrapped = ours.LoggingStep(
        ours.TimingStep(
            ours.TimeoutStep(ours.RetryStep(make_step(ours, 'a', do=flaky), on=OSError, delay=0), 60)
        )
    )
    checked = ours.ValidationStep(lambda context: (True, None), progress_weight=0.5)
    result, progress = run(vendor, registry, context, wrapped, checked)
    assert result['steps_executed'] == 2
    assert trace == ['a', 'a']
    assert progress == [(100, 100), (100, 100)]
    assert context.errors == []


def test_a_step_that_takes_too_long_fails_there_too(
    vendor: Any, context: Any, make_step: Any, trace: Any
) -> None:
    def slow(context: Any) -> Any:
        time.sleep(0.05)
        return ours.StepResult()

    with pytest.raises(RuntimeError, match=r'time-out of 0\.01 s exceeded'):
        run(vendor, ours.StepRegistry(), context, ours.TimeoutStep(make_step(ours, 'a', do=slow), 0.01))


def test_reports_arrive_there(vendor: Any, vendor_runtime: Any, make_step: Any, capsys: Any) -> None:
    def talk(context: Any) -> Any:
        context.log('이벤트', {'n': 1}, level='warning')
        context.log_message('메시지 {n}', 'success', n=1)
        context.log_message('plain')
        context.set_progress(1, 2)
        context.set_metrics({'loss': 0.5})
        return ours.StepResult()

    context = ours.BaseStepContext(vendor_runtime)
    run(vendor, ours.StepRegistry(), context, make_step(ours, 'a', do=talk))
    out = capsys.readouterr().out
    assert '메시지 1' in out
    assert '이벤트' in out
    assert vendor_runtime.logger.get_metrics('a') == {'loss': 0.5}
    assert vendor_runtime.logger.get_progress('a').percent == 50


def test_save_rollback_says_where_it_works(vendor: Any, vendor_runtime: Any, make_step: Any) -> None:
    def save(context: Any) -> Any:
        context.save_rollback(path='x')
        return ours.StepResult()

    with pytest.raises(RuntimeError, match='under the orchestrator of this package'):
        run(vendor, ours.StepRegistry(), ours.BaseStepContext(vendor_runtime), make_step(ours, 'a', do=save))
