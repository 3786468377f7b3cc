"""What the command line shows of a run while it lasts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synapse_plugins.cli.console import RunConsole
from synapse_plugins.context import LogRecord

if TYPE_CHECKING:
    import pytest


def record(kind: Any, step: str, **data: Any) -> LogRecord:
    return LogRecord(kind, datetime.now(UTC), step, 0, 'info', kind, data)


def test_figures_are_shown_of_a_step_that_tells_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    console = RunConsole()
    console.emit(record('metrics', 'silent', loss=0.5))
    console.emit(record('message', 'talking', content='Epoch 1: loss 0.25'))
    console.emit(record('metrics', 'talking', loss=0.25))
    console.finish()
    told = capsys.readouterr().err
    assert '[silent] loss 0.5' in told
    assert told.count('0.25') == 1
