"""What `yolo.train` costs beside the training: against plain ultralytics on the same pictures and arguments.

    python benchmarks/yolo_train.py [--rounds 3] [--epochs 8]

Each round runs both as whole processes, one after the other. Ours exports the dataset, converts it, trains in a
process of its own, reports, and registers the model, in a new store each time. It may take 3 seconds and 1 % longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

SECONDS, SHARE = 3.0, 0.01
PLAIN = 'import json, sys; from ultralytics import YOLO; a = json.loads(sys.argv[1]); YOLO(a.pop("model")).train(**a)'


def main() -> int:
    """Measure, print, and fail if the budget is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--epochs', type=int, default=8)
    options = parser.parse_args()
    with TemporaryDirectory(prefix='yolo-train-') as folder:
        ours, theirs = measure(Path(folder), options.rounds, options.epochs)
    cost = median(a - b for a, b in zip(ours, theirs, strict=True))
    budget = SECONDS + SHARE * median(theirs)
    print(
        f'yolo.train {median(ours):6.1f} s   plain ultralytics {median(theirs):6.1f} s   {options.epochs} epochs'
    )
    print(f'costs {cost:.1f} s more, budget {budget:.1f} s{"   MISSED" if cost > budget else ""}')
    return 1 if cost > budget else 0


def measure(folder: Path, rounds: int, epochs: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each round, ours and theirs."""
    from builtin_steps.shapes import DEMO_PARAMS, make_shapes_dataset
    from synapse_plugins.datasets import convert

    arguments: dict[str, Any] = {**DEMO_PARAMS, 'epochs': epochs}
    shapes = make_shapes_dataset(folder / 'shapes')
    data = convert(shapes, folder / 'plain', to='yolo', task='detect').config_path
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(with_synapse_plugins(folder / f'home-{number}', shapes, arguments))
        theirs.append(plainly(folder / f'plain-{number}', {**arguments, 'data': str(data)}))
    return ours, theirs


def with_synapse_plugins(home: Path, shapes: Path, arguments: dict[str, Any]) -> float:
    """Train through the command line, from a new store."""
    command = [sys.executable, '-m', 'synapse_plugins']
    environment = {**os.environ, 'SYNAPSE_PLUGINS_HOME': str(home)}
    run([*command, 'datasets', 'import', str(shapes), '--name', 'shapes'], environment)
    pairs = [f'{name}={json.dumps(value)}' for name, value in {**arguments, 'dataset': 'shapes'}.items()]
    return run(
        [*command, 'run', 'yolo.train', *(part for pair in pairs for part in ('-p', pair))], environment
    )


def plainly(folder: Path, arguments: dict[str, Any]) -> float:
    """Train with ultralytics and nothing else."""
    (folder / 'config').mkdir(parents=True)
    environment = {**os.environ, 'YOLO_CONFIG_DIR': str(folder / 'config'), 'YOLO_OFFLINE': 'true'}
    return run([sys.executable, '-c', PLAIN, json.dumps({**arguments, 'project': str(folder)})], environment)


def run(command: list[str], environment: dict[str, str]) -> float:
    """Return the wall time of one process."""
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'{" ".join(command)} failed:\n{done.stdout}\n{done.stderr}')
    return time.perf_counter() - started


if __name__ == '__main__':
    sys.exit(main())
