"""The rules that every conversion keeps to."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins import datasets
from synapse_plugins.datasets import Conversion, convert, files, seal
from synapse_plugins.errors import DatasetError, FormatError, LossError, OutputExistsError, UnknownNameError

TARGETS = ['coco', 'dm_v2', 'pascal_voc', 'yolo']


def entries(found: list[Any]) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.reason, entry.count) for entry in found]


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith('.')]


@pytest.mark.parametrize('to', TARGETS)
@pytest.mark.parametrize('link', ['hard', 'symlink', 'copy'])
def test_the_source_stays_as_it_is(to: str, link: str, blood: Path, tmp_path: Path, make: Any) -> None:
    before = make.snapshot(blood)
    conversion = convert(blood, tmp_path / 'out', to=to, link=link)
    assert make.snapshot(blood) == before
    assert conversion.count == 4
    assert conversion.splits == {'train': 2, 'valid': 1, 'test': 1}
    assert conversion.classes == ['RBC', 'WBC']
    assert conversion.report.kept == {'bounding_box': 4, 'image': 4}
    assert not conversion.report.losses
    assert hidden(tmp_path) == []


@pytest.mark.parametrize('to', TARGETS)
def test_the_same_input_gives_the_same_bytes(to: str, blood: Path, tmp_path: Path, make: Any) -> None:
    def output() -> dict[str, bytes]:
        shutil.rmtree(tmp_path / 'out', ignore_errors=True)
        convert(blood, tmp_path / 'out', to=to)
        return {name: content for name, (content, _) in make.snapshot(tmp_path / 'out').items()}

    assert output() == output()


@pytest.mark.parametrize('to', TARGETS)
def test_the_result_is_in_the_report_file(to: str, blood: Path, tmp_path: Path) -> None:
    conversion = convert(blood, tmp_path / 'out', to=to, stamp={'key': 'k1'})
    loaded = Conversion.load(tmp_path / 'out')
    assert loaded.to_dict() == conversion.to_dict()
    assert loaded.config_path == conversion.config_path
    assert loaded.stamp == {'key': 'k1', 'seal': seal(tmp_path / 'out')}
    assert json.loads((tmp_path / 'out' / 'classes.json').read_text('utf-8')) == {'classes': ['RBC', 'WBC']}


@pytest.mark.parametrize(('link', 'links'), [('hard', 2), ('copy', 1)])
def test_links_are_made_as_asked(link: str, links: int, blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo', link=link)
    assert (tmp_path / 'out' / 'train' / 'images' / 'a.jpg').stat().st_nlink == links


def test_symbolic_links_lead_to_the_picture_itself(blood: Path, tmp_path: Path) -> None:
    picture = blood / 'train' / 'original_files' / 'a.jpg'
    picture.rename(tmp_path / 'elsewhere.jpg')
    picture.symlink_to(tmp_path / 'elsewhere.jpg')
    convert(blood, tmp_path / 'symbolic', to='yolo', link='symlink')
    convert(blood, tmp_path / 'hard', to='yolo', link='hard')
    assert (tmp_path / 'symbolic/train/images/a.jpg').readlink() == tmp_path / 'elsewhere.jpg'
    assert not (tmp_path / 'hard/train/images/a.jpg').is_symlink()
    assert (tmp_path / 'hard/train/images/a.jpg').samefile(tmp_path / 'elsewhere.jpg')


@pytest.mark.parametrize('link', ['hard', 'symlink'])
def test_a_jpeg_without_its_end_marker_is_copied(link: str, blood: Path, tmp_path: Path) -> None:
    picture = blood / 'train' / 'original_files' / 'a.jpg'
    picture.write_bytes(picture.read_bytes()[:-2])
    conversion = convert(blood, tmp_path / 'out', to='yolo', link=link)
    copy = tmp_path / 'out' / 'train' / 'images' / 'a.jpg'
    assert not copy.is_symlink()
    assert not copy.samefile(picture)
    assert copy.read_bytes() == picture.read_bytes()
    assert entries(conversion.report.noted) == [
        ('image', 'a JPEG without its end marker was copied, not linked', 1)
    ]


def test_pictures_are_copied_where_links_cannot_be_made(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(18, 'Invalid cross-device link')

    monkeypatch.setattr(os, 'link', refuse)
    conversion = convert(blood, tmp_path / 'out', to='yolo')
    assert conversion.report.warnings == [
        'Pictures were copied, because links cannot be made here (Invalid cross-device link).',
        "The class 'RBC' has no annotation in valid, test.",
        "The class 'WBC' has no annotation in test.",
    ]
    assert (tmp_path / 'out' / 'train' / 'images' / 'a.jpg').stat().st_nlink == 1


# -- the place of the output --------------------------------------------------------------------------------


def test_a_taken_place_is_refused(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo')
    with pytest.raises(OutputExistsError, match='exists already'):
        convert(blood, tmp_path / 'out', to='yolo')


def test_an_empty_folder_is_not_taken(blood: Path, tmp_path: Path) -> None:
    (tmp_path / 'out').mkdir()
    assert convert(blood, tmp_path / 'out', to='yolo').count == 4


def test_an_earlier_output_is_replaced(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo')
    (tmp_path / 'out' / 'train' / 'labels.cache').write_text('old', encoding='utf-8')
    convert(blood, tmp_path / 'out', to='coco', overwrite=True)
    assert (tmp_path / 'out' / 'annotations').is_dir()
    assert not (tmp_path / 'out' / 'train').exists()
    assert hidden(tmp_path) == []


def test_an_earlier_output_is_replaced_where_folders_cannot_be_exchanged(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.datasets import output

    convert(blood, tmp_path / 'out', to='yolo')
    monkeypatch.setattr(output, '_exchange', lambda one, other: False)
    convert(blood, tmp_path / 'out', to='coco', overwrite=True)
    assert (tmp_path / 'out' / 'annotations').is_dir()
    assert hidden(tmp_path) == []


def test_a_folder_of_the_user_is_never_replaced(blood: Path, tmp_path: Path) -> None:
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'thesis.txt').write_text('years of work', encoding='utf-8')
    with pytest.raises(OutputExistsError, match='was not written by synapse-plugins'):
        convert(blood, tmp_path / 'mine', to='yolo', overwrite=True)
    assert (tmp_path / 'mine' / 'thesis.txt').exists()


@pytest.mark.parametrize('place', ['.', 'train/yolo', '..'])
def test_the_output_may_not_overlap_the_source(place: str, blood: Path) -> None:
    with pytest.raises(DatasetError, match='overlap'):
        convert(blood, blood / place, to='yolo', overwrite=True)


def test_what_a_killed_process_left_is_removed(blood: Path, tmp_path: Path) -> None:
    left = tmp_path / '.out.part-00000000'
    left.mkdir()
    os.utime(left, (1, 1))
    convert(blood, tmp_path / 'out', to='yolo')
    assert not left.exists()


@pytest.mark.parametrize(
    'key', ['two of my notes', '0123abc', '0123abcde', '0123ABCD', '12-0123abcd', '0123abcd.mine']
)
def test_a_folder_that_only_begins_as_a_work_folder_stays(key: str, blood: Path, tmp_path: Path) -> None:
    mine = tmp_path / f'.out.part-{key}' / 'x.txt'
    mine.parent.mkdir()
    mine.write_text('mine', encoding='utf-8')
    for _ in range(2):
        convert(blood, tmp_path / 'out', to='yolo', overwrite=True)
    assert mine.read_text('utf-8') == 'mine'


HOLD = """
import sys
from synapse_plugins.datasets.output import Output
with Output(__import__('pathlib').Path(sys.argv[1]), marker='report.json'):
    print('held', flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='folders cannot be locked there')
