"""One download in a process of its own, on the second core: ``python jobs.py JOB URL TOKEN VERSION PLACE``.

Prints what it took as JSON: ``seconds`` (start-up left out), ``cpu`` seconds of this process, ``peak`` MB of memory,
``files`` that lie there in the end, ``told``: how many the job says there are. The vendor's needs its package alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

WORKERS = 8  # connections of ours and of the bare loop; the vendor's has as many as a page has files


def main() -> None:
    name, url, token, version, place = sys.argv[1:]
    if hasattr(os, 'sched_setaffinity') and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, {cores[1]})
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    work = JOBS[name](url, token, int(version), folder)
    began, cpu = time.perf_counter(), time.process_time()
    told, made = work()
    taken = {'seconds': time.perf_counter() - began, 'cpu': time.process_time() - cpu, 'peak': peak()}
    files = sum(path.is_file() for path in made.glob('**/original_files/*'))
    print(json.dumps({**taken, 'files': files, 'told': told}))


def peak() -> float:
    """Return the most memory that this process had, in MB."""
    status = Path('/proc/self/status')
    if status.exists():  # what getrusage tells there may be that of the process that started this one
        line = next(
            line for line in status.read_text(encoding='utf-8').splitlines() if line.startswith('VmHWM')
        )
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == 'darwin' else 2**10)


# -- the jobs: each gets ready, and returns what is measured -----------------------------------------------------


def vendor(url: str, token: str, version: int, folder: Path) -> Any:
    """The vendor's download action, whole. Its cache is laid below *folder*: a new one for each run."""
    from synapse_sdk.clients.backend import BackendClient
    from synapse_sdk.plugins.actions.dataset import DatasetAction, DatasetParams
    from synapse_sdk.plugins.context import RuntimeContext
    from synapse_sdk.plugins.context.env import PluginEnvironment
    from synapse_sdk.utils.file import download  # noqa: F401 - what looks for the cache is there now

    for module in list(sys.modules.values()):
        if module.__name__.startswith('synapse_sdk') and hasattr(module, 'get_temp_path'):
            module.get_temp_path = lambda sub='': folder / 'cache' / (sub or '')

    class Quiet:
        def __getattr__(self, name: str) -> Any:
            return lambda *args, **more: None  # noqa: ARG005

    client = BackendClient(url, access_token=token)
    runtime = RuntimeContext(logger=Quiet(), env=PluginEnvironment({}), job_id='1', client=client)
    params = DatasetParams(operation='download', dataset=version, output_dir=folder / 'out')

    def work() -> tuple[int, Path]:
        result = DatasetAction(params, runtime).execute()
        return result.count, Path(result.path)

    return work


def bare(url: str, token: str, version: int, folder: Path) -> Any:
    """A loop of requests as one writes it by hand: pictures alone, nothing verified, no annotations."""
    from concurrent.futures import ThreadPoolExecutor

    import requests

    local = threading.local()
    target = folder / 'original_files'
    target.mkdir()

    def get(address: str, name: str) -> None:
        if not hasattr(local, 'session'):
            local.session = requests.Session()
        answer = local.session.get(address, timeout=60)
        answer.raise_for_status()
        (target / name).write_bytes(answer.content)

    def work() -> tuple[int, Path]:
        session = requests.Session()
        session.headers['Synapse-Access-Token'] = f'Token {token}'
        query = {'ground_truth_dataset_versions': version, 'fields': ['id', 'files'], 'page_size': 100}
        page, futures = 0, []
        with ThreadPoolExecutor(WORKERS) as pool:
            while True:
                page += 1
                answer = session.get(
                    f'{url}/sdk/ground_truth_events/', params={**query, 'page': page}, timeout=60
                )
                answer.raise_for_status()
                told = answer.json()
                for event in told['results']:
                    file = event['files']['image_1']
                    futures.append(pool.submit(get, file['url'], file['file_name_original']))
                if not told['next']:
                    break
        return sum(future.result() is None for future in futures), folder

    return work


def ours(url: str, token: str, version: int, folder: Path) -> Any:
    """The step that exports; what it made before in *folder* is found again."""
    from builtin_steps.export import ExportDatasetStep
    from synapse_plugins.actions.train import TrainContext
    from synapse_plugins.backends import SynapseBackend
    from synapse_plugins.context import NullLogger, RuntimeContext

    for module in (
        'backends.download',
        'backends.harvest',
        'datasets.output',
    ):  # which the step imports when it runs
        import_module(f'synapse_plugins.{module}')
    client = SynapseBackend(url, access_token=token, cache_dir=folder / 'cache')
    runtime = RuntimeContext(NullLogger(), client=client)
    context = TrainContext(runtime, params={'dataset': version, 'download_workers': WORKERS})

    def work() -> tuple[int, Path]:
        result = ExportDatasetStep().execute(context)
        assert result.success, result.error
        return result.data['count'], Path(result.data['path'])

    return work


JOBS = {'vendor': vendor, 'bare': bare, 'ours': ours}

if __name__ == '__main__':
    main()
