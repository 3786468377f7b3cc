"""Fetching one file: linked or copied from this machine, or streamed from a server; verified, whole or absent.

Files are texts here, and no `Path`: there may be millions, and the names in a `Path` are kept for good by Python 3.12.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from hashlib import new as new_hash
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..datasets.images import probe
from ..errors import BackendError, DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .synapse.transport import Transport

__all__ = ['fetch', 'fetch_from_server', 'local_name', 'local_path', 'verify']

_CHUNK = 1024 * 1024
_DIGESTS = {'sha256': 64, 'sha1': 40, 'md5': 32}


def local_path(url: str) -> Path | None:
    """Return the path that a ``file:`` URL names, None for any other URL."""
    name = local_name(url)
    return None if name is None else Path(name)


def local_name(url: str) -> str | None:
    """Return the same as a text."""
    if url.startswith(('http://', 'https://')):  # taking an address apart costs as much as opening a file
        return None
    parts = urlsplit(url)
    return url2pathname(parts.path) if parts.scheme == 'file' else None


def fetch(
    file: Mapping[str, Any],
    target: str | Path,
    link: str,
    *,
    transport: Transport | None = None,
    renew: Callable[[], str] | None = None,
) -> bool:
    """Make *target* the file that a backend tells of.

    Args:
        file: ``url``, and if known ``size`` and ``checksum``, which are verified.
        target: Where to; nothing is there when this raises.
        link: ``hard`` or ``symlink`` for a file of this machine, where that can be, or ``copy``. A JPEG without
            its end marker is always copied, because some trainers mend such a file in place.
        transport: What asks a server; None: one of its own, without credentials.
        renew: Returns a fresh address for one that has expired.

    Returns:
        Whether it is linked.

    Raises:
        BackendError: If it is missing, changed or broken; the text names it.
    """
    url, place = str(file.get('url') or ''), os.fspath(target)
    source = local_name(url)
    if source is None:
        try:
            fetch_from_server(file, place, transport=transport, renew=renew)
        except BaseException:
            _remove(f'{place}.part')
            raise
        return False
    linked = False
    try:
        linked = link != 'copy' and _is_whole(source) and _link(source, place, link)
        if not linked:
            shutil.copyfile(source, place)
        verify(place, file, source)
    except BackendError:
        _remove(place)
        raise
    except OSError as exc:
        _remove(place)
        gone = isinstance(exc, FileNotFoundError)
        what = 'is gone' if gone else f'cannot be read: {exc.strerror or exc}'
        raise BackendError(f'{source} {what}') from exc
    return linked


def _remove(name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name)  # noqa: PTH108


def _is_whole(path: str) -> bool:
    try:
        return probe(path).complete
    except DatasetError:
        return False


def _link(source: str, target: str, link: str) -> bool:
    try:
        (os.symlink if link == 'symlink' else os.link)(os.path.realpath(source), target)
    except OSError:
        return False  # another file system, or one without links; what else is wrong, the copy meets too
    return True


def fetch_from_server(
    file: Mapping[str, Any],
    target: str | Path,
    *,
    transport: Transport | None = None,
    renew: Callable[[], str] | None = None,
) -> int:
    """Make *target* a file of a server, and return its bytes.

    What came in stays beside *target* when this raises, and the next call goes on with it. For the arguments see
    `fetch`.

    Raises:
        BackendError: If it is missing, changed or broken; the text names it.
    """
    url = str(file.get('url') or '')
    if not url.startswith(('http://', 'https://')) and urlsplit(url).scheme not in {'http', 'https'}:
        raise BackendError(f'{url[:80]!r} is not an address that files are fetched from (file, http, https)')
    from .synapse.fetching import Fetch

    own = _transport_for(url) if transport is None else None
    try:
        asking = transport or own
        assert asking is not None
        fetching = Fetch(
            asking, url, target, size=file.get('size'), checksum=file.get('checksum'), renew=renew
        )
        fetching.run()
    finally:
        if own is not None:
            own.close()
    return fetching.size_there


def _transport_for(url: str) -> Transport:
    """Return what asks a server of which nothing is known, without credentials."""
    from .synapse.credentials import Credentials, Setting
    from .synapse.transport import Retries, Transport

    parts = urlsplit(url)
    server = Credentials(Setting(f'{parts.scheme}://{parts.netloc}', 'the address of a file'))
    return Transport(server, retries=Retries(attempts=3, first=0.2, longest=2.0))


def verify(path: str | Path, file: Mapping[str, Any], name: str) -> None:
    """Compare a file with `size` and `checksum`, as far as they are known; one of an unknown kind is not compared.

    Raises:
        BackendError: If it differs.
    """
    size, expected = os.path.getsize(path), file.get('size')  # noqa: PTH202
    if expected is not None and size != expected:
        raise BackendError(f'{name} has changed: it has {size} bytes, and had {expected}')
    kind, _, digest = str(file.get('checksum') or '').rpartition(':')
    if len(digest) != _DIGESTS.get(kind):
        return
    found = new_hash(kind, usedforsecurity=False)
    with open(path, 'rb') as reading:  # noqa: PTH123
        while piece := reading.read(_CHUNK):
            found.update(piece)
    if found.hexdigest() != digest.lower():
        raise BackendError(
            f'{name} has changed: its {kind} is {found.hexdigest()[:12]}..., and was {digest[:12]}...'
        )
