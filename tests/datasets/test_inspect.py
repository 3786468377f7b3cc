"""`datasets.inspect`: what a dataset holds and what is wrong with it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import datasets
from synapse_plugins.datasets import Annotation, ImageFile, LabelledImage, Report, Sample
from synapse_plugins.datasets.inspection.duplicates import DuplicateFinder, Entry
from synapse_plugins.datasets.inspection.tally import Tally
from synapse_plugins.datasets.preview import Choice
from synapse_plugins.errors import DatasetError
from synapse_plugins.testing.drawings import draw, make_dataset

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

    from synapse_plugins.datasets.inspection import Inspection


def codes(record: Inspection) -> dict[str, int]:
    return {finding.code: finding.count for finding in record.findings}


def test_figures_of_a_small_dataset(blood: Path) -> None:
    record = datasets.inspect(blood)
    assert (record.format, record.images, record.annotations, record.empty) == ('dm_v2', 4, 4, 1)
    assert [(split.name, split.images, split.empty, split.annotations) for split in record.splits] == [
        ('train', 2, 0, 3),
        ('valid', 1, 0, 1),
        ('test', 1, 1, 0),
    ]
    assert [
        (figures.name, figures.annotations, figures.images, figures.splits) for figures in record.classes
    ] == [
        ('RBC', 2, 2, {'train': 2}),
        ('WBC', 2, 2, {'train': 1, 'valid': 1}),
    ]
    assert record.kinds == {'bounding_box': 4}
    assert record.sizes.common == [(64, 48, 4)]
    assert record.trainer.images == 4
    assert record.trainer.annotations == 4
    missing = record.finding('missing_class')
    assert missing is not None
    assert missing.examples == ['RBC in valid']


def test_the_record_is_plain_data_and_always_the_same(blood: Path) -> None:
    once, twice = datasets.inspect(blood).to_dict(), datasets.inspect(blood).to_dict()
    assert once == twice
    assert json.loads(json.dumps(once))['classes'][0]['name'] == 'RBC'


def test_every_kind_is_counted(tmp_path: Path) -> None:
    root = draw(tmp_path / 'all', ['detect', 'segment', 'obb', 'mask', 'pose', 'classify'], splits={None: 1})
    record = datasets.inspect(root)
    assert record.kinds == {
        'bounding_box': 2,
        'rotated_box': 2,
        'polygon': 2,
        'segmentation': 2,
        'keypoint': 6,
        'classification': 1,
    }
    assert record.poses == 2
    assert record.joints == {'nose': 2, 'left_eye': 2, 'right_eye': 2}
    assert {figures.name for figures in record.classes} == {'ball', '상자'}
    assert record.splits[0].name is None
    assert sum(map(sum, record.positions)) == 8


def test_what_is_wrong_with_boxes(tmp_path: Path, make: SimpleNamespace) -> None:
    boxes: dict[str, tuple[float, ...]] = {
        'good': (4, 4, 20, 20),
        'degenerate': (4, 4, 0, 20),
        'negative': (30, 30, -10, 5),
        'outside': (64, 4, 20, 20),
        'partly': (60, 4, 20, 20),
        'rounding': (44.0004, 4, 20, 20),
        'tiny': (4, 4, 0.1, 20),
        'malformed': (1, 2, 3),
    }
    items = [make.box(name, *data) for name, data in boxes.items()]
    items += [make.box('good', 4, 4, 20, 20), make.box(None, 5, 5, 20, 20)]
    record = datasets.inspect(make.dm(tmp_path / 'boxes', {'a.png': {'bounding_box': items}}))
    found = codes(record)
    assert {
        code: found.get(code) for code in ('degenerate', 'outside', 'partly_outside', 'tiny', 'malformed')
    } == {
        'degenerate': 2,
        'outside': 1,
        'partly_outside': 1,
        'tiny': 1,
        'malformed': 1,
    }
    assert (found['repeated'], found['no_class'], found['leaves_picture_out']) == (1, 1, 1)
    outside = record.finding('outside')
    assert outside is not None
    assert outside.examples == ['a: outside (64, 4, 20, 20)']
    assert record.worst == 'error'
    assert record.trainer.annotations == 4  # good, partly, rounding, tiny
    assert record.trainer.skipped_annotations == {
        'malformed': 1,
        'degenerate': 2,
        'outside': 1,
        'repeated': 1,
        'no_class': 1,
    }


def test_rotated_boxes_polygons_masks_and_points_are_looked_at(tmp_path: Path, make: SimpleNamespace) -> None:
    turned = make.box('x', 10, 2, 20, 2)
    turned['attrs'] = [{'name': 'rotation', 'value': 1.5707963}]
    tools: dict[str, Any] = {
        'bounding_box': [turned],  # upright it would lie inside
        'polygon': [make.polygon('x', (1, 1), (5, 5)), make.polygon('x', (100, 1), (105, 5), (100, 9))],
        'segmentation': [{'id': 'm', 'classification': 'x', 'attrs': [], 'data': []}],
        'keypoint': [
            {'id': 'k', 'classification': 'nose', 'attrs': [], 'data': [-5, 1]},
            {'id': 'l', 'classification': 'nose', 'attrs': [], 'data': [-5, 1], 'visibility': 0},
        ],
        'polyline': [{'id': 'p', 'classification': 'x', 'attrs': [], 'data': [[60, 4], [90, 4]]}],
    }
    masks = tools['segmentation']
    masks += [{**masks[0], 'data': data} for data in ([[64 * 48, 5]], [[64 * 47, 70]])]
    record = datasets.inspect(make.dm(tmp_path / 'kinds', {'a.png': tools}))
    found = codes(record)
    assert found['degenerate'] == 2  # the polygon of two corners, the mask of no pixels
    assert found['outside'] == 3  # the polygon, a mask, and the keypoint that is not marked as missing
    assert found['partly_outside'] == 3  # the turned box, the polyline and a mask


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path, make: SimpleNamespace) -> None:
    boxes = {'bounding_box': [make.box('x', 1, 1, 8, 8)]}
    root = make.dm(
        tmp_path / 'bad', {f'train/{name}': boxes for name in ('good.png', 'cut.png', 'none.jpg', 'no.jpg')}
    )
    files = root / 'train' / 'original_files'
    (files / 'cut.png').write_bytes((files / 'cut.png').read_bytes()[:-30])
    (files / 'none.jpg').write_bytes(b'')
    (files / 'no.jpg').write_text('no picture', encoding='utf-8')
    record = datasets.inspect(root)
    assert (record.images, record.unreadable, record.annotations) == (1, 3, 1)
    assert record.trainer.skipped_images == {'unreadable': 3}
    unreadable = [finding for finding in record.findings if finding.code == 'unreadable']
    assert {finding.title for finding in unreadable} >= {
        'pictures that cannot be read (the file is empty)',
        'pictures that cannot be read (it is not a picture that can be read)',
    }
    assert {example for finding in unreadable for example in finding.examples} == {
        'train/cut',
        'train/none',
        'train/no',
    }
    lost = record.finding('lost_with_picture')
    assert lost is not None
    assert lost.count == 3


def test_verify_decodes_the_pixels(tmp_path: Path, make: SimpleNamespace) -> None:
    root = make.dm(tmp_path / 'broken', {'a.png': {'bounding_box': [make.box('x', 1, 1, 8, 8)]}})
    path = root / 'original_files' / 'a.png'
    content = bytearray(path.read_bytes())
    content[60:70] = b'\xff' * 10
    path.write_bytes(content)
    assert datasets.inspect(root).unreadable == 0
    assert datasets.inspect(root, verify=True).unreadable == 1


def test_what_a_trainer_skips(tmp_path: Path, make: SimpleNamespace) -> None:
    boxes = {'bounding_box': [make.box('x', 1, 1, 4, 4)]}
    root = make.dm(tmp_path / 'small', {'a.png': boxes, 'b.gif': boxes, 'c.png': boxes})
    make.picture(root / 'original_files' / 'a.png', (64, 9))
    record = datasets.inspect(root)
    assert record.trainer.skipped_images == {'small_picture': 1, 'untrainable': 1}
    assert record.trainer.images == 1


def test_copies_and_leaks_are_found_by_content(tmp_path: Path) -> None:
    root = draw(tmp_path / 'copies', ['detect'], splits={'train': 4, 'valid': 2})
    train, valid = (root / split / 'original_files' for split in ('train', 'valid'))
    shutil.copy(train / 'train_0.png', train / 'train_2.png')
    shutil.copy(train / 'train_1_사진.png', valid / 'valid_1_사진.png')
    record = datasets.inspect(root)
    assert [(group.keys, group.splits) for group in record.duplicates] == [
        (['train/train_1_사진', 'valid/valid_1_사진'], ['train', 'valid']),
        (['train/train_0', 'train/train_2'], ['train']),
    ]
    leak, copies = record.finding('leak'), record.finding('duplicate')
    assert leak is not None
    assert copies is not None
    assert (leak.severity, leak.count, copies.severity, copies.count) == ('error', 2, 'warning', 1)
    assert not any(group.differs for group in record.duplicates[1:])


def test_copies_that_are_annotated_differently_are_named(tmp_path: Path, make: SimpleNamespace) -> None:
    one, other = [make.box('x', 1, 1, 9, 9)], [make.box('x', 2, 2, 9, 9), make.box('y', 1, 1, 9, 9)]
    root = make.dm(
        tmp_path / 'two',
        {f'{place}.png': {'bounding_box': one if place < 2 else other} for place in range(3)},
    )
    record = datasets.inspect(root)
    conflict = record.finding('conflict')
    assert conflict is not None
    assert (conflict.count, conflict.examples) == (1, ['0 = 1 = 2'])


def test_copies_of_large_files_differ_in_the_middle(tmp_path: Path) -> None:
    content = bytearray(100_000)
    files = []
    for number, middle in enumerate((0, 1, 0, 1, 2)):
        content[50_000] = middle
        files.append(tmp_path / f'{number}.bin')
        files[-1].write_bytes(content)
    with DuplicateFinder() as finder:
        for path in files:
            finder.add(Entry(str(path), path.stem, ''), len(content))
        finder.add(Entry(str(tmp_path / 'gone.bin'), '\udce4', ''), len(content))
        groups = [[entry.key for entry in entries] for _, entries in finder.groups()]
    assert groups == [['0', '2'], ['1', '3']]


def test_other_media_are_counted_and_not_measured(tmp_path: Path) -> None:
    section = Annotation('segmentation', 'run', {'startFrame': 1, 'endFrame': 9})
    film = Sample('a', None, ImageFile(tmp_path / 'a.mp4', name='a.mp4', media='video'), [section])
    tally = Tally([None])
    assert tally.add(film) == {}
    assert (tally.images, tally.media, tally.kinds) == (1, {'video': 1}, {'segmentation': 1})
    assert tally.sizes().smallest is None
    image = LabelledImage(film, {'run': 0}, Report())
    assert image.boxes.shape == (0, 4)
    choice = Choice(3)
    choice.look(film)
    assert choice.chosen() == []


def test_classes_and_splits(tmp_path: Path, make: SimpleNamespace) -> None:
    def many(label: str, count: int) -> list[dict[str, Any]]:
        return [make.box(label, number % 40, number // 40, 9, 9) for number in range(count)]

    root = make.dm(
        tmp_path / 'classes',
        {
            'train/a.png': {'bounding_box': [*many('car', 200), *many('bus', 60), *many('Traffic_light', 1)]},
            'valid/b.png': {'bounding_box': [*many('car', 30), *many('bus', 60), *many('traffic light', 3)]},
        },
    )
    (root / 'classes.json').write_text('{"classes": ["bus", "van", "car"]}', encoding='utf-8')
    record = datasets.inspect(root)
    assert [figures.name for figures in record.classes] == [
        'bus',
        'van',
        'car',
        'Traffic_light',
        'traffic light',
    ]
    found = codes(record)
    assert (found['unused_class'], found['undeclared_class'], found['similar_class']) == (1, 2, 1)
    assert (found['rare_class'], found['missing_class'], found['drift'], found['imbalance']) == (2, 2, 2, 0)


@pytest.mark.parametrize('name', ['yolo', 'coco', 'pascal_voc'])
def test_formats_agree(tmp_path: Path, name: str) -> None:
    made = datasets.inspect(make_dataset(tmp_path / name, name))
    plain = datasets.inspect(make_dataset(tmp_path / 'dm'))
    assert (made.images, made.annotations, made.empty) == (plain.images, plain.annotations, plain.empty)
    assert [figures.annotations for figures in made.classes] == [
        figures.annotations for figures in plain.classes
    ]
    assert made.worst == plain.worst


def test_a_dataset_without_annotations(tmp_path: Path, make: SimpleNamespace) -> None:
    record = datasets.inspect(make.dm(tmp_path / 'none', {'a.png': {}}))
    assert record.classes == []
    assert record.finding('no_annotations') is not None


def test_it_can_be_watched_and_cancelled(blood: Path) -> None:
    seen: list[str] = []
    steps: list[tuple[int, int]] = []
    datasets.inspect(
        blood, watch=lambda sample: seen.append(sample.key), progress=lambda *step: steps.append(step)
    )
    assert len(seen) == 4
    assert steps[-1] == (4, 4)
    with pytest.raises(DatasetError, match='cancelled'):
        datasets.inspect(blood, cancelled=lambda: True)


def test_real_blood_cells(real_data: Path) -> None:
    record = datasets.inspect(real_data / 'bccd')
    assert (record.format, record.images, record.annotations) == ('pascal_voc', 364, 4888)
    assert [(split.name, split.images) for split in record.splits] == [
        ('train', 205),
        ('valid', 87),
        ('test', 72),
    ]
    assert {figures.name: figures.annotations for figures in record.classes} == {
        'Platelets': 361,
        'RBC': 4155,
        'WBC': 372,
    }
    degenerate = record.finding('degenerate')
    assert degenerate is not None
    assert degenerate.examples == [
        'train/BloodImage_00343: RBC (180, 328, 0, 0)',
        'valid/BloodImage_00338: RBC (503, 336, 0, 0)',
    ]
