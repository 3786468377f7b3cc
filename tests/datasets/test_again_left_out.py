"""Converting again where not everything was written, and where the source tells something before its first sample."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import batches, convert, stream
from synapse_plugins.datasets.ledger import LEDGER_FILE, is_final
from synapse_plugins.datasets.report import Report
from synapse_plugins.errors import OutputExistsError

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = ('dm_v2', 'yolo', 'coco', 'pascal_voc')


@pytest.fixture
def source(make: Any, tmp_path: Path) -> Path:
    """Ten pictures of two splits; one has no annotation, one cannot be read, one document is broken."""
    boxes = {'bounding_box': [make.box('cat', 4, 6, 20, 10)]}
    samples: dict[str, Any] = {
        f'{("train", "valid")[number % 2]}/{number:03}.png': boxes if number else {} for number in range(10)
    }
    root: Path = make.dm(tmp_path / 'in', samples)
    (root / 'train' / 'original_files' / '004.png').write_bytes(b'')
    (root / 'valid' / 'json' / '005.json').write_text('{', encoding='utf-8')
    return root


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b'ROOT')
        for path in sorted(root.rglob('*'))
        if path.is_file() and path.name != LEDGER_FILE
    }


@pytest.mark.parametrize('to', TARGETS)
@pytest.mark.parametrize('workers', [1, 2])
def test_what_is_not_written_is_remembered_too(
    to: str, workers: int, source: Path, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if workers > 1:
        monkeypatch.setattr(stream, 'SMALL', 1)
        monkeypatch.setattr(batches, 'BATCH', 3)
    out = tmp_path / 'out'
    same: dict[str, Any] = {'to': to, 'workers': workers, 'drop_empty': True}
    first = convert(source, out, **same, remember=True)
    assert first.count == 7
    again = convert(source, out, **same)
    assert (again.is_hit, again.reused, again.count) == (True, 7, 7)
    assert again.report.to_dict() == first.report.to_dict()
    make.picture(source / 'valid' / 'original_files' / '001.png', (32, 32))
    with pytest.raises(OutputExistsError):
        convert(source, out, **same)
    made = convert(source, out, **same, overwrite=True)
    assert (made.is_hit, made.reused, made.count) == (False, 6, 7)
    make.picture(source / 'train' / 'original_files' / '004.png')
    made = convert(source, out, **same, overwrite=True)
    assert (made.is_hit, made.reused, made.count) == (False, 7, 8)
    scratch = convert(source, tmp_path / 'scratch', **same)
    assert files_of(out) == files_of(scratch.path)
    assert made.report.to_dict() == scratch.report.to_dict()


def test_what_a_function_leaves_out_is_remembered(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    code = "def change(sample):\n    return None if sample.key.endswith('7') else sample\n"
    (tmp_path / 'my_leaving_out.py').write_text(code, encoding='utf-8')
    change = importlib.import_module('my_leaving_out').change
    out = tmp_path / 'out'
    first = convert(source, out, to='coco', transforms=[change], remember=True)
    again = convert(source, out, to='coco', transforms=[change])
    assert again.is_hit
    assert again.report.to_dict() == first.report.to_dict()


def test_a_file_that_may_be_read_another_time_is_looked_at_again(tmp_path: Path) -> None:
    report = Report()
    report.quarantine('image', 'Permission denied', 'a')
    counts = report.take()
    (tmp_path / 'bad.png').write_bytes(b'')
    assert not is_final(counts, [str(tmp_path)])  # a folder cannot be read, as a file of others
    assert is_final(counts, [str(tmp_path / 'bad.png'), str(tmp_path / 'gone.png')])
    assert is_final(report.take(), [str(tmp_path)])


def test_a_picture_without_a_label_file_is_looked_at(make: Any, tmp_path: Path) -> None:
    root = tmp_path / 'in'
    for name in ('a', 'b'):
        make.picture(root / 'images' / f'{name}.png')
    (root / 'labels').mkdir()
    (root / 'labels' / 'b.txt').write_text('0 .5 .5 .1 .1\n', encoding='utf-8')
    (root / 'data.yaml').write_text('train: images\nnames: [cat]\n', encoding='utf-8')
    out = tmp_path / 'out'
    convert(root, out, to='coco', remember=True)
    (root / 'images' / 'a.png').unlink()
    make.picture(root / 'images' / 'a.png', (20, 10))
    made = convert(root, out, to='coco', overwrite=True)
    assert made.reused == 1
    images = json.loads((out / 'annotations' / 'instances_train.json').read_text(encoding='utf-8'))['images']
    assert [(image['file_name'], image['width']) for image in images] == [('a.png', 20), ('b.png', 64)]


def test_a_picture_that_coco_misses_is_looked_for_again(source: Path, make: Any, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'coco', to='coco', link='copy').path
    missing = root / 'images' / 'train' / '002.png'
    missing.unlink()
    out = tmp_path / 'out'
    first = convert(root, out, to='yolo', remember=True)
    assert convert(root, out, to='yolo').is_hit
    make.picture(missing)
    made = convert(root, out, to='yolo', overwrite=True)
    assert (made.reused, made.count) == (first.count, first.count + 1)


def test_what_the_source_says_before_its_first_sample_counts(source: Path, tmp_path: Path) -> None:
    root = convert(source, tmp_path / 'yolo', to='yolo').path
    out = tmp_path / 'out'
    convert(root, out, to='coco', remember=True)
    config = root / 'dataset.yaml'
    config.write_text(f'{config.read_text(encoding="utf-8")}extra: train/images\n', encoding='utf-8')
    made = convert(root, out, to='coco', overwrite=True)
    scratch = convert(root, tmp_path / 'scratch', to='coco')
    assert scratch.report.warnings
    assert made.report.to_dict() == scratch.report.to_dict()
    assert made.reused == made.count
    assert not made.is_hit
    assert convert(root, out, to='coco').is_hit
