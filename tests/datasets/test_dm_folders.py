"""Datamaker datasets on disk: both versions, all media, and the part that travels beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

MEDIA = {'image': 'jpg', 'pcd': 'pcd', 'text': 'txt', 'video': 'mp4', 'prompt': 'txt'}
OTHER_MEDIA = {
    ('3d_bounding_box', 1), ('named_entity', 1), ('classification', 2), ('segmentation', 1), ('pcd', 1), ('text', 2),
    ('video', 1),
}  # fmt: skip
"""What `dm_pairs` holds of them, and how many."""


def place(root: Path, name: str, content: dict[str, Any], make: Any, suffix: str = 'jpg') -> Path:
    """Write a document and a file of that suffix beside it."""
    (root / 'json').mkdir(parents=True, exist_ok=True)
    file = root / 'original_files' / f'{name}.{suffix}'
    if suffix == 'jpg':
        make.picture(file)
    else:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b'what a medium holds')
    (root / 'json' / f'{name}.json').write_text(json.dumps(content, ensure_ascii=False), encoding='utf-8')
    return root


def document(root: Path, name: str) -> Any:
    return json.loads((root / 'json' / f'{name}.json').read_text('utf-8'))


def test_real_documents_of_all_media_come_back_to_the_letter(
    real_data: Path, tmp_path: Path, make: Any
) -> None:
    for version, there, back in ((1, 'dm_v2', 'dm_v1'), (2, 'dm_v1', 'dm_v2')):
        source = tmp_path / f'v{version}'
        for media, suffix in MEDIA.items():
            content = json.loads((real_data / 'dm_pairs' / media / f'v{version}.json').read_text('utf-8'))
            place(source, media, content, make, suffix)
        assert detect_format(source) == back
        first = convert(source, tmp_path / f'there{version}', to=there)
        assert detect_format(tmp_path / f'there{version}') == there
        second = convert(tmp_path / f'there{version}', tmp_path / f'back{version}', to=back)
        assert not first.report.losses
        assert not second.report.losses
        assert first.report.kept == second.report.kept
        for media, suffix in MEDIA.items():
            assert document(tmp_path / f'back{version}', media) == document(source, media)
            assert (tmp_path / f'back{version}/original_files/{media}.{suffix}').is_file()


@pytest.mark.parametrize(
    ('to', 'task', 'kept', 'changed', 'dropped'),
    [
        ('coco', None, {'bounding_box', 'polygon', 'segmentation'}, set(), {'keypoint', 'polyline'}),
        ('yolo', 'detect', {'bounding_box'}, {'polygon', 'segmentation'}, {'keypoint', 'polyline'}),
        ('yolo', 'segment', {'polygon'}, {'bounding_box', 'segmentation'}, {'keypoint', 'polyline'}),
    ],
)
def test_of_real_documents_nothing_is_called_lost_that_is_not(
    to: str, task: str | None, kept: set[str], changed: set[str], dropped: set[str],
    real_data: Path, tmp_path: Path, make: Any,
) -> None:  # fmt: skip
    found = []
    for version in (1, 2):
        for media, suffix in MEDIA.items():
            content = json.loads((real_data / 'dm_pairs' / media / f'v{version}.json').read_text('utf-8'))
            place(tmp_path / f'v{version}', media, content, make, suffix)
        make.picture(tmp_path / f'v{version}/original_files/image.jpg', size=(2000, 1500))
        report = convert(tmp_path / f'v{version}', tmp_path / f'out{version}', to=to, task=task).report
        assert report.kept == dict.fromkeys(kept | {'image'}, 1)
        assert {(entry.kind, entry.count) for entry in report.changed} == {(kind, 1) for kind in changed}
        assert {(entry.kind, entry.count) for entry in report.dropped} == {
            *((kind, 1) for kind in dropped), *OTHER_MEDIA,
        }  # fmt: skip
        found.append(report.to_dict())
    assert found[0] == found[1]


def test_other_formats_say_what_they_cannot_hold(tmp_path: Path, make: Any) -> None:
    box = {'id': 'b', 'tool': 'bounding_box', 'classification': {'class': 'x'}}
    entry = {'id': 'b', 'coordinate': {'x': 1, 'y': 1, 'width': 9, 'height': 9}}
    content = {
        'annotations': {'image_1': [box], 'text_1': [{'id': 't', 'tool': 'named_entity'}]},
        'annotationsData': {'image_1': [entry]},
        'relations': {'image_1': [{'id': 'r'}]},
        'annotationGroups': {'image_1': [{'id': 'g', 'annotationIds': ['b']}]},
    }
    place(tmp_path / 'in', 'a', content, make)
    place(tmp_path / 'in', 'v', {'videos': [{'segmentation': [{'id': 's', 'data': {}}]}]}, make, 'mp4')
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='coco')
    assert conversion.count == 1
    assert [(entry.kind, entry.reason, entry.examples) for entry in conversion.report.dropped] == [
        ('named_entity', 'its text is not the first of its document', ['a']),
        ('relation', 'only the Datamaker formats can hold it', ['a']),
        ('segmentation', 'it belongs to no picture', ['v']),
        ('text', 'it is not the first of its document', ['a']),
        ('video', 'only the Datamaker formats can hold it', ['v']),
    ]


def test_documents_of_both_versions_may_lie_in_one_folder(tmp_path: Path, make: Any) -> None:
    place(tmp_path, 'a', {'images': [{'classification': [{'id': 'c', 'classification': 'x'}]}]}, make)
    old = {
        'annotations': {'image_1': [{'id': 'c', 'tool': 'classification', 'classification': {'class': 'y'}}]}
    }
    place(tmp_path, 'b', old, make)
    for version in ('dm_v1', 'dm_v2'):
        labels = [sample.annotations[0].label for sample in open_dataset(tmp_path, version)]
        assert labels == ['x', 'y']


def test_a_broken_meta_part_is_told(tmp_path: Path, make: Any) -> None:
    place(tmp_path, 'a', {'images': [{'classification': [{'id': 'c', 'classification': 'x'}]}]}, make)
    (tmp_path / 'meta').mkdir()
    (tmp_path / 'meta/a.json').write_text('{', encoding='utf-8')
    reader = open_dataset(tmp_path)
    assert len(list(reader)) == 1
    assert [(entry.kind, entry.reason) for entry in reader.report.dropped] == [
        ('meta', 'its file cannot be read')
    ]


def test_what_was_left_out_stays_out(tmp_path: Path, make: Any) -> None:
    annotations = [
        {'id': name, 'tool': 'classification', 'isLocked': True, 'classification': {'class': name}}
        for name in 'xy'
    ]
    place(tmp_path / 'in', 'a', {'annotations': {'image_1': annotations}, 'annotationsData': {}}, make)
    convert(tmp_path / 'in', tmp_path / 'there', to='dm_v2', classes=['y'])
    convert(tmp_path / 'there', tmp_path / 'back', to='dm_v1')
    assert document(tmp_path / 'back', 'a')['annotations'] == {'image_1': annotations[1:]}
