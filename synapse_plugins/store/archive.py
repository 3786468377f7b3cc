"""Folders packed into zip archives, and unpacked without trusting them."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import ParamsError, StoreError
from ..units import human_size
from .space import require_space

__all__ = ['is_packed', 'pack_folder', 'unpack']

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HARMLESS = 256 * 1024 * 1024
_MOST_TIMES = 100


def pack_folder(folder: Path, target: Path) -> Path:
    """Pack everything in a folder, so that the same content gives the same archive.

    Raises:
        ParamsError: If it is empty, or holds what could not be packed whole or unpacked again: a link to a folder or
            to nothing, a name that some system takes for a place elsewhere.
    """
    with zipfile.ZipFile(target, 'x', zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(folder.rglob('*')):
            name = path.relative_to(folder).as_posix()
            if _leads_outside(name):
                raise ParamsError(f'{path} has a name that leads elsewhere on other systems; rename it.')
            if path.is_dir() and not path.is_symlink():
                archive.writestr(zipfile.ZipInfo(f'{name}/', _EPOCH), b'')
                continue
            if not path.is_file():
                raise ParamsError(
                    f'{path} is no file and no folder, so that {folder} cannot be packed whole.'
                )
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            with path.open('rb') as source, archive.open(info, 'w', force_zip64=True) as packed:
                shutil.copyfileobj(source, packed, 1024 * 1024)
        if not archive.namelist():
            raise ParamsError(f'The folder {folder} is empty; there is no model in it.')
    return target


def is_packed(archive: Path, name: str) -> bool:
    """Tell whether a file is an archive of several, by what it was called and by what it is.

    The content alone does not tell: weights (``.pt``, ``.pth``, ``.ckpt``, ``.keras``) are zip archives by themselves.
    """
    return name.lower().endswith('.zip') and zipfile.is_zipfile(archive)


def unpack(archive: Path, folder: Path, name: str) -> list[str]:
    """Unpack a zip archive, or copy a plain file (see `is_packed`), into a folder, and return the names.

    Args:
        archive: The file as it is stored.
        folder: An empty folder. What was unpacked stays there when this raises, so use a temporary one.
        name: What the file was called.

    Raises:
        StoreError: If a name in it leads outside or is there twice, if it is a link, if it is damaged, if it would grow
            beyond all measure, or if the disk has no room for what it holds.
    """
    if not is_packed(archive, name):
        shutil.copyfile(archive, folder / name)
        return [name]
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_names(members, name)
            _check_size(archive, members, name)
            require_space(folder, sum(info.file_size for info in members), f'Unpacking {name}')
            return [info.filename for info in members if _unpack_member(packed, info, folder)]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
        raise StoreError(f'{name} cannot be unpacked: {exc}.') from exc  # damaged, or encrypted
    except FileExistsError as exc:
        raise StoreError(
            f'{name} holds two entries that are one file on this system: {exc.filename}.'
        ) from exc


def _check_size(archive: Path, members: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse what would grow beyond all measure; models hardly shrink when they are packed."""
    size = sum(info.file_size for info in members)
    if size > _HARMLESS and size > _MOST_TIMES * archive.stat().st_size:
        raise StoreError(
            f'{name} would grow from {human_size(archive.stat().st_size)} to {human_size(size)} when it is unpacked; '
            'no model does. Nothing was unpacked from it.'
        )


def _unpack_member(packed: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> bool:
    """Unpack one entry; False for a folder."""
    place = folder / PurePosixPath(info.filename)
    if info.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(info) as source, place.open('xb') as target:
        shutil.copyfileobj(source, target, 1024 * 1024)
    return True


def _check_names(members: list[zipfile.ZipInfo], name: str) -> None:
    """Refuse an archive before anything of it is unpacked, on every system alike."""
    seen: set[PurePosixPath] = set()
    for info in members:
        place = PurePosixPath(info.filename)
        # The original name, because zipfile turns backslashes into slashes on Windows.
        if _leads_outside(info.orig_filename) or _is_link(info):
            raise StoreError(
                f'{name} holds {info.orig_filename!r}, which leads outside; nothing was unpacked from it.'
            )
        if place in seen:
            raise StoreError(f'{name} holds {info.filename!r} twice; nothing was unpacked from it.')
        seen.add(place)


def _leads_outside(name: str) -> bool:
    """Tell whether an entry would lie elsewhere on some system: there is ``..``, a root, a drive or a backslash."""
    place = PurePosixPath(name)
    return place.is_absolute() or '..' in place.parts or '\\' in name or bool(PureWindowsPath(name).drive)


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)
