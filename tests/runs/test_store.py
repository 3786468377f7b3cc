from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from synapse_plugins.context import LogRecord
from synapse_plugins.errors import UnknownNameError
from synapse_plugins.runs.record import MESSAGES


def begin(runs, action='train'):
    return runs.start(action=action, params={}, backend='local')


def record(kind, data, *, step='train', level='info', file=None, event=None):
    return LogRecord(kind, datetime.now(UTC), step, 0, level, event or kind, data, file)


def test_runs_are_listed_newest_first(runs):
    ids = [begin(runs, f'action {number}').run_id for number in range(5)]
    assert [found.id for found in runs.list()] == ids[::-1]
    assert [found.id for found in runs.list(limit=2)] == ids[:2:-1]


def test_a_run_is_found_by_the_beginning_of_its_id(runs):
    ids = [begin(runs).run_id for _ in range(40)]
    for run_id in ids:
        assert runs.get(run_id).id == run_id
        assert runs.get(f' {run_id.upper()} ').id == run_id
    shared = next(run_id[0] for run_id in ids if sum(other[0] == run_id[0] for other in ids) > 1)
    with pytest.raises(UnknownNameError, match='beginning of several') as caught:
        runs.get(shared)
    assert all(run_id in str(caught.value) for run_id in ids if run_id.startswith(shared))
    unique = next(
        run_id[:size]
        for run_id in ids
        for size in range(1, 12)
        if sum(other.startswith(run_id[:size]) for other in ids) == 1
    )
    assert runs.get(unique).id.startswith(unique)


@pytest.mark.parametrize('wanted', ['', 'zzz', '%', '_'])
def test_a_run_that_is_not_there_is_named(runs, wanted):
    begin(runs)
    with pytest.raises(UnknownNameError, match='runs list'):
        runs.get(wanted)


def test_a_removed_run_leaves_nothing(runs):
    journal, other = begin(runs), begin(runs)
    (journal.work_dir / 'sub').mkdir()
    (journal.work_dir / 'sub' / 'file').write_text('x', encoding='utf-8')
    journal.logger().emit(record('message', {'content': 'x'}))
    journal.steps_declared([('one', 1.0)])
    journal.finish('SUCCEEDED')
    runs.remove(journal.run_id)
    assert not runs.work_dir(journal.run_id).exists()
    assert [found.id for found in runs.list()] == [other.run_id]
    for table in ('run_step', 'run_event', 'run_progress'):
        assert runs.database.rows(f'SELECT count(*) FROM {table}')[0][0] == 0


def test_the_logger_keeps_what_was_reported(runs):
    journal = begin(runs)
    logger = journal.logger()
    logger.emit(record('steps', {'steps': [['train', 1.0]]}))
    logger.emit(record('step', {}))
    logger.emit(record('message', {'content': '시작'}, level='success'))
    logger.emit(record('metrics', {'loss': 2.0, 'lr': 0.1}))
    logger.emit(record('metrics', {'loss': 1.0}))
    logger.emit(
        record('metric', {'category': 'validation', 'key': 'epoch', 'value': 1, 'metrics': {'mAP50': 0.5}})
    )
    logger.emit(record('artifact', {'kind': 'weights', 'name': 'best'}, file='runs/best.pt'))
    logger.emit(
        record('visualization', {'category': 'validation', 'group': 'batch', 'index': 0}, file='a.jpg')
    )
    logger.emit(record('event', {'x': object()}, event='mine', step=None))
    logger.finish()
    found = runs.get(journal.run_id)
    assert [(item['level'], item['content'], item['step']) for item in found.messages] == [
        ('success', '시작', 'train')
    ]
    assert found.metrics == {'loss': 1.0, 'lr': 0.1}
    assert found.artifacts == [{'name': 'best', 'kind': 'weights', 'file': 'runs/best.pt', 'step': 'train'}]
    assert [item['kind'] for item in runs.events(journal.run_id)] == [
        'message', 'metrics', 'metrics', 'metric', 'artifact', 'visualization', 'event',
    ]  # fmt: skip
    history = list(runs.events(journal.run_id, 'metric'))
    assert [item['data']['metrics'] for item in history] == [{'mAP50': 0.5}]
    listed = runs.list()[0]
    assert (listed.messages, listed.metrics, listed.artifacts) == ([], found.metrics, found.artifacts)


def test_progress_is_written_now_and_then_and_at_the_end(runs):
    journal = begin(runs)
    logger = journal.logger()
    connection = runs.database.connection
    before = connection.total_changes
    for current in range(5_000):
        logger.emit(record('progress', {'current': current, 'total': 5_001, 'overall': 1.0}))
    assert connection.total_changes - before < 20
    logger.emit(record('progress', {'current': 3, 'total': 9, 'overall': 1.0}, step='other'))
    logger.finish()
    progress = runs.get(journal.run_id).progress
    assert progress['train']['current'] == 4_999
    assert progress['other']['current'] == 3


def test_a_finished_step_is_written_at_once(runs):
    journal = begin(runs)
    journal.logger().emit(record('progress', {'current': 1, 'total': 9}))
    journal.logger().emit(record('progress', {'current': 9, 'total': 9}))
    assert runs.get(journal.run_id).progress['train']['current'] == 9


def test_a_record_holds_the_last_messages_and_the_store_all(runs):
    journal = begin(runs)
    for number in range(MESSAGES + 50):
        journal.logger().emit(record('message', {'content': f'{number}'}))
    held = [item['content'] for item in runs.get(journal.run_id).messages]
    assert held == [f'{number}' for number in range(50, MESSAGES + 50)]
    assert sum(1 for _ in runs.events(journal.run_id, 'message')) == MESSAGES + 50


def test_threads_may_report_at_once(runs):
    journal = begin(runs)

    def report(number):
        for count in range(40):
            journal.logger().emit(record('message', {'content': f'{number}-{count}'}))
            journal.logger().emit(record('progress', {'current': count, 'total': 40}, step=f'{number}'))

    threads = [threading.Thread(target=report, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.finish('SUCCEEDED')
    found = runs.get(journal.run_id)
    assert len({item['content'] for item in found.messages}) == 200
    assert {step: data['current'] for step, data in found.progress.items()} == {
        str(number): 39 for number in range(5)
    }
