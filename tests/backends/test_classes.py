"""The class map of a dataset is the same whichever way it takes to a trainer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from synapse_plugins import RuntimeContext
from synapse_plugins.datasets import convert
from synapse_plugins.steps import BaseStepContext, ConvertDatasetStep, ExportDatasetStep


@pytest.fixture
def folder(tmp_path):
    """Boxes of two classes, and annotations of other tools with classes of their own before and between these."""
    root = tmp_path / 'roads'
    for number, split in enumerate(('train', 'valid')):
        for name in ('json', 'original_files'):
            (root / split / name).mkdir(parents=True)
        Image.new('RGB', (32, 24), (number, 0, 0)).save(root / split / 'original_files' / 'a.png')
        document = {
            'bounding_box': [item('트럭', [1, 2, 10, 8]), item('car', [3, 4, 5, 6])],
            'classification': [item('a rainy day', {})],
            'keypoint': [item('door', [1, 2])],
        }
        (root / split / 'json' / 'a.json').write_text(json.dumps({'images': [document]}), encoding='utf-8')
    return root


def item(label, data):
    return {'id': label, 'classification': label, 'attrs': [], 'data': data}


def through_the_store(backend, folder, tmp_path, to):
    version = backend.import_dataset(folder, 'roads')['id']
    context = BaseStepContext(RuntimeContext(client=backend, cache_dir=tmp_path / 'cache'))
    context.params = {'dataset': version}
    for step in (ExportDatasetStep(), ConvertDatasetStep(to)):
        assert step.execute(context).success
    return context.dataset['classes']


@pytest.mark.parametrize('declared', [None, ['car', 'unused', '트럭']])
@pytest.mark.parametrize('to', ['yolo', 'coco', 'pascal_voc'])
def test_every_way_leads_to_the_same_class_map(backend, folder, tmp_path, to, declared):
    if declared:
        (folder / 'classes.json').write_text(json.dumps({'classes': declared}), encoding='utf-8')
    plain = convert(folder, tmp_path / 'plain', to=to).classes
    assert plain == (declared or ['car', '트럭'])
    assert through_the_store(backend, folder, tmp_path, to) == plain
    exported = backend.export_dataset('roads', tmp_path / 'exported', format=to)
    assert json.loads((exported / 'classes.json').read_text(encoding='utf-8')) == {'classes': plain}


def test_a_format_that_numbers_its_classes_keeps_their_numbers(backend, folder, tmp_path):
    source = convert(folder, tmp_path / 'source', to='yolo', classes=['트럭', 'nothing', 'car']).path
    assert convert(source, tmp_path / 'plain', to='coco').classes == ['트럭', 'nothing', 'car']
    assert through_the_store(backend, source, tmp_path, 'coco') == ['트럭', 'nothing', 'car']


def test_all_classes_are_listed_though_only_the_declared_ones_are_a_map(backend, folder):
    version = backend.import_dataset(folder, 'roads')
    assert version['classes'] == ['a rainy day', 'car', 'door', '트럭']
    assert version['declared_classes'] is None


def test_another_class_map_is_another_version(backend, folder):
    first = backend.resolve_dataset(str(folder))
    (folder / 'classes.json').write_text('{"classes": ["트럭", "car"]}', encoding='utf-8')
    second = backend.resolve_dataset(str(folder))
    assert second != first
    assert backend.get_dataset(second)['declared_classes'] == ['트럭', 'car']
    assert backend.resolve_dataset(str(folder)) == second


@pytest.mark.parametrize('name', ['roads', 'again'])
def test_importing_a_pristine_copy_heals_the_store(backend, folder, tmp_path, name):
    picture = folder / 'train' / 'original_files' / 'a.png'
    pristine = picture.read_bytes()
    backend.import_dataset(folder, 'roads', link='hard')
    picture.write_bytes(b'drawn over')  # the store has the same file
    picture.unlink()
    picture.write_bytes(pristine)
    backend.import_dataset(folder, name, link='hard')
    out = backend.export_dataset('roads', tmp_path / 'out')
    assert Path(out, 'train', 'original_files', 'a.png').read_bytes() == pristine
