"""What datasets say of classes oddly, and of crowds: kept where it can be, else counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest

from synapse_plugins import backends
from synapse_plugins.datasets import Report, convert, open_dataset
from synapse_plugins.datasets.formats.dm_v2 import document

if TYPE_CHECKING:
    from pathlib import Path


def entries(found: Any) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.reason, entry.count) for entry in found]


def write_coco(root: Path, make: Any, categories: list[Any], annotations: list[Any]) -> Path:
    make.picture(root / 'images' / 'a.png')
    (root / 'annotations').mkdir()
    numbered = [
        {'id': number, 'image_id': 1, 'bbox': [number, 1, 9, 9], 'area': 81, **record}
        for number, record in enumerate(annotations, 1)
    ]
    image = {'id': 1, 'file_name': 'a.png', 'width': 64, 'height': 48}
    text = json.dumps({'images': [image], 'categories': categories, 'annotations': numbered})
    (root / 'annotations' / 'instances.json').write_text(text, encoding='utf-8')
    return root


@pytest.mark.parametrize('second', ['cell', ' cell'])
def test_coco_categories_of_one_name_are_counted_where_they_become_one(
    second: str, tmp_path: Path, make: Any
) -> None:
    categories = [{'id': 1, 'name': 'cell'}, {'id': 2, 'name': second}, {'id': 3, 'name': 'dog'}]
    records = [{'category_id': number} for number in (1, 2, 2, 3)]
    made = convert(write_coco(tmp_path / 'coco', make, categories, records), tmp_path / 'out', to='yolo')
    assert made.classes == ['cell', 'dog']
    assert [line[0] for line in (tmp_path / 'out/labels/a.txt').read_text().splitlines()] == list('0001')
    assert entries(made.report.changed) == [
        ('class', f'of several categories called {second!r} one was made', 2)
    ]
    assert any('one was made' in line for line in made.warnings)


def test_a_second_category_of_a_name_that_nothing_refers_to_is_no_loss(tmp_path: Path, make: Any) -> None:
    categories = [{'id': 0, 'name': 'cell'}, {'id': 1, 'name': 'cell'}]
    source = write_coco(tmp_path / 'coco', make, categories, [{'category_id': 0}])
    assert not convert(source, tmp_path / 'out', to='yolo').report.losses


def test_yolo_classes_of_one_name_are_counted_where_they_become_one(tmp_path: Path, make: Any) -> None:
    source = tmp_path / 'yolo'
    make.picture(source / 'train/images/a.png')
    (source / 'train/labels').mkdir()
    (source / 'train/labels/a.txt').write_text('0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n', encoding='utf-8')
    (source / 'dataset.yaml').write_text('names: [a, a]\ntrain: train/images\n', encoding='utf-8')
    made = convert(source, tmp_path / 'out', to='coco')
    assert made.classes == ['a']
    assert entries(made.report.changed) == [('class', "of several classes called 'a' one was made", 1)]
    with backends.open('local', home=tmp_path / 'home') as backend:
        (note,) = backend.import_dataset(source, 'cells')['notes']
    assert 'one was made' in note


@pytest.mark.parametrize(
    ('rename', 'expected'),
    [
        ({'cat': 'feline'}, {'feline': 3, 'dog': 7, 'e\u0301': 9}),
        ({'cat': 'dog'}, {'dog': 7, 'e\u0301': 9}),
        ({'dog': 'cat'}, {'cat': 3, 'e\u0301': 9}),
        ({'cat': 'dog', 'dog': 'cat'}, {'dog': 3, 'cat': 7, 'e\u0301': 9}),
        ({'cat': 'pet', 'dog': 'pet'}, {'pet': 3, 'e\u0301': 9}),
        ({}, {'cat': 3, 'dog': 7, 'e\u0301': 9}),
    ],
)
def test_a_class_of_another_name_keeps_its_category_id(
    rename: dict[str, str], expected: dict[str, int], tmp_path: Path, make: Any
) -> None:
    categories = [{'id': 9, 'name': 'e\u0301'}, {'id': 3, 'name': 'cat'}, {'id': 7, 'name': 'dog'}]
    source = write_coco(
        tmp_path / 'coco', make, categories, [{'category_id': number} for number in (3, 7, 9)]
    )
    made = convert(source, tmp_path / 'out', to='coco', rename=rename, category_ids='keep')
    written = json.loads((made.path / 'annotations/instances.json').read_text('utf-8'))
    assert {one['name']: one['id'] for one in written['categories']} == {
        normalize('NFC', name): number for name, number in expected.items()
    }


@pytest.mark.parametrize('to', ['yolo', 'pascal_voc'])
def test_a_crowd_is_no_ordinary_box(to: str, tmp_path: Path, make: Any) -> None:
    records = [{'category_id': 1, 'iscrowd': 1}, {'category_id': 1, 'iscrowd': 0}]
    source = write_coco(tmp_path / 'coco', make, [{'id': 1, 'name': 'cell'}], records)
    report = convert(source, tmp_path / 'out', to=to).report
    assert report.kept['bounding_box'] == 1
    assert entries(report.dropped) == [
        ('bounding_box', f'it is a crowd, which {to} would take for one object', 1)
    ]


@pytest.mark.parametrize('way', ['dm_v2', 'coco'])
def test_a_crowd_stays_one_where_that_can_be(way: str, tmp_path: Path, make: Any) -> None:
    records = [{'category_id': 1, 'iscrowd': 1}, {'category_id': 1, 'iscrowd': 0}]
    source = write_coco(tmp_path / 'coco', make, [{'id': 1, 'name': 'cell'}], records)
    assert not convert(source, tmp_path / 'out', to=way).report.losses
    back = convert(tmp_path / 'out', tmp_path / 'back', to='coco').path
    written = json.loads((back / 'annotations/instances.json').read_text('utf-8'))
    assert [record['iscrowd'] for record in written['annotations']] == [1, 0]


@pytest.mark.parametrize('number', [[1], {'id': 1}, None])
def test_a_coco_annotation_without_a_usable_category_is_quarantined_and_named(
    number: Any, tmp_path: Path, make: Any
) -> None:
    records = [{'category_id': 1}, {'category_id': number}]
    source = write_coco(tmp_path / 'coco', make, [{'id': 1, 'name': 'cell'}], records)
    report = convert(source, tmp_path / 'out', to='yolo').report
    assert report.kept['bounding_box'] == 1
    assert [(entry.kind, entry.examples) for entry in report.quarantined] == [
        ('annotation', ['a, annotation 2'])
    ]
    assert entries(report.dropped) == [('bounding_box', 'its category_id is no number', 1)]


@pytest.mark.parametrize(
    'named',
    [
        None,
        [],
        ['cat'],
        'cat',
        7,
        {'bounding_box': None},
        {'bounding_box': 'cat'},
        {'bounding_box': [None, 7, []]},
    ],
)
def test_a_dm_v2_document_may_name_its_classes_oddly(named: Any, blood: Path, tmp_path: Path) -> None:
    path = blood / 'train/json/a.json'
    content = json.loads(path.read_text('utf-8'))
    path.write_text(json.dumps({'classification': named, **content}), encoding='utf-8')
    sample = next(iter(open_dataset(blood, report=Report())))
    assert document(sample)['classification'] == {'bounding_box': ['RBC', 'WBC']}
    assert convert(blood, tmp_path / 'out', to='dm_v2').count == 4
    with backends.open('local', home=tmp_path / 'home') as backend:
        assert backend.import_dataset(blood, 'blood')['count'] == 4
