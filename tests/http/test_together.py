"""Several at once, and what becomes of requests that were not answered where something like it is there already."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.actions.export import DefaultExportAction
from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import models
from synapse_plugins.backends.synapse.chunked import ChunkedUpload
from synapse_plugins.context import JobLogger, NullLogger, PluginEnvironment, RuntimeContext, TeeLogger
from synapse_plugins.errors import AnswerLostError, InvalidRequestError, NoAnswerError, ParamsError

if TYPE_CHECKING:
    from synapse_plugins.backends.server import Served


def test_several_fetch_one_model_once(synapse_server: Served, local_backend: Any, tmp_path: Path) -> None:
    file = tmp_path / 'weights.pt'
    file.write_bytes(bytes(range(256)) * 40_000)
    model = local_backend.create_model({'name': 'weights', 'file': str(file)})['id']

    def fetch(_: int) -> bytes:
        with SynapseBackend(
            synapse_server.url, access_token=synapse_server.token, cache_dir=tmp_path / 'cache'
        ) as client:
            return Path(client.get_model(model)['file']).read_bytes()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(fetch, range(12))) == {file.read_bytes()}
    left = [path.suffix for path in (tmp_path / 'cache').rglob('*') if path.is_file()]
    assert sorted(left) == ['.lock', '.pt']


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, 'ChunkedUpload', partial(ChunkedUpload, chunk=20_000))


def test_several_send_one_model_at_once(
    small_chunks: None, synapse_server: Served, local_backend: Any, tmp_path: Path
) -> None:
    file = tmp_path / 'weights.pt'
    file.write_bytes(bytes(range(256)) * 2_000)

    def send(number: int) -> dict[str, Any]:
        with SynapseBackend(
            synapse_server.url, access_token=synapse_server.token, cache_dir=tmp_path / 'cache'
        ) as client:
            return client.create_model({'name': f'weights-of-{number}', 'file': file})

    with ThreadPoolExecutor(4) as pool:
        assert len({model['checksum'] for model in pool.map(send, range(8))}) == 1
    assert local_backend.list_models()['count'] == 8
    assert not [path for path in (tmp_path / 'cache').rglob('*') if path.is_file()]


def test_a_half_sent_folder_is_gone_on_with(
    small_chunks: None, faulty: Any, shaky: SynapseBackend, tmp_path: Path
) -> None:
    (tmp_path / 'model').mkdir()
    (tmp_path / 'model' / 'weights.bin').write_bytes(bytes(range(256)) * 400)
    faulty.script({'match': 'PUT /chunked_upload/', 'skip': 2, 'times': 99, 'fault': 'reset'})
    with pytest.raises(NoAnswerError):
        shaky.create_model({'name': 'm', 'file': tmp_path / 'model'})
    faulty.script()
    told: list[int] = []
    shaky.create_model({'name': 'm', 'file': tmp_path / 'model'}, progress=lambda done, _: told.append(done))
    assert told[0] == 60_000


def test_a_model_is_sent_where_nothing_can_be_noted(
    small_chunks: None, synapse_server: Served, tmp_path: Path
) -> None:
    for name in ('file', 'cache'):
        (tmp_path / name).write_bytes(bytes(100_000))
    with SynapseBackend(
        synapse_server.url, access_token=synapse_server.token, cache_dir=tmp_path / 'cache'
    ) as client:
        assert client.create_model({'name': 'm', 'file': tmp_path / 'file'})['size'] == 100_000


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no pipes by name')
def test_a_model_is_no_pipe(client: SynapseBackend, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(ParamsError, match='neither a file nor a folder'):
        client.create_model({'name': 'm', 'file': tmp_path / 'pipe'})


def test_reports_whose_answers_are_lost_arrive_once(
    faulty: Any, shaky: SynapseBackend, local_backend: Any, tmp_path: Path
) -> None:
    job = local_backend.create_job({'action': 'x'})['id']
    faulty.script({'match': 'POST /logs/', 'fault': 'lose_answer', 'times': 2})
    logger = JobLogger(shaky, job, folder=tmp_path / 'job', interval=0.02, batch=10)
    runtime = RuntimeContext(TeeLogger([logger]), PluginEnvironment())
    for number in range(50):
        runtime.log_message(f'message {number}')
    runtime.logger.finish()
    rows, _ = local_backend.list_logs({'job': job}, list_all=True)
    assert [row['data']['content'] for row in rows] == [f'message {number}' for number in range(50)]
    assert logger.problems == []


@pytest.mark.parametrize('fault', [{'fault': 'status', 'status': 503}, {'fault': 'lose_answer'}])
def test_a_model_of_the_same_name_is_not_taken_for_the_new_one(
    faulty: Any, shaky: SynapseBackend, local_backend: Any, tmp_path: Path, fault: dict[str, Any]
) -> None:
    made = []
    for content in (b'old', b'new'):
        file = tmp_path / f'{content.decode()}.pt'
        file.write_bytes(content)
        faulty.script({'match': 'POST /models/', **fault})
        made.append(shaky.create_model({'name': 'model', 'file': file})['id'])
    rows, count = local_backend.list_models(list_all=True)
    assert sorted(row['id'] for row in rows) == made
    assert count == 2
    assert Path(local_backend.get_model(made[1])['file']).read_bytes() == b'new'


def test_a_release_that_was_there_is_not_taken_for_the_new_one(
    faulty: Any, shaky: SynapseBackend, tmp_path: Path
) -> None:
    file = tmp_path / 'plugin.zip'
    release = {'plugin': 'pets', 'version': '1.0.0', 'config': {}}
    file.write_bytes(b'old')
    faulty.script({'match': 'POST /plugin_releases/', 'fault': 'lose_answer'})
    assert shaky.create_plugin_release(release, file=file)['id'] == 1
    file.write_bytes(b'new')
    faulty.script({'match': 'POST /plugin_releases/', 'fault': 'status', 'status': 503})
    with pytest.raises(AnswerLostError):
        shaky.create_plugin_release(release, file=file)
    with pytest.raises(InvalidRequestError, match='released already'):
        shaky.create_plugin_release(release, file=file)


@pytest.mark.parametrize('fault', [{'fault': 'status', 'status': 503}, {'fault': 'lose_answer'}])
def test_units_like_those_that_were_there_are_made_once_more(
    faulty: Any,
    shaky: SynapseBackend,
    local_backend: Any,
    collection: Any,
    tmp_path: Path,
    fault: dict[str, Any],
) -> None:
    file = tmp_path / 'a.bin'
    file.write_bytes(b'content')
    named = {'checksum': shaky.create_data_file(file)['checksum'], 'path': 'a.bin'}
    unit = {'data_collection': collection['id'], 'files': {'image_1': named}}
    faulty.script({'match': 'POST /data_units/', **fault})
    first = [row['id'] for row in shaky.create_data_units([unit, unit])]
    faulty.script({'match': 'POST /data_units/', **fault})
    second = [row['id'] for row in shaky.create_data_units([unit])]
    assert (first, second) == ([1, 2], [3])
    assert local_backend.list_data_units()['count'] == 3


def test_an_export_asks_anew_for_addresses_that_expired(
    faulty: Any, shaky: SynapseBackend, version: dict[str, Any], tmp_path: Path
) -> None:
    faulty.script({'match': 'GET /media/', 'fault': 'status', 'status': 403, 'times': 7})
    params = {'filter': {'ground_truth_dataset_versions': version['id']}, 'path': str(tmp_path / 'out')}
    made = DefaultExportAction.dispatch(params, RuntimeContext(NullLogger(), client=shaky))
    assert (made['exported_count'], made['failed_count']) == (version['count'], 0)
    assert len(list(Path(made['output_path'], 'origin_files').iterdir())) == version['count']
    assert sum('status' in line for line in faulty.seen()) == 7
