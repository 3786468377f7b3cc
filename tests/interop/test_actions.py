"""An action that moved to our import root still runs under the vendor's executor."""

from __future__ import annotations

from typing import Any

import pytest

pydantic = pytest.importorskip('pydantic')

from synapse_plugins import BaseTrainAction, BaseUploadAction  # noqa: E402
from synapse_plugins.actions.train import BaseTrainParams, TrainContext  # noqa: E402
from synapse_plugins.steps import BaseStep, LoggingStep, StepRegistry, StepResult  # noqa: E402


class Params(BaseTrainParams):
    epochs: int = 3


class Train(BaseStep[TrainContext]):
    name = 'train'
    progress_weight = 0.8

    def execute(self, context: TrainContext) -> StepResult:
        for epoch in range(context.params['epochs']):
            context.set_progress(epoch + 1, context.params['epochs'])
            context.set_metrics({'손실': 1 / (epoch + 1)})
        if context.params['epochs'] > 100:
            raise MemoryError('out of memory')
        context.log_message('{n} epochs', 'success', n=context.params['epochs'])
        context.model_path = 'model.pt'
        return StepResult()


class Register(BaseStep[TrainContext]):
    name = 'register'
    progress_weight = 0.2

    def execute(self, context: TrainContext) -> StepResult:
        context.model = {'id': 7}
        return StepResult(data={'model_id': 7})


class MovedAction(BaseTrainAction[Params]):
    action_name = 'train'

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        registry.register(LoggingStep(Train()))
        registry.register(Register())


@pytest.fixture
def executor(vendor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.chdir(tmp_path)
    for name in ('SYNAPSE_HOST', 'SYNAPSE_ACCESS_TOKEN', 'SYNAPSE_TOKEN'):
        monkeypatch.delenv(name, raising=False)
    return vendor.executors.LocalExecutor(env={})


def test_a_moved_action_runs_under_their_executor(executor: Any, capsys: Any) -> None:
    result = executor.execute(MovedAction, {'dataset': 1, 'epochs': 2})
    assert result['success'] is True
    assert (result['steps_executed'], result['steps_total'], result['model_id']) == (2, 2, 7)
    out = capsys.readouterr().out
    assert '2 epochs' in out
    assert 'step_end' in out


def test_a_failure_there_reads_as_it_did(executor: Any, vendor: Any, capsys: Any) -> None:
    with pytest.raises(vendor.errors.ExecutionError, match="Step 'logged_train' failed: out of memory"):
        executor.execute(MovedAction, {'dataset': 1, 'epochs': 101})


def test_wrong_parameters_are_refused_there(executor: Any, vendor: Any) -> None:
    with pytest.raises(vendor.errors.ExecutionError, match='epochs'):
        executor.execute(MovedAction, {'dataset': 1, 'epochs': 'many'})


def test_an_upload_action_runs_there(executor: Any) -> None:
    class Upload(BaseStep[Any]):
        name, progress_weight = 'upload', 1.0

        def execute(self, context: Any) -> StepResult:
            context.uploaded_files.append({'name': '사진.png'})
            return StepResult()

    class UploadParams(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        name: str

    class MovedUpload(BaseUploadAction[UploadParams]):
        def setup_steps(self, registry: Any) -> None:
            registry.register(Upload())

    result = executor.execute(MovedUpload, {'name': 'x'})
    assert (result['success'], result['uploaded_files']) == (True, 1)
