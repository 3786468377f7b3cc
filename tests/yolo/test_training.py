"""What a training reports, leaves behind, and leaves alone; most tests look at one real training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builtin_steps.train_yolo import TrainYoloStep

pytestmark = pytest.mark.yolo

METRICS = {'metrics/precision(B)', 'metrics/recall(B)', 'metrics/mAP50(B)', 'metrics/mAP50-95(B)', 'fitness'}
LOSSES = {'train/box_loss', 'train/cls_loss', 'train/dfl_loss'}


def test_every_epoch_reports_the_losses_and_metrics_under_the_trainers_own_names(trained: Any) -> None:
    told = trained.run.records.of('metric')
    losses = [record.data for record in told if record.data['category'] == 'train']
    metrics = [record.data for record in told if record.data['category'] == 'validation']
    assert [row['value'] for row in losses] == [1, 2]
    assert all(set(row['metrics']) >= LOSSES for row in losses)
    assert [row['value'] for row in metrics] == [1, 2, 2]  # and once more for the weights that are kept
    assert all(set(row['metrics']) >= METRICS for row in metrics)
    assert set(metrics[0]['metrics']) >= {'val/box_loss', 'val/cls_loss', 'val/dfl_loss'}


def test_final_metrics_are_in_the_context_and_reported(trained: Any) -> None:
    metrics = trained.run.context.metrics
    assert set(metrics) == METRICS | LOSSES
    assert all(isinstance(value, float) for value in metrics.values())
    assert trained.run.records.of('metrics')[-1].data == metrics


def test_progress_never_goes_back_and_ends_at_the_top(trained: Any) -> None:
    shares = [
        record.data['percent'] for record in trained.run.records.of('progress') if record.step == 'train'
    ]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert 0 < shares[0] < 50


def test_what_it_prints_goes_to_the_log_line_by_line(trained: Any) -> None:
    lines = [record.data['line'] for record in trained.run.records.all if record.event == 'train_output']
    assert any('2 epochs completed' in line for line in lines)
    assert not any('\x1b' in line or '\r' in line for line in lines)
    assert all(
        record.level == 'debug' for record in trained.run.records.all if record.event == 'train_output'
    )


def test_every_epoch_is_told_to_people(trained: Any) -> None:
    said = trained.run.records.messages()
    assert 'Training on cpu: 6 pictures, 3 to validate, 2 classes, 2 epochs of 2 batches.' in said
    assert 'Epoch 1/2: loss box ' in said
    assert '; mAP50 ' in said
    assert 'Glyph' not in said


def test_artifacts_and_pictures_are_reported_from_where_they_stay(trained: Any) -> None:
    artifacts = {record.data['name']: record for record in trained.run.records.of('artifact')}
    assert set(artifacts) == {'best.pt', 'last.pt', 'results.csv', 'args.yaml', 'metrics.json'}
    pictures = trained.run.records.of('visualization')
    assert {'results', 'confusion_matrix', 'train_batch0', 'val_batch0_pred'} <= {
        record.data['group'] for record in pictures
    }
    for record in [*artifacts.values(), *pictures]:
        assert Path(record.file).is_file()


def test_model_folder_holds_all_that_belongs_to_the_model(trained: Any) -> None:
    model = trained.model
    assert {path.name for path in model.iterdir()} == {
        'best.pt', 'last.pt', 'results.csv', 'args.yaml', 'plots', 'classes.json', 'metrics.json', 'params.json',
    }  # fmt: skip
    assert json.loads((model / 'classes.json').read_text(encoding='utf-8')) == {
        'classes': ['빨간 네모', 'blue square']
    }
    metrics = json.loads((model / 'metrics.json').read_text(encoding='utf-8'))
    assert [row['Class'] for row in metrics.pop('per_class')] == ['빨간 네모', 'blue square'] or not metrics
    assert metrics == trained.run.context.metrics
    params = json.loads((model / 'params.json').read_text(encoding='utf-8'))
    assert (params['model'], params['task'], params['epochs']) == ('yolo11n.yaml', 'detect', 2)
    assert (model / 'plots' / 'results.png').is_file()


def test_nothing_of_the_runs_own_configuration_is_left(trained: Any) -> None:
    assert {path.name for path in trained.model.parent.iterdir()} == {
        'model', 'run', 'spec.json', 'events.jsonl', 'train.log',
    }  # fmt: skip


def test_no_byte_of_the_source_changes(trained: Any) -> None:
    assert trained.source_after == trained.source_before
    assert any(
        content.endswith(bytes(4)) for name, content in trained.source_before.items() if '.jpg' in name
    )


def test_the_trainer_did_repair_a_picture_of_ours(trained: Any, data: Path) -> None:
    repaired = data.parent / 'train' / 'images' / '사진 0.jpg'
    assert repaired.read_bytes().endswith(b'\xff\xd9')  # so that the test above would have seen it


def test_no_connection_is_even_tried(trained: Any) -> None:
    tried = trained.attempts.read_text(encoding='utf-8') if trained.attempts.exists() else ''
    assert not tried


def test_environment_home_and_current_folder_stay_as_they_were(trained: Any) -> None:
    assert trained.environment_after == trained.environment_before
    assert list(trained.here.iterdir()) == []
    assert [path for path in trained.home.rglob('*') if path.is_file()] == []


def test_rollback_of_a_failed_training_removes_what_it_wrote(trained: Any, tmp_path: Path) -> None:
    from synapse_plugins.steps import StepResult

    left = tmp_path / 'train'
    (left / 'run').mkdir(parents=True)
    failed = StepResult(success=False, rollback_data={'folder': str(left)})
    for _ in range(2):  # again is fine
        TrainYoloStep().rollback(trained.run.context.__class__(None), failed)
    assert not left.exists()


def test_rollback_of_a_finished_training_keeps_the_model_and_says_where(trained: Any, tmp_path: Path) -> None:
    from synapse_plugins.steps import StepResult

    left = tmp_path / 'train'
    for part in ('run', 'model'):
        (left / part).mkdir(parents=True)
    (left / 'train.log').touch()
    (left / 'model' / 'best.pt').touch()
    told: list[str] = []
    context = trained.run.context.__class__(None)
    context.log_message = lambda text, *args, **kwargs: told.append(text)
    for _ in range(2):
        TrainYoloStep().rollback(context, StepResult(rollback_data={'folder': str(left)}))
    assert [path.name for path in left.iterdir()] == ['model']
    assert str(left / 'model') in told[0]


def test_segmentation_reports_masks_too_and_prints_nothing(
    segments: Path, new_run: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    run = new_run(segments, model='yolo11n-seg.yaml', epochs=1, plots=False)
    run(TrainYoloStep())
    assert {'metrics/mAP50(B)', 'metrics/mAP50(M)', 'metrics/mAP50-95(M)'} <= set(run.context.metrics)
    assert 'train/seg_loss' in run.context.metrics
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize(
    ('task', 'metric'),
    [('pose', 'metrics/mAP50(P)'), ('obb', 'metrics/mAP50(B)'), ('classify', 'metrics/accuracy_top1')],
)
def test_every_other_task_is_trained_too(task: str, metric: str, tmp_path: Path, new_run: Any) -> None:
    from synapse_plugins.datasets import convert
    from synapse_plugins.testing import make_dataset

    source = make_dataset(tmp_path / 'dm', task=task)
    made = convert(source, tmp_path / 'yolo', to='yolo', task=task)
    suffix = {'classify': 'cls'}.get(task, task)
    run = new_run(made.config_path, model=f'yolo11n-{suffix}.yaml', epochs=1, plots=False)
    run.context.dataset.update(config_path=str(made.config_path), classes=made.classes)
    run(TrainYoloStep())
    assert metric in run.context.metrics
    assert (Path(run.context.model_path) / 'best.pt').is_file()
    classes = json.loads((Path(run.context.model_path) / 'classes.json').read_text('utf-8'))['classes']
    assert classes == (['person'] if task == 'pose' else ['ball', '상자'])
