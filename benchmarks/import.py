"""What an import costs beside its bytes: against a bare loop that copies, hashes and syncs, in one interleaved run.

    python benchmarks/import.py [--files 2000] [--size 47000] [--rounds 5] [--limit 2.0] [--folder DIR]

A dm_v2 dataset of as many pictures, with 8 boxes each, is imported into a new store; the bare loops read its documents,
copy the same pictures while they hash them, and sync each: one by one, or all at the end in 8 threads. Nothing is
removed between rounds, because creating files after many were removed is slow on some file systems. Ends with 1 when
the import takes more than the limit times the quicker loop.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

BLOCK = 1024 * 1024


def make_dataset(root: Path, count: int, size: int) -> Path:
    """Write pictures of different content, each with a document."""
    from io import BytesIO

    from PIL import Image

    content = BytesIO()
    Image.new('RGB', (640, 480), (90, 120, 150)).save(content, 'JPEG')
    start, end = content.getvalue()[:2], content.getvalue()[2:]
    boxes = [
        {'id': f'b{index}', 'classification': 'cat', 'attrs': [], 'data': [index * 9, index * 7, 40, 30]}
        for index in range(8)
    ]
    document = json.dumps({'images': [{'bounding_box': boxes}]})
    (root / 'json').mkdir(parents=True)
    (root / 'original_files').mkdir()
    for number in range(count):
        left, comments = max(size - len(content.getvalue()), 8), []
        while left > 0:  # comments of a JPEG hold up to 65,533 bytes each
            length = min(left, 65_000)
            comments.append(b'\xff\xfe' + (length + 2).to_bytes(2, 'big') + os.urandom(length))
            left -= length
        picture = start + b''.join(comments) + end
        (root / 'original_files' / f'{number:06d}.jpg').write_bytes(picture)
        (root / 'json' / f'{number:06d}.json').write_text(document, encoding='utf-8')
    return root


def sync(path: Path) -> None:
    """Make a file durable."""
    with path.open('rb+') as file:
        os.fsync(file.fileno())


def bare(source: Path, target: Path, threads: int) -> None:
    """Do what an import cannot do without; with one thread each file is synced before the next."""
    copies = []
    target.mkdir(parents=True)
    with (target / 'documents.jsonl').open('w', encoding='utf-8') as documents:
        for path in sorted((source / 'original_files').iterdir()):
            text = (source / 'json' / f'{path.stem}.json').read_text(encoding='utf-8')
            documents.write(json.dumps(json.loads(text)) + '\n')
            digest = sha256()
            with path.open('rb') as reading, (target / path.name).open('wb') as writing:
                while block := reading.read(BLOCK):
                    digest.update(block)
                    writing.write(block)
                if threads == 1:
                    writing.flush()
                    os.fsync(writing.fileno())
            digest.hexdigest()
            copies.append(target / path.name)
        documents.flush()
        os.fsync(documents.fileno())
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(sync, copies))


def imported(source: Path, home: Path, count: int) -> None:
    """Import into a new store."""
    from synapse_plugins import backends

    with backends.open(home=home) as backend:
        began = perf_counter()
        version = backend.import_dataset(source, 'x', link='copy')
        imported.seconds = perf_counter() - began  # type: ignore[attr-defined]
    assert version['count'] == count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else '')
    parser.add_argument('--files', type=int, default=2000)
    parser.add_argument('--size', type=int, default=47_000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--limit', type=float, default=2.0)
    parser.add_argument('--folder', type=Path, default=None)
    options = parser.parse_args()
    threads = {'bare loop': 1, 'bare loop, 8 threads': 8}
    times: dict[str, list[float]] = {**{name: [] for name in threads}, 'import': []}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source = make_dataset(folder / 'source', options.files, options.size)
        for number in range(options.rounds + 1):
            for label, count in threads.items():
                began = perf_counter()
                bare(source, folder / f'bare-{count}-{number}', count)
                times[label].append(perf_counter() - began)
            imported(source, folder / f'home-{number}', options.files)
            times['import'].append(imported.seconds)  # type: ignore[attr-defined]
    spent = {label: median(series[1:]) for label, series in times.items()}  # the first round warms up
    for label, seconds in spent.items():
        print(f'{label:22}{seconds:8.2f} s{options.files / seconds:10.0f} files/s')
    ratio = spent['import'] / min(spent[label] for label in threads)
    print(f'ratio {ratio:.2f}, limit {options.limit}')
    return int(ratio > options.limit)


if __name__ == '__main__':
    sys.exit(main())
