"""The console where there is no terminal: plain lines, few of them, and never an error."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.context import ConsoleLogger, RuntimeContext
from synapse_plugins.context.console import SafeStream
from synapse_plugins.context.console_lines import LinesView
from synapse_plugins.context.console_text import duration, time_left, without_escapes
from synapse_plugins.steps import BaseStepContext, Orchestrator, StepRegistry, ValidationStep

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(report: Any, **options: Any) -> list[str]:
    stream = io.StringIO()
    logger = ConsoleLogger(stream, **options)
    report(logger)
    logger.finish()
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ('report', 'line'),
    [
        (lambda log: log.info('안녕 [bold]'), '안녕 [bold]'),
        (lambda log: log.warning('careful'), 'warning: careful'),
        (lambda log: log.log_message('broken', 'danger'), 'error: broken'),
        (lambda log: log.log('success', 'message', {'content': 'done'}), 'done'),
        (lambda log: log.log('info', 'step_start', {'step': 'process'}), "Step 'process' begins."),
        (lambda log: log.log('info', 'saved', {'n': 1}, 'a.txt'), "saved: {'n': 1} (a.txt)"),
        (lambda log: log.set_metrics({'loss': 0.123456, 'n': 3}, 'train'), '[train] loss 0.1235, n 3'),
        (lambda log: log.log_metric('train', 'epoch', 3, loss=1.0), 'train epoch 3: loss 1'),
        (lambda log: log.log_metric('train', 'loss', 0.5), 'train loss 0.5'),
        (lambda log: log.log_visualization('val', '예측', 0, 'p.png'), 'picture 예측/0: p.png'),
        (lambda log: log.log_artifact('d/best.pt', 'model'), 'model best.pt: d/best.pt'),
        (lambda log: log.set_progress(1, 2), None),
        (lambda log: log.set_progress(2, 2), '100% (2/2)'),
        (lambda log: log.set_progress(2, 2, 'fetch'), '[fetch]: 100% (2/2)'),
        (lambda log: log.info('\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07'), 'red link'),
        (lambda log: log.info('10%\r50%\r100%'), '100%'),
        (lambda log: log.info(''), ''),
    ],
)
def test_each_kind_has_its_words(report: Any, line: str | None) -> None:
    assert lines_of(report) == ([] if line is None else [line])


def test_every_line_of_a_message_is_attributed(keeper: Any) -> None:
    def report(log: ConsoleLogger) -> None:
        log.set_step('훈련')
        log.info('one\ntwo')

    assert lines_of(report) == ['[훈련] one', '[훈련] two']


def test_what_matters_less_than_the_level_is_left_out() -> None:
    def report(log: ConsoleLogger) -> None:
        log.debug('debug')
        log.info('info')
        log.warning('warning')

    assert lines_of(report) == ['info', 'warning: warning']
    assert lines_of(report, level='debug') == ['debug', 'info', 'warning: warning']
    assert lines_of(report, level='error') == []


class Timed:
    """A lines view under a clock of its own."""

    def __init__(self, keeper: Any, clock: Any) -> None:
        self.stream = io.StringIO()
        self.keeper, self.clock = keeper, clock
        keeper._model._clock = clock
        self.view = LinesView(SafeStream(self.stream), clock)

    def lines(self) -> list[str]:
        for record in self.keeper.records:
            self.view.show(record)
        self.keeper.records.clear()
        text = self.stream.getvalue()
        self.stream.truncate(0)
        self.stream.seek(0)
        return text.splitlines()


@pytest.fixture
def timed(keeper: Any, clock: Any) -> Timed:
    return Timed(keeper, clock)


def test_a_run_reads_like_a_log(timed: Timed, keeper: Any, clock: Any) -> None:
    keeper.begin_steps([('dataset', 0.2), ('train', 0.8)])
    keeper.set_step('dataset', order=0)
    clock.now += 4
    assert timed.lines() == ['[1/2] dataset']
    clock.now += 4
    keeper.set_step(None)
    keeper.set_progress(20, 100)
    assert timed.lines() == ['[1/2] dataset: done in 0:04; run 20%, 0:32 left']
    keeper.set_step('train', order=1)
    keeper.set_progress(0, 10)
    assert timed.lines() == ['[2/2] train']
    clock.now += 30
    keeper.set_progress(3, 10)
    assert timed.lines() == ['[2/2] train: 30% (3/10), 1:10 left; run 44%, 1:10 left']
    clock.now += 70
    keeper.set_progress(10, 10)
    assert timed.lines() == [], 'the line that it is done comes next'
    keeper.set_step(None)
    keeper.set_progress(100, 100)
    keeper.end_steps(True)
    assert timed.lines() == ['[2/2] train: done in 1:40; run 100%']


def test_progress_is_a_line_when_it_is_worth_one(timed: Timed, keeper: Any, clock: Any) -> None:
    keeper.set_progress(0, 1000, 'a')
    shown = []
    for done in range(1, 1001):
        clock.now += 0.05
        keeper.set_progress(done, 1000, 'a')
        shown += timed.lines()
    assert len(shown) == 10
    assert shown[0].startswith('[a]: 10% (100/1000)')
    assert shown[-1] == '[a]: 100% (1000/1000)'


def test_slow_progress_is_a_line_every_ten_seconds(timed: Timed, keeper: Any, clock: Any) -> None:
    keeper.set_progress(0, 1000, 'a')
    shown = timed.lines()
    for done in range(1, 41):
        clock.now += 1
        keeper.set_progress(done, 1000, 'a')
        shown += timed.lines()
    assert len(shown) == 4


def test_a_rollback_is_told(timed: Timed, keeper: Any) -> None:
    keeper.begin_steps([('a', 0.5), ('b', 0.5)])
    for name, order in (('a', 0), (None, None), ('b', 1)):
        keeper.set_step(name, order=order)
    keeper.step_failed('b', order=1, reason='KeyError: 아니\nand more')
    keeper.step_rolled_back('b', order=1)
    keeper.set_step('a', order=0)
    keeper.step_rolled_back('a', order=0, error='OSError: busy')
    keeper.set_step(None)
    keeper.end_steps(False)
    assert timed.lines() == [
        '[1/2] a',
        '[2/2] b',
        '[2/2] b: failed: KeyError: 아니',
        '[2/2] b: rolled back',
        '[1/2] a: could not be rolled back: OSError: busy',
    ]


def test_a_step_that_was_asked_to_stop_has_not_failed(timed: Timed, keeper: Any) -> None:
    keeper.begin_steps([('a', 1.0)])
    keeper.set_step('a', order=0)
    keeper.step_failed('a', order=0, reason='cancelled', stopped=True)
    assert timed.lines() == ['[1/1] a', '[1/1] a: stopped: cancelled']


def test_a_hundred_thousand_reports_are_cheap_and_few_lines(new_clock: Any) -> None:
    stream = io.StringIO()
    logger = ConsoleLogger(stream)
    logger.begin_steps([('a', 1.0)])
    logger.set_step('a', order=0)
    for done in range(100_000):
        logger.set_progress(done + 1, 100_000)
    logger.finish()
    assert len(stream.getvalue().splitlines()) < 30


# -- streams that are not up to it --------------------------------------------------------------------------


@pytest.mark.parametrize('encoding', ['ascii', 'latin-1', 'cp949', 'utf-8'])
@pytest.mark.parametrize('bars', [False, True])
def test_what_a_stream_cannot_encode_is_escaped(encoding: str, bars: bool) -> None:
    raw = io.BytesIO()
    logger = ConsoleLogger(io.TextIOWrapper(raw, encoding=encoding, write_through=True), bars=bars)
    logger.begin_steps([('훈련 ✓', 1.0)])
    logger.set_step('훈련 ✓', order=0)
    logger.info('메시지 🎉 done')
    logger.set_progress(1, 2)
    logger.end_steps(True)
    logger.finish()
    text = raw.getvalue().decode(encoding)
    assert 'done' in text
    assert ('메시지' if encoding in {'cp949', 'utf-8'} else '\\uba54') in text


@pytest.mark.parametrize('bars', [False, True])
def test_a_closed_pipe_harms_nothing(bars: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, 'w', encoding='utf-8', buffering=1)
    logger = ConsoleLogger(stream, bars=bars)
    logger.begin_steps([('a', 1.0)])
    logger.set_step('a', order=0)
    for number in range(100):
        logger.info('x' * 1000)
        logger.set_progress(number, 100)
    logger.end_steps(True)
    logger.finish()
    with pytest.raises(BrokenPipeError):
        stream.close()


@pytest.mark.parametrize('bars', [False, True])
def test_a_closed_file_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture, bars: bool) -> None:
    stream = (tmp_path / 'out').open('w', encoding='utf-8')
    stream.close()
    logger = ConsoleLogger(stream, bars=bars)
    logger.info('x')
    logger.finish()
    assert caplog.records == [], 'it is given up, and not taken for broken'


def test_no_standard_error_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'stderr', None)
    ConsoleLogger().info('x')


def test_the_stream_is_standard_error_as_it_is_at_the_first_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = RuntimeContext()
    stream = io.StringIO()
    monkeypatch.setattr(sys, 'stderr', stream)
    runtime.log_message('here')
    assert stream.getvalue() == 'here\n'
    assert capsys.readouterr().out == '', 'standard output is for results'


def test_a_console_that_cannot_draw_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv('TERM', 'dumb')
    stream = Terminal()
    logger = ConsoleLogger(stream)
    logger.set_progress(2, 2)
    logger.finish()
    assert stream.getvalue() == '100% (2/2)\n'


def test_a_whole_run_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    registry: StepRegistry[BaseStepContext] = StepRegistry()
    registry.register(ValidationStep(lambda context: (True, None), '검사', 0.25))
    registry.register(ValidationStep(lambda context: (context.log_message('끝') is None, None), 'last', 0.75))
    Orchestrator(registry, BaseStepContext(RuntimeContext())).execute()
    assert capsys.readouterr().err.splitlines() == [
        '[1/2] 검사',
        '[1/2] 검사: done in 0:00; run 25%',
        '[2/2] last',
        '[last] 끝',
        '[2/2] last: done in 0:00; run 100%',
    ]


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0, '0:00'), (5.4, '0:05'), (65, '1:05'), (3600, '1:00:00'), (-3, '0:00'), (90061, '25:01:01')],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_time_left_is_rounded_up() -> None:
    assert time_left(0.2) == '0:01 left'


def test_escapes_are_taken_out() -> None:
    assert without_escapes('\x1b[1;31m빨강\x1b[0m \x1b[2K\x1b[1A끝') == '빨강 끝'
