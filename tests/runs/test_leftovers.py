"""What a run leaves in its work folder, and what is said of one that crashed."""

from __future__ import annotations

import pytest

CRASH = """
import os
import sys
from synapse_plugins.runs import RunStore
from synapse_plugins.steps import StepResult
from synapse_plugins.store import open_store
journal = RunStore(open_store(sys.argv[1])).start(action='yolo.train', params={}, backend='local')
if sys.argv[2] != 'before':
    journal.steps_declared([('dataset', 1.0), ('train', 2.0), ('upload', 1.0)])
    journal.step_started('dataset', 0)
    journal.step_finished('dataset', 0, StepResult(), 0.1)
if sys.argv[2] in ('train', 'many'):
    journal.step_started('train', 1)
    names = ['train/kept/last.pt', 'train/config'] + [f'train/a{number}' for number in range(6)]
    for name in names[:1] if sys.argv[2] == 'train' else names:
        path = journal.work_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'x')
print(journal.run_id, flush=True)
os._exit(9)
"""


def begin(runs):
    return runs.start(action='train', params={}, backend='local')


@pytest.mark.parametrize('state', ['SUCCEEDED', 'FAILED', 'CANCELLED'])
def test_an_empty_work_folder_goes_with_the_end_of_the_run(runs, store, state):
    journal = begin(runs)
    (journal.work_dir / 'train' / 'empty').mkdir(parents=True)
    journal.finish(state, error='x')
    assert not journal.work_dir.exists()
    assert list(store.runs_dir.iterdir()) == []
    untouched = begin(runs)
    untouched.finish(state)
    assert list(store.runs_dir.iterdir()) == []


def test_a_work_folder_with_anything_in_it_stays(runs):
    journal = begin(runs)
    (journal.work_dir / 'empty').mkdir()
    (journal.work_dir / '.hidden').write_text('x', encoding='utf-8')
    journal.finish('FAILED', error='x')
    assert sorted(path.name for path in journal.work_dir.iterdir()) == ['.hidden', 'empty']


@pytest.mark.parametrize(
    ('where', 'step', 'left'),
    [
        ('before', 'no step had begun', ''),
        ('between', "its last step was 'dataset'", ''),
        ('train', "its last step was 'train'", 'train/kept/last.pt'),
        (
            'many',
            "its last step was 'train'",
            'train/kept/last.pt, train/a0, train/a1, train/a2, train/a3 and 3 more',
        ),
    ],
)
def test_a_crashed_run_says_where_it_was_and_what_it_left(runs, tmp_path, start, where, step, left):
    process = start(CRASH, tmp_path / 'home', where)
    run_id = process.communicate(timeout=60)[0].strip()
    record = runs.get(run_id)
    assert record.state == 'CRASHED'
    folder = runs.work_dir(run_id)
    files = f' It left {left} in {folder}; copy what you want to keep.' if left else ''
    removed = 'its record and its files' if left else 'its record'
    assert record.error == (
        f'The process ended without a word; {step}.{files} `synapse-plugins runs remove {run_id}` removes {removed}.'
    )
    assert runs.list()[0].error == record.error
    runs.remove(run_id)
    assert not folder.exists()
    assert runs.list() == []


def test_a_run_that_lives_has_no_error(runs):
    assert runs.get(begin(runs).run_id).error is None
