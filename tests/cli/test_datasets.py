"""``datasets``, ``convert``, ``formats`` and what bad input gets."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def copy(shapes: Path, tmp_path: Path) -> Path:
    """A dataset of one's own to spoil."""
    return Path(shutil.copytree(shapes, tmp_path / '사본'))


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def test_a_dataset_goes_in_and_out(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    before = listing(shapes)
    outcome = cli('datasets', 'import', shapes, '--name', '도형')
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(
        f'Imported 도형@1 from {shapes}: 10 images, 3 classes, splits train 7, valid 2, test 1.'
    )
    assert "run yolo.train -p 'dataset=도형@1'" in outcome.out
    again = cli('datasets', 'import', shapes, '--name', '도형').out
    assert again.startswith(
        f'Nothing has changed: 도형@1 (id 1) holds just what is in {shapes}, so no new version'
    )
    version = cli(
        'datasets', 'import', shapes, '--name', '도형', '--from', 'dm_v2', '--link', 'reference', '--json'
    ).json
    assert (version['name'], version['version'], version['count']) == ('도형', 2, 10)
    assert [row['version'] for row in cli('datasets', 'list', '--json').json] == [2, 1]
    assert '도형@2' in cli('datasets', 'list').out
    assert cli('datasets', 'show', '도형', '--json').json['id'] == version['id']
    assert cli('datasets', 'show', '도형@1', '--json').json['version'] == 1
    assert 'circle, square, triangle' in cli('datasets', 'show', version['id']).out
    assert cli('datasets', 'export', '도형', tmp_path / '밖').code == 0
    assert len([name for name in listing(tmp_path / '밖') if name.endswith('.png')]) == 10
    exported = cli('datasets', 'export', '도형', tmp_path / 'yolo', '--to', 'yolo', '--json').json
    assert exported['format'] == 'yolo'
    assert (tmp_path / 'yolo' / 'dataset.yaml').is_file()
    assert cli('datasets', 'remove', '도형@1').out == 'Removed 도형@1.\n'
    assert [row['version'] for row in cli('datasets', 'list', '--json').json] == [2]
    assert listing(shapes) == before


def test_listings_of_nothing_say_what_to_type(cli: Callable[..., Any]) -> None:
    assert 'datasets import FOLDER --name NAME' in cli('datasets', 'list').out
    assert 'run yolo.train' in cli('models', 'list').out
    for what in ('datasets', 'models', 'runs'):
        assert cli(what, 'list', '--json').json == []


@pytest.mark.parametrize('link', ['copy', 'hard', 'reference'])
def test_every_way_to_take_pictures(cli: Callable[..., Any], shapes: Path, link: str) -> None:
    assert cli('datasets', 'import', shapes, '--name', 'x', '--link', link, '--json').json['link'] == link


def test_convert_tells_what_became_of_everything(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    outcome = cli('convert', shapes, tmp_path / 'yolo', '--to', 'yolo', '--task', 'detect')
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(f'Converted 10 images to yolo in {tmp_path / "yolo"}\n')
    assert 'polygon' in outcome.out
    assert str(tmp_path / 'yolo' / 'dataset.yaml') in outcome.out
    made = cli('convert', shapes, tmp_path / 'coco', '--to', 'coco', '--json').json
    assert (made['count'], made['format'], made['classes']) == (10, 'coco', ['circle', 'square', 'triangle'])
    refused = cli(
        'convert', shapes, tmp_path / 'yolo2', '--to', 'yolo', '--task', 'detect', '--on-loss', 'error'
    )
    assert 'polygon' in refused.paragraph
    assert not (tmp_path / 'yolo2').exists()


def test_formats_steps_packs_and_actions_have_json(cli: Callable[..., Any]) -> None:
    formats = {row['name']: row for row in cli('formats', '--json').json}
    assert {'dm_v2', 'yolo', 'coco', 'pascal_voc'} <= set(formats)
    assert all(row['reads'] and row['writes'] for row in formats.values())
    trainers = [row for row in cli('steps', '--json').json if row['role'] == 'train']
    assert {'name': 'yolo', 'format': 'yolo', 'default': True, 'reason': 'built in'}.items() <= trainers[
        0
    ].items()
    assert cli('packs', '--json').json[0]['state'] == 'loaded'
    assert {'train', 'yolo.train', 'yolo.val'} <= {row['name'] for row in cli('actions', '--json').json}
    parameters = {row['name']: row for row in cli('actions', 'yolo.train', '--json').json['parameters']}
    assert parameters['dataset']['required']
    assert parameters['trainer']['default'] == 'yolo'
    assert not parameters['epochs']['required']
    for command in ('formats', 'steps', 'packs', 'actions'):
        assert len(cli(command).out.splitlines()) > 3


def test_an_unknown_action_has_no_parameters(cli: Callable[..., Any]) -> None:
    assert "Did you mean 'yolo.train'" in cli('actions', 'yolo.trian').paragraph


# -- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['datasets', 'show', 'shape'], "no dataset 'shape'. Did you mean 'shapes'?"),
        (['datasets', 'show', '77'], 'no dataset version 77'),
        (['datasets', 'remove', 'shapes@9'], "Did you mean 'shapes@1'?"),
        (['datasets', 'export', 'shape', 'out'], "Did you mean 'shapes'?"),
        (['datasets', 'export', 'shapes', 'out', '--to', 'yollo'], "Did you mean 'yolo'?"),
        (['datasets', 'import', 'no/such/folder', '--name', 'x'], 'no folder'),
        (['datasets', 'import', '.', '--name', 'x', '--from', 'cocoo'], "Did you mean 'coco'?"),
        (['datasets', 'import', '.', '--name', '7'], 'synapse-plugins|no dataset|cannot be the name'),
        (['models', 'show', 'x'], "no model 'x'"),
        (['models', 'export', '3', 'out'], 'no model 3'),
        (['models', 'remove', 'x'], 'models list'),
        (['runs', 'show', 'x'], "Unknown run 'x'"),
        (['runs', 'remove', 'x'], 'runs list'),
        (['run', 'yolo.train', '-p', 'dataset=shape'], "Did you mean 'shapes'?"),
        pytest.param(
            ['run', 'yolo.train', '-p', 'dataset=shapes', '-p', 'epoch=2'],
            "Did you mean 'epochs'?",
            marks=pytest.mark.yolo,  # the names are those of ultralytics
        ),
        (['run', 'yolo.train', '-p', 'dataset=shapes', '-p', 'trainer=yol'], "Unknown trainer 'yol'"),
        (['run', 'train', '-p', 'dataset=shapes', '-p', 'target_format=cocoo'], "Did you mean 'coco'?"),
        (['run', 'train', '-p', 'dataset=shapes', '-p', 'target_format=coco'], 'No installed pack serves'),
        (['run', 'yolo.val', '-p', 'dataset=shapes', '-p', 'checkpoint=mine'], "no model 'mine'"),
    ],
)
def test_a_wrong_name_is_one_paragraph_and_changes_nothing(
    cli: Callable[..., Any],
    shapes: Path,
    home: Path,
    monkeypatch: Any,
    tmp_path: Path,
    arguments: list[str],
    said: str,
) -> None:
    place = tmp_path / 'here'
    place.mkdir()
    monkeypatch.chdir(place)
    cli('datasets', 'import', shapes, '--name', 'shapes')
    before = rows(home)
    paragraph = cli(*arguments).paragraph
    assert any(words in paragraph for words in said.split('|')), paragraph
    assert rows(home) == before
    assert list(place.iterdir()) == []


