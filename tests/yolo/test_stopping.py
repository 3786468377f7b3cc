"""How a training ends when it shall not go on: cancelled, failed, killed, or left alone by its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from builtin_steps.train_yolo import TrainYoloStep
from synapse_plugins.errors import RunCancelledError, StepFailedError

pytestmark = pytest.mark.yolo


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f'/proc/{process}/stat')
    return not (state.exists() and state.read_text(encoding='utf-8').rpartition(')')[2].split()[0] == 'Z')


def gone_within(process: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not alive(process):
            return True
        time.sleep(0.05)
    return False


def worker_of(run: Any) -> int:
    """Return the id of a run's training process."""
    events = (run.work / 'train' / 'events.jsonl').read_text(encoding='utf-8').splitlines()
    return int(json.loads(events[0])['process'])


def test_cancel_ends_with_the_epoch_and_leaves_nothing(data: Path, new_run: Any) -> None:
    run = new_run(data, epochs=200, plots=False)
    emit = run.records.emit

    def cancel_after_the_first_epoch(record: Any) -> None:
        emit(record)
        if record.kind == 'metric' and record.data['value'] == 1:
            run.runtime.cancel('enough')

    run.records.emit = cancel_after_the_first_epoch
    with pytest.raises(RunCancelledError, match=r'stopped after epoch \d+ of 200 \(enough\)'):
        run(TrainYoloStep())
    epochs = {record.data['value'] for record in run.records.of('metric')}
    assert epochs <= {1, 2, 3, 4}
    assert not (run.work / 'train').exists()


def test_a_training_that_does_not_end_in_time_is_terminated(data: Path, new_run: Any) -> None:
    run = new_run(data, epochs=200, plots=False)
    run.context.cancel('at once')
    started = time.monotonic()
    result = TrainYoloStep(grace=0.0).execute(run.context)
    assert not result.success
    assert result.error == 'the training was stopped before the first epoch ended (at once)'
    assert time.monotonic() - started < 120


def test_folders_of_classes_without_any_for_validation_are_refused_at_once(
    tmp_path: Path, new_run: Any
) -> None:
    (tmp_path / 'train' / 'a').mkdir(parents=True)
    run = new_run(tmp_path)
    result = TrainYoloStep().execute(run.context)
    assert not result.success
    assert 'has no pictures for validation' in result.error
    assert '--to imagefolder --split train=.8,val=.2' in result.error
    assert not (run.work / 'train').exists()


def test_a_failure_quotes_its_cause_and_the_last_lines(tmp_path: Path, new_run: Any) -> None:
    broken = tmp_path / 'dataset.yaml'
    broken.write_text(
        f'path: {tmp_path}\ntrain: images/train\nval: images/valid\nnames: [a]\n', encoding='utf-8'
    )
    run = new_run(broken)
    with pytest.raises(StepFailedError) as caught:
        run(TrainYoloStep())
    assert 'images not found' in str(caught.value)
    assert 'Its last lines were:' in str(caught.value)
    assert 'Ultralytics' in str(caught.value)
    assert 'Traceback' not in str(caught.value)
    assert 'Traceback' in str(caught.value.__cause__)
    assert not (run.work / 'train').exists()


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='this system has no SIGKILL')
def test_a_killed_training_says_so_and_keeps_a_whole_copy_of_the_newest_weights(
    data: Path, new_run: Any
) -> None:
    run = new_run(data, epochs=200, plots=False)
    emit = run.records.emit
    kept: dict[str, Any] = {}

    def kill_after_the_first_epoch(record: Any) -> None:
        emit(record)
        if record.kind == 'metric' and not kept:
            folder = run.work / 'train' / 'kept'
            kept.update({path.name: path.stat().st_size for path in folder.iterdir()})
            os.kill(worker_of(run), signal.SIGKILL)

    run.records.emit = kill_after_the_first_epoch
    with pytest.raises(StepFailedError, match='ended by SIGKILL; it may have run out of memory'):
        run(TrainYoloStep())
    assert kept['last.pt'] > 1_000_000


PARENT = """
import sys
from pathlib import Path
from synapse_plugins import RuntimeContext
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.context import NullLogger
from builtin_steps.train_yolo import TrainYoloStep

context = TrainContext(
    RuntimeContext(logger=NullLogger(), work_dir=Path(sys.argv[2])),
    params={'model': 'yolo11n.yaml', 'epochs': 500, 'imgsz': 32, 'device': 'cpu', 'plots': False},
)
context.dataset = {'config_path': sys.argv[1]}
TrainYoloStep().execute(context)
"""


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='this system has no SIGKILL')
@pytest.mark.parametrize('moment', ['started', 'epoch'])
def test_the_training_ends_when_its_parent_is_killed(data: Path, tmp_path: Path, moment: str) -> None:
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get('PYTHONPATH'))))
    parent = subprocess.Popen(
        [sys.executable, '-c', PARENT, str(data), str(tmp_path)], env={**os.environ, 'PYTHONPATH': path}
    )
    try:
        events = tmp_path / 'train' / 'events.jsonl'
        until = time.monotonic() + 60
        while not events.exists() or f'"kind": "{moment}"' not in events.read_text(encoding='utf-8'):
            assert time.monotonic() < until, 'the training did not begin'
            assert parent.poll() is None
            time.sleep(0.05)
        child = int(json.loads(events.read_text(encoding='utf-8').splitlines()[0])['process'])
        assert alive(child)
    finally:
        parent.kill()
        parent.wait()
    assert gone_within(child, 30)
