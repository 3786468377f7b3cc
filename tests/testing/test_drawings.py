"""`make_dataset` draws the same small dataset everywhere, in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import detect_format, formats, open_dataset
from synapse_plugins.errors import DatasetError, UnknownNameError
from synapse_plugins.testing import make_dataset
from synapse_plugins.testing.drawings import TASKS
from synapse_plugins.testing.trees import tree

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = {
    'detect': {'bounding_box'},
    'segment': {'polygon'},
    'obb': {'bounding_box'},
    'pose': {'keypoint'},
    'classify': {'classification'},
}


def contents(root: Path) -> list[tuple[str, str | None, list[tuple[str, str | None]]]]:
    return [
        (sample.key, sample.split, [(one.tool, one.label) for one in sample.annotations])
        for sample in open_dataset(root)
    ]


def test_it_is_the_same_everywhere(tmp_path: Path) -> None:
    one, other = make_dataset(tmp_path / 'a'), make_dataset(str(tmp_path / 'b'))
    assert tree(one) == tree(other)
    assert detect_format(one) == 'dm_v2'
    assert contents(one)[:2] == [
        ('train/train_0', 'train', [('bounding_box', 'ball'), ('bounding_box', '상자')]),
        ('train/train_1_사진', 'train', [('bounding_box', '상자'), ('bounding_box', 'ball')]),
    ]
    assert [(key, len(found)) for key, _, found in contents(one)][-3:] == [
        ('train/train_3_사진', 0),
        ('valid/valid_0', 2),
        ('valid/valid_1_사진', 0),
    ]


@pytest.mark.parametrize('name', [provider.name for provider in formats.BUILTIN])
def test_in_any_format(name: str, tmp_path: Path) -> None:
    task = 'classify' if name == 'imagefolder' else 'detect'
    root = make_dataset(tmp_path / name, name, task)
    assert detect_format(root) == name
    drawn = contents(make_dataset(tmp_path / 'as drawn', task=task))
    assert sorted(map(str, (found[1:] for found in contents(root)))) == sorted(
        map(str, (found[1:] for found in drawn))
    )


@pytest.mark.parametrize('task', TASKS)
def test_for_any_task(task: str, tmp_path: Path) -> None:
    root = make_dataset(tmp_path / task, task=task)
    samples = list(open_dataset(root))
    assert {one.tool for sample in samples for one in sample.annotations} == TOOLS[task]
    if task == 'obb':
        assert samples[0].annotations[0].attrs == [{'name': 'rotation', 'value': 0.2}]
    if task == 'classify':
        assert {len(sample.annotations) for sample in samples} == {1}
    if task == 'pose':
        assert samples[0].annotations[0].extra == {'visibility': 2, 'group_id': 'pose-0'}


def test_the_task_goes_to_the_format(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / 'yolo', 'yolo', task='segment')
    assert {one.tool for sample in open_dataset(root) for one in sample.annotations} == {'polygon'}
    make_dataset(tmp_path / 'pose', 'yolo', task='pose')
    with pytest.raises(DatasetError):
        make_dataset(tmp_path / 'voc', 'pascal_voc', task='pose')
    assert not (tmp_path / 'voc').exists()


def test_splits_classes_and_size_can_be_chosen(tmp_path: Path) -> None:
    from PIL import Image

    root = make_dataset(tmp_path / 'mine', splits={None: 3}, classes=['a', 'b', 'c'], size=(40, 20))
    assert [(split, found) for _, split, found in contents(root)] == [
        (None, [('bounding_box', 'a'), ('bounding_box', 'b')]),
        (None, [('bounding_box', 'b'), ('bounding_box', 'c')]),
        (None, []),
    ]
    for path in root.rglob('*.png'):
        with Image.open(path) as picture:
            assert picture.size == (40, 20)
    for sample in open_dataset(root):
        for x, y, width, height in (one.data for one in sample.annotations):
            assert 0 <= x < x + width <= 40
            assert 0 <= y < y + height <= 20


@pytest.mark.parametrize('kind', ['segment', 'obb', 'pose', 'mask'])
def test_everything_lies_in_the_picture(kind: str, tmp_path: Path) -> None:
    from synapse_plugins.datasets import convert
    from synapse_plugins.testing.drawings import draw

    if kind == 'pose':
        points = [
            one.data for sample in open_dataset(draw(tmp_path / 'a', [kind])) for one in sample.annotations
        ]
        assert all(0 < x < 64 and 0 < y < 48 for x, y in points)
        return
    conversion = convert(draw(tmp_path / 'a', [kind]), tmp_path / 'b', to='coco')
    assert not conversion.report.losses


@pytest.mark.parametrize(
    ('arguments', 'error'),
    [({'task': 'dtect'}, ValueError), ({'format': 'ylo'}, UnknownNameError), ({'layout': 'x'}, DatasetError)],
)
def test_what_is_wrong_is_refused(arguments: dict[str, Any], error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        make_dataset(tmp_path / 'x', **arguments)
    assert not (tmp_path / 'x').exists()
