"""The archive and what goes with it."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.errors import ConfigError
from synapse_plugins.publish import make_release
from synapse_plugins.publish.archive import pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
name: 지게차
code: forklift
version: 0.2.0
category: custom
tasks: [image.object_detection]
actions:
  count:
    entrypoint: forklift_plugin.count.CountAction
    method: task
    description: counts
"""
CODE = """\
from pydantic import BaseModel, Field
from synapse_plugins import BaseAction


class P(BaseModel):
    limit: int = Field(3, ge=1)


class Result(BaseModel):
    counted: int


class CountAction(BaseAction[P]):
    action_name = 'count'
    result_model = Result

    def execute(self):
        return {'counted': self.params.limit}
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / 'plugin'
    (root / 'forklift_plugin').mkdir(parents=True)
    (root / 'forklift_plugin' / '__init__.py').touch()
    (root / 'forklift_plugin' / 'count.py').write_text(CODE, encoding='utf-8')
    (root / 'config.yaml').write_text(CONFIG, encoding='utf-8')
    (root / 'README.md').write_text('# 지게차\n', encoding='utf-8')
    (root / 'requirements.txt').write_text('synapse-plugins\n', encoding='utf-8')
    (root / '자료.txt').write_text('x', encoding='utf-8')
    path = list(sys.path)
    yield root
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition('.')[0] == 'forklift_plugin']:
        del sys.modules[name]


def everything(root: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file() and '__pycache__' not in path.parts
    }


def test_what_would_be_sent(plugin: Path, tmp_path: Path) -> None:
    before = everything(plugin)
    release = make_release(plugin, archive=tmp_path / 'new' / 'out.zip')
    assert everything(plugin) == before
    assert release.problems == []
    assert release.fields['plugin'] == 'forklift'
    assert release.fields['version'] == '0.2.0'
    assert release.fields['requirements'] == 'synapse-plugins\n'
    config = release.fields['config']
    assert config['tasks'] == ['image.object_detection']
    (action,) = config['actions'].values()
    assert action['entrypoint'] == 'forklift_plugin.count.CountAction'
    assert action['hyperparameters']['train_ui_schemas'][0]['name'] == 'limit'
    assert action['result_schema'][0]['name'] == 'counted'
    json.dumps(release.to_dict())
    with zipfile.ZipFile(tmp_path / 'new' / 'out.zip') as packed:
        assert packed.namelist() == list(release.files)
        assert 'config.yaml' in packed.namelist()
        assert packed.read('forklift_plugin/count.py').decode('utf-8') == CODE
    assert (tmp_path / 'new' / 'out.zip').stat().st_size == release.size


def test_the_same_files_give_the_same_archive(plugin: Path) -> None:
    one = make_release(plugin)
    os.utime(plugin / 'README.md', (0, 0))
    other = make_release(plugin)
    assert one.sha256 == other.sha256
    (plugin / 'README.md').write_text('another', encoding='utf-8')
    assert make_release(plugin).sha256 != one.sha256


def test_what_the_platform_would_refuse_is_told(plugin: Path) -> None:
    (plugin / '.synapseignore').write_text('config.yaml\n', encoding='utf-8')
    release = make_release(plugin)
    assert any('config.yaml is left out (.synapseignore)' in problem for problem in release.problems)


def test_secrets_and_a_configuration_out_of_line_are_told(plugin: Path) -> None:
    (plugin / 'server.pem').write_text('x', encoding='utf-8')
    text = CONFIG.replace('    method: task\n', '')
    (plugin / 'config.yaml').write_text(text, encoding='utf-8')
    notes = make_release(plugin).notes
    assert any('server.pem looks like a secret' in note for note in notes)
    assert any('config sync' in note for note in notes)


def test_an_archive_is_never_overwritten(plugin: Path, tmp_path: Path) -> None:
    (tmp_path / 'out.zip').write_bytes(b'mine')
    with pytest.raises(ConfigError, match='exists'):
        make_release(plugin, archive=tmp_path / 'out.zip')
    assert (tmp_path / 'out.zip').read_bytes() == b'mine'


def test_names_are_composed_and_may_not_fall_together(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize('NFD', '자료.txt')
    (tmp_path / decomposed).write_text('x', encoding='utf-8')
    pack(tmp_path, [decomposed], tmp_path / 'a.zip')
    assert zipfile.ZipFile(tmp_path / 'a.zip').namelist() == ['자료.txt']
    with pytest.raises(ConfigError, match='same name'):
        pack(tmp_path, [decomposed, decomposed], tmp_path / 'b.zip')


def test_the_command(
    plugin: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.cli import main

    monkeypatch.chdir(plugin)
    assert main(['publish']) == 1
    assert 'There is no token for' in capsys.readouterr().err
    assert main(['publish', '--dry-run']) == 0
    shown = capsys.readouterr().out
    assert '자료.txt' in shown
    assert shown.endswith('Nothing was sent.\n')
    assert main(['publish', '--dry-run', '--json']) == 0
    document: Any = json.loads(capsys.readouterr().out)
    assert document['fields']['plugin'] == 'forklift'
    (plugin / 'config.yaml').write_text(CONFIG.replace('code: forklift\n', ''), encoding='utf-8')
    assert main(['publish', '--dry-run']) == 1
