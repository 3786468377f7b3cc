from __future__ import annotations

import os
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

from synapse_plugins.errors import StoreError
from synapse_plugins.store import file_digest, open_store, stored_suffix


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def stored(store):
    return sorted(path for path in store.files.root.rglob('*') if path.is_file())


def test_a_file_is_kept_by_its_content(store, tmp_path):
    content = os.urandom(3_000_000)
    file = store.files.add(write(tmp_path / '세포.JPG', content))
    assert (file.digest, file.size, file.suffix) == (sha256(content).hexdigest(), len(content), '.jpg')
    place = store.files.path_of(file.digest, file.suffix)
    assert place.read_bytes() == content
    assert stored(store) == [place]


def test_the_same_content_is_kept_once(store, tmp_path):
    one, two = write(tmp_path / 'a.png', b'same'), write(tmp_path / 'b.png', b'same')
    with store.files.batch() as batch:
        assert batch.add(one) == batch.add(two)
        batch.settle()
    store.files.add(two)
    assert len(stored(store)) == 1


@pytest.mark.parametrize(
    ('name', 'suffix'),
    [
        ('a.PNG', '.png'),
        ('a', ''),
        ('a.tar.gz', '.gz'),
        ('a.세포', ''),
        ('a.' + 'x' * 30, ''),
        ('.hidden', ''),
    ],
)
def test_unusual_suffixes_are_not_kept(name, suffix):
    assert stored_suffix(Path(name)) == suffix


def test_a_batch_that_is_not_settled_leaves_nothing(store, tmp_path):
    with store.files.batch() as batch:
        batch.add(write(tmp_path / 'a', b'a'))
        batch.add(write(tmp_path / 'b', b'b'), 'hard')
        assert batch.folder.is_dir()
    assert not list(store.files.root.iterdir())
    assert (tmp_path / 'b').read_bytes() == b'b'


def test_a_hard_link_takes_no_space_and_leaves_the_file_alone(store, tmp_path):
    source = write(tmp_path / 'a.jpg', b'picture')
    source.chmod(0o640)
    before = source.stat()
    with store.files.batch() as batch:
        file = batch.add(source, 'hard')
        batch.settle()
    place = store.files.path_of(file.digest, file.suffix)
    assert file.link == 'hard'
    assert place.samefile(source)
    assert (source.stat().st_mode, source.stat().st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
    store.files.discard(file.digest, file.suffix)
    assert source.read_bytes() == b'picture'


def test_where_no_hard_link_can_be_the_file_is_copied(store):
    shared = Path('/dev/shm')  # noqa: RUF100, S108
    if not shared.is_dir() or shared.stat().st_dev == store.home.stat().st_dev:
        pytest.skip('there is no second file system')
    with tempfile.TemporaryDirectory(dir=shared) as folder, store.files.batch() as batch:
        file = batch.add(write(Path(folder) / 'a', b'elsewhere'), 'hard')
        batch.settle()
    assert file.link == 'copy'
    assert store.files.path_of(file.digest).read_bytes() == b'elsewhere'


@pytest.mark.parametrize('link', ['copy', 'hard'])
def test_content_that_was_altered_in_the_store_is_made_right_by_adding_it_again(store, tmp_path, link):
    pristine = write(tmp_path / 'pristine.jpg', b'picture')
    source = write(tmp_path / 'a.jpg', b'picture')
    with store.files.batch() as batch:
        file = batch.add(source, 'hard')
        batch.settle()
    source.write_bytes(b'drawn over')  # through the other name of what the store has
    place = store.files.path_of(file.digest, file.suffix)
    assert place.read_bytes() == b'drawn over'
    with store.files.batch() as batch:
        batch.add(pristine, link)
        batch.settle()
    assert place.read_bytes() == b'picture'
    assert source.read_bytes() == b'drawn over'
    place.unlink()
    write(place, b'another')  # of the same size
    store.files.add(pristine)
    assert place.read_bytes() == b'picture'


def test_sound_content_stays_where_it_is(store, tmp_path):
    source = write(tmp_path / 'a.jpg', b'picture')
    file = store.files.add(source)
    before = store.files.path_of(file.digest, file.suffix).stat()
    store.files.add(source)
    assert store.files.path_of(file.digest, file.suffix).stat().st_ino == before.st_ino


def test_a_link_is_followed(store, tmp_path):
    write(tmp_path / 'real', b'real')
    (tmp_path / 'link').symlink_to(tmp_path / 'real')
    for way in ('copy', 'hard'):
        with store.files.batch() as batch:
            file = batch.add(tmp_path / 'link', way)
            batch.settle()
        assert not store.files.path_of(file.digest).is_symlink()


def test_a_file_that_is_not_there_is_named(store, tmp_path):
    with store.files.batch() as batch, pytest.raises(StoreError, match='absent cannot be added'):
        batch.add(tmp_path / 'absent')
    assert not list(store.files.root.iterdir())


def test_the_digest_is_that_of_the_content(tmp_path):
    content = os.urandom(2_500_000)
    assert file_digest(write(tmp_path / 'x', content)) == (sha256(content).hexdigest(), len(content))


KILLED = """
import os, signal, sys
from pathlib import Path
from synapse_plugins.store import open_store
store = open_store(sys.argv[1])
batch = store.files.batch()
batch.add(Path(sys.argv[2]))
print(batch.folder, flush=True)
sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_has_is_not(tmp_path, start):
    source = write(tmp_path / 'a', b'a')
    dead, living = (start(KILLED, tmp_path / 'home', source) for _ in range(2))
    left, used = (Path(process.stdout.readline().strip()) for process in (dead, living))
    dead.kill()
    dead.wait()
    with open_store(tmp_path / 'home') as store:
        assert not left.exists()
        assert used.is_dir()
        assert stored(store) == sorted(used.iterdir())


@pytest.mark.skipif(sys.platform == 'win32', reason='limits of POSIX')
def test_a_disk_that_fills_up_is_named_and_leaves_nothing(tmp_path, start):
    source = write(tmp_path / 'big', b'x' * 3_000_000)
    code = """
import resource, sys
from pathlib import Path
from synapse_plugins.store import open_store
store = open_store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    store.files.add(Path(sys.argv[2]))
except OSError as exc:
    print(type(exc).__name__, exc)
"""
    said, problems = start(code, tmp_path / 'home', source).communicate(timeout=60)
    assert said.startswith('StoreError'), problems
    assert 'cannot be added to the store' in said
    assert not list((tmp_path / 'home' / 'files').iterdir())


def test_a_removed_folder_is_made_again(store, tmp_path):
    file = store.files.add(write(tmp_path / 'a', b'a'))
    shutil.rmtree(store.files.path_of(file.digest).parent)
    assert store.files.path_of(store.files.add(tmp_path / 'a').digest).is_file()
