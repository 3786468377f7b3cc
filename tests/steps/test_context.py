"""What steps share and report through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest

from synapse_plugins.errors import NoBackendError
from synapse_plugins.steps import BaseStep, BaseStepContext, StepResult


@dataclass
class Context(BaseStepContext):
    data: list[str] = field(default_factory=list)


def test_a_subclass_adds_fields_with_defaults(lab: Any) -> None:
    context = Context(runtime_ctx=lab.runtime, data=['one'])
    assert (context.data, context.step_results, context.errors) == (['one'], [], [])
    assert Context(lab.runtime).data is not Context(lab.runtime).data
    assert (context.current_step, context.current_step_order, context.user_failure_message_emitted) == (
        None,
        None,
        False,
    )


def test_events_go_to_the_runtime(lab: Any) -> None:
    lab.context.log('event', {'a': 1})
    lab.context.log_message('안녕', 'warning')
    lab.context.log_message('plain')
    assert lab.runtime.reports == [
        ('log', 'event', {'a': 1}),
        ('message', '안녕', 'warning', None),
        ('message', 'plain', 'info', None),
    ]


def test_an_older_name_of_the_level_is_deprecated_and_works(lab: Any) -> None:
    with pytest.warns(DeprecationWarning, match=r'level=\.\.\.'):
        lab.context.log_message('text', context='danger')
    assert lab.runtime.reports == [('message', 'text', 'danger', None)]


def test_a_level_as_text_becomes_the_runtimes_own_type(lab: Any) -> None:
    class Level(Enum):
        INFO = 'info'
        WARNING = 'warning'

    got = []

    class Typed:
        def log(self, event: str, data: Any, file: Any = None, level: Level = Level.INFO) -> None:
            got.append(level)

        def log_message(self, message: str, level: Level = Level.INFO, *, step: Any = None) -> None:
            got.append(level)

    context = BaseStepContext(Typed())
    context.log('event', {}, level='warning')
    context.log_message('text', 'warning')
    context.log_message('text')
    assert got == [Level.WARNING, Level.WARNING, Level.INFO]


def test_metrics_need_a_step(lab: Any) -> None:
    with pytest.raises(ValueError, match=r"step='\.\.\.'"):
        lab.context.set_metrics({'loss': 1})
    lab.context.set_metrics({'loss': 1}, 'train')
    assert lab.runtime.reports == [('metrics', {'loss': 1}, 'train')]


def test_without_a_backend_the_error_says_how_to_get_one(lab: Any) -> None:
    for context in (lab.context, BaseStepContext(None)):
        with pytest.raises(NoBackendError, match=r"backends\.open\('local'\)"):
            _ = context.client
    lab.runtime.client = 'backend'
    assert lab.context.client == 'backend'


def test_a_result_has_the_fields_of_the_documents_in_their_order() -> None:
    before = datetime.now(UTC)
    result = StepResult(False, {'d': 1}, 'error', {'r': 2}, True)
    assert (result.success, result.data, result.error, result.rollback_data, result.skipped) == (
        False,
        {'d': 1},
        'error',
        {'r': 2},
        True,
    )
    assert result.timestamp.utcoffset() == timedelta(0)
    assert before <= result.timestamp <= datetime.now(UTC)
    assert (StepResult().success, StepResult().error, StepResult().skipped) == (True, None, False)
    assert StepResult().data is not StepResult().data


@pytest.mark.parametrize(
    ('weight', 'proportion'), [(0.3, 30), (0, 0), (1, 100), (7, 100), (0.004, 0), (0.125, 12)]
)
def test_the_proportion_comes_from_the_weight(lab: Any, weight: float, proportion: int) -> None:
    assert lab.step('a', weight).progress_proportion == proportion


def test_a_step_needs_name_weight_and_execute() -> None:
    class Half(BaseStep[BaseStepContext]):
        name = 'half'

    with pytest.raises(TypeError, match='execute'):
        Half()  # type: ignore[abstract]
