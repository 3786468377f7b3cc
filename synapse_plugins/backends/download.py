"""The events of a dataset version as a dm_v2 folder: every one, verified, or an error that names what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from inspect import signature
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..datasets.classes import write_classes
from ..datasets.digest import seal
from ..datasets.names import SPLIT_RULE, check_apart, is_split_name, order_splits, split_name
from ..errors import BackendError, DatasetError, ParamsError
from .fetch import local_path
from .filters import EVENT_FILTERS, category_of, check_keys
from .sources import Source
from .writer import EventWriter, picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ['MAPPING', 'SUMMARY', 'Download', 'is_unchanged', 'read_summary']

SUMMARY = 'export.json'
"""A file of the folder: what it holds and where it came from. Written last."""

MAPPING = 'files.jsonl'
"""A file of the folder: for each event its files, and what they were called."""

_VERSION = 4
"""Of what is written; part of the cache key."""

_FIELDS = ('id', 'pgh_id', 'category', 'files', 'data')
_DOCUMENT = 4096
_ON_MISSING = ('error', 'warn')


@dataclass
class _Query:
    split: str | None
    filters: dict[str, Any]
    events: Iterator[dict[str, Any]]
    count: int


class Download:
    """The events of one version, found and counted, ready to be written.

    Args:
        client: A backend.
        version_id: The version's id.
        splits: Split name -> filters (or None), or names alone; None: everything, by its own category.
        on_missing: What becomes of an event that cannot be had whole: ``error``, nothing is written; ``warn``, it is
            left out, and the summary says so.

    Raises:
        UnknownNameError: For an unknown filter key.
        DatasetError: If the version, or a split that was asked for, has no events.
        BackendError: If the backend fails.
    """

    def __init__(
        self,
        client: Any,
        version_id: int,
        splits: Mapping[str, Any] | Iterable[str] | None = None,
        *,
        on_missing: str = 'error',
    ) -> None:
        if on_missing not in _ON_MISSING:
            raise ParamsError(f'on_missing={on_missing!r} is not known; it is {" or ".join(_ON_MISSING)}.')
        self._client = client
        self._on_missing = on_missing
        # A client that only lists events will do; then nothing is known of the version as a whole.
        get_version = getattr(client, 'get_ground_truth_version', None)
        self.version: dict[str, Any] = dict(get_version(version_id)) if get_version else {'id': version_id}
        self._identity = str(
            getattr(client, 'identity', None) or getattr(client, 'name', type(client).__name__)
        )
        self._queries = [
            _query(client, version_id, split, filters) for split, filters in _wanted(splits).items()
        ]
        self._check_counts()

    @property
    def label(self) -> str:
        """What a person calls the version, e.g. ``bccd@2``."""
        name, number = self.version.get('name'), self.version.get('version')
        return f'{name}@{number}' if name and number is not None else str(name or self.version.get('id'))

    @property
    def count(self) -> int:
        """How many events there are."""
        return sum(query.count for query in self._queries)

    @property
    def key(self) -> str:
        """What the result depends on, as a digest: backend, version and its content, splits with their filters."""
        parts = {
            'writes': _VERSION,
            'backend': self._identity,
            'version': [self.version.get(name) for name in ('id', 'digest', 'count', 'modified')],
            'on_missing': self._on_missing,
            'queries': [[query.split, query.filters, query.count] for query in self._queries],
        }
        return sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]

    @property
    def is_remote(self) -> bool:
        """Whether the files come from a server."""
        first = self._first()
        try:
            return first is not None and local_path(str(picture_of(first).get('url'))) is None
        except DatasetError:
            return True

    def space_needed(self, folder: Path, link: str = 'hard') -> int:
        """Return the bytes that writing to *folder* takes at most, as far as the backend tells sizes."""
        documents = self.count * _DOCUMENT
        linked = link != 'copy' and self._can_link(folder)
        return documents if linked else documents + int(self.version.get('size') or 0)

    def write(
        self,
        folder: Path,
        *,
        link: str = 'hard',
        progress: Callable[[int, int], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        made_by: str = '',
        harvest: Path | None = None,
        workers: int = 8,
    ) -> dict[str, Any]:
        """Write everything into an empty folder, and return its summary.

        Args:
            folder: The folder.
            link: ``hard``: pictures of this machine are linked where that can be; ``copy``.
            progress: Called with the events done, and how many there are.
            cancelled: Asked before each event whether to stop.
            made_by: Kept in the summary.
            harvest: A folder for what comes from a server: it stays there until the caller removes it, so that after
                a crash only what is missing is fetched.
            workers: How many files come from a server at a time.

        Raises:
            BackendError: If anything is missing or changed, with the names; or if it was cancelled.
        """
        source = Source(self._client, int(self.version.get('id') or 0), link, harvest)
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(min(done, self.count), self.count)

        with (
            (folder / MAPPING).open('xb') as mapping,
            EventWriter(
                folder, source, self.label, mapping,
                workers=workers, on_missing=self._on_missing, advance=advance,
            ) as writer,
        ):  # fmt: skip
            for query in self._queries:
                self._write_query(query, writer, cancelled)
            writer.finish()
        return self._finish(writer, source, made_by)

    def _write_query(self, query: _Query, writer: EventWriter, cancelled: Callable[[], bool] | None) -> None:
        listed = 0
        for event in query.events:
            listed += 1
            if cancelled is not None and cancelled():
                raise BackendError(f'cancelled after {writer.done} of {self.count} events')
            writer.add(event, query.split)
        if listed != query.count:
            writer.problems.append(f'the backend listed {listed} of {query.count} events')

    def _finish(self, writer: EventWriter, source: Source, made_by: str) -> dict[str, Any]:
        # Only what the source declares is a class map. All that was ever seen is none: labels of tools that a
        # target does not use would become classes of it that have no annotation, and shift the numbers of others.
        if declared := self.version.get('declared_classes'):
            write_classes(writer.folder, list(declared))
        classes = list(self.version.get('classes') or sorted(writer.labels))
        summary = {
            'dataset': self.label,
            'version': self.version.get('id'),
            'key': self.key,
            'made_by': made_by,
            'count': writer.done,
            'missing': writer.missing,
            'fetched': source.fetched,
            'reused': source.reused,
            'is_categorized': None not in writer.splits,
            'splits': {name: writer.splits[name] for name in order_splits(set(filter(None, writer.splits)))},
            'classes': classes,
            'report': writer.report.to_dict(),
            'seal': seal(writer.folder),
        }
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        (writer.folder / SUMMARY).write_text(text + '\n', encoding='utf-8')
        return summary

    def _check_counts(self) -> None:
        have = self.version.get('splits') or {}
        there = ', '.join(f'{name} {count}' for name, count in have.items()) or 'no splits'
        for query in self._queries:
            if not query.count:
                which = f'The split {query.split!r} of the dataset' if query.split else 'The dataset'
                way_out = ' Leave it out of `splits`, or change its filter.' if query.split else ''
                raise DatasetError(
                    f'{which} {self.label} has no events for what was asked (it has: {there}).{way_out}'
                )

    def _can_link(self, folder: Path) -> bool:
        """Tell by the first event whether files of the backend and *folder* are on one file system."""
        first = self._first()
        if first is None:
            return False
        try:
            source = local_path(str(picture_of(first).get('url')))
            return source is not None and source.stat().st_dev == folder.stat().st_dev
        except (OSError, DatasetError):
            return False

    def _first(self) -> dict[str, Any] | None:
        """Return the first event, which is listed again all the same."""
        query = self._queries[0]
        first = next(query.events, None)
        if first is not None:
            query.events = chain([first], query.events)
        return first


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of an exported folder, None if it is none."""
    try:
        found = json.loads((folder / SUMMARY).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def is_unchanged(folder: Path) -> bool:
    """Tell whether an exported folder is as it was written; a linked picture can change with its source."""
    try:
        return bool((read_summary(folder) or {})['seal'] == seal(folder))
    except (OSError, KeyError):
        return False


# -- what is asked for --------------------------------------------------------------------------------------


def _wanted(splits: Mapping[str, Any] | Iterable[str] | None) -> dict[str | None, dict[str, Any]]:
    """Return canonical split name -> filters, in canonical order; the name is None where the events tell it."""
    if not splits:
        return {None: {}}
    given = splits if isinstance(splits, Mapping) else dict.fromkeys(splits)
    wanted: dict[str, dict[str, Any]] = {}
    for name, filters in given.items():
        split = split_name(str(name))
        if split in wanted:
            raise ParamsError(
                f'The split {name!r} is there twice; `splits` is an object of split names and filters.'
            )
        if not is_split_name(split):
            raise ParamsError(f'The split {name!r} cannot be called so: {SPLIT_RULE}. Give it another name.')
        if filters is not None and not isinstance(filters, Mapping):
            raise ParamsError(
                f'The filter of the split {name!r} is an object of names and values, not {filters!r}.'
            )
        check_keys(
            filters or {},
            EVENT_FILTERS - {'ground_truth_dataset_versions', 'ground_truth_dataset_version'},
            f'the split {name!r}',
        )
        wanted[split] = dict(filters or {})
    try:
        check_apart(wanted, '`splits` names', 'Give one of them another name.')
    except DatasetError as exc:
        raise ParamsError(str(exc)) from exc
    return {name: wanted[name] for name in order_splits(set(wanted))}


def _query(client: Any, version_id: int, split: str | None, filters: Mapping[str, Any]) -> _Query:
    params = {
        'fields': list(_FIELDS),
        'expand': 'data',
        **filters,
        'ground_truth_dataset_versions': version_id,
    }
    if split is not None and not {'category', 'categories'} & filters.keys():
        params['category'] = category_of(split)
    lister = client.list_ground_truth_events
    # Files are fetched one by one, verified; other clients fetch whole pages of them unless told not to.
    told: dict[str, Any] = {'url_conversion': {}} if 'url_conversion' in signature(lister).parameters else {}
    events, count = lister(params=params, list_all=True, **told)
    return _Query(split, dict(filters), iter(events), int(count))
