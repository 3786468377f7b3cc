"""RuntimeContext: needs nothing, touches no disk, says everything to its logger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.context import (
    ConsoleLogger,
    LogLevel,
    NullLogger,
    PluginEnvironment,
    RuntimeContext,
    TeeLogger,
)
from synapse_plugins.steps import BaseStepContext, Orchestrator, StepRegistry, ValidationStep


@pytest.fixture
def runtime(keeper: Any) -> RuntimeContext:
    return RuntimeContext(logger=keeper, env=PluginEnvironment())


def test_it_needs_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('SOME_SETTING', 'yes')
    runtime = RuntimeContext()
    assert isinstance(runtime.logger, ConsoleLogger)
    assert runtime.env.get_bool('SOME_SETTING') is True
    assert (runtime.client, runtime.client_v1, runtime.client_v2, runtime.job_id) == (None, None, None, None)
    assert list(tmp_path.iterdir()) == []


def test_positions_are_those_of_the_vendors() -> None:
    logger, env = NullLogger(), PluginEnvironment()
    runtime = RuntimeContext(logger, env, 'job', 'v1', 'v2', 'agent', {'path': 'x'}, 'ko')
    assert (runtime.logger, runtime.env, runtime.job_id, runtime.agent_client) == (
        logger,
        env,
        'job',
        'agent',
    )
    assert (runtime.client_v1, runtime.client_v2) == ('v1', 'v2')
    assert (runtime.checkpoint, runtime.language) == ({'path': 'x'}, 'ko')
    with pytest.raises(TypeError):
        RuntimeContext(logger, env, None, None, None, None, None, None, 'journal')  # type: ignore[misc]


def test_any_object_with_emit_will_do_as_a_logger() -> None:
    class Sink:
        def __init__(self) -> None:
            self.records: list[Any] = []

        def emit(self, record: Any) -> None:
            self.records.append(record)

    sink = Sink()
    runtime = RuntimeContext(logger=sink)
    assert isinstance(runtime.logger, TeeLogger)
    runtime.log_message('안녕')
    assert sink.records[0].data == {'content': '안녕'}


def test_everything_goes_to_the_logger(runtime: RuntimeContext, keeper: Any) -> None:
    runtime.log('event', {'a': 1}, 'f.txt', LogLevel.DEBUG)
    runtime.log('event', {})
    runtime.set_progress(1, 2, 'a')
    runtime.set_metrics({'m': 1}, 'a')
    runtime.log_metric('train', 'epoch', 1, loss=2.0)
    runtime.log_visualization('val', 'group', 3, Path('p.png'), epoch=4)
    runtime.log_artifact(Path('d') / 'best.pt', 'model')
    runtime.log_artifact('d/plots/', 'folder')
    runtime.log_artifact('x.csv', 'results', '결과')
    runtime.log_trials(trials={'t1': {'loss': 1}}, metrics=['loss'])
    runtime.log_trials({'trials': {}})
    runtime.log_dev_event('look', {'x': 1})
    assert [(record.kind, record.event, record.level, record.file) for record in keeper.records] == [
        ('event', 'event', 'debug', 'f.txt'),
        ('event', 'event', 'info', None),
        ('progress', 'progress', 'info', None),
        ('metrics', 'metrics', 'info', None),
        ('metric', 'metric', 'info', None),
        ('visualization', 'visualization', 'info', 'p.png'),
        ('artifact', 'artifact', 'info', str(Path('d') / 'best.pt')),
        ('artifact', 'artifact', 'info', 'd/plots/'),
        ('artifact', 'artifact', 'info', 'x.csv'),
        ('event', 'trials', 'info', None),
        ('event', 'trials', 'info', None),
        ('event', 'dev_event', 'debug', None),
    ]
    assert [record.data['name'] for record in keeper.of_kind('artifact')] == ['best.pt', 'plots', '결과']
    assert keeper.records[5].data == {'category': 'val', 'group': 'group', 'index': 3, 'epoch': 4}
    assert keeper.records[9].data == {
        'base': [], 'trials': {'t1': {'loss': 1}}, 'hyperparameters': [], 'metrics': ['loss'], 'best_trial': '',
    }  # fmt: skip


# -- messages -----------------------------------------------------------------------------------------------

TEXTS = {'en': '{n} items', 'ko': '{n}개 항목'}


@pytest.mark.parametrize(
    ('message', 'values', 'text'),
    [
        ('plain {braces} stay', {}, 'plain {braces} stay'),
        ('{n} of {m}', {'n': 1, 'm': 2}, '1 of 2'),
        (TEXTS, {'n': 3}, '3 items'),
        ({'ja': '件'}, {}, '件'),
        ({}, {}, ''),
        ('{missing}', {'n': 1}, '{missing} (n=1)'),
        ('{broken', {'n': 1}, '{broken (n=1)'),
        ('{n.x}', {'n': 1}, '{n.x} (n=1)'),
        (42, {}, '42'),
    ],
)  # fmt: skip
def test_messages_are_formatted_and_never_fail(
    runtime: RuntimeContext, keeper: Any, message: Any, values: Any, text: str
) -> None:
    if message == 42:
        message = type('Text', (str,), {})('42')
    runtime.log_message(message, 'success', step='a', **values)
    [record] = keeper.records
    assert (record.kind, record.level, record.step, record.data) == (
        'message',
        'success',
        'a',
        {'content': text},
    )


@pytest.mark.parametrize(
    ('argument', 'own', 'setting', 'text'),
    [
        (None, None, None, '1 items'),
        (None, None, 'ko', '1개 항목'),
        (None, None, 'ko_KR.UTF-8', '1개 항목'),
        (None, 'en', 'ko', '1 items'),
        ('ko', 'en', 'en', '1개 항목'),
        ('fr', None, None, '1 items'),
    ],
)
def test_the_language_is_the_nearest_one_named(
    keeper: Any, argument: str | None, own: str | None, setting: str | None, text: str
) -> None:
    env = PluginEnvironment({'SYNAPSE_LANGUAGE': setting} if setting else {})
    RuntimeContext(logger=keeper, env=env, language=own).log_message(TEXTS, language=argument, n=1)
    assert keeper.records[0].data['content'] == text


def test_an_older_name_of_the_level_is_deprecated_and_works(runtime: RuntimeContext, keeper: Any) -> None:
    with pytest.warns(DeprecationWarning, match=r'level=\.\.\.'):
        runtime.log_message('text', context='danger')
    assert keeper.records[0].level == 'danger'


def test_the_end_is_told_in_the_language(keeper: Any) -> None:
    RuntimeContext(logger=keeper, language='ko').end_log()
    assert '완료' in keeper.records[0].data['content']


# -- cancel -------------------------------------------------------------------------------------------------


def test_cancel_is_seen_by_the_steps(runtime: RuntimeContext) -> None:
    context = BaseStepContext(runtime)
    assert (runtime.cancelled, context.cancelled, runtime.cancel_reason) == (False, False, '')
    runtime.cancel('SIGINT')
    runtime.cancel('again')
    assert (runtime.cancelled, context.cancelled) == (True, True)
    assert (runtime.cancel_reason, context.cancel_reason) == ('SIGINT', 'SIGINT')


def test_an_empty_reason_is_still_one(runtime: RuntimeContext) -> None:
    runtime.cancel('')
    assert runtime.cancelled
    assert runtime.cancel_reason == 'cancelled'


# -- a run --------------------------------------------------------------------------------------------------


def test_a_run_is_counted_by_weight(runtime: RuntimeContext, keeper: Any) -> None:
    registry: StepRegistry[BaseStepContext] = StepRegistry()
    for name, weight in (('a', 0.3), ('b', 0.2), ('c', 0.5)):
        registry.register(ValidationStep(lambda context: (True, None), name, weight))
    Orchestrator(registry, BaseStepContext(runtime)).execute()
    assert [record.data['overall'] for record in keeper.of_kind('progress')] == [30, 50, 100]
    assert keeper.of_kind('steps')[0].data == {'steps': [['a', 0.3], ['b', 0.2], ['c', 0.5]]}
    assert [record.step for record in keeper.of_kind('step')] == ['a', None, 'b', None, 'c', None, None]
    assert keeper.records[-1].data == {'finished': True}


def test_a_logger_that_cannot_count_steps_is_left_alone() -> None:
    class Plain:
        def log(self, *args: Any, **kwargs: Any) -> None: ...

    runtime = RuntimeContext(logger=Plain())
    assert runtime.begin_steps([('a', 1.0)]) is False
    runtime.end_steps()
