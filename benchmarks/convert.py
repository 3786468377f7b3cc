"""What converting costs: ours, five others and the bare loop of system calls, in one interleaved run.

``python benchmarks/convert.py --folder DIR`` makes the data in DIR, where it is found the next time, makes an
environment for each of the others with uv (versions below), measures whole processes round by round, and prints a
table. ``--write`` puts that into benchmarks/README.md. A ratio that misses its budget fails. The outputs stay in DIR.

Every run writes to a new folder and nothing is deleted in between: on ext4, creating files soon after many were
removed is slow for minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from threading import Thread

HERE = Path(__file__).resolve().parent / 'converting'
README = Path(__file__).resolve().parent / 'README.md'
BEGIN, END = '<!-- convert.py writes below -->', '<!-- convert.py writes above -->'

RIVALS = {
    'vendor': 'synapse-sdk==2026.2.12',
    'datumaro': 'datumaro==1.13.12',
    'supervision': 'supervision==0.31.2',
    'globox': 'globox==2.9.0',
    'ultralytics': 'ultralytics==8.4.190',
}
SIZES = {
    '1k': (1000, 'boxes'),
    '5k': (5000, 'boxes'),
    '20k': (20_000, 'boxes'),
    'poly 5k': (5000, 'polygons'),
}
LARGE = {'100k': (100_000, 'boxes')}
MASKS = {'masks 1k': (1000, 'masks')}
SLOW = frozenset(('supervision', 'vendor_step', 'vendor_coco', 'datumaro', 'globox'))

JOBS: dict[str, tuple[str, str, str, list[str]]] = {
    # what: (environment, script, source, more arguments)
    'bare loop -> yolo, links, 1 process': ('ours', 'floor.py yolo', 'dm', []),
    'bare loop -> yolo, links, 2 processes': ('ours', 'floor.py yolo', 'dm', ['--processes', '2']),
    'ours dm_v2 -> yolo, links, 2 workers': ('ours', 'rivals.py ours', 'dm', ['yolo', 'hard', '2']),
    'ours dm_v2 -> yolo, links, 1 worker': ('ours', 'rivals.py ours', 'dm', ['yolo', 'hard', '1']),
    'ours dm_v2 -> yolo, copies, 2 workers': ('ours', 'rivals.py ours', 'dm', ['yolo', 'copy', '2']),
    'bare loop -> yolo, copies, 2 processes': ('ours', 'floor.py yolo', 'dm', ['--processes', '2', '--copy']),
    'vendor step dm_v2 -> yolo, copies': ('vendor', 'rivals.py vendor_step', 'dm', []),
    'bare loop -> coco, links, 1 process': ('ours', 'floor.py coco', 'dm_flat', []),
    'ours dm_v2 -> coco, links, 2 workers': ('ours', 'rivals.py ours', 'dm_flat', ['coco', 'hard', '2']),
    'vendor dm_v2 -> coco, copies': ('vendor', 'rivals.py vendor_coco', 'dm_flat', []),
    'ours coco -> yolo, links, 2 workers': ('ours', 'rivals.py ours', 'coco', ['yolo', 'hard', '2']),
    'ultralytics coco -> yolo, labels only': ('ultralytics', 'rivals.py ultralytics', 'coco', []),
    'globox coco -> yolo, labels only': ('globox', 'rivals.py globox', 'coco', []),
    'datumaro coco -> yolo, copies': ('datumaro', 'rivals.py datumaro', 'coco', []),
    'supervision coco -> yolo, decoded': ('supervision', 'rivals.py supervision', 'coco', []),
}
OURS = tuple(name for name, (environment, *_) in JOBS.items() if environment == 'ours')
PEERS = tuple(name for name in JOBS if name.startswith(('ultralytics', 'globox', 'datumaro', 'supervision')))

TO_YOLO, TO_COCO = 'ours dm_v2 -> yolo, links, 2 workers', 'ours dm_v2 -> coco, links, 2 workers'
COPIED, FROM_COCO = 'ours dm_v2 -> yolo, copies, 2 workers', 'ours coco -> yolo, links, 2 workers'
VENDOR, LABELS = 'vendor step dm_v2 -> yolo, copies', 'ultralytics coco -> yolo, labels only'
LOOP, COCO_LOOP = 'bare loop -> yolo, links, 2 processes', 'bare loop -> coco, links, 1 process'
BUDGETS = (
    # what, the job above, the job below, the most that it may be
    ('dm_v2 -> yolo: ours, links / bare loop, 2 processes', TO_YOLO, LOOP, 1.5),
    ('dm_v2 -> yolo: ours, links / vendor step', TO_YOLO, VENDOR, 1 / 7),
    ('dm_v2 -> yolo: ours, copies / vendor step', COPIED, VENDOR, 1 / 4),
    ('dm_v2 -> yolo: ours, links / ultralytics, labels only', TO_YOLO, LABELS, 1 / 3.8),
    ('dm_v2 -> coco: ours, links / bare loop', TO_COCO, COCO_LOOP, 1.5),
    ('coco -> yolo: ours, links / fastest peer', FROM_COCO, 'fastest peer', 1 / 3.5),
)
MOST_MEMORY = 150  # MB of private memory, of the parent and of each worker


def main() -> int:
    """Measure, print, and fail if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--folder',
        type=Path,
        default=Path(tempfile.gettempdir(), 'synapse-plugins-bench'),
        help='where data, environments and outputs go (default: %(default)s)',
    )
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--sizes', default='1k,5k,20k,poly 5k,masks 1k', help='also: 100k')
    parser.add_argument('--jobs', default='', help='a regular expression that finds the jobs to run')
    parser.add_argument('--only-ours', action='store_true', help='leave the others out')
    parser.add_argument('--write', action='store_true', help=f'put the table into {README.name}')
    arguments = parser.parse_args()
    sizes = arguments.sizes.split(',')
    folder = arguments.folder.resolve()
    pythons = {'ours': sys.executable}
    if not arguments.only_ours:
        pythons |= {name: environment(folder / 'env' / name, pin) for name, pin in RIVALS.items()}
    measured: Measured = {}
    for size in sizes:
        measured[size] = measure(folder, size, pythons, arguments.rounds, arguments.jobs)
    text, missed = table(measured, pythons, sizes)
    print(text)
    if arguments.write:
        before, _, rest = README.read_text(encoding='utf-8').partition(BEGIN)
        after = rest.partition(END)[2]
        README.write_text(f'{before}{BEGIN}\n\n{text}\n{END}{after}', encoding='utf-8')
    return 1 if missed else 0


