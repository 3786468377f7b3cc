"""What an inspection costs beside reading the same files: against a bare loop, in one interleaved run.

    python benchmarks/inspecting.py [--images 5000] [--rounds 5] [--folder DIR]

A dm_v2 dataset of as many pictures, with 8 boxes each, is inspected as `synapse-plugins inspect` does it, without a
preview and without a page. The bare loop reads and decodes the same documents, reads the header of each picture, asks
for its size on disk, and counts the labels; both in one process. As the pictures have few sizes, the inspection also
reads each whole, to find copies. It prints the time for each picture, and the ratio; there is no budget.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

import orjson
from converting.data import OBJECTS, make
from converting.floor import SPLITS, read, size_of

from synapse_plugins.datasets import inspect


def bare(root: Path) -> Counter[str]:
    """Read what an inspection has to read, and count the labels."""
    labels: Counter[str] = Counter()
    for split in SPLITS:
        documents, pictures = root / split / 'json', root / split / 'original_files'
        for name in sorted(os.listdir(pictures)):  # noqa: PTH208 - a bare loop makes no Paths
            picture = f'{pictures}/{name}'
            size_of(picture)
            os.stat(picture)  # noqa: PTH116 - as above
            document = orjson.loads(read(f'{documents}/{name[:-4]}.json'))
            for items in document['images'][0].values():
                labels.update(item['classification'] for item in items)
    return labels


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else '')
    parser.add_argument('--images', type=int, default=5000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--folder', type=Path, default=None)
    options = parser.parse_args()
    times: dict[str, list[float]] = {'bare loop': [], 'inspect': []}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make(Path(folder, 'data'), options.images, 'boxes', small=True)
        root = Path(folder, 'data', 'dm')
        for _ in range(options.rounds + 1):
            began = perf_counter()
            found = sum(bare(root).values())
            times['bare loop'].append(perf_counter() - began)
            began = perf_counter()
            record = inspect(root)
            times['inspect'].append(perf_counter() - began)
            assert found == record.annotations == OBJECTS * options.images
    for name, series in times.items():  # the first round warms up
        print(f'{name:12}{1e6 * median(series[1:]) / options.images:8.1f} us a picture')
    pairs = zip(times['inspect'][1:], times['bare loop'][1:], strict=True)
    print(f'ratio, median of {options.rounds} rounds: {median(ours / floor for ours, floor in pairs):.2f}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
