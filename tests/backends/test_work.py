"""Tasks and assignments of the embedded backend."""

from __future__ import annotations

import pytest

from synapse_plugins.errors import NotFoundError, ParamsError, UnknownNameError
from synapse_plugins.testing import make_project


def test_an_assignment_has_the_files_of_its_unit_and_its_annotations(backend):
    made = make_project(backend, 7, count=2)
    first = backend.get_assignment(made['assignments'][0]['id'])
    assert first == made['assignments'][0]
    assert first['file'] == first['files']['image_1']
    assert first['file']['is_primary']
    assert first['file']['file_type'] == 'image'
    assert 'annotations' in first['data']
    with pytest.raises(NotFoundError):
        backend.get_assignment(99)


def test_assignments_are_walked_in_order(backend):
    made = make_project(backend, 7, count=5)['assignments']
    make_project(backend, 8, count=2)
    rows, count = backend.list_assignments({'project': 7}, list_all=True, page_size=2)
    assert (list(rows), count) == (made, 5)
    page = backend.list_assignments({'project': 7, 'page': 2, 'page_size': 2})
    assert (page['results'], page['next'], page['previous']) == (made[2:4], 3, 1)
    ids = [row['id'] for row in made[:2]]
    assert backend.list_assignments({'ids': ids})['results'] == made[:2]
    assert backend.list_assignments({'ids': ','.join(map(str, ids)), 'project': 8})['count'] == 0


def test_assignments_come_all_or_none(backend):
    tasks = make_project(backend, 7, count=2)['tasks']
    before = backend.list_assignments()['count']
    good = {'task': tasks[0]['id'], 'data': {}}
    for bad, error in (
        ({'task': 99}, NotFoundError),
        ({'data': {}}, ParamsError),
        ({'task': tasks[0]['id'], 'data': [1]}, ParamsError),
        ({'task': tasks[0]['id'], 'status_label': 'done'}, ParamsError),
        ({'task': tasks[0]['id'], 'user': 'me'}, ParamsError),
        (3, ParamsError),
    ):
        with pytest.raises(error):
            backend.create_assignments({'project': 7, 'data': [good, bad]})
    with pytest.raises(NotFoundError, match='in project 8'):
        backend.create_assignments({'project': 8, 'data': [good]})
    with pytest.raises(ParamsError):
        backend.create_assignments({'project': 7})
    with pytest.raises(UnknownNameError):
        backend.list_assignments({'reviewer': 1})
    assert backend.list_assignments()['count'] == before
    (made,) = backend.create_assignments(
        {'project': 7, 'data': [{**good, 'user': 3, 'status_label': 'in_progress'}]}
    )
    assert backend.list_assignments({'users': 3, 'status_label': 'in_progress'})['results'] == [made]


def test_a_task_without_a_unit_has_no_files(backend):
    (task,) = backend.create_tasks({'project': 1, 'data': [{}]})
    (made,) = backend.create_assignments({'project': 1, 'data': [{'task': task['id']}]})
    assert (made['file'], made['files'], made['data']) == ({}, {}, {})


def test_assignments_go_with_their_unit(backend):
    made = make_project(backend, 7, count=2)
    backend.delete_data_unit(made['data_units'][0]['id'])
    assert [row['id'] for row in backend.list_assignments({'project': 7})['results']] == [
        made['assignments'][1]['id']
    ]
    assert backend.list_tasks({'project': 7})['count'] == 1
