"""The step `convert`: what it reads from a run's context, what it leaves there, and what it undoes."""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.context import BaseLogger, RuntimeContext
from synapse_plugins.datasets import Conversion
from synapse_plugins.errors import UnknownNameError
from synapse_plugins.steps import BaseStepContext, ConvertDatasetStep, Orchestrator, StepRegistry, StepResult

if TYPE_CHECKING:
    from synapse_plugins.context import LogRecord


class Recorder(BaseLogger):
    """Keeps what a run reported."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[LogRecord] = []

    def emit(self, record: LogRecord) -> None:
        self.records.append(record)

    def texts(self, level: str | None = None) -> list[str]:
        return [
            str(record.data.get('content'))
            for record in self.records
            if record.kind == 'message' and level in (None, record.level)
        ]


@dataclass
class Context(BaseStepContext):
    dataset: dict[str, Any] | None = None


def context_for(source: Path, cache: Path | None, **more: Any) -> Context:
    runtime = RuntimeContext(Recorder(), cache_dir=cache)
    return Context(runtime, dataset={'path': str(source), 'format': 'dm_v2', 'count': 99, **more})


def run(context: Context, *steps: Any) -> StepResult:
    registry: StepRegistry[Any] = StepRegistry()
    for step in steps or (ConvertDatasetStep(),):
        registry.register(step)
    Orchestrator(registry, context).execute()
    result: StepResult = context.step_results[0]
    return result


class Failing:
    name, progress_weight = 'failing', 1.0

    def execute(self, context: Any) -> StepResult:
        return StepResult(success=False, error='as planned')


def test_the_step_is_what_the_workflow_expects() -> None:
    step = ConvertDatasetStep()
    assert (step.name, step.progress_weight, step.progress_proportion) == ('convert', 0.05, 5)
    assert (step.target_format, step.source_format, step.task) == ('yolo', 'dm_v2', None)
    assert ConvertDatasetStep('coco', 'yolo').source_format == 'yolo'


def test_the_dataset_of_the_context_is_replaced(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, tmp_path / 'cache', version=7)
    result = run(context)
    assert context.dataset is not None
    path = Path(context.dataset['path'])
    assert path.parent == tmp_path / 'cache' / 'converted'
    assert context.dataset == {
        'path': str(path),
        'config_path': str(path / 'dataset.yaml'),
        'format': 'yolo',
        'task': 'detect',
        'is_categorized': True,
        'count': 4,
        'splits': {'train': 2, 'valid': 1, 'test': 1},
        'classes': ['RBC', 'WBC'],
        'source_path': str(blood),
        'report_path': str(path / 'report.json'),
        'version': 7,
    }
    assert (path / 'dataset.yaml').is_file()
    assert result.data['cached'] is False
    recorder = context.runtime_ctx.logger
    assert (
        '4 pictures with 2 classes are ready as yolo for detect (the task that its annotations are for).'
        in (recorder.texts())
    )
    assert recorder.texts('warning') == [
        "The class 'RBC' has no annotation in valid, test.",
        "The class 'WBC' has no annotation in test.",
    ]
    done = [r.data for r in recorder.records if r.kind == 'progress' and r.step == 'convert']
    assert (done[-1]['current'], done[-1]['total']) == (4, 4)


def test_a_format_without_a_config_file_has_none(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, tmp_path / 'cache')
    run(context, ConvertDatasetStep('coco'))
    assert context.dataset is not None
    assert context.dataset['config_path'] is None
    assert context.dataset['format'] == 'coco'


def test_without_a_cache_the_output_lies_beside_the_source(blood: Path) -> None:
    context = context_for(blood, None)
    run(context)
    assert context.dataset is not None
    assert context.dataset['path'] == f'{blood}_yolo'


def test_options_reach_the_conversion(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, tmp_path)
    run(context, ConvertDatasetStep('yolo', task='segment', classes=['WBC'], drop_empty=True, link='copy'))
    assert context.dataset is not None
    assert (context.dataset['task'], context.dataset['classes'], context.dataset['count']) == (
        'segment',
        ['WBC'],
        2,
    )
    assert not any('the task that' in text for text in context.runtime_ctx.logger.texts())


def test_a_class_that_is_not_there_is_told_of(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, tmp_path)
    run(context, ConvertDatasetStep('yolo', rename={'WBD': 'cell'}))
    assert any("Did you mean 'WBC'?" in text for text in context.runtime_ctx.logger.texts('warning'))


# -- the cache ------------------------------------------------------------------------------------------------


def test_another_function_of_the_same_name_makes_it_anew(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    transforms = ['my_step_changes:change']
    for name, cached in (('first', False), ('first', True), ('second', False)):
        code = ['def change(sample):', '    for one in sample.annotations:']
        code += [f'        one.label = {name!r}', '    return sample']
        (tmp_path / 'my_step_changes.py').write_text('\n'.join(code) + '\n', encoding='utf-8')
        monkeypatch.delitem(sys.modules, 'my_step_changes', raising=False)
        importlib.invalidate_caches()
        shutil.rmtree(tmp_path / '__pycache__', ignore_errors=True)
        context = context_for(blood, tmp_path / 'cache')
        result = run(context, ConvertDatasetStep('yolo', transforms=transforms))
        assert context.dataset is not None
        assert (context.dataset['classes'], result.data['cached']) == ([name], cached)
    monkeypatch.delitem(sys.modules, 'my_step_changes')


@pytest.mark.parametrize('cached', [True, False])
def test_unchanged_work_is_not_done_twice(cached: bool, blood: Path, tmp_path: Path) -> None:
    cache = tmp_path / 'cache' if cached else None
    first, second = context_for(blood, cache), context_for(blood, cache)
    run(first)
    assert first.dataset is not None
    made = (Path(first.dataset['path']) / 'dataset.yaml').stat()
    result = run(second)
    assert second.dataset == first.dataset
    assert result.data['cached'] is True
    assert (Path(first.dataset['path']) / 'dataset.yaml').stat() == made
    assert any(
        text.startswith('Converted before, and nothing has changed')
        for text in second.runtime_ctx.logger.texts()
    )


def change_a_label(source: Path) -> None:
    document = source / 'train/json/a.json'
    document.write_text(document.read_text('utf-8').replace('RBC', 'RBX'), encoding='utf-8')


def replace_a_picture(source: Path) -> None:
    picture = source / 'train/original_files/a.jpg'
    picture.write_bytes(picture.read_bytes() + b' ')


def add_a_class_map(source: Path) -> None:
    (source / 'classes.json').write_text('{"classes": ["WBC", "RBC"]}', encoding='utf-8')


@pytest.mark.parametrize('cached', [True, False])
@pytest.mark.parametrize('change', [change_a_label, replace_a_picture, add_a_class_map])
def test_a_changed_source_is_converted_anew(change: Any, cached: bool, blood: Path, tmp_path: Path) -> None:
    cache = tmp_path / 'cache' if cached else None
    run(context_for(blood, cache))
    change(blood)
    assert run(context_for(blood, cache)).data['cached'] is False


@pytest.mark.parametrize('cached', [True, False])
def test_only_what_changed_is_converted_anew(cached: bool, blood: Path, tmp_path: Path) -> None:
    cache = tmp_path / 'cache' if cached else None
    run(context_for(blood, cache))
    (blood / 'train' / 'json' / 'a.json').write_text('{"images": [{}]}', encoding='utf-8')
    context = context_for(blood, cache)
    run(context)
    said = [text for text in context.runtime_ctx.logger.texts() if 'had not changed' in text]
    assert said == ['3 of them had not changed, and were taken over from earlier.']


@pytest.mark.parametrize(
    'step',
    [ConvertDatasetStep('coco'), ConvertDatasetStep(task='segment'), ConvertDatasetStep(classes=['RBC'])],
)
def test_other_options_are_other_work(step: ConvertDatasetStep, blood: Path, tmp_path: Path) -> None:
    run(context_for(blood, tmp_path))
    assert run(context_for(blood, tmp_path), step).data['cached'] is False


def test_an_output_that_is_not_whole_is_not_used(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, None)
    run(context)
    assert context.dataset is not None
    Path(context.dataset['config_path']).unlink()
    assert run(context_for(blood, None)).data['cached'] is False
    assert Path(context.dataset['config_path']).is_file()


def empty_a_label(output: Path) -> None:
    (output / 'train/labels/a.txt').write_text('', encoding='utf-8')


def delete_a_label(output: Path) -> None:
    (output / 'train/labels/a.txt').unlink()


def delete_a_picture(output: Path) -> None:
    (output / 'train/images/a.jpg').unlink()


def rename_a_class(output: Path) -> None:
    config = output / 'dataset.yaml'
    config.write_text(config.read_text('utf-8').replace('RBC', 'RBX'), encoding='utf-8')


def delete_the_config(output: Path) -> None:
    (output / 'dataset.yaml').unlink()


@pytest.mark.parametrize('cached', [True, False])
@pytest.mark.parametrize(
    'alter',
    [empty_a_label, delete_a_label, delete_a_picture, rename_a_class, delete_the_config],
)
def test_an_altered_output_is_made_anew(alter: Any, cached: bool, blood: Path, tmp_path: Path) -> None:
    cache = tmp_path / 'cache' if cached else None
    first = context_for(blood, cache)
    run(first)
    assert first.dataset is not None
    output = Path(first.dataset['path'])
    label = (output / 'train/labels/a.txt').read_bytes()
    alter(output)
    second = context_for(blood, cache)
    assert run(second).data['cached'] is False
    assert second.dataset == first.dataset
    assert (output / 'train/labels/a.txt').read_bytes() == label
    assert (output / 'train/images/a.jpg').is_file()
    assert Conversion.load(output).is_unaltered()
    said = second.runtime_ctx.logger.texts('warning')
    assert any('was changed since it was converted' in text for text in said) == (
        alter is not delete_the_config
    )


def test_a_folder_of_the_user_that_does_not_tell_whose_it_is_stops_the_run(blood: Path) -> None:
    first = context_for(blood, None)
    run(first)
    assert first.dataset is not None
    output = Path(first.dataset['path'])
    (output / 'report.json').write_text('{', encoding='utf-8')
    with pytest.raises(
        RuntimeError, match=r'its report\.json is not that of a conversion.* remove it yourself'
    ):
        run(context_for(blood, None))
    shutil.rmtree(output)
    assert run(context_for(blood, None)).success


@pytest.mark.parametrize('content', [None, b'', b'{', b'[]', b'\0' * 100])
@pytest.mark.parametrize('name', ['report.json', '.files', '.conversion', 'classes.json'])
def test_what_is_damaged_in_the_cache_is_made_anew(
    name: str, content: bytes | None, blood: Path, tmp_path: Path
) -> None:
    first = context_for(blood, tmp_path / 'cache')
    run(first)
    assert first.dataset is not None
    output = Path(first.dataset['path'])
    whole = {path.name: path.read_bytes() for path in output.rglob('*.txt')}
    (output / name).unlink()
    if content is not None:
        (output / name).write_bytes(content)
    (output / 'train/labels/a.txt').write_text('', encoding='utf-8')  # so that it is no hit
    second = context_for(blood, tmp_path / 'cache')
    assert run(second).data['cached'] is False
    assert second.dataset == first.dataset
    assert {path.name: path.read_bytes() for path in output.rglob('*.txt')} == whole
    assert Conversion.load(output).is_unaltered()
    assert run(context_for(blood, tmp_path / 'cache')).data['cached'] is True


def test_a_link_in_the_cache_is_not_followed(blood: Path, tmp_path: Path) -> None:
    first = context_for(blood, tmp_path / 'cache')
    run(first)
    assert first.dataset is not None
    output = Path(first.dataset['path'])
    shutil.rmtree(output)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/notes.txt').write_text('mine', encoding='utf-8')
    output.symlink_to(tmp_path / 'mine')
    with pytest.raises(RuntimeError, match='was not written by synapse-plugins'):
        run(context_for(blood, tmp_path / 'cache'))
    assert (tmp_path / 'mine/notes.txt').is_file()


def test_what_a_trainer_leaves_beside_the_labels_is_no_change(blood: Path, tmp_path: Path) -> None:
    first = context_for(blood, tmp_path)
    run(first)
    assert first.dataset is not None
    Path(first.dataset['path'], 'train/labels.cache').write_bytes(b'pickled')
    assert run(context_for(blood, tmp_path)).data['cached'] is True


@pytest.mark.parametrize('cached', [True, False])
def test_files_of_others_in_the_output_stay_and_stop_the_run(
    cached: bool, blood: Path, tmp_path: Path
) -> None:
    cache = tmp_path / 'cache' if cached else None
    first = context_for(blood, cache)
    run(first)
    assert first.dataset is not None
    mine = Path(first.dataset['path'], 'train/labels/mine.txt')
    mine.write_text('0 .5 .5 .1 .1', encoding='utf-8')
    with pytest.raises(RuntimeError, match=r'files that no conversion wrote \(1: train/labels/mine\.txt\)'):
        run(context_for(blood, cache))
    assert mine.is_file()
    mine.unlink()
    assert run(context_for(blood, cache)).data['cached']


# -- what goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize('dataset', [None, {}])
def test_no_dataset_is_a_failure(dataset: dict[str, Any] | None) -> None:
    result = ConvertDatasetStep().execute(Context(None, dataset=dataset))
    assert not result.success
    assert str(result.error).startswith('No dataset in context')


def test_no_path_is_a_failure() -> None:
    result = ConvertDatasetStep().execute(Context(None, dataset={'format': 'dm_v2'}))
    assert not result.success
    assert str(result.error).startswith('No path in context.dataset')


def test_an_unknown_format_is_a_failure(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'yolo'"):
        ConvertDatasetStep('yolov').execute(context_for(blood, tmp_path))


def test_a_failure_leaves_the_context_and_the_disk_as_they_were(tmp_path: Path) -> None:
    context = context_for(tmp_path / 'none', tmp_path / 'cache')
    before = dict(context.dataset or {})
    with pytest.raises(RuntimeError, match=r"Step 'convert' failed: There is no folder"):
        run(context)
    assert context.dataset == before
    assert not (tmp_path / 'cache').exists()


def test_a_cancelled_run_leaves_nothing(blood: Path, tmp_path: Path) -> None:
    context = context_for(blood, tmp_path / 'cache')

    class Cancels:
        name, progress_weight = 'cancels', 1.0

        def execute(self, context: Any) -> StepResult:
            context.cancel('enough')
            return ConvertDatasetStep().execute(context)

    with pytest.raises(RuntimeError, match='cancel'):
        run(context, Cancels())
    assert [path for path in (tmp_path / 'cache').rglob('*') if path.name != 'converted'] == []


# -- rollback -------------------------------------------------------------------------------------------------


def test_what_the_run_made_beside_the_source_is_removed_when_it_fails(blood: Path) -> None:
    with pytest.raises(RuntimeError, match='as planned'):
        run(context_for(blood, None), ConvertDatasetStep(), Failing())
    assert [path.name for path in blood.parent.iterdir()] == [blood.name]


def test_what_is_whole_in_the_cache_stays_for_runs_that_use_it(blood: Path, tmp_path: Path) -> None:
    other = context_for(blood, tmp_path)

    class OtherRun(Failing):
        def execute(self, context: Any) -> StepResult:
            assert run(other).data['cached'] is True
            return StepResult(success=False, error='as planned')

    with pytest.raises(RuntimeError, match='as planned'):
        run(context_for(blood, tmp_path), ConvertDatasetStep(), OtherRun())
    assert other.dataset is not None
    assert Conversion.load(other.dataset['path']).is_unaltered()


def test_what_another_run_made_stays(blood: Path, tmp_path: Path) -> None:
    first = context_for(blood, tmp_path)
    run(first)
    with pytest.raises(RuntimeError, match='as planned'):
        run(context_for(blood, tmp_path), ConvertDatasetStep(), Failing())
    assert first.dataset is not None
    assert Conversion.load(first.dataset['path']).count == 4


def test_rollback_takes_back_only_its_own_and_can_be_repeated(blood: Path) -> None:
    context = context_for(blood, None)
    result = run(context)
    step = ConvertDatasetStep()
    for foreign in (
        {},
        {**result.rollback_data, 'made_by': 'another run'},
        {'path': str(blood), 'made_by': 'x'},
    ):
        step.rollback(context, StepResult(rollback_data=foreign))
    assert Path(result.rollback_data['path']).is_dir()
    assert blood.is_dir()
    for _ in range(2):
        step.rollback(context, result)
        assert not Path(result.rollback_data['path']).exists()
