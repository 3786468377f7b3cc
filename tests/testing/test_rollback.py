"""`assert_rollback_idempotent` passes what is right, and fails what is broken."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import backends
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.errors import StepFailedError
from synapse_plugins.steps import BaseStep, BaseStepContext, ExportDatasetStep, LoggingStep, StepResult
from synapse_plugins.testing import assert_rollback_idempotent, make_dataset, recording_runtime

if TYPE_CHECKING:
    from builtin_steps.upload_model import UploadModelStep


class Writes(BaseStep[TrainContext]):
    """A step as it should be; the others on this page spoil one thing each."""

    name = 'writes'
    progress_weight = 1.0

    def execute(self, context: TrainContext) -> StepResult:
        folder = Path(context.params.get('output_dir') or context.runtime_ctx.work_dir) / '만든 것'
        context.save_rollback(folder=folder)
        folder.mkdir()
        (folder / 'weights').write_bytes(b'1')
        return StepResult()

    def rollback(self, context: TrainContext, result: StepResult) -> None:
        shutil.rmtree(result.rollback_data['folder'], ignore_errors=True)


class LeavesSomething(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        (Path(result.rollback_data['folder']) / 'weights').unlink(missing_ok=True)


class RaisesTheSecondTime(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        shutil.rmtree(result.rollback_data['folder'])


class TakesMoreTheSecondTime(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        folder = Path(result.rollback_data['folder'])
        if folder.exists():
            shutil.rmtree(folder)
        else:
            (folder.parent / 'of another step').unlink()


class TakesWhatWasThere(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        for path in Path(result.rollback_data['folder']).parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class ChangesWhatWasThere(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        super().rollback(context, result)
        (Path(result.rollback_data['folder']).parent / 'of another step').write_text('changed')


class TrustsThatPathsStayPaths(Writes):
    def rollback(self, context: TrainContext, result: StepResult) -> None:
        folder = result.rollback_data['folder']
        if folder.exists():
            shutil.rmtree(folder)


class DoesNothing(Writes):
    def execute(self, context: TrainContext) -> StepResult:
        return StepResult()

    def rollback(self, context: TrainContext, result: StepResult) -> None:
        pass


class IsSkipped(Writes):
    def can_skip(self, context: TrainContext) -> bool:
        return True


class Fails(Writes):
    def execute(self, context: TrainContext) -> StepResult:
        return StepResult(success=False, error='no')


@pytest.fixture
def context(tmp_path: Path) -> TrainContext:
    context = TrainContext(recording_runtime(tmp_path / 'run'))
    (context.runtime_ctx.work_dir / 'of another step').write_text('keep me')
    return context


@pytest.mark.parametrize('wrap', [lambda step: step, LoggingStep])
def test_a_step_as_it_should_be(wrap: Any, context: TrainContext) -> None:
    assert_rollback_idempotent(wrap(Writes()), context)
    assert [path.name for path in context.runtime_ctx.work_dir.iterdir()] == ['of another step']


def test_without_a_context_there_is_a_folder_for_the_time() -> None:
    assert_rollback_idempotent(Writes())
    with pytest.raises(AssertionError, match='left over'):
        assert_rollback_idempotent(LeavesSomething())


@pytest.mark.parametrize(
    ('step', 'told'),
    [
        (LeavesSomething, 'The rollback of step .writes. left something: left over: 만든 것'),
        (RaisesTheSecondTime, 'FileNotFoundError.* when it was called again'),
        (TakesMoreTheSecondTime, 'A second rollback of step .writes. did something: gone: of another step'),
        (TakesWhatWasThere, 'left something: gone: of another step'),
        (ChangesWhatWasThere, 'left something: changed: of another step'),
        (TrustsThatPathsStayPaths, "AttributeError: 'str' object .* when it was called again"),
        (DoesNothing, 'changed nothing that is looked at'),
        (IsSkipped, 'was skipped'),
    ],
)
def test_a_broken_step_is_found(step: type[Writes], told: str, context: TrainContext) -> None:
    with pytest.raises(AssertionError, match=told):
        assert_rollback_idempotent(step(), context)


def test_a_step_that_fails_is_not_the_fault_of_its_rollback(context: TrainContext) -> None:
    with pytest.raises(StepFailedError, match="Step 'writes' failed: no"):
        assert_rollback_idempotent(Fails(), context)


def test_the_state_may_be_a_folder(tmp_path: Path) -> None:
    out = tmp_path / 'out'
    out.mkdir()
    context = TrainContext(recording_runtime(), params={'output_dir': out})
    assert_rollback_idempotent(Writes(), context, state=out)
    assert_rollback_idempotent(Writes(), context, state=str(out))
    with pytest.raises(AssertionError, match='left over: 만든 것'):
        assert_rollback_idempotent(LeavesSomething(), context, state=out)


class Sends(BaseStep[BaseStepContext]):
    """Makes something on a server, which is a list here."""

    name = 'sends'
    progress_weight = 1.0

    def __init__(self, server: list[str], careful: bool = True) -> None:
        self.server = server
        self.careful = careful

    def execute(self, context: BaseStepContext) -> StepResult:
        key = context.idempotency_key('thing')
        self.server.append(key)
        return StepResult(rollback_data={'key': key})

    def rollback(self, context: BaseStepContext, result: StepResult) -> None:
        if not self.careful or result.rollback_data['key'] in self.server:
            self.server.pop()


def test_the_state_may_be_what_a_function_returns() -> None:
    server = ['of somebody else']
    assert_rollback_idempotent(Sends(server), state=lambda: list(server))
    assert server == ['of somebody else']
    with pytest.raises(
        AssertionError, match=r"A second rollback .*: it was \['of somebody else'\], it is \[\]"
    ):
        assert_rollback_idempotent(Sends(server, careful=False), state=lambda: list(server))


def test_a_context_without_a_runtime_needs_a_state() -> None:
    with pytest.raises(ValueError, match='state='):
        assert_rollback_idempotent(Sends([]), BaseStepContext(None))
    server: list[str] = []
    assert_rollback_idempotent(Sends(server), BaseStepContext(None), state=lambda: list(server))


# -- on steps that ship ----------------------------------------------------------------------------------------


def test_the_export_step(tmp_path: Path, home: Path) -> None:
    backend = backends.open('local')
    version = backend.import_dataset(make_dataset(tmp_path / 'in'), 'tiny')
    runtime = recording_runtime(tmp_path / 'run', client=backend)
    params = {'dataset': version['id'], 'output_dir': str(tmp_path / 'out')}
    assert_rollback_idempotent(
        ExportDatasetStep(), TrainContext(runtime, params=params), state=tmp_path / 'out'
    )


def test_the_upload_step(tmp_path: Path, home: Path) -> None:
    from builtin_steps.upload_model import UploadModelStep

    backend = backends.open('local')
    (tmp_path / 'best.pt').write_bytes(b'weights')
    context = TrainContext(
        recording_runtime(tmp_path / 'run', client=backend), model_path=str(tmp_path / 'best.pt')
    )

    def models() -> list[Any]:
        return sorted(model['id'] for model in backend.list_models()['results'])

    step: UploadModelStep = UploadModelStep()
    assert_rollback_idempotent(step, context, state=models)
    assert models() == []
