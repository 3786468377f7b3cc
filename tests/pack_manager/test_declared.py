"""Entry points as they are read here and as the standard library reads them."""

from __future__ import annotations

import sys
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.packs import declared as module
from synapse_plugins.packs.declared import declared

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
# a comment
[console_scripts]
group.a = x:main
[group.a]
one = pack.one
 two=pack.two:thing
# three = no
[group.ab]
four = pack.four

[group.a]
five = pack.five [extra]
"""


def told(group: str) -> list[tuple[str, str, str | None]]:
    return sorted((one.name, one.value, one.read('METADATA')) for one in declared(group))


def of_library(group: str) -> list[tuple[str, str, str | None]]:
    found = metadata.entry_points(group=group)
    return sorted((one.name, one.value, one.dist.read_text('METADATA') or None) for one in found if one.dist)


def put(folder: Path, name: str, text: str | None = TEXT, about: str | None = 'Name: x\n') -> None:
    (folder / name).mkdir(parents=True)
    for file, content in (('entry_points.txt', text), ('METADATA', about)):
        if content is not None:
            (folder / name / file).write_text(content, 'utf-8')


@pytest.mark.parametrize('group', ['pytest11', 'console_scripts', 'synapse_plugins', 'none.such'])
def test_the_same_is_found_in_this_environment(group: str) -> None:
    assert module._only_folders()
    assert told(group) == of_library(group)


def test_the_same_is_found_in_odd_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / 'first', tmp_path / 'second'
    put(first, 'my_pack-1.0.dist-info')
    put(second, 'My.Pack-0.9.dist-info', '[group.a]\nshadowed = old\n')
    put(second, 'Other_Pack-2.0.dist-info', '[group.a]\nother = 패키지.mod\n', about=None)
    put(second, 'bare-1.dist-info', None)
    put(second, 'egg.egg-info', '[group.a]\negg = egg.mod\n', about=None)
    (second / 'flat-1.egg-info').write_text('Name: flat\n', 'utf-8')
    (second / 'dist-info').mkdir()
    monkeypatch.setattr(sys, 'path', [str(first), str(tmp_path / 'absent'), str(second)])
    for group in ('group.a', 'group.ab', 'group'):
        assert told(group) == of_library(group)
    assert [name for name, _, _ in told('group.a')] == ['egg', 'five', 'one', 'other', 'two']


def test_the_folder_at_hand_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, 'here-1.dist-info')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', [''])
    assert told('group.a') == of_library('group.a') != []


def test_archives_and_strange_finders_are_left_to_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / 'packed.zip'
    with zipfile.ZipFile(archive, 'w') as file:
        file.writestr('packed-1.dist-info/entry_points.txt', '[group.a]\npacked = packed.mod\n')
        file.writestr('packed-1.dist-info/METADATA', 'Name: packed\nVersion: 1\n')
    monkeypatch.setattr(sys, 'path', [str(archive)])
    assert [(one.name, one.value) for one in declared('group.a')] == [('packed', 'packed.mod')]

    class Own(metadata.Distribution):
        def read_text(self, filename: str) -> str | None:
            texts = {'entry_points.txt': '[group.a]\nown = own.mod\n', 'METADATA': 'Name: own\nVersion: 1\n'}
            return texts.get(filename)

        def locate_file(self, path: Any) -> Any:
            return tmp_path / path

    class Finder(metadata.DistributionFinder):
        def find_spec(self, *_: object) -> None:
            return None

        def find_distributions(self, context: Any = None) -> Any:
            return [Own()]

    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    monkeypatch.setattr(sys, 'meta_path', [*sys.meta_path, Finder()])
    assert [(one.name, one.value) for one in declared('group.a')] == [('own', 'own.mod')]
