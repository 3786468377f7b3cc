"""`run_step` runs a step as a run would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from synapse_plugins.actions.train import TrainContext
from synapse_plugins.actions.upload import UploadContext
from synapse_plugins.errors import NoBackendError, StepFailedError
from synapse_plugins.steps import BaseStep, BaseStepContext, LoggingStep, RetryStep, StepResult
from synapse_plugins.testing import RecordingLogger, recording_runtime, run_step


@dataclass
class SumContext(BaseStepContext):
    numbers: list[int] = field(default_factory=list)
    total: int = 0


class Add(BaseStep[SumContext]):
    name = 'add'
    progress_weight = 1.0

    def can_skip(self, context: SumContext) -> bool:
        return context.total > 0

    def execute(self, context: SumContext) -> StepResult:
        for done, number in enumerate(context.numbers, start=1):
            context.total += number
            context.set_progress(done, len(context.numbers))
        context.log('added', {'total': context.total})
        context.log_message('더했다')
        return StepResult(data={'total': context.total})


class Any_(BaseStep[Any]):
    name = 'any'
    progress_weight = 1.0

    def execute(self, context: Any) -> StepResult:
        return StepResult(data={'kind': type(context).__name__, 'params': context.params})


class Fails(BaseStep[BaseStepContext]):
    name = 'fails'
    progress_weight = 1.0
    undone = 0

    def execute(self, context: BaseStepContext) -> StepResult:
        context.save_rollback(made='x')
        raise ValueError('kaputt')

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        assert result.rollback_data == {'made': 'x'}
        self.undone += 1


def test_a_step_gets_a_context_of_the_class_that_it_names() -> None:
    assert run_step(Add(), numbers=[1, 2]).data == {'total': 3}
    assert run_step(LoggingStep(Add()), numbers=[1, 2]).data == {'total': 3}
    assert run_step(RetryStep(LoggingStep(Add()), on=ValueError), numbers=[4]).data == {'total': 4}


def test_a_step_that_names_none_gets_that_of_a_train_action() -> None:
    assert run_step(Any_(), params={'a': 1}).data == {'kind': 'TrainContext', 'params': {'a': 1}}


def test_a_subclass_of_a_step_gets_what_its_base_names() -> None:
    class More(Add):
        pass

    assert run_step(More(), numbers=[5]).data == {'total': 5}


def test_a_context_can_be_looked_at_afterwards() -> None:
    logger = RecordingLogger()
    runtime = recording_runtime()
    runtime.logger = logger
    context = SumContext(runtime)
    run_step(Add(), context, numbers=[1, 2, 3])
    assert context.total == 6
    assert [record.data['percent'] for record in logger.of('progress') if record.step == 'add'][-1] == 100
    assert logger.events('added') == [{'total': 6}]
    assert logger.messages == ['더했다']
    assert next(record.kind for record in logger.records) == 'steps'


def test_a_step_can_be_skipped() -> None:
    result = run_step(Add(), SumContext(recording_runtime(), total=1))
    assert result.skipped
    assert result.data == {}


def test_a_failing_step_raises_and_is_rolled_back() -> None:
    step = Fails()
    with pytest.raises(StepFailedError, match="Step 'fails' failed: kaputt") as caught:
        run_step(step)
    assert isinstance(caught.value.__cause__, ValueError)
    assert step.undone == 1


def test_a_field_that_the_context_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match=r"TrainContext has no field 'datset'. Did you mean 'dataset'"):
        run_step(Any_(), datset={})
    with pytest.raises(TypeError, match='no field'):
        run_step(Any_(), client=object())
    assert run_step(Any_(), UploadContext(recording_runtime()), storage=1).data['kind'] == 'UploadContext'


def test_the_runtime_has_no_backend_and_no_folder_unless_it_is_given_one(tmp_path: Any) -> None:
    assert recording_runtime().work_dir is None
    with pytest.raises(NoBackendError):
        TrainContext(recording_runtime()).client
    runtime = recording_runtime(tmp_path / 'run', client='backend')
    assert runtime.work_dir is not None
    assert runtime.work_dir.is_dir()
    assert runtime.cache_dir is not None
    assert runtime.cache_dir.is_dir()
    assert TrainContext(runtime).client == 'backend'
