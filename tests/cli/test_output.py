"""What people and programs read."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from synapse_plugins.cli import output
from synapse_plugins.context.console_text import without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = (
    output.Column('ID', right=True),
    output.Column('NAME', folds=True),
    output.Column('WHERE', folds=True),
    output.Column('STATE'),
)
ROWS = [
    (1, '혈액세포', '/data/' + 'very-long-folder/' * 4 + 'bccd', 'done'),
    (12, 'a-name-without-any-space-in-it-at-all-that-is-long', '/x', 'rolled back'),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = 'utf-8'

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Terminal]:
    """Put a terminal of some width behind stdout and stderr."""

    def make(width: int) -> Terminal:
        stream = Terminal()
        monkeypatch.setattr('sys.stdout', stream)
        monkeypatch.setattr('sys.stderr', stream)
        monkeypatch.setenv('COLUMNS', str(width))
        monkeypatch.setenv('TERM', 'xterm')
        monkeypatch.setenv('NO_COLOR', '1')
        return stream

    return make


@pytest.mark.parametrize('width', [80, 120])
def test_a_table_fits_the_terminal_and_cuts_nothing(terminal: Callable[[int], Terminal], width: int) -> None:
    stream = terminal(width)
    output.table(COLUMNS, ROWS)
    lines = [line.replace('\x1b[1m', '').replace('\x1b[0m', '') for line in stream.getvalue().splitlines()]
    assert max(map(cell_len, lines)) <= width
    everything = ''.join(''.join(line.split()) for line in lines)
    assert '…' not in everything
    for cell in ('혈액세포', 'rolledback', '12'):
        assert cell in everything
    for row in ROWS:  # a folded cell reads on in the line below
        assert all(letter in everything for letter in str(row[2]))


@pytest.mark.parametrize(
    ('width', 'expected', 'missing'),
    [
        (60, ['NAME', 'IMAGES', 'SHARE', 'ANN. a', 'ANN. b'], ''),
        (
            40,
            ['NAME', 'IMAGES', 'SHARE'],
            '(no room here for ANN. a, ANN. b; a wider terminal has them, and --json)',
        ),
        (
            26,
            ['NAME', 'IMAGES'],
            '(no room here for SHARE, ANN. a, ANN. b; a wider terminal has them, and --json)',
        ),
    ],
)
def test_the_name_is_the_last_column_to_go(
    terminal: Callable[[int], Terminal], width: int, expected: list[str], missing: str
) -> None:
    stream = terminal(width)
    columns = (
        output.Column('NAME', folds=True),
        output.Column('IMAGES', right=True),
        output.Column('SHARE', right=True, spare=1),
        *(output.Column(f'ANN. {name}', right=True, spare=2) for name in 'ab'),
    )
    output.table(columns, [('왼쪽 a long name of a class', '1,000,000', '50.0%', '1', '2')] * 2)
    lines = without_escapes(stream.getvalue()).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert re.split(' {2,}', lines[0].strip()) == expected
    said = ' '.join(' '.join(lines).split())
    assert missing in said
    assert ('no room' in said) == bool(missing)
    assert '1,000,000' in said


def test_a_pipe_gets_each_row_whole_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(COLUMNS, ROWS)
    out = capsys.readouterr().out
    assert '\x1b' not in out
    lines = out.splitlines()
    for row, line in zip(ROWS, lines[1:], strict=True):
        assert all(str(cell) in line for cell in row)
    assert not any(line.endswith(' ') for line in lines)


def test_sentences_break_between_words_and_commands_do_not(terminal: Callable[[int], Terminal]) -> None:
    stream = terminal(40)
    text = '이 문장은 터미널보다 길어서 여러 줄로 나뉩니다. Now type `synapse-plugins runs show 12345` and wait for it.'
    output.prose(text, stream)
    lines = stream.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert ' '.join(lines) == text
    assert any('`synapse-plugins runs show 12345`' in line for line in lines)


def test_sentences_in_a_pipe_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.prose('word ' * 50, sys.stdout)
    assert capsys.readouterr().out == 'word ' * 50 + '\n'


def test_wide_letters_stand_in_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(
        (output.Column('NAME'), output.Column('N')), [('가나다', 'x'), ('abcdef', 'x'), ('日本', 'x')]
    )
    header, *lines = capsys.readouterr().out.splitlines()
    ends = [cell_len(line) for line in lines]
    assert ends == [9, 9, 9]
    assert header.index('N', 1) == 8


def test_a_name_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.table((output.Column('NAME'),), [('\x1b[31mred\x07',), ('[bold]markup[/bold] :smile:',)])
    out = capsys.readouterr().out
    assert '\x1b' not in out
    assert '\x07' not in out
    assert '\\x1b[31mred\\x07' in out
    assert '[bold]markup[/bold] :smile:' in out


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    document = {
        'path': Path('가'),
        'when': datetime(2026, 11, 2, tzinfo=UTC),
        'nan': float('nan'),
        'many': ({'b', 'a'}, (1, 2.5), None, True),
    }
    output.emit_json(document)
    assert json.loads(capsys.readouterr().out) == {
        'path': '가',
        'when': '2026-11-02T00:00:00+00:00',
        'nan': None,
        'many': [['a', 'b'], [1, 2.5], None, True],
    }


@pytest.mark.parametrize(
    ('count', 'text'),
    [
        (0, '0 B'),
        (999, '999 B'),
        (1000, '1.0 kB'),
        (5_400_000, '5.4 MB'),
        (123_456_789, '123 MB'),
        (None, ''),
    ],
)
def test_sizes(count: int | None, text: str) -> None:
    assert output.size(count) == text


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (0, '0.0 s'),
        (0.44, '0.4 s'),
        (59.94, '59.9 s'),
        (59.96, '1 min 00 s'),
        (83, '1 min 23 s'),
        (7500, '2 h 05 min'),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert output.duration(seconds) == text


@given(st.floats(min_value=0, max_value=1e7))
def test_durations_never_say_sixty(seconds: float) -> None:
    minutes_and_seconds = output.duration(seconds).partition('h')[2] or output.duration(seconds)
    assert '60' not in minutes_and_seconds.split()


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress_bar('Working') as progress:
        assert progress is None
    assert capsys.readouterr() == ('', '')


def test_a_bar_on_a_terminal(terminal: Callable[[int], Any]) -> None:
    stream = terminal(80)
    with output.progress_bar('Working') as progress:
        assert progress is not None
        progress(3, 10)
    assert 'Working' in stream.getvalue()


def test_a_pipe_has_no_width_unless_one_is_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('COLUMNS', raising=False)
    output.table(COLUMNS, ROWS)
    assert max(map(cell_len, capsys.readouterr().out.splitlines())) > 100
    monkeypatch.setenv('COLUMNS', '60')
    output.table(COLUMNS, ROWS)
    assert max(map(cell_len, capsys.readouterr().out.splitlines())) <= 60


@pytest.mark.parametrize(
    ('rate', 'left', 'wanted'),
    [
        (None, None, ''),
        (0, 3, ''),
        (5400.4, 12, '5,400/s, 12 s left'),
        (1.25, None, '1.2/s'),
        (0.05, 4000, '3.0/min, 1 h 06 min left'),
        (20, 0, '20/s'),
        (9.96, 59.7, '10/s, 1 min 00 s left'),
    ],
)
def test_a_pace_is_a_rate_and_the_time_left(rate: float | None, left: float | None, wanted: str) -> None:
    assert output.pace(rate, left) == wanted


@pytest.mark.parametrize('width', [60, 100])
def test_a_bar_shows_the_rate_and_the_time_left(terminal: Callable[[int], Terminal], width: int) -> None:
    stream = terminal(width)
    with output.progress_bar('Converting') as progress:
        assert progress is not None
        for done in range(6):
            progress(100 * done, 1000)
            time.sleep(0.07)
    shown = without_escapes(stream.getvalue()).replace('\r', '\n').split('\n')
    assert any(re.search(r'500/1000 [\d,]+/s, \d+ s left', line) for line in shown)
    assert all(cell_len(line) <= width for line in shown)
