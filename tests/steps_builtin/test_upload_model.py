"""What becomes of a trained model: one archive that loses nothing, registered once."""

from __future__ import annotations

import json
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import synapse_plugins
from builtin_steps._model_archive import model_files, pack_model, take_weights
from builtin_steps.upload_model import UploadModelStep
from synapse_plugins import RuntimeContext, backends
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.context import NullLogger
from synapse_plugins.errors import NoModelError, ProviderError, StepFailedError
from synapse_plugins.steps import BaseStep, Orchestrator, StepRegistry, StepResult

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def backend(home: Path) -> Any:
    return backends.open('local', home=home)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / 'model'
    (folder / 'plots').mkdir(parents=True)
    (folder / 'best.pt').write_bytes(b'\x00weights' * 1000)
    (folder / 'last.pt').write_bytes(b'\x01weights' * 1000)
    (folder / 'results.csv').write_text('epoch,loss\n1,0.5\n', encoding='utf-8')
    (folder / 'plots' / '결과.png').write_bytes(b'png')
    (folder / 'build').mkdir()
    (folder / 'build' / 'train.log').write_text('kept', encoding='utf-8')  # no name is left out
    (folder / 'classes.json').write_text('{"classes": ["사과", "배"]}', encoding='utf-8')
    return folder


def context_of(
    backend: Any, tmp_path: Path, model_path: Any, run: str = 'run-1', **params: Any
) -> TrainContext:
    work = tmp_path / 'work'
    runtime = RuntimeContext(logger=NullLogger(), client=backend, work_dir=work, run_id=run)
    context = TrainContext(runtime, params=params)
    context._own_run_id = run
    context.model_path = None if model_path is None else str(model_path)
    context.metrics = {'metrics/mAP50(B)': 0.75, 'broken': float('nan')}
    context.dataset = {'path': 'x', 'format': 'yolo', 'classes': ['사과', '배']}
    return context


def upload(context: TrainContext, *further: BaseStep[Any]) -> dict[str, Any]:
    registry: StepRegistry[Any] = StepRegistry()
    for step in (UploadModelStep(), *further):
        registry.register(step)
    Orchestrator(registry, context).execute()
    assert context.model is not None
    return context.model


class Trained(BaseStep[Any]):
    """A train step that tells what it was made with."""

    name = 'train'
    progress_weight = 0.5

    def execute(self, context: Any) -> StepResult:
        return StepResult(data={'packages': {'some-trainer': '1.2'}})


def packages_of(context: TrainContext, *before: BaseStep[Any]) -> dict[str, str]:
    registry: StepRegistry[Any] = StepRegistry()
    for step in (*before, UploadModelStep()):
        registry.register(step)
    Orchestrator(registry, context).execute()
    assert context.model is not None
    packages: dict[str, str] = context.model['configuration']['source']['packages']
    return packages


def test_only_what_took_part_is_named_as_the_models_source(backend: Any, tmp_path: Path, model: Path) -> None:
    ours = {'synapse-plugins': synapse_plugins.__version__}
    assert packages_of(context_of(backend, tmp_path, model, 'one')) == ours
    told = packages_of(context_of(backend, tmp_path, model, 'two'), Trained())
    assert told == {**ours, 'some-trainer': '1.2'}


def test_the_pack_whose_trainer_served_is_named(backend: Any, tmp_path: Path, model: Path) -> None:
    class Packs:
        def select(self, *what: Any, named: str | None) -> Any:
            asked.append((*what, named))
            if named is None:
                raise ProviderError('several')
            return SimpleNamespace(pack=SimpleNamespace(distribution='a-pack', version='0.3'))

    asked: list[Any] = []
    context = context_of(backend, tmp_path, model, trainer='theirs', task='detect')
    context.runtime_ctx.packs = Packs()
    assert packages_of(context)['a-pack'] == '0.3'
    assert asked == [('train', 'yolo', 'detect', 'theirs')]
    context.params.pop('trainer')
    assert set(packages_of(context_again(context, 'two'))) == {'synapse-plugins'}
    own = context_again(context, 'three')
    own.params['trainer'], own.data_path = 'theirs', tmp_path  # the action's own execute has trained
    assert set(packages_of(own)) == {'synapse-plugins'}


def context_again(context: TrainContext, run: str) -> TrainContext:
    context.runtime_ctx.run_id = context._own_run_id = run
    return context


