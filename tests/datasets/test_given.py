"""What callers give in a form of their own: functions as they are, a text where a list belongs, lists of one."""

from __future__ import annotations

import importlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from builtin_steps.convert import ConvertDatasetStep
from synapse_plugins import datasets
from synapse_plugins.datasets import convert, stream
from synapse_plugins.datasets.ledger import LEDGER_FILE
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def same(sample: Any) -> Any:
    return sample


def test_a_function_is_found_by_other_processes(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'my_given_changes.py').write_text('def same(sample):\n    return sample\n', encoding='utf-8')
    change = importlib.import_module('my_given_changes').same
    made = [
        convert(blood, tmp_path / name, to='yolo', transforms=given)
        for name, given in (('one', [change]), ('two', ['my_given_changes:same']))
    ]
    assert made[0].report.to_dict() == made[1].report.to_dict()
    assert ConvertDatasetStep(transforms=[change]).options['transforms'] == ['my_given_changes:same']


def test_what_only_this_process_has_is_used_here(
    blood: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inner(sample: Any) -> Any:
        for one in sample.annotations:
            one.label = 'cell'
        return sample

    class Object:
        def __call__(self, sample: Any) -> Any:
            return inner(sample)

    def main(sample: Any) -> Any:
        return inner(sample)

    main.__module__, main.__qualname__ = '__main__', 'main'
    given = (lambda sample: (inner(sample), sample)[1], inner, Object(), main, partial(inner))
    for number, one in enumerate(given):
        made = convert(blood, tmp_path / f'{number}', to='yolo', transforms=[one])
        assert made.classes == ['cell']
        assert not any('process' in line for line in made.warnings)
        assert ' at 0x' not in json.dumps(made.made_with)
    monkeypatch.setattr(stream, 'SMALL', 1)
    for number, ways in enumerate(({'workers': 2}, {'workers': 2, 'overwrite': True})):
        made = convert(blood, tmp_path / f'large-{number}', to='yolo', transforms=[main], **ways)
        assert made.classes == ['cell']
        (told,) = [line for line in made.warnings if 'process' in line]
        assert told == (
            '__main__:main is known to this process alone, so it did all the work itself and remembers nothing of '
            'it. Other processes find a function at the top of a module that can be imported, as of my_changes.py.'
        )
        assert not (made.path / LEDGER_FILE).exists()


def test_a_step_takes_what_only_this_process_has_and_finds_nothing_in_the_cache(
    blood: Path, tmp_path: Path
) -> None:
    step = ConvertDatasetStep('yolo', 'dm_v2', transforms=[lambda sample: sample])
    places = {step._place(None, blood, 'dm_v2').key for _ in range(2)}
    assert len(places) == 2


def test_what_is_no_function_is_refused(blood: Path, tmp_path: Path) -> None:
    for one in (5, None, ['a']):
        with pytest.raises(DatasetError, match='is no function of a sample, nor a name'):
            convert(blood, tmp_path / 'out', to='yolo', transforms=[one])
    with pytest.raises(DatasetError, match='is no function of a sample'):
        convert(blood, tmp_path / 'out', to='yolo', transforms=[lambda: None])


@pytest.mark.parametrize(
    ('name', 'given', 'right'),
    [
        ('classes', 'WBC', "classes=['WBC']"),
        ('classes', [1], "classes=['cat', 'dog']"),
        ('transforms', 'm:f', "transforms=['m:f']"),
        ('transforms', same, r'write \[same\]'),
        ('rename', 'a=b', "rename={'car'"),
        ('split', 'train=1', "split={'train'"),
        ('stuff', 'WBC', "stuff=['WBC']"),
        ('stuff', 5, "stuff=['sky']"),
        ('rename', {'a': 1}, "rename={'car': 'vehicle'}"),
        ('rename', {1: 'b'}, "rename={'car': 'vehicle'}"),
        ('split', {1: 1.0}, "split={'train': 0.8"),
        ('split', {'train': '0.5', 'val': 0.5}, "is '0.5'; it should be a number"),
        ('split', {'train': None}, 'is None; it should be a number'),
        ('workers', '2', "workers='2' is no number of processes"),
        ('layout', ['coco'], 'is none of coco, roboflow'),
        ('bounds', ['clip'], 'is none of clip, drop, error'),
    ],
)
def test_a_text_where_a_list_belongs_is_told_how_to_write_it(
    blood: Path, tmp_path: Path, name: str, given: Any, right: str
) -> None:
    pattern = right if right.startswith('write') else right.replace('[', r'\[').replace('{', r'\{')
    with pytest.raises(DatasetError, match=pattern):
        convert(blood, tmp_path / 'out', to='coco', **{name: given})
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('source', [None, 5, b'in', [5], [None]])
def test_what_is_no_folder_is_no_source(source: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='source'):
        convert(source, tmp_path / 'out', to='coco')


def test_what_the_engine_gives_to_writers_is_no_option(blood: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / 'elsewhere'
    given: dict[str, Any]
    for given in ({'root': elsewhere}, {'report': None}, {'splits': ['a']}):
        with pytest.raises(DatasetError, match=f'knows no option {next(iter(given))}'):
            convert(blood, tmp_path / 'out', to='dm_v2', **given)
    assert not elsewhere.exists()
    assert not (tmp_path / 'out').exists()


def test_a_list_where_a_word_belongs_is_refused(blood: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='is none of bridge, split, largest'):
        convert(blood, tmp_path / 'out', to='yolo', task='segment', parts=['bridge'])


@pytest.mark.parametrize('call', [datasets.open, datasets.inspect], ids=['open', 'inspect'])
def test_several_folders_are_no_one(call: Callable[..., Any], blood: Path) -> None:
    with pytest.raises(DatasetError, match='name one folder'):
        call([blood])


def test_stuff_that_there_is_none_of_is_told_of(blood: Path, tmp_path: Path) -> None:
    made = convert(blood, tmp_path / 'out', to='coco', stuff=['WBCs', 'RBC'])
    assert [line for line in made.report.warnings if 'stuff' in line] == [
        "There is no class 'WBCs' that could be stuff. Did you mean 'WBC'?"
    ]
