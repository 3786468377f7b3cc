"""What an upload costs beside its bytes: the upload step against a bare parallel loop of requests, one interleaved run.

    python benchmarks/upload.py [--files 400] [--size 60000] [--rounds 5] [--limit 1.2]

The embedded backend is served by another process; where there are two cores or more, server and client have one each.
Both sides send every file of a folder over as many connections. The step also asks which files are there already,
keeps what it made for a rollback, and compares what arrived. New contents are made for each round, so that nothing is
known already. Ends with 1 when the step takes more than the limit times the bare loop.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

WORKERS = 10
SERVER = """
import os, sys
if hasattr(os, 'sched_setaffinity') and len(os.sched_getaffinity(0)) > 1:
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
from synapse_plugins import backends
from synapse_plugins.backends.server import Served
with backends.open(home=sys.argv[1]) as backend, Served(backend) as served:
    backend.create_data_collection({'name': 'c', 'file_specifications': [{'name': 'data_1'}]})
    print(served.url, served.token, flush=True)
    sys.stdin.readline()
"""


def make_files(folder: Path, count: int, size: int) -> list[Path]:
    """Write files of random content."""
    folder.mkdir(parents=True)
    paths = [folder / f'{number:05d}.bin' for number in range(count)]
    for path in paths:
        path.write_bytes(os.urandom(size))
    return paths


def bare(url: str, token: str, paths: list[Path]) -> None:
    """Send files as one would by hand."""
    import requests

    local = threading.local()

    def send(path: Path) -> None:
        if not hasattr(local, 'session'):
            local.session = requests.Session()
            local.session.headers['Synapse-Access-Token'] = f'Token {token}'
        with path.open('rb') as file:
            answer = local.session.post(f'{url}/data_files/', files={'file': (path.name, file)}, timeout=60)
        answer.raise_for_status()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(send, paths))


def step(client: Any, work: Path, paths: list[Path]) -> None:
    """Send files by the step of the default upload."""
    from synapse_plugins.actions.upload import UploadContext
    from synapse_plugins.actions.upload.steps import UploadFilesStep
    from synapse_plugins.actions.upload.steps.validate import facts_of
    from synapse_plugins.context import NullLogger, RuntimeContext
    from synapse_plugins.steps import Orchestrator, StepRegistry

    runtime = RuntimeContext(NullLogger(), client=client, work_dir=work)
    context = UploadContext(runtime, params={'upload_max_workers': WORKERS})
    context.organized_files = [{'stem': path.stem, 'files': {'data_1': path}} for path in paths]
    context.facts = {path: facts_of(path) for path in paths}  # the validation before it has read them all
    registry: StepRegistry[Any] = StepRegistry()
    registry.register(UploadFilesStep())
    began = perf_counter()
    Orchestrator(registry, context).execute()
    step.seconds = perf_counter() - began  # type: ignore[attr-defined]
    assert len(context.uploaded_files) == len(paths)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else '')
    parser.add_argument('--files', type=int, default=400)
    parser.add_argument('--size', type=int, default=60_000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--limit', type=float, default=1.2)
    options = parser.parse_args()
    from synapse_plugins.backends import SynapseBackend

    times: dict[str, list[float]] = {'bare loop': [], 'upload step': []}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, '-c', SERVER, str(Path(folder, 'home'))]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin is not None
        assert server.stdout is not None
        url, token = server.stdout.readline().split()
        if hasattr(os, 'sched_setaffinity') and len(os.sched_getaffinity(0)) > 1:
            os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[1]})
        with SynapseBackend(url, access_token=token, cache_dir=Path(folder, 'cache')) as client:
            for number in range(options.rounds + 1):
                for name, spent in times.items():
                    paths = make_files(Path(folder, f'{number}-{name[:4]}'), options.files, options.size)
                    began = perf_counter()
                    if name == 'bare loop':
                        bare(url, token, paths)
                        spent.append(perf_counter() - began)
                    else:
                        step(client, Path(folder, f'work-{number}'), paths)
                        spent.append(step.seconds)  # type: ignore[attr-defined]
        server.communicate('\n')
    loop, ours = (median(series[1:]) for series in times.values())  # the first round warms up
    for name, seconds in (('bare loop', loop), ('upload step', ours)):
        print(f'{name:14}{seconds:8.2f} s{options.files / seconds:10.0f} files/s')
    print(f'ratio {ours / loop:.2f}, limit {options.limit}')
    return int(ours / loop > options.limit)


if __name__ == '__main__':
    sys.exit(main())
