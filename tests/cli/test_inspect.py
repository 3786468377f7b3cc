"""``inspect`` on the command line."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.testing.drawings import draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_figures_are_printed(cli: Callable[..., Any], shapes: Path) -> None:
    done = cli('inspect', shapes)
    assert done.code == 0
    assert 'dm_v2, 10 images' in done.out
    assert 'circle' in done.out
    assert 'A trainer would use 10 images' in done.out
    assert done.err == ''


def test_one_json_document(cli: Callable[..., Any], shapes: Path) -> None:
    document = cli('inspect', shapes, '--from', 'dm_v2', '--verify', '--json').json
    assert document['images'] == 10
    assert [figures['name'] for figures in document['classes']] == ['circle', 'square', 'triangle']


def test_a_sheet_and_a_page(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    sheet, page = tmp_path / 'sheet.png', tmp_path / 'page.html'
    done = cli('inspect', shapes, '--preview', sheet, '--report', page, '--pictures', 3)
    assert done.code == 0
    assert f'Wrote {sheet}\nWrote {page}\n' in done.out
    assert sheet.read_bytes().startswith(b'\x89PNG')
    assert page.read_text(encoding='utf-8').count('<figure>') == 3
    assert cli('inspect', shapes, '--preview', shapes / 'sheet.png').paragraph.endswith(
        'name a file outside.'
    )


def test_what_numbers_in_pictures_mean_is_printed(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('synapse_plugins.datasets.preview.fonts.font_folders', list)
    root = draw(tmp_path / '자료', ['detect'], splits={None: 2})
    done = cli('inspect', root, '--preview', tmp_path / 'sheet.png')
    assert '  #1 상자\n' in done.out
    assert cli('inspect', root, '--preview', tmp_path / 'sheet.png', '--json').json['numbered'] == [1]


def test_findings_are_printed_with_their_places(cli: Callable[..., Any], tmp_path: Path) -> None:
    root = draw(tmp_path / 'copies', ['detect'], splits={'train': 2, 'valid': 2})
    shutil.copy(
        root / 'train' / 'original_files' / 'train_0.png', root / 'valid' / 'original_files' / 'valid_0.png'
    )
    assert 'error: files that stand in more than one split: 2.' in cli('inspect', root).out


def test_columns_of_splits_and_attributes_say_what_they_count(
    cli: Callable[..., Any], tmp_path: Path
) -> None:
    root = draw(tmp_path / 'colours', ['detect'], splits={'train': 2, 'valid': 1})
    path = root / 'train' / 'json' / 'train_0.json'
    document = json.loads(path.read_text(encoding='utf-8'))
    for number, box in enumerate(document['images'][0]['bounding_box']):
        box['attrs'] = [{'name': '색', 'value': f'빨강 {number}'}, {'name': 'hidden', 'value': False}]
    path.write_text(json.dumps(document), encoding='utf-8')
    said = cli('inspect', root).out
    assert 'SHARE  ANN. train  ANN. valid\n' in said
    head, first, second = said.partition('ATTRIBUTE')[2].splitlines()[:3]
    assert head.split() == ['ANNOTATIONS', 'VALUES', 'MOST', 'FREQUENT']
    assert first.split() == ['hidden', '2', '1', 'false', '(2)']
    assert second.split() == ['색', '2', '2', '빨강', '0', '(1),', '빨강', '1', '(1)']
    found = {row['name']: row['annotations'] for row in cli('inspect', root, '--json').json['attributes']}
    assert found == {'hidden': 2, '색': 2}


@pytest.mark.parametrize('width', ['30', '40', '60'])
def test_a_narrow_terminal_has_the_names(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    root = draw(tmp_path / 'narrow', ['detect'], splits={'train': 2, 'valid': 1})
    monkeypatch.setenv('COLUMNS', width)
    said = cli('inspect', root).out
    for title, names in (('SPLIT', ('train', 'valid')), ('CLASS', ('상자', 'box'))):
        table = said.partition(f'{title} ')[2].partition('\n\n')[0]
        assert any(name in table for name in names)
    assert 'ANN. train, ANN. valid; a wider' in ' '.join(said.split())
    assert 'FORMAT' in cli('formats').out
    assert 'imagefolder' in cli('formats').out


def test_a_folder_that_is_no_dataset(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert cli('inspect', tmp_path).paragraph == f'{tmp_path} is no dataset of a known format: it is empty.'
    (tmp_path / 'note').touch()
    assert 'no dataset of a known format' in cli('inspect', tmp_path).paragraph


@pytest.mark.parametrize('words', [('inspect', 'forms'), ('convert', 'forms', 'out', '--to', 'yolo')])
def test_the_name_of_a_dataset_in_the_store_is_no_folder(
    cli: Callable[..., Any],
    home: Path,
    shapes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli(*words).paragraph == 'There is no folder forms.'
    assert not (home / 'backend.db').exists(), 'a store is not made for it'
    cli('datasets', 'import', shapes, '--name', 'forms')
    said = ' '.join(cli(*words).paragraph.split())
    assert said.startswith('There is no folder forms. forms is a dataset in the store; `')
    assert 'datasets export forms DST' in said
    assert cli(words[0], 'other', *words[2:]).paragraph == 'There is no folder other.'


def test_pictures_with_classes_as_a_whole_have_no_annotations_to_use(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    from PIL import Image

    for name in 'ab':
        (tmp_path / 'folders' / 'train' / name).mkdir(parents=True)
        Image.new('RGB', (20, 20)).save(tmp_path / 'folders' / 'train' / name / 'a.png')
    out = cli('inspect', tmp_path / 'folders', '--report', tmp_path / 'page.html').out
    assert 'A trainer would use 2 images.' in out.splitlines()
    assert 'with an area, and pass' not in (tmp_path / 'page.html').read_text(encoding='utf-8')
    assert 'with an area' in cli('inspect', shapes).out
