"""Getting a dataset without training on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synapse_plugins
from synapse_plugins import RuntimeContext, backends
from synapse_plugins.actions.dataset import DatasetAction, DatasetOperation, DatasetParams
from synapse_plugins.types import DataType, DMDataset, DMv2Dataset, ModelWeights, YOLODataset

ACTION = 'synapse_plugins.actions.dataset:DatasetAction'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from PIL import Image

    root = tmp_path / '지게차'
    for split in ('train', 'valid'):
        for part in ('json', 'original_files'):
            (root / split / part).mkdir(parents=True)
        Image.new('RGB', (32, 24), 'white').save(root / split / 'original_files' / f'{split}.png')
        box = {'id': 'a', 'classification': '지게차', 'attrs': [], 'data': [2, 3, 10, 8]}
        document = json.dumps({'images': [{'bounding_box': [box]}]}, ensure_ascii=False)
        (root / split / 'json' / f'{split}.json').write_text(document, encoding='utf-8')
    return root


def test_download_and_convert_as_actions(folder: Path, home: Path, tmp_path: Path) -> None:
    downloaded = synapse_plugins.run(ACTION, dataset=str(folder), loggers=[]).output
    assert downloaded['format'] == 'dm_v2'
    assert downloaded['count'] == 2
    assert downloaded['is_categorized']
    converted = synapse_plugins.run(
        ACTION, operation='convert', path=downloaded['path'], output_dir=str(tmp_path / 'yolo'), loggers=[]
    ).output
    assert Path(converted['config_path']) == tmp_path / 'yolo' / 'dataset.yaml'
    assert converted['source_path'] == downloaded['path']


def test_from_an_action_of_ones_own(folder: Path, home: Path) -> None:
    client = backends.open('local')
    dataset = client.resolve_dataset(str(folder))
    context = RuntimeContext(client=client)
    result = DatasetAction(DatasetParams(dataset=dataset), context).execute()
    assert result.data_path == result.path
    made = DatasetAction(
        DatasetParams(operation=DatasetOperation.CONVERT, path=folder, target_format='pascal'), context
    ).execute()
    assert made.format == 'pascal_voc'
    assert made.path == folder.with_name('지게차_pascal')
    again = DatasetParams(operation=DatasetOperation.CONVERT, path=folder, target_format='pascal')
    assert DatasetAction(again, context).execute().path == made.path


@pytest.mark.parametrize(('params', 'told'), [({}, 'dataset: '), ({'operation': 'convert'}, 'path: ')])
def test_what_is_missing_is_told(params: dict[str, str], told: str) -> None:
    with pytest.raises(synapse_plugins.SynapsePluginsError, match=told):
        DatasetAction.dispatch(params, RuntimeContext())


def test_types_of_data_fit_when_one_is_a_kind_of_the_other() -> None:
    assert DMv2Dataset.is_compatible_with(DMDataset)
    assert DMDataset.is_compatible_with(DMv2Dataset)
    assert not YOLODataset.is_compatible_with(DMDataset)
    assert ModelWeights.is_compatible_with(DataType)
