from __future__ import annotations

import threading

import pytest

from synapse_plugins.errors import NotFoundError, ParamsError, UnknownNameError


def test_a_job_is_created_changed_and_read(backend):
    job = backend.create_job({'action': 'train', 'params': {'dataset': 1}})
    assert (job['status'], job['action'], job['params'], job['result']) == (
        'PENDING',
        'train',
        {'dataset': 1},
        None,
    )
    progress = {'record': {'steps': {'train': {'percent': 50}}}, 'current_progress': {'overall': 35}}
    backend.update_job(job['id'], {'status': 'RUNNING', 'progress_record': progress})
    backend.update_job(
        str(job['id']), {'metrics_record': {'record': {'steps': {'train': {'loss': float('nan')}}}}}
    )
    job = backend.update_job(job['id'], {'status': 'SUCCEEDED', 'result': {'model_id': 3}})
    assert job == backend.get_job(job['id'])
    assert job['status'] == 'SUCCEEDED'
    assert job['progress_record'] == progress
    assert job['metrics_record'] == {'record': {'steps': {'train': {'loss': 'NaN'}}}}
    assert job['result'] == {'model_id': 3}


def test_mistakes_are_refused(backend):
    job = backend.create_job({})
    with pytest.raises(UnknownNameError, match="Did you mean 'progress_record'"):
        backend.update_job(job['id'], {'progres_record': {}})
    with pytest.raises(ParamsError, match='DONE'):
        backend.update_job(job['id'], {'status': 'DONE'})
    with pytest.raises(NotFoundError, match='no job 99') as caught:
        backend.update_job(99, {'status': 'RUNNING'})
    assert 'create_job()' in str(caught.value)
    assert 'runs list' not in str(caught.value)
    with pytest.raises(UnknownNameError):
        backend.create_job({'name': 'x'})
    with pytest.raises(ParamsError, match='not the id of a job'):
        backend.get_job('abc')
    assert backend.get_job(job['id'])['status'] == 'PENDING'


def test_jobs_are_listed_newest_first(backend):
    first, second = (backend.create_job({'action': name})['id'] for name in 'ab')
    backend.update_job(first, {'status': 'FAILED'})
    assert [row['id'] for row in backend.list_jobs()['results']] == [second, first]
    assert [row['id'] for row in backend.list_jobs({'status': 'FAILED'})['results']] == [first]


def test_logs_keep_their_order(backend):
    job, other = (backend.create_job({})['id'] for _ in range(2))
    backend.create_logs({'job': other, 'event': 'message', 'data': {'content': 'elsewhere'}})
    entries = [
        {
            'job': job,
            'event': 'message',
            'data': {'content': f'줄 {number}'},
            'step': 'train',
            'level': 'info',
            'datetime': '2026-01-01T00:00:00Z',
        }
        for number in range(250)
    ]
    assert len(backend.create_logs(entries)) == 250
    page = backend.list_logs({'job': job}, page_size=100)
    assert (page['count'], page['next']) == (250, 2)
    assert page['results'][0] == {**entries[0], 'id': page['results'][0]['id'], 'file': None}
    rows, count = backend.list_logs({'job': job, 'step': 'train'}, list_all=True)
    assert [row['data']['content'] for row in rows] == [entry['data']['content'] for entry in entries]
    assert count == 250


def test_log_entries_come_all_or_none(backend):
    job = backend.create_job({})['id']
    with pytest.raises(NotFoundError):
        backend.create_logs([{'job': job, 'event': 'a'}, {'job': 99, 'event': 'a'}])
    with pytest.raises(ParamsError, match='needs event'):
        backend.create_logs([{'job': job, 'event': 'a'}, {'job': job}])
    with pytest.raises(UnknownNameError):
        backend.create_logs({'job': job, 'event': 'a', 'message': 'x'})
    assert backend.list_logs()['count'] == 0


def test_threads_share_one_backend(backend):
    job = backend.create_job({})['id']
    problems = []

    def report(number):
        try:
            for count in range(20):
                backend.create_logs(
                    {'job': job, 'event': 'message', 'data': {'content': f'{number}-{count}'}}
                )
                backend.update_job(job, {'progress_record': {'by': number, 'count': count}})
        except Exception as exc:
            problems.append(exc)

    threads = [threading.Thread(target=report, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    rows, count = backend.list_logs({'job': job}, list_all=True)
    assert count == len({row['data']['content'] for row in rows}) == 100


@pytest.mark.parametrize(
    ('field', 'values'),
    [
        ('event', ['', 3, {}, ['message'], 'x' * 201]),
        ('data', ['text', 3, ['a'], True]),
        ('datetime', ['yesterday', 1767225600, {}, '']),
        ('step', ['', 3, ['train']]),
        ('level', ['loud', 3, ['info'], 'INFO']),
        ('job', ['x', True, {}]),
    ],
)
def test_an_entry_has_the_shape_that_readers_rely_on(backend, field, values):
    job = backend.create_job({})['id']
    good = {'job': job, 'event': 'message'}
    for value in values:
        with pytest.raises((ParamsError, NotFoundError)):
            backend.create_logs([good, {**good, field: value}])
    assert backend.list_logs()['count'] == 0
    whole = {
        'step': None, 'level': None, 'data': None, 'datetime': '2026-01-01T00:00:00.5+09:00', 'file': None,
    }  # fmt: skip
    backend.create_logs([good, {**good, **whole}, {**good, 'job': str(job)}])
    assert backend.list_logs()['count'] == 3
