"""Migrated actions as the platform starts them: with the vendor's runtime context, logger and client."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.actions.export import BaseExporter
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings('ignore')  # its own code warns


class Upload(DefaultUploadAction[UploadParams]):
    action_name = 'upload'


class Exporter(BaseExporter):
    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, 'data': {'id': data['id']}}


@pytest.fixture
def job(local_backend: Any) -> int:
    return int(local_backend.create_job({'action': 'x'})['id'])


@pytest.fixture(scope='session')
def vendor() -> Any:
    """Import what is theirs once, before a test looks at what it changed."""
    if importlib.util.find_spec('synapse_sdk') is None:
        pytest.skip('synapse-sdk is not installed; it needs Python 3.12 or later: `nox -s vendor`')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        names = (
            'clients.backend',
            'loggers',
            'plugins.context',
            'observability._sentry',
            'observability._profile',
        )
        return {name: importlib.import_module(f'synapse_sdk.{name}') for name in names}


@pytest.fixture
def ctx(vendor: Any, synapse_server: Any, job: int) -> Iterator[Any]:
    context = vendor['plugins.context']
    connect = vendor['clients.backend'].BackendClient
    with connect(synapse_server.url, access_token=synapse_server.token) as client:
        yield context.RuntimeContext(
            logger=vendor['loggers'].JobLogger(client, job),
            env=context.PluginEnvironment({}),
            job_id=str(job),
            client=client,
            language='ko',
        )


def logs(local_backend: Any, job: int) -> list[dict[str, Any]]:
    rows, _ = local_backend.list_logs({'job': job}, list_all=True)
    return list(rows)


def test_a_migrated_upload_runs_as_it_is(ctx: Any, local_backend: Any, job: int, tmp_path: Path) -> None:
    collection = local_backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1'}]}
    )
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    for number in range(3):
        (tmp_path / 'files' / 'text_1' / f'{number}.txt').write_text(str(number), encoding='utf-8')
    params = {'path': str(tmp_path / 'files'), 'data_collection': collection['id']}
    for expected in (3, 0):
        result = Upload.dispatch(dict(params), ctx)
        assert (result['data_units'], result['uploaded_files']) == (expected, 3)
    ctx.logger.finish()
    assert local_backend.list_data_units()['count'] == 3
    entries = logs(local_backend, job)
    assert any(
        entry['data'].get('content') == '파일 3개로 데이터 유닛 3개를 구성했습니다.' for entry in entries
    )
    assert local_backend.get_job(job)['progress_record']


def test_a_migrated_exporter_runs_as_it_is(
    ctx: Any, local_backend: Any, job: int, version: dict[str, Any], tmp_path: Path
) -> None:
    filters = {'ground_truth_dataset_versions': version['id']}
    result = Exporter.dispatch({'path': str(tmp_path), 'name': 'out', 'filter': filters}, ctx)
    ctx.logger.finish()
    assert result['exported_count'] == result['total_count'] == version['count']
    assert len(list((tmp_path / 'out' / 'origin_files').iterdir())) == version['count']
    assert len(list((tmp_path / 'out' / 'labels').iterdir())) == version['count']
    assert any(
        '내보내기를 마쳤습니다' in str(entry['data'].get('content')) for entry in logs(local_backend, job)
    )


PLUGIN = """
from synapse_plugins.actions.export import BaseExporter
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams


class Upload(DefaultUploadAction[UploadParams]):
    action_name = 'upload'


class Exporter(BaseExporter):
    action_name = 'export'
"""


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['upload', 'export'])
def test_their_job_entrypoint_runs_them(
    vendor: Any, synapse_server: Any, local_backend: Any, version: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    (tmp_path / 'plugin.py').write_text(PLUGIN, encoding='utf-8')
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    (tmp_path / 'files' / 'text_1' / 'a.txt').write_text('a', encoding='utf-8')
    collection = local_backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1'}]}
    )
    params = {
        'upload': {'path': str(tmp_path / 'files'), 'data_collection': collection['id']},
        'export': {'path': str(tmp_path / 'out'), 'filter': {'ground_truth_dataset_versions': version['id']}},
    }
    job = local_backend.create_job({'action': kind})['id']
    env = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join([str(tmp_path), *sys.path]),
        'SYNAPSE_ACTION_ENTRYPOINT': {'upload': 'plugin.Upload', 'export': 'plugin.Exporter'}[kind],
        'SYNAPSE_ACTION_PARAMS': json.dumps(params[kind]),
        'SYNAPSE_JOB_ID': str(job),
        'SYNAPSE_LANGUAGE': 'ko',
        'SYNAPSE_HOST': synapse_server.url,
        'SYNAPSE_ACCESS_TOKEN': str(synapse_server.token),
    }
    command = [sys.executable, '-W', 'ignore', '-m', 'synapse_sdk.plugins.entrypoint']
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, encoding='utf-8', check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    row = local_backend.get_job(job)
    counted = {'upload': 'data_units', 'export': 'exported_count'}[kind]
    wanted = {'upload': 1, 'export': version['count']}[kind]
    assert (row['status'], row['result'][counted]) == ('SUCCEEDED', wanted)
    # Their logger shares out by itself what steps it was not told of weigh.
    assert row['progress_record']['current_progress']['overall'] >= 90
    entries = logs(local_backend, job)
    assert any(
        '마쳤습니다' in str(entry['data'].get('content')) for entry in entries if entry['event'] == 'message'
    )
