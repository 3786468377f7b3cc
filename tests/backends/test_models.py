from __future__ import annotations

import io
import json
import shlex
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from synapse_plugins.errors import (
    NotFoundError,
    OutputExistsError,
    ParamsError,
    StoreError,
    UnknownNameError,
)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / 'best.pt'
    path.write_bytes(b'weights')
    return path


def test_a_model_is_registered_and_read_back(backend, weights):
    made = backend.create_model(
        {
            'name': '세포',
            'file': str(weights),
            'description': 'a model',
            'configuration': {'metrics': {'mAP50': np.float32(0.5)}, 'classes': ['a']},
        }
    )
    model = backend.get_model(made['id'])
    assert model == made
    assert (model['name'], model['category'], model['description']) == ('세포', 'custom', 'a model')
    assert model['metrics'] == {'mAP50': 0.5}
    assert model['size'] == 7
    assert Path(model['file']).read_bytes() == b'weights'
    assert Path(model['file']).suffix == '.pt'
    assert weights.exists()


def test_the_file_may_be_an_argument(backend, weights):
    assert Path(backend.create_model({'name': 'm'}, file=weights)['file']).read_bytes() == b'weights'


def test_a_taken_name_gets_a_number(backend, weights):
    names = [backend.create_model({'name': 'm', 'file': weights})['name'] for _ in range(3)]
    assert names == ['m', 'm-2', 'm-3']


def test_a_folder_is_packed_whole_and_always_alike(backend, tmp_path):
    folder = tmp_path / 'model'
    (folder / 'sub' / 'empty').mkdir(parents=True)
    for name in ('best.pt', '.hidden', 'sub/node_modules', 'sub/클래스.json', 'build.log'):
        (folder / name).write_bytes(name.encode())
    one, two = (backend.create_model({'name': name, 'file': folder}) for name in ('one', 'two'))
    assert one['checksum'] == two['checksum']
    assert one['file_name'] == 'model.zip'
    with zipfile.ZipFile(one['file']) as archive:
        assert archive.namelist() == [
            '.hidden',
            'best.pt',
            'build.log',
            'sub/',
            'sub/empty/',
            'sub/node_modules',
            'sub/클래스.json',
        ]


def test_what_cannot_be_a_model_is_refused(backend, tmp_path, weights):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'linked').mkdir()
    (tmp_path / 'linked' / 'nowhere').symlink_to(tmp_path / 'absent')
    for file, why in (
        (None, 'needs a file'),
        (tmp_path / 'absent', 'does not exist'),
        (tmp_path / 'empty', 'is empty'),
        (tmp_path / 'linked', 'cannot be packed whole'),
    ):
        with pytest.raises(ParamsError, match=why):
            backend.create_model({'name': 'm', 'file': file})
    with pytest.raises(ParamsError, match='cannot be the name'):
        backend.create_model({'name': '7', 'file': weights})
    with pytest.raises(ParamsError, match='cannot be the name'):
        backend.create_model({'file': weights})
    with pytest.raises(UnknownNameError, match="Did you mean 'configuration'"):
        backend.create_model({'name': 'm', 'file': weights, 'configuraton': {}})
    with pytest.raises(NotFoundError, match='no model 9'):
        backend.create_model({'name': 'm', 'file': weights, 'checkpoint': 9})
    assert backend.list_models()['count'] == 0
    assert not list(backend.store.files.root.glob('.tmp-*'))


def test_models_are_found_by_id_and_name(backend, weights):
    first = backend.create_model({'name': 'cells', 'file': weights})
    second = backend.create_model(
        {'name': 'pets', 'file': weights, 'checkpoint': first['id'], 'category': 'base'}
    )
    assert (
        backend.resolve_model('cells')
        == backend.resolve_model(first['id'])
        == backend.resolve_model(str(first['id']))
    )
    assert second['checkpoint'] == first['id']
    with pytest.raises(NotFoundError, match="Did you mean 'cells'"):
        backend.resolve_model('cell')
    assert [row['name'] for row in backend.list_models()['results']] == ['pets', 'cells']
    rows, count = backend.list_models({'category': 'base'}, list_all=True)
    assert ([row['name'] for row in rows], count) == (['pets'], 1)
    with pytest.raises(UnknownNameError):
        backend.list_models({'ordering': 'name'})


