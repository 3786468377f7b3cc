"""What is said when Ctrl-C ends a command that is no run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLOW = """
import time
from pathlib import Path


def wait(sample):
    Path('begun').touch()
    time.sleep(120)
    return sample
"""

MAIN = """
import signal, sys
from synapse_plugins.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests in the background ignores it
sys.exit(main())
"""


@pytest.mark.skipif(os.name == 'nt', reason='signals of POSIX')
@pytest.mark.parametrize('words', [[], ['--json']])
def test_a_conversion_says_that_nothing_was_written(
    home: Path, importable: None, shapes: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / 'my_slow_changes.py').write_text(SLOW, encoding='utf-8')
    command = ['convert', str(shapes), 'out', '--to', 'yolo', '--transform', 'my_slow_changes:wait', *words]
    with subprocess.Popen(
        [sys.executable, '-c', MAIN, *command, '--workers', '1'],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding='utf-8',
    ) as process:
        until = time.monotonic() + 60
        while not (tmp_path / 'begun').exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (130, 'Stopped; nothing was written.\n')
    assert bool(out) is bool(words)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(('out', '.out'))) == []


@pytest.mark.parametrize(
    ('call', 'command', 'said'),
    [
        ('synapse_plugins.datasets.inspect', ['inspect', 'SRC'], 'Stopped; nothing was written.'),
        (
            'synapse_plugins.datasets.inspect',
            ['inspect', 'SRC', '--preview', 'a.png', '--report', 'a.html'],
            'Stopped.',
        ),
        (
            'synapse_plugins.backends.local.LocalBackend.import_dataset',
            ['datasets', 'import', 'SRC', '--name', 'x'],
            'Stopped; nothing was written.',
        ),
        ('synapse_plugins.backends.local.LocalBackend.list_models', ['models', 'list'], 'Stopped.'),
    ],
)
def test_one_line_says_what_ctrl_c_left(
    cli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    shapes: Path,
    call: str,
    command: list[str],
    said: str,
) -> None:
    def interrupt(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(call, interrupt)
    words = [str(shapes) if word == 'SRC' else word for word in command]
    done = cli(*words)
    assert (done.code, done.out, done.err) == (130, '', f'{said}\n')
    done = cli(*words, '--json')
    assert (done.code, done.err) == (130, f'{said}\n')
    assert done.json == {'error': {'type': 'KeyboardInterrupt', 'message': said, 'exit_code': 130}}
