"""COCO's keypoints, stuff, layouts and category ids."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.datasets.skeletons import PERSON_17
from synapse_plugins.errors import DatasetError, FormatError

if TYPE_CHECKING:
    from pathlib import Path


def item(label: str, data: Any, **more: Any) -> dict[str, Any]:
    return {'id': f'{label}{data}', 'classification': label, 'attrs': [], 'data': data, **more}


def joint(label: str, x: float, y: float, group: str, seen: int = 2) -> dict[str, Any]:
    return item(label, [x, y], group_id=group, visibility=seen)


@pytest.fixture
def people(tmp_path: Path, make: Any) -> Path:
    tools = {
        'bounding_box': [item('person', [4, 4, 40, 40], group_id='g'), item('car', [1, 1, 5, 5])],
        'keypoint': [
            joint('left_eye', 20, 10, 'g', 1),
            joint('nose', 18, 12, 'g'),
            joint('nose', 50, 30, 'h'),
            joint('right_eye', 54, 24, 'h'),
        ],
        'segmentation': [item('sky', [[0, 64]], stuff=1), item('car', [[200, 9]])],
    }
    return make.dm(tmp_path / 'in', {'train/a.jpg': tools, 'valid/b.jpg': {}})


def load(root: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / name).read_text('utf-8'))
    return content


def read(root: Path) -> list[tuple[str, str | None, Any]]:
    sample = next(iter(open_dataset(root)))
    found = [(one.tool, one.label, one.data) for one in sample.annotations]
    return sorted(found, key=str)


def test_each_role_has_its_file(people: Path, tmp_path: Path) -> None:
    conversion = convert(people, tmp_path / 'out', to='coco')
    assert conversion.classes == ['car', 'person', 'sky']
    assert conversion.report.kept == {'bounding_box': 2, 'keypoint': 4, 'segmentation': 2, 'image': 2}
    assert not conversion.report.losses
    instances = load(tmp_path / 'out', 'annotations/instances_train.json')
    poses = load(tmp_path / 'out', 'annotations/person_keypoints_train.json')
    stuff = load(tmp_path / 'out', 'annotations/stuff_train.json')
    assert [one['category_id'] for one in instances['annotations']] == [2, 1, 1]
    assert [one['id'] for one in poses['annotations']] == [1, 2]
    assert poses['annotations'][0]['id'] == instances['annotations'][0]['id']
    assert poses['annotations'][0]['keypoints'][:6] == [18, 12, 2, 20, 10, 1]
    assert [one['num_keypoints'] for one in poses['annotations']] == [2, 2]
    assert poses['annotations'][1]['bbox'] == [50, 24, 4, 6]
    (category,) = poses['categories']
    assert (category['name'], category['keypoints']) == ('person', list(PERSON_17.joints))
    assert sorted(category['skeleton'][0]) == [14, 16]
    assert [one['category_id'] for one in stuff['annotations']] == [3]
    assert load(tmp_path / 'out', 'annotations/stuff_valid.json')['annotations'] == []
    for file in (instances, poses, stuff):
        assert [one['file_name'] for one in file['images']] == ['a.jpg']
    assert sorted(path.name for path in (tmp_path / 'out/annotations').iterdir()) == [
        f'{role}_{split}.json'
        for role in ('instances', 'person_keypoints', 'stuff')
        for split in ('train', 'valid')
    ]


@pytest.mark.parametrize('layout', ['coco', 'roboflow'])
def test_all_of_it_comes_back(layout: str, people: Path, tmp_path: Path) -> None:
    first = convert(people, tmp_path / 'there', to='coco', layout=layout)
    assert detect_format(tmp_path / 'there') == 'coco'
    second = convert(tmp_path / 'there', tmp_path / 'back', to='dm_v2')
    assert not first.report.losses
    assert not second.report.losses
    assert read(tmp_path / 'back') == sorted(
        [*read(people), ('bounding_box', 'person', [50, 24, 4, 6])], key=str
    )
    if layout == 'coco':
        convert(tmp_path / 'back', tmp_path / 'again', to='coco')
        for name in ('instances', 'person_keypoints', 'stuff'):
            file = f'annotations/{name}_train.json'
            ours, theirs = load(tmp_path / 'again', file), load(tmp_path / 'there', file)
            for one in (*ours['annotations'], *theirs['annotations']):
                one.pop('id')
            known = [json.dumps(one, sort_keys=True) for one in ours['annotations']]
            assert all(json.dumps(one, sort_keys=True) in known for one in theirs['annotations'])


def test_the_layout_of_roboflow_lies_beside_the_pictures(people: Path, tmp_path: Path) -> None:
    convert(people, tmp_path / 'out', to='coco', layout='roboflow')
    files = {path.relative_to(tmp_path / 'out').as_posix() for path in (tmp_path / 'out').rglob('*.*')}
    assert {'train/a.jpg', 'train/_annotations.coco.json', 'valid/_annotations.coco.json'} <= files
    found = load(tmp_path / 'out', 'train/_annotations.coco.json')
    assert [len(one.get('keypoints', ())) for one in found['annotations']] == [51, 51, 0, 0, 0]
    assert len({one['id'] for one in found['annotations']}) == 5
    with pytest.raises(DatasetError, match='layout='):
        convert(people, tmp_path / 'wrong', to='coco', layout='flat')


def test_category_ids_count_from_one_or_zero_or_are_kept(people: Path, tmp_path: Path) -> None:
    def ids(root: Path) -> dict[str, int]:
        found = load(root, 'annotations/instances_train.json')
        assert {one['category_id'] for one in found['annotations']} <= {
            one['id'] for one in found['categories']
        }
        return {one['name']: one['id'] for one in found['categories']}

    convert(people, tmp_path / 'zero', to='coco', category_ids=0)
    assert ids(tmp_path / 'zero') == {'car': 0, 'person': 1, 'sky': 2}
    path = tmp_path / 'zero/annotations/instances_train.json'
    text = path.read_text('utf-8')
    for old, new in ((2, 90), (1, 44)):
        text = text.replace(f'"id":{old},"name"', f'"id":{new},"name"')
        text = text.replace(f'"category_id":{old},', f'"category_id":{new},')
    path.write_text(text, encoding='utf-8')
    for other in (tmp_path / 'zero/annotations').glob('*.json'):
        if other != path:
            other.unlink()
    convert(tmp_path / 'zero', tmp_path / 'kept', to='coco', category_ids='keep')
    assert ids(tmp_path / 'kept') == {'car': 0, 'person': 44, 'sky': 90}
    convert(tmp_path / 'zero', tmp_path / 'one', to='coco')
    assert ids(tmp_path / 'one') == {'car': 1, 'person': 2, 'sky': 3}
    with pytest.raises(DatasetError, match='category_ids='):
        convert(people, tmp_path / 'wrong', to='coco', category_ids=2)


def test_chosen_classes_are_stuff(people: Path, tmp_path: Path) -> None:
    convert(people, tmp_path / 'out', to='coco', stuff=['car', 'sky'])
    stuff = load(tmp_path / 'out', 'annotations/stuff_train.json')
    assert [one['category_id'] for one in stuff['annotations']] == [3, 1]


def test_poses_of_yolo_and_coco_are_the_same(people: Path, tmp_path: Path) -> None:
    convert(people, tmp_path / 'coco', to='coco')
    convert(tmp_path / 'coco', tmp_path / 'yolo', to='yolo', task='pose')
    convert(people, tmp_path / 'direct', to='yolo', task='pose')
    assert sorted((tmp_path / 'yolo/train/labels/a.txt').read_text().splitlines()) == sorted(
        line.replace('1 ', '1 ', 1)
        for line in (tmp_path / 'direct/train/labels/a.txt').read_text().splitlines()
    )
    convert(tmp_path / 'yolo', tmp_path / 'again', to='coco')
    poses = load(tmp_path / 'again', 'annotations/person_keypoints_train.json')
    assert poses['annotations'][0]['keypoints'][:6] == pytest.approx([18, 12, 2, 20, 10, 1], abs=1e-5)


def test_files_of_a_split_that_disagree_are_refused(people: Path, tmp_path: Path) -> None:
    convert(people, tmp_path / 'out', to='coco')
    path = tmp_path / 'out/annotations/person_keypoints_train.json'
    path.write_text(path.read_text('utf-8').replace('"a.jpg"', '"b.jpg"'), encoding='utf-8')
    with pytest.raises(FormatError, match='same ids in all files of a split'):
        open_dataset(tmp_path / 'out')


@pytest.mark.parametrize('keypoints', [[1, 2], [1, 2, float('inf')], ['x', 1, 2], 'xyz', {'a': 1}])
def test_malformed_keypoints_are_counted(keypoints: Any, people: Path, tmp_path: Path) -> None:
    convert(people, tmp_path / 'out', to='coco')
    path = tmp_path / 'out/annotations/person_keypoints_train.json'
    content = load(tmp_path / 'out', 'annotations/person_keypoints_train.json')
    content['annotations'][0]['keypoints'] = keypoints
    path.write_text(json.dumps(content).replace('Infinity', '1e999'), encoding='utf-8')
    try:
        reader = open_dataset(tmp_path / 'out')
        samples = list(reader)
    except FormatError:
        return  # no JSON
    assert len(samples[0].annotations) == 7
    dropped = [(entry.kind, entry.reason) for entry in reader.report.dropped]
    assert dropped == [('keypoint', 'its data is malformed')]


@pytest.mark.parametrize(
    ('to', 'task'), [('coco', None), ('dm_v2', None), ('yolo', 'segment'), ('yolo', 'obb')]
)
def test_a_mask_of_too_many_corners_or_runs_is_dropped_for_that_reason(
    to: str, task: str | None, make: Any, tmp_path: Path
) -> None:
    side = 4097
    codes = {
        'stripes': [side] * side,  # very many runs, once it is cut by rows
        'dots': [1] * (2 << 20) + [side * side - (2 << 20)],  # very many corners
    }
    annotations = [
        {
            'id': number,
            'image_id': 1,
            'category_id': 1,
            'bbox': [0, 0, 9, 9],
            'segmentation': {'size': [side, side], 'counts': counts},
        }
        for number, counts in enumerate(codes.values())
    ]
    annotations.append({'id': 9, 'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 9, 9]})
    make.picture(tmp_path / 'in' / 'images' / 'a.png', (side, side))
    document = {
        'images': [{'id': 1, 'file_name': 'a.png'}],
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'x'}],
    }
    (tmp_path / 'in' / 'annotations').mkdir()
    (tmp_path / 'in' / 'annotations' / 'instances.json').write_text(json.dumps(document))
    report = convert(tmp_path / 'in', tmp_path / 'out', to=to, task=task).report
    found = {entry.reason for entry in report.dropped if entry.kind == 'segmentation'}
    runs, corners = 'it has more than 2,097,152 runs of pixels', 'its outline has more than 1,048,576 corners'
    assert found == ({runs, corners} if to == 'yolo' else {runs})
