"""Writes events into a dm_v2 folder, one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..datasets.names import Namer
from ..datasets.report import Report
from ..errors import BackendError, DatasetError
from .fetch import fetch
from .filters import split_of
from .names import safe_file_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TextIO

__all__ = ['EventWriter', 'picture_of']

_PROBLEMS = 20
"""How many problems are collected before the rest is not tried."""


class EventWriter:
    """Writes event by event; a problem is kept until the end, so that a person sees more than the first."""

    def __init__(self, folder: Path, link: str, label: str) -> None:
        self._label = label
        self.folder = folder
        self.report = Report()
        self.splits: dict[str | None, int] = {}
        self.labels: set[str] = set()
        self.problems: list[str] = []
        self.done = 0
        self._link = link
        self._namer = Namer()

    def add(self, event: Mapping[str, Any], split: str | None, mapping: TextIO) -> None:
        """Write one event."""
        split = split or split_of(event.get('category'))
        try:
            line = self._write(event, split)
        except (BackendError, DatasetError) as exc:
            self.problems.append(f'event {_event_id(event)}: {exc}')
            if len(self.problems) > _PROBLEMS:
                self.check()
            return
        mapping.write(json.dumps(line, ensure_ascii=False) + '\n')
        self.done += 1

    def check(self) -> None:
        """Raise if anything was missing."""
        if None in self.splits and len(self.splits) > 1:
            self.problems.append(f'{self.splits[None]} events have no category, and the others have one')
        if not self.problems:
            return
        shown = '; '.join(self.problems[:_PROBLEMS])
        more = ' ... and there may be more' if len(self.problems) > _PROBLEMS else ''
        raise BackendError(
            f'{self._label} cannot be exported whole: {shown}{more}. Nothing was written. '
            'Put the files back as they were, or import the dataset again.'
        )

    def _write(self, event: Mapping[str, Any], split: str | None) -> dict[str, Any]:
        file, document = picture_of(event), _document(event)
        names, pictures = self._folders(split)
        original = str(file.get('file_name_original') or file['url'].split('?')[0])
        name = safe_file_name(original, f'event-{_event_id(event)}')
        stem, dot, suffix = name.rpartition('.')
        unique = self._namer.name(split or '', stem if dot else name, str(_event_id(event)))
        picture = pictures / f'{unique}{dot}{suffix}' if dot else pictures / unique
        linked = fetch(file, picture, self._link)
        text = json.dumps(document, ensure_ascii=False, separators=(',', ':'))
        (names / f'{unique}.json').write_text(text, encoding='utf-8')
        self.splits[split] = self.splits.get(split, 0) + 1
        self._count(document)
        if picture.name != original:
            self.report.renamed[f'{split or ""}/{original}'.lstrip('/')] = picture.name
        return {
            'event': _event_id(event),
            'split': split,
            'picture': picture.relative_to(self.folder).as_posix(),
            'original_name': original,
            'checksum': file.get('checksum'),
            'linked': linked,
        }

    def _folders(self, split: str | None) -> tuple[Path, Path]:
        root = self.folder / split if split else self.folder
        folders = root / 'json', root / 'original_files'
        if split not in self.splits:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        return folders

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
    files = [value for _, value in sorted((event.get('files') or {}).items())]
    pictures = [
        {'url': file} if isinstance(file, str) else dict(file)
        for file in files
        if isinstance(file, str) or (file.get('url') and file.get('file_type', 'image') == 'image')
    ]
    if not pictures:
        raise DatasetError('it has no picture')
    return next((file for file in pictures if file.get('is_primary')), pictures[0])


def _document(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the DM v2 document of an event; one without annotations has an empty one."""
    data = event.get('data')
    if not data:
        return {'images': [{}]}
    if not isinstance(data, dict) or not isinstance(data.get('images'), list):
        raise DatasetError('its data is not a DM v2 document')
    return data
