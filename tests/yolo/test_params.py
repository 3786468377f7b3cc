"""Parameters are checked before any data moves, and without importing ultralytics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from builtin_steps._yolo_arguments import OWNED, arguments, check_argument
from builtin_steps._yolo_model import find_weights, named_task, resolve_model
from builtin_steps.train_yolo import _is_model_named
from builtin_steps.yolo_params import YoloParams, YoloValParams, prepare, training_arguments
from synapse_plugins.errors import MissingExtraError, ParamsError

pytestmark = pytest.mark.yolo


def refused(**params: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        YoloParams(**params)
    return str(caught.value)


def test_checking_imports_neither_ultralytics_nor_torch() -> None:
    code = (
        'import sys; from builtin_steps.yolo_params import YoloParams, prepare; '
        "prepare(YoloParams(model='yolo11n-seg.yaml', lr0=0.01).model_dump()); "
        "sys.exit(bool({'ultralytics', 'torch', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, '-c', code], cwd=root, check=True)


def test_any_argument_of_ultralytics_is_taken_and_becomes_its_type() -> None:
    params = YoloParams.model_validate({'lr0': '0.003', 'cos_lr': 'true', 'freeze': [1, 2], 'patience': '7'})
    assert training_arguments(params.model_dump())['lr0'] == 0.003
    assert params.model_extra == {'lr0': 0.003, 'cos_lr': True, 'freeze': [1, 2], 'patience': 7}


def test_an_unknown_parameter_is_refused_with_close_matches() -> None:
    assert "Did you mean 'mosaic'?" in refused(mosiac=0.5)
    assert "'epochs'" in refused(epoch=3)
    assert 'nor ultralytics has a parameter' in refused(quite_another=1)


@pytest.mark.parametrize('name', sorted(OWNED))
def test_what_the_run_decides_is_refused_with_the_reason(name: str) -> None:
    assert OWNED[name] in refused(**{name: 'x'})


@pytest.mark.parametrize(
    ('name', 'value', 'wanted'),
    [
        ('patience', 2.5, 'int'),
        ('lr0', 'fast', 'float'),
        ('cos_lr', 3, 'bool'),
        ('optimizer', 5, 'str'),
        ('mosaic', [1], 'float'),
        ('cos_lr', None, 'bool'),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(ParamsError, match=f'ultralytics takes {wanted}'):
        check_argument(name, value)


@pytest.mark.parametrize(
    ('name', 'value', 'problem'),
    [('lr0', 5, 'between 0 and 1'), ('mosaic', -0.1, 'between 0 and 1'), ('nbs', 0, 'at least 1')],
)
def test_a_value_out_of_bounds_is_refused(name: str, value: float, problem: str) -> None:
    with pytest.raises(ParamsError, match=problem):
        check_argument(name, value)
    assert check_argument('fraction', 20) == 20


def test_the_table_of_arguments_is_read_whole() -> None:
    table = arguments()
    assert {'epochs', 'imgsz', 'lr0', 'mosaic', 'plots', 'time', 'close_mosaic'} <= set(table)
    assert table['lr0'].types == {'float'}
    assert not table['lr0'].optional
    assert table['time'].optional
    assert all(argument.types for argument in table.values())


@given(st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.none())
def test_whatever_is_given_is_taken_as_the_type_or_refused(value: Any) -> None:
    for name in ('lr0', 'cos_lr', 'patience', 'time'):
        try:
            taken = check_argument(name, value)
        except ParamsError:
            continue
        allowed: dict[str, Any] = {'lr0': (int, float), 'cos_lr': bool, 'patience': (int, float)}
        assert isinstance(taken, allowed.get(name, (int, float, type(None))))


@pytest.mark.parametrize(
    ('model', 'task'),
    [
        ('yolo11n.yaml', 'detect'),
        ('yolo11s-seg.yaml', 'segment'),
        ('yolov8n-seg-p6.yaml', 'segment'),
        ('yolo11n-pose.yaml', 'pose'),
        ('yolo11x-obb.yaml', 'obb'),
        ('yolo11n-cls.yaml', 'classify'),
        (None, 'detect'),
    ],
)
def test_the_task_is_told_by_the_models_name(model: str | None, task: str) -> None:
    assert prepare({'model': model}) == {'task': task}


def test_the_task_that_was_asked_for_wins_where_the_name_tells_nothing() -> None:
    assert prepare({'model': 'mine.pt', 'task': 'segment'}) == {'task': 'segment'}
    assert prepare({'task': 'segment'}) == {'task': 'segment'}


@pytest.mark.parametrize(
    ('params', 'message'),
    [
        ({'model': 'yolo11n.yaml', 'task': 'obb'}, "take 'yolo11n-obb.yaml'"),
        ({'task': 'classfy'}, "Did you mean 'classify'?"),
        ({'model': 'yolo11n-seg.yaml', 'task': 'detect'}, "is for the task 'segment', not 'detect'"),
        ({'model': 'yolo11n.yaml', 'task': 'segment'}, "take 'yolo11n-seg.yaml'"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        prepare(params)
    assert message in str(caught.value)


def test_weights_that_are_not_here_get_one_message_with_two_ways_out() -> None:
    with pytest.raises(ParamsError) as caught:
        resolve_model('yolo11n.pt')
    message = str(caught.value)
    assert 'downloads nothing' in message
    assert 'model=yolo11n.yaml' in message
    assert 'releases' in message


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        ('yolo11.yml2', 'neither a configuration (.yaml) nor weights (.pt)'),
        ('yolo11n', 'neither a configuration'),
        ('yolo11q.yaml', 'Did you mean'),
        ('model.onnx', 'neither a configuration'),
        ('https://example.org/yolo11n.pt', 'downloads nothing'),
    ],
)
def test_other_models_are_refused(model: str, message: str) -> None:
    with pytest.raises(ParamsError) as caught:
        resolve_model(model)
    assert message in str(caught.value)


def test_a_local_file_becomes_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / '내 모델.pt').write_bytes(b'')
    monkeypatch.chdir(tmp_path)
    assert resolve_model('내 모델.pt') == str(tmp_path / '내 모델.pt')
    assert named_task('내 모델-seg.pt') == 'segment'


def test_weights_of_a_checkpoint_are_found(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r'best\.pt or last\.pt was looked for, none found'):
        find_weights(tmp_path)
    (tmp_path / 'other.pt').write_bytes(b'')
    assert find_weights(tmp_path) == tmp_path / 'other.pt'
    (tmp_path / 'another.pt').write_bytes(b'')
    with pytest.raises(ParamsError, match='2 of other names found'):
        find_weights(tmp_path)
    (tmp_path / 'last.pt').write_bytes(b'')
    assert find_weights(tmp_path) == tmp_path / 'last.pt'
    (tmp_path / 'best.pt').write_bytes(b'')
    assert find_weights(tmp_path) == tmp_path / 'best.pt'
    assert find_weights(tmp_path / 'other.pt') == tmp_path / 'other.pt'


def test_figures_are_checked() -> None:
    assert 'greater than or equal to 1' in refused(epochs=0)
    assert 'greater than or equal to 32' in refused(imgsz=8)
    assert "'batch' is 0" in refused(batch=0)
    assert YoloParams(batch=0.7).batch == 0.7
    assert 'pretrained' in refused(pretrained='nowhere.pt')


def test_trackers_are_a_list_or_one_text() -> None:
    assert YoloParams.model_validate({'trackers': 'mlflow, wandb'}).trackers == ('mlflow', 'wandb')
    assert 'trackers' in refused(trackers=['mlfow'])


def test_validation_takes_further_arguments_too() -> None:
    assert YoloValParams.model_validate({'conf': '0.1', 'split': 'test'}).model_extra == {'conf': 0.1}
    with pytest.raises(ValidationError, match='Did you mean'):
        YoloValParams.model_validate({'spilt': 'test', 'cnof': 1})


def test_without_the_extra_one_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('builtin_steps._yolo_arguments.find_spec', lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'synapse-plugins\[yolo\]'"):
        prepare({'model': 'yolo11n.yaml', 'task': 'segment'})


# -- the default model ----------------------------------------------------------------------------------------


def test_the_model_that_is_taken_by_default_is_told() -> None:
    assert YoloParams().model == 'yolo11n.yaml'
    assert YoloParams(task='segment').model == 'yolo11n-seg.yaml'
    assert (YoloParams(task='classify').model, YoloParams(task='classify').imgsz) == ('yolo11n-cls.yaml', 224)
    assert (YoloParams(task='classify', imgsz=96).imgsz, YoloParams(task='obb').imgsz) == (96, 640)
    assert 'yolo11n.yaml' in str(YoloParams.model_fields['model'].description)


def test_with_a_checkpoint_no_model_is_named_by_default() -> None:
    class Params(YoloParams):
        checkpoint: int | None = None

    assert Params(checkpoint=3).model is None


def test_a_model_by_default_gives_way_to_a_checkpoint_and_a_named_one_does_not() -> None:
    def is_named(**given: Any) -> bool:
        typed = YoloParams(**given)
        return _is_model_named(SimpleNamespace(params=typed.model_dump(), typed_params=typed))

    assert not is_named()
    assert is_named(model='yolo11n.yaml')
    assert _is_model_named(SimpleNamespace(params={'model': 'yolo11n.yaml'}))
