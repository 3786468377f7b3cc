"""JSON files in ``annotations/`` of other names than COCO's: read where that is plain, else counted or warned of."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def add(tmp_path: Path, make: Any) -> Any:
    """Add a file of annotations with one picture and so many boxes; returns the dataset."""

    def add_file(name: str, boxes: int = 1, **more: Any) -> Path:
        picture = f'{name.removesuffix(".json").replace("/", "-")}.jpg'
        make.picture(tmp_path / 'in' / 'images' / picture)
        document = {
            'images': [{'id': 1, 'file_name': picture}],
            'annotations': [
                {'id': number, 'image_id': 1, 'category_id': 1, 'bbox': [number, 1, 9, 9]}
                for number in range(1, boxes + 1)
            ],
            'categories': [{'id': 1, 'name': 'x'}],
            **more,
        }
        path = tmp_path / 'in' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))
        return tmp_path / 'in'

    return add_file


def dropped(conversion: Any) -> list[tuple[str, str, list[str]]]:
    return [(one.kind, one.reason, one.examples) for one in conversion.report.dropped]


@pytest.mark.parametrize('name', ['val.json', 'my_val2017.json', 'labels-validation.json'])
def test_a_file_called_after_a_split_is_that_split(name: str, add: Any, tmp_path: Path) -> None:
    add('annotations/instances_train.json')
    source = add(f'annotations/{name}', 3)
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.splits == {'train': 1, 'valid': 1}
    assert conversion.report.kept['bounding_box'] == 4
    assert not conversion.report.losses


def test_files_called_after_splits_alone_are_a_dataset(add: Any, tmp_path: Path) -> None:
    add('annotations/train.json')
    source = add('annotations/val.json')
    assert detect_format(source) == 'coco'
    assert convert(source, tmp_path / 'out', to='yolo').splits == {'train': 1, 'valid': 1}


@pytest.mark.parametrize('name', ['dm_v1', 'dm_v2', 'pascal_voc', 'yolo'])
@pytest.mark.parametrize('others', [['val.json'], ['a_val.json', 'b_val.json'], ['train.json', 'val.json']])
def test_a_dataset_of_another_format_stays_it(
    name: str, others: list[str], add: Any, make: Any, tmp_path: Path
) -> None:
    source = make.dm(tmp_path / 'dm', {'a.jpg': {'bounding_box': [make.box('x', 1, 2, 9, 9)]}})
    root = convert(source, tmp_path / 'in', to=name).path
    assert detect_format(root) == name
    for other in others:
        add(f'annotations/{other}')
    assert detect_format(root) == name
    assert convert(root, tmp_path / 'out', to='dm_v2').report.kept['bounding_box'] == 1


def test_such_a_file_beside_another_format_is_read_if_asked_for(add: Any, make: Any, tmp_path: Path) -> None:
    source = make.dm(tmp_path / 'dm', {'a.jpg': {'bounding_box': [make.box('x', 1, 2, 9, 9)]}})
    convert(source, tmp_path / 'in', to='yolo')
    root = add('annotations/val.json')
    assert open_dataset(root, 'coco').splits == ['valid']
    add('annotations/instances_train.json')
    with pytest.raises(FormatError, match='coco or yolo'):
        detect_format(root)


def test_a_folder_in_a_folder_is_told_by_what_is_sure(add: Any, make: Any, tmp_path: Path) -> None:
    source = make.dm(tmp_path / 'dm', {'a.jpg': {'bounding_box': [make.box('x', 1, 2, 9, 9)]}})
    convert(source, tmp_path / 'in', to='yolo')
    (tmp_path / 'outer').mkdir()
    add('annotations/val.json').rename(tmp_path / 'outer' / 'in')
    with pytest.raises(FormatError, match=r'in \(yolo\)'):
        detect_format(tmp_path / 'outer')


def test_pictures_of_such_a_split_are_found_under_its_own_name(add: Any, make: Any, tmp_path: Path) -> None:
    source = add('annotations/train2017.json')
    (source / 'images' / 'train2017').mkdir()
    picture = source / 'images' / 'annotations-train2017.jpg'
    picture.rename(source / 'images' / 'train2017' / picture.name)
    assert convert(source, tmp_path / 'out', to='yolo').count == 1


def test_a_large_file_is_known_by_what_stands_at_its_end(add: Any, tmp_path: Path) -> None:
    add('annotations/instances_train.json')
    picture = 'annotations-val.jpg'
    source = add('annotations/val.json', 3, images=[{'id': 1, 'file_name': picture, 'note': 'x' * (3 << 20)}])
    assert convert(source, tmp_path / 'out', to='coco').report.kept['bounding_box'] == 4


@pytest.mark.parametrize(
    ('name', 'more', 'reason'),
    [
        ('captions_val.json', {'categories': None}, 'captions'),
        ('panoptic_val.json', {}, 'panoptic'),
        ('image_info_test2017.json', {'annotations': None}, 'without annotations'),
        ('instances.json', {}, 'tells no split'),
        ('stuff.json', {}, 'tells no split'),
        ('everything.json', {}, 'tells no split'),
        ('my_train.json', {}, 'another file is its split'),
        ('image_test.json', {'annotations': None}, 'it has no annotations'),
    ],
)
def test_a_file_of_annotations_that_is_not_read_is_counted(
    name: str, more: dict[str, Any], reason: str, add: Any, tmp_path: Path
) -> None:
    add('annotations/instances_train.json')
    source = add(f'annotations/{name}', **more)
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.report.kept['bounding_box'] == 1
    ((_, found, examples),) = [one for one in dropped(conversion) if one[0] == 'annotation file']
    assert reason in found
    assert examples == [f'annotations/{name}']


def test_a_file_beside_one_without_a_split_is_counted(add: Any, tmp_path: Path) -> None:
    add('annotations/instances.json')
    add('annotations/val.json')
    source = add('annotations.json')
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.splits == {}
    (found,) = [one for one in dropped(conversion) if one[0] == 'annotation file']
    assert found[1].startswith('a file that tells no split is the whole dataset')
    assert found[2] == ['annotations/val.json', 'annotations.json']


def test_two_files_that_could_be_one_split_are_none(add: Any, tmp_path: Path) -> None:
    add('annotations/instances_train.json')
    add('annotations/a_val.json')
    source = add('annotations/b_val.json')
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.splits == {'train': 1}
    (found,) = [one for one in dropped(conversion) if one[0] == 'annotation file']
    assert found[1].startswith('another file that is not read could be its split, too')
    assert found[2] == ['annotations/a_val.json', 'annotations/b_val.json']
    (source / 'annotations' / 'instances_train.json').unlink()
    for name in (None, 'coco'):
        with pytest.raises(FormatError, match=r'a_val\.json and b_val\.json') as caught:
            open_dataset(source, name)
        assert 'keep one of them' in str(caught.value)
        assert 'more than one file of a split' in str(caught.value)
        assert 'instances_' not in str(caught.value)


def test_a_split_is_read_though_a_file_beside_it_tells_none(add: Any, tmp_path: Path) -> None:
    add('annotations/instances_train.json')
    add('annotations/instances.json')
    source = add('annotations/val.json')
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.splits == {'train': 1, 'valid': 1}
    (found,) = [one for one in dropped(conversion) if one[0] == 'annotation file']
    assert found[2] == ['annotations/instances.json']


def test_a_file_may_begin_with_a_byte_order_mark(add: Any, tmp_path: Path) -> None:
    source = add('annotations/val.json')
    path = source / 'annotations' / 'val.json'
    path.write_bytes(BOM_UTF8 + path.read_bytes())
    assert detect_format(source) == 'coco'
    assert convert(source, tmp_path / 'out', to='coco').splits == {'valid': 1}


@pytest.mark.parametrize(
    'content', ['{"images": 7}', '[]', '{"a": [1]}', '', 'no JSON', '{"segments_info": 1}']
)
def test_a_file_that_is_no_annotations_is_warned_of(content: str, add: Any, tmp_path: Path) -> None:
    source = add('annotations/instances_train.json')
    (source / 'annotations' / 'val.json').write_text(content)
    conversion = convert(source, tmp_path / 'out', to='coco')
    assert conversion.splits == {'train': 1}
    assert conversion.report.warnings == ['annotations/val.json is no COCO file and was not read.']
    assert not conversion.report.losses


def test_a_file_that_comes_later_is_seen(add: Any, tmp_path: Path) -> None:
    source = add('annotations/instances_train.json')
    convert(source, tmp_path / 'out', to='coco')
    add('annotations/captions_train.json', categories=None)
    conversion = convert(source, tmp_path / 'out', to='coco', overwrite=True)
    assert 'captions are not read' in str(dropped(conversion))
