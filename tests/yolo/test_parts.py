"""The parts of the training process that can be tried alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builtin_steps._yolo_callbacks import TRAINING, VALIDATION, keep_copy, numbers
from builtin_steps._yolo_environment import child_environment, write_settings
from builtin_steps._yolo_events import EventWriter, JsonTail, LineTail
from builtin_steps._yolo_process import WorkerProcess
from builtin_steps._yolo_processors import usable_processors
from builtin_steps._yolo_results import collect_model
from synapse_plugins.errors import NoModelError

ROOT = Path(__file__).resolve().parents[2]

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
EVENTS = st.lists(st.dictionaries(st.text(max_size=5).map('_{}'.format), PLAIN, max_size=4), max_size=5)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get('PYTHONPATH'))))
    return subprocess.run(
        [sys.executable, '-c', code],
        env={**os.environ, 'PYTHONPATH': path, **environment},
        capture_output=True, text=True, encoding='utf-8', check=False,
    )  # fmt: skip


@given(EVENTS)
def test_events_arrive_as_they_were_told(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp('events') / 'events.jsonl'
    tail, tell = JsonTail(path), EventWriter(path)
    assert list(tail.events()) == []
    for event in events:
        tell('sort', **event)
    assert list(tail.events()) == [{'kind': 'sort', **event} for event in events]
    assert list(tail.events()) == []


@given(st.binary(max_size=200), st.integers(1, 7))
def test_lines_do_not_depend_on_how_a_file_grows(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, step: int
) -> None:
    path = tmp_path_factory.mktemp('lines') / 'log'
    tail = LineTail(path)
    found: list[str] = []
    for start in range(0, len(content), step):
        with path.open('ab') as file:
            file.write(content[start : start + step])
        found.extend(tail.lines())
    *whole, rest = content.split(b'\n')
    assert found == [line.decode('utf-8', 'replace') for line in whole]
    assert tail.rest() == rest.decode('utf-8', 'replace')


def test_numbers_keeps_what_is_one() -> None:
    assert numbers({'a': 1, 'b': 'no', 'c': None, 'd': '0.5'}) == {'a': 1.0, 'd': 0.5}
    assert numbers(None) == {}


def test_a_kept_copy_replaces_the_one_before(tmp_path: Path) -> None:
    for content in (b'old', b'new' * 1_000_000):
        (tmp_path / 'last.pt').write_bytes(content)
        keep_copy(tmp_path / 'last.pt', tmp_path / 'kept' / 'last.pt')
        assert (tmp_path / 'kept' / 'last.pt').read_bytes() == content
    assert [path.name for path in (tmp_path / 'kept').iterdir()] == ['last.pt']


# -- environment and settings ---------------------------------------------------------------------------------


def test_child_environment_leaves_ours_alone_and_is_offline(tmp_path: Path) -> None:
    before = dict(os.environ)
    child = child_environment(tmp_path / 'config', tmp_path / 'fonts')
    assert dict(os.environ) == before
    assert child['YOLO_CONFIG_DIR'] == str(tmp_path / 'config')
    assert (child['YOLO_OFFLINE'], child['YOLO_AUTOINSTALL']) == ('true', 'false')
    assert child['MPLCONFIGDIR'] == before.get('MPLCONFIGDIR', str(tmp_path / 'fonts'))


def settings_of(tmp_path: Path, trackers: tuple[str, ...] = ()) -> dict[str, Any]:
    write_settings(tmp_path / 'config', tmp_path, trackers)
    found: dict[str, Any] = json.loads(
        (tmp_path / 'config' / 'Ultralytics' / 'settings.json').read_text('utf-8')
    )
    return found


TRACKERS = {'clearml', 'comet', 'dvc', 'mlflow', 'raytune', 'tensorboard', 'wandb'}


def test_everything_is_off_but_the_trackers_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('YOLO_CONFIG_DIR', str(tmp_path / 'user'))
    settings = settings_of(tmp_path)
    assert not any(settings[name] for name in (*TRACKERS, 'sync', 'vscode_msg', 'api_key'))
    settings = settings_of(tmp_path, ('mlflow',))
    assert {name for name in TRACKERS if settings[name]} == {'mlflow'}


def test_a_tracker_that_the_user_switched_on_stays_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('YOLO_CONFIG_DIR', str(tmp_path / 'user'))
    (tmp_path / 'user' / 'Ultralytics').mkdir(parents=True)
    own = tmp_path / 'user' / 'Ultralytics' / 'settings.json'
    own.write_text(
        '{"wandb": true, "mlflow": true, "sync": true}', encoding='utf-8'
    )  # mlflow is on by default there
    settings = settings_of(tmp_path)
    assert {name for name in TRACKERS if settings[name]} == {'wandb'}
    assert not settings['sync']
    own.write_text('not JSON', encoding='utf-8')
    assert not any(settings_of(tmp_path)[name] for name in TRACKERS)


@pytest.mark.yolo
def test_ultralytics_takes_the_settings_as_they_are(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, ('tensorboard',))
    code = 'import json; from ultralytics import SETTINGS; print(json.dumps(dict(SETTINGS)))'
    done = python(code, YOLO_CONFIG_DIR=str(tmp_path / 'config'), YOLO_OFFLINE='true')
    assert json.loads(done.stdout) == settings, done.stderr
    assert done.stderr == ''


# -- offline --------------------------------------------------------------------------------------------------


def test_the_network_is_refused_and_this_machine_is_not() -> None:
    code = """
