"""What strangers print while a command works."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = """
print('on import')


def say(sample):
    print('of a picture')
    return sample
"""


def test_what_a_function_prints_is_no_part_of_the_document(
    program: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    (tmp_path / 'code').mkdir()
    (tmp_path / 'code' / 'my_loud_changes.py').write_text(CODE, encoding='utf-8')
    words = ['--to', 'yolo', '--transform', 'my_loud_changes:say']
    where = {'PYTHONPATH': f'{tmp_path / "code"}:{":".join(sys.path)}'}
    done = program('convert', shapes, tmp_path / 'one', *words, '--json', **where)
    assert done.code == 0
    assert done.err.count('of a picture') >= done.json['count'] > 0
    assert 'on import' in done.err
    assert program('convert', shapes, tmp_path / 'two', *words, **where).out.startswith('on import\n')


@pytest.mark.skipif(sys.platform == 'win32', reason='a POSIX shell closes the streams')
@pytest.mark.parametrize('closed', ['>&-', '2>&-', '>&- 2>&-', '<&- >&- 2>&-'])
def test_streams_that_are_closed_stop_nothing(
    importable: None, home: Path, shapes: Path, tmp_path: Path, closed: str
) -> None:
    program = [sys.executable, '-m', 'synapse_plugins']
    for words, code in (
        (['convert', str(shapes), str(tmp_path / 'out'), '--to', 'yolo', '--workers', '2'], 0),
        (['inspect', str(tmp_path / 'out'), '--json'], 0),
        (['formats', 'no-such'], 1),
        (['formats', '--no-such', '--json'], 2),
    ):
        line = f'exec {shlex.join([*program, *words])} {closed}'
        done = subprocess.run(['sh', '-c', line], capture_output=True, encoding='utf-8', check=False)
        assert done.returncode == code, (words, done.stderr)
        assert 'Traceback' not in done.stderr
    assert (tmp_path / 'out' / 'dataset.yaml').is_file()


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='no other file is full for certain')
@pytest.mark.parametrize('words', [['formats'], ['formats', '--json'], ['--version']])
def test_a_full_disk_behind_stdout_is_one_paragraph(importable: None, home: Path, words: list[str]) -> None:
    line = f'exec {shlex.join([sys.executable, "-m", "synapse_plugins", *words])} >/dev/full'
    done = subprocess.run(['sh', '-c', line], capture_output=True, encoding='utf-8', check=False)
    assert (done.returncode, done.stderr.count('\n')) == (1, 1), done.stderr
    assert done.stderr.startswith('Error: No space left on device.')


def test_stdout_is_as_it_was_after_a_command(cli: Callable[..., Any]) -> None:
    before = sys.stdout
    assert cli('formats', '--json').json
    assert sys.stdout is before
    assert cli('formats', 'no-such', '--json').json['error']
    assert sys.stdout is before
