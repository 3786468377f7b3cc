"""Reports to a job: in batches, off the critical path, none dropped in silence."""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.context import JobLogger, PluginEnvironment, RuntimeContext, TeeLogger
from synapse_plugins.context.spool import Spool
from synapse_plugins.errors import AnswerLostError, ParamsError


class Client:
    """Keeps what it gets; `hinder` may raise, or wait."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.requests: list[int] = []
        self.records: list[dict[str, Any]] = []
        self.hinder: Any = lambda entries: None

    def create_logs(self, entries: list[dict[str, Any]]) -> None:
        self.hinder(entries)
        self.requests.append(len(entries))
        self.entries.extend(entries)

    def update_job(self, job: Any, data: dict[str, Any]) -> None:
        self.hinder([])
        self.records.append(json.loads(json.dumps(data, allow_nan=False)))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def make(client: Client, tmp_path: Path) -> Any:
    def make(**options: Any) -> tuple[JobLogger, RuntimeContext]:
        logger = JobLogger(
            client, 7, folder=tmp_path / 'job', **{'interval': 0.02, 'patience': 0.3, **options}
        )
        return logger, RuntimeContext(TeeLogger([logger]), PluginEnvironment())

    return make


def test_everything_arrives_in_order_and_in_batches(make: Any, client: Client, tmp_path: Path) -> None:
    logger, runtime = make(batch=50)
    for number in range(500):
        runtime.log_message(f'{number}번', 'warning' if number % 2 else 'info')
    runtime.log('own', {'path': Path('/x'), 'nan': float('nan')}, level='debug')
    runtime.log_metric('train', 'epoch', 3, loss=0.5)
    runtime.logger.finish()
    assert [entry['data']['content'] for entry in client.entries[:500]] == [f'{n}번' for n in range(500)]
    assert max(client.requests) <= 50
    first, own, metric = client.entries[1], client.entries[500], client.entries[501]
    assert (first['event'], first['level'], first['job']) == ('message', 'warning', 7)
    assert first['datetime'].endswith('+00:00')
    assert own['data'] == {'path': '/x', 'nan': 'NaN'}
    assert metric['data'] == {'category': 'train', 'key': 'epoch', 'value': 3, 'metrics': {'loss': 0.5}}
    assert (logger.problems, logger.undelivered) == ([], 0)
    assert not (tmp_path / 'job' / 'reports').exists()


def test_progress_and_metrics_are_records(make: Any, client: Client) -> None:
    _, runtime = make()
    report = runtime.logger
    report.begin_steps([('a', 0.25), ('b', 0.75)])
    report.set_step('a', 0)
    for number in range(1, 1001):
        report.set_progress(number, 1000)
    report.set_metrics({'map': float('inf')})
    report.set_step('b', 1)
    report.set_progress(1, 2)
    report.finish()
    assert len(client.records) <= 3
    progress = client.records[-1]['progress_record']
    steps = progress['record']['steps']
    assert (steps['a']['percent'], steps['a']['proportion'], steps['b']['percent'], steps['b']['order']) == (
        100.0, 25, 50.0, 1,
    )  # fmt: skip
    assert progress['current_progress']['step'] == 'b'
    assert progress['current_progress']['overall'] == pytest.approx(62.5)
    assert client.records[-1]['metrics_record'] == {'record': {'steps': {'a': {'map': 'Infinity'}}}}


def test_a_run_that_succeeded_is_whole(make: Any) -> None:
    logger, runtime = make()
    runtime.logger.begin_steps([('a', 1.0)])
    runtime.logger.set_step('a', 0)
    runtime.logger.set_step(None)
    runtime.logger.end_steps(True)
    runtime.logger.finish()
    record = logger.progress_record()
    assert record['current_progress']['overall'] == 100
    assert record['current_progress']['time_elapsed'] >= 0
    assert record['record']['steps']['a']['percent'] == 100
    assert record['current_progress']['percent'] == 100


def test_a_run_that_failed_shows_where(make: Any, client: Client) -> None:
    logger, runtime = make()
    report = runtime.logger
    report.begin_steps([('a', 1.0), ('b', 1.0), ('c', 1.0)])
    report.set_step('a', 0)
    report.set_step('b', 1)
    runtime.set_progress(1, 4)
    report.step_failed('b', order=1, reason='no')
    report.set_step('a', 0)  # entered to be rolled back
    runtime.set_progress(1, 2)
    report.step_rolled_back('a', order=0)
    report.set_step(None)
    report.end_steps(False)
    report.finish()
    record = logger.progress_record()
    assert {name: step['percent'] for name, step in record['record']['steps'].items()} == {
        'a': 100,
        'b': 25,
        'c': 0,
    }
    assert record['current_progress']['step'] == 'b'
    assert record['current_progress']['percent'] == 25
    assert [(entry['event'], entry['step'], entry['level']) for entry in client.entries] == [
        ('step_start', 'a', 'info'), ('step_start', 'b', 'info'), ('step_failed', 'b', 'error'),
        ('step_rolled_back', 'a', 'info'),
    ]  # fmt: skip


def test_a_run_that_goes_on_after_a_failure_within_a_step_is_told_of(make: Any, client: Client) -> None:
    _, runtime = make()
    report = runtime.logger
    for step in ('outer', 'inner 1', 'inner 2'):
        report.set_step(step)
    report.step_failed('inner 2', reason='no')
    report.set_step('inner 1')  # entered to be rolled back
    report.step_rolled_back('inner 1')
    report.set_step('outer')
    report.set_step('next')
    report.finish()
    told = [entry['step'] for entry in client.entries if entry['event'] == 'step_start']
    assert told == ['outer', 'inner 1', 'inner 2', 'next']


def test_one_reason_for_many_is_told_once_as_a_sentence(make: Any, client: Client) -> None:
    def refuse(entries: list[dict[str, Any]]) -> None:
        if entries:
            raise ParamsError('It is full.')

    client.hinder = refuse
    logger, runtime = make()
    for number in range(3):
        runtime.log_message(str(number))
    runtime.logger.finish()
    assert logger.problems == ['3 reports were refused by job 7: message: It is full.']


@pytest.mark.parametrize('down', ['records', 'logs'])
def test_one_part_of_a_backend_that_is_down_holds_up_no_other(make: Any, client: Client, down: str) -> None:
    def hinder(entries: list[dict[str, Any]]) -> None:
        if bool(entries) == (down == 'logs'):
            raise ConnectionError('503')

    client.hinder = hinder
    logger, runtime = make()
    runtime.logger.begin_steps([('a', 1.0)])
    runtime.log_message('hello')
    runtime.logger.finish()
    assert bool(client.entries) == (down == 'records')
    assert bool(client.records) == (down == 'logs')
    assert '503' in ' '.join(logger.problems)


def test_pictures_go_along_and_one_that_cannot_be_read_holds_up_none(
    make: Any, client: Client, tmp_path: Path
) -> None:
    logger, runtime = make()
    picture = tmp_path / 'p.png'
    contents = []
    for number in range(3):
        picture.write_bytes(b'\x89PNG %d' % number)  # the trainer writes over its picture each time
        contents.append(picture.read_bytes())
        runtime.log_visualization('val', 'g', number, picture, epoch=1)
    runtime.log_visualization('val', 'g', 3, tmp_path / 'absent.png')
    (tmp_path / 'odd.xyz').write_bytes(b'x')
    runtime.log_visualization('val', 'g', 4, tmp_path / 'odd.xyz')
    with (tmp_path / 'big.png').open('wb') as file:
        file.truncate(17 * 1024 * 1024)
    runtime.log_visualization('val', 'g', 5, tmp_path / 'big.png')
    runtime.log_message('the end')
    runtime.logger.finish()
    sent = [base64.b64decode(entry['file'].partition('base64,')[2]) for entry in client.entries[:3]]
    assert sent == contents
    assert client.entries[0]['file'].startswith('data:image/png;base64,')
    assert client.entries[0]['data'] == {'category': 'val', 'group': 'g', 'index': 0, 'epoch': 1}
    whys = [entry['data'].get('file_error', '') for entry in client.entries[3:6]]
    for why, told in zip(whys, ('No such file', 'no picture by its name', 'larger than 16 MiB'), strict=True):
        assert told in why
    assert client.entries[6]['data'] == {'content': 'the end'}
    assert logger.problems == ['3 pictures could not be read; their entries say why.']


def test_a_backend_that_is_down_for_a_while_gets_everything(make: Any, client: Client) -> None:
    _, runtime = make(patience=5.0)
    failures = [ConnectionError('down')] * 4

    def hinder(entries: Any) -> None:
        if failures:
            raise failures.pop()

    client.hinder = hinder
    for number in range(30):
        runtime.log_message(str(number))
        time.sleep(0.005)
    runtime.logger.finish()
    assert [entry['data']['content'] for entry in client.entries] == [str(n) for n in range(30)]


def test_a_backend_that_stays_down_costs_the_patience_and_is_told(
    make: Any, client: Client, tmp_path: Path
) -> None:
    logger, runtime = make()

    def hinder(entries: Any) -> None:
        raise ConnectionError('no route')

    client.hinder = hinder
    for number in range(5):
        runtime.log_message(str(number))
    runtime.logger.finish()
    path = tmp_path / 'job' / 'reports' / 'reports.jsonl'
    assert logger.problems == [f'5 reports did not reach job 7 (no route); they are kept in {path}.']
    kept = [json.loads(line)['data']['content'] for line in path.read_text(encoding='ascii').splitlines()]
    assert kept == list('01234')


def test_a_backend_that_answers_nothing_holds_nobody_up(make: Any, client: Client) -> None:
    logger, runtime = make(patience=0.1)
    released = threading.Event()
    client.hinder = lambda entries: released.wait(30)
    began = time.monotonic()
    for number in range(5000):
        runtime.log_message(str(number))
    runtime.logger.finish()
    assert time.monotonic() - began < 20
    assert '5000 reports did not reach job 7' in logger.problems[0]
    released.set()
    assert logger._thread is not None
    logger._thread.join(30)
    assert len(client.entries) == 5000  # and when it answers after all, it gets them
    logger._spool.close()


class Refused(Exception):
    status = 400


@pytest.mark.parametrize('error', [Refused('bad entry'), ParamsError('bad entry')])
def test_an_entry_that_is_refused_holds_up_none_and_is_told(
    make: Any, client: Client, error: Exception
) -> None:
    logger, runtime = make()

    def hinder(entries: Any) -> None:
        if any(entry['data'].get('content') == '13' for entry in entries):
            raise error

    client.hinder = hinder
    for number in range(30):
        runtime.log_message(str(number))
    runtime.logger.finish()
    told = [entry['data'].get('content') for entry in client.entries]
    assert told == [str(n) for n in range(30) if n != 13] + [None]
    assert client.entries[-1]['event'] == 'joblog_loss'
    assert client.entries[-1]['data'] == {'refused': 1, 'reasons': ['message: bad entry']}
    assert logger.problems == ['1 reports were refused by job 7: message: bad entry.']


def test_several_threads_may_report(make: Any, client: Client) -> None:
    _, runtime = make()
    threads = [
        threading.Thread(target=lambda: [runtime.log_message('x') for _ in range(200)]) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runtime.logger.finish()
    assert len(client.entries) == 1000
    runtime.logger.finish()


def test_steps_are_told(make: Any, client: Client) -> None:
    _, runtime = make()
    report = runtime.logger
    report.set_step('a', 0)
    report.step_failed('a', order=0, reason='no')
    report.step_rolled_back('a', order=0)
    report.finish()
    assert [(entry['event'], entry['step']) for entry in client.entries] == [
        ('step_start', 'a'), ('step_failed', 'a'), ('step_rolled_back', 'a'),
    ]  # fmt: skip
    assert client.entries[1]['data'] == {'step': 'a', 'reason': 'no'}


@pytest.mark.parametrize(('arrives', 'shows', 'times'), [(True, True, 1), (False, True, 1), (True, False, 2)])
def test_what_arrived_without_an_answer_is_not_sent_again(
    make: Any, client: Client, arrives: bool, shows: bool, times: int
) -> None:
    def lose_one(entries: list[dict[str, Any]]) -> None:
        if entries and len(lost) < 1:
            lost.append(len(entries))
            client.entries.extend(entries if arrives else [])
            raise AnswerLostError('no answer')

    def list_logs(params: dict[str, Any]) -> dict[str, Any]:
        if not shows:
            raise ParamsError('this backend shows no logs')
        size, page = params['page_size'], params.get('page', 1)
        return {'count': len(client.entries), 'results': client.entries[(page - 1) * size : page * size]}

    lost: list[int] = []
    client.entries.extend({'event': 'message', 'data': {'content': str(number)}} for number in range(2100))
    client.hinder, client.list_logs = lose_one, list_logs  # type: ignore[attr-defined]
    logger, runtime = make()
    for number in range(20):
        runtime.log_message(f'new {number}')
    runtime.logger.finish()
    told = [entry['data']['content'] for entry in client.entries[2100:]]
    assert lost
    assert sorted(told) == sorted(
        [f'new {number}' for number in range(20)]
        + [f'new {number}' for number in range(lost[0])] * (times - 1)
    )
    assert logger.problems == []


def test_its_own_folder_goes_with_the_last_report(client: Client, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    logger = JobLogger(client, 7, interval=0.02)
    assert list(tmp_path.iterdir())
    RuntimeContext(TeeLogger([logger]), PluginEnvironment()).log_message('x')
    logger.finish()
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_kept_costs_no_other_and_is_told(make: Any, client: Client) -> None:
    logger, runtime = make()
    endless: dict[str, Any] = {}
    endless['self'] = endless
    runtime.log('own', endless)
    runtime.set_metrics({'loss': endless}, 'train')
    runtime.log_message('the next')
    runtime.logger.finish()
    assert [entry['event'] for entry in client.entries] == ['message', 'joblog_loss']
    (problem,) = logger.problems
    assert problem.startswith('2 reports could not be kept for job 7: own: Circular')
    assert logger.undelivered == 2


@pytest.mark.skipif(sys.platform == 'win32', reason='no such limit there')
def test_a_disk_that_is_full_for_a_while_costs_what_came_meanwhile(tmp_path: Path) -> None:
    import resource

    spool = Spool(tmp_path / 'spool')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    spool.put({'number': 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        with pytest.raises(OSError, match='large'):
            spool.put({'number': 2, 'text': 'x' * 100})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    spool.put({'number': 3})
    assert [entry['number'] for entry in spool.peek(10)] == [1, 3]
    spool.drop(2)
    spool.close()