# -- measuring ---------------------------------------------------------------------------------------------------


class Run:
    """One conversion in a process of its own: wall seconds, and the most private memory of a process, MB.

    Args:
        command: What to run.
        every: Seconds between two looks at the memory; each costs the process some time.
    """

    def __init__(self, command: list[str], every: float) -> None:
        environ = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '', 'YOLO_VERBOSE': 'false'}
        with tempfile.TemporaryFile() as said:
            started = time.perf_counter()
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environ)
            self.memory, self.counts = 0.0, True
            ended: list[float] = []
            # A wait with a timeout looks every twentieth of a second, which is much of a short run.
            waiter = Thread(target=lambda: (child.wait(), ended.append(time.perf_counter())))
            waiter.start()
            waiter.join(every)
            while waiter.is_alive():
                self.memory = max(self.memory, *map(private, family(child.pid)), 0.0)
                waiter.join(every)
            self.seconds = ended[0] - started
            if child.returncode:
                said.seek(0)
                text = said.read().decode(errors='replace')[-2000:]
                raise SystemExit(f'{" ".join(command)} failed:\n{text}')


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()
    except OSError:
        return []
    return [pid, *map(int, children)]


def private(pid: int) -> float:
    """Return the private memory of a process in MB (USS), 0 where the system does not tell."""
    try:
        text = Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='ascii')
    except OSError:
        return 0.0
    kilobytes = [int(line.split()[1]) for line in text.splitlines() if line.startswith('Private_')]
    return sum(kilobytes) / 1024


def measure(folder: Path, size: str, pythons: dict[str, str], rounds: int, jobs: str) -> dict[str, list[Run]]:
    """Return every job's runs on one size of dataset, the rounds interleaved."""
    data = made(folder, size)
    runs: dict[str, list[Run]] = defaultdict(list)
    outputs = folder / 'out' / f'{size.replace(" ", "-")}-{time.strftime("%H%M%S")}'
    outputs.mkdir(parents=True)
    for number in range(1 + rounds):  # the first fills the page cache, and is not counted
        for place, (name, (environment_name, script, source, more)) in enumerate(JOBS.items()):
            if environment_name not in pythons or not worth(name, script, size, number):
                continue
            if not re.search(jobs, name):
                continue
            os.sync()  # what others wrote is not to be written while this one is measured
            if size.startswith('poly') and name.startswith('ultralytics'):
                script = 'rivals.py ultralytics_segments'
            file, *job = script.split()
            target = outputs / f'{number}-{place}'
            command = [
                pythons[environment_name],
                str(HERE / file),
                *job,
                str(data / source),
                str(target),
                *more,
            ]
            run = Run(command, every=0.5 if number else 0.05)
            print(f'{size:9} {number} {name:40} {run.seconds:7.2f} s {run.memory:5.0f} MB', flush=True)
            runs[name].append(run)
            run.counts = bool(number)
    return runs


