"""Brings in what events are made of: files of this machine at once, those of a server side by side."""

from __future__ import annotations

import os
import re
import shutil
import threading
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..datasets import dm
from ..datasets.files import read_bytes
from ..errors import BackendError, DatasetError
from .fetch import fetch, fetch_from_server, local_name
from .jsontext import json_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ['Source', 'document_of', 'meta_file_of']

_SUFFIX = re.compile(r'\.[A-Za-z0-9]{1,10}$')
_LARGEST_DOCUMENT = 512 * 1024 * 1024


class Source:
    """Where the files of a download come from.

    Threads may share it.

    Attributes:
        fetched: The bytes that came from a server.
        reused: How many files were there from a download that was cut short.

    Args:
        client: The backend.
        version_id: The dataset version.
        link: What becomes of files of this machine, see `fetch`.
        harvest: A folder for what comes from a server, to be gone on with after a crash; None: none is kept.
    """

    def __init__(self, client: Any, version_id: int, link: str, harvest: Path | None = None) -> None:
        self.fetched = self.reused = 0
        self._transport = getattr(client, 'transport', None)
        self._version_id = version_id
        self._link = link
        self._harvest = harvest
        self._renew = getattr(client, 'renew_file_url', None)
        self._lock = threading.Condition(threading.Lock())
        self._at_work: set[str] = set()

    def take(
        self, event: Mapping[str, Any], specification: str, file: Mapping[str, Any], target: str
    ) -> bool:
        """Make *target* a file of an event, and tell whether it is another name of a file of this machine.

        Raises:
            BackendError: If it is missing, changed or broken.
        """
        if local_name(str(file.get('url') or '')) is not None:
            return fetch(file, target, self._link)
        if self._harvest is None:
            try:
                self._fetch(event, specification, file, target)
            except BaseException:
                Path(f'{target}.part').unlink(missing_ok=True)  # nobody goes on with it
                raise
            return False
        name = _harvest_name(event, specification, file)
        with self._turn(name):
            place = f'{self._harvest}{os.sep}{name}'
            if os.path.isfile(place):  # noqa: PTH113 - for each of many small files
                with self._lock:
                    self.reused += 1
            else:
                self._fetch(event, specification, file, place)
            _name_again(place, target)
        return False

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Let one thread at a time work on a file: events may share one."""
        with self._lock:
            while name in self._at_work:
                self._lock.wait()
            self._at_work.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.remove(name)
                self._lock.notify_all()

    def document(
        self, event: Mapping[str, Any], specification: str, file: Mapping[str, Any], target: str
    ) -> Any:
        """Return the JSON document that a file of an event is.

        Raises:
            BackendError: If it cannot be had, or is not JSON.
        """
        self.take(event, specification, file, target)
        try:
            if os.stat(target).st_size > _LARGEST_DOCUMENT:  # noqa: PTH116 - for each of many small files
                raise BackendError(f'its document {specification} has more than {_LARGEST_DOCUMENT} bytes')
            return json_value(read_bytes(target))
        except ValueError as exc:
            raise BackendError(f'its document {specification} is not JSON: {exc}') from exc
        finally:
            with suppress(FileNotFoundError):
                os.unlink(target)  # noqa: PTH108 - for each of many small files

    def _fetch(
        self, event: Mapping[str, Any], specification: str, file: Mapping[str, Any], place: str
    ) -> None:
        renew = self._renew
        size = fetch_from_server(
            file,
            place,
            transport=self._transport,
            renew=None if renew is None else lambda: str(renew(event, specification, self._version_id)),
        )
        with self._lock:
            self.fetched += size


def _harvest_name(event: Mapping[str, Any], specification: str, file: Mapping[str, Any]) -> str:
    """Return what a file is called until the download is whole: the same for the same content, in every run."""
    url = str(file['url']).partition('?')[0]
    known = file.get('checksum')
    what = (
        f'{known}\n{file.get("size")}'
        if known
        else f'{event.get("pgh_id")}\n{event.get("id")}\n{specification}\n{url}'
    )
    suffix = _SUFFIX.search(url)
    return f'{sha256(what.encode("utf-8", "surrogateescape")).hexdigest()[:40]}{suffix[0].lower() if suffix else ""}'


def _name_again(place: str, target: str) -> None:
    """Give a file that was fetched its name in the dataset too."""
    try:
        os.link(place, target)
    except OSError:  # a file system without links, or another one
        shutil.copyfile(place, target)


def document_of(event: Mapping[str, Any], told: Any = None) -> dict[str, Any]:
    """Return the DM v2 document of an event, with every tool; one without annotations has an empty one.

    Args:
        event: The event.
        told: What its file of annotations holds, if it has one; it wins over the event's own data.

    Raises:
        DatasetError: If it is neither of version 1 nor of version 2.
    """
    data = told if told is not None else event.get('data')
    if not data and event.get('annotations') is not None:
        data = {key: event[key] for key in ('annotations', 'annotationsData') if key in event}
    if not data:
        return {'images': [{}]}
    if isinstance(data, dict):
        if isinstance(data.get('images'), list):
            return data
        if any(isinstance(data.get(kind), list) for kind in dm.CONTAINERS):
            return {**data, 'images': []}
        if 'annotations' in data or 'annotationsData' in data:
            made = dm.to_v2(data).data
            made.setdefault('images', [{}])
            return made
    raise DatasetError('its data is a Datamaker document of neither version')


def meta_file_of(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the file of an event that holds its annotations, by its specification; None if it has none."""
    for name, file in sorted((event.get('files') or {}).items()):
        if not name.startswith('data_meta'):
            continue
        told = {'url': file} if isinstance(file, str) else dict(file or {})
        called = str(told.get('file_name_original') or told.get('url') or '').partition('?')[0]
        if told.get('url') and called.lower().endswith('.json'):
            return name, told
    return None
