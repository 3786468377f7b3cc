"""What all loggers do: check, keep the state of the run, make records."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.context import BaseLogger, LogLevel, LogRecord, MetricsCategory, NullLogger
from synapse_plugins.context.levels import level_of


def test_an_event_is_a_record(keeper: Any) -> None:
    keeper.set_step('훈련', order=2)
    before = datetime.now(UTC)
    data = {'n': 1}
    keeper.log(LogLevel.WARNING, 'something', data, Path('a') / 'b.png')
    record = keeper.records[-1]
    assert isinstance(record, LogRecord)
    assert before <= record.time <= datetime.now(UTC)
    assert (record.kind, record.step, record.order) == ('event', '훈련', 2)
    assert (record.level, record.event, record.data) == ('warning', 'something', {'n': 1})
    assert record.file == str(Path('a') / 'b.png')
    data['n'] = 2
    assert record.data == {'n': 1}


def test_a_step_can_be_named_and_has_no_order_then(keeper: Any) -> None:
    keeper.set_step('a', order=0)
    keeper.log('info', 'x', {}, step='b')
    assert (keeper.records[-1].step, keeper.records[-1].order) == ('b', None)


@pytest.mark.parametrize(
    ('report', 'kind', 'data', 'file'),
    [
        (
            lambda log: log.log_message('안녕', key='HELLO'),
            'message',
            {'content': '안녕', 'key': 'HELLO'},
            None,
        ),
        (lambda log: log.info('text'), 'message', {'content': 'text'}, None),
        (lambda log: log.debug('text'), 'event', {'content': 'text'}, None),
        (
            lambda log: log.log_metric(MetricsCategory.TRAIN, 'epoch', 3, loss=0.5),
            'metric',
            {'category': 'train', 'key': 'epoch', 'value': 3, 'metrics': {'loss': 0.5}},
            None,
        ),
        (
            lambda log: log.log_visualization('validation', 'pred', 0, 'p.png', epoch=1),
            'visualization',
            {'category': 'validation', 'group': 'pred', 'index': 0, 'epoch': 1},
            'p.png',
        ),
        (
            lambda log: log.log_artifact(Path('runs/best.pt'), 'model'),
            'artifact',
            {'kind': 'model', 'name': 'best.pt'},
            str(Path('runs/best.pt')),
        ),
        (
            lambda log: log.log_artifact('x', 'plot', '그림'),
            'artifact',
            {'kind': 'plot', 'name': '그림'},
            'x',
        ),
    ],
)
def test_kinds_of_records(keeper: Any, report: Any, kind: str, data: Any, file: str | None) -> None:
    report(keeper)
    [record] = keeper.records
    assert (record.kind, record.data, record.file) == (kind, data, file)


def test_levels_of_the_short_forms(keeper: Any) -> None:
    for method in ('debug', 'info', 'warning', 'error', 'critical'):
        getattr(keeper, method)('x')
        assert keeper.records[-1].level == method


@pytest.mark.parametrize('level', [LogLevel.DANGER, 'danger', 'DANGER', Enum('Level', {'X': 'danger'}).X])
def test_a_level_is_ours_a_name_or_anothers_enum(level: Any) -> None:
    assert level_of(level) is LogLevel.DANGER


@pytest.mark.parametrize(('level', 'error'), [(3, TypeError), (None, TypeError), ('loud', ValueError)])
def test_what_is_no_level_is_an_error(keeper: Any, level: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        keeper.log(level, 'x', {})
    assert keeper.records == []


def test_levels_are_ordered_by_severity() -> None:
    assert [level.value for level in sorted(LogLevel, key=lambda level: level.severity)] == [
        level.value for level in LogLevel
    ]


def test_data_must_be_a_mapping(keeper: Any) -> None:
    with pytest.raises(TypeError, match='data must be a dict, got list'):
        keeper.log('info', 'x', [])


@pytest.mark.parametrize(('current', 'total'), [(1, 0), (0, -1), (-1, 10), (11, 10), (0, float('nan'))])
def test_progress_out_of_range_is_an_error(keeper: Any, current: Any, total: Any) -> None:
    for logger in (keeper, NullLogger()):
        with pytest.raises(ValueError, match='must be'):
            logger.set_progress(current, total)
        assert logger.get_progress() is None


def test_progress_is_of_the_step_at_work(keeper: Any) -> None:
    keeper.set_step('a', order=0)
    keeper.set_progress(1, 4)
    record = keeper.records[-1]
    assert (record.kind, record.step, record.data['percent']) == ('progress', 'a', 25.0)
    assert keeper.get_progress('a')['current'] == 1
    assert keeper.get_progress('b') is None
    keeper.set_step(None)
    keeper.set_progress(3, 4)
    assert keeper.records[-1].step is None


def test_metrics_add_up_by_step(keeper: Any) -> None:
    with pytest.raises(ValueError, match='step must be specified'):
        keeper.set_metrics({'loss': 1})
    with pytest.raises(TypeError, match='value must be a dict'):
        keeper.set_metrics([1], 'a')
    keeper.set_step('a')
    keeper.set_metrics({'loss': 1.0})
    keeper.set_metrics({'map': 0.5})
    keeper.set_metrics({'loss': 2.0}, 'b')
    assert keeper.get_metrics('a') == {'loss': 1.0, 'map': 0.5}
    assert keeper.get_metrics() == {'a': {'loss': 1.0, 'map': 0.5}, 'b': {'loss': 2.0}}
    assert [record.data for record in keeper.of_kind('metrics')] == [
        {'loss': 1.0},
        {'map': 0.5},
        {'loss': 2.0},
    ]


def test_a_plan_and_the_steps_are_records(keeper: Any) -> None:
    assert keeper.begin_steps([('a', 0.3), ('b', 0.7)])
    assert not keeper.begin_steps([('inner', 1.0)])
    keeper.set_step('a', order=0)
    keeper.set_step('a', order=0)
    keeper.set_step(None)
    keeper.end_steps()
    keeper.end_steps()
    assert [(record.kind, record.step, record.order, record.data) for record in keeper.records] == [
        ('steps', None, None, {'steps': [['a', 0.3], ['b', 0.7]]}),
        ('step', 'a', 0, {}),
        ('step', None, None, {}),
        ('step', None, None, {'finished': True}),
    ]


def test_a_finished_logger_takes_nothing_more(keeper: Any) -> None:
    keeper.finish()
    keeper.finish()
    for report in (
        lambda: keeper.log('info', 'x', {}),
        lambda: keeper.set_progress(1, 2),
        lambda: keeper.set_metrics({}, 'a'),
        lambda: keeper.info('x'),
    ):
        with pytest.raises(RuntimeError, match='finished logger'):
            report()


def test_a_logger_that_fails_is_switched_off_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(BaseLogger):
        calls = 0

        def emit(self, record: LogRecord) -> None:
            self.calls += 1
            raise OSError('디스크 가득')

    logger = Broken()
    with caplog.at_level(logging.WARNING, 'synapse_plugins'):
        for _ in range(3):
            logger.info('x')
    assert logger.calls == 1
    assert [record.getMessage() for record in caplog.records] == [
        'The logger Broken failed and is switched off: OSError: 디스크 가득'
    ]


def test_reports_from_many_threads_all_arrive(keeper: Any) -> None:
    def report(name: str) -> None:
        for place in range(200):
            keeper.set_progress(place, 200, name)
            keeper.log('info', 'x', {'place': place})

    threads = [threading.Thread(target=report, args=[f't{number}']) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keeper.records) == 4 * 400


def test_the_null_logger_keeps_step_and_metrics() -> None:
    logger = NullLogger()
    assert logger.begin_steps([('a', 1)])
    assert not logger.begin_steps([('b', 1)])
    logger.set_step('a', order=4)
    assert (logger.get_step(), logger.get_step_order()) == ('a', 4)
    logger.set_progress(1, 2)
    logger.set_metrics({'x': 1})
    logger.log('info', 'x', {})
    assert logger.get_progress('a') == {'current': 1, 'total': 2, 'percent': 50}
    assert logger.get_metrics() == {'a': {'x': 1}}
    with pytest.raises(TypeError):
        logger.log(5, 'x', {})
    logger.end_steps()
    assert logger.begin_steps([('b', 1)])
