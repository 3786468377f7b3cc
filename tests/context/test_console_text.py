"""What the wrappers of steps log reads as sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from synapse_plugins.cli.console import _TOLD_EVENTS
from synapse_plugins.context import LogRecord
from synapse_plugins.context.console_text import SENTENCES, text_of
from synapse_plugins.steps import LoggingStep, RetryStep


def text(event: str, data: dict[str, Any]) -> str | None:
    return text_of(LogRecord('event', datetime.now(UTC), 'a', 0, 'info', event, data))


@pytest.mark.parametrize(
    ('event', 'data', 'said'),
    [
        ('step_start', {'step': 'a'}, "Step 'a' begins."),
        ('step_rollback', {'step': 'a'}, "Step 'a' is rolled back."),
        (
            'step_end',
            {'step': 'a', 'elapsed': 0.32, 'success': False, 'skipped': False},
            "Step 'a' failed after 0.3 s.",
        ),
        (
            'step_attempt',
            {
                'step': 'a',
                'attempt': 1,
                'attempts': 3,
                'success': False,
                'error': 'OSError: busy.',
                'wait': 0.5,
            },
            "Step 'a': attempt 1 of 3 failed: OSError: busy. The next one begins in 0.5 s.",
        ),
        (
            'step_overrun',
            {'step': 'a', 'timeout': 3, 'grace': 5.0},
            "Step 'a' goes on 5 s after its time-out of 3 s.",
        ),
        ('step_end', {'of': 'another kind'}, "step_end: {'of': 'another kind'}"),
        ('mine', {'n': 1}, "mine: {'n': 1}"),
    ],
)
def test_events_of_wrappers_are_sentences(event: str, data: dict[str, Any], said: str) -> None:
    assert text(event, data) == said


def test_the_command_line_shows_just_these() -> None:
    assert set(SENTENCES) == _TOLD_EVENTS


def test_what_the_wrappers_really_log_is_understood() -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    class Context:
        errors: list[str] = []  # noqa: RUF012 - nothing is put there
        cancelled = False

        def log(self, event: str, data: dict[str, Any]) -> None:
            told.append((event, data))

    class Flaky:
        name, progress_weight, tries = 'a', 1.0, 0

        def execute(self, context: Any) -> Any:
            from synapse_plugins.steps import StepResult

            self.tries += 1
            if self.tries == 1:
                raise OSError('busy now')
            return StepResult()

    LoggingStep(RetryStep(Flaky(), on=OSError, delay=0)).execute(Context())  # type: ignore[arg-type]
    said = [text(event, data) for event, data in told]
    assert said[0] == "Step 'a' begins."
    assert str(said[1]).startswith("Step 'a': attempt 1 of 3 failed: OSError: busy now. The next one")
    assert said[2] == "Step 'a': attempt 2 of 3 succeeded."
    assert str(said[3]).startswith("Step 'a' ended after ")
