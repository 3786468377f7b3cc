"""From a trained model on: registering it, evaluating it, going on from it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builtin_steps.train_yolo import TrainYoloStep
from builtin_steps.upload_model import UploadModelStep
from builtin_steps.val_yolo import ValYoloStep, options_of_model
from synapse_plugins import backends
from synapse_plugins.errors import StepFailedError

pytestmark = pytest.mark.yolo


@pytest.fixture
def backend(home: Path) -> Any:
    return backends.open('local', home=home)


@pytest.fixture
def registered(trained: Any, backend: Any, new_run: Any, data: Path) -> dict[str, Any]:
    run = new_run(data, backend, name='네모')
    run.context.model_path = str(trained.model)
    run.context.metrics = dict(trained.run.context.metrics)
    run(UploadModelStep())
    model: dict[str, Any] = backend.get_model(run.context.model['id'])
    return model


def test_a_registered_model_is_whole(registered: dict[str, Any], trained: Any) -> None:
    with zipfile.ZipFile(registered['file']) as archive:
        assert {'best.pt', 'last.pt', 'classes.json', 'metrics.json', 'params.json', 'source.json'} <= set(
            archive.namelist()
        )
        assert archive.read('best.pt') == (trained.model / 'best.pt').read_bytes()
        packages = json.loads(archive.read('source.json'))['packages']
    assert set(packages) == {'synapse-plugins'}  # nothing of this run trained it
    assert {'ultralytics', 'torch'} <= set(trained.run.context.step_results[-1].data['packages'])
    assert options_of_model(registered) == {'task': 'detect', 'classes': ['빨간 네모', 'blue square']}


def test_a_registered_model_is_evaluated_and_keeps_the_figures(
    registered: dict[str, Any], backend: Any, new_run: Any, data: Path
) -> None:
    run = new_run(data, backend, model=None, plots=False)
    run.params.update(checkpoint=registered['id'])
    run(ValYoloStep())
    assert {'metrics/mAP50(B)', 'metrics/mAP50-95(B)', 'fitness'} <= set(run.context.metrics)
    assert run.records.of('metrics')[-1].data == run.context.metrics
    said = run.records.messages()
    assert f"Evaluating model {registered['id']}, 네모, on the split 'val'." in said
    assert 'Evaluated: mAP50 ' in said
    (evaluation,) = backend.get_model(registered['id'])['configuration']['evaluations']
    assert (evaluation['split'], evaluation['metrics']) == ('val', run.context.metrics)
    assert backend.get_model(registered['id'])['metrics'] == registered['metrics']
    assert [record.data['name'] for record in run.records.of('artifact')] == ['metrics.json']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'split': 'test'}, "The dataset has no split 'test'; it has: train, valid."),
        ({'checkpoint': None}, 'There is no model to evaluate'),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused_at_once(
    backend: Any, new_run: Any, data: Path, change: dict[str, Any], message: str
) -> None:
    run = new_run(data, backend, model=None)
    run.params.update({'checkpoint': 1, **change})
    with pytest.raises(StepFailedError, match=message):
        run(ValYoloStep())


def test_a_dataset_with_other_classes_is_refused(
    registered: dict[str, Any], backend: Any, new_run: Any, data: Path
) -> None:
    run = new_run(data, backend, model=None)
    run.params.update(checkpoint=registered['id'])
    run.context.dataset['classes'] = ['blue square', '빨간 네모']
    with pytest.raises(
        StepFailedError, match='the model knows the classes 빨간 네모, blue square; the dataset has'
    ):
        run(ValYoloStep())


@pytest.mark.parametrize('model', [None, 'yolo11n.yaml'])
def test_a_training_goes_on_from_weights(trained: Any, new_run: Any, data: Path, model: str | None) -> None:
    checkpoint = {'path': str(trained.model), 'id': None}
    run = new_run(data, checkpoint=checkpoint, epochs=1, model=model, plots=False)
    run(TrainYoloStep())
    params = json.loads((Path(run.context.model_path) / 'params.json').read_text(encoding='utf-8'))
    assert params['model' if model is None else 'pretrained'] == str(trained.model / 'best.pt')
    lines = [record.data['line'] for record in run.records.all if record.event == 'train_output']
    assert any('Transferred' in line or 'from pretrained weights' in line for line in lines)


@pytest.mark.parametrize(
    ('content', 'why'),
    [
        (b'no weights at all', 'was not written by PyTorch'),
        (b'<html><body>404</body></html>', 'is a web page'),
        (b'PK\x03\x04cut', 'is a zip archive that was cut short'),
        (None, r'there is no data\.pkl in it'),
    ],
)
def test_files_that_are_no_weights_are_refused_before_the_training(
    backend: Any, new_run: Any, data: Path, tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / 'best.pt'
    if content is None:
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('notes.txt', 'x')
    else:
        path.write_bytes(content)
    begun = new_run(data, checkpoint={'path': str(path), 'id': None}, model=None)
    named = new_run(data, model=str(path))
    evaluated = new_run(data, backend, model=None)
    evaluated.params.update(checkpoint=backend.create_model({'name': 'x', 'file': path})['id'])
    for run, step in ((begun, TrainYoloStep()), (named, TrainYoloStep()), (evaluated, ValYoloStep())):
        with pytest.raises(StepFailedError, match=rf'The weights best\.pt .*{why}'):
            run(step)
        assert not run.context.model_path


def test_weights_of_another_task_are_refused_before_the_training(
    trained: Any, new_run: Any, data: Path
) -> None:
    run = new_run(data, model=str(trained.model / 'best.pt'), task='segment')
    with pytest.raises(
        StepFailedError, match="are for the task 'detect', not 'segment': run it with task=detect"
    ):
        run(TrainYoloStep())


@pytest.mark.parametrize(
    ('params', 'message'),
    [
        ({'model': 'nowhere.pt'}, 'not on this machine'),
        ({'exist_ok': True}, 'cannot be set here'),
        ({'lr0': 'fast'}, 'ultralytics takes float'),
        ({'task': 'poses', 'model': None}, 'Unknown task'),
    ],
)
def test_bad_parameters_are_refused_before_anything_is_written(
    new_run: Any, data: Path, params: dict[str, Any], message: str
) -> None:
    run = new_run(data, **params)
    with pytest.raises(StepFailedError, match=message):
        run(TrainYoloStep())
    assert not (run.work).exists()


def test_a_run_without_a_dataset_says_which_step_is_missing(new_run: Any) -> None:
    run = new_run(None)
    with pytest.raises(StepFailedError, match='There is no YOLO dataset'):
        run(TrainYoloStep())