@pytest.mark.parametrize('overwrite', [False, True])
def test_a_place_that_another_one_writes_to_is_refused_at_once(
    overwrite: bool, blood: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    if overwrite:
        convert(blood, out, to='yolo')
    command = [sys.executable, '-c', HOLD.replace("'report.json'", "'report.json', overwrite=True"), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == 'held\n'
        seen: list[int] = []
        with pytest.raises(OutputExistsError, match='is being written by another process'):
            convert(blood, out, to='yolo', overwrite=overwrite, progress=lambda done, _: seen.append(done))
        assert not seen
        convert(blood, tmp_path / 'elsewhere', to='yolo')
        other.kill()
    assert [path for path in tmp_path.iterdir() if path.name.startswith('.out.')]
    convert(blood, out, to='yolo', overwrite=overwrite)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith('.')]


@pytest.mark.skipif(sys.platform == 'win32', reason='folders cannot be locked there')
def test_what_is_left_of_the_last_instant_goes_when_the_place_is_refused(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo')
    (tmp_path / '.out.part-1234abcd' / 'train').mkdir(parents=True)
    with pytest.raises(OutputExistsError, match='--overwrite'):
        convert(blood, tmp_path / 'out', to='yolo')
    assert not list(tmp_path.glob('.out*'))


def test_the_parents_of_the_output_are_made(blood: Path, tmp_path: Path) -> None:
    assert convert(blood, tmp_path / '새 폴더' / 'out', to='yolo').path == tmp_path / '새 폴더' / 'out'


# -- losses ---------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path: Path, make: Any) -> Path:
    tools = {
        'bounding_box': [
            make.box('가', 10, 10, 20, 20),
            make.box('가', -5, 10, 20, 20),
            make.box('가', 50, 40, 100, 100),
            make.box('가', 100, 100, 5, 5),
            make.box('가', 10, 10, 0, 5),
            make.box('가', 1, 2, 3),
            make.box(None, 1, 2, 3, 4),
            make.box(
                '가', 10, 10, 20, 10, attrs=[{'name': 'rotation', 'value': 0.5}, {'name': 'age', 'value': 3}]
            ),
        ],
        'polygon': [make.polygon('나', (5, 5), (25, 5), (25, 25)), make.polygon('나', (5, 5), (6, 6))],
        'segmentation': [
            {'id': 's', 'classification': '다', 'attrs': [], 'data': [[64 * 10 + 5, 4], [64 * 11 + 5, 4]]}
        ],
        'keypoint': [{'id': 'k', 'classification': '코', 'attrs': [], 'data': [1, 2]}],
        'relation': [{'id': 'r', 'classification': None, 'attrs': [], 'data': ['a', 'b']}],
    }
    return make.dm(tmp_path / 'mixed', {'사진.png': tools})


def test_everything_is_counted_under_detect(mixed: Path, tmp_path: Path) -> None:
    conversion = convert(mixed, tmp_path / 'out', to='yolo', task='detect')
    report = conversion.report
    assert report.kept == {'bounding_box': 1, 'image': 1}
    assert entries(report.changed) == [
        ('bounding_box', 'it was clipped to the image', 2),
        ('bounding_box', 'its rotation was lost, it became the upright box around it', 1),
        ('polygon', 'it became a box', 1),
        ('segmentation', 'it became a box', 1),
    ]
    assert entries(report.dropped) == [
        ('attribute', "yolo cannot hold 'age'", 1),
        ('bounding_box', 'it has no area', 1),
        ('bounding_box', 'it has no class', 1),
        ('bounding_box', 'it lies outside the image', 1),
        ('bounding_box', 'its data is malformed', 1),
        ('keypoint', 'yolo cannot hold it under task detect', 1),
        ('polygon', 'it has fewer than three corners', 1),
        ('relation', 'yolo cannot hold it under task detect', 1),
    ]
    assert report.dropped[0].examples == ['사진']
    assert conversion.classes == ['가', '나', '다']  # the keypoint's name is no class here
    labels = (tmp_path / 'out' / 'labels' / '사진.txt').read_text('utf-8').splitlines()
    assert labels == [
        '0 0.31250000 0.41666667 0.31250000 0.41666667',
        '0 0.11718750 0.41666667 0.23437500 0.41666667',
        '0 0.89062500 0.91666667 0.21875000 0.16666667',
        '0 0.31250000 0.31250000 0.34915479 0.38259034',
        '1 0.23437500 0.31250000 0.31250000 0.41666667',
        '2 0.10937500 0.22916667 0.06250000 0.04166667',
    ]


def test_everything_is_counted_under_segment(mixed: Path, tmp_path: Path) -> None:
    conversion = convert(mixed, tmp_path / 'out', to='yolo')
    assert conversion.task == 'segment'
    assert entries(conversion.report.changed) == [
        ('bounding_box', 'it became a polygon of four corners', 4),
        ('bounding_box', 'it was clipped to the image', 2),
        ('segmentation', 'it became a polygon', 1),
    ]
    assert conversion.report.kept == {'image': 1, 'polygon': 1}
    rows = [
        line.split() for line in (tmp_path / 'out' / 'labels' / '사진.txt').read_text('utf-8').splitlines()
    ]
    assert all(len(row) >= 7 and len(row) % 2 for row in rows)
    assert ' '.join(rows[-2]) == '1 0.07812500 0.10416667 0.39062500 0.10416667 0.39062500 0.52083333'


def test_a_loss_can_be_an_error_and_then_nothing_is_written(mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(LossError, match='dropped 1 keypoint'):
        convert(mixed, tmp_path / 'out', to='yolo', on_loss='error')
    assert not (tmp_path / 'out').exists()
    assert hidden(tmp_path) == []


def test_no_loss_is_no_error(blood: Path, tmp_path: Path) -> None:
    assert convert(blood, tmp_path / 'out', to='yolo', on_loss='error').count == 4


def test_losses_are_told_unless_they_are_to_be_ignored(mixed: Path, tmp_path: Path) -> None:
    told = convert(mixed, tmp_path / 'told', to='yolo', task='detect')
    ignored = convert(mixed, tmp_path / 'ignored', to='yolo', task='detect', on_loss='ignore')
    assert len(told.warnings) == len(told.report.loss_lines()) + 1
    assert ignored.warnings == [
        'The dataset has no splits, so training and validation use the same pictures.'
    ]
    assert ignored.report.losses


def test_rounding_is_no_loss(tmp_path: Path, make: Any) -> None:
    make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': [make.box('x', -1e-7, 0, 64.0000001, 48)]}})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    assert not conversion.report.losses
    assert (tmp_path / 'out' / 'labels' / 'a.txt').read_text(
        'utf-8'
    ) == '0 0.50000000 0.50000000 1.00000000 1.00000000\n'


def test_a_rotation_of_nothing_is_no_loss(tmp_path: Path, make: Any) -> None:
    turned = make.box('x', 10, 10, 20, 10, attrs=[{'name': 'rotation', 'value': 0}])
    make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': [turned]}})
    assert not convert(tmp_path / 'in', tmp_path / 'out', to='yolo').report.losses


def test_a_turned_box_keeps_its_corners_under_segment(tmp_path: Path, make: Any) -> None:
    turned = make.box('x', 10, 10, 20, 10, attrs=[{'name': 'rotation', 'value': math.pi / 2}])
    make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': [turned]}})
    convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='segment')
    _, *numbers = (float(text) for text in (tmp_path / 'out/labels/a.txt').read_text('utf-8').split())
    assert numbers == pytest.approx(
        [25 / 64, 5 / 48, 25 / 64, 25 / 48, 15 / 64, 25 / 48, 15 / 64, 5 / 48], abs=1e-6
    )


# -- classes --------------------------------------------------------------------------------------------------


def test_the_user_gives_the_classes_in_order(blood: Path, tmp_path: Path) -> None:
    conversion = convert(blood, tmp_path / 'out', to='yolo', classes=['WBC', 'Platelets'])
    assert conversion.classes == ['WBC', 'Platelets']
    assert entries(conversion.report.left_out) == [('bounding_box', "class 'RBC' was not asked for", 2)]
    assert not conversion.report.losses
    assert "The class 'Platelets' has no annotation. There is: RBC, WBC." in conversion.report.warnings
    assert (tmp_path / 'out/train/labels/a.txt').read_text('utf-8').startswith('0 ')


def test_a_class_map_beside_the_source_is_kept(blood: Path, tmp_path: Path) -> None:
    datasets.classes.write_classes(blood, ['WBC', 'Basophil', 'RBC'])
    assert convert(blood, tmp_path / 'out', to='yolo').classes == ['WBC', 'Basophil', 'RBC']


def test_a_class_that_is_missing_from_a_split_is_told(blood: Path, tmp_path: Path) -> None:
    assert convert(blood, tmp_path / 'out', to='yolo').report.warnings == [
        "The class 'RBC' has no annotation in valid, test.",
        "The class 'WBC' has no annotation in test.",
    ]


def test_decomposed_class_names_are_one_class(tmp_path: Path, make: Any) -> None:
    from unicodedata import normalize

    names = [normalize(form, '지게차') for form in ('NFC', 'NFD')]
    boxes = [make.box(name, 1, 1, 9, place) for place, name in enumerate(names, 8)]
    make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': boxes}})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    assert conversion.classes == ['지게차']
    assert entries(conversion.report.noted) == [('class', 'the name was trimmed or normalised (NFC)', 1)]


# -- pictures -------------------------------------------------------------------------------------------------


def test_empty_pictures_are_kept(blood: Path, tmp_path: Path) -> None:
    convert(blood, tmp_path / 'out', to='yolo')
    assert (tmp_path / 'out/test/labels/d.txt').read_bytes() == b''


def test_empty_pictures_are_left_out_as_asked(blood: Path, tmp_path: Path) -> None:
    conversion = convert(blood, tmp_path / 'out', to='yolo', drop_empty=True)
    assert conversion.splits == {'train': 2, 'valid': 1, 'test': 0}
    assert entries(conversion.report.left_out) == [('image', 'it has no annotations', 1)]
    assert not conversion.report.losses
    assert not (tmp_path / 'out/test').exists()


def test_corrupt_pictures_are_quarantined_and_named(blood: Path, tmp_path: Path) -> None:
    (blood / 'train/original_files/a.jpg').write_bytes(b'')
    (blood / 'test/original_files/d.jpg').write_bytes(b'no picture')
    conversion = convert(blood, tmp_path / 'out', to='yolo')
    assert [(entry.reason, entry.examples) for entry in conversion.report.quarantined] == [
        ('it is not a picture that can be read', ['test/d']),
        ('the file is empty', ['train/a']),
    ]
    assert conversion.count == 2
    assert not (tmp_path / 'out/train/images/a.jpg').exists()


def test_equal_names_get_unique_ones(tmp_path: Path, make: Any) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    source = make.dm(tmp_path / 'in', {'a.jpg': tools, 'A.png': tools, 'deep/x.jpg': tools})
    (source / 'json' / 'deep').mkdir()
    for kind, name in (('json', 'a.json'), ('original_files', 'a.jpg')):
        shutil.copy(source / kind / name, source / kind / f'{"deep/" if kind == "json" else "deep_"}{name}')
    (source / 'original_files' / 'deep').mkdir()
    (source / 'original_files' / 'deep_a.jpg').rename(source / 'original_files' / 'deep' / 'a.jpg')
    shutil.rmtree(source / 'deep')
    conversion = convert(source, tmp_path / 'out', to='yolo')
    names = sorted(path.name for path in (tmp_path / 'out/images').iterdir())
    assert len({name.casefold() for name in names}) == len(names) == 3
    assert set(conversion.report.renamed) == {'a', 'deep/a'}
    assert set(conversion.report.renamed.values()) < set(names)
    assert sorted(path.stem for path in (tmp_path / 'out/labels').iterdir()) == sorted(
        Path(name).stem for name in names
    )


# -- what cannot be converted ---------------------------------------------------------------------------------


def test_a_dataset_without_annotations_is_refused(tmp_path: Path, make: Any) -> None:
    make.dm(tmp_path / 'in', {'train/a.jpg': {}, 'valid/b.jpg': {'bounding_box': []}})
    with pytest.raises(DatasetError, match=f'{tmp_path / "in"} has no annotations'):
        convert(tmp_path / 'in', tmp_path / 'out', to='yolo')
    assert not (tmp_path / 'out').exists()


def test_a_dataset_of_which_the_format_can_hold_nothing_is_refused(tmp_path: Path, make: Any) -> None:
    make.dm(
        tmp_path / 'in', {'a.jpg': {'classification': [{'classification': 'cat', 'attrs': [], 'data': {}}]}}
    )
    with pytest.raises(DatasetError, match=r'no annotations.*dropped 1 classification: yolo cannot hold it'):
        convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='detect')


def test_a_dataset_without_pictures_is_refused(blood: Path, tmp_path: Path) -> None:
    for picture in blood.glob('*/original_files/*'):
        picture.unlink()
    with pytest.raises(
        DatasetError, match=r'has no pictures.*dropped 4 annotation file: its image is missing'
    ):
        convert(blood, tmp_path / 'out', to='yolo')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('options', 'error', 'words'),
    [
        ({'to': 'yollo'}, UnknownNameError, "Did you mean 'yolo'"),
        (
            {'to': 'yolo', 'source_format': 'kitti'},
            UnknownNameError,
            'There is: coco, dm_v1, dm_v2',
        ),
        (
            {'to': 'yolo', 'task': 'fly'},
            DatasetError,
            "tasks detect, segment, pose, obb, classify, not 'fly'",
        ),
        ({'to': 'yolo', 'link': 'soft'}, DatasetError, "link='soft' is none of hard, symlink, copy"),
        ({'to': 'yolo', 'on_loss': 'cry'}, DatasetError, "on_loss='cry' is none of"),
        ({'to': 'yolo', 'colour': 'red'}, DatasetError, 'knows no option colour'),
        ({'to': 'yolo', 'source_format': 'coco'}, FormatError, 'is not a coco dataset'),
    ],
)
def test_wrong_options_are_told(
    options: dict[str, Any], error: type[Exception], words: str, blood: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        convert(blood, tmp_path / 'out', **options)
    assert not (tmp_path / 'out').exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match='There is no folder'):
        convert(tmp_path / 'none', tmp_path / 'out', to='yolo')