def test_what_is_known_of_a_model_can_be_added_to(backend, weights):
    backend.create_model({'name': 'm', 'file': weights, 'metrics': {'a': 1, 'b': 2}})
    changed = backend.update_model('m', {'metrics': {'b': 3, 'c': float('nan')}, 'description': 'better'})
    assert changed['metrics'] == {'a': 1, 'b': 3, 'c': 'NaN'}
    assert changed['description'] == 'better'
    with pytest.raises(UnknownNameError):
        backend.update_model('m', {'name': 'x'})


def test_a_removed_model_takes_its_file_with_it(backend, weights):
    one = backend.create_model({'name': 'one', 'file': weights})
    two = backend.create_model({'name': 'two', 'file': weights, 'checkpoint': one['id']})
    assert backend.remove_model('one') == 'one'
    assert Path(two['file']).exists()
    backend.delete_model(two['id'])
    assert not Path(two['file']).exists()
    with pytest.raises(NotFoundError):
        backend.get_model(two['id'])


def test_an_exported_model_is_a_plain_folder_with_all_that_is_known(backend, weights, tmp_path):
    source = {'dataset': {'id': 3, 'name': 'pets@2'}}
    configuration = {'classes': ['고양이'], 'hyperparameter': {'trainer': 'yolo'}, 'source': source}
    backend.create_model(
        {'name': 'm', 'file': weights, 'metrics': {'mAP50': 0.5}, 'configuration': configuration}
    )
    lines = backend.export_model('m', tmp_path / "it's a place")
    folder = tmp_path / "it's a place"
    assert sorted(path.name for path in folder.iterdir()) == [
        'best.pt',
        'classes.json',
        'metrics.json',
        'params.json',
        'source.json',
    ]
    told = {path.stem: json.loads(path.read_text(encoding='utf-8')) for path in folder.glob('*.json')}
    assert told['classes'] == {'classes': ['고양이']}
    assert told['metrics'] == {'mAP50': 0.5}
    assert told['params'] == {'trainer': 'yolo'}
    assert told['source']['dataset']['name'] == 'pets@2'
    assert str(folder) in lines[0]
    commands = [shlex.split(line) for line in lines if line.startswith('  ')]
    assert commands == [
        ['yolo', 'predict', f'model={folder / "best.pt"}', 'source=PICTURE_OR_FOLDER'],
        ['yolo', 'export', f'model={folder / "best.pt"}', 'format=onnx'],
    ]


def test_the_files_of_an_archive_win(backend, tmp_path):
    folder = tmp_path / 'trained'
    (folder / 'weights').mkdir(parents=True)
    (folder / 'weights' / 'best.pt').write_bytes(b'best')
    (folder / 'weights' / 'last.pt').write_bytes(b'last')
    (folder / 'classes.json').write_text('{"classes": ["own"]}', encoding='utf-8')
    backend.create_model({'name': 'm', 'file': folder, 'configuration': {'classes': ['other']}})
    backend.export_model('m', tmp_path / 'out')
    assert (tmp_path / 'out' / 'best.pt').read_bytes() == b'best'
    assert (tmp_path / 'out' / 'weights' / 'last.pt').read_bytes() == b'last'
    assert json.loads((tmp_path / 'out' / 'classes.json').read_text(encoding='utf-8')) == {'classes': ['own']}


def test_the_weights_at_the_root_come_first(backend, tmp_path):
    for place in ('a', '.'):
        (tmp_path / 'trained' / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / 'trained' / place / 'best.pt').write_bytes(place.encode())
    configuration = {'source': {'packages': {'ultralytics': '8.3.0'}}}  # the format chose the trainer
    backend.create_model({'name': 'm', 'file': tmp_path / 'trained', 'configuration': configuration})
    lines = backend.export_model('m', tmp_path / 'out')
    assert (tmp_path / 'out' / 'best.pt').read_bytes() == b'.'
    assert f'model={tmp_path / "out" / "best.pt"}' in lines[2]


