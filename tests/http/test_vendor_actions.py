"""Migrated actions as the platform starts them: with the vendor's runtime context, logger and client."""

from __future__ import annotations

import importlib
import importlib.util
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
