from __future__ import annotations

import hashlib
import http.server
import json
import os
import threading
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from synapse_plugins.backends.download import MAPPING, SUMMARY, Download, is_unchanged, read_summary
from synapse_plugins.backends.fetch import fetch
from synapse_plugins.datasets import open_dataset
from synapse_plugins.errors import (
    BackendError,
    DatasetError,
    NotFoundError,
    OutputExistsError,
    ParamsError,
    UnknownNameError,
)


class Server:
    """A backend's client over plain HTTP files: what an event looks like when it comes from elsewhere."""

    name = 'server'
    identity = 'https://example.invalid'

    def __init__(self, address, events, version=None):
        self.address = address
        self.events = events
        self.version = version or {}
        self.asked = []

    def get_ground_truth_version(self, version_id):
        return {'id': version_id, **self.version}

    def list_ground_truth_events(self, params=None, *, list_all=False, **_):
        self.asked.append(params)
        found = [row for row in self.events if params.get('category') in {None, row.get('category')}]
        return iter(found), len(found)


@pytest.fixture
def served(tmp_path):
    """A folder served over HTTP by a thread; ``broken`` names get half of what they promise."""
    root = tmp_path / 'served'
    root.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=root)

        def log_message(self, *_):
            pass

        def do_GET(self):
            path = Path(self.translate_path(self.path))
            if 'broken' in path.name:
                self.send_response(200)
                self.send_header('Content-Length', str(path.stat().st_size * 2))
                self.end_headers()
                self.wfile.write(path.read_bytes())
                self.close_connection = True
                return
            super().do_GET()

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        yield root, f'http://127.0.0.1:{server.server_address[1]}'
        server.shutdown()
        thread.join()


def event(number, address, name, content, **more):
    return {
        'id': number,
        'pgh_id': 1000 + number,
        'category': None,
        'data': {
            'images': [
                {'bounding_box': [{'id': 'b', 'classification': 'c', 'attrs': [], 'data': [1, 1, 2, 2]}]}
            ]
        },
        'files': {
            'image_1': {
                'url': f'{address}/{quote(name)}?X-Signature=secret',
                'file_type': 'image',
                'is_primary': True,
                'file_name_original': name,
                'size': len(content),
                'checksum': f'sha256:{hashlib.sha256(content).hexdigest()}',
            }
        },
        **more,
    }


def write(download, folder, **options):
    folder.mkdir()
    return download.write(folder, **options)


# -- from the embedded backend ------------------------------------------------------------------------------


def test_a_download_is_a_dm_v2_folder_with_every_event(backend, dataset, tmp_path):
    version = backend.import_dataset(dataset, 'pets')
    seen = []
    download = Download(backend, version['id'])
    assert (download.label, download.count) == ('pets@1', 6)
    summary = write(download, tmp_path / 'out', progress=lambda *done: seen.append(done))
    assert seen[-1] == (6, 6)
    assert summary['splits'] == {'train': 3, 'valid': 2, 'test': 1}
    assert summary['is_categorized'] is True
    assert summary['classes'] == ['dog', '고양이']
    assert summary == read_summary(tmp_path / 'out')
    reader = open_dataset(tmp_path / 'out', 'dm_v2')
    assert [sample.key for sample in reader] == [sample.key for sample in open_dataset(dataset, 'dm_v2')]
    assert reader.classes is None  # the source declared none
    for path in dataset.rglob('*.json'):
        assert json.loads((tmp_path / 'out' / path.relative_to(dataset)).read_bytes()) == json.loads(
            path.read_bytes()
        )
    for path in dataset.rglob('*.jpg'):
        assert (tmp_path / 'out' / path.relative_to(dataset)).read_bytes() == path.read_bytes()


