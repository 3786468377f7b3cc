from __future__ import annotations

import gc
import json
import random
import sys
import threading
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from synapse_plugins.errors import StepFailedError, StoreError
from synapse_plugins.runs import RunStore, heart
from synapse_plugins.steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult
from synapse_plugins.store import open_store
from synapse_plugins.store.process import this_process


class Step(BaseStep[BaseStepContext]):
    progress_weight = 1.0

    def __init__(self, name, do=None, *, skip=False):
        self._name, self._do, self._skip = name, do, skip
        self.undone = []

    @property
    def name(self):
        return self._name

    def can_skip(self, context):
        return self._skip

    def execute(self, context):
        return (self._do and self._do(context)) or StepResult(data={'by': self._name})

    def rollback(self, context, result):
        self.undone.append(result.rollback_data)
        if result.rollback_data.get('stuck'):
            raise OSError('it is stuck')


def begin(runs, **more):
    return runs.start(action='train', params={'epochs': 2}, backend='local:x', **more)


def run(journal, *steps):
    registry = StepRegistry()
    for step in steps:
        registry.register(step)
    return Orchestrator(registry, BaseStepContext(None), journal=journal).execute()


def test_a_run_is_recorded_as_it_goes(runs):
    journal = begin(runs, dataset={'id': 3, 'name': 'pets', 'version': 2}, versions={'torch': '2'})
    record = journal.record()
    assert (record.state, record.finished, record.dataset, record.params) == (
        'RUNNING',
        None,
        'pets@2',
        {'epochs': 2},
    )
    assert record.versions['torch'] == '2'
    assert {'synapse-plugins', 'python'} <= record.versions.keys()
    assert journal.work_dir.is_dir()
    assert journal.work_dir.name == journal.run_id == record.id
    run(journal, Step('one'), Step('two', skip=True), Step('three'))
    journal.finish(
        'SUCCEEDED', {'model_id': 1, 'path': Path('세포'), 'loss': np.float32(0.5), 'metrics': {'mAP50': 0.5}}
    )
    record = runs.get(journal.run_id)
    assert (record.state, record.error) == ('SUCCEEDED', None)
    assert record.result == {'model_id': 1, 'path': '세포', 'loss': 0.5, 'metrics': {'mAP50': 0.5}}
    assert record.metrics == {'mAP50': 0.5}
    assert record.started <= record.finished
    steps = [(step['name'], step['order'], step['state'], step['result']) for step in record.steps]
    assert steps == [
        ('one', 0, 'SUCCEEDED', {'by': 'one'}),
        ('two', 1, 'SKIPPED', {}),
        ('three', 2, 'SUCCEEDED', {'by': 'three'}),
    ]
    assert all(step['seconds'] >= 0 and step['weight'] == pytest.approx(1 / 3) for step in record.steps)
    json.dumps(asdict(record))


def test_a_failure_and_its_rollback_are_recorded(runs):
    journal = begin(runs)

    def make(context):
        context.save_rollback(folder=Path('made'))
        return StepResult(rollback_data={'more': 1})

    def stick(context):
        return StepResult(rollback_data={'stuck': True})

    def fail(context):
        raise ValueError('세 번째가 실패했다')

    made, stuck, failing = Step('make', make), Step('stick', stick), Step('fail', fail)
    with pytest.raises(StepFailedError) as caught:
        run(journal, made, stuck, failing, Step('never'))
    journal.finish('FAILED', error=caught.value)
    record = journal.record()
    assert record.state == 'FAILED'
    assert record.error == "Step 'fail' failed: 세 번째가 실패했다"
    steps = {step['name']: step for step in record.steps}
    assert {name: step['state'] for name, step in steps.items()} == {
        'make': 'ROLLED_BACK',
        'stick': 'SUCCEEDED',
        'fail': 'FAILED',
        'never': 'PENDING',
    }
    assert steps['make']['rollback'] == {'folder': 'made', 'more': 1}
    assert steps['stick']['rollback_error'] == 'it is stuck'
    assert steps['fail']['error'] == '세 번째가 실패했다'


def test_rollback_data_replaces_what_was_there(runs):
    journal = begin(runs)
    journal.steps_declared([('one', 1.0)])
    journal.step_started('one', 0)
    journal.save_rollback('one', {'a': 1})
    journal.save_rollback('one', {'b': 2})
    assert journal.record().steps[0]['rollback'] == {'b': 2}
    with pytest.raises(StoreError, match="no step 'two'"):
        journal.save_rollback('two', {})


def test_a_plan_that_is_declared_again_keeps_what_is_done(runs):
    journal = begin(runs)
    journal.steps_declared([('one', 0.5), ('two', 0.5)])
    journal.step_started('one', 0)
    journal.step_finished('one', 0, StepResult(data={'x': 1}), 1.5)
    journal.steps_declared([('zero', 0.2), ('one', 0.4), ('three', 0.4)])
    steps = [(step['name'], step['order'], step['weight'], step['state']) for step in journal.record().steps]
    assert steps == [('zero', 0, 0.2, 'PENDING'), ('one', 1, 0.4, 'SUCCEEDED'), ('three', 2, 0.4, 'PENDING')]
    assert journal.record().steps[1]['result'] == {'x': 1}


def test_the_first_end_is_kept(runs):
    journal = begin(runs)
    journal.finish('CANCELLED', error=KeyboardInterrupt())
    journal.finish('SUCCEEDED', {'x': 1})
    record = journal.record()
    assert (record.state, record.result, record.error) == ('CANCELLED', None, 'KeyboardInterrupt')
    with pytest.raises(ValueError, match='DONE'):
        journal.finish('DONE')


