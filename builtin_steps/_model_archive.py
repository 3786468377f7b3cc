"""Packs a trained model as one zip archive: every file of it, in a fixed order, or an error."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from synapse_plugins.errors import NoModelError
from synapse_plugins.store.archive import is_packed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ['model_files', 'pack_model', 'take_weights']

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: the same model gives the same archive."""

_WORTH_DEFLATING = {'.csv', '.html', '.json', '.md', '.onnx', '.svg', '.txt', '.xml', '.yaml', '.yml'}
_BLOCK = 1 << 20


def model_files(model: Path) -> dict[str, Path]:
    """Return the files of a model by their names in the archive, sorted; an empty folder's name ends on ``/``.

    Args:
        model: A file, or a folder with all that belongs to the model.

    Raises:
        NoModelError: If there is nothing, or something that an archive cannot hold: a link, a device, a name
            that is no text.
    """
    if model.is_symlink() or not model.exists():
        raise NoModelError(
            f'The model {model} is {"a link" if model.is_symlink() else "not there"}; give the file itself.'
        )
    if model.is_file():
        return {_checked_name(model.name, model): _regular(model)}
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(model):
        here = Path(folder)
        for name in [*folders, *names]:
            path = here / name
            entry = _checked_name(path.relative_to(model).as_posix(), path)
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    found[f'{entry}/'] = path
            else:
                found[entry] = _regular(path)
    if not any(not name.endswith('/') for name in found):
        raise NoModelError(f'The folder {model} has no files: there is no model to register.')
    return dict(sorted(found.items()))


def pack_model(
    files: Mapping[str, Path],
    texts: Mapping[str, str],
    archive: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the archive; it appears whole or not at all.

    Args:
        files: What `model_files` found.
        texts: Further files by name, as text.
        archive: Where to.
        progress: Gets the bytes done and the bytes in all.

    Raises:
        NoModelError: If a file of the model would be replaced by one of *texts*.
    """
    taken = sorted(set(files) & set(texts))
    if taken:
        raise NoModelError(
            f'The model has a file {taken[0]!r} of its own, which would be lost: that name is for what is known '
            f'of the run. Rename the file.'
        )
    total = max(1, sum(path.stat().st_size for name, path in files.items() if not name.endswith('/')))
    temporary = archive.with_name(f'.{archive.name}.new')
    done = 0
    try:
        with zipfile.ZipFile(temporary, 'w') as packed:
            for name in sorted([*files, *texts]):
                if name in texts:
                    packed.writestr(_entry(name), texts[name].encode('utf-8'))
                    continue
                done += _add(packed, name, files[name])
                if progress is not None:
                    progress(min(done, total), total)
        temporary.replace(archive)
    finally:
        temporary.unlink(missing_ok=True)
    return archive


def take_weights(archive: Path, folder: Path) -> Path:
    """Take the best weights out of a model's archive; a file that is no such archive is the weights itself.

    Raises:
        NoModelError: If the archive has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / 'best.pt'
    if not is_packed(archive, archive.name):
        shutil.copyfile(archive, target)
        return target
    with zipfile.ZipFile(archive) as packed:
        names = (name for name in packed.namelist() if name.endswith('.pt'))
        weights = sorted(names, key=lambda name: (name.count('/'), name))  # the root comes first
        ranked = [
            name for last in ('best.pt', 'last.pt') for name in weights if name.rpartition('/')[2] == last
        ]
        chosen = next(iter(ranked), weights[0] if len(weights) == 1 else None)
        if chosen is None:
            raise NoModelError(f'The model {archive.name} has no weights (best.pt) that could be evaluated.')
        with packed.open(chosen) as source, target.open('wb') as copy:
            shutil.copyfileobj(source, copy, _BLOCK)
    return target


def _add(packed: zipfile.ZipFile, name: str, path: Path) -> int:
    if name.endswith('/'):
        packed.writestr(_entry(name), b'')
        return 0
    size = path.stat().st_size
    with path.open('rb') as source, packed.open(_entry(name), 'w', force_zip64=size >= 1 << 31) as target:
        shutil.copyfileobj(source, target, _BLOCK)
    return size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # the same bytes on every system
    if name.endswith('/'):
        entry.external_attr = (stat.S_IFDIR | 0o755) << 16
    else:
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        if Path(name).suffix.lower() in _WORTH_DEFLATING:
            entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _regular(path: Path) -> Path:
    if path.is_symlink():
        raise NoModelError(
            f'{path} is a link; an archive would lose what it points at. Put the file in its place.'
        )
    if not path.is_file():
        raise NoModelError(f'{path} is no regular file, and an archive cannot hold it.')
    return path


def _checked_name(name: str, path: Path) -> str:
    try:
        name.encode('utf-8')
    except UnicodeEncodeError:
        raise NoModelError(
            f'The name of {str(path)!r} is no text (UTF-8), and an archive would change it.'
        ) from None
    if '\\' in name:
        raise NoModelError(f'The name of {path} has a backslash, which other systems take for a folder.')
    return name
