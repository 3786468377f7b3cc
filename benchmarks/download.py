"""What a download costs beside its bytes: ours, the vendor's and a bare loop of requests, in one interleaved run.

    python benchmarks/download.py [--files 1000] [--rounds 5] [--many 50000] [--vendor-python PATH]

The embedded backend is served by a process on one core, each download runs in a process of its own on another. In each
round the vendor's whole download action comes first, in an environment that is made here with uv (or named); then
the bare loop and ours in turn, then ours once more, which finds what it made. Ours verifies every file and keeps every
event, the bare loop fetches pictures and no more. Memory is that of ours, with small pictures: 1,000, and ``--many``.

Every run writes to a new folder, and nothing is deleted before the end: on ext4, creating files soon after many were
removed is slow for minutes. Ends with 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

HERE = Path(__file__).resolve().parent
VENDOR = 'synapse-sdk==2026.2.17'
SMALL = 1000
LOOP, AGAIN, GROWTH = 1.2, 20.0, 1.1
"""The most by the bare loop, the least that a second run is quicker, the most that memory may grow."""


@dataclass
class Server:
    """The embedded backend with some folders, behind HTTP in another process."""

    home: Path
    folders: list[Path]
    versions: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            str(HERE / 'downloading' / 'serve.py'),
            str(self.home),
            *map(str, self.folders),
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url, self.token, *self.versions = self._process.stdout.readline().split()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate('')

    def download(self, job: str, python: str, version: str, place: Path) -> dict[str, Any]:
        """Run a job of ``downloading/jobs.py``."""
        script = str(HERE / 'downloading' / 'jobs.py')
        command = [python, '-W', 'ignore', script, job, self.url, self.token, version, str(place)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))


def make(folder: Path, count: int, *, small: bool = False) -> Path:
    """Make a dm_v2 folder without splits."""
    command = [sys.executable, str(HERE / 'converting' / 'data.py'), str(folder), '--images', str(count)]
    subprocess.run(command + ['--small'] * small, check=True)
    return folder / 'dm_flat'


def vendor_python(place: Path) -> str | None:
    """Return the Python of a new environment with the vendor's package, None where none can be made."""
    python = place / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
    base = sys.executable if sys.version_info >= (3, 12) else '3.12'  # it needs 3.12
    try:
        subprocess.run(['uv', 'venv', '--quiet', '--python', base, str(place)], check=True)
        subprocess.run(['uv', 'pip', 'install', '--quiet', '--python', str(python), VENDOR], check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        print(f'No comparison with the vendor, whose environment could not be made: {exc}')
        return None
    return str(python)


Runs = dict[str, list[dict[str, Any]]]


def measure(server: Server, folder: Path, vendor: str | None, rounds: int, files: int) -> Runs:
    """Run the jobs in turn; the first round warms up."""
    runs: Runs = {}
    for number in range(rounds + 1):
        turn = ['bare', 'ours'][:: 1 if number % 2 else -1]
        for name in [*(['vendor'] if vendor else []), *turn, 'again']:
            job, python = (
                ('ours' if name == 'again' else name),
                (vendor if name == 'vendor' else sys.executable),
            )
            place = folder / f'{number}-{job}'
            run = server.download(job, str(python), server.versions[0], place)
            if name != 'vendor' and run['files'] != files:  # what the vendor's loses is not ours to mend
                raise SystemExit(f'{name} brought {run["files"]} of {files} files.')
            if number:
                runs.setdefault(name, []).append(run)
    return runs


def tell(runs: Runs, files: int) -> None:
    """Print what each took."""
    print(f'{"":8}{"s":>8}{"files/s":>10}{"client CPU ms/file":>20}{"peak MB":>9}{"files":>8}')
    for name, series in runs.items():
        seconds, cpu = (median(run[key] for run in series) for key in ('seconds', 'cpu'))
        peak, found = (max(run[key] for run in series) for key in ('peak', 'files'))
        print(f'{name:8}{seconds:8.3f}{files / seconds:10.0f}{cpu / files * 1000:20.3f}{peak:9.0f}{found:8}')


def ratio(runs: Runs, name: str, other: str) -> float:
    """Return the median over the rounds of the time of one by that of another."""
    return median(a['seconds'] / b['seconds'] for a, b in zip(runs[name], runs[other], strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--files', type=int, default=1000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--many', type=int, default=50_000, help='images of the larger dataset, for memory')
    parser.add_argument(
        '--vendor-python', help='interpreter that has synapse-sdk; without it an environment is made'
    )
    parser.add_argument('--no-vendor', action='store_true', help='leave the vendor out')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='synapse-plugins-bench-') as made:
        folder = Path(made)
        vendor = None if options.no_vendor else options.vendor_python or vendor_python(folder / 'vendor')
        folders = [
            make(folder / 'files', options.files),
            make(folder / 'small', SMALL, small=True),
            make(folder / 'many', options.many, small=True),
        ]
        with Server(folder / 'home', folders) as server:
            runs = measure(server, folder, vendor, options.rounds, options.files)
            small, many = (
                server.download('ours', sys.executable, version, folder / f'memory-{version}')['peak']
                for version in server.versions[1:]
            )
    tell(runs, options.files)
    budgets = [
        ('ours by the bare loop', ratio(runs, 'ours', 'bare'), LOOP),
        ('a second run by the first', ratio(runs, 'again', 'ours'), 1 / AGAIN),
        (
            f'peak memory at {options.many:,} images by {SMALL:,} ({many:.0f} MB, {small:.0f} MB)',
            many / small,
            GROWTH,
        ),
    ]
    if vendor:
        budgets.append(("ours by the vendor's", ratio(runs, 'ours', 'vendor'), 1.0))
    for what, found, limit in budgets:
        print(f'{what}: {found:.3f}, at most {limit:.3f}{"" if found <= limit else "  MISSED"}')
    return int(any(found > limit for _, found, limit in budgets))


if __name__ == '__main__':
    sys.exit(main())