def test_evaluations_are_added_to_what_is_there_by_then(backend, weights):
    model = backend.create_model({'name': 'm', 'file': weights, 'configuration': {'classes': ['a']}})
    backend.add_evaluation(model['id'], {'run': 'one', 'metrics': {'x': 1}})
    backend.add_evaluation('m', {'run': 'two', 'metrics': {'x': 2}})
    configuration = backend.add_evaluation('m', {'run': 'one', 'metrics': {'x': 3}})['configuration']
    assert configuration['classes'] == ['a']
    assert [(kept['run'], kept['metrics']['x']) for kept in configuration['evaluations']] == [
        ('two', 2),
        ('one', 3),
    ]


def test_evaluations_of_many_threads_are_all_kept(backend, weights):
    backend.create_model({'name': 'm', 'file': weights})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: backend.add_evaluation('m', {'run': run}), range(24)))
    kept = backend.get_model('m')['configuration']['evaluations']
    assert sorted(entry['run'] for entry in kept) == list(range(24))


def test_a_model_of_another_kind_gets_no_lines_of_ultralytics(backend, tmp_path):
    (tmp_path / 'model.onnx').write_bytes(b'onnx')
    backend.create_model({'name': 'm', 'file': tmp_path / 'model.onnx'})
    assert len(backend.export_model('m', tmp_path / 'out')) == 1
    assert (tmp_path / 'out' / 'model.onnx').read_bytes() == b'onnx'


@pytest.mark.parametrize(
    'configuration',
    [
        {},
        {'hyperparameter': {'trainer': 'other'}, 'source': {'packages': {'ultralytics': '8'}}},
        {'hyperparameter': None, 'source': {'packages': ['ultralytics']}},
    ],
)
def test_weights_that_yolo_did_not_train_get_no_lines_of_it(backend, weights, tmp_path, configuration):
    backend.create_model({'name': 'm', 'file': weights, 'configuration': configuration})
    assert len(backend.export_model('m', tmp_path / 'out')) == 1
    assert (tmp_path / 'out' / 'best.pt').is_file()


def test_a_taken_place_is_refused(backend, weights, tmp_path):
    backend.create_model({'name': 'm', 'file': weights})
    with pytest.raises(OutputExistsError):
        backend.export_model('m', tmp_path)
    (tmp_path / 'empty').mkdir()
    backend.export_model('m', tmp_path / 'empty')
    assert (tmp_path / 'empty' / 'best.pt').is_file()


def _archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w') as archive:
        for name, value in members.items():
            info = zipfile.ZipInfo(name.replace('UP', '..'))
            if value == 'link':
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, value)
    return content.getvalue()


@pytest.mark.parametrize(
    'members',
    [
        {'UP/evil': 'x'},
        {'/evil': 'x'},
        {'a\\UP\\evil': 'x'},
        {'evil': 'link'},
        {'C:/evil': 'x'},
        {'C:evil': 'x'},
        {'good': 'x', 'a/UP/UP/evil': 'x'},
    ],
)
def test_an_archive_that_leads_outside_is_not_unpacked(backend, tmp_path, members):
    (tmp_path / 'model.zip').write_bytes(_archive(**members))
    backend.create_model({'name': 'm', 'file': tmp_path / 'model.zip'})
    with pytest.raises(StoreError, match='leads outside'):
        backend.export_model('m', tmp_path / 'place' / 'out')
    assert not list(tmp_path.rglob('evil'))
    assert not list((tmp_path / 'place').iterdir())


@pytest.mark.parametrize('ref', ['001', '01', '１', True])
def test_an_id_written_in_another_way_removes_nothing(backend, weights, ref):
    backend.create_model({'name': 'kept', 'file': weights})
    for method in (backend.remove_model, backend.delete_model, backend.resolve_model, backend.get_model):
        with pytest.raises(ParamsError, match='is n'):
            method(ref)
    assert backend.get_model('kept')['id'] == 1
