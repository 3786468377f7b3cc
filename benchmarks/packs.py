"""What many installed packs cost: the help, which looks at none of them, and `packs`, which loads all of them.

With 200 packs installed, `synapse-plugins --help` may cost what it costs with none, but for noise;
`synapse-plugins packs` at most twice a bare listing of the entry points with the names and versions of their
distributions, which loads nothing. The bare scan alone, without names and versions, is shown beside it.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HELP = ('-m', 'synapse_plugins', '--help')
LIST = ('-m', 'synapse_plugins', 'packs', '--json')
SCAN = ('-c', "from importlib.metadata import entry_points; list(entry_points(group='synapse_plugins'))")
LISTING = (
    '-c',
    (
        "from importlib.metadata import entry_points\nfor found in entry_points(group='synapse_plugins'): "
        'print(found.name, found.dist.name, found.dist.version)'
    ),
)
HELP_BUDGET, LIST_BUDGET = 1.1, 2.0
MODULE = """\
from synapse_plugins import hookimpl
from synapse_plugins.providers import StepProvider


@hookimpl
def synapse_register_steps(register):
    register(StepProvider(name='{name}', role='train', step='{name}.train:TrainStep', formats=('{name}',)))
"""


def main() -> int:
    """Measure, print a table, and fail if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=21)
    parser.add_argument('--packs', type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = install(Path(folder, 'site'), given.packs)
        runs = {
            'help, no pack': (HELP, None),
            'help': (HELP, site),
            'packs': (LIST, site),
            'bare listing': (LISTING, site),
            'bare scan': (SCAN, site),
        }
        measured: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(given.rounds + 1):
            for name, (arguments, path) in runs.items():
                taken = seconds(arguments, path)
                if number:  # the first round is for the page cache
                    measured[name].append(taken)
    return report(measured, given.packs)


def install(site: Path, count: int) -> Path:
    """Make a folder as pip would leave it: modules with byte code, each beside its metadata."""
    site.mkdir()
    for number in range(count):
        name = f'pack_{number:03}'
        (site / f'{name}.py').write_text(MODULE.format(name=name), encoding='utf-8')
        info = site / f'synapse_plugins_{name}-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(
            f'Metadata-Version: 2.4\nName: synapse-plugins-{name}\nVersion: 1.0\n'
            'Requires-Dist: synapse-plugins<1,>=0.1\n\nA pack.\n',
            encoding='utf-8',
        )
        (info / 'entry_points.txt').write_text(f'[synapse_plugins]\n{name} = {name}\n', encoding='utf-8')
    compileall.compile_dir(site, quiet=1)
    return site


def seconds(arguments: tuple[str, ...], site: Path | None) -> float:
    """Return the wall time of one fresh interpreter."""
    others = os.environ.get('PYTHONPATH')
    path = os.pathsep.join(str(part) for part in (site, others) if part)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': path},
    )
    return time.perf_counter() - started


def report(measured: dict[str, list[float]], count: int) -> int:
    """Print what was measured, and return the exit code."""
    for name, times in measured.items():
        print(f'{name:14} {median(times) * 1000:6.1f} ms')
    missed = 0
    for ours, theirs, budget in (
        ('help', 'help, no pack', HELP_BUDGET),
        ('packs', 'bare listing', LIST_BUDGET),
        ('packs', 'bare scan', None),
    ):
        ratio = median(a / b for a, b in zip(measured[ours], measured[theirs], strict=True))
        is_missed = budget is not None and ratio > budget
        missed += is_missed
        told = 'no budget' if budget is None else f'budget {budget:g}{"   MISSED" if is_missed else ""}'
        print(f'{ours} with {count} packs / {theirs}: {ratio:.2f}, {told}')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