def test_archive_holds_every_file_and_what_is_known_of_the_run(
    backend: Any, tmp_path: Path, model: Path
) -> None:
    registered = upload(context_of(backend, tmp_path, model, epochs=3, name='과일'))
    assert registered['name'] == '과일'
    with zipfile.ZipFile(registered['file']) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == sorted(names)
        assert set(names) == {
            'best.pt', 'last.pt', 'results.csv', 'plots/결과.png', 'build/train.log', 'classes.json', 'metrics.json',
            'params.json', 'source.json',
        }  # fmt: skip
        assert archive.read('best.pt') == (model / 'best.pt').read_bytes()
        assert archive.read('classes.json') == (model / 'classes.json').read_bytes()
        assert json.loads(archive.read('metrics.json')) == {'metrics/mAP50(B)': 0.75, 'broken': None}
        assert json.loads(archive.read('params.json'))['epochs'] == 3
        source = json.loads(archive.read('source.json'))
    assert source['run'] == 'run-1'
    assert source['backend'] == backend.identity
    assert source['packages']['synapse-plugins'] == synapse_plugins.__version__
    assert list((tmp_path / 'work').iterdir()) == []


def test_backend_is_told_what_listings_show(backend: Any, tmp_path: Path, model: Path) -> None:
    registered = upload(context_of(backend, tmp_path, model, epochs=3, description='apples'))
    found = backend.get_model(registered['id'])
    assert found['metrics']['metrics/mAP50(B)'] == 0.75
    assert found['configuration']['classes'] == ['사과', '배']
    assert found['configuration']['hyperparameter']['epochs'] == 3
    assert found['description'] == 'apples'
    assert found['name'] == 'train-run-1'


def test_a_single_file_is_a_model_too(backend: Any, tmp_path: Path, model: Path) -> None:
    registered = upload(context_of(backend, tmp_path, model / 'best.pt'))
    with zipfile.ZipFile(registered['file']) as archive:
        assert {'best.pt', 'classes.json', 'metrics.json', 'params.json', 'source.json'} == set(
            archive.namelist()
        )


def test_dataset_is_named_with_its_version(backend: Any, tmp_path: Path, model: Path) -> None:
    from builtin_steps.shapes import make_shapes_dataset

    version = backend.import_dataset(make_shapes_dataset(tmp_path / 'shapes', images=4), 'shapes')
    registered = upload(context_of(backend, tmp_path, model, dataset=version['id']))
    with zipfile.ZipFile(registered['file']) as archive:
        dataset = json.loads(archive.read('source.json'))['dataset']
    assert (dataset['id'], dataset['name']) == (version['id'], 'shapes@1')
    assert 'shapes@1' in registered['description']


def test_a_resumed_run_registers_once(backend: Any, tmp_path: Path, model: Path) -> None:
    first = upload(context_of(backend, tmp_path, model))
    again = upload(context_of(backend, tmp_path, model))
    other = upload(context_of(backend, tmp_path, model, run='run-2'))
    assert first['id'] == again['id'] != other['id']
    assert backend.list_models()['count'] == 2


def test_a_name_that_is_taken_gets_the_run_behind_it(backend: Any, tmp_path: Path, model: Path) -> None:
    upload(context_of(backend, tmp_path, model, name='fruit'))
    second = upload(context_of(backend, tmp_path, model, run='run-2', name='fruit'))
    assert second['name'] == 'fruit-run-2'


def test_no_model_is_a_failure_never_a_silent_success(backend: Any, tmp_path: Path) -> None:
    with pytest.raises(StepFailedError, match='no model to register'):
        upload(context_of(backend, tmp_path, None))
    with pytest.raises(StepFailedError, match='not there'):
        upload(context_of(backend, tmp_path, tmp_path / 'gone'))
    assert backend.list_models()['count'] == 0


class Fails(BaseStep[Any]):
    name = 'fails'
    progress_weight = 0.1

    def execute(self, context: Any) -> StepResult:
        return StepResult(success=False, error='on purpose')


def test_rollback_removes_the_registered_model_and_only_that(
    backend: Any, tmp_path: Path, model: Path
) -> None:
    before = upload(context_of(backend, tmp_path, model, run='before'))
    with pytest.raises(StepFailedError, match='on purpose'):
        upload(context_of(backend, tmp_path, model), Fails())
    assert [row['id'] for row in backend.list_models()['results']] == [before['id']]


