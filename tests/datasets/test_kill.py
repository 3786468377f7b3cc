"""A conversion that is killed at any instant leaves a whole output or none."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from synapse_plugins.datasets import Conversion, convert

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import sys
from synapse_plugins.datasets import convert, formats
from synapse_plugins.datasets.formats import dm_v2, yolo
import yaml
print('ready', flush=True)
sys.stdin.readline()
convert(sys.argv[1], sys.argv[2], to='yolo', overwrite=True)
print('done', flush=True)
"""


def test_a_killed_conversion_leaves_all_or_nothing(tmp_path: Path, make: Any, rounds: int, seed: int) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)] * 4}
    source = make.dm(tmp_path / 'in', {f'train/{number}.bmp': tools for number in range(40)}, size=(12, 12))
    before = make.snapshot(source)
    out = tmp_path / 'work' / 'out'
    started = time.perf_counter()
    whole = {
        name: content for name, (content, _) in make.snapshot(convert(source, out, to='yolo').path).items()
    }
    duration = time.perf_counter() - started
    chance = random.Random(seed)
    for number in range(max(5, rounds // 10)):
        replaces = bool(number % 2)
        if not replaces and out.exists():
            out.rename(tmp_path / f'aside-{number}')
        run_and_kill(source, out, chance.uniform(0, 2 * duration))
        if out.exists():
            assert Conversion.load(out).count == 40
            assert {name: content for name, (content, _) in make.snapshot(out).items()} == whole
        else:
            assert not replaces, 'the old output was lost'
        assert make.snapshot(source) == before
        convert(source, out, to='yolo', overwrite=True)


def run_and_kill(source: Path, out: Path, after: float) -> None:
    command = [sys.executable, '-c', CHILD, str(source), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == 'ready\n'
        child.stdin.write('go\n')
        child.stdin.flush()
        time.sleep(after)
        child.kill()
