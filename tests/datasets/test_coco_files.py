"""Large COCO files: any order of the lists, a temporary database instead of memory, the same samples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Report, convert, json_stream, open_dataset
from synapse_plugins.datasets.formats import coco_file
from synapse_plugins.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, document: dict[str, Any], order: str = 'iac', indent: int | None = None) -> Path:
    names = {'i': 'images', 'a': 'annotations', 'c': 'categories', 'x': 'info'}
    (root / 'annotations').mkdir(parents=True, exist_ok=True)
    text = json.dumps({names[one]: document[names[one]] for one in order}, indent=indent)
    (root / 'annotations' / 'instances.json').write_text(text, encoding='utf-8')
    return root


@pytest.fixture
def document() -> dict[str, Any]:
    """Twelve images, whose annotations come in no order, and one that belongs to none."""
    annotations = [
        {
            'id': number,
            'image_id': number * 7 % 13,
            'category_id': 1 + number % 2,
            'bbox': [number % 5, 1, 9, 9],
        }
        for number in range(60)
    ]
    return {
        'info': {'images': [{'id': 1}], 'text': '"annotations": [{"id": 1}]'},
        'images': [{'id': number, 'file_name': f'{number}.jpg'} for number in range(12)],
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'x'}, {'id': 2, 'name': 'y'}],
    }


def samples(root: Path) -> tuple[list[Any], dict[str, Any]]:
    report = Report()
    reader = open_dataset(root, 'coco', report=report)
    found = [(one.key, [(a.id, a.label, a.data) for a in one.annotations]) for one in reader]
    reader.close()
    return found, report.to_dict()


@pytest.mark.parametrize('order', ['iac', 'aic', 'cai', 'xaci', 'acix'])
@pytest.mark.parametrize('indent', [None, 2])
@pytest.mark.parametrize('window', [50, 1 << 20])
def test_any_order_gives_the_same(
    order: str,
    indent: int | None,
    window: int,
    document: dict[str, Any],
    make: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(12):
        make.picture(tmp_path / 'images' / f'{number}.jpg')
    whole = samples(write(tmp_path, document))
    assert len(whole[0]) == 12
    assert whole[1]['dropped'][0]['reason'] == 'it belongs to no image'
    write(tmp_path, document, order, indent)
    monkeypatch.setattr(json_stream, 'WINDOW', window)
    assert samples(tmp_path) == whole
    monkeypatch.setattr(coco_file, 'SPILL', 0)
    assert samples(tmp_path) == whole


def test_a_spilled_file_is_converted_in_several_processes(
    document: dict[str, Any], make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.datasets import stream

    source = write(tmp_path / 'in', document, 'aci')
    for number in range(12):
        make.picture(source / 'images' / f'{number}.jpg')
    one = convert(source, tmp_path / 'one', to='dm_v2', workers=1)
    monkeypatch.setattr(coco_file, 'SPILL', 0)
    monkeypatch.setattr(stream, 'SMALL', 1)
    other = convert(source, tmp_path / 'other', to='dm_v2', workers=2)
    assert make.snapshot(one.path).keys() == make.snapshot(other.path).keys()
    assert one.report.to_dict() == other.report.to_dict()


@pytest.mark.parametrize('number', [1, 1.0, '1', 1 << 70, 'a', -1])
@pytest.mark.parametrize('spill', [0, 1 << 20])
def test_an_id_of_any_kind_is_found(
    number: Any, spill: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coco_file, 'SPILL', spill)
    document = {
        'images': [{'id': number, 'file_name': 'a.jpg'}],
        'annotations': [{'id': 1, 'image_id': number, 'category_id': 1, 'bbox': [1, 1, 5, 5]}],
        'categories': [{'id': 1, 'name': 'x'}],
    }
    make.picture(tmp_path / 'images' / 'a.jpg')
    ((_, annotations),) = samples(write(tmp_path, document))[0]
    assert len(annotations) == 1


def test_two_images_of_one_id_are_refused(document: dict[str, Any], tmp_path: Path) -> None:
    document['images'][5]['id'] = 3
    with pytest.raises(FormatError, match=r"'3\.jpg' and '5\.jpg' both have the id 3"):
        open_dataset(write(tmp_path, document), 'coco')


@pytest.mark.parametrize(
    ('name', 'record'),
    [
        ('images', {'id': 1}),
        ('images', {'id': [], 'file_name': 'a'}),
        ('annotations', {'id': 1}),
        ('images', 7),
    ],
)
def test_a_record_without_what_it_needs_is_named(
    name: str, record: Any, document: dict[str, Any], tmp_path: Path
) -> None:
    document[name].append(record)
    with pytest.raises(FormatError, match=r'instances\.json'):
        open_dataset(write(tmp_path, document), 'coco')
