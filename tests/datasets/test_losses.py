"""Which losses stop a conversion."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert
from synapse_plugins.errors import DatasetError, LossError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def coloured(tmp_path: Path, make: Any) -> Path:
    """A dataset of a box with an attribute."""
    box = make.box('cat', 4, 6, 20, 10) | {'attrs': [{'name': 'colour', 'value': 'red'}]}
    return make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [box]}})  # type: ignore[no-any-return]


def test_allowed_kinds_are_reported_and_stop_nothing(coloured: Path, tmp_path: Path) -> None:
    with pytest.raises(LossError, match=r'--allow attribute\)'):
        convert(coloured, tmp_path / 'out', to='yolo', on_loss='error')
    assert not (tmp_path / 'out').exists()
    made = convert(coloured, tmp_path / 'out', to='yolo', on_loss='error', allow=('attribute',))
    assert [(entry.kind, entry.count) for entry in made.report.dropped] == [('attribute', 1)]
    assert any('attribute' in line for line in made.warnings)


def test_other_kinds_stop_it_still(coloured: Path, tmp_path: Path, make: Any) -> None:
    document = coloured / 'json' / 'a.json'
    tools = json.loads(document.read_text(encoding='utf-8'))['images'][0]
    tools['polyline'] = [make.polygon('line', (1, 1), (9, 9))]
    document.write_text(json.dumps({'images': [tools]}), encoding='utf-8')
    with pytest.raises(LossError) as caught:
        convert(coloured, tmp_path / 'out', to='yolo', on_loss='error', allow=['attribute'])
    assert 'polyline' in str(caught.value)
    assert 'attribute' not in str(caught.value)


def test_what_was_allowed_before_is_not_allowed_for_ever(coloured: Path, tmp_path: Path) -> None:
    same: dict[str, Any] = {'to': 'yolo', 'on_loss': 'error', 'overwrite': True}
    convert(coloured, tmp_path / 'out', **same, allow=['attribute'])
    assert convert(coloured, tmp_path / 'out', **same, allow=['attribute']).is_hit
    with pytest.raises(LossError):
        convert(coloured, tmp_path / 'out', **same)
    assert (tmp_path / 'out' / 'dataset.yaml').is_file()


def test_what_an_error_advises_can_be_typed(tmp_path: Path, make: Any) -> None:
    """Also what documents of version 1 have beside annotations, and tools that nobody knows."""
    for name in ('pa', 'pb'):
        make.picture(tmp_path / 'in' / 'original_files' / f'{name}.png')
        entries = [{'id': 'x1', 'tool': 'bounding_box', 'classification': {'class': 'a'}}]
        entries += [{'id': 'x2', 'tool': 'odd tool-1', 'classification': {'class': 'a'}}]
        shapes = [{'id': 'x1', 'coordinate': {'x': 1, 'y': 2, 'width': 5, 'height': 6}}]
        document = {
            'annotations': {'image_1': entries},
            'annotationsData': {'image_1': [*shapes, {'id': 'x2', 'coordinate': {'x': 1}}]},
            'relations': {'image_1': [{'id': 'r', 'annotationId': 'x1', 'targetAnnotationId': 'x1'}]},
            'annotationGroups': {'image_1': [{'id': 'g1', 'annotations': []}]},
            'extra': {},
        }
        (tmp_path / 'in' / 'json').mkdir(exist_ok=True)
        (tmp_path / 'in' / 'json' / f'{name}.json').write_text(json.dumps(document), encoding='utf-8')
    with pytest.raises(LossError) as caught:
        convert(tmp_path / 'in', tmp_path / 'out', to='coco', on_loss='error')
    advice = re.search(r'allow it \((.*?)\),', str(caught.value))
    assert advice
    words = shlex.split(advice[1])
    assert words[::2] == ['--allow'] * 3
    assert words[1::2] == ['annotationGroup', 'odd tool-1', 'relation']
    made = convert(tmp_path / 'in', tmp_path / 'out', to='coco', on_loss='error', allow=words[1::2])
    assert [entry.kind for entry in made.report.dropped] == sorted(words[1::2])
    assert not [line for line in made.report.warnings if 'allow' in line]


def test_a_kind_that_nobody_knows_is_told_of(make: Any, tmp_path: Path) -> None:
    box = make.box('cat', 4, 6, 20, 10)
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [box]}})
    made = convert(source, tmp_path / 'out', to='yolo', on_loss='error', allow=['atribute', 'attribute'])
    told = "allow: nothing of the kind 'atribute' was lost. Did you mean 'attribute'?"
    assert [line for line in made.report.warnings if 'allow' in line] == [told]


@pytest.mark.parametrize(
    ('given', 'said'),
    [
        (['atribute'], "Did you mean 'attribute'?"),
        ('attribute', r"allow=\['attribute'\]"),
        (['xyz'], 'There are: '),
        ([' '], 'a kind has no name'),
    ],
)
def test_no_such_kind(coloured: Path, tmp_path: Path, given: Any, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        convert(coloured, tmp_path / 'out', to='yolo', on_loss='error', allow=given)


def test_to_allow_where_nothing_is_forbidden_is_a_mistake(coloured: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="on_loss='error'"):
        convert(coloured, tmp_path / 'out', to='yolo', allow=['attribute'])


def test_a_kind_of_two_words_may_be_written_as_one(coloured: Path, tmp_path: Path, make: Any) -> None:
    make.picture(coloured / 'original_files' / 'b.png')
    (coloured / 'json' / 'b.json').write_text('{', encoding='utf-8')
    allow = ['attribute', 'annotation_file']
    made = convert(coloured, tmp_path / 'out', to='yolo', on_loss='error', allow=allow)
    assert [entry.kind for entry in made.report.quarantined] == ['annotation file']


def test_a_report_reads_well_where_it_is_looked_at(coloured: Path, tmp_path: Path) -> None:
    report = convert(coloured, tmp_path / 'out', to='yolo').report
    assert repr(report).startswith('<Report: kept ')
    assert 'dropped ' in repr(report)
    assert '\n' not in repr(report)
    assert repr(type(report)()) == '<Report: nothing was counted>'
    for number in range(20):
        report.drop('attribute', f'reason {number}', 'here')
    assert repr(report).endswith(' more>')
    assert len(repr(report)) < 600
