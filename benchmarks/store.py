"""Whether a large store is as quick as a small one: the listing of a page, in one interleaved run.

    python benchmarks/store.py [--files 100000] [--rounds 15] [--limit 2.0] [--folder DIR]

Two stores are filled with rows, one a hundredth of the other: datasets of two versions over the same files, so two
events a file, and a data unit for every tenth file. Then the same pages are listed from both in turn, so that whatever
else the machine does slows both. Ends with 1 when a page of the large store takes more than the limit times that of
the small one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from synapse_plugins import backends

if TYPE_CHECKING:
    from collections.abc import Callable

PART = 100
"""The small store is this part of the large one."""
DOCUMENT = {
    'images': [
        {'bounding_box': [{'id': 'x', 'classification': 'cat', 'attrs': [], 'data': [1, 2, 3, 4]}] * 5}
    ]
}
VERSION = {
    'format': 'dm_v2', 'source': '/x', 'fingerprint': 'f', 'classes': '["cat"]', 'size': 1, 'is_categorized': 1,
    'link': 'copy', 'notes': '[]', 'created': 'now',
}  # fmt: skip


def fill(home: Path, files: int) -> Any:
    """Return a backend with that many files, twice as many events, and a tenth as many units."""
    backend = backends.open(home=home)
    data = json.dumps(DOCUMENT)
    categories = ['train', 'validation', 'test']
    with backend.store.database('backend').transaction() as connection:
        digests = [sha256(str(number).encode()).hexdigest() for number in range(files)]
        rows = ((number + 1, digest, '.jpg', 1000) for number, digest in enumerate(digests))
        connection.executemany('INSERT INTO file (id, digest, suffix, size) VALUES (?, ?, ?, ?)', rows)
        connection.execute(
            "INSERT INTO dataset (id, name, last_version, created) VALUES (1, 'pets', 2, 'now')"
        )
        event = 0
        for version in (1, 2):
            splits = {'train': files // 3, 'valid': files // 3, 'test': files - 2 * (files // 3)}
            facts: dict[str, Any] = {
                **VERSION,
                'id': version,
                'dataset': 1,
                'version': version,
                'count': files,
                'digest': str(version),
            }
            facts['splits'] = json.dumps(splits)
            names = ', '.join(facts)
            marks = ', '.join(f':{name}' for name in facts)
            connection.execute(f'INSERT INTO dataset_version ({names}) VALUES ({marks})', facts)
            for number in range(files):
                event += 1
                category = categories[min(number // max(files // 3, 1), 2)]
                connection.execute('INSERT INTO event VALUES (?, ?, ?, ?)', (event, version, category, data))
                named = (event, 'image_1', number + 1, f'{number}.jpg', 'image', 1, '{}')
                connection.execute('INSERT INTO event_file VALUES (?, ?, ?, ?, ?, ?, ?)', named)
        connection.execute("INSERT INTO data_collection VALUES (1, 'c', '[]', 'now')")
        for number in range(0, files, 10):
            connection.execute(
                "INSERT INTO data_file (file, name, created) VALUES (?, 'n', 'now')", (number + 1,)
            )
            checksums = json.dumps({'image_1': f'sha256:{digests[number]}'})
            unit = connection.execute(
                "INSERT INTO data_unit VALUES (NULL, 1, '{}', ?, '[]', 'now')", (checksums,)
            )
            insert = "INSERT INTO data_unit_file VALUES (?, 'image_1', ?, 'n')"
            connection.execute(insert, (unit.lastrowid, digests[number]))
    backend.store.database('backend').connection.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    return backend


def listings(backend: Any) -> dict[str, Callable[[], Any]]:
    """Return what is listed, by name."""
    one = {'ground_truth_dataset_versions': 2}
    count = backend.get_dataset(2)['count']

    def events(**more: Any) -> Callable[[], Any]:
        return lambda: backend.list_ground_truth_events({**one, **more})

    return {
        'events, first page': events(),
        'events, middle page': events(page=count // 200),
        'events, last page': events(page=(count + 99) // 100),
        'events, newest first': events(ordering='-pgh_id'),
        'events of a category': events(category='validation'),
        'events of all versions': lambda: backend.list_ground_truth_events({}),
        'dataset versions': backend.list_ground_truth_versions,
        'data units, first page': lambda: backend.list_data_units({'data_collection': 1}),
        'data units, last page': lambda: backend.list_data_units(
            {'data_collection': 1, 'page': max(count // 1000, 1)}
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else '')
    parser.add_argument('--files', type=int, default=100_000)
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--limit', type=float, default=2.0)
    parser.add_argument('--folder', type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        stores = [
            fill(Path(folder, 'small'), options.files // PART),
            fill(Path(folder, 'large'), options.files),
        ]
        times: dict[str, list[list[float]]] = {}
        for _ in range(options.rounds + 1):
            for place, backend in enumerate(stores):
                for name, act in listings(backend).items():
                    began = perf_counter()
                    act()
                    times.setdefault(name, [[], []])[place].append(perf_counter() - began)
        for backend in stores:
            backend.close()
    print(f'{"page":28}{"small ms":>10}{"large ms":>10}{"ratio":>8}   limit {options.limit}')
    worst = 0.0
    for name, (small, large) in times.items():
        one, other = (1000 * median(series[1:]) for series in (small, large))  # the first round warms up
        worst = max(worst, other / one)
        print(f'{name:28}{one:10.2f}{other:10.2f}{other / one:8.2f}')
    return int(worst > options.limit)


if __name__ == '__main__':
    sys.exit(main())
