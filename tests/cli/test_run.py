"""``run``, ``runs`` and what Ctrl-C does, on a plugin of our own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_a_run_tells_how_it_went(program: Callable[..., Any], plugin: Path, tmp_path: Path) -> None:
    outcome = program('run', 'good', '--plugin', plugin, '-p', f'folder={tmp_path}')
    assert outcome.code == 0, outcome.err
    assert (tmp_path / 'made').exists()
    lines = outcome.out.splitlines()
    assert lines[0].startswith('good succeeded in ')
    assert any(line.split()[:2] == ['make', 'done'] for line in lines)
    assert any(line.split() == ['accuracy', '0.75'] for line in lines)
    assert 'train epoch 1: loss 0.5' in outcome.err
    assert 'runs show ' in lines[-1]


def test_a_run_in_json_is_one_document(program: Callable[..., Any], plugin: Path, tmp_path: Path) -> None:
    params = tmp_path / 'params.yaml'
    params.write_text(f'folder: {json.dumps(str(tmp_path))}\ntimes: 7\nname: 파일\n', encoding='utf-8')
    outcome = program(
        'run',
        'good',
        '--plugin',
        plugin,
        '--params',
        params,
        '-p',
        'name=001',
        '-p',
        'classes=[a,나]',
        '--json',
    )
    assert outcome.code == 0, outcome.err
    document = outcome.json
    assert document['state'] == 'SUCCEEDED'
    assert document['params'] == {'folder': str(tmp_path), 'times': 7, 'name': '001', 'classes': ['a', '나']}
    assert [step['name'] for step in document['steps']] == ['make']
    assert document['metrics'] == {'accuracy': 0.75}
    assert document['model'] is None
    assert program('runs', 'show', document['id'], '--json').json['params'] == document['params']


def test_a_failed_run_says_what_was_undone_and_where_to_look(
    program: Callable[..., Any], plugin: Path, tmp_path: Path
) -> None:
    outcome = program('run', 'bad', '--plugin', plugin, '-p', f'folder={tmp_path}')
    assert outcome.code == 1
    assert outcome.out == ''
    assert 'Traceback' not in outcome.err
    *log, told = outcome.err.splitlines()
    assert log[-2:] == ['[2/2] fail: failed: 일부러', '[1/2] make: rolled back']
    assert told.startswith("Error: Step 'fail' failed: 일부러. ZeroDivisionError at ")
    line = 1 + (plugin / 'trial_actions.py').read_text(encoding='utf-8').split('raise Zero')[0].count('\n')
    assert f'trial_actions.py:{line}. Rolled back: make. ' in told
    assert not (tmp_path / 'made').exists()
    command = told.removesuffix('`').rpartition('`')[2]
    shown = program('runs', *command.partition(' runs ')[2].split())
    assert shown.code == 0
    assert 'FAILED' in shown.out
    assert 'rolled back' in shown.out


def test_a_failed_run_in_json_is_one_document_too(
    program: Callable[..., Any], plugin: Path, tmp_path: Path
) -> None:
    outcome = program('run', 'bad', '--plugin', plugin, '-p', f'folder={tmp_path}', '--json', '--traceback')
    assert outcome.code == 1
    assert outcome.json['state'] == 'FAILED'
    assert '일부러' in outcome.json['error']
    assert 'ZeroDivisionError' in outcome.err
    assert 'trial_actions.py' in outcome.err


def test_a_plan_runs_nothing(program: Callable[..., Any], plugin: Path, tmp_path: Path) -> None:
    arguments = ('run', 'bad', '--plugin', plugin, '-p', f'folder={tmp_path}', '--plan')
    outcome = program(*arguments)
    assert outcome.code == 0, outcome.err
    assert 'Nothing was run' in outcome.out
    assert [step['name'] for step in program(*arguments, '--json').json['steps']] == ['make', 'fail']
    assert not (tmp_path / 'made').exists()
    assert program('runs', 'list', '--json').json == []


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['goood'], "Unknown action 'goood'. Did you mean 'good'"),
        (['good', '-p', 'folder=.', '-p', 'time=2'], "'time'"),
        (['good', '-p', 'folder=.', '-p', 'times=often'], 'times'),
        (['good'], 'folder: it is required'),
        (['no.such.module:Action'], 'cannot be imported'),
        (['good', '-p', 'folder=.', '--params', 'no-such.yaml'], 'no-such.yaml cannot be read'),
        (['good', '-p', 'folder=.', '--backend', 'http://127.0.0.1:9'], 'the server cannot be reached'),
    ],
)
def test_bad_input_is_one_paragraph_and_leaves_no_run(
    program: Callable[..., Any], plugin: Path, arguments: list[str], said: str
) -> None:
    outcome = program('run', *arguments, '--plugin', plugin)
    assert said in outcome.paragraph
    assert program('runs', 'list', '--json').json == []


@pytest.mark.parametrize(
    ('words', 'meant'),
    [
        (['dataset=x'], '-p dataset=x'),
        (['-p', 'epochs=3', 'dataset=my folder'], "-p 'dataset=my folder'"),
        (['--dataset', 'x', '-p', 'epochs=3'], '-p dataset=x'),
        (['--dataset=x', '--json'], '-p dataset=x'),
        (['--batch-size'], '-p batch_size=VALUE'),
    ],
)
def test_a_parameter_that_does_not_say_so_is_told_how(
    cli: Callable[..., Any], words: list[str], meant: str
) -> None:
    done = cli('run', 'train', *words)
    assert done.code == 2
    assert done.err.rstrip().endswith(f'Parameters of an action are given with -p: {meant}')


@pytest.mark.parametrize('words', [['more'], ['--paln'], ['-x']])
def test_what_is_no_parameter_is_not_told_to_be_one(cli: Callable[..., Any], words: list[str]) -> None:
    done = cli('run', 'train', *words)
    assert (done.code, '-p' in done.err.partition('Error: ')[2].replace('--p', '')) == (2, False)


def test_a_folder_without_a_plugin_is_refused(program: Callable[..., Any], tmp_path: Path) -> None:
    assert 'is not a plugin project' in program('run', 'good', '--plugin', tmp_path).paragraph
    assert 'is not a folder' in program('run', 'good', '--plugin', tmp_path / 'no').paragraph


def test_records_are_listed_shown_and_removed(
    program: Callable[..., Any], plugin: Path, tmp_path: Path
) -> None:
    assert 'No runs yet' in program('runs', 'list').out
    program('run', 'good', '--plugin', plugin, '-p', f'folder={tmp_path}')
    (record,) = program('runs', 'list', '--json').json
    listed = program('runs', 'list').out
    assert record['id'] in listed
    assert 'SUCCEEDED' in listed
    assert 'did you mean' in program('runs', 'show', f'{record["id"][:-1]}-').paragraph.lower()
    assert record['id'] in program('runs', 'show', record['id'][:8]).out
    assert program('runs', 'remove', record['id'], '--json').json == {'removed': [record['id']]}
    assert program('runs', 'list', '--json').json == []


# -- interrupts -----------------------------------------------------------------------------------------------


@pytest.fixture
def long_run(home: Path, plugin: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the long action in a process of its own, and wait until its step is at work."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, '-m', 'synapse_plugins', 'run', 'long', '--plugin', str(plugin)]
        process = subprocess.Popen(
            [*command, '-p', f'folder={tmp_path}', *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
        )
        started.append(process)
        _wait_for(tmp_path / 'begun')
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_cancels_and_rolls_back(
    long_run: Callable[..., subprocess.Popen[str]],
    program: Callable[..., Any],
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    process = long_run()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert out == ''
    assert (
        "Stopping: waiting for step 'last'; then what the run has made is undone. Press Ctrl-C again" in err
    )
    assert 'Traceback' not in err
    told = err.splitlines()[-1]
    assert told.startswith("Stopped: in step 'last': ")
    assert 'Rolled back: make' in told
    assert not (tmp_path / 'made').exists()
    (record,) = program('runs', 'list', '--json').json
    assert record['state'] == 'CANCELLED'
    assert f'runs show {record["id"]}` says where.' in err


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
def test_a_run_that_finishes_all_the_same_says_so(
    long_run: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = long_run('-p', 'name=stubborn', '-p', 'times=20')
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out.startswith('long succeeded')
    assert err.splitlines()[-1].startswith('The run had finished all its work before it could stop')
    assert (tmp_path / 'made').exists()


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
def test_the_second_signal_leaves_at_once(
    long_run: Callable[..., subprocess.Popen[str]], program: Callable[..., Any]
) -> None:
    process = long_run('-p', 'name=stubborn')
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while 'Stopping' not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - begun < 30
    (record,) = program('runs', 'list', '--json').json
    assert record['state'] == 'CRASHED'


def test_handlers_are_as_before_after_a_run(cli: Callable[..., Any], plugin: Path, tmp_path: Path) -> None:
    from synapse_plugins.cli.signals import Interrupts

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts() as interrupts:
        assert signal.getsignal(signal.SIGINT) is not before[0]
        assert interrupts.received is None
        with pytest.raises(SystemExit) as left:  # nothing is watched yet
            signal.raise_signal(signal.SIGTERM)
    assert left.value.code == 143
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
