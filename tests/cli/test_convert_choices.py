"""The options of ``convert`` that choose what is converted."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.context.console_text import without_escapes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_choice_can_be_typed(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    options = [
        '--rename',
        'circle=round',
        '--rename',
        'square=edgy',
        '--split',
        'train=50%,val=.5',
        '--seed',
        '3',
    ]
    options += ['--sample', '50%', '--bounds', 'drop', '--workers', '2', '--json']
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', *options)
    made = done.json
    assert done.code == 0
    assert set(made['splits']) == {'train', 'valid'}
    assert 'round' in made['classes']
    assert 'circle' not in made['classes']


def test_what_came_of_it_is_said_in_two_lines(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--split', 'train=60%,test=40%')
    made = json.loads((tmp_path / 'out/report.json').read_text('utf-8'))
    assert f'Splits: train {made["splits"]["train"]}, test {made["splits"]["test"]}\n' in done.out
    assert f'Classes: {", ".join(f"{n} {name}" for n, name in enumerate(made["classes"]))}\n' in done.out
    names = [f'class {number}' for number in range(12)]
    rename = [part for name in names[1:] for part in ('--rename', f'{name}=circle')]
    classes = ['--classes', ','.join(['circle', *names])]
    done = cli('convert', shapes, tmp_path / 'many', '--to', 'dm_v2', *classes, *rename, '--sample', '1000')
    assert 'Classes: 0 circle, 1 class 0, 2 class 1,' in done.out
    assert ' 9 class 8 and 3 more\n' in done.out
    assert 'A sample of 1000 was asked for, but there are' in done.out


def test_a_class_is_not_given_two_names(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    options = ('--rename', 'circle=round', '--rename', 'circle =disc')
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', *options)
    assert done.code == 2
    assert "'circle' is given two names" in done.err


def test_commas_make_no_list_where_a_word_belongs(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    options = ('--task', 'segment', '--option', 'parts=bridge,split')
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', *options)
    assert done.code == 1
    assert 'This is a bug' not in done.err
    assert "parts='bridge,split' is none of bridge, split, largest" in ' '.join(done.err.split())


def test_a_class_that_is_not_there_is_not_renamed_in_silence(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--rename', 'circel=round')
    assert done.code == 0
    assert "no class 'circel'" in done.out
    assert "Did you mean 'circle'?" in done.out


def test_why_something_is_lost_is_said_with_the_error(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    options = ('--to', 'yolo', '--task', 'detect', '--on-loss', 'error', '--rename', 'circel=round')
    paragraph = cli('convert', shapes, tmp_path / 'out', *options).paragraph
    assert 'it became a box' in paragraph
    assert "no class 'circel'" in paragraph
    assert "Did you mean 'circle'?" in paragraph


@pytest.mark.parametrize('on_loss', ['warn', 'ignore'])
def test_an_output_that_was_of_another_format_is_told_of(
    on_loss: str, cli: Callable[..., Any], shapes: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'out'
    line = f'warning: {out} was yolo before, and is coco now.'
    assert 'before' not in cli('convert', shapes, out, '--to', 'yolo').out
    told = cli('convert', shapes, out, '--to', 'coco', '--overwrite', '--on-loss', on_loss)
    assert told.out.splitlines()[1] == line
    assert 'before' not in cli('convert', shapes, out, '--to', 'coco', '--overwrite', '--verify').out
    assert cli('convert', shapes, out, '--to', 'yolo', '--overwrite', '--json').json['replaced'] == 'coco'


def test_a_function_is_found_in_the_folder_at_hand_and_a_mistake_in_it_is_not_called_ours(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.chdir(tmp_path)
    text = 'def same(sample):\n    return sample\n\ndef broken(sample):\n    return sample.no\n'
    (tmp_path / 'my_changes_here.py').write_text(text, 'utf-8')
    assert (
        cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--transform', 'my_changes_here:same').code
        == 0
    )
    done = cli('convert', shapes, tmp_path / 'none', '--to', 'yolo', '--transform', 'my_changes_here:broken')
    assert done.code == 1
    said = ' '.join(done.err.split())
    assert 'The transform my_changes_here:broken failed on' in said
    assert 'my_changes_here.py, line 5' in said
    assert 'Traceback' not in said


def test_sources_are_put_together(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    other = tmp_path / 'other'
    assert cli('convert', shapes, other, '--to', 'coco').code == 0
    done = cli('convert', shapes, other, tmp_path / 'out', '--to', 'yolo', '--json')
    alone = json.loads((other / 'report.json').read_text(encoding='utf-8'))
    assert done.json['count'] == 2 * alone['count']


@pytest.mark.parametrize(
    'options',
    [
        ('--rename', 'a'),
        ('--rename', 'a='),
        ('--rename', 'a=b', '--rename', 'a=c'),
        ('--split', 'train'),
        ('--split', 'train=x'),
        ('--split', 'a=.5,a=.5'),
        ('--workers', '0'),
        ('--bounds', 'burn'),
    ],
)
def test_what_cannot_be_read_is_bad_usage(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', *options).code == 2


@pytest.mark.parametrize('command', ['convert', 'inspect'])
def test_a_terminal_sees_how_fast_it_goes(
    command: str, cli: Callable[..., Any], shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    monkeypatch.setattr('synapse_plugins.datasets.batches.BATCH', 1)
    monkeypatch.setattr('synapse_plugins.datasets.inspection.inspecting._LOOK_EVERY', 1)
    monkeypatch.setattr('sys.stderr', stream)
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '100')
    more = (tmp_path / 'out', '--to', 'yolo') if command == 'convert' else ()
    cli(command, shapes, *more)
    assert re.search(r'10/10.* [\d,.]+/s', without_escapes(stream.getvalue()))


@pytest.mark.parametrize(
    'given',
    [
        ['--classes', '"circle, big","a ""b"""'],
        ['--classes', ' "circle, big", "a ""b"""'],
        ['--classes', '"circle, big"', '--classes', 'a "b"'],
    ],
)
def test_a_class_with_a_comma_stands_in_quotes(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, given: list[str]
) -> None:
    rename = ('--rename', 'circle=circle, big', '--rename', 'square=a "b"')
    made = cli('convert', shapes, tmp_path / 'in', '--to', 'coco', *rename)
    assert '"circle, big"' in made.out
    done = cli('convert', tmp_path / 'in', tmp_path / 'out', '--to', 'yolo', *given, '--json')
    assert done.json['classes'] == ['circle, big', 'a "b"']
    to_coco = ('convert', tmp_path / 'in', tmp_path / 'stuff', '--to', 'coco', '--json')
    said = cli(*to_coco, '--option', 'stuff="circle, big",triangle').json['report']['warnings']
    assert not any('stuff' in line for line in said)


def test_classes_with_commas_are_told_apart(cli: Callable[..., Any], shapes: Path, tmp_path: Path) -> None:
    cli('convert', shapes, tmp_path / 'in', '--to', 'coco', '--rename', 'circle=dog, big')
    said = cli(
        'convert', tmp_path / 'in', tmp_path / 'out', '--to', 'yolo', '--classes', 'zebra, yak'
    ).paragraph
    assert "asked for: 'zebra', 'yak'. There is: 'dog, big', 'square', 'triangle'." in said
    assert """--classes '"one, two",three'""" in said
    done = cli('convert', shapes, tmp_path / 'out', '--to', 'yolo', '--classes', '"dog, big')
    assert (done.code, 'stands between double quotes' in ' '.join(done.err.split())) == (2, True)
