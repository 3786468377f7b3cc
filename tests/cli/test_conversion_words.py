"""What ``convert`` and the exports say: of losses, of class names, of places where nothing can be written."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Callable


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def broken(shapes: Path, tmp_path: Path) -> Path:
    """A dataset whose conversion to boxes loses something of many kinds."""
    folder = Path(shutil.copytree(shapes, tmp_path / '사본'))
    for picture in sorted(folder.rglob('*.png'))[:8]:
        picture.write_bytes(picture.read_bytes()[:-20])
    for document in folder.rglob('*.json'):
        content = json.loads(document.read_text(encoding='utf-8'))
        if 'images' in content:
            for number in range(20):
                content['images'][0][f'own_tool_{number}'] = [{'id': 'x', 'classification': 'y', 'data': 1}]
            document.write_text(json.dumps(content), encoding='utf-8')
    return folder


def test_on_loss_ignore_shows_the_summary_only(cli: Callable[..., Any], broken: Path, tmp_path: Path) -> None:
    arguments = ('convert', broken, tmp_path / 'out', '--to', 'yolo', '--task', 'detect')
    outcome = cli(*arguments, '--on-loss', 'ignore')
    assert outcome.out.splitlines() == [
        f'Converted 2 images to yolo in {tmp_path / "out"}',
        'Splits: train 0, valid 2, test 0',
        'Classes: 0 circle, 1 square, 2 triangle',
        'The pictures are hard links: one edited in place changes in the source too. `--link copy` makes copies.',
        f'Point a trainer at {tmp_path / "out" / "dataset.yaml"}',
    ]
    assert (
        json.loads((tmp_path / 'out/report.json').read_text('utf-8'))['report']['quarantined'][0]['count']
        == 8
    )
    assert 'quarantined 8 image' in cli(*arguments, '--overwrite').out


def test_a_terminal_gets_a_report_that_can_be_read(
    cli: Callable[..., Any], broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Terminal()
    monkeypatch.setattr('sys.stdout', stream)
    monkeypatch.setenv('COLUMNS', '80')
    cli('convert', broken, tmp_path / 'out', '--to', 'yolo', '--task', 'detect')
    lines = stream.getvalue().splitlines()
    report = [line for line in lines if not line.startswith(('Converted', 'Point'))]
    assert max(map(cell_len, report)) <= 80
    assert len(report) < 40
    assert '... and ' in stream.getvalue()
    assert 'report.json' in ''.join(lines), 'its path may be folded'


def test_a_pipe_gets_the_whole_report(cli: Callable[..., Any], broken: Path, tmp_path: Path) -> None:
    out = cli('convert', broken, tmp_path / 'out', '--to', 'yolo', '--task', 'detect').out
    assert all(f'own_tool_{number}:' in out for number in range(20))


def test_an_export_in_another_format_tells_what_was_lost(
    cli: Callable[..., Any], broken: Path, tmp_path: Path
) -> None:
    cli('datasets', 'import', broken, '--name', 'x')
    out = cli('datasets', 'export', 'x', tmp_path / 'out', '--to', 'yolo').out
    assert 'dropped 2 own_tool_7: yolo cannot hold it' in out
    report = cli('datasets', 'export', 'x', tmp_path / 'json', '--to', 'yolo', '--json').json['report']
    assert {entry['kind'] for entry in report['dropped']} >= {'own_tool_7'}
    assert 'report' not in cli('datasets', 'export', 'x', tmp_path / 'dm', '--json').json


# -- class names and tasks ------------------------------------------------------------------------------------


def test_a_class_that_nothing_has_is_said_once_with_what_may_be_meant(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    out = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--classes', 'circle,Sqaure').out
    assert out.count('Sqaure') == 2  # among the classes, and that nothing has it
    assert "warning: The class 'Sqaure' has no annotation. Did you mean 'square'?" in out


@pytest.mark.parametrize(
    ('classes', 'hint'), [('Circle', "'circle'"), ('no,nothing', 'circle, square, triangle')]
)
def test_only_classes_that_nothing_has_are_refused_before_the_work(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, classes: str, hint: str
) -> None:
    said = cli('convert', shapes, tmp_path / 'out', '--to', 'coco', '--classes', classes).paragraph
    assert 'none of the classes asked for' in said
    assert hint in said
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('classes', ['', ' ', 'circle,,square', 'circle,'])
def test_a_class_without_a_name_is_refused(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, classes: str
) -> None:
    said = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--classes', classes).paragraph
    assert '--classes circle,square' in said


def test_a_task_that_the_format_does_not_know_is_said(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    out = cli('convert', shapes, tmp_path / 'out', '--to', 'coco', '--task', 'segment').out
    assert "warning: The format coco knows no tasks, so task 'segment' made no difference." in out


# -- places -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stocked(cli: Callable[..., Any], shapes: Path, home: Path, tmp_path: Path) -> str:
    """A store with a dataset and a model in it."""
    from synapse_plugins import backends

    cli('datasets', 'import', shapes, '--name', 'x')
    (tmp_path / 'best.pt').write_bytes(b'weights')
    with backends.open('local', home=home) as backend:
        backend.create_model({'name': 'm', 'file': tmp_path / 'best.pt'})
    return 'x'


COMMANDS = [
    pytest.param(lambda shapes, out: ['convert', shapes, out, '--to', 'yolo'], id='convert'),
    pytest.param(lambda shapes, out: ['datasets', 'export', 'x', out], id='export'),
    pytest.param(lambda shapes, out: ['datasets', 'export', 'x', out, '--to', 'yolo'], id='export to yolo'),
    pytest.param(lambda shapes, out: ['models', 'export', 'm', out], id='model'),
]


@pytest.mark.parametrize('command', COMMANDS)
def test_a_parent_that_cannot_be_made_is_one_paragraph(
    cli: Callable[..., Any], shapes: Path, stocked: str, tmp_path: Path, command: Any
) -> None:
    (tmp_path / 'file').write_text('mine', encoding='utf-8')
    for out in ('file/out', 'file/deep/out'):
        said = cli(*command(shapes, tmp_path / out)).paragraph
        assert f'{tmp_path / "file"} is not a folder' in said
        assert 'another place' in said
    assert (tmp_path / 'file').read_text(encoding='utf-8') == 'mine'


@pytest.mark.skipif(not Path('/proc/self').exists(), reason='no /proc')
@pytest.mark.parametrize('command', COMMANDS)
@pytest.mark.parametrize('out', ['/proc/out', '/proc/deep/out', '/proc/1/out'])
def test_a_place_where_nothing_can_be_made_is_one_paragraph(
    cli: Callable[..., Any], shapes: Path, stocked: str, command: Any, out: str
) -> None:
    said = cli(*command(shapes, Path(out))).paragraph
    assert 'choose another place' in said or 'only 0 B is free there' in said


@pytest.mark.parametrize('command', COMMANDS)
def test_a_taken_place_names_what_helps_there(
    cli: Callable[..., Any], shapes: Path, stocked: str, tmp_path: Path, command: Any
) -> None:
    (tmp_path / 'taken').mkdir()
    (tmp_path / 'taken' / 'mine').write_text('mine', encoding='utf-8')
    said = cli(*command(shapes, tmp_path / 'taken')).paragraph
    assert 'Choose another place' in said
    assert 'overwrite' not in said
    assert cli(*command(shapes, tmp_path / 'twice')).code == 0
    again = cli(*command(shapes, tmp_path / 'twice')).paragraph
    assert ('--overwrite' in again) == (command(shapes, '')[0] == 'convert')
    if '--overwrite' in again:
        assert cli(*command(shapes, tmp_path / 'twice'), '--overwrite').code == 0


@pytest.mark.parametrize('ref', ['001', '١'])
def test_what_is_removed_is_never_guessed(cli: Callable[..., Any], stocked: str, ref: str) -> None:
    for what in ('models', 'datasets'):
        assert 'If 1 is meant, write that.' in cli(what, 'remove', ref).paragraph
        assert len(cli(what, 'list', '--json').json) == 1


def test_options_of_the_format_go_through(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    cli(
        'convert',
        shapes,
        tmp_path / 'out',
        '--to',
        'coco',
        '--option',
        'layout=roboflow',
        '--option',
        'category_ids=0',
    )
    found = json.loads((tmp_path / 'out/train/_annotations.coco.json').read_text('utf-8'))
    assert min(category['id'] for category in found['categories']) == 0
    assert cli('convert', shapes, tmp_path / 'x', '--to', 'coco', '--option', 'task=detect').code == 2
    assert 'layout=' in cli('convert', shapes, tmp_path / 'x', '--to', 'coco', '--option', 'layout=flat').err
    assert cli('convert', shapes, tmp_path / 'whole', '--to', 'coco', '--verify').code == 0


def test_that_pictures_are_links_is_said_where_they_are(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    assert 'hard links' in cli('convert', shapes, tmp_path / 'one', '--to', 'coco').out
    assert 'hard links' not in cli('convert', shapes, tmp_path / 'two', '--to', 'coco', '--link', 'copy').out


def test_losses_of_a_kind_may_be_allowed(cli: Callable[..., Any], broken: Path, tmp_path: Path) -> None:
    arguments = ('convert', broken, tmp_path / 'out', '--to', 'yolo', '--task', 'detect')
    assert '--allow image' in cli(*arguments, '--on-loss', 'error').paragraph
    refused = cli(*arguments, '--on-loss', 'error', '--allow', 'imagge')
    assert "the kind 'imagge' was lost. Did you mean 'image'" in refused.paragraph
    assert 'on_loss' in cli(*arguments, '--allow', 'image').paragraph
    assert not (tmp_path / 'out').exists()
