"""``cache``: what can be made again."""

import os
import shutil
from pathlib import Path

import typer

from .. import output
from ..options import JsonOption, new_group, settings_of

app = new_group('Clear what can be made again.')


@app.command('clear')
def clear_cache(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Remove the exported and converted datasets that steps keep for the next run."""
    from ...errors import StoreError
    from ...runs import RunStore

    store = settings_of(ctx).store(existing=True)
    if at_work := [record.id for record in RunStore(store).list() if record.state == 'RUNNING']:
        raise StoreError(f'The cache is in use by run {", ".join(at_work)}. Clear it when that has ended.')
    freed = 0
    for entry in sorted(store.cache_dir.iterdir()):
        freed += _own_size(entry)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if as_json:
        output.emit_json({'path': store.cache_dir, 'freed': freed})
    else:
        output.say(f'Cleared {store.cache_dir}: {output.size(freed)}.')


def _own_size(entry: Path) -> int:
    """Return the bytes that go away with *entry*: a picture that the store holds too is no byte of the cache."""
    if entry.is_symlink() or entry.is_file():
        found = [entry.lstat()]
    else:
        found = [Path(folder, name).lstat() for folder, _, names in os.walk(entry) for name in names]
    return sum(status.st_size for status in found if status.st_nlink == 1)
