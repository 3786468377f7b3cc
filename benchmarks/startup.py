"""What starting up costs, against what it cannot cost less than: rounds interleaved, medians compared.

``from synapse_plugins.steps import Orchestrator`` may cost twice the standard-library modules that any such module
needs; ``synapse-plugins --help`` two and a half times the import of the library that parses its command line.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

STEPS = ('-c', 'from synapse_plugins.steps import Orchestrator')
STANDARD = ('-c', 'import abc, dataclasses, datetime, typing')
HELP = ('-m', 'synapse_plugins', '--help')
CLICK = ('-c', 'import click')

BUDGETS = (('import of Orchestrator', STEPS, STANDARD, 2.0), ('--help', HELP, CLICK, 2.5))


def main() -> int:
    """Measure, print a table, and fail if a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=21)
    rounds = parser.parse_args().rounds
    commands = [command for _, ours, theirs, _ in BUDGETS for command in (ours, theirs)]
    for command in commands:
        seconds(command)  # byte code and page cache
    measured: dict[tuple[str, ...], list[float]] = {command: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            measured[command].append(seconds(command))
    missed = 0
    for what, ours, theirs, budget in BUDGETS:
        mine, other = median(measured[ours]), median(measured[theirs])
        ratio = median(a / b for a, b in zip(measured[ours], measured[theirs], strict=True))
        missed += ratio > budget
        print(
            f'{what:24} {mine * 1000:6.1f} ms   {" ".join(theirs)!r} {other * 1000:6.1f} ms   '
            f'ratio {ratio:.2f}, budget {budget:g}{"   MISSED" if ratio > budget else ""}'
        )
    return 1 if missed else 0


def seconds(arguments: tuple[str, ...]) -> float:
    """Return the wall time of one fresh interpreter."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == '__main__':
    sys.exit(main())
