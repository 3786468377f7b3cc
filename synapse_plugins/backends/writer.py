"""Writes events into a dm_v2 folder, in their order; files of a server come in side by side."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..datasets.files import write_bytes
from ..datasets.names import Namer, check_apart
from ..datasets.report import Report
from ..errors import BackendError, DatasetError
from .crew import Crew, Piece
from .fetch import local_name
from .filters import folder_split
from .jsontext import json_bytes
from .names import safe_file_name
from .seen import Seen
from .sources import Source, document_of, meta_file_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import BinaryIO, Self

__all__ = ['EventWriter', 'picture_of']

_PROBLEMS = 20
"""How many problems are collected before the rest is not tried."""

_AHEAD = 16
"""How many events wait for each connection at most: more than a page, so that the next one is listed meanwhile."""

_PICTURES = 'original_files'


@dataclass(slots=True)
class _Planned:
    """An event that has its names, and whose files may come in now; its paths are plain text, which costs less."""

    event: Any
    split: str | None
    specification: str
    file: dict[str, Any]
    original: str
    picture: str
    document: str


@dataclass(slots=True)
class _Waiting:
    key: Any
    planned: _Planned | None
    work: Piece[tuple[bool, dict[str, Any]]] | None = None
    problem: str = ''


class EventWriter:
    """Writes event by event; a context manager.

    A problem is kept until the end, so that a person sees more than the first; or, where missing events are only
    warned of, it stands in `missing` and the rest is written.

    Args:
        folder: An empty folder.
        source: Brings in the files.
        label: What the dataset is called.
        mapping: Takes a line for each event.
        workers: How many files come from a server at a time.
        on_missing: ``error`` or ``warn``.
        advance: Called after each event.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        label: str,
        mapping: BinaryIO,
        *,
        workers: int = 8,
        on_missing: str = 'error',
        advance: Callable[[], object] | None = None,
    ) -> None:
        self._label = label
        self.folder = folder
        self.report = Report()
        self.splits: dict[str | None, int] = {}
        self.labels: set[str] = set()
        self.problems: list[str] = []
        self.missing: list[dict[str, Any]] = []
        self.done = 0
        self._source = source
        self._mapping = mapping
        self._names = Seen()
        self._namer = Namer(self._names.add)
        self._folders: dict[str | None, tuple[str, str]] = {}
        self._workers = workers
        self._on_missing = on_missing
        self._advance = advance or (lambda: None)
        self._queue: deque[_Waiting] = deque()
        self._crew = Crew(workers, 'download')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.close()
        self._names.close()

    def add(self, event: Mapping[str, Any], split: str | None) -> None:
        """Begin to write an event; the oldest one that waits is finished when many do."""
        key = _event_id(event)
        try:
            planned = self._plan(event, split or folder_split(event.get('category')))
        except (BackendError, DatasetError) as exc:
            self._queue.append(_Waiting(key, None, problem=str(exc).rstrip('.')))
        else:
            waiting = _Waiting(key, planned)
            if local_name(str(planned.file.get('url') or '')) is None:
                waiting.work = self._crew.begin(partial(self._bring, planned))
            self._queue.append(waiting)
        while self._queue and (len(self._queue) > _AHEAD * self._workers or self._queue[0].work is None):
            self._take_next()

    def finish(self) -> None:
        """Write what still waits, and raise if anything was missing that must not be."""
        while self._queue:
            self._take_next()
        self.check()

    def check(self) -> None:
        """Raise if anything was missing that must not be."""
        if None in self.splits and len(self.splits) > 1:
            self.problems.append(f'{self.splits[None]} events have no category, and the others have one')
        if not self.problems and (self.done or not self.missing):
            return
        problems = self.problems or [f'event {item["event"]}: {item["reason"]}' for item in self.missing]
        shown = '; '.join(problems[:_PROBLEMS])
        more = ' ... and there may be more' if len(problems) > _PROBLEMS else ''
        raise BackendError(
            f'{self._label} cannot be exported whole: {shown}{more}. Nothing was written. '
            'Put the files back as they were, or import the dataset again; on_missing=warn leaves out what is missing.'
        )

    # -- one event ------------------------------------------------------------------------------------

    def _take_next(self) -> None:
        waiting = self._queue.popleft()
        problem = waiting.problem
        if waiting.planned is not None:
            try:
                brought = self._bring(waiting.planned) if waiting.work is None else waiting.work.result()
                self._write(waiting.key, waiting.planned, *brought)
            except (BackendError, DatasetError) as exc:
                Path(waiting.planned.picture).unlink(missing_ok=True)
                problem = str(exc).rstrip('.')
        if problem:
            self._miss(waiting.key, problem)
        self._advance()

    def _miss(self, key: Any, problem: str) -> None:
        if self._on_missing == 'warn':
            self.missing.append({'event': key, 'reason': problem})
            return
        self.problems.append(f'event {key}: {problem}')
        if len(self.problems) > _PROBLEMS:
            self.check()

    def _plan(self, event: Mapping[str, Any], split: str | None) -> _Planned:
        specification, file = _picture(event)
        documents, pictures = self._folders_of(split)
        original = str(file.get('file_name_original') or file['url'].split('?')[0])
        key = str(_event_id(event))
        name = safe_file_name(original, f'event-{key}')
        stem, dot, suffix = name.rpartition('.')
        unique = self._namer.name(split or '', stem if dot else name, key)
        picture = f'{pictures}{os.sep}{unique}{dot}{suffix}' if dot else f'{pictures}{os.sep}{unique}'
        document = f'{documents}{os.sep}{unique}.json'
        return _Planned(event, split, specification, file, original, picture, document)

    def _bring(self, planned: _Planned) -> tuple[bool, dict[str, Any]]:
        """Bring in the files of an event; this runs in a thread where they come from a server."""
        told = None
        if (found := meta_file_of(planned.event)) is not None:
            specification, file = found
            place = f'{planned.document.removesuffix(".json")}.told'
            told = self._source.document(planned.event, specification, file, place)
        document = document_of(planned.event, told)
        linked = self._source.take(planned.event, planned.specification, planned.file, planned.picture)
        return linked, document

    def _write(self, key: Any, planned: _Planned, linked: bool, document: dict[str, Any]) -> None:
        write_bytes(planned.document, json_bytes(document))
        split, original = planned.split, planned.original
        self.splits[split] = self.splits.get(split, 0) + 1
        self._count(document)
        name = planned.picture.rpartition(os.sep)[2]
        if name != original:
            self.report.renamed[f'{split or ""}/{original}'.lstrip('/')] = name
        line = {
            'event': key,
            'split': split,
            'picture': f'{split}/{_PICTURES}/{name}' if split else f'{_PICTURES}/{name}',
            'original_name': original,
            'checksum': planned.file.get('checksum'),
            'linked': linked,
        }
        self._mapping.write(json_bytes(line) + b'\n')
        self.done += 1

    def _folders_of(self, split: str | None) -> tuple[str, str]:
        if split not in self._folders:
            check_apart((*self._folders, split), 'there are', 'Give one of them another name there.')
            root = self.folder / split if split else self.folder
            for folder in (documents := root / 'json', pictures := root / _PICTURES):
                folder.mkdir(parents=True, exist_ok=True)
            self._folders[split] = str(documents), str(pictures)
        return self._folders[split]

    def _count(self, document: Mapping[str, Any]) -> None:
        self.report.keep('image')
        for tool, items in (document['images'][0] if document['images'] else {}).items():
            if items:
                self.report.keep(tool, len(items))
                labels = (item.get('classification') for item in items)
                self.labels.update(label for label in labels if isinstance(label, str))


def _event_id(event: Mapping[str, Any]) -> Any:
    return event.get('pgh_id') or event.get('id')


def picture_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the picture of an event: the primary one, else the first."""
    return _picture(event)[1]


def _picture(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the picture of an event with its specification."""
    pictures = [
        (name, {'url': file} if isinstance(file, str) else dict(file))
        for name, file in sorted((event.get('files') or {}).items())
        if _is_picture(name, file)
    ]
    if not pictures:
        raise DatasetError('it has no picture')
    return next((pair for pair in pictures if pair[1].get('is_primary')), pictures[0])


def _is_picture(name: str, file: Any) -> bool:
    if isinstance(file, str):
        return bool(file) and not name.startswith('data_meta')
    return isinstance(file, dict) and bool(file.get('url')) and file.get('file_type', 'image') == 'image'
