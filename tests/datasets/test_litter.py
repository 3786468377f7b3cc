"""What operating systems and tools leave in folders is never read, whatever the format and wherever it lies."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, inspect, open_dataset
from synapse_plugins.datasets.formats.class_folders import class_folders, class_of_folder
from synapse_plugins.datasets.litter import is_derived, is_litter
from synapse_plugins.datasets.names import is_split_name
from synapse_plugins.errors import DatasetError, FormatError

if TYPE_CHECKING:
    from pathlib import Path

APPLE_DOUBLE = bytes.fromhex('00051607000200004d6163204f5320582020202020202020') + b'\xff\xfe ATTR'
"""How a file begins that keeps what a disk of another system cannot hold."""

FILES = ('.DS_Store', 'Thumbs.db', 'desktop.ini', 'ehthumbs.db', 'THUMBS.DB', 'Icon\r', '.gitkeep')
FOLDERS = (
    '__MACOSX', '.ipynb_checkpoints', '@eaDir', '@__thumb', '#recycle', '.Trash', '$RECYCLE.BIN', 'lost+found',
    'System Volume Information',
)  # fmt: skip

WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    'dm_v1': ('dm_v1', {}),
    'dm_v2': ('dm_v2', {}),
    'yolo detect': ('yolo', {}),
    'yolo plain': ('yolo', {}),
    'yolo classify': ('yolo', {'task': 'classify'}),
    'coco': ('coco', {}),
    'coco roboflow': ('coco', {'layout': 'roboflow'}),
    'pascal_voc': ('pascal_voc', {}),
    'imagefolder': ('imagefolder', {}),
}


@pytest.fixture(params=[True, False], ids=['splits', 'no splits'])
def source(request: pytest.FixtureRequest, tmp_path: Path, make: Any) -> Path:
    """A dataset that each format can hold something of."""
    samples = {}
    for number, split in enumerate(('train', 'valid', 'fold')):
        label = ('cat', 'dog')[number % 2]
        tools = {
            'bounding_box': [make.box(label, 4, 6, 20, 10)],
            'classification': [{'id': 'c', 'classification': label}],
        }
        samples[f'{split}/p{number}.jpg' if request.param else f'p{number}.jpg'] = tools
    return make.dm(tmp_path / 'source', samples)


def litter(root: Path) -> None:
    """Put litter into every folder: files about files, and folders with copies of all that is there."""
    folders = [root, *sorted(path for path in root.rglob('*') if path.is_dir())]
    for number, folder in enumerate(folders):
        inner = sorted(folder.iterdir())
        for path in inner:
            path.with_name(f'._{path.name}').write_bytes(APPLE_DOUBLE)
        for name in FILES:
            (folder / name).write_bytes(APPLE_DOUBLE)
        # a few kinds in turn, for all of them in every folder are thousands of files
        for name in {FOLDERS[number % len(FOLDERS)], FOLDERS[(number + 1) % len(FOLDERS)], *FOLDERS[:1]}:
            for path in inner:
                if path.is_dir():
                    shutil.copytree(path, folder / name / path.name)
                else:
                    (folder / name).mkdir(exist_ok=True)
                    shutil.copy2(path, folder / name / path.name)
                    (folder / name / f'._{path.name}').write_bytes(APPLE_DOUBLE)


def told(root: Path, work: Path, to: str, options: dict[str, Any]) -> Any:
    """Return all that can be seen of a dataset: of its reader, of an inspection, and of a conversion."""
    reader = open_dataset(root)
    samples = [
        (one.key, one.split, one.image.name, [(item.tool, item.label, item.data) for item in one.annotations])
        for one in reader
    ]
    looked = inspect(root).to_dict()
    made = convert(root, work, to=to, **options)
    files = {
        path.relative_to(work).as_posix(): path.read_bytes() for path in work.rglob('*') if path.is_file()
    }
    shutil.move(work, f'{work}-{len(list(work.parent.iterdir()))}')
    shown = (reader.splits, list(reader.classes or ()), reader.count(), samples, reader.report.to_dict())
    return detect_format(root), shown, looked, made.report.to_dict(), files


@pytest.mark.parametrize('way', WAYS)
def test_litter_changes_nothing(way: str, source: Path, tmp_path: Path) -> None:
    to, options = WAYS[way]
    root = convert(source, tmp_path / 'data', to=to, link='copy', **options).path
    if way == 'yolo plain':  # told by its folders alone
        (root / 'dataset.yaml').unlink()
    clean = told(root, tmp_path / 'out', to, options)
    assert clean[0] == ('imagefolder' if options.get('task') == 'classify' and clean[0] != 'yolo' else to)
    litter(root)
    assert told(root, tmp_path / 'out', to, options) == clean


def test_empty_splits_and_classes_stay_so(source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'data', to='imagefolder', link='copy').path
    empty = root / ('valid' if (root / 'valid').is_dir() else 'bird')
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    before = open_dataset(root)
    for name in FILES:
        (empty / name).write_bytes(APPLE_DOUBLE)
    after = open_dataset(root)
    assert (after.splits, after.classes) == (before.splits, before.classes)


def test_litter_alone_is_no_dataset(tmp_path: Path, source: Path) -> None:
    for name in FOLDERS:
        shutil.copytree(source, tmp_path / 'data' / name)
    for name in FILES:
        (tmp_path / 'data' / name).write_bytes(APPLE_DOUBLE)
    with pytest.raises(FormatError) as caught:
        detect_format(tmp_path / 'data')
    assert 'Did you mean' not in str(caught.value)
    with pytest.raises(DatasetError):
        convert(tmp_path / 'data', tmp_path / 'out', to='dm_v2')


def test_only_the_dataset_beside_litter_was_meant(tmp_path: Path, source: Path) -> None:
    (tmp_path / 'data').mkdir()
    root = convert(source, tmp_path / 'data/set', to='pascal_voc').path
    shutil.copytree(root, tmp_path / 'data/__MACOSX/set')
    shutil.copytree(root, tmp_path / 'data/@eaDir')
    with pytest.raises(FormatError) as caught:
        detect_format(tmp_path / 'data')
    assert f'Did you mean {root} (pascal_voc)?' in str(caught.value)


def test_classes_called_as_litter_come_back(tmp_path: Path, make: Any) -> None:
    names = ['@eaDir', '__MACOSX', 'Thumbs.db', '.DS_Store', '#recycle', 'LOST+FOUND', 'a']
    folders = class_folders(names)
    assert [class_of_folder(folder) for folder in folders.values()] == names
    assert not any(map(is_litter, folders.values()))
    samples = {
        f'{number}.jpg': {'classification': [{'id': 'c', 'classification': name}]}
        for number, name in enumerate(names)
    }
    made = convert(make.dm(tmp_path / 'in', samples), tmp_path / 'out', to='imagefolder')
    assert made.count == len(names)
    assert sorted(open_dataset(made.path).classes or ()) == sorted(names)


def test_no_split_is_called_as_litter() -> None:
    assert not any(map(is_split_name, (*FILES, *FOLDERS, '._train')))
    assert all(map(is_split_name, ('train', 'fold', 'MACOSX', 'thumbs')))


def test_litter_in_an_output_is_no_reason_to_keep_it(tmp_path: Path, source: Path) -> None:
    out = convert(source, tmp_path / 'out', to='yolo', link='copy', remember=True).path
    for folder in (out, out / 'labels'):
        folder.mkdir(exist_ok=True)
        (folder / '@eaDir').mkdir()
        (folder / '@eaDir/p0.jpg').write_bytes(b'a smaller one')
        for name in ('Thumbs.db', '.DS_Store', 'desktop.ini', '._dataset.yaml'):
            (folder / name).write_bytes(APPLE_DOUBLE)
    assert convert(source, out, to='yolo', link='copy').is_hit
    (source / ('train/json/p0.json' if (source / 'train').is_dir() else 'json/p0.json')).write_text('{}')
    assert convert(source, out, to='yolo', link='copy', overwrite=True).reused == 2
    (out / '__MACOSX').mkdir()
    (out / '__MACOSX/mine.txt').write_text('mine', encoding='utf-8')
    with pytest.raises(DatasetError, match='mine'):
        convert(source, out, to='yolo', link='copy', overwrite=True, classes=['cat'])


def test_hidden_pictures_that_a_file_names_are_no_longer_hidden(tmp_path: Path, make: Any) -> None:
    names = [
        '._a.jpg',
        '.b.jpg',
        '.jpg',
        '_.b.jpg',
        '__MACOSX/c.jpg',
        '@eaDir/d.jpg',
        '.ipynb_checkpoints/e.jpg',
    ]
    content = {
        'images': [{'id': number, 'file_name': name} for number, name in enumerate(names)],
        'categories': [{'id': 1, 'name': 'cat'}],
        'annotations': [
            {'id': number, 'image_id': number, 'category_id': 1, 'bbox': [1, 1, 9, 9], 'iscrowd': 0}
            for number in range(len(names))
        ],
    }
    for name in names:
        make.picture(tmp_path / 'in/images' / name, form='JPEG')
    (tmp_path / 'in/annotations').mkdir()
    (tmp_path / 'in/annotations/instances.json').write_text(json.dumps(content), encoding='utf-8')
    for to in ('dm_v2', 'yolo', 'coco', 'pascal_voc'):
        made = convert(tmp_path / 'in', tmp_path / to, to=to)
        assert len(made.report.renamed) == 4
        assert len(list(open_dataset(made.path))) == made.count == len(names)


def test_derived_is_litter() -> None:
    assert all(map(is_derived, ('Thumbs.db', '.DS_Store', '._a', '@eaDir')))
    assert not any(map(is_derived, ('.git', '__MACOSX', '#recycle', 'a.jpg', '.hidden')))