def test_a_disk_that_cannot_be_written_is_told(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, target: str) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(files, 'copy_file', full)
    with pytest.raises(DatasetError, match=r'No space left on device\. Nothing was written'):
        convert(blood, tmp_path / 'out', to='yolo', link='copy')
    assert hidden(tmp_path) == []


# -- progress and cancel --------------------------------------------------------------------------------------


def test_progress_goes_up_to_the_end(blood: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    convert(blood, tmp_path / 'out', to='yolo', progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == ((0, 4), (4, 4))


def test_a_cancelled_conversion_leaves_nothing(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='was cancelled'):
        convert(blood, tmp_path / 'out', to='yolo', cancelled=lambda: True)
    assert not (tmp_path / 'out').exists()
    assert hidden(tmp_path) == []


@pytest.mark.skipif(sys.platform != 'linux', reason='other systems have no such names')
def test_a_name_that_is_no_text_is_quarantined(blood: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b'\xff\xfe')
    for kind, suffix in (('json', 'json'), ('original_files', 'jpg')):
        folder = blood / 'train' / kind
        shutil.copy(folder / f'a.{suffix}', folder / f'{name}.{suffix}')
    for to in TARGETS:
        conversion = convert(blood, tmp_path / to, to=to)
        assert entries(conversion.report.quarantined) == [('image', 'its name is not valid UTF-8', 1)]
        assert Conversion.load(tmp_path / to).count == 4
