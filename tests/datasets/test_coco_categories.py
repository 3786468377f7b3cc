"""What COCO categories say beside their names comes through: joints of their own, supercategories, stuff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.skeletons import Skeleton

if TYPE_CHECKING:
    from pathlib import Path

PERSON = {'id': 1, 'name': 'person', 'keypoints': ['n', 'm'], 'skeleton': [[1, 2]]}
DOG = {'id': 2, 'name': 'dog', 'keypoints': ['tail', 'n', 'paw'], 'skeleton': [[1, 2], [2, 3]]}


def write(root: Path, make: Any, categories: list[Any], *records: dict[str, Any]) -> Path:
    make.picture(root / 'images' / 'a.png')
    (root / 'annotations').mkdir()
    numbered = [
        {'id': number, 'image_id': 1, 'bbox': [number, 1, 9, 9], **record}
        for number, record in enumerate(records, 1)
    ]
    document = {
        'images': [{'id': 1, 'file_name': 'a.png'}],
        'categories': categories,
        'annotations': numbered,
    }
    (root / 'annotations' / 'instances.json').write_text(json.dumps(document), encoding='utf-8')
    return root


def load(root: Path, name: str = 'annotations/person_keypoints.json') -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / name).read_text('utf-8'))
    return content


def joints(content: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        one['name']: (one['keypoints'], one['skeleton'])
        for one in content['categories']
        if 'keypoints' in one
    }


@pytest.fixture
def two(tmp_path: Path, make: Any) -> Path:
    """A person and a dog with joints of their own."""
    return write(
        tmp_path / 'in',
        make,
        [PERSON, DOG],
        {'category_id': 1, 'keypoints': [5, 6, 2, 7, 7, 2]},
        {'category_id': 2, 'keypoints': [8, 8, 2, 7, 7, 1, 0, 0, 0]},
    )


@pytest.mark.parametrize('layout', ['coco', 'roboflow'])
def test_each_category_keeps_its_joints(layout: str, two: Path, tmp_path: Path) -> None:
    conversion = convert(two, tmp_path / 'out', to='coco', layout=layout)
    assert not conversion.report.losses, conversion.report.lines()
    name = '_annotations.coco.json' if layout == 'roboflow' else 'annotations/person_keypoints.json'
    content = load(tmp_path / 'out', name)
    assert joints(content) == {
        'person': (['n', 'm'], [[1, 2]]),
        'dog': (['tail', 'n', 'paw'], [[1, 2], [2, 3]]),
    }
    found = [one['keypoints'] for one in content['annotations']]
    assert found == [[5, 6, 2, 7, 7, 2], [8, 8, 2, 7, 7, 1, 0, 0, 0]]


def test_the_joints_of_all_are_one_list_where_a_format_has_one(two: Path, tmp_path: Path) -> None:
    conversion = convert(two, tmp_path / 'out', to='yolo')
    assert 'keypoint' not in conversion.report.lost()
    assert len((tmp_path / 'out/labels/a.txt').read_text().splitlines()[1].split()) == 5 + 3 * 4


def test_new_names_hold_for_joints_and_their_classes(two: Path, tmp_path: Path) -> None:
    rename = {'dog': 'hound', 'tail': 'end', 'person': 'hound'}
    conversion = convert(two, tmp_path / 'out', to='coco', rename=rename)
    assert not conversion.report.losses
    assert not conversion.report.warnings
    content = load(tmp_path / 'out')
    assert joints(content) == {'hound': (['n', 'm', 'end', 'paw'], [[1, 2], [3, 1], [1, 4]])}
    found = [one['keypoints'] for one in content['annotations']]
    assert found == [[5, 6, 2, 7, 7, 2, *[0] * 6], [7, 7, 1, 0, 0, 0, 8, 8, 2, 0, 0, 0]]


def test_several_sources_keep_their_joints(two: Path, make: Any, tmp_path: Path) -> None:
    cat = {'id': 1, 'name': 'cat', 'keypoints': ['ear'], 'skeleton': []}
    other = write(tmp_path / 'x', make, [cat], {'category_id': 1, 'keypoints': [5, 6, 2, 7, 7, 2]})
    boxes = write(tmp_path / 'y', make, [{'id': 1, 'name': 'cat'}], {'category_id': 1})
    conversion = convert([two, other, boxes], tmp_path / 'out', to='coco')
    assert not conversion.report.losses
    assert [joint for joint, _ in joints(load(tmp_path / 'out')).values()] == [
        ['n', 'm'],
        ['tail', 'n', 'paw'],
        ['ear', 'joint_1'],
    ]


def test_sources_that_tell_no_joints_by_class_have_those_of_all(two: Path, make: Any, tmp_path: Path) -> None:
    box = make.box('person', 1, 1, 30, 30, group_id='g')
    joint = {**make.box('tail', 5, 5), 'group_id': 'g', 'visibility': 2}
    other = make.dm(tmp_path / 'dm', {'b.png': {'bounding_box': [box], 'keypoint': [joint]}})
    conversion = convert([two, other], tmp_path / 'out', to='coco')
    assert not conversion.report.losses
    assert {tuple(sorted(names)) for names, _ in joints(load(tmp_path / 'out')).values()} == {
        ('m', 'n', 'paw', 'tail')
    }


def test_joints_beyond_the_names_are_kept(make: Any, tmp_path: Path) -> None:
    source = write(tmp_path / 'in', make, [PERSON], {'category_id': 1, 'keypoints': [1, 1, 2] * 3})
    convert(source, tmp_path / 'out', to='coco')
    assert load(tmp_path / 'out')['annotations'][0]['keypoints'] == [1, 1, 2] * 3


def test_supercategories_are_kept(make: Any, tmp_path: Path) -> None:
    categories = [
        {'id': 1, 'name': 'cat', 'supercategory': 'animal'},
        {'id': 2, 'name': 'car', 'supercategory': None},
    ]
    source = write(tmp_path / 'in', make, categories, {'category_id': 1}, {'category_id': 2})
    convert(source, tmp_path / 'out', to='coco', rename={'cat': 'kitten'})
    content = load(tmp_path / 'out', 'annotations/instances.json')
    found = {one['name']: one['supercategory'] for one in content['categories']}
    assert found == {'kitten': 'animal', 'car': ''}


def test_ids_that_are_kept_go_with_the_class(make: Any, tmp_path: Path) -> None:
    categories = [{'id': 3, 'name': 'cat'}, {'id': 7, 'name': 'dog'}]
    source = write(tmp_path / 'in', make, categories, {'category_id': 3}, {'category_id': 7})
    convert(source, tmp_path / 'out', to='coco', rename={'cat': 'feline'}, category_ids='keep')
    content = load(tmp_path / 'out', 'annotations/instances.json')
    assert {one['name']: one['id'] for one in content['categories']} == {'feline': 3, 'dog': 7}


def test_stuff_stays_stuff_in_one_file_of_all(make: Any, tmp_path: Path) -> None:
    ring = [[1, 1, 50, 1, 50, 40]]
    source = write(
        tmp_path / 'in',
        make,
        [{'id': 1, 'name': 'cat'}, {'id': 2, 'name': 'sky'}],
        {'category_id': 1, 'segmentation': ring},
        {'category_id': 2, 'segmentation': ring},
    )
    convert(source, tmp_path / 'one', to='coco', layout='roboflow', stuff=['sky'])
    conversion = convert(tmp_path / 'one', tmp_path / 'out', to='coco')
    assert not conversion.report.losses
    (found,) = load(tmp_path / 'out', 'annotations/stuff.json')['annotations']
    assert found['category_id'] == 2


def test_skeletons_are_joined_by_the_names_of_their_joints() -> None:
    first = Skeleton('person', ('a', 'b'), ((0, 1),))
    second = Skeleton('dog', ('c', 'b', 'a'), ((0, 1), (1, 2)))
    assert first.joined(second) == Skeleton('person', ('a', 'b', 'c'), ((0, 1), (2, 1), (1, 0)))
    assert first.renamed({'a': 'x'}).joints == ('x', 'b')
    assert first.renamed({'a': 'b'}) is first
