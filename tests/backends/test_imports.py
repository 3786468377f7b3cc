from __future__ import annotations

import itertools
import json
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from synapse_plugins import backends
from synapse_plugins.backends.fetch import local_path
from synapse_plugins.errors import DatasetError, FormatError, ParamsError, StoreError, UnknownNameError


def stored(backend):
    return sorted(path for path in backend.store.files.root.rglob('*') if path.is_file())


def test_an_import_holds_every_picture_and_annotation(backend, dataset, events, tree):
    before = tree(dataset)
    seen = []
    version = backend.import_dataset(dataset, 'pets', progress=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 6) for number in range(1, 7)]
    assert version == {
        **version,
        'name': 'pets',
        'version': 1,
        'format': 'dm_v2',
        'count': 6,
        'splits': {'train': 3, 'valid': 2, 'test': 1},
        'classes': ['dog', '고양이'],
        'is_categorized': True,
        'link': 'copy',
        'notes': [],
    }
    assert version['size'] == sum(
        len(content) for name, (content, _) in before.items() if name.endswith('.jpg')
    )
    found = events(ground_truth_dataset_versions=version['id'])
    assert [event['category'] for event in found] == ['train'] * 3 + ['validation'] * 2 + ['test']
    for number, event in enumerate(found, 1):
        file = event['files']['image_1']
        assert file['file_name_original'] == f'그림 {number}.jpg'
        assert file['meta'] == {'width': 32, 'height': 24}
        split = {'validation': 'valid'}.get(event['category'], event['category'])
        original = f'{split}/original_files/그림 {number}.jpg'
        assert Path(local_path(file['url'])).read_bytes() == before[original][0]
        document = json.loads(before[f'{split}/json/그림 {number}.json'][0])
        assert event['data'] == document
    assert tree(dataset) == before


def test_a_dataset_without_splits_has_no_categories(backend, tmp_path, events, make_dataset):
    version = backend.import_dataset(make_dataset(tmp_path / 'flat', {None: 2}), 'flat')
    assert (version['is_categorized'], version['splits'], version['count']) == (False, {}, 2)
    assert {event['category'] for event in events()} == {None}


def test_the_same_name_makes_the_next_version(backend, dataset, events):
    first = backend.import_dataset(dataset, 'pets')
    (dataset / 'train' / 'json' / '그림 1.json').unlink()
    (dataset / 'train' / 'original_files' / '그림 1.jpg').unlink()
    second = backend.import_dataset(dataset, 'pets')
    assert (first['version'], second['version']) == (1, 2)
    assert first['dataset'] == second['dataset']
    assert first['digest'] != second['digest']
    assert len(events(ground_truth_dataset_versions=first['id'])) == 6
    assert len(events(ground_truth_dataset_versions=second['id'])) == 5
    assert len(stored(backend)) == 6


def test_the_number_of_a_removed_version_is_not_given_again(backend, dataset):
    backend.import_dataset(dataset, 'pets')
    backend.import_dataset(dataset, 'pets', link='reference')
    backend.remove_dataset('pets@2')
    assert backend.import_dataset(dataset, 'pets', link='reference')['version'] == 3


def test_a_hard_link_is_another_name_of_the_file(backend, dataset, tree):
    before = tree(dataset)
    version = backend.import_dataset(dataset, 'pets', link='hard')
    assert version['notes'] == []
    assert all(path.stat().st_nlink == 2 for path in dataset.rglob('*.jpg'))
    backend.remove_dataset('pets')
    assert tree(dataset) == before


def test_a_hard_link_that_cannot_be_is_a_copy_and_said(backend, make_dataset):
    shared = Path('/dev/shm')
    if not shared.is_dir() or shared.stat().st_dev == backend.store.home.stat().st_dev:
        pytest.skip('there is no second file system')
    folder = shared / f'synapse-plugins-test-{time.time_ns()}'
    try:
        version = backend.import_dataset(make_dataset(folder), 'pets', link='hard')
    finally:
        shutil.rmtree(folder)
    assert version['notes'][0].startswith('6 pictures were copied: hard links cannot be made')
    assert len(stored(backend)) == 6


def test_a_reference_takes_no_space(backend, dataset, events):
    version = backend.import_dataset(dataset, 'pets', link='reference')
    assert stored(backend) == []
    urls = {event['files']['image_1']['url'] for event in events(ground_truth_dataset_versions=version['id'])}
    assert urls == {path.as_uri() for path in dataset.rglob('*.jpg')}


def test_what_cannot_be_read_is_noted(backend, dataset):
    (dataset / 'train' / 'original_files' / '그림 1.jpg').write_bytes(b'no picture')
    version = backend.import_dataset(dataset, 'pets')
    assert version['count'] == 5
    assert version['notes'] == [
        'dropped 1 bounding_box: its image cannot be read (train/그림 1)',
        'quarantined 1 image: it is not a picture that can be read (train/그림 1)',
    ]


@pytest.mark.parametrize(
    ('name', 'why'),
    [
        ('', 'empty'),
        ('12', 'something else'),
        ('a@b', "'@'"),
        ('a/b', "'/'"),
        ('.hidden', 'something else'),
        ('a\nb', r"'\n'"),
    ],
)
def test_a_name_that_could_not_be_told_from_something_else_is_refused(backend, dataset, name, why):
    with pytest.raises(ParamsError) as caught:
        backend.import_dataset(dataset, name)
    assert why in str(caught.value)
    assert backend.list_datasets() == []
    assert stored(backend) == []