def rows(home: Path) -> dict[str, int]:
    """Count the rows of every table of a store."""
    counted = {}
    for name in ('backend', 'runs'):
        with sqlite3.connect(home / f'{name}.db') as database:
            tables = [
                row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in tables:
                (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                counted[f'{name}.{table}'] = count
        database.close()
    return counted


def spoil_nothing_annotated(folder: Path) -> None:
    for file in folder.rglob('*.json'):
        file.write_text('{"images": [{}]}', encoding='utf-8')


def spoil_no_images(folder: Path) -> None:
    for file in folder.rglob('*.png'):
        file.unlink()


def spoil_a_class_missing_from_train(folder: Path) -> None:
    for file in (folder / 'train').rglob('*.json'):
        document = json.loads(file.read_text(encoding='utf-8'))
        for image in document['images']:
            image['bounding_box'] = []
        file.write_text(json.dumps(document), encoding='utf-8')


def spoil_a_picture(folder: Path) -> None:
    file = min((folder / 'train').rglob('*.png'))
    file.write_bytes(file.read_bytes()[:100])


def test_a_dataset_without_pictures_is_refused(cli: Callable[..., Any], copy: Path, home: Path) -> None:
    spoil_no_images(copy)
    paragraph = cli('datasets', 'import', copy, '--name', 'x').paragraph
    assert str(copy) in paragraph
    assert 'its image is missing' in paragraph
    assert cli('datasets', 'list', '--json').json == []


def test_a_folder_of_no_known_format_says_why_for_each(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / 'odd').mkdir()
    (tmp_path / 'odd' / 'notes.md').touch()
    paragraph = cli('datasets', 'import', tmp_path / 'odd', '--name', 'x').paragraph
    assert all(f'not {name}: ' in paragraph for name in ('coco', 'dm_v2', 'pascal_voc', 'yolo'))
    assert '--from' in paragraph


def test_a_picture_that_cannot_be_read_is_named_and_left_out(cli: Callable[..., Any], copy: Path) -> None:
    spoil_a_picture(copy)
    outcome = cli('datasets', 'import', copy, '--name', 'x')
    assert outcome.code == 0
    assert '9 images' in outcome.out
    assert 'Note: quarantined 1 image' in outcome.out
    assert 'train/shapes_train_0000' in outcome.out


def test_a_dataset_without_annotations_says_so(cli: Callable[..., Any], copy: Path) -> None:
    spoil_nothing_annotated(copy)
    outcome = cli('datasets', 'import', copy, '--name', 'x')
    assert outcome.code == 0
    assert 'Nothing in it is annotated' in outcome.out


@pytest.mark.skipif(os.name == 'nt' or os.geteuid() == 0, reason='this user may write anywhere')
def test_a_store_that_cannot_be_written(cli: Callable[..., Any], tmp_path: Path) -> None:
    place = tmp_path / 'locked'
    place.mkdir(mode=0o500)
    assert 'cannot be written' in cli('datasets', 'list', '--home', place).paragraph


@pytest.mark.skipif(not Path('/proc/self').exists(), reason='a place where nobody can write')
def test_a_store_where_nobody_can_write(cli: Callable[..., Any]) -> None:
    place = Path('/proc/self/synapse-plugins')
    paragraph = cli('datasets', 'import', place, '--name', 'x', '--home', place).paragraph
    assert f'{place} cannot be written' in paragraph
    assert '--home' in paragraph


def test_a_store_that_is_a_file(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('', encoding='utf-8')
    paragraph = cli('datasets', 'list', '--home', tmp_path / 'file').paragraph
    assert 'is a file, not a folder' in paragraph
    assert '--home' in paragraph


def test_a_store_of_a_newer_version(cli: Callable[..., Any], shapes: Path, home: Path) -> None:
    cli('datasets', 'import', shapes, '--name', 'shapes')
    with sqlite3.connect(home / 'backend.db') as database:
        database.execute('PRAGMA user_version = 999')
    database.close()
    before = (home / 'backend.db').read_bytes()
    paragraph = cli('datasets', 'list').paragraph
    assert 'newer' in paragraph
    assert 'pip install' in paragraph
    assert (home / 'backend.db').read_bytes() == before
    assert 'newer' in cli('doctor').out


def test_a_store_on_a_network_file_system(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr('synapse_plugins.store.home.network_file_system', lambda path: 'nfs4')
    paragraph = cli('datasets', 'list').paragraph
    assert 'network file system (nfs4)' in paragraph
    assert '--home' in paragraph
    assert not home.exists()


def test_no_disk_space(cli: Callable[..., Any], shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('synapse_plugins.store.space.free_space', lambda path: 1000)
    paragraph = cli('datasets', 'import', shapes, '--name', 'x').paragraph
    assert 'needs' in paragraph
    assert cli('datasets', 'list', '--json').json == []
