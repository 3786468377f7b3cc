from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from synapse_plugins._version import __version__
from synapse_plugins.errors import StoreError, StoreVersionError
from synapse_plugins.store import default_home, mounts, open_store
from synapse_plugins.store.mounts import network_file_system
from synapse_plugins.store.schema import MIGRATIONS

posix = pytest.mark.skipif(sys.platform == 'win32', reason='file modes of POSIX')

MOUNTINFO = """\
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/nas rw,relatime - nfs4 server:/export rw,vers=4.2
31 22 0:41 / /mnt/my\\040disk rw - cifs //host/share rw
32 30 0:42 / /mnt/nas/local rw - xfs /dev/vdb rw
33 22 0:43 / /mnt/ssh rw - fuse.sshfs me@host: rw
34 22 0:44 / /mnt/한글 rw - lustre mgs:/fs rw
35 22 0:45 / /mnt/bind rw - fuse.mergerfs pool rw
36 22 0:46 / /mnt/twice rw - nfs a:/ rw
37 22 0:47 / /mnt/twice rw - tmpfs tmpfs rw
a line that nobody understands
"""


@posix
def test_a_new_home_and_all_in_it_is_private(tmp_path):
    before = os.umask(0)
    try:
        with open_store(tmp_path / 'a' / 'home') as store:
            store.files.add(Path(__file__))
            assert store.cache_dir.is_dir()
            assert store.runs_dir.is_dir()
            found = [store.home, *store.home.rglob('*')]
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in found if path.exists()}
    assert len(modes) > 6
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_the_default_home_is_the_named_one(home):
    assert default_home() == home
    with open_store() as store:
        assert store.home == home


def test_without_a_name_the_home_is_the_users_data_folder(monkeypatch):
    monkeypatch.delenv('SYNAPSE_PLUGINS_HOME')
    assert default_home().name == 'synapse-plugins'
    assert default_home().is_absolute()


def test_a_store_keeps_its_id_when_it_is_moved(tmp_path):
    with open_store(tmp_path / 'here') as store:
        first = store.id
    (tmp_path / 'here').rename(tmp_path / '저장소')
    with open_store(tmp_path / '저장소') as store:
        assert store.id == first
    with open_store(tmp_path / 'other') as store:
        assert store.id != first


def test_a_store_that_must_be_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match='no store in'):
        open_store(tmp_path / 'absent', create=False)
    assert not (tmp_path / 'absent').exists()
    (tmp_path / 'empty').mkdir()
    with pytest.raises(StoreError, match='no store in'):
        open_store(tmp_path / 'empty', create=False)
    assert not list((tmp_path / 'empty').iterdir())


def test_a_file_is_no_home(tmp_path):
    (tmp_path / 'file').write_text('x', encoding='utf-8')
    with pytest.raises(StoreError, match='is a file, not a folder'):
        open_store(tmp_path / 'file')


@pytest.mark.parametrize('name', ['backend', 'runs'])
def test_a_store_of_a_newer_version_is_left_alone(tmp_path, name):
    with open_store(tmp_path / 'home') as store, store.database(name).transaction() as connection:
        connection.execute("UPDATE store_meta SET value = '99.1' WHERE key = 'written_by'")
        connection.execute('PRAGMA user_version = 99')
    with pytest.raises(StoreVersionError) as caught:
        open_store(tmp_path / 'home')
    message = str(caught.value)
    known = len(MIGRATIONS[name])
    for part in (
        'synapse-plugins 99.1',
        'schema version 99',
        __version__,
        f'up to {known}',
        'pip install --upgrade',
        '--home',
    ):
        assert part in message
    assert caught.value.exit_code == 1


def test_a_database_that_is_none_is_named(tmp_path):
    open_store(tmp_path / 'home').close()
    (tmp_path / 'home' / 'backend.db').write_bytes(b'something else entirely ' * 200)
    for leftover in (tmp_path / 'home').glob('backend.db-*'):
        leftover.unlink()
    with pytest.raises(StoreError, match=r'backend\.db is damaged') as caught:
        open_store(tmp_path / 'home')
    assert '--home' in str(caught.value)


READ_ONLY = """
import os, sys
from synapse_plugins.errors import StoreError
from synapse_plugins.store import open_store, database, files, home, mounts, schema, temporary, process, space
import platformdirs
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    open_store(sys.argv[1])
except StoreError as exc:
    print(exc)
"""


@posix
def test_a_home_that_cannot_be_written_is_refused(start):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / 'home').mkdir()
        (place / 'home').chmod(0o555)
        said, problems = start(READ_ONLY, place / 'home').communicate(timeout=60)
        (place / 'home').chmod(0o755)
        assert 'cannot be written' in said, problems
        assert '--home' in said
        assert not list((place / 'home').iterdir())


@pytest.mark.parametrize(
    ('path', 'kind'),
    [
        ('/mnt/nas', 'nfs4'),
        ('/mnt/nas/a/b', 'nfs4'),
        ('/mnt/nas/local/a', None),
        ('/mnt/nasty', None),
        ('/mnt/my disk/a', 'cifs'),
        ('/mnt/ssh/a', 'fuse.sshfs'),
        ('/mnt/한글/가', 'lustre'),
        ('/mnt/bind/a', None),
        ('/mnt/twice/a', None),
        ('/home/me', None),
    ],
)
@posix
def test_network_file_systems_are_recognised(tmp_path, monkeypatch, path, kind):
    table = tmp_path / 'mountinfo'
    table.write_text(MOUNTINFO, encoding='utf-8')
    monkeypatch.setattr(mounts, 'MOUNTS', table)
    assert network_file_system(Path(path)) == kind


@posix
def test_a_home_on_a_network_file_system_is_refused_with_the_way_out(tmp_path, monkeypatch):
    table = tmp_path / 'mountinfo'
    table.write_text(f'30 22 0:40 / {tmp_path} rw - nfs4 server:/export rw\n', encoding='utf-8')
    monkeypatch.setattr(mounts, 'MOUNTS', table)
    with pytest.raises(StoreError, match='network file system') as caught:
        open_store(tmp_path / 'home')
    assert '(nfs4)' in str(caught.value)
    assert 'one host' in str(caught.value)
    assert '--home' in str(caught.value)
    assert not (tmp_path / 'home').exists()


def test_where_no_table_of_mounts_is_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mounts, 'MOUNTS', tmp_path / 'absent')
    assert network_file_system(tmp_path) is None


@posix
def test_a_link_to_a_network_file_system_is_followed(tmp_path, monkeypatch):
    (tmp_path / 'server').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'server')
    table = tmp_path / 'mountinfo'
    table.write_text(
        f'30 22 0:40 / {tmp_path.resolve()}/server rw - nfs4 server:/export rw\n', encoding='utf-8'
    )
    monkeypatch.setattr(mounts, 'MOUNTS', table)
    assert network_file_system(tmp_path / 'link' / 'home') == 'nfs4'
    assert network_file_system(tmp_path / 'home') is None
