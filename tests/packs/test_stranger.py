"""A stranger's pack, as a wheel in a fresh environment, against the installed package."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Any]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def learned(result: dict[str, Any]) -> dict[str, Any]:
    """Return what the trainer saved, out of the archive of the model that a run registered."""
    with zipfile.ZipFile(result['model']['file']) as archive:
        (name,) = [name for name in archive.namelist() if Path(name).name == 'model.json']
        saved: dict[str, Any] = json.loads(archive.read(name))
    return saved


def pack(environment: Any, name: str) -> dict[str, Any]:
    (found,) = [record for record in environment.json('packs') if record['name'] == name]
    return found


def test_a_train_action_of_its_format_uses_its_trainer_and_its_step(
    environment: Make, drawings: Path, tmp_path: Path
) -> None:
    env = environment('stranger')
    lines = tmp_path / 'lines.txt'
    result = env.json(
        'run', 'stranger.train', '-p', f'dataset={drawings}', '-p', 'smoothing=1', STRANGER_LINES=str(lines)
    )
    assert result['state'] == 'SUCCEEDED'
    assert [step['name'] for step in result['steps']] == [
        'dataset',
        'convert',
        'census',
        'train',
        'model_upload',
    ]
    assert result['metrics']['images'] == 2
    assert learned(result) == {'trainer': 'tally', 'per_image': {'square': 1.0, '원': 1.5}}
    assert {'steps', 'step', 'progress', 'metrics', 'event'} <= set(lines.read_text(encoding='utf-8').split())


def test_a_train_action_that_says_coco_uses_its_coco_trainer(environment: Make, drawings: Path) -> None:
    env = environment('stranger')
    result = env.json('run', 'stranger_pack.actions:CocoTrain', '-p', f'dataset={drawings}')
    assert learned(result) == {
        'trainer': 'mean-box',
        'mean_box': {'원': [3, 4, 10, 8], 'square': [16, 16, 8, 8]},
    }


def test_the_shipped_train_action_takes_it_by_name_and_by_format(environment: Make, drawings: Path) -> None:
    env = environment('stranger')
    dataset = f'dataset={drawings}'
    by_name = env.json('run', 'train', '-p', dataset, '-p', 'trainer=tally')
    by_format = env.json('run', 'train', '-p', dataset, '-p', 'target_format=tally')
    assert learned(by_name) == learned(by_format)


def test_its_format_is_read_and_written_like_any_other(
    environment: Make, drawings: Path, tmp_path: Path
) -> None:
    env = environment('stranger')
    out = tmp_path / 'tallies'
    done = env.command('convert', str(drawings), str(out), '--to', 'tally')
    assert done.returncode == 0, done.stderr
    assert json.loads((out / 'valid.jsonl').read_text(encoding='utf-8'))['counts'] == {'square': 1}
    code = (
        'from synapse_plugins.packs import get_manager; get_manager()\n'
        'from synapse_plugins.datasets import detect_format, open_dataset\n'
        f'print(detect_format({str(out)!r}), len(list(open_dataset({str(out)!r}))))'
    )
    assert env.python(code).split() == ['tally', '3']


def test_what_it_provides_is_listed(environment: Make) -> None:
    env = environment('stranger')
    record = pack(env, 'stranger')
    assert record['distribution'] == 'synapse-plugins-stranger'
    assert record['version'] == '1.2.0'
    assert record['state'] == 'loaded'
    assert record['provides'] == {
        'actions': ['stranger.train'],
        'formats': ['tally'],
        'loggers': ['event-lines'],
        'steps': ['train:tally', 'train:mean-box', 'dataset.transform:census'],
    }
    assert 'tally' in [row['name'] for row in env.json('formats')]
    assert {'tally', 'mean-box', 'yolo'} <= {row['name'] for row in env.json('steps')}
    assert 'stranger.train' in [row['name'] for row in env.json('actions')]


def test_help_loads_no_code_of_a_pack(environment: Make) -> None:
    code = (
        'import sys\n'
        'from synapse_plugins.cli import main\n'
        "assert main(['--help']) == 0\n"
        "print([name for name in sys.modules if name.startswith(('stranger_pack', 'builtin_steps'))])"
    )
    assert environment('stranger').python(code).splitlines()[-1] == '[]'


def test_a_pack_that_raises_on_import_is_reported_and_breaks_nothing(
    environment: Make, drawings: Path
) -> None:
    env = environment('broken', 'stranger')
    record = pack(env, 'broken')
    assert record['state'] == 'broken'
    assert 'the driver of the GPU is too old' in record['error']
    listing = env.command('packs')
    assert listing.returncode == 0
    assert 'the driver of the GPU is too old' in listing.stdout
    result = env.json('run', 'stranger.train', '-p', f'dataset={drawings}')
    assert result['state'] == 'SUCCEEDED'


def test_a_broken_pack_is_fatal_when_asked_so(environment: Make) -> None:
    done = environment('broken', 'stranger').command('packs', SYNAPSE_PLUGINS_STRICT='1')
    assert done.returncode == 1
    assert 'synapse-plugins-broken 9.0.0' in done.stderr
    assert 'Traceback' not in done.stderr


def test_two_packs_that_claim_one_format_are_an_error_naming_both(environment: Make, drawings: Path) -> None:
    env = environment('rival', 'stranger')
    for name in ('rival', 'stranger'):
        record = pack(env, name)
        assert record['state'] == 'conflict'
        assert 'synapse-plugins-rival 2.0.0' in record['error']
        assert 'synapse-plugins-stranger 1.2.0' in record['error']
        assert 'tally' in record['error']
    done = env.command('run', 'stranger.train', '-p', f'dataset={drawings}')
    assert done.returncode == 1
    assert 'synapse-plugins-rival 2.0.0' in done.stderr
    assert 'synapse-plugins-stranger 1.2.0' in done.stderr
    assert 'Traceback' not in done.stderr
    # what is not contested goes on working, and one of the two can be switched off
    assert (
        env.json('run', 'stranger_pack.actions:CocoTrain', '-p', f'dataset={drawings}')['state']
        == 'SUCCEEDED'
    )
    without = env.json(
        'run', 'stranger.train', '-p', f'dataset={drawings}', SYNAPSE_PLUGINS_DISABLE='synapse-plugins-rival'
    )
    assert without['state'] == 'SUCCEEDED'


def test_two_packs_that_serve_one_role_and_format_are_listed_with_the_line_to_type(
    environment: Make, drawings: Path
) -> None:
    env = environment('stranger', 'twin')
    done = env.command('run', 'stranger.train', '-p', f'dataset={drawings}')
    assert done.returncode == 1
    for line in (
        'tally of synapse-plugins-stranger 1.2.0 (serves tally): add  -p trainer=tally',
        'twin of synapse-plugins-twin 0.3.0 (serves tally): add  -p trainer=twin',
    ):
        assert line in done.stderr
    assert 'Traceback' not in done.stderr
    assert env.json('models', 'list') == []
    result = env.json('run', 'stranger.train', '-p', f'dataset={drawings}', '-p', 'trainer=twin')
    assert result['state'] == 'SUCCEEDED'


def test_an_unknown_parameter_is_refused_with_the_near_one(environment: Make, drawings: Path) -> None:
    done = environment('stranger').command(
        'run', 'stranger.train', '-p', f'dataset={drawings}', '-p', 'smothing=1'
    )
    assert done.returncode == 1
    assert 'smothing' in done.stderr
    assert 'smoothing' in done.stderr
