"""``datasets`` and ``models`` on the command line, of a server as of the store: ``--backend``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.cli import main
from synapse_plugins.datasets import detect_format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from synapse_plugins.backends import LocalBackend
    from synapse_plugins.backends.server import Served


@pytest.fixture
def ask(
    synapse_server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call the command line from another home, with the server as the backend."""

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        words = [*map(str, arguments), '--backend', synapse_server.url, '--home', str(tmp_path / 'elsewhere')]
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def model(local_backend: LocalBackend, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / 'best.bin').write_bytes(b'weights')
    configuration = {'classes': ['dog'], 'metrics': {'mAP50': 0.75}}
    data = {'name': '모델', 'file': tmp_path / 'best.bin', 'configuration': configuration}
    return local_backend.create_model(data)


def test_the_datasets_of_a_server_are_listed_and_shown(
    ask: Any, local_backend: LocalBackend, version: dict[str, Any], pets: Path, synapse_server: Served
) -> None:
    local_backend.import_dataset(pets, 'another')
    local_backend.import_dataset(pets, 'pets', link='reference')
    code, out, _ = ask('datasets', 'list', '--json')
    assert code == 0
    named = [(row['name'], row['version']) for row in json.loads(out)]
    assert named == [('another', 1), ('pets', 2), ('pets', 1)]
    assert json.loads(out) == json.loads(json.dumps(local_backend.list_datasets()))
    assert 'pets@2' in ask('datasets', 'list')[1]
    assert json.loads(ask('datasets', 'show', 'pets@1', '--json')[1])['id'] == version['id']
    shown = ask('datasets', 'show', 'pets')[1]
    assert 'pets@2' in shown
    assert f'dataset=pets@2 --backend {synapse_server.url}' in ' '.join(shown.split())
    code, _, err = ask('datasets', 'show', 'pet')
    assert code == 1
    assert "Did you mean 'pets'?" in err


def test_the_models_of_a_server_are_listed_shown_and_removed(
    ask: Any, model: dict[str, Any], local_backend: LocalBackend, tmp_path: Path, synapse_server: Served
) -> None:
    (row,) = json.loads(ask('models', 'list', '--json')[1])
    assert (row['id'], row['name'], row['backend']) == (model['id'], '모델', synapse_server.url)
    assert row['file'] is None, 'its address is good for whoever has it'
    assert '0.75' in ask('models', 'list')[1]
    shown = ask('models', 'show', '모델')[1]
    assert '/media/' not in shown
    assert f'--backend {synapse_server.url}' in ' '.join(shown.split())
    assert not list((tmp_path / 'elsewhere').rglob('*.bin')), 'nothing is fetched to look at it'
    assert ask('models', 'remove', '모델') == (0, 'Removed model 모델.\n', '')
    assert local_backend.list_models({})['count'] == 0


def test_what_is_on_a_server_comes_out_as_it_does_of_the_store(
    ask: Any, local_backend: LocalBackend, version: dict[str, Any], model: dict[str, Any], tmp_path: Path
) -> None:
    for number, options in enumerate([[], ['--to', 'yolo', '--link', 'symlink']]):
        out = tmp_path / f'out {number}'
        code, said, err = ask('datasets', 'export', 'pets', out, *options)
        assert code == 0, err
        assert str(out) in said
        assert detect_format(out) == ('yolo' if options else 'dm_v2')
        pictures = [path for path in out.rglob('*') if path.suffix == '.png']
        assert len(pictures) == version['count']
        assert all(path.is_file() and not path.is_symlink() for path in pictures)
    plain = local_backend.export_dataset('pets', tmp_path / 'plain')
    pairs = [(path, tmp_path / 'out 0' / path.relative_to(plain)) for path in plain.rglob('*/*.json')]
    assert pairs
    assert all(here.read_bytes() == there.read_bytes() for here, there in pairs)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith('.')]
    code, said, err = ask('models', 'export', '모델', tmp_path / 'model')
    assert code == 0, err
    assert str(tmp_path / 'model') in said
    there = local_backend.export_model('모델', tmp_path / 'plain model')
    assert str(tmp_path / 'plain model') in there[0]
    for path in (tmp_path / 'plain model').iterdir():
        assert path.read_bytes() == (tmp_path / 'model' / path.name).read_bytes()


def test_a_server_without_anything_says_so(ask: Any, synapse_server: Served) -> None:
    for what in ('datasets', 'models'):
        assert ask(what, 'list') == (0, f'No {what} at {synapse_server.url}.\n', '')
        assert json.loads(ask(what, 'list', '--json')[1]) == []


def test_a_server_that_tells_little_is_enough(
    ask: Any, version: dict[str, Any], model: dict[str, Any], synapse_server: Served, monkeypatch: Any
) -> None:
    """The rows of the platform have at least an id and a name."""
    backend = synapse_server.app.state.api.backend

    def bare(row: dict[str, Any]) -> dict[str, Any]:
        kept = ('id', 'name', 'file', 'file_name', 'checksum')
        return {name: row[name] for name in kept if name in row}

    def page(listing: Any) -> Any:
        return lambda params: {**(found := listing(params)), 'results': list(map(bare, found['results']))}

    monkeypatch.setattr(backend, 'list_ground_truth_versions', page(backend.list_ground_truth_versions))
    monkeypatch.setattr(backend, 'list_models', page(backend.list_models))
    get_version, get_model = backend.get_ground_truth_version, backend.get_model
    monkeypatch.setattr(backend, 'get_ground_truth_version', lambda ref: bare(get_version(ref)))
    monkeypatch.setattr(backend, 'get_model', lambda ref: bare(get_model(ref)))
    for what, name in (('datasets', 'pets'), ('models', '모델')):
        for command in (['list'], ['show', name]):
            code, out, err = ask(what, *command)
            assert (code, err) == (0, '')
            assert name in out
            assert 'annotated' not in out
    assert (version['name'], model['name']) == ('pets', '모델')


@pytest.mark.parametrize('arguments', [('import', '.', '--name', 'x'), ('remove', 'x')])
def test_what_no_server_can_do_is_not_offered(ask: Any, arguments: tuple[str, ...]) -> None:
    code, _, err = ask('datasets', *arguments)
    assert code == 2
    assert 'No such option: --backend' in err
