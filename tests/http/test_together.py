"""Several at once, and reports whose answers are lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.context import JobLogger, PluginEnvironment, RuntimeContext, TeeLogger

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
