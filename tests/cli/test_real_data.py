"""The main job by commands alone, on a slice of real pictures."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLICE = {'train': 20, 'val': 8, 'test': 4}


@pytest.fixture
def blood(real_data: Path, tmp_path: Path) -> Path:
    """The first pictures of each split of BCCD, as Pascal VOC."""
    source, folder = real_data / 'bccd', tmp_path / 'bccd'
    for part in ('Annotations', 'JPEGImages', 'ImageSets/Main'):
        (folder / part).mkdir(parents=True)
    for split, count in SLICE.items():
        listed = (source / 'ImageSets' / 'Main' / f'{split}.txt').read_text(encoding='utf-8').split()[:count]
        (folder / 'ImageSets' / 'Main' / f'{split}.txt').write_text(
            '\n'.join(listed) + '\n', encoding='utf-8'
        )
        for name in listed:
            shutil.copy(source / 'Annotations' / f'{name}.xml', folder / 'Annotations')
            shutil.copy(source / 'JPEGImages' / f'{name}.jpg', folder / 'JPEGImages')
    return folder


@pytest.mark.yolo
@pytest.mark.slow
def test_import_train_list_and_evaluate(blood: Path, program: Callable[..., Any]) -> None:
    imported = program('datasets', 'import', blood, '--from', 'pascal_voc', '--name', 'bccd', '--json').json
    assert imported['splits'] == {'train': 20, 'valid': 8, 'test': 4}
    small = ('-p', 'imgsz=64', '-p', 'batch=4')
    trained = program(
        'run', 'yolo.train', '-p', 'dataset=bccd', '-p', 'model=yolo11n.yaml', '-p', 'epochs=1', *small
    )
    assert trained.code == 0, trained.err
    assert '20 pictures, 8 to validate' in trained.err
    (model,) = program('models', 'list', '--json').json
    assert f'Model    {model["id"]}, {model["name"]}' in trained.out
    assert model['configuration']['source']['dataset']['name'] == 'bccd@1'
    evaluated = program(
        'run', 'yolo.val', '-p', 'dataset=bccd', '-p', f'checkpoint={model["id"]}', *small, '--json'
    )
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json['state'] == 'SUCCEEDED'
    assert 'metrics/mAP50(B)' in evaluated.json['metrics']
    assert [run['action'] for run in program('runs', 'list', '--json').json] == ['yolo.val', 'yolo.train']
