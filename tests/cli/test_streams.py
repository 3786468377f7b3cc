"""What strangers print while a command works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_stdout_is_as_it_was_after_a_command(cli: Callable[..., Any]) -> None:
    before = sys.stdout
    assert cli('formats', '--json').json
    assert sys.stdout is before
    assert cli('formats', 'no-such', '--json').json['error']
    assert sys.stdout is before
