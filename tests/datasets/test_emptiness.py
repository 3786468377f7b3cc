"""What is said where a format can hold nothing of a dataset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, formats
from synapse_plugins.errors import DatasetError
from synapse_plugins.testing import make_dataset
from synapse_plugins.testing.drawings import draw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ['detect', 'segment', 'obb', 'pose', 'classify', 'mask', 'loose', 'line']
TARGETS = [
    (provider.name, task)
    for provider in formats.BUILTIN
    for task in formats.writer_of(provider.name).tasks or (None,)
]


def source_of(kind: str, root: Path, make: Any) -> Path:
    item = {'id': 'i', 'classification': 'a', 'attrs': []}
    tools: dict[str, Any] = {
        'loose': {'keypoint': [item | {'data': [5, 5]}]},
        'line': {'polyline': [item | {'data': [[5, 5], [9, 9]]}]},
    }
    if kind in tools:
        make.dm(root, {'a.png': tools[kind]})
        return root
    return draw(root, [kind], splits={None: 2})


def hints(error: str) -> Iterator[tuple[str, str | None]]:
    told = re.search(r'These can be held with (.*?)\. Of the', error)
    for way in told[1].split(', ') if told else ():
        found = re.fullmatch(r'--to (\S+)(?: --task (\S+))?', way)
        assert found, way
        yield found[1], found[2]


@pytest.mark.parametrize('kind', KINDS)
def test_the_formats_that_are_named_are_those_that_hold_it(kind: str, make: Any, tmp_path: Path) -> None:
    source = source_of(kind, tmp_path / 'in', make)
    able: set[str] = set()
    named: list[set[tuple[str, str | None]]] = []
    for number, (to, task) in enumerate(TARGETS):
        try:
            made = convert(source, tmp_path / f'out-{number}', to=to, task=task, link='copy')
        except DatasetError as exc:
            if 'annotations that' in str(exc):  # not one that holds it, but not as it is here
                named.append(set(hints(str(exc))))
        else:
            if not made.report.dropped:
                able.add(to)
    assert named
    assert all(one == named[0] for one in named)
    for to, task in named[0]:
        made = convert(source, tmp_path / f'way-{to}', to=to, task=task, link='copy')
        assert not [one for one in made.report.dropped if one.kind != 'attribute'], (to, task)
    assert {to for to, _ in named[0]} == able


@pytest.mark.parametrize('source', ['dm_v2', 'yolo', 'coco'])
def test_poses_are_for_formats_of_poses(source: str, tmp_path: Path) -> None:
    root = make_dataset(tmp_path / 'in', source, 'pose')
    with pytest.raises(DatasetError) as caught:
        convert(root, tmp_path / 'out', to='imagefolder')
    assert set(hints(str(caught.value))) == {
        ('coco', None),
        ('dm_v1', None),
        ('dm_v2', None),
        ('yolo', 'pose'),
    }


def names_in(root: Path, count: int, make: Any) -> Path:
    """Make a dataset of two splits that declares so many classes, of which it has one."""
    for split in ('train', 'valid'):
        make.picture(root / split / 'images/a.jpg')
        (root / split / 'labels').mkdir()
    (root / 'train/labels/a.txt').write_text('0 0.5 0.5 0.2 0.2\n', encoding='utf-8')
    names = ''.join(f'  {n}: c{n}\n' for n in range(count))
    (root / 'dataset.yaml').write_text(
        f'train: train/images\nval: valid/images\nnames:\n{names}', encoding='utf-8'
    )
    return root


def test_a_few_classes_without_annotations_are_told_of_one_by_one(tmp_path: Path, make: Any) -> None:
    made = convert(names_in(tmp_path / 'in', 4, make), tmp_path / 'out', to='coco')
    assert made.report.warnings == [
        "The class 'c0' has no annotation in valid.",
        *(f"The class 'c{n}' has no annotation." for n in (1, 2, 3)),
    ]


def test_many_are_told_of_in_a_sentence(tmp_path: Path, make: Any) -> None:
    made = convert(names_in(tmp_path / 'in', 5_000, make), tmp_path / 'out', to='coco')
    assert made.report.warnings == [
        "The class 'c0' has no annotation in valid.",
        "4999 classes have no annotation: 'c1', 'c2', 'c3', 'c4', 'c5', ...",
    ]


def test_an_error_says_a_warning_once(tmp_path: Path, make: Any) -> None:
    make.picture(tmp_path / 'in/images/a.jpg')
    (tmp_path / 'in/dataset.yaml').write_text('train: images\nval: images\nnames: [a]\n', encoding='utf-8')
    make.picture(tmp_path / 'in/more/images/b.jpg')
    (tmp_path / 'in/dataset.yaml').write_text(
        'train: images\nval: images\ntest: more/images\nnames: [a]\n', encoding='utf-8'
    )
    with pytest.raises(DatasetError) as caught:
        convert(tmp_path / 'in', tmp_path / 'out', to='coco')
    assert str(caught.value).count('use the same pictures') == 1
