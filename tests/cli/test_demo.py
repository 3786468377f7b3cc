"""``demo``: the main job, on a fresh machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a name that needs quotes."""
    folder = tmp_path / '내 폴더'
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def lines_to_paste(out: str) -> list[list[str]]:
    """Return the commands that stand below "Next:", as words."""
    text = out.partition('Next:\n')[2].replace('\\\n', '')
    return [shlex.split(line) for line in text.splitlines() if line.startswith('  ')]


def figure(out: str) -> float:
    """Return the mAP50 that the demo printed."""
    found = re.search(r'^mAP50 +([0-9.]+)$', out, re.MULTILINE)
    assert found, out
    return float(found[1])


@pytest.mark.yolo
@pytest.mark.slow
def test_the_demo_trains_a_model_and_what_it_prints_can_be_pasted(
    here: Path, program: Callable[..., Any]
) -> None:
    outcome = program('demo')
    assert outcome.code == 0, outcome.err
    assert figure(outcome.out) >= 0.7
    assert [line.split()[0] for line in outcome.out.splitlines()[2:6]] == [
        'dataset',
        'convert',
        'train',
        'model_upload',
    ]
    weights = re.search(r'^Weights +(.*)$', outcome.out, re.MULTILINE)
    assert weights is not None
    assert (here / weights[1]).is_file()
    for noise in ('Ultralytics', 'WARNING', 'Traceback', 'warning'):
        assert noise not in outcome.out + outcome.err
    commands = lines_to_paste(outcome.out)
    assert len(commands) == 3
    for words in commands:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(os.environ))
        assert done.returncode == 0, (words, done.stderr)
    assert (here / 'shapes-model-1' / 'best.pt').is_file()


@pytest.mark.yolo
@pytest.mark.slow
def test_a_demo_that_learns_too_little_fails_with_its_figure_and_the_next_one_goes_on(
    here: Path, program: Callable[..., Any]
) -> None:
    outcome = program('demo', '--epochs', '1', '--keep', '여기')
    assert outcome.code == 1
    assert figure(outcome.out) < 0.7
    told = outcome.err.splitlines()[-1]
    assert told.startswith('Error: The model reached mAP50 ')
    assert 'wants 0.7 at least. Give it more epochs.' in told
    made = (here / '여기' / 'shapes').stat().st_mtime_ns
    assert 'reached mAP50' in program('demo', '--epochs', '1', '--keep', '여기').err
    assert (here / '여기' / 'shapes').stat().st_mtime_ns == made
    home = here / '여기' / 'home'
    assert len(program('datasets', 'list', '--home', home, '--json').json) == 1
    assert len(program('models', 'list', '--home', home, '--json').json) == 2


@pytest.mark.yolo
def test_somebody_elses_folder_is_left_alone(cli: Callable[..., Any], here: Path) -> None:
    (here / 'synapse-plugins-demo').mkdir()
    (here / 'synapse-plugins-demo' / 'diary.txt').write_text('mine', encoding='utf-8')
    paragraph = cli('demo').paragraph
    assert 'no earlier demo made it' in paragraph
    assert '--keep DIR' in paragraph
    (here / 'file').write_text('mine', encoding='utf-8')
    assert 'no earlier demo made it' in cli('demo', '--keep', 'file').paragraph
    assert sorted(path.name for path in here.rglob('*')) == ['diary.txt', 'file', 'synapse-plugins-demo']


@pytest.mark.yolo
def test_a_network_file_system_is_refused_before_anything_is_drawn(
    cli: Callable[..., Any], here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / 'mountinfo'
    table.write_text(f'30 22 0:40 / {tmp_path.resolve()} rw - nfs4 server:/export rw\n', encoding='utf-8')
    monkeypatch.setattr('synapse_plugins.store.mounts.MOUNTS', table)
    outcome = cli('demo', '--keep', 'mine')
    assert outcome.code == 1
    assert 'network file system (nfs4)' in outcome.paragraph
    assert '--keep DIR' in outcome.paragraph
    assert '--home' not in outcome.err
    assert 'Pictures of' not in outcome.out + outcome.err
    assert list(here.iterdir()) == []


@pytest.mark.yolo
@pytest.mark.skipif(
    not Path('/proc/self').is_dir(), reason='nobody can write there, and no other place is like that'
)
def test_a_place_where_nothing_can_be_written_is_named(cli: Callable[..., Any], here: Path) -> None:
    outcome = cli('demo', '--keep', '/proc/x')
    assert outcome.code == 1
    assert '/proc/x cannot be written to' in outcome.paragraph
    assert '--keep DIR' in outcome.paragraph


def test_without_the_extra_one_sentence_says_what_to_type(
    cli: Callable[..., Any], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name, *rest: None if name == 'ultralytics' else find_spec(name, *rest),
    )
    paragraph = cli('demo').paragraph
    assert "pip install 'synapse-plugins[yolo]'" in paragraph
    assert list(here.iterdir()) == []


@pytest.mark.yolo
def test_the_demo_has_a_store_of_its_own(cli: Callable[..., Any], here: Path, home: Path) -> None:
    outcome = cli('demo', '--home', home)
    assert outcome.code == 2
    assert '--keep' in outcome.err
    assert list(here.iterdir()) == []


def test_what_an_interrupted_demo_left_is_made_again(here: Path) -> None:
    from synapse_plugins.cli.demo_folder import DemoFolder

    folder = DemoFolder(here / 'demo')
    assert folder.make()
    pictures = sorted(path.name for path in folder.dataset.rglob('*'))
    assert not folder.make()
    partial = folder.dataset.rename(here / 'demo' / 'shapes.partial')
    next(partial.rglob('*.png')).unlink()
    assert folder.make()
    assert sorted(path.name for path in folder.dataset.rglob('*')) == pictures
    assert not partial.exists()
    mark = here / 'demo' / '.synapse-plugins-demo'
    mark.write_text('of an older version\n', encoding='utf-8')
    assert folder.make()
