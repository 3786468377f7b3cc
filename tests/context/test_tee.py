"""One logger in front of several: each record is made once, and a sink that fails is switched off."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from synapse_plugins.context import TeeLogger


class Sink:
    """Not a logger: any object with `emit` is a sink."""

    def __init__(self, fails_at: str | None = None) -> None:
        self.records: list[Any] = []
        self.fails_at = fails_at
        self.calls = 0
        self.finished = 0

    def emit(self, record: Any) -> None:
        self.calls += 1
        if record.event == self.fails_at or self.fails_at == 'everything':
            raise OSError(f'{self.fails_at} 실패')
        self.records.append(record)

    def finish(self) -> None:
        self.finished += 1
        if self.fails_at == 'finish':
            raise OSError('cannot end')


def contents(sink: Sink) -> list[str]:
    return [record.data.get('content', record.event) for record in sink.records]


def test_every_sink_gets_the_same_record(keeper: Any) -> None:
    sink = Sink()
    tee = TeeLogger([sink, keeper])
    tee.set_step('a', order=0)
    tee.log('info', 'x', {'n': 1})
    tee.set_progress(1, 2)
    assert sink.records == keeper.records
    assert all(one is other for one, other in zip(sink.records, keeper.records, strict=True))
    tee.finish()
    tee.finish()
    assert sink.finished == 1


def test_one_that_fails_is_switched_off_and_the_others_are_told() -> None:
    good, bad, last = Sink(), Sink('x'), Sink()
    tee = TeeLogger([good, bad, last])
    for event in ('before', 'x', 'after'):
        tee.log('info', event, {})
    told = 'The logger Sink failed and is switched off: OSError: x 실패'
    assert contents(good) == ['before', 'x', told, 'after']
    assert contents(last) == ['before', told, 'x', 'after']
    assert bad.calls == 2
    assert good.records[2].kind == 'message'
    assert good.records[2].level == 'warning'
    assert tee.sinks == (good, last)


def test_when_all_fail_it_is_told_where_there_is_still_a_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sinks = [Sink('everything') for _ in range(3)]
    tee = TeeLogger(sinks)
    with caplog.at_level(logging.WARNING, 'synapse_plugins'):
        tee.log('info', 'x', {})
        tee.log('info', 'y', {})
    assert len(caplog.records) == 3, 'each failure once'
    assert [sink.calls for sink in sinks] == [1, 1, 1]
    assert tee.sinks == ()
    assert tee.get_step() is None


def test_one_that_fails_to_finish_keeps_no_other_from_it() -> None:
    bad, good = Sink('finish'), Sink()
    TeeLogger([bad, good]).finish()
    assert good.finished == 1
    assert contents(good) == ['The logger Sink failed and is switched off: OSError: cannot end']


def test_no_sinks_are_fine() -> None:
    tee = TeeLogger([])
    tee.info('nobody')
    tee.finish()


def test_an_interrupt_goes_through() -> None:
    class Interrupted(Sink):
        def emit(self, record: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TeeLogger([Interrupted()]).info('x')
