"""The actions against a server, as against the embedded backend: nothing in a step tells them apart."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import RuntimeContext, run
from synapse_plugins.actions.export import DefaultExportAction
from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.fetch import local_path
from synapse_plugins.context import NullLogger
from synapse_plugins.errors import BackendError
from synapse_plugins.testing import make_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Five units of a text and a document."""
    root = tmp_path / 'files'
    for name in ('text_1', 'data_1'):
        (root / name).mkdir(parents=True)
        for number in range(5):
            suffix = 'txt' if name == 'text_1' else 'json'
            (root / name / f'글 {number}.{suffix}').write_text(json.dumps(number), encoding='utf-8')
    return root


def settings(server: Any, tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {'backend': server.url, 'home': tmp_path / 'client', 'loggers': [], **more}


def test_an_upload_is_the_same_over_http(
    synapse_server: Any, local_backend: Any, files: Path, tmp_path: Path
) -> None:
    params = {'path': str(files), 'data_collection': '글', 'create_collection': True}
    over = settings(synapse_server, tmp_path)
    result = run('upload.files', params=params, **over)
    assert (result.output['uploaded_files'], result.output['data_units']) == (10, 5)
    again = run('upload.files', params=params, **over)
    assert (again.output['reused_files'], again.output['existing_units'], again.output['data_units']) == (
        10,
        5,
        0,
    )
    rows, count = local_backend.list_data_units(list_all=True)
    assert count == 5
    assert sorted(row['files']['text_1']['file_name_original'] for row in rows) == [
        f'글 {number}.txt' for number in range(5)
    ]


def test_a_failing_upload_takes_everything_back_over_http(
    synapse_server: Any, local_backend: Any, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.errors import StepFailedError

    def fail(*_: Any) -> None:
        raise ValueError('broken')

    monkeypatch.setattr(type(local_backend), 'create_data_units', fail)
    params = {'path': str(files), 'data_collection': '글', 'create_collection': True}
    with pytest.raises(StepFailedError, match='generate_data_units'):
        run('upload.files', params=params, **settings(synapse_server, tmp_path))
    rows = local_backend._rows
    for table in ('data_file', 'data_unit', 'data_collection', 'file'):
        assert rows(f'SELECT count(*) FROM {table}')[0][0] == 0, table


@pytest.mark.parametrize('target_format', ['dm_v2', 'yolo', None])
def test_an_export_is_the_same_over_http(
    synapse_server: Any, local_backend: Any, pets: Path, tmp_path: Path, target_format: str | None
) -> None:
    version = local_backend.import_dataset(pets, 'pets')['id']
    trees = []
    for name, over in (
        ('served', settings(synapse_server, tmp_path)),
        ('local', {'home': local_backend.store.home, 'loggers': []}),
    ):
        output = tmp_path / name
        run('export.dataset', dataset=version, output=str(output), format=target_format, **over)
        trees.append(
            {
                path.relative_to(output).as_posix(): path.read_bytes().replace(str(output).encode(), b'HERE')
                for path in output.rglob('*')
                if path.is_file() and not path.name.startswith(('export_report', 'report', '.'))
            }
        )
    assert trees[0] == trees[1]
    assert len(trees[0]) >= 12


def test_a_run_reports_to_its_job_over_http(
    synapse_server: Any, local_backend: Any, files: Path, tmp_path: Path
) -> None:
    job = local_backend.create_job({'action': 'upload.files'})['id']
    params = {'path': str(files), 'data_collection': '글', 'create_collection': True}
    result = run('upload.files', params=params, job=job, **settings(synapse_server, tmp_path))
    row = local_backend.get_job(job)
    assert (row['status'], row['result']['data_units'], result.problems) == ('SUCCEEDED', 5, [])
    assert row['progress_record']['current_progress']['overall'] == 100
    rows, _ = local_backend.list_logs({'job': job}, list_all=True)
    entries = list(rows)
    assert {entry['step'] for entry in entries if entry['event'] == 'step_start'} >= {
        'upload_files',
        'cleanup',
    }
    assert 'UPLOAD_COMPLETED' in [
        entry['data'].get('key') for entry in entries if entry['event'] == 'message'
    ]


def test_steps_take_either_backend(served_backend: Any, files: Path) -> None:
    from synapse_plugins.actions.upload import DefaultUploadAction

    params = {'path': str(files), 'data_collection': 'x', 'create_collection': True}
    result = DefaultUploadAction.dispatch(params, RuntimeContext(NullLogger(), client=served_backend))
    assert result['data_units'] == 5


@pytest.mark.parametrize('served', [False, True])
def test_tasks_are_exported_with_the_files_of_their_units(
    synapse_server: Any, local_backend: Any, files: Path, tmp_path: Path, served: bool
) -> None:
    """A task has no data of its own here, so it is exported without annotations: its files alone."""
    from synapse_plugins.actions.export import BaseExporter

    class Exporter(BaseExporter):
        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            return {**data, 'data': {'task': data['id']}}

    params = {'path': str(files), 'data_collection': '글', 'create_collection': True, 'project': 7}
    run('upload.files', params=params, **settings(synapse_server, tmp_path))
    with (
        local_backend
        if not served
        else SynapseBackend(
            synapse_server.url, access_token=synapse_server.token, cache_dir=tmp_path / 'cache'
        ) as client
    ):
        runtime = RuntimeContext(NullLogger(), client=client)
        wanted = {'path': str(tmp_path / 'out'), 'target': 'task', 'filter': {'project': 7}}
        result = Exporter.dispatch(wanted, runtime)
    assert (result['exported_count'], result['total_count']) == (5, 5)
    written = (tmp_path / 'out' / 'export' / 'origin_files').iterdir()
    assert sorted(path.suffix for path in written) == ['.json'] * 5 + ['.txt'] * 5


@pytest.mark.parametrize('served', [False, True])
@pytest.mark.parametrize('target_format', [None, 'yolo'])
def test_assignments_are_exported_with_what_was_annotated(
    client: Any, local_backend: Any, tmp_path: Path, served: bool, target_format: str | None
) -> None:
    """The same export, from the embedded backend and over HTTP: every file of every assignment, or a dataset."""
    made = make_project(local_backend, 7, count=5)
    make_project(local_backend, 8, count=2)
    params: dict[str, Any] = {
        'path': str(tmp_path),
        'target': 'assignment',
        'filter': {'project': 7},
        'format': target_format,
    }
    runtime = RuntimeContext(NullLogger(), client=client if served else local_backend)
    runtime.work_dir = tmp_path / 'work'
    DefaultExportAction.dispatch(params, runtime)
    folder = tmp_path / 'export'
    report = json.loads((folder / 'export_report.json').read_text(encoding='utf-8'))
    assert (report['exported_count'], report['total_count'], report['target']) == (5, 5, 'assignment')
    assert [item['id'] for item in report['items']] == [row['id'] for row in made['assignments']]
    if target_format:
        assert report['conversion']['report']['kept']['bounding_box'] == 8
        assert report['conversion']['other_files'] == {'data_1': 5}
        return
    for item, row in zip(report['items'], made['assignments'], strict=True):
        for specification, told in item['originals'].items():
            stored = local_path(row['files'][specification]['url'])
            assert stored is not None
            assert (folder / told['path']).read_bytes() == stored.read_bytes()
        assert sorted(item['originals']) == ['data_1', 'image_1']
        label = next(path for path in item['files'] if path.startswith('labels/'))
        assert json.loads((folder / label).read_text(encoding='utf-8')) == row['data']


@pytest.fixture
def addresses_expire(synapse_server: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the first three addresses that the server gives out be over already, and keep all that were asked for."""
    signer = synapse_server.app.state.signer
    given: list[str] = []
    sign = signer.sign

    def sign_shortly(path: str, method: str = 'GET', lifetime: float | None = None) -> str:
        given.append(path)
        return str(sign(path, method, -1.0 if len(given) <= 3 else lifetime))

    monkeypatch.setattr(signer, 'sign', sign_shortly)
    return given


@pytest.mark.parametrize('target', ['ground_truth', 'task'])
def test_an_export_renews_addresses_and_keeps_connections(
    client: Any,
    version: dict[str, Any],
    files: Path,
    tmp_path: Path,
    target: str,
    request: pytest.FixtureRequest,
) -> None:
    from synapse_plugins.actions.export import TargetHandlerFactory
    from synapse_plugins.actions.export.further import further_files
    from synapse_plugins.actions.export.prefetch import prefetched

    if target == 'task':
        params = {'path': str(files), 'data_collection': '글', 'create_collection': True, 'project': 7}
        run('upload.files', params=params, **settings(request.getfixturevalue('synapse_server'), tmp_path))
        filters: dict[str, Any] = {'project': 7}
    else:
        filters = {'ground_truth_dataset_versions': version['id']}
    given = request.getfixturevalue('addresses_expire')
    handler = TargetHandlerFactory.get_handler(target)
    rows, count = handler.get_results(client, filters)
    items = prefetched(
        handler.get_export_item(rows, client), tmp_path / 'ahead', 2,
        transport=client.transport, renew=partial(handler.renew_url, client, filters),
    )  # fmt: skip
    found = list(items)
    assert len(found) == count
    for item in found:
        for file in (item['files'], *(file for _, file in further_files(item))):
            assert os.path.getsize(file['fetched']) == file['size']  # noqa: PTH202
    assert len(given) > count
    adapter = client.transport._session.get_adapter(client.transport.url)
    pool = adapter.poolmanager.connection_from_url(client.transport.url)
    assert pool.num_connections <= 3  # one for the list, one for each that fetches
    with pytest.raises(BackendError, match='not there any more'):
        handler.renew_url(client, filters, {'id': 99, 'key': 99})


def test_an_export_action_renews_addresses(
    synapse_server: Any, version: dict[str, Any], tmp_path: Path, addresses_expire: list[str]
) -> None:
    output = tmp_path / 'out'
    run('export.dataset', dataset=version['id'], output=str(output), **settings(synapse_server, tmp_path))
    assert len(list(output.rglob('*.png'))) == version['count']
    assert len(addresses_expire) > version['count']


UNWRITTEN = """
import os, signal, sys
from pathlib import Path
from synapse_plugins import run
from synapse_plugins.actions.upload.ledger import Ledger

add, left = Ledger.add, [3]

def die(self, entry):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    add(self, entry)

Ledger.add = die
url, home, files = sys.argv[1:]
params = {'path': files, 'data_collection': 'c', 'create_collection': True, 'upload_max_workers': 1}
run('upload.files', params=params, backend=url, home=Path(home), loggers=[])
"""


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='no SIGKILL')
def test_a_file_that_was_sent_and_not_written_down_is_used_by_the_next_run(
    synapse_server: Any, local_backend: Any, files: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    process = start(UNWRITTEN, synapse_server.url, tmp_path / 'client', files)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    there = local_backend._rows('SELECT id, file FROM data_file')
    assert len(there) == 4  # three were written down; of the fourth only the server knows
    params = {'path': str(files), 'data_collection': 'c'}
    result = run('upload.files', params=params, **settings(synapse_server, tmp_path))
    assert result.output['data_units'] == 5
    after = local_backend._rows('SELECT id, file FROM data_file')
    assert {tuple(row) for row in there} <= {tuple(row) for row in after}
    assert len({row['file'] for row in after}) == len(after) == 5  # a text and a document are one content
