"""Showing, cleaning, checking and moving a store."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins import backends
from synapse_plugins.errors import NeededError, StoreError
from synapse_plugins.runs import RunStore
from synapse_plugins.store.moving import move_store


@pytest.fixture
def filled(backend: Any, dataset: Path, tmp_path: Path) -> Any:
    backend.import_dataset(dataset, 'pets')
    (tmp_path / 'weights.pt').write_text('weights', encoding='utf-8')
    backend.create_model({'name': 'm', 'file': tmp_path / 'weights.pt'})
    return backend


def stored(backend: Any) -> list[Path]:
    return sorted(path for path in backend.store.files.root.rglob('*') if path.is_file())


def test_it_tells_what_it_holds(filled: Any) -> None:
    facts = filled.describe_store()
    assert facts['counts'] == {
        'datasets': 1, 'versions': 1, 'events': 6, 'files': 7, 'models': 1, 'jobs': 0, 'collections': 0,
        'data_files': 0, 'data_units': 0, 'runs': 0,
    }  # fmt: skip
    assert facts['size'] == sum(facts['sizes'].values())
    assert facts['sizes']['files'] == sum(path.stat().st_size for path in stored(filled))


def test_what_nothing_needs_is_removed_and_what_is_new_is_not(filled: Any) -> None:
    before = stored(filled)
    folder = before[0].parent
    old, new, other = (folder / f'{folder.name}{letter * 62}' for letter in 'abc')
    for path in (old, new):
        path.write_text('x', encoding='utf-8')
    (folder / 'mine.txt').write_text('not ours', encoding='utf-8')
    os.utime(old, (time.time() - 7200,) * 2)
    filled._db.connection.execute('DELETE FROM model')
    removed = filled.collect_all_garbage()
    assert (removed['unreferenced'], removed['stray']) == (1, 1)
    assert removed['freed'] == len('weights') + 1
    left = stored(filled)
    assert new in left
    assert folder / 'mine.txt' in left
    assert len(left) == len(before) - 1 + 2
    assert other not in left


def test_a_sound_store_has_no_problems(filled: Any) -> None:
    told: list[tuple[int, int]] = []
    assert filled.check_store(lambda done, total: told.append((done, total))) == []
    assert told[-1] == (7, 7)


def test_damage_is_named_with_who_needs_it(filled: Any, dataset: Path) -> None:
    filled.import_dataset(dataset, 'by-reference', link='reference')
    changed, gone = stored(filled)[:2]
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    gone.unlink()
    picture = min(dataset.rglob('*.jpg'))
    picture.write_bytes(b'cut')
    filled._db.connection.execute('PRAGMA foreign_keys = OFF')
    filled._db.connection.execute("INSERT INTO event_file VALUES (999, 'x', 999, 'n', 'image', 1, '{}')")
    problems = {problem['path']: problem for problem in filled.check_store()}
    assert problems[str(changed)]['why'] == 'its content has changed'
    assert problems[str(gone)]['why'] == 'it is gone'
    assert problems[str(picture.resolve())]['what'] == 'your file'
    assert problems[str(picture.resolve())]['needed_by'] == ['dataset by-reference@1']
    holders = {holder for path in (changed, gone) for holder in problems[str(path)]['needed_by']}
    assert holders <= {'dataset pets@1', 'model m'}
    assert problems[str(filled._db.path)]['why'] == '2 rows refer to what is not there'
    assert len(problems) == 4


def begin(backend: Any, **facts: Any) -> Any:
    return RunStore(backend.store).start(
        action='train', backend=backend.identity, **{'params': {}, 'dataset': None, **facts}
    )


def test_what_a_run_needs_is_not_removed(filled: Any) -> None:
    version = filled.get_dataset('pets')
    journal = begin(filled, dataset=version, params={'checkpoint': filled.resolve_model('m')})
    for remove, told in (
        (lambda: filled.remove_dataset('pets'), 'dataset pets'),
        (lambda: filled.remove_model('m'), 'model m'),
    ):
        with pytest.raises(NeededError, match=rf'The {told} is in use by run {journal.run_id} \(train\)'):
            remove()
    journal.finish('SUCCEEDED')
    filled.remove_dataset('pets')
    filled.remove_model('m')


def test_a_run_over_another_backend_holds_nothing_here(filled: Any) -> None:
    journal = RunStore(filled.store).start(
        action='train', params={}, backend='https://x', dataset=filled.get_dataset('pets')
    )
    filled.remove_dataset('pets')
    journal.finish('SUCCEEDED')


# -- moving ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('by_copy', [False, True])
def test_a_store_moves_with_everything(
    filled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_copy: bool
) -> None:
    from synapse_plugins.context import LogRecord

    home = filled.store.home
    journal = begin(filled)
    kept = journal.work_dir / 'plot.png'
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text('x', encoding='utf-8')
    from datetime import UTC, datetime

    record = LogRecord(
        'artifact',
        datetime.now(UTC),
        None,
        None,
        'info',
        'artifact',
        {'kind': 'plot', 'name': 'p'},
        str(kept),
    )
    journal.logger().emit(record)
    journal.finish('SUCCEEDED')
    identity = filled.identity
    filled.close()
    if by_copy:
        rename = Path.rename

        def refuse(path: Path, target: Any) -> Any:
            if path == home:
                raise OSError(18, 'Invalid cross-device link')
            return rename(path, target)

        monkeypatch.setattr(Path, 'rename', refuse)
    place = move_store(home, tmp_path / 'new' / '자리')
    assert not home.exists()
    assert sorted(path.name for path in place.parent.iterdir()) == ['자리']
    with backends.open(home=place) as moved:
        assert moved.identity == identity
        assert moved.check_store() == []
        (event,) = RunStore(moved.store).events(journal.run_id, 'artifact')
        assert Path(event['file']).read_text(encoding='utf-8') == 'x'
        assert place in Path(event['file']).parents


def test_it_does_not_move_under_others(filled: Any, tmp_path: Path, start: Any) -> None:
    home = filled.store.home
    journal = begin(filled)
    with pytest.raises(StoreError, match=f'in use by run {journal.run_id}'):
        move_store(home, tmp_path / 'new')
    journal.finish('SUCCEEDED')
    filled.close()
    code = (
        'import sys\nfrom synapse_plugins import backends\n'
        'with backends.open(home=sys.argv[1]) as backend:\n'
        '    backend.list_datasets()\n    print("open", flush=True)\n    sys.stdin.readline()\n'
    )
    other = start(code, home)
    assert other.stdout.readline() == 'open\n', other.stderr.read()
    with pytest.raises(StoreError, match='Another process uses the store'):
        move_store(home, tmp_path / 'new')
    other.communicate('\n')
    move_store(home, tmp_path / 'new')


def test_a_place_that_will_not_do_is_refused(filled: Any, tmp_path: Path) -> None:
    home = filled.store.home
    filled.close()
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'x').write_text('x', encoding='utf-8')
    for place, told in (
        (home / 'inside', 'overlap'),
        (home.parent, 'overlap'),
        (tmp_path / 'full', 'is there already'),
    ):
        with pytest.raises(StoreError, match=told):
            move_store(home, place)
    with pytest.raises(StoreError, match='There is no store in'):
        move_store(tmp_path / 'full', tmp_path / 'new')
    (tmp_path / 'empty').mkdir()
    assert move_store(home, tmp_path / 'empty') == tmp_path / 'empty'
