"""YOLO of every task: what is written, what ultralytics makes of it, and what comes back."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.datasets.skeletons import PERSON_17
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


def box(label: str, *data: float, group: str = '', **attrs: Any) -> dict[str, Any]:
    item = {
        'id': f'b{data}',
        'classification': label,
        'attrs': [{'name': name, 'value': value} for name, value in attrs.items()],
        'data': list(data),
    }
    return {**item, 'group_id': group} if group else item


def joint(label: str, x: float, y: float, group: str | None = 'g', seen: int | None = 2) -> dict[str, Any]:
    item = {'id': f'{group}{label}', 'classification': label, 'attrs': [], 'data': [x, y]}
    item |= {'group_id': group} if group else {}
    return item | ({} if seen is None else {'visibility': seen})


def lines(root: Path, name: str) -> list[list[float]]:
    text = (root / f'labels/{name}.txt').read_text('utf-8')
    return [[float(number) for number in line.split()] for line in text.splitlines()]


def told(report: Any, bucket: str) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.reason, entry.count) for entry in getattr(report, bucket)]


def read(root: Path) -> list[tuple[str, str | None, Any]]:
    (sample,) = open_dataset(root)
    return [(one.tool, one.label, one.data) for one in sample.annotations]


# -- which task -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('tools', 'task'),
    [
        ({'bounding_box': [box('x', 1, 1, 9, 9)]}, 'detect'),
        ({'bounding_box': [box('x', 1, 1, 9, 9, rotation=0)]}, 'detect'),
        ({'bounding_box': [box('x', 5, 5, 9, 9, rotation=0.5)]}, 'obb'),
        (
            {
                'bounding_box': [box('x', 5, 5, 9, 9, rotation=0.5)],
                'segmentation': [{'classification': 'x', 'data': [1]}],
            },
            'segment',
        ),
        ({'keypoint': [joint('nose', 5, 5)], 'segmentation': [{'classification': 'x', 'data': [1]}]}, 'pose'),
        ({'keypoint': [joint('nose', 5, 5, group=None)], 'bounding_box': [box('x', 1, 1, 9, 9)]}, 'detect'),
        ({'classification': [{'classification': 'cat', 'data': {}}]}, 'classify'),
    ],
)
def test_the_task_is_what_the_annotations_are_for(
    tools: dict[str, Any], task: str, tmp_path: Path, make: Any
) -> None:
    make.dm(tmp_path / 'in', {'a.jpg': tools})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    assert conversion.task == task
    assert detect_format(tmp_path / 'out') == 'yolo'
    again = convert(tmp_path / 'out', tmp_path / 'again', to='yolo')
    assert again.task == task


# -- pose -----------------------------------------------------------------------------------------------------


@pytest.fixture
def people(tmp_path: Path, make: Any) -> Path:
    return make.dm(
        tmp_path / 'in',
        {
            'a.jpg': {
                'bounding_box': [box('person', 4, 4, 40, 40, group='g'), box('person', 1, 1, 5, 5)],
                'keypoint': [
                    joint('left_eye', 20, 10, seen=1),
                    joint('nose', 18, 12, seen=None),
                    joint('nose', 50, 30, 'h'),
                    joint('right_eye', 54, 24, 'h'),
                    joint('left_ear', 0, 0, 'h', 0),
                    joint('nose', 9, 9, None),
                ],
            }
        },
    )


def test_poses_are_written_and_come_back(people: Path, tmp_path: Path) -> None:
    conversion = convert(people, tmp_path / 'out', to='yolo')
    assert (conversion.task, conversion.classes) == ('pose', ['person'])
    config = yaml.safe_load((tmp_path / 'out/dataset.yaml').read_text('utf-8'))
    assert (config['kpt_shape'], config['flip_idx']) == ([17, 3], PERSON_17.flip)
    assert config['kpt_names'] == {0: list(PERSON_17.joints)}
    found = lines(tmp_path / 'out', 'a')
    assert [len(line) for line in found] == [5 + 51] * 3
    assert found[0][:11] == pytest.approx(
        [0, 0.375, 0.5, 0.625, 40 / 48, 18 / 64, 0.25, 2, 20 / 64, 10 / 48, 1]
    )
    assert found[1][:5] == pytest.approx([0, 52 / 64, 27 / 48, 4 / 64, 6 / 48])
    assert found[2][5:] == [0] * 51
    assert conversion.report.kept == {'bounding_box': 2, 'keypoint': 5, 'image': 1}
    assert told(conversion.report, 'dropped') == [
        ('keypoint', 'it belongs to no group, so nothing tells whose joint it is', 1)
    ]
    assert ('keypoint', 'its object got the box around its joints', 1) in told(conversion.report, 'noted')
    (sample,) = open_dataset(tmp_path / 'out')
    assert [(one.tool, one.label, one.extra) for one in sample.annotations] == [
        ('bounding_box', 'person', {'group_id': 'pose-1'}),
        ('keypoint', 'nose', {'group_id': 'pose-1', 'visibility': 2}),
        ('keypoint', 'left_eye', {'group_id': 'pose-1', 'visibility': 1}),
        ('bounding_box', 'person', {'group_id': 'pose-2'}),
        ('keypoint', 'nose', {'group_id': 'pose-2', 'visibility': 2}),
        ('keypoint', 'right_eye', {'group_id': 'pose-2', 'visibility': 2}),
        ('bounding_box', 'person', {}),
    ]
    convert(tmp_path / 'out', tmp_path / 'dm', to='dm_v2')
    convert(tmp_path / 'dm', tmp_path / 'again', to='yolo')
    assert lines(tmp_path / 'again', 'a') == [pytest.approx(line, abs=1e-6) for line in found]


@pytest.mark.parametrize(
    ('count', 'said', 'written', 'names'),
    [
        (3, 'flip_idx: [2, 1, 0]', [2, 1, 0], ['joint_0', 'joint_1', 'joint_2']),
        (3, 'flip_idx: [2, 2, 0]', [0, 1, 2], ['joint_0', 'joint_1', 'joint_2']),
        (2, 'kpt_names: {0: [l, r]}', [1, 0], ['l', 'r']),
        (2, 'kpt_names: {0: [l, r]}\nflip_idx: [0, 1]', [0, 1], ['l', 'r']),
        (17, f'flip_idx: {[1, 0, *range(2, 17)]}', [1, 0, *range(2, 17)], [f'joint_{n}' for n in range(17)]),
        (17, f'flip_idx: {PERSON_17.flip}', PERSON_17.flip, list(PERSON_17.joints)),
    ],
)
def test_a_flip_that_a_dataset_declares_is_kept(
    count: int, said: str, written: list[int], names: list[str], tmp_path: Path, make: Any
) -> None:
    make.picture(tmp_path / 'in/images/a.png')
    (tmp_path / 'in/labels').mkdir()
    line = '0 0.5 0.5 0.5 0.5' + ' 0.5 0.5 2' * count
    (tmp_path / 'in/labels/a.txt').write_text(line, encoding='utf-8')
    config = f'train: images\nval: images\nnames: [x]\nkpt_shape: [{count}, 3]\n{said}\n'
    (tmp_path / 'in/dataset.yaml').write_text(config, encoding='utf-8')
    made = convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    config = yaml.safe_load((tmp_path / 'out/dataset.yaml').read_text('utf-8'))
    assert (config['flip_idx'], config['kpt_names']) == (written, {0: names})
    warned = any('flip_idx' in sentence for sentence in made.report.warnings)
    assert warned == (said == 'flip_idx: [2, 2, 0]')


def test_any_skeleton_and_any_class(tmp_path: Path, make: Any) -> None:
    tools = {
        'bounding_box': [box('개', 4, 4, 40, 40, group='1'), box('cat', 1, 1, 5, 5, group='2')],
        'keypoint': [joint('tail', 5, 5, '1'), joint('left paw', 8, 8, '1'), joint('right paw', 9, 9, '2')],
    }
    make.dm(tmp_path / 'in', {'a.jpg': tools})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    assert conversion.classes == ['cat', '개']
    config = yaml.safe_load((tmp_path / 'out/dataset.yaml').read_text('utf-8'))
    assert (config['kpt_shape'], config['flip_idx']) == ([3, 3], [1, 0, 2])
    assert [int(line[0]) for line in lines(tmp_path / 'out', 'a')] == [1, 0]
    assert sorted(read(tmp_path / 'out'), key=str) == sorted(
        [
            (tool, item['classification'], pytest.approx(item['data'], abs=1e-5))
            for tool in tools
            for item in tools[tool]
        ],
        key=str,
    )
    chosen = convert(
        tmp_path / 'in', tmp_path / 'mine', to='yolo', skeleton=['tail', 'right paw'], classes=['개']
    )
    assert [len(line) for line in lines(tmp_path / 'mine', 'a')] == [5 + 6]
    assert ('keypoint', 'the skeleton has no such joint', 1) in told(chosen.report, 'dropped')
    with pytest.raises(DatasetError, match='skeleton='):
        convert(tmp_path / 'in', tmp_path / 'wrong', to='yolo', skeleton={'x': 1})


@pytest.mark.parametrize('to', ['yolo', 'coco'])
def test_joints_are_no_classes_whatever_the_dataset_declares(to: str, tmp_path: Path, make: Any) -> None:
    root = make.dm(tmp_path / 'in', {'a.jpg': {'keypoint': [joint('nose', 5, 5), joint('left_eye', 9, 9)]}})
    (root / 'classes.json').write_text(
        '{"classes": ["left_eye", "nose", "person", "tail"]}', encoding='utf-8'
    )
    assert convert(root, tmp_path / 'out', to=to).classes == ['person', 'tail']
    conversion = convert(root, tmp_path / 'chosen', to=to, classes=['person'])
    assert (conversion.classes, conversion.report.losses) == (['person'], False)
    with pytest.raises(DatasetError, match='none of the classes asked for'):
        convert(root, tmp_path / 'none', to=to, classes=['horse'])


def test_foreign_pose_datasets_are_read(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'images/train/a.jpg')
    labels = tmp_path / 'labels/train/a.txt'
    labels.parent.mkdir(parents=True)
    labels.write_text('0 .5 .5 1 1 .25 .5 .75 .5\n', encoding='utf-8')
    config = tmp_path / 'data.yaml'
    config.write_text(
        'train: images/train\nval: images/train\nkpt_shape: [2, 2]\nnames: [dog]\n', encoding='utf-8'
    )
    assert read(tmp_path) == [
        ('bounding_box', 'dog', [0, 0, 64, 48]),
        ('keypoint', 'joint_0', [16, 24]),
        ('keypoint', 'joint_1', [48, 24]),
    ]


# -- obb ------------------------------------------------------------------------------------------------------


def test_rotated_boxes_are_corners_in_order(tmp_path: Path, make: Any) -> None:
    tools = {
        'bounding_box': [
            box('ship', 10, 20, 20, 8, rotation=0.3),
            box('ship', 10, 20, 20, 8),
            box('ship', 10, 20, 20, 8, rotation=pi / 2),
            box('ship', 50, 30, 20, 8, rotation=1),
        ],
        'polygon': [
            {'id': 'p', 'classification': 'ship', 'attrs': [], 'data': [[5, 5], [15, 5], [15, 11], [5, 11]]}
        ],
        'segmentation': [{'id': 's', 'classification': 'ship', 'attrs': [], 'data': [[64 * 4 + 4, 5]]}],
    }
    make.dm(tmp_path / 'in', {'a.jpg': tools})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='obb')
    found = lines(tmp_path / 'out', 'a')
    assert [len(line) for line in found] == [9] * 6
    assert found[1] == pytest.approx(
        [0, 10 / 64, 20 / 48, 30 / 64, 20 / 48, 30 / 64, 28 / 48, 10 / 64, 28 / 48]
    )
    assert told(conversion.report, 'changed') == [
        ('bounding_box', 'it was clipped to the image', 1),
        ('polygon', 'it became a rotated box', 1),
        ('segmentation', 'it became a rotated box', 1),
    ]
    assert conversion.report.kept['bounding_box'] == 3
    (sample,) = open_dataset(tmp_path / 'out')
    back = [(one.data, next((attr['value'] for attr in one.attrs), 0.0)) for one in sample.annotations[:3]]
    assert back == [
        (pytest.approx([10, 20, 20, 8], abs=1e-4), pytest.approx(angle, abs=1e-5))
        for angle in (0.3, 0, pi / 2)
    ]
    assert max(max(line[1:]) for line in found) <= 1


# -- classify -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('samples', 'said'),
    [
        (
            ['a.jpg'],
            'The dataset has no splits; a trainer of classify divides the pictures by itself then. --split',
        ),
        (
            ['train/a.jpg'],
            'no split valid, and a trainer of classify stops without pictures for validation; --split',
        ),
        (['train/a.jpg', 'test/b.jpg'], 'no split valid, so a trainer takes test for validation.'),
        (
            ['valid/a.jpg'],
            'no split train; a trainer of classify divides the pictures by itself then. --split',
        ),
        (['train/a.jpg', 'valid/b.jpg'], ''),
    ],
)
def test_classify_says_what_a_trainer_makes_of_splits_that_are_not_there(
    samples: list[str], said: str, tmp_path: Path, make: Any
) -> None:
    tools = {'classification': [{'id': 'x', 'classification': 'x', 'attrs': [], 'data': {}}]}
    make.dm(tmp_path / 'in', dict.fromkeys(samples, tools))
    made = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='classify')
    assert said in ' '.join(made.report.warnings)
    assert bool(said) == bool(made.report.warnings)
    assert 'dataset.yaml' not in ' '.join(made.report.warnings)


def test_classify_is_a_folder_a_class(tmp_path: Path, make: Any) -> None:
    def of(*labels: str) -> dict[str, Any]:
        items = [{'id': label, 'classification': label, 'attrs': [], 'data': {}} for label in labels]
        return {'classification': items}

    make.dm(
        tmp_path / 'in',
        {
            'train/a.jpg': of('고양이'),
            'train/b.jpg': of('a/b'),
            'train/c.jpg': of('a/b', '고양이', 'a/b'),
            'train/d.jpg': {'bounding_box': [box('x', 1, 1, 9, 9)]},
            'valid/a.jpg': of('고양이'),
        },
    )
    for to in ('yolo', 'imagefolder'):
        root = tmp_path / to
        conversion = convert(tmp_path / 'in', root, to=to, task='classify' if to == 'yolo' else None)
        assert (conversion.count, conversion.splits) == (4, {'train': 3, 'valid': 1})
        assert conversion.classes == ['a/b', '고양이']
        assert conversion.config_path == (root if to == 'yolo' else None)
        pictures = {path.relative_to(root).as_posix() for path in root.rglob('*.jpg')}
        assert pictures == {
            'train/고양이/a.jpg',
            'train/a%2Fb/b.jpg',
            'train/a%2Fb/c.jpg',
            'valid/고양이/a.jpg',
        }
        assert (root / 'valid/a%2Fb').is_dir()
        assert told(conversion.report, 'dropped') == [
            ('bounding_box', f'{to}{" under task classify" if to == "yolo" else ""} cannot hold it', 1),
            ('classification', 'its picture has another class already', 1),
            ('classification', 'its picture has that class already', 1),
            ('image', 'it has no class as a whole', 1),
        ]
        assert detect_format(root) == to
        reader = open_dataset(root)
        assert reader.classes == ['a/b', '고양이']
        assert [(sample.key, sample.annotations[0].label) for sample in reader] == [
            ('train/a%2Fb/b', 'a/b'),
            ('train/a%2Fb/c', 'a/b'),
            ('train/고양이/a', '고양이'),
            ('valid/고양이/a', '고양이'),
        ]


@pytest.mark.parametrize('task', ['detect', 'segment', 'obb', 'pose'])
def test_lines_that_repeat_another_are_told_of_and_kept(task: str, make: Any, tmp_path: Path) -> None:
    same, other = make.box('x', 1, 1, 9, 9), make.box('y', 1, 1, 9, 9)
    samples = {
        'a.png': {'bounding_box': [same, same, other, same]},
        'b.png': {'bounding_box': [same, other]},
        'c.png': {'bounding_box': [same, same]},
    }
    made = convert(make.dm(tmp_path / 'in', samples), tmp_path / 'out', to='yolo', task=task)
    (entry,) = [one for one in made.report.noted if one.kind == 'label line']
    assert (entry.count, entry.examples) == (3, ['a', 'c'])
    assert len((made.path / 'labels' / 'a.txt').read_text(encoding='utf-8').splitlines()) == 4
    assert not [one for one in made.report.dropped if one.kind == 'bounding_box']


@pytest.mark.parametrize(('seen', 'known'), [('3', 2), ('0.2', 1), ('-1', 0), ('1.0', 1)])
def test_another_visibility_of_a_joint_is_counted(seen: str, known: int, make: Any, tmp_path: Path) -> None:
    source = tmp_path / 'in'
    make.picture(source / 'images/train/a.png')
    (source / 'labels/train').mkdir(parents=True)
    (source / 'labels/train/a.txt').write_text(f'0 .5 .5 .4 .4 .5 .5 {seen}', encoding='utf-8')
    names = 'path: .\ntrain: images/train\nnames: [cat]\nkpt_shape: [1, 3]\n'
    (source / 'dataset.yaml').write_text(names, encoding='utf-8')
    conversion = convert(source, tmp_path / 'out', to='dm_v2')
    (sample,) = open_dataset(conversion.path)
    assert [one.extra['visibility'] for one in sample.annotations if one.tool == 'keypoint'] == [known]
    reason = f'its visibility is none of 0, 1 and 2; {known} was taken'
    changed = [(one.kind, one.reason) for one in conversion.report.changed]
    assert changed == ([] if seen == '1.0' else [('keypoint', reason)])
