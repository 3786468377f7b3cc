"""`run_action` runs an action as its user would, and leaves the process as it was."""

from __future__ import annotations

import sys
import textwrap
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from synapse_plugins import BaseAction, BaseTrainAction, backends
from synapse_plugins.actions.train import BaseTrainParams
from synapse_plugins.errors import (
    ActionFailedError,
    NotFoundError,
    ParamsError,
    StepFailedError,
    UnknownNameError,
)
from synapse_plugins.runs import RunStore
from synapse_plugins.steps import BaseStep, StepRegistry, StepResult
from synapse_plugins.store import open_store
from synapse_plugins.testing import RecordingLogger, make_dataset, run_action

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Params(BaseModel):
    limit: int = 3
    fail: bool = False


class Count(BaseAction[Params]):
    def execute(self) -> dict[str, Any]:
        self.log('counting', {'limit': self.params.limit})
        if self.params.fail:
            raise ValueError('kaputt')
        return {'counted': self.params.limit, 'metrics': {'n': 1.0}}


class CountStep(BaseStep[Any]):
    name = 'count'
    progress_weight = 1.0

    def execute(self, context: Any) -> StepResult:
        context.log('counting', {'client': getattr(context.client, 'name', None)})
        return StepResult(success=not context.params['fail'], error='told to fail')


class Skipped(CountStep):
    name = 'skipped'

    def can_skip(self, context: Any) -> bool:
        return True


class Steps(BaseAction[Params]):
    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        registry.register(CountStep())
        registry.register(Skipped())


class TrainParams(BaseTrainParams):
    epochs: int = 1


class Train(BaseTrainAction[TrainParams]):
    target_format = 'coco'

    def execute(self, data_path: Path, checkpoint: Any) -> dict[str, Any]:
        weights = self.work_dir / 'weights.bin'
        weights.write_bytes(b'1')
        return {'weights_path': str(weights), 'val_metrics': {'accuracy': 1.0}}


class FakeClient:
    """A backend of somebody's own."""

    name = 'fake'

    def get_ground_truth_version(self, version: int) -> dict[str, Any]:
        return {'id': version, 'name': 'theirs'}


@pytest.fixture(autouse=True)
def _import_path_as_it_was() -> Iterator[None]:
    before = list(sys.path)
    yield
    assert sys.path == before
    assert 'action_under_test' not in sys.modules


def test_a_class_is_run_in_a_store_of_its_own(home: Path) -> None:
    result = run_action(Count, limit=5)
    assert result.output == {'counted': 5, 'metrics': {'n': 1.0}}
    assert result.success
    assert result.metrics == {'n': 1.0}
    assert result.work_dir is None, 'it left nothing there'
    assert not home.exists()


def test_a_class_that_stands_in_a_function() -> None:
    class Local(Count):
        pass

    assert run_action(Local, params={'limit': 4}).output['counted'] == 4


def test_parameters_are_checked_as_in_earnest() -> None:
    with pytest.raises(ParamsError, match="Did you mean 'limit'"):
        run_action(Count, limt=3)
    with pytest.raises(ParamsError, match='limit'):
        run_action(Count, params={'limit': 'many'})
    assert run_action(Count, params={'limit': 1}, limit=2).output['counted'] == 2


def test_events_go_to_a_logger_that_is_used_again() -> None:
    logger = RecordingLogger()
    for limit in (1, 2):
        run_action(Count, limit=limit, loggers=[logger])
    assert logger.events('counting') == [{'limit': 1}, {'limit': 2}]
    logger.info('still open')


def test_a_run_in_a_store_leaves_its_record(tmp_path: Path) -> None:
    backend = backends.open('local', home=tmp_path / 'home')
    result = run_action(Steps, client=backend)
    assert [(step['name'], step['state']) for step in result.steps] == [
        ('count', 'SUCCEEDED'),
        ('skipped', 'SKIPPED'),
    ]
    assert result.backend == backend.identity
    runs = RunStore(open_store(tmp_path / 'home'))
    assert runs.get(result.run_id).state == 'SUCCEEDED'
    with pytest.raises(StepFailedError, match='told to fail') as caught:
        run_action(Steps, fail=True, client=backend)
    assert runs.get(caught.value.run_id or '').state == 'FAILED'


def test_a_backend_of_ones_own() -> None:
    logger = RecordingLogger()
    result = run_action(Steps, client=FakeClient(), loggers=[logger])
    assert [(step['name'], step['state']) for step in result.steps] == [
        ('count', 'SUCCEEDED'),
        ('skipped', 'SKIPPED'),
    ]
    assert all(step['seconds'] >= 0 for step in result.steps)
    assert logger.events('counting') == [{'client': 'fake'}]
    assert result.backend == 'FakeClient'
    assert result.state == 'SUCCEEDED'
    assert result.work_dir is not None
    assert result.work_dir.is_dir()


@pytest.mark.parametrize('client', [None, FakeClient()], ids=['embedded', 'own'])
def test_failures_are_those_of_a_run(client: Any) -> None:
    with pytest.raises(StepFailedError, match="Step 'count' failed: told to fail"):
        run_action(Steps, fail=True, client=client)
    with pytest.raises(ActionFailedError, match='kaputt') as caught:
        run_action(Count, fail=True, client=client)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_train_action_over_a_folder(tmp_path: Path) -> None:
    backend = backends.open('local', home=tmp_path / 'home')
    result = run_action(Train, dataset=str(make_dataset(tmp_path / 'data')), client=backend)
    assert result.metrics == {'accuracy': 1.0}
    assert backend.get_model(result.model_id or 0)['name']
    assert [step['name'] for step in result.steps] == ['dataset', 'convert', 'train', 'model_upload']


def test_names_and_import_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType('kit_actions')
    module.__dict__['Count'] = Count
    monkeypatch.setitem(sys.modules, 'kit_actions', module)
    assert run_action('kit_actions:Count', limit=2).output['counted'] == 2
    with pytest.raises(UnknownNameError, match=r"Did you mean 'yolo\.train'"):
        run_action('yolo.trian')
    with pytest.raises(NotFoundError):
        run_action('yolo.train', dataset='no-such-dataset')


def test_an_action_of_a_plugin_project(tmp_path: Path) -> None:
    root = tmp_path / 'project'
    root.mkdir()
    (root / 'config.yaml').write_text(
        'name: mine\ncode: mine\nactions:\n  hello: {entrypoint: kit_plugin_at_hand.Hello}\n'
    )
    (root / 'kit_plugin_at_hand.py').write_text(
        textwrap.dedent(
            """
            from pydantic import BaseModel
            from synapse_plugins import BaseAction

            class P(BaseModel):
                name: str = '세계'

            class Hello(BaseAction[P]):
                def execute(self):
                    return {'hello': self.params.name}
            """
        ),
        encoding='utf-8',
    )
    try:
        assert run_action('hello', plugin=root).output == {'hello': '세계'}
    finally:
        sys.modules.pop('kit_plugin_at_hand', None)


def test_without_a_client_there_is_an_embedded_one() -> None:
    class Asks(BaseAction[Params]):
        def execute(self) -> Any:
            return {'client': self.client.name, 'datasets': self.client.list_datasets()}

    assert run_action(Asks).output == {'client': 'local', 'datasets': []}