def test_pictures_are_linked_on_one_file_system_and_broken_jpegs_copied(backend, dataset, tmp_path):
    cut = dataset / 'train' / 'original_files' / '그림 1.jpg'
    cut.write_bytes(cut.read_bytes()[:-2])
    download = Download(backend, backend.import_dataset(dataset, 'pets', link='reference')['id'])
    assert download.space_needed(tmp_path) < 100_000
    write(download, tmp_path / 'out')
    links = {path.name: path.stat().st_nlink for path in (tmp_path / 'out').rglob('*.jpg')}
    assert links.pop('그림 1.jpg') == 1
    assert set(links.values()) == {2}
    mapping = [
        json.loads(line) for line in (tmp_path / 'out' / MAPPING).read_text(encoding='utf-8').splitlines()
    ]
    assert [line['linked'] for line in mapping] == [False, True, True, True, True, True]


def test_splits_choose_with_their_filters(backend, dataset, tmp_path):
    version = backend.import_dataset(dataset, 'pets')['id']
    chosen = Download(backend, version, {'val': None, 'train': {'classes': ['dog']}})
    assert write(chosen, tmp_path / 'out')['splits'] == {'train': 1, 'valid': 2}
    assert write(Download(backend, version, ['test']), tmp_path / 'test')['splits'] == {'test': 1}
    renamed = Download(backend, version, {'mine': {'category': 'test'}})
    assert write(renamed, tmp_path / 'mine')['splits'] == {'mine': 1}
    assert (tmp_path / 'mine' / 'mine' / 'json').is_dir()


def test_the_key_tells_apart_what_is_different(backend, dataset, tmp_path):
    first, second = (backend.import_dataset(dataset, 'pets', link=link)['id'] for link in ('copy', 'hard'))
    asked = [
        (first, None),
        (second, None),
        (first, ['train']),
        (first, {'train': {'classes': ['dog']}}),
        (first, {'train': {'classes': ['고양이']}}),
        (first, {'train': {}, 'test': {}}),
    ]
    keys = [Download(backend, version, splits).key for version, splits in asked]
    assert len(set(keys)) == len(keys)
    assert keys == [Download(backend, version, splits).key for version, splits in asked]
    assert Download(backend, first, {'test': {}, 'train': {}}).key == keys[-1]


