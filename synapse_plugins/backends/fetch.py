"""Fetching one file: linked or copied from this machine, or streamed from a server; verified, whole or absent."""

from __future__ import annotations

import os
import shutil
from hashlib import new as new_hash
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..datasets.images import probe
from ..errors import BackendError, DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['fetch', 'local_path']

_CHUNK = 1024 * 1024
_TIMEOUT = (5, 60)
_DIGESTS = {'sha256': 64, 'sha1': 40, 'md5': 32}


def local_path(url: str) -> Path | None:
    """Return the path that a ``file:`` URL names, None for any other URL."""
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == 'file' else None


def fetch(file: Mapping[str, Any], target: Path, link: str) -> bool:
    """Make *target* the file that a backend tells of.

    Args:
        file: ``url``, and if known ``size`` and ``checksum``, which are verified.
        target: Where to; nothing is there when this raises.
        link: ``hard`` or ``symlink`` for a file of this machine, where that can be, or ``copy``. A JPEG without
            its end marker is always copied, because some trainers mend such a file in place.

    Returns:
        Whether it is linked.

    Raises:
        BackendError: If it is missing, changed or broken; the text names it.
    """
    url = str(file.get('url') or '')
    source = local_path(url)
    linked = False
    try:
        if source is not None:
            linked = link != 'copy' and _is_whole(source) and _link(source, target, link)
            if not linked:
                shutil.copyfile(source, target)
        else:
            _stream(url, target)
        _verify(target, file, str(source or _without_query(url)))
    except BackendError:
        target.unlink(missing_ok=True)
        raise
    except OSError as exc:
        target.unlink(missing_ok=True)
        what = (
            'is gone'
            if isinstance(exc, FileNotFoundError) and source
            else f'cannot be read: {exc.strerror or exc}'
        )
        raise BackendError(f'{source or _without_query(url)} {what}') from exc
    return linked


def _is_whole(path: Path) -> bool:
    try:
        return probe(path).complete
    except DatasetError:
        return False


def _link(source: Path, target: Path, link: str) -> bool:
    try:
        (os.symlink if link == 'symlink' else os.link)(source.resolve(), target)
    except OSError:
        return False  # another file system, or one without links; what else is wrong, the copy meets too
    return True


def _stream(url: str, target: Path) -> None:
    if urlsplit(url).scheme not in {'http', 'https'}:
        raise BackendError(f'{url[:80]!r} is not an address that files are fetched from (file, http, https)')
    import requests

    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            with target.open('xb') as writing:
                for piece in answer.iter_content(_CHUNK):
                    writing.write(piece)
    except requests.RequestException as exc:
        status = exc.response.status_code if exc.response is not None else type(exc).__name__
        raise BackendError(f'{_without_query(url)} cannot be fetched: {status}') from exc


def _verify(path: Path, file: Mapping[str, Any], name: str) -> None:
    """Compare size and checksum, as far as they are known; one of an unknown kind is not compared."""
    size, expected = path.stat().st_size, file.get('size')
    if expected is not None and size != expected:
        raise BackendError(f'{name} has changed: it has {size} bytes, and had {expected}')
    kind, _, digest = str(file.get('checksum') or '').rpartition(':')
    if len(digest) != _DIGESTS.get(kind):
        return
    found = new_hash(kind, usedforsecurity=False)
    with path.open('rb') as reading:
        while piece := reading.read(_CHUNK):
            found.update(piece)
    if found.hexdigest() != digest.lower():
        raise BackendError(
            f'{name} has changed: its {kind} is {found.hexdigest()[:12]}..., and was {digest[:12]}...'
        )


def _without_query(url: str) -> str:
    """A presigned address carries its key in the query; that belongs in no message."""
    return urlsplit(url)._replace(query='', fragment='').geturl()
