from __future__ import annotations

import warnings
import zipfile
from types import SimpleNamespace

import pytest

from synapse_plugins.errors import ParamsError, StoreError
from synapse_plugins.store import space
from synapse_plugins.store.archive import is_packed, pack_folder, unpack


@pytest.fixture
def place(tmp_path):
    (tmp_path / 'place').mkdir()
    return tmp_path / 'place'


def archive(path, *members):
    with warnings.catch_warnings(), zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        warnings.simplefilter('ignore')  # of names that are there twice
        for name, content in members:
            packed.writestr(name, content)
    return path


def test_what_was_packed_comes_out_again(tmp_path, place):
    folder = tmp_path / '모델'
    (folder / 'a' / 'empty').mkdir(parents=True)
    (folder / 'a' / '가중치.bin').write_bytes(b'x' * 5000)
    (folder / '12:30.txt').write_bytes(b'')
    names = unpack(pack_folder(folder, tmp_path / 'm.zip'), place, 'm.zip')
    assert sorted(names) == ['12:30.txt', 'a/가중치.bin']
    assert sorted(path.relative_to(place) for path in place.rglob('*')) == sorted(
        path.relative_to(folder) for path in folder.rglob('*')
    )
    assert (place / 'a' / '가중치.bin').read_bytes() == b'x' * 5000


@pytest.mark.parametrize('name', ['best.pt', 'model.pth', 'last.ckpt', 'model.keras'])
def test_weights_that_are_archives_by_themselves_stay_whole(tmp_path, place, name):
    file = archive(tmp_path / name, ('archive/data.pkl', 'x'))
    assert not is_packed(file, name)
    assert unpack(file, place, name) == [name]
    assert (place / name).read_bytes() == file.read_bytes()


def test_the_name_decides_not_where_the_file_lies(tmp_path, place):
    file = archive(tmp_path / '0123abcd', ('a', 'x'))
    assert is_packed(file, 'model.ZIP')
    assert unpack(file, place, 'model.ZIP') == ['a']


@pytest.mark.parametrize('name', ['../x', '/x', 'a/../../x', 'a\\..\\x', 'C:/x', 'c:x', '//server/share/x'])
def test_what_leads_elsewhere_on_any_system_is_refused_on_every(tmp_path, place, name):
    file = archive(tmp_path / 'm.zip', ('good', 'x'), (name, 'x'))
    with pytest.raises(StoreError, match='leads outside; nothing was unpacked'):
        unpack(file, place, 'm.zip')
    assert not list(place.iterdir())


@pytest.mark.parametrize('again', ['a', './a'])
def test_an_entry_that_is_there_twice_is_named(tmp_path, place, again):
    file = archive(tmp_path / 'm.zip', ('a', '1'), ('b', '2'), (again, '3'))
    with pytest.raises(StoreError, match='twice; nothing was unpacked'):
        unpack(file, place, 'm.zip')
    assert not list(place.iterdir())


def test_room_is_asked_for_what_comes_out_not_for_what_is_packed(tmp_path, place, monkeypatch):
    file = archive(tmp_path / 'm.zip', ('zeros', b'\0' * 30_000_000))
    assert file.stat().st_size < 100_000
    usage = SimpleNamespace(free=space.RESERVE + 29_000_000)
    monkeypatch.setattr(space.shutil, 'disk_usage', lambda _: usage)
    with pytest.raises(StoreError, match=r'Unpacking m\.zip needs 30\.0 MB'):
        unpack(file, place, 'm.zip')
    assert not list(place.iterdir())


def test_a_damaged_archive_is_named(tmp_path, place):
    file = archive(tmp_path / 'm.zip', ('a', bytes(range(256)) * 40))
    content = bytearray(file.read_bytes())
    content[60] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r'm\.zip cannot be unpacked'):
        unpack(file, place, 'm.zip')


def test_a_folder_with_a_name_that_could_not_come_out_is_not_packed(tmp_path):
    (tmp_path / 'm').mkdir()
    (tmp_path / 'm' / 'a\\b').write_bytes(b'x')
    with pytest.raises(ParamsError, match='rename it'):
        pack_folder(tmp_path / 'm', tmp_path / 'm.zip')