def test_rollback_after_a_crash_finds_the_model_by_its_key(backend: Any, tmp_path: Path, model: Path) -> None:
    context = context_of(backend, tmp_path, model)
    registered = upload(context)
    key = backend.get_model(registered['id'])['configuration']['idempotency_key']
    for _ in range(2):  # undone twice does no harm
        UploadModelStep().rollback(context, StepResult(rollback_data={'key': key}))
    assert backend.list_models()['count'] == 0


# -- what an archive cannot hold ------------------------------------------------------------------------------


def test_a_link_is_refused_with_its_name(tmp_path: Path, model: Path) -> None:
    outside = tmp_path / 'outside.bin'
    outside.write_bytes(b'x')
    try:
        (model / 'linked.bin').symlink_to(outside)
    except OSError:
        pytest.skip('this system makes no links')
    with pytest.raises(NoModelError, match=r'linked\.bin is a link'):
        model_files(model)
    with pytest.raises(NoModelError, match='is a link'):
        model_files(model / 'linked.bin')


def test_a_file_that_would_be_replaced_is_refused(tmp_path: Path, model: Path) -> None:
    (model / 'source.json').write_text('{}', encoding='utf-8')
    with pytest.raises(NoModelError, match=r"a file 'source\.json' of its own, which would be lost"):
        pack_model(model_files(model), {'source.json': '{}'}, tmp_path / 'model.zip')
    assert not list(tmp_path.glob('*.zip*'))


def test_a_folder_without_files_is_no_model(tmp_path: Path) -> None:
    (tmp_path / 'empty' / 'inner').mkdir(parents=True)
    with pytest.raises(NoModelError, match='has no files'):
        model_files(tmp_path / 'empty')


NAMES = st.text(
    st.characters(exclude_characters='/\\\0', exclude_categories=['Cs', 'Cc']), min_size=1, max_size=6
)


@given(st.dictionaries(st.tuples(NAMES, NAMES), st.binary(max_size=50), min_size=1, max_size=5))
def test_whatever_goes_in_comes_out_and_the_bytes_are_always_the_same(
    tmp_path_factory: pytest.TempPathFactory, files: dict[tuple[str, str], bytes]
) -> None:
    root = tmp_path_factory.mktemp('archive')
    expected: dict[str, bytes] = {}
    for (folder, name), content in files.items():
        if {folder, name} & {'.', '..'}:
            continue
        (root / 'model' / folder).mkdir(parents=True, exist_ok=True)
        (root / 'model' / folder / name).write_bytes(content)
        expected[f'{folder}/{name}'] = content
    if not expected:
        return
    packed = [
        pack_model(model_files(root / 'model'), {'source.json': '{}'}, root / f'{number}.zip').read_bytes()
        for number in range(2)
    ]
    assert packed[0] == packed[1]
    with zipfile.ZipFile(root / '0.zip') as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {**expected, 'source.json': b'{}'}


def test_weights_are_found_in_an_archive(tmp_path: Path, model: Path) -> None:
    archive = pack_model(model_files(model), {}, tmp_path / 'model.zip')
    assert take_weights(archive, tmp_path / 'out').read_bytes() == (model / 'best.pt').read_bytes()
    (model / 'best.pt').unlink()
    archive = pack_model(model_files(model), {}, tmp_path / 'model.zip')
    assert take_weights(archive, tmp_path / 'out').read_bytes() == (model / 'last.pt').read_bytes()
    (model / 'last.pt').unlink()
    archive = pack_model(model_files(model), {}, tmp_path / 'model.zip')
    with pytest.raises(NoModelError, match='no weights'):
        take_weights(archive, tmp_path / 'out')


def test_of_several_weights_those_at_the_root_are_taken(tmp_path: Path, model: Path) -> None:
    (model / 'a').mkdir()
    (model / 'a' / 'best.pt').write_bytes(b'of a fold')
    archive = pack_model(model_files(model), {}, tmp_path / 'model.zip')
    assert take_weights(archive, tmp_path / 'out').read_bytes() == (model / 'best.pt').read_bytes()


@pytest.mark.parametrize('name', ['model.pt', 'model.pth', 'model.ckpt'])
def test_weights_that_are_an_archive_by_themselves_are_taken_whole(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, 'w') as packed:
        packed.writestr('archive/data.pkl', 'x')
    assert take_weights(tmp_path / name, tmp_path / 'out').read_bytes() == (tmp_path / name).read_bytes()
