"""Formats and folders that are not what a person took them for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(('given', 'right'), [('voc', 'pascal_voc'), ('YOLO', 'yolo'), ('dm', 'dm_v1')])
def test_a_format_by_another_name_is_told_its_own(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, given: str, right: str
) -> None:
    assert f'Did you mean {right!r}' in cli('convert', shapes, tmp_path / 'out', '--to', given).paragraph


@pytest.mark.parametrize('command', ['convert', 'import', 'inspect'])
def test_a_folder_of_no_format_gets_one_reason_a_line(
    cli: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    root = tmp_path / 'export'
    (root / 'obj_train_data').mkdir(parents=True)
    Image.new('RGB', (32, 24)).save(root / 'obj_train_data' / 'a.jpg')
    (root / 'obj_train_data' / 'a.txt').write_text('0 0.5 0.5 0.2 0.2\n', encoding='utf-8')
    (root / 'obj.names').write_text('ball\n', encoding='utf-8')
    calls = {
        'convert': ('convert', root, tmp_path / 'out', '--to', 'yolo'),
        'import': ('datasets', 'import', root, '--name', 'mine'),
        'inspect': ('inspect', root),
    }
    lines = cli(*calls[command]).paragraph.splitlines()
    assert 'looks like a dataset of Darknet (obj.names' in lines[0]
    assert len([line for line in lines if line.startswith('- not ')]) >= 6
    assert lines[-1].endswith('(--from).')


@pytest.fixture
def rings(tmp_path: Path) -> Path:
    """A dataset of one polygon, of the class ball."""
    root = tmp_path / 'rings'
    for folder in ('json', 'original_files'):
        (root / folder).mkdir(parents=True)
    Image.new('RGB', (64, 48)).save(root / 'original_files' / 'a.png')
    item = {'id': 'a', 'classification': 'ball', 'attrs': [], 'data': [[2, 2], [40, 4], [20, 30]]}
    (root / 'json' / 'a.json').write_text(json.dumps({'images': [{'polygon': [item]}]}), encoding='utf-8')
    return root


def test_lists_among_the_options_of_a_format(cli: Callable[..., Any], rings: Path, tmp_path: Path) -> None:
    def stuff(name: str, *options: str) -> bool:
        words = [word for option in options for word in ('--option', option)]
        done = cli('convert', rings, tmp_path / name, '--to', 'coco', *words)
        assert done.code == 0, done.err
        return (tmp_path / name / 'annotations' / 'stuff.json').is_file()

    assert not stuff('none')
    assert stuff('one', 'stuff=ball')
    assert stuff('two', 'stuff=sky,ball')
    assert stuff('three', 'stuff=sky', 'stuff=ball', 'tolerance=0.5')


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        ('layout', "'layout' has no value; write it as layout=VALUE. It takes coco, roboflow."),
        ('bounds=drop', "'bounds' has an option of its own: write --bounds drop."),
        ('source_format=coco', 'write --from coco.'),
        ('root=x', "'root' is no option of this format. It knows category_ids, layout, stuff, tolerance."),
    ],
)
def test_an_option_that_cannot_be_is_told_what_can(
    cli: Callable[..., Any], rings: Path, tmp_path: Path, option: str, said: str
) -> None:
    done = cli('convert', rings, tmp_path / 'out', '--to', 'coco', '--option', option)
    assert done.code == 2
    assert said in ' '.join(done.err.split())


def test_an_option_that_nobody_knows_is_told_with_the_one_that_may_be_meant(
    cli: Callable[..., Any], rings: Path, tmp_path: Path
) -> None:
    said = cli('convert', rings, tmp_path / 'out', '--to', 'coco', '--option', 'layuot=coco').paragraph
    assert said == (
        "The format coco knows no option layuot. Did you mean 'layout'? It knows bounds (--bounds), category_ids, "
        'layout, stuff, tolerance.'
    )
    done = cli('convert', rings, tmp_path / 'out', '--to', 'coco', '--option', 'cat-ids=keep')
    assert "'cat-ids' is no option of this format. Did you mean 'category_ids'?" in ' '.join(done.err.split())


def test_the_options_of_a_format_are_listed(cli: Callable[..., Any]) -> None:
    shown = cli('formats', 'coco')
    assert '--option layout=  ' in shown.out
    assert '--bounds' in shown.out
    found = cli('formats', 'yolo', '--json').json
    assert found['tasks'] == ['detect', 'segment', 'pose', 'obb', 'classify']
    assert [one['name'] for one in found['options']] == ['parts', 'skeleton', 'bounds', 'tolerance']
    assert all(one['values'] and one['about'] for one in found['options'])
    assert "Did you mean 'yolo'?" in cli('formats', 'yollo').paragraph