@pytest.mark.parametrize(
    ('splits', 'error', 'why'),
    [
        ({'train': {'clases': 'dog'}}, UnknownNameError, "Did you mean 'classes'"),
        ({'train': {'ground_truth_dataset_versions': 2}}, UnknownNameError, 'Unknown filter'),
        ({'train': 'dog'}, ParamsError, 'object of names and values'),
        ({'val': {}, 'valid': {}}, ParamsError, 'there twice'),
        ({'../evil': {}}, ParamsError, 'name of a folder'),
        *(
            ({name: {}}, ParamsError, 'cannot be called so')
            for name in ('', ' ', '.x', 'a:b', '@eaDir', 'files.jsonl')
        ),
        ({'Fold': {}, 'fold': {}}, ParamsError, "'Fold' and 'fold', which many disks"),
        (
            {'other': {}},
            DatasetError,
            r"split 'other' of the dataset pets@1 has no events .*train 3, valid 2, test 1",
        ),
        ({'train': {'classes': 'horse'}}, DatasetError, 'no events'),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(backend, dataset, splits, error, why):
    version = backend.import_dataset(dataset, 'pets')['id']
    with pytest.raises(error, match=why):
        Download(backend, version, splits)


def test_a_reference_that_changed_or_vanished_is_named(backend, dataset, tmp_path):
    download = Download(backend, backend.import_dataset(dataset, 'pets', link='reference')['id'])
    pictures = sorted(dataset.rglob('*.jpg'))
    stat = pictures[0].stat()
    content = bytearray(pictures[0].read_bytes())
    content[100] ^= 1
    pictures[0].write_bytes(content)
    os.utime(pictures[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))  # only the content tells
    pictures[1].write_bytes(pictures[1].read_bytes() + b'more')
    pictures[2].unlink()
    with pytest.raises(BackendError) as caught:
        write(download, tmp_path / 'out')
    message = str(caught.value)
    assert message.startswith('pets@1 cannot be exported whole')
    assert f'{pictures[0]} has changed: its sha256' in message
    assert f'{pictures[1]} has changed: it has {pictures[1].stat().st_size} bytes' in message
    assert f'{pictures[2]} is gone' in message
    assert 'import the dataset again' in message
    assert not (tmp_path / 'out' / SUMMARY).exists()


def test_a_download_can_be_stopped(backend, dataset, tmp_path):
    download = Download(backend, backend.import_dataset(dataset, 'pets')['id'])
    asked = []
    with pytest.raises(BackendError, match='cancelled after 2 of 6 events'):
        write(download, tmp_path / 'out', cancelled=lambda: asked.append(1) or len(asked) > 2)


def test_events_that_go_while_they_are_read_are_missed(backend, dataset, tmp_path):
    download = Download(backend, backend.import_dataset(dataset, 'pets')['id'])
    backend.remove_dataset('pets')
    with pytest.raises(BackendError, match='listed 0 of 6 events'):
        write(download, tmp_path / 'out')


def test_a_change_behind_a_link_is_seen(backend, dataset, tmp_path):
    download = Download(backend, backend.import_dataset(dataset, 'pets', link='hard')['id'])
    write(download, tmp_path / 'out')
    assert is_unchanged(tmp_path / 'out')
    picture = next((tmp_path / 'out').rglob('*.jpg'))
    picture.write_bytes(b'drawn over')
    assert not is_unchanged(tmp_path / 'out')
    assert not is_unchanged(tmp_path / 'absent')


# -- from elsewhere -----------------------------------------------------------------------------------------


def test_files_are_streamed_verified_and_named_as_they_were(served, tmp_path):
    root, address = served
    names = ['세포 1.png', '세포 1.jpg', 'CELL.png', 'cell.png']
    for name in names:
        (root / name).write_bytes(name.encode())
    events = [event(number, address, name, name.encode()) for number, name in enumerate(names, 1)]
    events[3]['files']['image_1']['file_name_original'] = '../../cell.png'
    client = Server(address, events)
    summary = write(Download(client, 7), tmp_path / 'out')
    assert (summary['count'], summary['is_categorized'], summary['classes']) == (4, False, ['c'])
    asked = client.asked[0]
    assert asked['ground_truth_dataset_versions'] == 7
    assert {'id', 'category', 'files', 'data'} <= set(asked['fields'])
    mapping = [
        json.loads(line) for line in (tmp_path / 'out' / MAPPING).read_text(encoding='utf-8').splitlines()
    ]
    assert [line['original_name'] for line in mapping] == [*names[:3], '../../cell.png']
    written = [line['picture'] for line in mapping]
    stems = {Path(name).stem.casefold() for name in written}
    assert len(stems) == 4
    assert [(tmp_path / 'out' / name).read_bytes() for name in written] == [name.encode() for name in names]
    assert sorted(path.stem for path in (tmp_path / 'out' / 'json').iterdir()) == sorted(
        Path(name).stem for name in written
    )


@pytest.mark.parametrize(
    ('name', 'change', 'why'),
    [
        ('absent.png', {}, 'was answered with 404'),
        ('broken.png', {}, 'connection broke|bytes came'),
        ('a.png', {'size': 3}, 'has changed: it has 5 bytes, and had 3'),
        ('a.png', {'checksum': 'sha256:' + '0' * 64}, 'has changed: its sha256'),
        ('a.png', {'checksum': 'md5:' + '0' * 32}, 'has changed: its md5'),
        ('a.png', {'url': 'ftp://example.invalid/a.png'}, 'not an address'),
        ('a.png', {'url': None}, 'no picture'),
        ('a.png', {'url': 'http://127.0.0.1:1/a.png'}, 'the server cannot be reached'),
    ],
)
def test_a_file_that_does_not_come_whole_fails_the_download(served, tmp_path, name, change, why):
    root, address = served
    for file in ('a.png', 'broken.png'):
        (root / file).write_bytes(b'12345')
    broken = event(1, address, name, b'12345')
    broken['files']['image_1'].update(change)
    with pytest.raises(BackendError, match=why) as caught:
        write(Download(Server(address, [broken, event(2, address, 'a.png', b'12345')]), 7), tmp_path / 'out')
    assert 'event 1001' in str(caught.value)
    assert 'secret' not in str(caught.value)
    assert len(list((tmp_path / 'out' / 'original_files').iterdir())) == 1


def test_a_checksum_of_an_unknown_kind_is_no_reason_to_fail(served, tmp_path):
    root, address = served
    (root / 'a.png').write_bytes(b'12345')
    told = event(1, address, 'a.png', b'12345')
    told['files']['image_1']['checksum'] = 'blake9:00'
    assert write(Download(Server(address, [told]), 7), tmp_path / 'out')['count'] == 1


def test_events_that_are_unlike_the_usual_are_told_or_taken(served, tmp_path):
    root, address = served
    (root / 'a.png').write_bytes(b'12345')
    plain = event(1, address, 'a.png', b'12345', data=None)
    plain['files'] = {'image_1': f'{address}/a.png'}
    summary = write(Download(Server(address, [plain]), 7), tmp_path / 'out')
    assert summary['count'] == 1
    document = json.loads((tmp_path / 'out' / 'json' / 'a.json').read_text(encoding='utf-8'))
    assert document == {'images': [{}]}
    odd = event(2, address, 'a.png', b'12345', data={'anotations': {}})
    with pytest.raises(BackendError, match='event 1002: its data is a Datamaker document of neither version'):
        write(Download(Server(address, [odd]), 7), tmp_path / 'odd')
    mixed = [event(1, address, 'a.png', b'12345'), event(2, address, 'a.png', b'12345', category='train')]
    with pytest.raises(BackendError, match='1 events have no category'):
        write(Download(Server(address, mixed), 7), tmp_path / 'mixed')
    with pytest.raises(DatasetError, match='no events'):
        Download(Server(address, [], {'name': 'empty'}), 7)


@pytest.mark.parametrize(
    'category', ['../out', '/tmp', 'a/b', 'a\\b', '.x', 'x ', 'export.json', '@eaDir', 7]
)
def test_a_category_that_no_split_may_be_called_is_told(category, served, tmp_path):
    root, address = served
    (root / 'a.png').write_bytes(b'12345')
    events = [event(1, address, 'a.png', b'12345', category='train'), event(2, address, 'a.png', b'12345')]
    events[1]['category'] = category
    (tmp_path / 'in').mkdir()
    before = set(tmp_path.rglob('*'))
    with pytest.raises(BackendError, match=r'event 1002: its category is .* which no split may be called'):
        write(Download(Server(address, events), 7), tmp_path / 'in/out')
    outside = {path for path in tmp_path.rglob('*') if tmp_path / 'in/out' not in (path, *path.parents)}
    assert outside == before
    summary = write(Download(Server(address, events), 7, on_missing='warn'), tmp_path / 'some')
    assert summary['splits'] == {'train': 1}
    assert [one['event'] for one in summary['missing']] == [1002]


def test_categories_that_are_one_split_are_one(served, tmp_path):
    root, address = served
    (root / 'a.png').write_bytes(b'12345')
    categories = ('validation', 'val', 'Valid', 'train', 'TRAIN', 'Fold')
    events = [
        event(number, address, 'a.png', b'12345', category=category)
        for number, category in enumerate(categories)
    ]
    summary = write(Download(Server(address, events), 7), tmp_path / 'out')
    assert summary['splits'] == {'train': 2, 'valid': 3, 'Fold': 1}
    assert open_dataset(tmp_path / 'out').splits == ['train', 'valid', 'Fold']
    events.append(event(9, address, 'a.png', b'12345', category='fold'))
    with pytest.raises(BackendError, match="event 1009: there are the splits 'Fold' and 'fold'"):
        write(Download(Server(address, events), 7), tmp_path / 'two')


def test_many_problems_are_not_all_told(served, tmp_path):
    _, address = served
    events = [event(number, address, f'absent {number}.png', b'') for number in range(60)]
    with pytest.raises(BackendError, match='there may be more') as caught:
        write(Download(Server(address, events), 7), tmp_path / 'out')
    assert len(str(caught.value)) < 4000


def test_nothing_is_left_of_a_file_that_did_not_come(served, tmp_path):
    root, address = served
    (root / 'broken.png').write_bytes(b'12345')
    with pytest.raises(BackendError):
        fetch({'url': f'{address}/broken.png', 'size': 10}, tmp_path / 'a.png', 'hard')
    assert not (tmp_path / 'a.png').exists()


# -- exports of the embedded backend ------------------------------------------------------------------------


def test_an_exported_dataset_is_the_users_own(backend, dataset, tmp_path):
    backend.import_dataset(dataset, 'pets')
    folder = backend.export_dataset('pets@1', tmp_path / 'sub' / 'out')
    assert folder == tmp_path / 'sub' / 'out'
    assert {path.stat().st_nlink for path in folder.rglob('*.jpg')} == {1}
    assert open_dataset(folder).splits == ['train', 'valid', 'test']


@pytest.mark.parametrize('link', ['copy', 'hard', 'symlink'])
@pytest.mark.parametrize('to', ['dm_v2', 'yolo'])
def test_an_export_holds_its_pictures_however_they_are_linked(backend, dataset, tmp_path, to, link):
    backend.import_dataset(dataset, 'pets')
    folder = backend.export_dataset('pets', tmp_path / 'out', format=to, link=link)
    pictures = sorted(folder.rglob('*.jpg'))
    assert sorted(path.read_bytes() for path in pictures) == sorted(
        path.read_bytes() for path in dataset.rglob('*.jpg')
    )
    assert {path.is_symlink() for path in pictures} == {link == 'symlink'}
    assert sorted(tmp_path.iterdir()) == sorted([dataset, folder, backend.store.home])


def test_an_export_to_a_taken_place_is_refused(backend, dataset, tmp_path):
    backend.import_dataset(dataset, 'pets')
    for to in ('dm_v2', 'coco'):
        with pytest.raises(OutputExistsError):
            backend.export_dataset('pets', dataset, format=to)
        with pytest.raises(NotFoundError):
            backend.export_dataset('pet', tmp_path / 'out', format=to)
    with pytest.raises(UnknownNameError, match="Did you mean 'yolo'"):
        backend.export_dataset('pets', tmp_path / 'out', format='yollo')
    assert sorted(tmp_path.iterdir()) == sorted([dataset, backend.store.home])


def test_a_folder_of_the_users_beside_the_export_is_no_obstacle(backend, dataset, tmp_path):
    backend.import_dataset(dataset, 'pets')
    for name in ('out.dm_v2', '.out.dm_v2'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'mine').write_text('mine', encoding='utf-8')
    backend.export_dataset('pets', tmp_path / 'out', format='yolo')
    assert {path.name for path in tmp_path.iterdir()} == {'out', 'out.dm_v2', '.out.dm_v2', 'pets', 'home'}
    assert [path.name for path in (tmp_path / 'out.dm_v2').iterdir()] == ['mine']


def test_the_addresses_of_files_with_any_name_lead_to_them(backend, tmp_path, make_dataset):
    folder = make_dataset(tmp_path / "100% #1? 한글 'a' & b", {'train': 1})
    backend.import_dataset(folder, 'odd', link='reference')
    rows, _ = backend.list_ground_truth_events({}, list_all=True)
    url = next(rows)['files']['image_1']['url']
    assert urlsplit(url).scheme == 'file'
    assert write(Download(backend, 1), tmp_path / 'out')['count'] == 1


def test_real_data_survives_the_way_through_the_store(backend, real_data, tmp_path):
    backend.import_dataset(real_data / 'bccd', 'bccd')
    out = backend.export_dataset('bccd', tmp_path / 'out')
    originals = {path.name: path.read_bytes() for path in (real_data / 'bccd' / 'JPEGImages').iterdir()}
    exported = {path.name: path.read_bytes() for path in out.rglob('*.jpg')}
    assert exported == originals
    theirs = {sample.image.name: sample.annotations for sample in open_dataset(real_data / 'bccd')}
    ours = {sample.image.name: sample.annotations for sample in open_dataset(out)}
    assert ours.keys() == theirs.keys()
    for name, items in theirs.items():
        assert [(item.label, item.data) for item in ours[name]] == [(item.label, item.data) for item in items]
    assert backend.remove_dataset('bccd') == ['bccd@1']
    assert not [path for path in backend.store.files.root.rglob('*') if path.is_file()]
