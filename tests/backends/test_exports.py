"""Exports of the embedded backend to one place."""

from __future__ import annotations

import sys

import pytest

from synapse_plugins.datasets.output import Output
from synapse_plugins.errors import DatasetError, OutputExistsError

pytestmark = pytest.mark.skipif(sys.platform == 'win32', reason='folders cannot be locked there')


@pytest.fixture
def dataset(make_dataset, tmp_path):
    return make_dataset(tmp_path / 'pets', {'train': 2})


@pytest.mark.parametrize('to', ['dm_v2', 'yolo'])
@pytest.mark.parametrize('other', ['out', '.out.dm_v2-0123abcd'])
def test_an_export_to_where_another_one_writes_is_refused_at_once(backend, dataset, tmp_path, to, other):
    backend.import_dataset(dataset, 'pets')
    seen = []
    with (
        Output(tmp_path / other, marker='x'),
        pytest.raises(OutputExistsError, match='is being written by another process'),
    ):
        backend.export_dataset(
            'pets', tmp_path / 'out', format=to, progress=lambda done, total: seen.append(done)
        )
    assert not seen
    backend.export_dataset('pets', tmp_path / 'out', format=to)


@pytest.mark.parametrize('to', ['dm_v2', 'yolo'])
def test_what_a_killed_export_left_is_removed_by_the_next_one(backend, dataset, tmp_path, to):
    backend.import_dataset(dataset, 'pets')
    for name in ('.out.part-0123abcd', '..out.dm_v2-0123abcd.part-89abcdef'):
        (tmp_path / name / 'json').mkdir(parents=True)
    backend.export_dataset('pets', tmp_path / 'out', format=to)
    assert {path.name for path in tmp_path.iterdir()} == {'out', 'pets', 'home'}


def test_an_error_names_the_dataset_and_advises_what_can_be_typed(backend, dataset, tmp_path):
    backend.import_dataset(dataset, 'pets')
    with pytest.raises(DatasetError, match='--to yolo --task detect') as caught:
        backend.export_dataset('pets', tmp_path / 'out', format='imagefolder')
    assert str(caught.value).startswith('pets@1 has no annotations')
    assert '.out' not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {'pets', 'home'}
    backend.export_dataset('pets', tmp_path / 'out', format='yolo', task='segment')
    assert 'segment' in (tmp_path / 'out' / 'report.json').read_text(encoding='utf-8')
    with pytest.raises(DatasetError, match='knows no tasks'):
        backend.export_dataset('pets', tmp_path / 'plain', task='detect')
