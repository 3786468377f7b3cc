"""Which format a folder is; and what is said of one that is none, or that nobody can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.datasets.formats import annotated
from synapse_plugins.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VOC = '<annotation><size><width>64</width><height>48</height></size></annotation>'
CVAT = '<?xml version="1.0"?><annotations><version>1.1</version><meta/><image id="0"/></annotations>'
COCO = json.dumps({'images': [{'id': 1, 'file_name': 'a.jpg'}], 'annotations': [], 'categories': []})
LABELME = json.dumps({'version': '5', 'flags': {}, 'shapes': [], 'imagePath': 'a.jpg', 'imageData': None})
STUDIO = json.dumps([{'id': 1, 'annotations': [{'id': 1, 'completed_by': 1, 'result': []}], 'data': {}}])
CREATE = json.dumps(
    [{'image': 'a.jpg', 'annotations': [{'label': 'x', 'coordinates': {'x': 1, 'y': 1, 'width': 2}}]}]
)
ROW = '0 0.5 0.5 0.25 0.25\n'


@pytest.fixture
def lay(tmp_path: Path, make: Any) -> Callable[..., Path]:
    """Make a folder: file name -> text; pictures by their suffix."""

    def lay(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / 'data' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith(('.jpg', '.png')):
                make.picture(path)
            else:
                path.write_text(text, encoding='utf-8')
        return tmp_path / 'data'

    return lay


NOT_CLASSES = {
    'cvat yolo 1.1': (
        {
            'obj.data': 'classes = 1\n',
            'obj.names': 'x\n',
            'train.txt': 'data/obj_train_data/a.jpg\n',
            'obj_train_data/a.jpg': '',
            'obj_train_data/a.txt': ROW,
        },
        'Darknet',
    ),
    'darknet without names': ({'shots/a.jpg': '', 'shots/a.txt': ROW}, 'Darknet, without names'),
    'kitti': ({'image_2/000000.png': '', 'label_2/000000.txt': 'Car 0 0 0\n'}, 'KITTI'),
    'kitti training': (
        {'training/image_2/000000.png': '', 'training/label_2/000000.txt': 'Car 0 0 0\n'},
        'KITTI',
    ),
    'cvat for images': ({'annotations.xml': CVAT, 'images/a.jpg': ''}, 'CVAT'),
    'labelimg': ({'shots/a.jpg': '', 'shots/a.xml': VOC}, 'LabelImg and Roboflow lay it (a.xml beside'),
    'voc alone': ({'a.xml': VOC, 'shots/a.jpg': ''}, 'into Annotations/ and the pictures into JPEGImages/'),
    'coco of another name': ({'labels.json': COCO, 'images/a.jpg': ''}, 'call it instances_train.json'),
    'coco below': ({'annotations/labels.json': COCO, 'images/a.jpg': ''}, 'call it instances_train.json'),
    'labelme': ({'shots/a.jpg': '', 'shots/a.json': LABELME}, 'LabelMe'),
    'label studio': ({'tasks.json': STUDIO, 'shots/a.jpg': ''}, 'Label Studio'),
    'createml': ({'shots/a.jpg': '', 'shots/_annotations.createml.json': CREATE}, 'CreateML'),
    'annotations by picture name': ({'img/a.jpg': '', 'ann/a.jpg.json': '{}'}, 'not imagefolder: ann/'),
    'inner folders': ({'ds0/img/a.jpg': '', 'ds0/ann/a.jpg.json': '{}'}, 'not imagefolder: ds0/ann/'),
    'csv beside': ({'train/cat/a.jpg': '', 'train/cat/a.csv': ''}, 'not imagefolder: train/cat/'),
}


@pytest.mark.parametrize('name', NOT_CLASSES)
def test_folders_with_annotations_are_no_classes(name: str, lay: Callable[..., Path], tmp_path: Path) -> None:
    files, said = NOT_CLASSES[name]
    root = lay(files)
    with pytest.raises(FormatError, match='no dataset of a known format') as caught:
        detect_format(root)
    assert said in str(caught.value)
    with pytest.raises(FormatError):
        convert(root, tmp_path / 'out', to='imagefolder')
    assert not (tmp_path / 'out').exists()


def test_who_knows_better_may_say_that_they_are_classes(lay: Callable[..., Path], tmp_path: Path) -> None:
    root = lay({'cat/a.jpg': '', 'cat/a.txt': 'a cat on a mat\n'})
    made = convert(root, tmp_path / 'out', to='imagefolder', source_format='imagefolder')
    assert made.classes == ['cat']


def test_a_folder_one_level_above_a_dataset_is_told_which_was_meant(
    lay: Callable[..., Path], blood: Path
) -> None:
    voc = lay({'VOC2012/JPEGImages/a.jpg': '', 'VOC2012/Annotations/a.xml': VOC})
    for root, inner in ((voc, f'{voc / "VOC2012"} (pascal_voc)'), (blood.parent, f'{blood} (dm_v2)')):
        with pytest.raises(FormatError) as caught:
            detect_format(root)
        first, *others = str(caught.value).splitlines()
        assert 'Did you mean ' in first
        assert inner in first
        assert all(line.startswith('- not ') for line in others[:-1])


@pytest.mark.parametrize(
    ('files', 'part', 'format_name'),
    [
        ({'voc/JPEGImages/a.jpg': '', 'voc/Annotations/a.xml': VOC}, 'voc/JPEGImages', 'pascal_voc'),
        ({'voc/JPEGImages/a.jpg': '', 'voc/Annotations/a.xml': VOC}, 'voc/Annotations', 'pascal_voc'),
        (
            {'coco/annotations/instances_train.json': COCO, 'coco/images/a.jpg': ''},
            'coco/annotations',
            'coco',
        ),
        (
            {'coco/annotations/instances_train2017.json': COCO, 'coco/train2017/a.jpg': ''},
            'coco/train2017',
            'coco',
        ),
        (
            {'yolo/data.yaml': 'names: [x]', 'yolo/images/a.jpg': '', 'yolo/labels/a.txt': ROW},
            'yolo/images',
            'yolo',
        ),
        (
            {'yolo/data.yaml': 'names: [x]', 'yolo/images/val/a.jpg': '', 'yolo/labels/val/a.txt': ROW},
            'yolo/labels/val',
            'yolo',
        ),
        (
            {'yolo/data.yaml': 'names: [x]', 'yolo/train/images/a.jpg': '', 'yolo/train/labels/a.txt': ROW},
            'yolo/train/images',
            'yolo',
        ),
        ({'dm/json/a.json': '{"images": [{}]}', 'dm/original_files/a.jpg': ''}, 'dm/json', 'dm_v2'),
        (
            {'dm/train/json/a.json': '{"images": [{}]}', 'dm/train/original_files/a.jpg': ''},
            'dm/train/json',
            'dm_v2',
        ),
    ],
)
def test_a_part_of_a_dataset_is_told_of_the_whole(
    files: dict[str, str],
    part: str,
    format_name: str,
    lay: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = lay(files)
    whole = root / part.partition('/')[0]
    assert detect_format(whole) == format_name
    with pytest.raises(FormatError) as caught:
        detect_format(root / part)
    assert f'It is a part of a dataset: did you mean {whole} ({format_name})?' in str(caught.value)
    monkeypatch.chdir(root / part)
    with pytest.raises(FormatError, match='It is a part of a dataset'):
        detect_format('.')


def test_a_format_that_is_named_gets_the_same_advice(lay: Callable[..., Path]) -> None:
    root = lay({'a.jpg': '', 'a.xml': VOC})
    with pytest.raises(FormatError, match=r'no Annotations/.* LabelImg and Roboflow lay it'):
        open_dataset(root, 'pascal_voc')


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        open_dataset(tmp_path)
    assert str(caught.value) == f'{tmp_path} is no dataset of a known format: it is empty.'


@pytest.mark.parametrize('name', ['a.zip', 'a.tar.gz', 'A.ZIP', 'a.tgz'])
def test_an_archive_is_to_be_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(FormatError, match='is an archive; unpack it'):
        convert(tmp_path / name, tmp_path / 'out', to='yolo')
    (tmp_path / 'x.json').touch()
    with pytest.raises(FormatError, match=r'x\.json is a file; name the folder'):
        open_dataset(tmp_path / 'x.json')


def test_folders_of_classes_within_a_lone_folder_were_meant(lay: Callable[..., Path]) -> None:
    root = lay({'flowers/rose/a.jpg': '', 'flowers/tulip/b.jpg': ''})
    with pytest.raises(FormatError, match=r'Did you mean .*flowers \(imagefolder\)'):
        detect_format(root)
    assert detect_format(root / 'flowers') == 'imagefolder'


@pytest.mark.parametrize(
    'files',
    [
        {'cat/a.jpg': '', 'cat/readme.txt': 'cats', 'dog/b.jpg': '', 'readme.txt': 'pets'},
        {'cat/indoor/a.jpg': '', 'cat/outdoor/b.jpg': '', 'dog/c.jpg': ''},
        {'train/cat/a.jpg': '', 'valid/cat/b.jpg': ''},
        {'cat/a.jpg': ''},
    ],
)
def test_what_says_nothing_about_a_picture_does_no_harm(
    files: dict[str, str], lay: Callable[..., Path]
) -> None:
    assert detect_format(lay(files)) == 'imagefolder'


def test_no_more_than_the_first_entries_are_looked_at(
    lay: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(
        {f'{name}/{number}.jpg': '' for name in 'ab' for number in range(5)} | {'c/0.jpg': '', 'c/0.txt': ''}
    )
    monkeypatch.setattr(annotated, '_ALL_ENTRIES', 10)
    assert detect_format(root) == 'imagefolder', 'the third folder is not looked at any more'
    monkeypatch.setattr(annotated, '_ALL_ENTRIES', 20)
    with pytest.raises(FormatError, match='c/ holds annotation files'):
        detect_format(root)


@pytest.mark.parametrize(
    ('files', 'splits'),
    [
        ({'train/cat/a.jpg': '', 'train/dog/b.jpg': ''}, ['train']),
        ({'test/cat/a.jpg': ''}, ['test']),
        ({'cat/a.jpg': '', 'dog/b.jpg': '', 'docs/README.txt': 'hello'}, [None]),
        ({'train/cat/a.jpg': '', 'val/dog/b.jpg': '', 'docs/README.txt': 'hello'}, ['train', 'valid']),
        (
            {
                'one/cat/a.jpg': '',
                'two/cat/b.jpg': '',
                'docs/README.txt': 'hello',
                'classes.json': '{"classes": ["cat"]}',
            },
            ['one', 'two'],
        ),
    ],
)
def test_lone_splits_and_folders_of_notes_do_no_harm(
    files: dict[str, str], splits: list[str | None], lay: Callable[..., Path]
) -> None:
    reader = open_dataset(lay(files))
    assert reader.splits == splits
    assert set(reader.classes or ()) <= {'cat', 'dog'}
    assert reader.count() == sum(name.endswith('.jpg') for name in files)


@pytest.mark.parametrize('name', ['lbl/a.txt', 'lbl/a.jpg.txt', 'lbl/a.csv'])
def test_texts_that_are_called_as_pictures_elsewhere_are_annotations(
    name: str, lay: Callable[..., Path]
) -> None:
    root = lay({'shots/a.jpg': '', 'shots/b.jpg': '', name: '0 0.5 0.5 0.1 0.1\n', 'lbl/z.txt': ''})
    with pytest.raises(FormatError, match='lbl/ holds annotation files'):
        detect_format(root)


@pytest.mark.parametrize('first', [True, False])
def test_what_is_found_does_not_hang_on_the_order_of_a_disk(first: bool, lay: Callable[..., Path]) -> None:
    pictures = {f'cat/p{number:04}.jpg': '' for number in range(1200)}
    other = {'cat/zz.json': '{}'}
    with pytest.raises(FormatError, match='cat/ holds annotation files'):
        detect_format(lay({**other, **pictures} if first else {**pictures, **other}))
