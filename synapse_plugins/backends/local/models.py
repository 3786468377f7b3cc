"""Models: a file or folder each, with what is known of where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ParamsError, UnknownNameError
from ...store import require_space
from ...store.archive import pack_folder
from ...store.plain import dump, text
from ..fields import object_field, text_field
from .part import Part, as_id, as_name, checked_name, id_or_none, not_found, now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection, Row

__all__ = ['Models']

_LIST = 'synapse-plugins models list'
_QUERY = (
    'SELECT model.*, file.digest, file.suffix, file.reference, file.size FROM model '
    'JOIN file ON file.id = model.file '
)
_FIELDS = frozenset({
    'name', 'file', 'category', 'configuration', 'metrics', 'description', 'checkpoint', 'plugin', 'version',
})  # fmt: skip
_CHANGEABLE = frozenset({'configuration', 'metrics', 'description', 'category'})


class Models(Part):
    """Models. Names are unique: one that is taken gets ``-2``, ``-3`` ... behind it, and the result says so."""

    def create_model(self, data: Mapping[str, Any], *, file: str | Path | None = None) -> dict[str, Any]:
        """Register a model.

        Args:
            data: ``name``, and if wanted ``file``, ``category`` (default ``custom``), ``configuration``,
                ``metrics`` (default: those in the configuration), ``description``, ``checkpoint`` (id of the
                model that it was trained from), ``plugin``, ``version``. None counts as not given.
            file: Its file, unless *data* says it; a folder is packed into a zip archive.

        Returns:
            The model, as `get_model` gives it.

        Raises:
            ParamsError: If something is missing, unknown, or not a file.
            StoreError: If the disk has no room for it.
        """
        given = _checked(data, file)
        name, source = checked_name(given.get('name'), 'model', '/\\'), _existing(given.get('file'))
        if given.get('checkpoint') is not None:
            given['checkpoint'] = self._model(given['checkpoint'])['id']
        require_space(self.store.home, _size(source), f'Registering the model {name}')
        with self.store.files.batch() as batch:
            packed = pack_folder(source, batch.folder / 'model.zip') if source.is_dir() else source
            stored = batch.add(packed)
            batch.sync()
            with self._db.transaction() as connection:
                batch.settle()
                file_id = self._file_id(connection, stored)
                values = _values(given, _free_name(connection, name), source)
                model_id = self._insert(connection, 'model', {**values, 'file': file_id})
        return self.get_model(model_id)

    def get_model(
        self,
        model_id: int | str,
        *,
        params: Mapping[str, Any] | None = None,
        url_conversion: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a model by id or name; `file` is the path of its file in the store, which is only read.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        return self._shape_model(self._model(model_id))

    def list_models(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Any:
        """Return a page of models, newest first; filters: ``category``, ``name``."""
        filters = self._filters(params, ('category', 'name'), 'models')
        if 'name' in filters:
            filters['name'] = as_name(filters['name'])
        if not list_all:
            return self._page(_QUERY, 'model', params, filters, self._shape_model)
        where = ' AND '.join(f'model.{column} = ?' for column in filters) or '1'
        rows = self._rows(f'{_QUERY} WHERE {where} ORDER BY model.id DESC', *filters.values())
        return map(self._shape_model, rows), len(rows)

    def update_model(self, model_id: int | str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is known of a model.

        Args:
            model_id: Its id or name.
            data: ``description``, ``category``; of ``configuration`` and ``metrics`` the entries that change.
        """
        for key in data:
            if key not in _CHANGEABLE:
                raise UnknownNameError('changeable field of a model', key, _CHANGEABLE)
        with self._db.transaction() as connection:
            row = self._model(model_id)
            for key in data:
                new = (
                    dump({**json.loads(row[key]), **_object(data, key)})
                    if key in {'configuration', 'metrics'}
                    else text_field(data, key, 'a model')
                )
                connection.execute(f'UPDATE model SET {key} = ? WHERE id = ?', (new, row['id']))  # noqa: S608 - checked above
        return self.get_model(row['id'])

    def add_evaluation(self, model_id: int | str, evaluation: Mapping[str, Any]) -> dict[str, Any]:
        """Add the figures of an evaluation to those kept with a model, under ``evaluations`` of its configuration.

        Several may add theirs at the same time. A run has one: what it added before is replaced.

        Args:
            model_id: The model's id or name.
            evaluation: ``run``, and what is known of it.

        Returns:
            The model.
        """
        with self._db.transaction():
            row = self._model(model_id)
            known = json.loads(row['configuration']).get('evaluations')
            others = [other for other in known if isinstance(other, dict)] if isinstance(known, list) else []
            others = [other for other in others if other.get('run') != evaluation.get('run')]
            return self.update_model(
                row['id'], {'configuration': {'evaluations': [*others, dict(evaluation)]}}
            )

    def resolve_model(self, ref: int | str) -> int:
        """Return the id of the model that an id (digits always are one) or a name means.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        return int(self._model(ref)['id'])

    def remove_model(self, ref: int | str) -> str:
        """Remove a model by id or name, and return its name. Models that were trained from it stay."""
        with self._db.transaction() as connection:
            row = self._model(ref)
            self._refuse_if_at_work(f'The model {row["name"]}', 'checkpoint', [int(row['id'])])
            connection.execute('DELETE FROM model WHERE id = ?', (row['id'],))
        self.collect_garbage()
        return str(row['name'])

    def delete_model(self, model_id: int) -> None:
        """Remove a model by its id."""
        self.remove_model(as_id(model_id, 'model'))

    def _model(self, ref: Any) -> Row:
        number, text = id_or_none(ref, 'model'), as_name(ref)
        column, wanted = ('name', text) if number is None else ('id', number)
        rows = self._rows(f'{_QUERY} WHERE model.{column} = ?', wanted)
        if not rows:
            known = [row['name'] for row in self._rows('SELECT name FROM model')] if number is None else []
            raise not_found('model', wanted, known, _LIST)
        return rows[0]

    def _shape_model(self, row: Row) -> dict[str, Any]:
        return {
            'id': row['id'],
            'name': row['name'],
            'category': row['category'],
            'file': str(self._file_path(row)),
            'file_name': row['file_name'],
            'checksum': f'sha256:{row["digest"]}',
            'size': row['size'],
            'configuration': json.loads(row['configuration']),
            'metrics': json.loads(row['metrics']),
            'description': row['description'],
            'checkpoint': row['checkpoint'],
            'plugin': row['plugin'],
            'version': row['version'],
            'created': row['created'],
        }


def _checked(data: Mapping[str, Any], file: str | Path | None) -> dict[str, Any]:
    """Return what was given of a model."""
    whole = {**data, 'file': file if file is not None else data.get('file')}
    given = {key: value for key, value in whole.items() if value is not None}
    for key in given:
        if key not in _FIELDS:
            raise UnknownNameError('field of a model', key, _FIELDS)
    return given


def _values(given: Mapping[str, Any], name: str, source: Path) -> dict[str, Any]:
    """Return the columns of a model but its file."""
    configuration = _object(given, 'configuration')
    metrics = _object(given, 'metrics') or configuration.get('metrics') or {}
    return {
        'name': name,
        'category': text_field(given, 'category', 'a model', 'custom'),
        'file_name': text(f'{source.name}.zip' if source.is_dir() else source.name),
        'configuration': dump(configuration),
        'metrics': dump(metrics),
        'description': text_field(given, 'description', 'a model'),
        'checkpoint': given.get('checkpoint'),
        'plugin': text_field(given, 'plugin', 'a model', or_number=True) or None,
        'version': text_field(given, 'version', 'a model', or_number=True) or None,
        'created': now(),
    }


def _size(source: Path) -> int:
    """Return the bytes that registering takes; a folder is packed first."""
    if source.is_dir():
        return 2 * sum(path.stat().st_size for path in source.rglob('*') if path.is_file())
    return source.stat().st_size


def _existing(file: Any) -> Path:
    if file is None:
        raise ParamsError("A model needs a file: create_model({'name': ..., 'file': path}).")
    path = Path(file).expanduser()
    if not path.exists():
        raise ParamsError(f'The file of the model, {path}, does not exist.')
    return path


def _object(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    return dict(object_field(data, key, 'a model'))


def _free_name(connection: Connection, name: str) -> str:
    number, free = 1, name
    while connection.execute('SELECT 1 FROM model WHERE name = ?', (free,)).fetchone():
        number += 1
        free = f'{name}-{number}'
    return free
