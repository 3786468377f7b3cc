"""The demo's dataset is the same everywhere, and a dataset like any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builtin_steps.shapes import CLASSES, DEMO_PARAMS, make_shapes_dataset
from synapse_plugins.datasets import convert, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

FIRST = [('square', [25.86, 36.78]), ('square', [65.65, 9.22]), ('square', [74.96, 60.67])]


def content(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob('*') if path.is_file()
    }


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first = content(make_shapes_dataset(tmp_path / 'a', images=10))
    assert first == content(make_shapes_dataset(tmp_path / 'b', images=10))
    assert first != content(make_shapes_dataset(tmp_path / 'c', images=10, seed=1))


def test_the_first_document_reads_as_it_did_when_it_was_written_down(tmp_path: Path) -> None:
    root = make_shapes_dataset(tmp_path, images=3)
    document = json.loads((root / 'valid' / 'json' / 'shapes_valid_0000.json').read_text(encoding='utf-8'))
    (image,) = document['images']
    found = [(row['classification'], row['data'][:2]) for tool in image.values() for row in tool]
    assert found == FIRST


def test_it_is_read_as_dm_v2_with_three_classes_in_three_splits(tmp_path: Path) -> None:
    reader = open_dataset(make_shapes_dataset(tmp_path, images=40))
    samples = list(reader)
    assert reader.splits == ['train', 'valid', 'test']
    assert [sum(sample.split == split for sample in samples) for split in reader.splits] == [28, 8, 4]
    assert {annotation.label for sample in samples for annotation in sample.annotations} == set(CLASSES)
    assert all(sample.annotations for sample in samples)


@pytest.mark.parametrize('task', ['detect', 'segment'])
def test_every_shape_gets_a_line_for_either_task(tmp_path: Path, task: str) -> None:
    source = make_shapes_dataset(tmp_path / 'dm', images=10)
    made = convert(source, tmp_path / 'yolo', to='yolo', task=task)
    written = sum(len(path.read_text(encoding='utf-8').splitlines()) for path in made.path.rglob('*.txt'))
    assert written == sum(len(sample.annotations) for sample in open_dataset(source))


@pytest.mark.parametrize('images', [1, 3, 160])
def test_every_split_has_pictures(tmp_path: Path, images: int) -> None:
    root = make_shapes_dataset(tmp_path, images=images, size=32)
    counts = [len(list((root / split / 'original_files').iterdir())) for split in ('train', 'valid', 'test')]
    assert min(counts) >= 1
    assert sum(counts) == max(3, images)


@pytest.mark.yolo
def test_its_parameters_are_ones_that_training_takes() -> None:
    from builtin_steps.yolo_params import YoloParams, training_arguments

    params = YoloParams.model_validate(dict(DEMO_PARAMS)).model_dump()
    assert training_arguments(params)['nbs'] == DEMO_PARAMS['nbs']
