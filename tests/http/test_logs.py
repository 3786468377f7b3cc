"""What the served backend takes as entries of a job's log."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def send(synapse_server):
    def send(body):
        return requests.post(
            f'{synapse_server.url}/logs/',
            json=body,
            headers={'Synapse-Access-Token': f'Token {synapse_server.token}'},
            timeout=10,
        )

    return send


@pytest.fixture
def entry(local_backend):
    job = local_backend.create_job({'action': 'train'})['id']
    return {'job': job, 'event': 'message', 'data': {'content': '안녕'}, 'datetime': '2026-01-01T00:00:00Z'}


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'event': {}}, 'The event of a log entry should be a text'),
        ({'event': None}, 'needs event'),
        ({'job': None}, 'needs job'),
        ({'job': []}, 'job'),
        ({'data': ['a']}, 'The data of a log entry should be an object'),
        ({'datetime': 'today'}, 'a moment in ISO 8601'),
        ({'level': 'loud'}, 'one of debug, info'),
        ({'step': 7}, 'The step of a log entry'),
        ({'file': '/etc/passwd'}, 'The file of a log entry should be a data URI'),
        ({'file': {'a': 1}}, 'a data URI'),
        ({'colour': 'red'}, 'colour'),
    ],
)
def test_what_is_no_entry_is_refused_with_a_word(send, entry, local_backend, change, words):
    for body in ({**entry, **change}, [entry, {**entry, **change}]):
        answer = send(body)
        assert answer.status_code == 400
        assert words in answer.json()['detail']
    assert local_backend.list_logs()['count'] == 0


@pytest.mark.parametrize('body', ['text', 3, None, [3], [[]], [None]])
def test_what_is_no_object_is_refused(send, local_backend, body):
    answer = send(body)
    assert answer.status_code == 400
    assert 'object' in answer.json()['detail']


def test_entries_are_taken_alone_and_in_lists(send, entry, local_backend):
    assert send(entry).status_code == 201
    pictures = ['data:image/png;base64,iVBORw0KGgo=', 'data:image/svg+xml;charset=utf-8,<svg/>', None]
    answer = send([{**entry, 'file': picture, 'level': 'success', 'step': 'train'} for picture in pictures])
    assert answer.status_code == 201
    assert len(answer.json()) == 3
    rows, _ = local_backend.list_logs({'job': entry['job']}, list_all=True)
    assert [row['file'] for row in rows] == [None, *pictures]