from builtin_steps._yolo_offline import forbid_network
import socket
server = socket.create_server(('127.0.0.1', 0))
forbid_network()
socket.create_connection(server.getsockname()).close()
for attempt in (
    lambda: socket.create_connection(('192.0.2.1', 80), timeout=1),
    lambda: socket.getaddrinfo('example.org', 80),
    lambda: socket.gethostbyname('example.org'),
):
    try:
        attempt()
    except ConnectionError as exc:
        print(exc)
"""
    done = python(code)
    assert done.stdout.splitlines() == [
        'training is offline: a connection to 192.0.2.1 was refused',
        'training is offline: a connection to example.org was refused',
        'training is offline: a connection to example.org was refused',
    ], done.stderr


@pytest.mark.yolo
def test_fonts_for_every_script_are_there_before_ultralytics_looks(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from builtin_steps._yolo_offline import provide_fonts
provide_fonts(Path(sys.argv[1] if len(sys.argv) > 1 else '.'))
from PIL import ImageFont
for name in ('Arial.ttf', 'Arial.Unicode.ttf'):
    ImageFont.truetype(name, 12)
"""
    done = python(f'import os; os.chdir({str(tmp_path)!r})\n{code}', MPLCONFIGDIR=str(tmp_path / 'mpl'))
    assert done.returncode == 0, done.stderr


# -- the process ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('quota', 'processors'),
    [('200000 100000', 2), ('150000 100000', 2), ('50000 100000', 1), ('max 100000', None)],
)
def test_threads_follow_the_quota_of_a_container(tmp_path: Path, quota: str, processors: int | None) -> None:
    (tmp_path / 'cpu.max').write_text(quota, encoding='ascii')
    every = usable_processors(tmp_path / 'none')
    assert usable_processors(tmp_path / 'cpu.max') == min(every, processors or every)


@pytest.mark.yolo
@pytest.mark.skipif(
    not hasattr(signal, 'SIGTERM') or sys.platform == 'win32', reason='signals of a POSIX system'
)
def test_a_worker_that_cannot_begin_is_told_with_what_it_printed(tmp_path: Path) -> None:
    worker = WorkerProcess(tmp_path, {'mode': 'nonsense', 'model': 'x', 'task': None, 'arguments': {}})
    lines: list[str] = []
    events: list[dict[str, Any]] = []
    outcome = worker.run(events.append, lines.append, lambda: False, 1.0)
    assert outcome.state == 'failed'
    assert outcome.error.startswith("KeyError: 'nonsense'")
    assert 'Traceback' in str(outcome.cause)
    assert [event['kind'] for event in events][-1] == 'failed'


def test_callbacks_can_be_passed_by_reference() -> None:
    import pickle

    for name, function in {**TRAINING, **VALIDATION}.items():
        assert function.__name__ == name
        assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.skipif(sys.platform == 'win32', reason='a process there keeps the number of its parent')
def test_only_the_first_of_several_processes_tells_and_an_orphan_ends(tmp_path: Path) -> None:
    code = """
import os, sys
from types import SimpleNamespace
from builtin_steps import _yolo_callbacks as callbacks
callbacks.on_train_epoch_end(trainer := SimpleNamespace())
print(vars(trainer))
callbacks._PARENT = -1
callbacks.on_train_epoch_end(trainer)
print('not reached')
"""
    for rank, told in (('0', "{'synapse_epoch': True}"), ('1', '{}')):
        done = python(code, WORLD_SIZE='2', RANK=rank, PYTHONUNBUFFERED='1')
        assert (done.returncode, done.stdout.strip()) == (1, told), done.stderr
    assert python(code).stdout.splitlines()[-1] == 'not reached'


# -- the model's folder ---------------------------------------------------------------------------------------


def test_a_model_without_best_weights_gets_the_last(tmp_path: Path) -> None:
    (tmp_path / 'run' / 'weights').mkdir(parents=True)
    (tmp_path / 'run' / 'weights' / 'last.pt').write_bytes(b'weights')
    model = collect_model(tmp_path / 'run', tmp_path / 'model', classes=['가'], metrics={'a': 1.0}, params={})
    assert (model / 'best.pt').read_bytes() == (model / 'last.pt').read_bytes() == b'weights'
    assert json.loads((model / 'classes.json').read_text('utf-8')) == {'classes': ['가']}


def test_a_training_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / 'run' / 'weights').mkdir(parents=True)
    with pytest.raises(NoModelError, match='without weights'):
        collect_model(tmp_path / 'run', tmp_path / 'model', classes=[], metrics={}, params={})
    assert not (tmp_path / 'model').exists()
