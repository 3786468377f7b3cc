"""What `actions` tells of actions and their parameters."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field

from synapse_plugins.cli.parameters import _takes
from synapse_plugins.cli.summaries import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Colour(StrEnum):
    RED = 'red'
    BLUE = 'blue'


@pytest.mark.parametrize(
    ('annotation', 'said'),
    [
        (int, 'whole number'),
        (str | None, 'text'),
        (int | float, 'whole number or number'),
        (int | str | list[int] | None, 'whole number, text or list of whole number'),
        (Literal['train', 'val', 'test'], 'train, val or test'),
        (tuple[Literal['a', 'b'], ...], 'list of a or b'),
        (list, 'list'),
        (dict[str, Any] | None, 'object'),
        (list[dict[str, Any]] | None, 'list of object'),
        (Annotated[bool, Field()], 'true or false'),
        (Path, 'path'),
        (Colour, 'red or blue'),
        (Any, 'anything'),
        (complex, 'complex'),
    ],
)
def test_types_are_told_in_words(annotation: Any, said: str) -> None:
    assert _takes(annotation) == said


@pytest.mark.yolo
def test_a_dataset_is_told_as_what_a_run_takes(cli: Callable[..., Any]) -> None:
    lines = cli('actions', 'yolo.train').out.splitlines()
    (dataset,) = [line for line in lines if line.startswith('dataset ')]
    assert 'id, name or folder' in dataset
    (checkpoint,) = [line for line in lines if line.startswith('checkpoint ')]
    assert 'id or name' in checkpoint
    rows = {row['name']: row for row in cli('actions', 'yolo.train', '--json').json['parameters']}
    assert (rows['dataset']['type'], rows['dataset']['takes']) == ('int', 'id, name or folder')


def test_an_action_of_a_project_is_told_by_its_docstring(program: Callable[..., Any], plugin: Path) -> None:
    rows = {row['name']: row for row in program('actions', '--plugin', plugin, '--json').json}
    assert rows['good']['summary'] == 'Goes well.'
    assert rows['bad']['summary'] == ''
    assert 'Goes well.' in program('actions', '--plugin', plugin).out


def test_a_project_that_cannot_be_read_is_listed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / 'src' / 'pkg').mkdir(parents=True)
    (tmp_path / 'src' / 'pkg' / '__init__.py').write_text(
        'class A:\n    """첫 줄.\n\n    More."""\n', 'utf-8'
    )
    (tmp_path / 'broken.py').write_text('class A(:', 'utf-8')
    assert summary_of('pkg:A', tmp_path) == '첫 줄.'
    assert summary_of('pkg.A', tmp_path) == '첫 줄.'
    assert summary_of('pkg:B', tmp_path) == ''
    assert summary_of('broken:A', tmp_path) == ''
    assert summary_of('nowhere.to:A', tmp_path) == ''


# -- how usage is told ----------------------------------------------------------------------------------------


def test_usage_lines_have_no_braces(cli: Callable[..., Any]) -> None:
    for words in (['convert'], ['datasets', 'export'], ['models', 'show']):
        assert '{' not in cli(*words, '--help').out


def test_a_wrong_choice_is_told_in_our_words(cli: Callable[..., Any]) -> None:
    outcome = cli('convert', 'a', 'b', '--to', 'yolo', '--on-loss', 'explode')
    assert outcome.code == 2
    assert "'explode'" in outcome.err
    assert 'Value error' not in outcome.err
