"""Tests of a pack: the functions of the kit, and fixtures annotated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

from pydantic import BaseModel

from synapse_plugins import BaseAction
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.steps import BaseStep, StepResult
from synapse_plugins.testing import (
    RecordingLogger,
    assert_pack_ok,
    assert_rollback_idempotent,
    check_format,
    make_dataset,
    recording_runtime,
    run_action,
    run_step,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from synapse_plugins import RunResult, RuntimeContext
    from synapse_plugins.packs import PackRecord


class Params(BaseModel):
    limit: int = 3


class Count(BaseStep[TrainContext]):
    @property
    def name(self) -> str:
        return 'count'

    @property
    def progress_weight(self) -> float:
        return 1.0

    def execute(self, context: TrainContext) -> StepResult:
        return StepResult(data={'count': context.params['limit']})


class CountAction(BaseAction[Params]):
    def execute(self) -> dict[str, int]:
        return {'count': self.params.limit}


def test_the_step() -> None:
    assert_type(run_step(Count(), params={'limit': 2}), StepResult)
    assert_rollback_idempotent(Count(), TrainContext(recording_runtime()), state=Path('out'))
    assert_rollback_idempotent(Count(), state=lambda: [1, 2])
    assert_rollback_idempotent(Count(), state=3)  # type: ignore[arg-type]
    run_step(object())  # type: ignore[arg-type]


def test_the_action() -> None:
    logger = RecordingLogger()
    result = run_action(CountAction, limit=2, loggers=[logger])
    assert_type(result.output, Any)
    assert_type(logger.messages, list[str])
    found: RunResult = run_action('yolo.train', params={'dataset': 1})
    assert found.success


def test_the_pack_and_its_format(tmp_path: Path) -> None:
    record: PackRecord = assert_pack_ok('synapse-plugins-rtdetr')
    assert record.origin
    assert_type(make_dataset(tmp_path / 'yolo', 'yolo', task='segment', splits={'train': 2}), Path)
    check_format('yolo', source=tmp_path / 'yolo', tasks=['detect'], tolerance=0.1)
    make_dataset(tmp_path, 3)  # type: ignore[arg-type]


def test_the_fixtures(
    run_step: Callable[..., StepResult], runtime_context: RuntimeContext, tiny_dataset: Callable[..., Path]
) -> None:
    run_step(Count(), params={'limit': len(list(tiny_dataset().iterdir()))})
    assert runtime_context.work_dir is not None
