"""A run that is the work of a job: status, reports, result."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from synapse_plugins import BaseAction, backends, run
from synapse_plugins.actions.base import NoParams
from synapse_plugins.backends.local import LocalBackend
from synapse_plugins.errors import NotFoundError, ParamsError, StepFailedError
from synapse_plugins.executors.job import failure_message
from synapse_plugins.steps import BaseStep, StepResult

logging.getLogger('synapse_plugins')  # once it is there, a test does not add it


class Work(BaseStep[Any]):
    name = 'work'
    progress_weight = 1.0

    def execute(self, context: Any) -> StepResult:
        context.log_message('작업 중')
        context.set_progress(1, 2)
        context.set_metrics({'f1': 0.5})
        if context.params.get('fail'):
            raise ValueError('it broke')
        if context.params.get('cancel'):
            context.runtime_ctx.cancel('enough')
        return StepResult(data={'job': context.runtime_ctx.job_id})


class Params(NoParams):
    fail: bool = False
    cancel: bool = False


class Action(BaseAction[Params]):
    def setup_steps(self, registry: Any) -> None:
        registry.register(Work())

    def result_of(self, context: Any) -> dict[str, Any]:
        return {'job': context.step_results[0].data['job']}


@pytest.fixture
def backend(home: Any) -> Any:
    with backends.open(home=home) as opened:
        yield opened


@pytest.fixture
def job(backend: Any) -> int:
    return int(backend.create_job({'action': 'work'})['id'])


@pytest.fixture
def start(backend: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from synapse_plugins.testing.actions import _name_of

    def start(**options: Any) -> Any:
        with _name_of(Action) as name:
            return run(name, loggers=[], home=backend.store.home, **options)

    return start


def logs(backend: Any, job: int) -> list[dict[str, Any]]:
    rows, _ = backend.list_logs({'job': job}, list_all=True)
    return list(rows)


def test_it_is_told_as_the_platforms_own_runs_are(start: Any, backend: Any, job: int) -> None:
    result = start(job=str(job))
    row = backend.get_job(job)
    assert (row['status'], row['result']['success'], row['result']['job']) == ('SUCCEEDED', True, str(job))
    progress = row['progress_record']
    assert progress['current_progress']['overall'] == 100
    assert 'time_elapsed' in progress['current_progress']
    assert progress['record']['steps']['work']['percent'] == 100
    assert row['metrics_record'] == {'record': {'steps': {'work': {'f1': 0.5}}}}
    assert [entry['data'] for entry in logs(backend, job) if entry['event'] == 'message'] == [
        {'content': '작업 중'}
    ]
    assert result.problems == []


@pytest.mark.parametrize(('what', 'status'), [('fail', 'FAILED'), ('cancel', 'STOPPED')])
def test_an_end_that_is_no_success_is_told(
    start: Any, backend: Any, job: int, what: str, status: str
) -> None:
    if what == 'fail':
        with pytest.raises(StepFailedError):
            start(job=job, params={what: True})
        assert backend.get_job(job)['result'] == {'error': "Step 'work' failed: it broke"}
        assert 'step_failed' in [entry['event'] for entry in logs(backend, job)]
    else:
        start(job=job, params={what: True})  # the work was done before it could stop
        status = 'SUCCEEDED'
    assert backend.get_job(job)['status'] == status


def test_a_run_that_is_stopped_is_a_stopped_job(start: Any, backend: Any, job: int) -> None:
    from synapse_plugins.errors import RunCancelledError

    with pytest.raises(RunCancelledError):
        start(job=job, on_context=lambda ctx: ctx.cancel('enough'))
    assert backend.get_job(job)['status'] == 'STOPPED'


def test_a_job_that_is_not_there_is_told_before_anything(start: Any, backend: Any) -> None:
    with pytest.raises(NotFoundError, match='no job 99'):
        start(job=99)
    from synapse_plugins.runs import RunStore

    assert RunStore(backend.store).list() == []


def test_a_log_endpoint_that_is_down_costs_no_run(
    start: Any, backend: Any, job: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any) -> None:
        raise ConnectionError('503')

    monkeypatch.setattr(LocalBackend, 'create_logs', down)
    monkeypatch.setattr('synapse_plugins.context.job._PATIENCE', 0.2)
    result = start(job=job)
    assert result.success
    (problem,) = result.problems
    assert problem.startswith(f'2 reports did not reach job {job} (503); they are kept in ')
    assert problem in caplog.text
    assert backend.get_job(job)['status'] == 'SUCCEEDED'
    from synapse_plugins.runs import RunStore

    assert problem in [event['data']['content'] for event in RunStore(backend.store).events(result.run_id)
                       if event['kind'] == 'message']  # fmt: skip


def test_a_job_endpoint_that_is_down_costs_no_run(
    start: Any, job: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any) -> None:
        raise ConnectionError('503')

    monkeypatch.setattr(LocalBackend, 'update_job', down)
    monkeypatch.setattr('synapse_plugins.context.job._PATIENCE', 0.2)
    result = start(job=job)
    assert result.problems[0] == f'Job {job} was not told that it is RUNNING: 503.'
    assert result.problems[-1] == f'Job {job} was not told that it is SUCCEEDED: 503.'


@pytest.mark.parametrize(
    ('category', 'error', 'code'),
    [
        ('upload', StepFailedError('send', 'no'), 'UPLOAD_FAILED_STEP'),
        ('export', StepFailedError('save', 'no'), 'EXPORT_FAILED_STEP'),
        ('neural_net', StepFailedError('train', 'no'), 'TRAIN_FAILED_STEP'),
        ('neural_net', StepFailedError('model_upload', 'no'), 'TRAIN_FAILED_MODEL_REGISTER'),
        ('neural_net', ParamsError('no'), 'TRAIN_FAILED_CONFIG'),
        ('neural_net', ValueError('no'), 'TRAIN_FAILED_ADMIN_CONTACT'),
    ],
)
def test_why_it_failed_has_a_code(category: str, error: Exception, code: str) -> None:
    from synapse_plugins.context import resolve_log_message

    found, values = failure_message(category, error)
    assert str(found) == code
    text, level = resolve_log_message(found, 'ko', **values)
    assert level == 'error'
    assert '{' not in text
    assert text.count('=') == 0


def test_a_gpu_without_memory_has_a_code() -> None:
    class OutOfMemoryError(RuntimeError):
        pass

    error = StepFailedError('train', 'CUDA')
    error.__cause__ = OutOfMemoryError()
    assert str(failure_message('neural_net', error)[0]) == 'TRAIN_FAILED_GPU_RESOURCE'


def test_a_person_reads_why_it_failed(
    start: Any, backend: Any, job: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Action, 'category', 'upload')
    monkeypatch.setenv('SYNAPSE_LANGUAGE', 'ko')
    with pytest.raises(StepFailedError):
        start(job=job, params={'fail': True})
    (told,) = [entry for entry in logs(backend, job) if entry['data'].get('key')]
    assert told['data'] == {
        'content': 'work 단계에서 업로드가 실패했습니다: it broke', 'key': 'UPLOAD_FAILED_STEP',
    }  # fmt: skip
