"""Datasets and their versions: list, find, register, remove. Importing is in `imports`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...datasets.digest import fingerprint
from ...errors import NotFoundError
from ..filters import check_keys
from .imports import Import
from .part import Part, as_id, as_name, as_page, checked_name, id_or_none, not_found, paging
from .tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from sqlite3 import Row

__all__ = ['Datasets']

_VERSIONS = (
    'SELECT dataset_version.*, dataset.name AS name, dataset.last_version FROM dataset_version '
    'JOIN dataset ON dataset.id = dataset_version.dataset '
)
_UNSHOWN = frozenset(('fingerprint', 'last_version'))
_JSON_COLUMNS = ('classes', 'declared_classes', 'splits', 'notes')


class Datasets(Part):
    """Ground-truth datasets. A version never changes; importing something else under its name makes the next one."""

    def import_dataset(
        self,
        source: Path | str,
        name: str,
        *,
        source_format: str | None = None,
        link: Literal['copy', 'hard', 'reference'] = 'copy',
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, Any]:
        """Import a dataset from a folder, in any format that can be read.

        Args:
            source: The folder; it is only read.
            name: The dataset's name; if there is one of that name, this becomes its next version, unless its
                newest one holds just the same, taken in the same way: then that is returned.
            source_format: The format; None: it is recognised.
            link: What becomes of the pictures. ``copy``: the store has its own; ``hard``: it has another name
                of yours, or a copy where that cannot be; ``reference``: it remembers where yours are, and
                checks size and content whenever they are used.
            progress: Called with the pictures done, and how many there are.

        Returns:
            The version: ``id``, ``name``, ``version``, ``count``, ``splits``, ``classes``, ``notes`` ..., and
            ``is_new``: whether it was made now.

        Raises:
            DatasetError: If it cannot be read or has no picture.
            StoreError: If the disk has no room for it.
        """
        name = checked_name(name, 'dataset', '@/\\')
        with Import(self.store, Path(source), source_format, link, progress) as incoming:
            version_id = incoming.commit(name)
        return {**self.get_dataset(version_id), 'is_new': incoming.is_new}

    def list_datasets(self) -> list[dict[str, Any]]:
        """Return all versions, by name, newest first."""
        rows = self._rows(_VERSIONS + 'ORDER BY dataset.name, dataset_version.version DESC')
        return [_version(row) for row in rows]

    def list_ground_truth_versions(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of versions, newest first."""
        params = dict(params or {})
        check_keys(params, ('ground_truth_dataset', 'is_archived', 'page', 'page_size'), 'dataset versions')
        page, size = paging(params)
        rows = self._rows(_VERSIONS + 'ORDER BY dataset_version.id DESC')
        wanted = [_version(row) for row in rows if _is_wanted(row, params)]
        return as_page(wanted[(page - 1) * size : page * size], len(wanted), page, size)

    def get_ground_truth_version(self, version_id: int) -> dict[str, Any]:
        """Return one version."""
        return self.get_dataset(as_id(version_id, 'dataset version'))

    def get_dataset(self, ref: int | str) -> dict[str, Any]:
        """Return the version that an id, a name or a ``name@version`` means; a bare name means the newest.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        return _version(self._find(ref))

    def resolve_dataset(self, ref: int | str, *, register_folder: bool = True) -> int:
        """Return the id of a dataset version.

        Args:
            ref: An id (digits always are one), a name, a ``name@version``, or a folder. A name comes before a
                folder of that name; ``./folder`` is always the folder.
            register_folder: Whether a folder that is not known yet is registered in place, by reference. A
                folder in which nothing changed since is the version that it was, and needs no registering.

        Raises:
            NotFoundError: If there is none, with close matches; also for a folder that is not known and must not
                be registered, of which `inspect_folder` tells.
            DatasetError: If a folder is no dataset.
        """
        text = str(ref).strip()
        try:
            return int(self._find(ref)['id'])
        except NotFoundError:
            folder = Path(text).expanduser()
            if not text or text.isdecimal():
                raise
            if not folder.is_dir():
                if folder.name != text:
                    raise NotFoundError(f'There is no folder {text}, and no dataset of that name.') from None
                raise
            folder = folder.resolve()
            if (known := self._unchanged(folder)) is not None:
                return known
            if not register_folder:
                raise
        return self._register(folder)

    def source_has_changed(self, ref: int | str) -> bool:
        """Tell whether the folder that a version was imported from is there, and looks other than it did then.

        Raises:
            NotFoundError: If there is no such version, with close matches.
        """
        row = self._find(ref)
        source = Path(row['source'])
        return source.is_dir() and fingerprint(source) != row['fingerprint']

    def inspect_folder(self, folder: Path | str) -> dict[str, Any]:
        """Return what a version made of a folder would be, and register nothing.

        Returns:
            The keys of a version, as far as only reading tells them: no ``id``, ``dataset``, ``digest`` and
            ``created``. `name` and `version` are those that registering it would give.

        Raises:
            DatasetError: If the folder is no dataset, or has no picture that can be read.
        """
        place = Path(folder).expanduser().resolve()
        tally = Tally(place, None)
        for sample in tally.samples():
            tally.size += sample.image.path.stat().st_size
        known = self._registered(place)
        name, number = (
            (self._free_name(place.name), 0) if known is None else (known['name'], known['last_version'])
        )
        return {'name': name, 'version': number + 1, 'link': 'reference', **tally.facts()}

    def remove_dataset(self, ref: int | str) -> list[str]:
        """Remove a version (id or ``name@version``), or a whole dataset (its name).

        Models and runs that came from it stay, and keep its name; folders exported from it stay whole. Your
        own files are never touched.

        Returns:
            What was removed, as ``name@version``.

        Raises:
            NotFoundError: If there is none, with close matches.
            NeededError: If a run at work needs it.
        """
        with self._db.transaction() as connection:
            found = self._find(ref)
            whole = as_name(ref) == found['name']
            rows = (
                self._rows(_VERSIONS + 'WHERE dataset = ? ORDER BY version', found['dataset'])
                if whole
                else [found]
            )
            self._refuse_if_at_work(
                f'The dataset {as_name(ref)}', 'dataset', (int(row['id']) for row in rows)
            )
            for row in rows:
                connection.execute('DELETE FROM dataset_version WHERE id = ?', (row['id'],))
            connection.execute(
                'DELETE FROM dataset WHERE id = ? AND NOT EXISTS '
                '(SELECT 1 FROM dataset_version WHERE dataset = dataset.id)',
                (found['dataset'],),
            )
        self.collect_garbage()
        return [f'{row["name"]}@{row["version"]}' for row in rows]

    def _register(self, folder: Path) -> int:
        """Return the version of a folder, a new one if something in it has really changed."""
        with (
            Import(self.store, folder, None, 'reference', None) as incoming,
            self._db.transaction() as connection,
        ):
            known = self._registered(folder)  # another process may have been quicker
            if known is not None and known['digest'] == incoming.digest:
                query = 'UPDATE dataset_version SET fingerprint = ? WHERE id = ?'
                connection.execute(query, (incoming.fingerprint, known['id']))
                return int(known['id'])
            return incoming.commit(self._free_name(folder.name) if known is None else known['name'])

    def _unchanged(self, folder: Path) -> int | None:
        """Return the id of the version that a folder was registered as, if it still looks as it did."""
        known = self._registered(folder)
        if known is None or known['fingerprint'] != fingerprint(folder):
            return None
        return int(known['id'])

    def _registered(self, folder: Path) -> Row | None:
        query = _VERSIONS + "WHERE source = ? AND link = 'reference' ORDER BY dataset_version.id DESC LIMIT 1"
        rows = self._rows(query, str(folder))
        return rows[0] if rows else None

    def _free_name(self, name: str) -> str:
        """Return a dataset name made of a folder's that no dataset has."""
        cleaned = ''.join('_' if char in '@/\\' or not char.isprintable() else char for char in name).strip(
            ' .'
        )
        base = checked_name(
            cleaned if cleaned and not cleaned.isdecimal() else f'folder-{cleaned}', 'dataset', '@/\\'
        )
        taken = {row['name'] for row in self._rows('SELECT name FROM dataset')}
        number, free = 1, base
        while free in taken:
            number += 1
            free = f'{base}-{number}'
        return free

    def _find(self, ref: int | str) -> Row:
        wanted_id, text = id_or_none(ref, 'dataset version'), as_name(ref)
        if wanted_id is not None:
            rows = self._rows(_VERSIONS + 'WHERE dataset_version.id = ?', wanted_id)
            if not rows:
                raise not_found('dataset version', wanted_id, (), 'synapse-plugins datasets list')
            return rows[0]
        name, at, number = text.rpartition('@') if '@' in text else (text, '', '')
        rows = self._rows(_VERSIONS + 'WHERE dataset.name = ? ORDER BY version DESC', name)
        wanted = [row for row in rows if not at or str(row['version']) == number]
        if not wanted:
            raise not_found('dataset', text, self._known_names(rows), 'synapse-plugins datasets list')
        return wanted[0]

    def _known_names(self, versions: Sequence[Row]) -> list[str]:
        if versions:
            return [f'{row["name"]}@{row["version"]}' for row in versions]
        return [row['name'] for row in self._rows('SELECT name FROM dataset')]


def _version(row: Row) -> dict[str, Any]:
    version = {key: row[key] for key in row.keys() if key not in _UNSHOWN}  # noqa: SIM118 - a Row is no mapping
    for key in _JSON_COLUMNS:
        version[key] = json.loads(version[key])
    version['is_categorized'] = bool(version['is_categorized'])
    return version


def _is_wanted(row: Row, params: Mapping[str, Any]) -> bool:
    dataset = params.get('ground_truth_dataset')
    if str(params.get('is_archived', False)).lower() in {'true', '1'}:
        return False  # nothing is archived here
    return dataset is None or row['dataset'] == as_id(dataset, 'dataset')
