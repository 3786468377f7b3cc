"""Each format by itself: what is read, what is written, and how it is recognised."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.datasets import convert, detect_format, formats, inspect, open_dataset
from synapse_plugins.datasets.formats import FormatTable, dm_v2
from synapse_plugins.datasets.sample import Annotation, ImageFile, Sample
from synapse_plugins.errors import DatasetError, FormatError, PackConflictError
from synapse_plugins.providers import FormatProvider


def read(root: Path, source_format: str | None = None) -> dict[str, list[tuple[str, str | None, Any]]]:
    """Return key -> (tool, label, data rounded) of every sample."""
    return {
        sample.key: [(a.tool, a.label, rounded(a.data)) for a in sample.annotations]
        for sample in open_dataset(root, source_format)
    }


def rounded(data: Any) -> Any:
    if isinstance(data, list):
        return [rounded(item) for item in data]
    return round(data, 4) if isinstance(data, float) else data


def reasons(report: Any, bucket: str) -> list[tuple[str, str, list[str]]]:
    return [(entry.kind, entry.reason, entry.examples) for entry in getattr(report, bucket)]


# -- the table ------------------------------------------------------------------------------------------------


def test_the_table_holds_what_ships_with_the_package() -> None:
    assert set(formats.names()) >= {'coco', 'dm_v2', 'pascal_voc', 'yolo'}


def test_a_pack_adds_a_format_once() -> None:
    table = FormatTable(formats.BUILTIN)
    mine = FormatProvider(name='mine', reader='my_pack:Reader')
    table.add(mine)
    table.add(mine)
    assert table.get('mine') is mine
    with pytest.raises(PackConflictError, match='my_pack:Reader'):
        table.add(FormatProvider(name='mine', reader='other_pack:Reader'))
    table.discard('mine')
    assert 'mine' not in table.names()


@pytest.mark.parametrize('name', ['coco', 'dm_v2', 'pascal_voc', 'yolo'])
def test_what_is_written_is_recognised(name: str, blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to=name)
    assert detect_format(tmp_path / 'out') == name


def test_a_folder_of_no_format_gets_every_reason(tmp_path: Path) -> None:
    (tmp_path / 'note').touch()
    with pytest.raises(FormatError) as caught:
        detect_format(tmp_path)
    for name in ('coco', 'dm_v2', 'pascal_voc', 'yolo'):
        assert f'not {name}: it holds n' in str(caught.value)


def test_a_folder_of_two_formats_must_be_named(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo')
    convert(blood, tmp_path / 'coco', to='coco')
    shutil.copytree(tmp_path / 'coco' / 'annotations', tmp_path / 'out' / 'annotations')
    with pytest.raises(FormatError, match='could be coco or yolo; say which'):
        detect_format(tmp_path / 'out')


def test_a_format_that_is_only_read_cannot_be_written(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = FormatProvider(name='read_only', reader='x:Y')
    monkeypatch.setitem(formats.table._providers, 'read_only', provider)
    with pytest.raises(FormatError, match='can be read but not written'):
        convert(blood, tmp_path / 'out', to='read_only')


# -- dm_v2 ----------------------------------------------------------------------------------------------------


def test_a_document_and_its_annotations_are_one() -> None:
    document = {
        'classification': {'bounding_box': ['지게차'], 'keypoint': ['nose', 'unused']},
        'images': [
            {
                'bounding_box': [
                    {
                        'id': 'bx01',
                        'classification': '지게차',
                        'attrs': [{'name': 'rotation', 'value': 0.2}],
                        'data': [12, 30.5, 80, 44],
                    }
                ],
                'keypoint': [
                    {
                        'id': 'k',
                        'classification': 'nose',
                        'attrs': [],
                        'data': [1, 2],
                        'visibility': 2,
                        'group_id': 'g',
                    }
                ],
                'group': [{'id': 'g', 'classification': None, 'attrs': [], 'data': ['k']}],
            }
        ],
        'extra': {'kept': True},
    }
    annotations = dm_v2.annotations(document)
    assert [annotation.tool for annotation in annotations] == ['bounding_box', 'keypoint', 'group']
    assert annotations[1].extra == {'visibility': 2, 'group_id': 'g'}
    rest = {name: value for name, value in document.items() if name != 'images'}
    sample = Sample('a', None, ImageFile(Path('a.jpg')), annotations, {'dm_v2': rest})
    assert dm_v2.document(sample) == document


def test_boxes_of_an_older_download_are_read() -> None:
    item = {'classification': 'x', 'x': 1, 'y': 2, 'width': 3, 'height': 4}
    (annotation,) = dm_v2.annotations({'images': [{'bounding_box': [item]}]})
    assert annotation.data == [1, 2, 3, 4]


def test_a_polygon_of_several_rings_becomes_a_group() -> None:
    annotation = Annotation('polygon', 'x', [[0, 0]], 'p', extra={'parts': [[[5, 5]]]})
    document = dm_v2.document(Sample('a', None, ImageFile(Path('a.jpg')), [annotation]))
    assert [(item['id'], item['data'], item['group_id']) for item in document['images'][0]['polygon']] == [
        ('p', [[0, 0]], 'p'),
        ('p-2', [[5, 5]], 'p'),
    ]


@pytest.mark.parametrize(
    'document', [{'images': 5}, {'images': [[]]}, {'images': [{'polygon': [1]}]}, {'images': [7]}]
)
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(FormatError, match='not a DM v2 document'):
        dm_v2.annotations(document)


def test_what_does_not_fit_together_is_counted(blood: Path, make: Any) -> None:
    (blood / 'train/original_files/a.jpg').unlink()
    (blood / 'train/json/b.json').write_text('{"images": [', encoding='utf-8')
    (blood / 'valid/json/c.json').write_text('[]', encoding='utf-8')
    make.picture(blood / 'test/original_files/alone.jpg')
    make.picture(blood / 'test/original_files/d.png')
    reader = open_dataset(blood)
    assert [sample.key for sample in reader] == ['test/d']
    assert reasons(reader.report, 'dropped') == [
        ('annotation file', 'its image is missing', ['train/a']),
        ('bounding_box', 'its image is missing', ['train/a']),
        ('image', 'it has no annotation file', ['test/alone.jpg', 'test/d.png']),
    ]
    assert reasons(reader.report, 'quarantined') == [
        ('annotation file', 'it is no DM v2 document', ['valid/c']),
        ('annotation file', 'it is not valid JSON', ['train/b']),
    ]


def test_splits_have_aliases_and_suffixes_any_case(tmp_path: Path, make: Any) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    make.dm(tmp_path, {'validation/a.JPG': tools, 'train/나.Png': tools})
    reader = open_dataset(tmp_path)
    assert reader.splits == ['train', 'valid']
    assert [(sample.key, sample.image.name) for sample in reader] == [
        ('train/나', '나.Png'),
        ('valid/a', 'a.JPG'),
    ]


def test_two_folders_for_one_split_are_refused(tmp_path: Path, make: Any) -> None:
    make.dm(tmp_path, {'val/a.jpg': {}, 'valid/a.jpg': {}})
    with pytest.raises(FormatError, match='are both the split valid'):
        open_dataset(tmp_path, 'dm_v2')


def test_more_than_one_image_in_a_document_is_counted(tmp_path: Path, make: Any) -> None:
    make.dm(tmp_path / 'in', {'a.jpg': {}})
    good = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    document = {'images': [good, {'polygon': [{}, {}]}, {}]}
    (tmp_path / 'in/json/a.json').write_text(json.dumps(document), encoding='utf-8')
    conversion = convert(tmp_path / 'in', tmp_path / 'coco', to='coco')
    assert [(entry.kind, entry.reason, entry.count) for entry in conversion.report.dropped] == [
        ('image', 'it is not the first of its document', 2),
        ('polygon', 'its image is not the first of its document', 2),
    ]
    conversion = convert(tmp_path / 'in', tmp_path / 'same', to='dm_v2')
    assert not conversion.report.losses
    assert json.loads((tmp_path / 'same/json/a.json').read_bytes())['images'] == document['images']


def test_masks_keypoints_and_unknown_tools_come_through(tmp_path: Path, make: Any) -> None:
    tools = {
        'segmentation': [
            {'id': 's', 'classification': 'x', 'attrs': [], 'data': [[3, 4]], 'encoding': 'dm_rle'}
        ],
        'future_tool': [
            {'id': 'f', 'classification': 'y', 'attrs': [{'name': 'a', 'value': ['b']}], 'data': {'z': 1}}
        ],
    }
    make.dm(tmp_path / 'in', {'a.jpg': tools})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='dm_v2')
    assert not conversion.report.losses
    document = json.loads((tmp_path / 'out/json/a.json').read_text('utf-8'))
    assert document == {
        'classification': {'future_tool': ['y'], 'segmentation': ['x']},
        'images': [tools],
    }


# -- yolo -----------------------------------------------------------------------------------------------------


@pytest.fixture
def yolo(tmp_path: Path, make: Any) -> Path:
    """A dataset with names as a list and ``val``, as people write it."""
    root = tmp_path / 'yolo'
    for split in ('train', 'val'):
        make.picture(root / 'images' / split / f'{split}.jpg', (100, 50))
        (root / 'labels' / split).mkdir(parents=True)
    (root / 'labels/train/train.txt').write_text('1 0.5 0.5 0.2 0.4\n\n0 0 0 1 0 1 1\n', encoding='utf-8')
    (root / 'data.yaml').write_text(
        'train: images/train\nval: images/val\nnc: 2\nnames: [고양이, dog]\n', 'utf-8'
    )
    return root


def test_yolo_is_read(yolo: Path) -> None:
    reader = open_dataset(yolo)
    assert (reader.splits, reader.classes) == (['train', 'valid'], ['고양이', 'dog'])
    assert read(yolo) == {
        'train/train': [
            ('bounding_box', 'dog', [40.0, 15.0, 20.0, 20.0]),
            ('polygon', '고양이', [[0.0, 0.0], [100.0, 0.0], [100.0, 50.0]]),
        ],
        'valid/val': [],
    }
    list(reader)
    assert reasons(reader.report, 'noted') == [
        ('image', 'it has no label file, so it is a background', ['valid/val'])
    ]


def test_yolo_without_a_yaml_file_is_read(yolo: Path) -> None:
    expected = read(yolo)
    (yolo / 'data.yaml').unlink()
    (yolo / 'classes.txt').write_text('고양이\ndog\n', encoding='utf-8')
    assert read(yolo) == expected
    (yolo / 'classes.txt').unlink()
    with pytest.raises(FormatError, match='does not say what its classes are called'):
        open_dataset(yolo)


def test_yolo_with_the_splits_outside_is_read(yolo: Path) -> None:
    expected = read(yolo)
    for split in ('train', 'val'):
        for kind in ('images', 'labels'):
            (yolo / split).mkdir(exist_ok=True)
            (yolo / kind / split).rename(yolo / split / kind)
    text = 'train: ../train/images\nval: ../val/images\nnames: {0: 고양이, 1: dog}\n'
    (yolo / 'data.yaml').write_text(text, encoding='utf-8')
    assert read(yolo) == expected
    (yolo / 'data.yaml').unlink()
    (yolo / 'images').rmdir()
    (yolo / 'labels').rmdir()
    (yolo / 'classes.txt').write_text('고양이\ndog\n', encoding='utf-8')
    assert read(yolo) == expected


def test_yolo_with_lists_of_pictures_is_read(yolo: Path) -> None:
    expected = read(yolo)
    (yolo / 'train.txt').write_text(f'{yolo}/images/train/train.jpg\n', encoding='utf-8')
    (yolo / 'val.txt').write_text('./images/val/val.jpg\n', encoding='utf-8')
    (yolo / 'data.yaml').write_text(
        'train: train.txt\nval: [val.txt]\nnames: [고양이, dog]\n', encoding='utf-8'
    )
    assert list(read(yolo).values()) == list(expected.values())


def test_a_moved_dataset_is_read_where_it_is(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'there', to='yolo')
    expected = read(tmp_path / 'there')
    shutil.copytree(tmp_path / 'there', tmp_path / 'here')
    (tmp_path / 'there/train/labels/a.txt').write_text('', encoding='utf-8')
    assert read(tmp_path / 'here') == expected


def test_a_split_outside_the_folder_is_refused(yolo: Path, tmp_path: Path) -> None:
    shutil.copytree(yolo / 'images', tmp_path / 'images')
    (yolo / 'data.yaml').write_text(
        f'train: {tmp_path}/images/train\nval: images/val\nnames: [a]\n', encoding='utf-8'
    )
    with pytest.raises(DatasetError, match='which is not in'):
        open_dataset(yolo)


def test_a_listed_picture_outside_the_folder_is_refused(yolo: Path) -> None:
    (yolo / 'train.txt').write_text('../../secret.jpg\n', encoding='utf-8')
    (yolo / 'data.yaml').write_text('train: train.txt\nnames: [a]\n', encoding='utf-8')
    with pytest.raises(DatasetError, match='leads outside'):
        open_dataset(yolo)


def test_a_class_out_of_range_is_an_error_with_file_and_line(yolo: Path) -> None:
    (yolo / 'labels/train/train.txt').write_text('0 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1 0.1\n', encoding='utf-8')
    with pytest.raises(DatasetError, match=r'train\.txt, line 2: class 2 is not among the names \(0 to 1\)'):
        read(yolo)


def test_inspect_lists_every_class_out_of_range(yolo: Path) -> None:
    lines = '0 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1 0.1\n-1 0.5 0.5 0.2 0.2\n'
    (yolo / 'labels/train/train.txt').write_text(lines, encoding='utf-8')
    record = inspect(yolo)
    (finding,) = [one for one in record.findings if one.code == 'unreadable_annotations']
    assert (finding.severity, finding.count) == ('error', 2)
    assert finding.title == 'label lines that cannot be read (its class is not among the names, 0 to 1)'
    assert finding.examples == ['train/train, line 2: class 2', 'train/train, line 3: class -1']


@pytest.mark.parametrize(
    ('line', 'reason', 'value'),
    [
        ('0', 'wrong number of values: a box has 5, a polygon an odd number from 7 on', '1 values'),
        ('0 1 2 3', 'wrong number of values', '4 values'),
        ('0 0.1 0.1 0.2 0.2 0.9', 'a sixth is the confidence in results of a prediction', '6 values'),
        ('0 0.1 0.1 0.2 0.2 0.3 0.3 0.4', 'wrong number of values', '8 values'),
        ('x 1 2 3 4', 'a value of it is no number', "'x'"),
        ('0 1 a 3 4', 'a value of it is no number', "'a'"),
        ('0,0.5,0.5,0.1,0.1', 'its values are not separated by spaces alone', "'0,0.5,0.5,0.1,0.1'"),
        ('0 0,5 0,5 0,1 0,1', 'its values are not separated by spaces alone', "'0,5'"),
        ('0.5 1 1 1 1', 'its class, the first value, is no whole number', "'0.5'"),
        ('nan 1 1 1 1', 'its class, the first value, is no whole number', "'nan'"),
        ('0 1 1 inf 1', 'a value of it is not finite', "'inf'"),
    ],
)
def test_malformed_label_lines_are_counted(line: str, reason: str, value: str, yolo: Path) -> None:
    (yolo / 'labels/train/train.txt').write_text(f'0 0.5 0.5 0.1 0.1\n{line}\n', encoding='utf-8')
    reader = open_dataset(yolo)
    assert len(next(iter(reader)).annotations) == 1
    ((kind, said, places),) = reasons(reader.report, 'dropped')
    assert (kind, places) == ('label line', [f'train/train, line 2: {value}'])
    assert reason in said


def test_label_files_without_a_picture_are_counted(yolo: Path) -> None:
    (yolo / 'labels/val/gone.txt').write_text('0 0.5 0.5 0.1 0.1\n', encoding='utf-8')
    reader = open_dataset(yolo)
    list(reader)
    assert reasons(reader.report, 'dropped') == [
        ('annotation file', 'its image is missing', ['valid/gone.txt']),
        ('bounding_box', 'its image is missing', ['valid/gone.txt']),
    ]


@pytest.mark.parametrize(
    'text', ['names: [a', '- a\n- b', 'train: 5\nnames: [a]', 'train: images/train\nnames: 7']
)
def test_a_broken_yaml_file_is_named(text: str, yolo: Path) -> None:
    (yolo / 'data.yaml').write_text(text, encoding='utf-8')
    with pytest.raises(FormatError, match=r'data\.yaml'):
        open_dataset(yolo, 'yolo')


def test_dataset_yaml_says_all_that_a_trainer_needs(tmp_path: Path, make: Any) -> None:
    import yaml

    names = ['yes', '1', '지게차 "큰"', "it's: a #test", '🚜', ' x']
    boxes = [make.box(name, 1, 1, 9, 9) for name in names]
    make.dm(tmp_path / 'in', {'train/a.jpg': {'bounding_box': boxes}, 'valid/b.jpg': {}, 'extra/c.jpg': {}})
    conversion = convert(tmp_path / 'in', tmp_path / '출력', to='yolo', classes=names)
    assert conversion.config_path == tmp_path / '출력' / 'dataset.yaml'
    assert yaml.safe_load(conversion.config_path.read_text('utf-8')) == {
        'path': (tmp_path / '출력').as_posix(),
        'train': 'train/images',
        'val': 'valid/images',
        'extra': 'extra/images',
        'task': 'detect',
        'names': dict(enumerate([*names[:5], 'x'])),
    }


@pytest.mark.parametrize(
    ('samples', 'train', 'val', 'warning'),
    [
        (['a.jpg'], 'images', 'images', 'no splits'),
        (
            ['train/a.jpg', 'test/b.jpg'],
            'train/images',
            'train/images',
            'no split valid; dataset.yaml names train',
        ),
        (['test/a.jpg'], 'test/images', 'test/images', 'no split train; dataset.yaml names test'),
    ],
)
def test_train_and_val_are_always_there(
    samples: list[str], train: str, val: str, warning: str, tmp_path: Path, make: Any
) -> None:
    import yaml

    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    conversion = convert(make.dm(tmp_path / 'in', dict.fromkeys(samples, tools)), tmp_path / 'out', to='yolo')
    config = yaml.safe_load((tmp_path / 'out/dataset.yaml').read_text('utf-8'))
    assert (config['train'], config['val']) == (train, val)
    assert warning in ' '.join(conversion.report.warnings)


# -- coco -----------------------------------------------------------------------------------------------------


def coco(root: Path, document: dict[str, Any], name: str = 'annotations/instances_train2017.json') -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding='utf-8')
    return root


def coco_document(*annotations: dict[str, Any], file_name: str = 'a.jpg') -> dict[str, Any]:
    return {
        'images': [{'id': 7, 'file_name': file_name}],
        'annotations': [
            {'id': 1, 'image_id': 7, 'category_id': 3, **annotation} for annotation in annotations
        ],
        'categories': [{'id': 3, 'name': '고양이'}, {'id': 1, 'name': 'dog'}],
    }


SQUARE = [0, 0, 10, 0, 10, 10, 0, 10]


@pytest.mark.parametrize('folder', ['train2017', 'train', 'images/train2017', 'images/train', 'images', '.'])
def test_coco_is_read_with_pictures_in_any_usual_place(folder: str, tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / folder / 'a.jpg')
    coco(
        tmp_path,
        coco_document(
            {'bbox': [1, 2, 3, 4]},
            {'bbox': [0, 0, 1, 1], 'segmentation': [SQUARE]},
            {'segmentation': {'size': [48, 64], 'counts': [0, 2, 46, 1, 64 * 48 - 49]}, 'iscrowd': 1},
        ),
    )
    reader = open_dataset(tmp_path)
    assert (reader.splits, reader.classes) == (['train'], ['dog', '고양이'])
    assert read(tmp_path) == {
        'train/a': [
            ('bounding_box', '고양이', [1, 2, 3, 4]),
            ('polygon', '고양이', [[0, 0], [10, 0], [10, 10], [0, 10]]),
            ('segmentation', '고양이', [[0, 2], [64, 1]]),
        ]
    }
    assert [dict(a.extra).get('iscrowd') for a in next(iter(reader)).annotations] == [None, None, 1]


def test_coco_beside_the_pictures_is_read(tmp_path: Path, make: Any) -> None:
    for split in ('train', 'valid'):
        make.picture(tmp_path / split / 'a.jpg')
        coco(tmp_path, coco_document({'bbox': [1, 2, 3, 4]}), f'{split}/_annotations.coco.json')
    assert list(read(tmp_path)) == ['train/a', 'valid/a']


def test_what_is_wrong_in_coco_is_counted(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'images/a.jpg')
    document = coco_document(
        {'bbox': [1, 2, 3, 4]}, {'bbox': 'x'}, {'segmentation': {'counts': 'x'}}, {'image_id': 99}
    )
    document['images'].append({'id': 8, 'file_name': 'gone.jpg'})
    document['annotations'].append({'id': 5, 'image_id': 8, 'category_id': 1})
    conversion = convert(coco(tmp_path, document), tmp_path.with_name('out'), to='yolo', task='detect')
    assert reasons(conversion.report, 'dropped') == [
        ('bounding_box', 'it belongs to no image', ['instances_train2017.json, image_id 99, annotation 1']),
        ('bounding_box', 'its data is malformed', ['train/a']),
        ('bounding_box', 'its image is missing', ['train/gone, annotation 5']),
        ('image', 'its file is missing', ['train/gone.jpg']),
        ('segmentation', 'its data is malformed', ['train/a']),
    ]


def test_inspect_lists_every_category_that_is_none(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'images/a.jpg')
    document = coco_document({'bbox': [1, 2, 3, 4]}, *({'category_id': 9, 'bbox': [1, 2, 3, 4]},) * 2)
    record = inspect(coco(tmp_path, document))
    (finding,) = [one for one in record.findings if one.code == 'unreadable_annotations']
    assert (finding.severity, finding.count, record.annotations) == ('error', 2, 1)
    assert finding.title == 'annotations that cannot be read (its category_id is not among the categories)'
    assert finding.examples == ['train/a, annotation 1: category_id 9']


def test_coco_says_where_it_looked_for_pictures(tmp_path: Path, make: Any) -> None:
    root = coco(tmp_path / 'in', coco_document({'bbox': [1, 2, 3, 4]}))
    said = f'looked for in images/train2017, images/train, train2017, train, images, {root}, annotations'
    with pytest.raises(DatasetError, match='has no pictures to convert') as caught:
        convert(root, tmp_path / 'out', to='yolo')
    assert said in str(caught.value)
    document = json.loads((root / 'annotations/instances_train2017.json').read_text('utf-8'))
    document['images'].append({'id': 8, 'file_name': 'b.jpg'})
    document['annotations'].append({'id': 5, 'image_id': 8, 'category_id': 3, 'bbox': [1, 2, 3, 4]})
    coco(root, document)
    make.picture(root / 'images/b.jpg')
    assert said in ' '.join(convert(root, tmp_path / 'out', to='yolo', task='detect').report.warnings)
    assert said in ' '.join(finding.title for finding in inspect(root).findings)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'images': 5}, "'images' should be a list"),
        ({'categories': None}, "'categories' should be a list"),
        ({'categories': [{'id': 3}]}, 'has no id or no name'),
        ({'annotations': [{'id': 1}]}, "no usable 'image_id'"),
        ({'annotations': [{'image_id': 7, 'category_id': 5}]}, 'category_id 5, which is not among'),
        ({'images': [{'id': 7, 'file_name': '../../a.jpg'}]}, 'leads outside'),
    ],
)
def test_a_broken_coco_file_is_named(change: dict[str, Any], words: str, tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'images/a.jpg')
    coco(tmp_path, coco_document({'bbox': [1, 2, 3, 4]}) | change)
    with pytest.raises(DatasetError, match=words) as caught:
        read(tmp_path, 'coco')
    assert 'instances_train2017.json' in str(caught.value)


def test_category_numbers_that_differ_between_splits_are_refused(tmp_path: Path) -> None:
    coco(tmp_path, coco_document())
    other = coco_document()
    other['categories'][0]['name'] = 'bird'
    coco(tmp_path, other, 'annotations/instances_val2017.json')
    with pytest.raises(FormatError, match='Number the categories alike'):
        open_dataset(tmp_path)


def test_coco_keeps_rings_crowds_attributes_and_masks(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/images/a.jpg')
    second = [20, 20, 30, 20, 30, 30]
    document = coco_document(
        {'segmentation': [SQUARE, second], 'attributes': {'색': 'red', 'rotation': 0.5}},
        {'segmentation': {'size': [48, 64], 'counts': [5, 3, 64 * 48 - 8]}, 'iscrowd': 1},
    )
    conversion = convert(coco(tmp_path / 'in', document), tmp_path / 'out', to='coco')
    assert not conversion.report.losses
    written = json.loads((tmp_path / 'out/annotations/instances_train.json').read_text('utf-8'))
    polygon, mask = written['annotations']
    assert polygon['segmentation'] == [SQUARE, second]
    assert (polygon['area'], polygon['bbox'], polygon['iscrowd']) == (150, [0, 0, 30, 30], 0)
    assert polygon['attributes'] == {'색': 'red', 'rotation': 0.5}
    assert (mask['area'], mask['bbox'], mask['iscrowd']) == (3, [0, 5, 1, 3], 1)
    assert written['categories'] == [
        {'id': 1, 'name': 'dog', 'supercategory': ''},
        {'id': 2, 'name': '고양이', 'supercategory': ''},
    ]
    assert written['images'] == [{'id': 1, 'file_name': 'a.jpg', 'width': 64, 'height': 48}]


def test_an_object_of_several_rings_is_one_box_and_several_polygons(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/images/a.jpg')
    coco(tmp_path / 'in', coco_document({'segmentation': [SQUARE, [20, 20, 30, 20, 30, 30]]}))
    detect = convert(tmp_path / 'in', tmp_path / 'detect', to='yolo', task='detect')
    assert (tmp_path / 'detect/train/labels/a.txt').read_text('utf-8').count('\n') == 1
    assert [entry.reason for entry in detect.report.changed] == ['it became a box']
    for parts, lines, reason in (
        ('split', 2, 'its parts became objects of their own'),
        ('bridge', 1, 'its parts were joined by lines without width'),
        ('largest', 1, 'all but its largest part was left out'),
    ):
        segment = convert(tmp_path / 'in', tmp_path / parts, to='yolo', parts=parts)
        assert (tmp_path / parts / 'train/labels/a.txt').read_text('utf-8').count('\n') == lines
        assert [entry.reason for entry in segment.report.changed] == [reason]
    with pytest.raises(DatasetError, match='bridge, split, largest'):
        convert(tmp_path / 'in', tmp_path / 'wrong', to='yolo', parts='melt')


# -- pascal_voc -----------------------------------------------------------------------------------------------


def voc(root: Path, stem: str, objects: str, filename: str = '') -> Path:
    (root / 'Annotations').mkdir(parents=True, exist_ok=True)
    text = f'<annotation><filename>{filename}</filename>{objects}</annotation>'
    (root / 'Annotations' / f'{stem}.xml').write_text(text, encoding='utf-8')
    return root


def voc_object(name: str, *corners: float, more: str = '') -> str:
    tags = zip(('xmin', 'ymin', 'xmax', 'ymax'), corners, strict=False)
    return f'<object><name>{name}</name>{more}<bndbox>{"".join(f"<{t}>{c}</{t}>" for t, c in tags)}</bndbox></object>'


def test_voc_counts_pixels_from_one(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'JPEGImages/a.jpg')
    voc(tmp_path, 'a', voc_object('x', 1, 1, 64, 48) + voc_object('y', 5, 6, 5, 6) + voc_object('z', 3, 4))
    assert read(tmp_path) == {
        'a': [
            ('bounding_box', 'x', [0, 0, 64, 48]),
            ('bounding_box', 'y', [4, 5, 0, 0]),
            ('bounding_box', 'z', None),
        ]
    }


def test_voc_keeps_coordinates_and_flags(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/JPEGImages/a.jpg')
    more = '<pose>Left</pose><truncated>1</truncated><difficult>0</difficult>'
    voc(tmp_path / 'in', 'a', voc_object('고양이 &amp; 개', 2, 3.5, 40, 48, more=more))
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='pascal_voc')
    assert not conversion.report.losses
    text = (tmp_path / 'out/Annotations/a.xml').read_text('utf-8')
    assert '<xmin>2</xmin><ymin>3.5</ymin><xmax>40</xmax><ymax>48</ymax>' in text
    assert (
        '<name>고양이 &amp; 개</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>'
        in text
    )
    assert read(tmp_path / 'out') == read(tmp_path / 'in')


def test_voc_splits_come_from_the_image_sets(tmp_path: Path, make: Any) -> None:
    for stem in 'abcd':
        make.picture(tmp_path / f'JPEGImages/{stem}.jpg')
        voc(tmp_path, stem, voc_object('x', 1, 1, 9, 9))
    sets = tmp_path / 'ImageSets/Main'
    sets.mkdir(parents=True)
    for name, lines in {'train': 'a', 'val': 'b\nz', 'trainval': 'a\nb', 'cat_train': 'a 1\nb -1'}.items():
        (sets / f'{name}.txt').write_text(f'{lines}\n', encoding='utf-8')
    (tmp_path / 'JPEGImages/lonely.jpg').write_bytes(b'')
    reader = open_dataset(tmp_path)
    assert [sample.key for sample in reader] == ['train/a', 'valid/b']
    assert reasons(reader.report, 'dropped') == [
        ('bounding_box', 'its image is in no image set', ['c', 'd']),
        ('image', 'an image set names it, but it has no annotation file', ['z']),
        ('image', 'it has no annotation file', ['lonely.jpg']),
        ('image', 'it is in no image set', ['c', 'd']),
    ]


def test_a_picture_in_two_image_sets_is_refused(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'JPEGImages/a.jpg')
    voc(tmp_path, 'a', '')
    (tmp_path / 'ImageSets/Main').mkdir(parents=True)
    for name in ('train', 'val'):
        (tmp_path / f'ImageSets/Main/{name}.txt').write_text('a\n', encoding='utf-8')
    with pytest.raises(DatasetError, match="puts 'a' into valid, but it is in train already"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('<annotation>', 'it is not valid XML'),
        ('<note/>', 'it is no VOC annotation'),
        (
            '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>',
            'it declares a document type, which no VOC file does',
        ),
    ],
)
def test_broken_voc_files_are_quarantined(text: str, reason: str, tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'JPEGImages/a.jpg')
    voc(tmp_path, 'a', '')
    (tmp_path / 'Annotations/a.xml').write_text(text, encoding='utf-8')
    reader = open_dataset(tmp_path)
    assert list(reader) == []
    assert reasons(reader.report, 'quarantined') == [('annotation file', reason, ['a'])]


def test_voc_may_name_its_picture(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'JPEGImages/사진.jpg')
    voc(tmp_path, 'a', '', '사진.jpg')
    assert [sample.image.name for sample in open_dataset(tmp_path)] == ['사진.jpg']
    voc(tmp_path, 'a', '', '../../사진.jpg')
    with pytest.raises(DatasetError, match='leads outside'):
        list(open_dataset(tmp_path))


def test_pictures_and_files_of_one_stem_are_counted(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'JPEGImages/a.jpg')
    make.picture(tmp_path / 'JPEGImages/a.png')
    voc(tmp_path, 'a', voc_object('x', 1, 1, 9, 9), 'a.png')
    shutil.copy(tmp_path / 'Annotations/a.xml', tmp_path / 'Annotations/a.XML')
    reader = open_dataset(tmp_path)
    assert [sample.image.name for sample in reader] == ['a.png']
    assert reasons(reader.report, 'dropped') == [
        ('annotation file', 'another one has its name', ['a.xml']),
        ('bounding_box', 'another annotation file has the name of its own', ['a.xml']),
        ('image', 'it has no annotation file', ['a.jpg']),
    ]


@pytest.mark.parametrize('to', ['coco', 'yolo'])
def test_pictures_of_one_stem_keep_their_own_annotations(to: str, tmp_path: Path, make: Any) -> None:
    for name in ('one/a.jpg', 'two/a.jpg', 'two/a.png'):
        make.picture(tmp_path / 'in/images' / name)
    document = coco_document(file_name='one/a.jpg')
    document['images'] += [{'id': 8, 'file_name': 'two/a.jpg'}, {'id': 9, 'file_name': 'two/a.png'}]
    document['annotations'] = [
        {'id': n, 'image_id': n, 'category_id': 3, 'bbox': [n, n, n, n]} for n in (7, 8, 9)
    ]
    coco(tmp_path / 'in', document)
    expected = read(tmp_path / 'in')
    assert list(expected) == ['train/one/a', 'train/two/a.jpg', 'train/two/a.png']
    convert(tmp_path / 'in', tmp_path / 'out', to=to)
    assert sorted(read(tmp_path / 'out').values()) == sorted(expected.values())


def test_two_folders_of_a_split_may_hold_equal_names(yolo: Path, make: Any) -> None:
    for folder in ('more', 'again'):
        make.picture(yolo / folder / 'images' / 'train.jpg')
    text = 'train: [images/train, more/images, again/images]\nval: images/val\nnames: [고양이, dog]\n'
    (yolo / 'data.yaml').write_text(text, encoding='utf-8')
    assert set(read(yolo)) == {
        'train/again/images/train',
        'train/images/train/train',
        'train/more/images/train',
        'valid/val',
    }


def test_a_yaml_bomb_is_no_name(yolo: Path) -> None:
    layers = '\n'.join(
        f'{chr(98 + n)}: &{chr(98 + n)} [{", ".join([f"*{chr(97 + n)}"] * 9)}]' for n in range(20)
    )
    (yolo / 'data.yaml').write_text(
        f'a: &a [x]\n{layers}\ntrain: images/train\nnames: [*u]\n', encoding='utf-8'
    )
    with pytest.raises(FormatError, match='names: should be'):
        open_dataset(yolo, 'yolo')
