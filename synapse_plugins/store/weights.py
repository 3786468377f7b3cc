"""Files of weights that are something else: told by their content, before anything loads them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from ..errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['WEIGHTS', 'check_torch', 'check_weights']

WEIGHTS = frozenset({'.pt', '.pth', '.ckpt', '.onnx', '.safetensors', '.keras', '.h5', '.zip'})
"""Suffixes of files that hold weights, or models packed."""

_TORCH = frozenset({'.pt', '.pth'})
_PACKED = frozenset({'.zip', '.keras'})
_PAGE = (b'<!doctype', b'<html', b'<?xml', b'<head', b'<body', b'<error')
_POINTER = b'version https://git-lfs.github.com/spec/'
_ZIP, _PICKLE, _TAR, _HDF = b'PK\x03\x04', b'\x80', b'ustar', b'\x89HDF\r\n\x1a\n'
_NEXT = 'Register the model again from the file that its training wrote, or start from another checkpoint.'


def check_weights(path: Path, name: str) -> None:
    """Refuse a file that cannot be what its suffix says; what only its trainer can tell passes.

    Args:
        path: The file; one whose suffix tells of no weights is not looked into.
        name: What it was called.

    Raises:
        StoreError: If it is empty, a web page, a pointer of Git LFS, or an archive that is none or is cut short.
    """
    suffix = _suffix(name)
    if suffix not in WEIGHTS:
        return
    with path.open('rb') as reading:
        start = reading.read(512)
    text = start.removeprefix(b'\xef\xbb\xbf').lstrip().lower()
    if not start:
        raise _refused(name, 'is empty')
    if text.startswith(_PAGE):
        raise _refused(
            name, 'is a web page, such as the one of a login or of an error, saved under this name'
        )
    if text.startswith(_POINTER):
        raise _refused(name, 'is a pointer of Git LFS, and not the file itself; `git lfs pull` fetches that')
    if start.startswith(_ZIP) and not zipfile.is_zipfile(path):
        raise _refused(name, 'is a zip archive that was cut short')
    if suffix in _PACKED and not start.startswith(_ZIP) and not zipfile.is_zipfile(path):
        raise _refused(name, 'is no zip archive')
    if suffix == '.h5' and not start.startswith(_HDF):
        raise _refused(name, 'is no HDF5 file')
    if suffix == '.safetensors' and not _is_safetensors(start, path.stat().st_size):
        raise _refused(name, 'has no header of safetensors, or was cut short')


def check_torch(path: Path) -> None:
    """Refuse what is called ``.pt`` or ``.pth`` and was not written by PyTorch. Nothing of it is loaded.

    Raises:
        StoreError: Also for all that `check_weights` refuses.
    """
    check_weights(path, path.name)
    if _suffix(path.name) not in _TORCH:
        return
    with path.open('rb') as reading:
        start = reading.read(512)
    if start.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            if any(name.rpartition('/')[2] == 'data.pkl' for name in archive.namelist()):
                return
        raise _refused(path.name, 'is a zip archive that PyTorch did not write: there is no data.pkl in it')
    if not start.startswith(_PICKLE) and start[257:262] != _TAR:  # as before PyTorch 1.6, and before 0.1.10
        raise _refused(path.name, 'was not written by PyTorch: it is neither a zip archive nor a pickle')


def _suffix(name: str) -> str:
    dot = name.rfind('.')
    return name[dot:].lower() if dot > 0 else ''


def _is_safetensors(start: bytes, size: int) -> bool:
    """Tell whether the length of the header, which comes first, fits the file."""
    return 8 + int.from_bytes(start[:8], 'little') <= size and start[8:9] == b'{'


def _refused(name: str, why: str) -> StoreError:
    return StoreError(f'The weights {name} {why}. {_NEXT}')
