"""Which version a Datamaker dataset is: by its documents, not by what the disk happens to list first."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, detect_format, open_dataset
from synapse_plugins.datasets.formats import dm_places

if TYPE_CHECKING:
    from pathlib import Path

NEW = {'images': [{'classification': [{'id': 'c', 'classification': 'new'}]}]}
OLD = {
    'annotations': {'image_1': [{'id': 'c', 'tool': 'classification', 'classification': {'class': 'old'}}]},
    'annotationsData': {'image_1': [{'id': 'c'}]},
}
SILENT = ('{', '', '[]', '3', '{}', '{"classification": {}}', '{"annotations": null}')
"""Documents that say nothing of a version."""


def lay(root: Path, documents: dict[str, Any], make: Any) -> Path:
    """Write documents, in this order, each with its picture: ``'train/a'`` -> content, or text as it is."""
    for name, content in documents.items():
        split, _, stem = name.rpartition('/')
        make.picture(root / split / 'original_files' / f'{stem}.jpg')
        path = root / split / 'json' / f'{stem}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return root


@pytest.mark.parametrize(('first', 'other', 'named'), [(OLD, NEW, 'dm_v1'), (NEW, OLD, 'dm_v2')])
def test_the_first_document_by_name_tells_whatever_the_disk_lists_first(
    first: Any, other: Any, named: str, tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(tmp_path / 'in', {'a': first, 'b': other, 'c': other}, make)
    below = lay(tmp_path / 'below', {'z': first, 'y': other}, make)
    for stem, folder in (('z', 'a'), ('y', 'b')):
        (below / 'json' / folder).mkdir()
        (below / f'json/{stem}.json').rename(below / f'json/{folder}/{stem}.json')
    scan, listdir = dm_places.scan, os.listdir
    for back in (False, True):
        monkeypatch.setattr(
            dm_places, 'scan', lambda *asked, back=back: iter(sorted(scan(*asked), reverse=back))
        )
        monkeypatch.setattr(os, 'listdir', lambda place, back=back: sorted(listdir(place), reverse=back))
        assert detect_format(root) == named
        assert detect_format(below) == named


@pytest.mark.parametrize('silent', SILENT)
def test_a_document_that_tells_no_version_decides_nothing(silent: str, tmp_path: Path, make: Any) -> None:
    root = lay(tmp_path, {'train/a': silent, 'train/b': silent, 'valid/a': silent, 'valid/b': OLD}, make)
    assert detect_format(root) == 'dm_v1'
    assert [sample.annotations[0].label for sample in open_dataset(root) if sample.annotations] == ['old']


def test_without_a_word_it_is_version_2(tmp_path: Path, make: Any) -> None:
    assert detect_format(lay(tmp_path, {'a': '{}', 'b': '{'}, make)) == 'dm_v2'


@pytest.mark.parametrize(('first', 'other', 'named'), [(OLD, NEW, 1), (NEW, OLD, 2)])
def test_a_mix_is_read_document_by_document_and_told(
    first: Any, other: Any, named: int, tmp_path: Path, make: Any
) -> None:
    root = lay(tmp_path / 'in', {'train/a': first, 'train/b': other, 'valid/c': other, 'valid/d': '{}'}, make)
    labels = {'a': 'old' if first is OLD else 'new', 'b': 'old' if other is OLD else 'new'}
    for to in ('dm_v1', 'dm_v2', 'imagefolder'):
        made = convert(root, tmp_path / to, to=to)
        noted = [one for one in made.report.noted if one.kind == 'annotation file']
        assert [(one.count, one.examples) for one in noted] == [(2, ['train/b', 'valid/c'])]
        assert f'of version {3 - named} though the dataset was taken for version {named}' in noted[0].reason
    back = {sample.key: sample.annotations for sample in open_dataset(tmp_path / 'dm_v1')}
    assert [back[f'train/{stem}'][0].label for stem in 'ab'] == [labels['a'], labels['b']]
    assert back['valid/d'] == []
    assert detect_format(tmp_path / 'dm_v1') == 'dm_v1'
    assert detect_format(tmp_path / 'dm_v2') == 'dm_v2'


def test_a_few_documents_are_read_however_many_there_are(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = lay(tmp_path, {f'{number:03}': '{}' for number in range(60)}, make)
    read: list[str] = []
    monkeypatch.setattr(dm_places, 'read_bytes', lambda path: read.append(path) or b'{}')
    assert dm_places.refusal(root, 2) is None
    # those that lie in the folder, and then those in folders below it, of which there are none
    assert [path.rpartition(os.sep)[2] for path in read] == [f'{number:03}.json' for number in range(20)] * 2
