"""The console on a terminal: what is drawn, at 80 and 120 columns and narrower, and in a real pseudo terminal."""

from __future__ import annotations

import io
import os
import re
import select
import subprocess
import sys
import time
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from synapse_plugins.context import ConsoleLogger
from synapse_plugins.context.console import SafeStream
from synapse_plugins.context.console_bars import BarsView
from synapse_plugins.context.console_text import without_escapes


class Screen:
    """Bars that are drawn when asked for, on a terminal of a given width."""

    def __init__(self, keeper: Any, width: int) -> None:
        self.keeper = keeper
        self.width = width
        self.view = BarsView(SafeStream(io.StringIO()), width=width)
        self.view._open = lambda: None  # type: ignore[method-assign]  # no thread: the tests draw

    def lines(self) -> list[str]:
        for record in self.keeper.records:
            self.view.show(record)
        self.keeper.records.clear()
        console = Console(file=io.StringIO(), width=self.width, force_terminal=True, color_system='standard')
        console.print(self.view._draw())
        return [without_escapes(line).rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


@pytest.fixture(params=[40, 80, 120])
def screen(request: pytest.FixtureRequest, keeper: Any) -> Screen:
    return Screen(keeper, request.param)


def test_there_is_a_row_for_each_step_and_one_for_the_run(screen: Screen, keeper: Any) -> None:
    keeper.begin_steps([('dataset', 0.2), ('변환', 0.1), ('train', 0.6), ('model_upload', 0.1)])
    keeper.set_step('dataset', order=0)
    keeper.set_step(None)
    keeper.set_progress(20, 100)
    keeper.set_step('변환', order=1)
    keeper.set_progress(1, 2)
    lines = screen.lines()
    assert [line[2:].split('━')[0].rstrip() for line in lines] == [
        'dataset', '변환', 'train', 'model_upload', 'whole run',
    ]  # fmt: skip
    assert lines[0].startswith('✓ ')
    assert ' 100%' in lines[0]
    assert lines[1][0] in '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
    assert ' 50%' in lines[1]
    assert lines[2].startswith('· ')
    assert '%' not in lines[2]
    assert ' 25%' in lines[4]
    assert all(cell_len(line) <= screen.width for line in lines)
    bars = {re.search('[━╸╺]+', line).start() for line in lines if '변환' not in line}  # type: ignore[union-attr]
    assert len(bars) == 1, 'the bars begin below each other'


def test_the_time_left_counts_down_between_reports(screen: Screen, keeper: Any, monkeypatch: Any) -> None:
    now = [1000.0]
    monkeypatch.setattr('synapse_plugins.context.console_bars.monotonic', lambda: now[0])
    keeper._model._clock = lambda: now[0]
    keeper.begin_steps([('train', 1.0)])
    keeper.set_step('train', order=0)
    keeper.set_progress(0, 100)
    screen.lines()
    now[0] += 10
    keeper.set_progress(10, 100)
    assert '1:30 left' in screen.lines()[0]
    now[0] += 5
    assert '1:25 left' in screen.lines()[0]
    now[0] += 500
    assert '0:01 left' in screen.lines()[0]


def test_a_failure_and_its_rollback_are_seen(screen: Screen, keeper: Any) -> None:
    keeper.begin_steps([(name, 0.25) for name in 'abcd'])
    for order, name in enumerate('abc'):
        keeper.set_step(name, order=order)
    keeper.set_progress(1, 2)
    keeper.set_step('b', order=1)
    keeper.set_step('a', order=0)
    screen.lines()
    view = screen.view
    rows = {name: row for name, row in view._rows.items()}  # noqa: C416 - the view forgets them at the end
    run = view._run
    keeper.set_step(None)
    keeper.end_steps(False)
    screen.lines()
    assert [row.state for row in rows.values()] == ['undone', 'undone', 'failed', 'waiting']
    assert run is not None
    assert run.state == 'failed'
    assert run.percent == 62.5


def test_a_step_of_no_plan_has_a_row_while_it_lasts(screen: Screen, keeper: Any) -> None:
    keeper.begin_steps([('a', 0.5), ('b', 0.5)])
    keeper.set_step('a', order=0)
    keeper.set_progress(1, 4, 'fetch')
    assert [line.split()[1] for line in screen.lines()] == ['a', 'b', 'fetch', 'whole']
    keeper.set_step('b', order=1)
    assert [line.split()[1] for line in screen.lines()] == ['a', 'b', 'whole']


def test_without_a_plan_there_is_one_bar(screen: Screen, keeper: Any) -> None:
    keeper.set_progress(1, 4)
    [line] = screen.lines()
    assert 'progress' in line
    assert ' 25%' in line


def test_long_names_are_cut_and_nothing_is_wrapped(screen: Screen, keeper: Any) -> None:
    keeper.begin_steps([('아주 긴 이름을 가진 단계' * 5, 0.5), ('x' * 200, 0.5)])
    lines = screen.lines()
    assert len(lines) == 3
    assert all(cell_len(line) <= screen.width for line in lines)
    assert '…' in lines[0]


def test_a_terminal_that_knows_no_unicode_gets_ascii(keeper: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    view = BarsView(SafeStream(stream), width=80)
    row = type('Row', (), {'state': 'done'})()
    assert view._icon(row).plain == '+'
    row.state = 'running'
    assert view._icon(row).plain in '|/-\\'


def test_messages_come_above_the_bars_as_they_are() -> None:
    stream = io.StringIO()
    logger = ConsoleLogger(stream, bars=True)
    logger.begin_steps([('a', 1.0)])
    long = '[red]not markup[/red] :smile: ' + 'x' * 300
    logger.info(long)
    logger.end_steps(True)
    logger.finish()
    text = without_escapes(stream.getvalue())
    # Broken between words only: a path that is longer than a line can still be copied whole.
    assert long in ' '.join(text.replace('\r', '').splitlines())


def test_a_hundred_thousand_reports_draw_no_more_than_time_allows() -> None:
    stream = io.StringIO()
    logger = ConsoleLogger(stream, bars=True)
    logger.begin_steps([('a', 1.0)])
    logger.set_step('a', order=0)
    started = time.monotonic()
    for done in range(100_000):
        logger.set_progress(done + 1, 100_000)
    took = time.monotonic() - started
    logger.end_steps(True)
    logger.finish()
    drawn = stream.getvalue().count('whole run')
    assert drawn <= 12 * took + 12


SCRIPT = r"""
import sys, time
from synapse_plugins.context import RuntimeContext
from synapse_plugins.steps import BaseStep, BaseStepContext, Orchestrator, StepRegistry, StepResult

class Step(BaseStep):
    progress_weight = 0.5
    def __init__(self, name): self._name = name
    name = property(lambda self: self._name)
    def execute(self, context):
        for number in range(5):
            time.sleep(0.04)
            context.set_progress(number + 1, 5)
        context.log_message('끝: {name}', name=self._name)
        print('printed by', self._name)
        if self._name == sys.argv[1]:
            raise ValueError('디스크가 가득 찼습니다')
        return StepResult()

registry = StepRegistry()
for name in ('자료', 'train'):
    registry.register(Step(name))
try:
    print(Orchestrator(registry, BaseStepContext(RuntimeContext())).execute())
except RuntimeError as exc:
    print(exc)
"""


def in_a_terminal(columns: int, *arguments: str) -> str:
    """Run the script in a pseudo terminal and return what it wrote."""
    pty = pytest.importorskip('pty', reason='pseudo terminals are of POSIX systems')
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    env = {**os.environ, 'TERM': 'xterm-256color', 'PYTHONUTF8': '1'}
    for name in ('COLUMNS', 'LINES', 'NO_COLOR'):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, '-c', SCRIPT, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    output = b''
    while True:
        select.select([ours], [], [], 30)
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not chunk:
            break
        output += chunk
    os.close(ours)
    assert process.wait(30) == 0
    return output.decode('utf-8')


@pytest.mark.parametrize('columns', [80, 120])
def test_in_a_real_terminal(columns: int) -> None:
    output = in_a_terminal(columns, 'none')
    assert output.count('\x1b[?25l') == output.count('\x1b[?25h') == 1, 'the cursor goes and comes back'
    assert output.rindex('\x1b[?25h') > output.rindex('✓')
    plain = [line for line in without_escapes(output).replace('\r', '\n').split('\n') if line.strip()]
    assert all(cell_len(line) <= columns for line in plain)
    assert plain[-1] == "{'success': True, 'steps_executed': 2, 'steps_total': 2}"
    last = plain[-4:-1]
    assert [line.split()[:2] for line in last] == [['✓', '자료'], ['✓', 'train'], ['✓', 'whole']]
    assert all('100%' in line for line in last)
    assert plain.count('끝: 자료') == 1
    assert plain.count('printed by train') == 1


def test_a_failure_in_a_real_terminal_leaves_the_bars_where_they_were() -> None:
    output = in_a_terminal(80, 'train')
    plain = [line for line in without_escapes(output).replace('\r', '\n').split('\n') if line.strip()]
    assert plain[-1] == "Step 'train' failed: 디스크가 가득 찼습니다"
    assert [line.split()[0] for line in plain[-4:-1]] == ['↺', '✗', '✗']
    assert output.count('\x1b[?25h') == 1


def test_what_failed_and_what_was_undone_is_said_above_the_bars() -> None:
    stream = io.StringIO()
    logger = ConsoleLogger(stream, bars=True)
    logger.begin_steps([('만들기', 0.5), ('fail', 0.5)])
    logger.set_step('만들기', order=0)
    logger.set_step('fail', order=1)
    logger.step_failed('fail', order=1, reason="KeyError: 'boxes'\nand more")
    logger.set_step('만들기', order=0)
    logger.step_rolled_back('만들기', order=0)
    logger.end_steps(False)
    logger.finish()
    lines = [line.rstrip() for line in without_escapes(stream.getvalue()).replace('\r', '\n').splitlines()]
    assert "fail: failed: KeyError: 'boxes'" in lines
    assert '만들기: rolled back' in lines
    assert any(line.startswith('↺ 만들기') for line in lines)
    assert any(line.startswith('✗ fail') for line in lines)
