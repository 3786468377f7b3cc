"""A conversion that is killed at any instant leaves a whole output or none."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Conversion, convert
from synapse_plugins.datasets.ledger import LEDGER_FILE

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import sys
from synapse_plugins.datasets import batches, convert, formats, stream
from synapse_plugins.datasets.formats import dm_v2, yolo
import yaml
print('ready', flush=True)
stream.SMALL, batches.BATCH = 1, 5
sys.stdin.readline()
convert(sys.argv[1], sys.argv[2], to='yolo', overwrite=True, workers=int(sys.argv[3]))
print('done', flush=True)
"""


@pytest.mark.parametrize('workers', [1, 2])
def test_a_killed_conversion_leaves_all_or_nothing(
    workers: int, tmp_path: Path, make: Any, rounds: int, seed: int
) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)] * 4}
    source = make.dm(tmp_path / 'in', {f'train/{number}.bmp': tools for number in range(40)}, size=(12, 12))
    before = make.snapshot(source)
    out = tmp_path / 'work' / 'out'
    started = time.perf_counter()
    convert(source, out, to='yolo', overwrite=True)
    whole = contents(make, out)
    duration = time.perf_counter() - started
    chance = random.Random(seed)
    for number in range(max(3, rounds // 10)):
        replaces = bool(number % 2)
        if number % 3 == 0:  # so that something is done, not only taken over
            os.utime(source / 'train' / 'original_files' / f'{number % 40}.bmp', ns=(number, number))
            before = make.snapshot(source)
        if not replaces and out.exists():
            out.rename(tmp_path / f'aside-{number}')
        run_and_kill(source, out, chance.uniform(0, 2 * duration + 0.3 * (workers - 1)), workers)
        if out.exists():
            assert Conversion.load(out).count == 40
            assert contents(make, out) == whole
        else:
            assert not replaces, 'the old output was lost'
        assert make.snapshot(source) == before
        convert(source, out, to='yolo', overwrite=True)


def contents(make: Any, out: Path) -> dict[str, bytes]:
    return {name: content for name, (content, _) in make.snapshot(out).items() if name != LEDGER_FILE}


def run_and_kill(source: Path, out: Path, after: float, workers: int) -> None:
    command = [sys.executable, '-c', CHILD, str(source), str(out), str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == 'ready\n'
        child.stdin.write('go\n')
        child.stdin.flush()
        time.sleep(after)
        child.kill()