def worth(name: str, script: str, size: str, number: int) -> bool:
    """Tell whether a job is run: the slow ones are warmed up by the others, and not run on what takes them minutes."""
    job = script.rsplit(maxsplit=1)[-1]
    if size in LARGE:
        return name in OURS and 'copies' not in name and '1 worker' not in name and number < 3
    if size in MASKS:
        return name in OURS and not name.startswith('bare') and '1 worker' not in name
    if job == 'supervision':
        return number == 1 and size in ('1k', '5k')
    return number > 0 or job not in SLOW


def made(folder: Path, size: str) -> Path:
    """Return the data of one size, made if it is not there."""
    count, kind = {**SIZES, **LARGE, **MASKS}[size]
    place = folder / 'data' / size.replace(' ', '-')
    if not place.exists():
        work = place.with_name(f'{place.name}.part')
        command = [sys.executable, str(HERE / 'data.py'), str(work), '--images', str(count), '--kind', kind]
        subprocess.run(command + ['--small'] * (size in LARGE), check=True)
        work.rename(place)
    return place


def environment(place: Path, pin: str) -> str:
    """Return the Python of an environment with one distribution, made if it is not there."""
    python = place / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
    if not python.exists():
        subprocess.run(['uv', 'venv', '--quiet', '--python', '3.12', str(place)], check=True)
        subprocess.run(['uv', 'pip', 'install', '--quiet', '--python', str(python), pin], check=True)
    return str(python)


# -- telling -----------------------------------------------------------------------------------------------------


Measured = dict[str, dict[str, list[Run]]]


def table(measured: Measured, pythons: dict[str, str], sizes: list[str]) -> tuple[str, int]:
    """Return the table, and how many budgets are missed."""
    pins = ', '.join(pin for name, pin in RIVALS.items() if name in pythons) or 'ours only'
    system = f'{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {platform.release()}'
    lines = [
        f'{system}, Python {platform.python_version()}; {pins}; {time.strftime("%Y-%m-%d")}.',
        '',
        'Wall seconds of the whole process with start-up, median; and the most private memory of any of its processes.',
        '',
        '| job | ' + ' | '.join(sizes) + ' |',
        '|---' * (1 + len(sizes)) + '|',
    ]
    for name in JOBS:
        cells = [cell(measured[size].get(name)) for size in sizes]
        if any(cells):
            lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    lines += ['', '| ratio, median of rounds | budget | ' + ' | '.join(sizes) + ' |']
    lines.append('|---' * (2 + len(sizes)) + '|')
    missed = 0
    for what, ours, other, budget in BUDGETS:
        ratios = [ratio(measured[size], ours, other) for size in sizes]
        if any(ratios):
            at_20k = dict(zip(sizes, ratios, strict=True)).get('20k')
            missed += at_20k is not None and at_20k > budget
            lines.append(f'| {what} | {share(budget)} | ' + ' | '.join(map(share, ratios)) + ' |')
    large = [measured[size] for size in sizes if size in LARGE]
    ours = [run for one in large for name, runs in one.items() if name.startswith('ours') for run in runs]
    if ours:
        most = max(run.memory for run in ours)
        missed += most > MOST_MEMORY
        lines += [
            '',
            f'Most private memory of any of our processes at 100k: {most:.0f} MB (budget {MOST_MEMORY}).',
        ]
    return '\n'.join(lines) + '\n', missed


def cell(runs: list[Run] | None) -> str:
    """Return what stands in the table for some runs."""
    if not runs:
        return ''
    return f'{median(counted(runs)):.2f} s, {max(run.memory for run in runs):.0f} MB'


def counted(runs: list[Run]) -> list[float]:
    """Return the seconds of the runs that count."""
    return [run.seconds for run in runs if run.counts]


def share(ratio: float | None) -> str:
    """Return a ratio as people read it."""
    if ratio is None:
        return ''
    return f'{ratio:.2f}' if ratio > 0.9 else f'1/{1 / ratio:.1f}'


def ratio(measured: dict[str, list[Run]], ours: str, other: str) -> float | None:
    """Return the median over the rounds of one job's time by another's; None if one was not run."""
    mine = measured.get(ours)
    names = PEERS if other == 'fastest peer' else (other,)
    others = [counted(measured[name]) for name in names if measured.get(name)]
    if not mine or not others:
        return None
    return median(a / b for a, b in zip(counted(mine), min(others, key=median), strict=False))


if __name__ == '__main__':
    sys.exit(main())