def test_strange_values_do_not_lose_the_record(runs):
    class Hostile:
        def __repr__(self):
            raise RuntimeError

    journal = runs.start(action='\ud800', params={'x': Hostile(), 1: float('nan')}, backend='b', dataset=7)
    journal.steps_declared([('one', 1.0)])
    journal.step_finished('one', 0, StepResult(False, {'model': Hostile()}, '\udcff'), 0.0)
    journal.finish('FAILED', Hostile(), error=ValueError('\ud83d'))
    record = journal.record()
    assert record.action == '\\ud800'
    assert record.params['1'] == 'NaN'
    assert record.dataset == '7'
    assert record.result['__type__'].endswith('Hostile')
    assert record.error == '\\ud83d'
    json.dumps(asdict(record), allow_nan=False).encode()


UNDER_WAY = """
import sys
from synapse_plugins.runs import RunStore
from synapse_plugins.store import open_store
journal = RunStore(open_store(sys.argv[1])).start(action='train', params={}, backend='local')
journal.steps_declared([(f'step {number}', 0.01) for number in range(100)])
print(journal.run_id, flush=True)
from synapse_plugins.steps import StepResult
for number in range(100):
    name = f'step {number}'
    journal.step_started(name, number)
    journal.save_rollback(name, {'number': number})
    print('saved', number, flush=True)
    journal.step_finished(name, number, StepResult(data={'number': number}), 0.1)
    print('finished', number, flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='SIGKILL')
def test_what_the_journal_returned_from_survives_a_kill(runs, tmp_path, start, rounds, seed):
    """Whatever was said to be done is recorded, and nothing is half recorded."""
    draw = random.Random(seed)
    for _ in range(max(3, rounds // 25)):
        process = start(UNDER_WAY, tmp_path / 'home')
        run_id = process.stdout.readline().strip()
        said = [process.stdout.readline().split() for _ in range(draw.randrange(200))]
        process.kill()
        rest, _ = process.communicate()
        said += [line.split() for line in rest.splitlines() if line.count(' ') == 1]
        record = runs.get(run_id)
        assert record.state == 'CRASHED'
        assert record.finished is None
        for what, number in said:
            step = record.steps[int(number)]
            assert step['rollback'] in ({'number': int(number)}, {})
            if what == 'saved':
                assert step['state'] in {'RUNNING', 'SUCCEEDED'}
            else:
                assert (step['state'], step['result']) == ('SUCCEEDED', {'number': int(number)})
        runs.remove(run_id)


def test_a_run_of_a_living_process_is_no_crash(runs, tmp_path, start):
    process = start(UNDER_WAY, tmp_path / 'home')
    run_id = process.stdout.readline().strip()
    assert runs.get(run_id).state == 'RUNNING'
    with pytest.raises(StoreError, match='is at work'):
        runs.remove(run_id)
    process.kill()
    process.wait()
    assert runs.get(run_id).state == 'CRASHED'
    assert [record.state for record in runs.list()] == ['CRASHED']


def test_a_reopened_store_has_the_same_record(runs, tmp_path):
    journal = begin(runs)
    run(journal, Step('one'))
    journal.finish('SUCCEEDED')
    with open_store(tmp_path / 'home') as again:
        assert RunStore(again).get(journal.run_id) == journal.record()


def unseen(store, run_id, silent_for):
    """Make a run one of a process that cannot be seen from here, last heard of so long ago."""
    when = (datetime.now(UTC) - timedelta(seconds=silent_for)).isoformat(timespec='milliseconds')
    process = replace(this_process(), machine='0123456789ab')
    with store.database('runs').transaction() as connection:
        values = (str(process), when, run_id)
        connection.execute('UPDATE run SET process = ?, heartbeat = ? WHERE id = ?', values)


@pytest.mark.parametrize(('silent_for', 'state'), [(0, 'RUNNING'), (500, 'RUNNING'), (700, 'CRASHED')])
def test_a_run_that_cannot_be_seen_has_crashed_when_it_is_silent_for_long(runs, store, silent_for, state):
    journal = runs.start(action='x', params={}, backend='local')
    unseen(store, journal.run_id, silent_for)
    assert runs.get(journal.run_id).state == state
    if state == 'CRASHED':
        runs.remove(journal.run_id)
        assert runs.list() == []


def test_every_write_of_a_journal_is_a_sign_of_life(runs, store):
    journal = runs.start(action='x', params={}, backend='local')
    for write in (
        lambda: journal.steps_declared([('a', 1.0)]),
        lambda: journal.step_started('a', 0),
        lambda: journal.save_rollback('a', {}),
        lambda: journal.step_finished('a', 0, StepResult(), 1.0),
        lambda: journal.step_rolled_back('a', None),
        journal.beat,
    ):
        unseen(store, journal.run_id, 700)
        assert runs.get(journal.run_id).state == 'CRASHED'
        write()
        assert runs.get(journal.run_id).state == 'RUNNING'


def test_a_run_gives_signs_of_life_while_its_steps_are_silent_and_none_afterwards(runs, store, monkeypatch):
    monkeypatch.setattr(heart, 'EVERY', 0.01)
    journal = runs.start(action='x', params={}, backend='local')
    unseen(store, journal.run_id, 700)
    until = time.monotonic() + 30
    while runs.get(journal.run_id).state != 'RUNNING':
        assert time.monotonic() < until
        time.sleep(0.01)
    name = f'heart-{journal.run_id}'
    assert name in {thread.name for thread in threading.enumerate()}
    journal.finish('SUCCEEDED')
    while name in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_journal_that_nothing_uses_any_more_gives_no_sign(runs, monkeypatch):
    monkeypatch.setattr(heart, 'EVERY', 0.01)
    name = f'heart-{runs.start(action="x", params={}, backend="local").run_id}'
    until = time.monotonic() + 30
    while name in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < until
        gc.collect()
        time.sleep(0.01)
