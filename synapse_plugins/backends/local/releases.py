"""What authors send: releases of plugins, kept as they came. Nothing of them is run here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ParamsError, UnknownNameError
from ...store import require_space
from ...store.plain import dump
from ..fields import object_field, text_field
from .part import Part, checked_name, id_or_none, now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Row

__all__ = ['Releases']

_FIELDS = ('plugin', 'version', 'config', 'requirements', 'debug')
_QUERY = (
    'SELECT plugin_release.*, file.digest, file.suffix, file.reference, file.size FROM plugin_release '
    'JOIN file ON file.id = plugin_release.file '
)


class Releases(Part):
    """Releases of plugins."""

    def create_plugin_release(self, data: Mapping[str, Any], *, file: str | Path) -> dict[str, Any]:
        """Take a release.

        Args:
            data: ``plugin`` (its code), ``version``, and if wanted ``config``, ``requirements``, ``debug``.
            file: The archive.

        Raises:
            ParamsError: If that version is there already, or something is missing.
        """
        for key in data:
            if key not in _FIELDS:
                raise UnknownNameError('field of a plugin release', key, _FIELDS)
        plugin = checked_name(data.get('plugin'), 'plugin', '@/\\')
        version = text_field(data, 'version', 'a plugin release', or_number=True)
        if not version:
            raise ParamsError(f'A release of {plugin} needs a version.')
        config, archive = object_field(data, 'config', 'a plugin release'), Path(file)
        require_space(self.store.home, archive.stat().st_size, f'Taking the release {plugin}@{version}')
        with self.store.files.batch() as batch:
            stored = batch.add(archive)
            batch.sync()
            with self._db.transaction() as connection:
                batch.settle()
                if self._rows(
                    'SELECT 1 FROM plugin_release WHERE plugin = ? AND version = ?', plugin, version
                ):
                    raise ParamsError(
                        f'{plugin}@{version} was released already; raise the version in config.yaml.'
                    )
                values = {
                    'plugin': plugin, 'version': version, 'config': dump(config),
                    'requirements': dump(data.get('requirements') or ''), 'debug': bool(data.get('debug')),
                    'file': self._file_id(connection, stored), 'created': now(),
                }  # fmt: skip
                release_id = self._insert(connection, 'plugin_release', values)
        return self.get_plugin_release(release_id)

    def get_plugin_release(
        self, ref: int | str, *, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return a release by its id or as ``code@version``.

        Raises:
            NotFoundError: If there is none.
        """
        number = id_or_none(ref, 'plugin release')
        if number is not None:
            rows = self._rows(f'{_QUERY} WHERE plugin_release.id = ?', number)
        else:
            plugin, _, version = str(ref).rpartition('@')
            rows = self._rows(
                f'{_QUERY} WHERE plugin = ? AND (version = ? OR CAST(plugin_release.id AS TEXT) = ?)',
                plugin, version, version,
            )  # fmt: skip
        if not rows:
            raise NotFoundError(f'There is no plugin release {ref!r}.')
        return self._shape_release(rows[0])

    def list_plugin_releases(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a page of releases, newest first; filters: ``plugin``, ``version``."""
        filters = self._filters(params, ('plugin', 'version'), 'plugin releases')
        return self._page(_QUERY, 'plugin_release', params, filters, self._shape_release)

    def _shape_release(self, row: Row) -> dict[str, Any]:
        return {
            'id': row['id'],
            'plugin': row['plugin'],
            'version': row['version'],
            'config': json.loads(row['config']),
            'requirements': json.loads(row['requirements']),
            'debug': bool(row['debug']),
            'file': self._file_path(row).as_uri(),
            'checksum': f'sha256:{row["digest"]}',
            'size': row['size'],
            'created': row['created'],
        }