def test_bad_sources_change_nothing(backend, dataset, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FormatError, match='There is no folder'):
        backend.import_dataset(tmp_path / 'absent', 'x')
    with pytest.raises(FormatError, match='no dataset of a known format'):
        backend.import_dataset(tmp_path / 'empty', 'x')
    with pytest.raises(UnknownNameError, match="Did you mean 'yolo'"):
        backend.import_dataset(dataset, 'x', source_format='yollo')
    with pytest.raises(DatasetError, match='copy, hard or reference'):
        backend.import_dataset(dataset, 'x', link='soft')
    for picture in dataset.rglob('*.jpg'):
        picture.write_bytes(b'broken')
    with pytest.raises(DatasetError, match='no picture that can be read'):
        backend.import_dataset(dataset, 'x')
    assert backend.list_datasets() == []
    assert not list(backend.store.files.root.iterdir())


def test_an_import_that_the_disk_has_no_room_for_is_refused_before_it_begins(backend, dataset):
    with (dataset / 'train' / 'original_files' / 'huge.jpg').open('wb') as huge:
        try:
            huge.truncate(8 << 40)
        except OSError:
            pytest.skip('this file system holds no file of that size')
    seen = []
    with pytest.raises(StoreError, match=r'Importing .* needs 8\.8 TB'):
        backend.import_dataset(dataset, 'pets', progress=lambda *done: seen.append(done))
    assert seen == []
    assert backend.list_datasets() == []


def test_an_import_that_is_stopped_leaves_nothing(backend, dataset):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.import_dataset(dataset, 'pets', progress=stop)
    assert backend.list_datasets() == []
    assert not list(backend.store.files.root.iterdir())


IMPORT = """
import json
import os
import shutil
import sys
from pathlib import Path
from synapse_plugins import backends
own = Path(f'{sys.argv[2]}-{os.getpid()}')
shutil.copytree(sys.argv[2], own, dirs_exist_ok=True)
document = next(own.rglob('*.json'))
content = json.loads(document.read_text(encoding='utf-8'))
with backends.open('local', home=sys.argv[1]) as backend:
    print('ready', flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[4])):
        document.write_text(json.dumps({**content, 'round': f'{os.getpid()}-{number}'}), encoding='utf-8')
        version = backend.import_dataset(own, sys.argv[3])
        print(version['version'], flush=True)
"""


def test_two_processes_import_at_once(backend, dataset, start):
    processes = [start(IMPORT, backend.store.home, dataset, 'pets', 5) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == 'ready\n'
    for process in processes:
        process.stdin.write('\n')
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert [problems for _, problems in answers] == ['', '']
    assert sorted(int(number) for said, _ in answers for number in said.split()) == list(range(1, 11))
    assert [version['version'] for version in backend.list_datasets()] == list(range(10, 0, -1))
    assert len(stored(backend)) == 6


def test_removing_and_importing_at_once_loses_no_file(backend, dataset, start):
    process = start(IMPORT, backend.store.home, dataset, 'theirs', 12)
    assert process.stdout.readline() == 'ready\n'
    process.stdin.write('\n')
    process.stdin.flush()
    while process.poll() is None:
        backend.import_dataset(dataset, 'mine')
        backend.remove_dataset('mine')
    assert process.communicate()[1] == ''
    assert len(backend.list_datasets()) == 12
    assert len(stored(backend)) == 6


@pytest.mark.skipif(sys.platform == 'win32', reason='SIGKILL')
def test_a_killed_import_leaves_nothing_visible(backend, dataset, start, rounds, seed):
    """A version is there with all its events and files, or not at all."""
    draw = random.Random(seed)
    done = 0
    for _ in range(max(5, rounds // 10)):
        process = start(IMPORT, backend.store.home, dataset, 'pets', 100)
        assert process.stdout.readline() == 'ready\n'
        process.stdin.write('\n')
        process.stdin.flush()
        time.sleep(draw.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with backends.open('local', home=backend.store.home) as again:
            versions = again.list_datasets()
            for version in versions[: len(versions) - done]:
                rows, count = again.list_ground_truth_events(
                    {'ground_truth_dataset_version': version['id']}, list_all=True
                )
                assert count == 6
                assert all(local_path(row['files']['image_1']['url']).is_file() for row in rows)
            done = len(versions)
            assert not list(again.store.files.root.glob('.tmp-*'))
    assert [version['version'] for version in reversed(versions)] == list(range(1, done + 1))


def test_an_import_is_one_transaction_whatever_its_size(backend, tmp_path, make_dataset):
    folder = make_dataset(tmp_path / 'many', {'train': 50})
    commits = []
    backend.store.database('backend').connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == 'COMMIT' else None
    )
    assert backend.import_dataset(folder, 'many')['count'] == 50
    backend.store.database('backend').connection.set_trace_callback(None)
    assert commits == ['COMMIT']


def test_real_data_is_imported_whole(backend, real_data, events):
    version = backend.import_dataset(real_data / 'bccd', 'bccd', source_format='pascal_voc')
    assert version['splits'] == {'train': 205, 'valid': 87, 'test': 72}
    assert version['classes'] == ['Platelets', 'RBC', 'WBC']
    assert len(events(ground_truth_dataset_versions=version['id'], category='validation')) == 87
    boxes = itertools.chain.from_iterable(event['data']['images'][0]['bounding_box'] for event in events())
    assert sum(1 for _ in boxes) == 4888
