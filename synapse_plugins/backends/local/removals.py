"""What an upload takes back: files, units and collections, each only while nothing else needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import NeededError
from .part import Part, as_id

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ['Removals']

_DIGEST_OF = 'SELECT file.digest FROM data_file JOIN file ON file.id = data_file.file WHERE data_file.id = ?'
_OTHERS = (
    'SELECT 1 FROM data_file JOIN file ON file.id = data_file.file '
    'WHERE file.digest = ? AND data_file.id != ? LIMIT 1'
)
_UNITS = 'SELECT unit FROM data_unit_file WHERE digest = ? ORDER BY unit LIMIT 1'


class Removals(Part):
    """Removing what was uploaded. What is not there is no error, so that a second try does no harm."""

    def delete_data_file(self, file_id: int) -> None:
        """Remove an uploaded file.

        Raises:
            NeededError: If a data unit is made of it, and it was not uploaded a second time.
        """
        wanted = as_id(file_id, 'data file')
        with self._db.transaction() as connection:
            rows = self._rows(_DIGEST_OF, wanted)
            if not rows:
                return
            digest = rows[0]['digest']
            units = self._rows(_UNITS, digest)
            if units and not self._rows(_OTHERS, digest, wanted):
                raise NeededError(
                    f'The data file {wanted} is part of data unit {units[0]["unit"]}; remove that first.'
                )
            connection.execute('DELETE FROM data_file WHERE id = ?', (wanted,))
            self._drop_unused(connection, digest)

    def delete_data_unit(self, unit_id: int) -> None:
        """Remove a data unit; its files stay."""
        with self._db.transaction() as connection:
            connection.execute('DELETE FROM data_unit WHERE id = ?', (as_id(unit_id, 'data unit'),))

    def delete_data_collection(self, collection_id: int) -> None:
        """Remove a data collection that has no units.

        Raises:
            NeededError: If it has some.
        """
        wanted = as_id(collection_id, 'data collection')
        with self._db.transaction() as connection:
            count = self._rows('SELECT count(*) FROM data_unit WHERE data_collection = ?', wanted)[0][0]
            if count:
                raise NeededError(f'The data collection {wanted} has {count} data units; remove those first.')
            connection.execute('DELETE FROM data_collection WHERE id = ?', (wanted,))

    def _drop_unused(self, connection: Connection, digest: str) -> None:
        """Remove the stored files of a content that nothing refers to any more."""
        for row in self._rows(f'SELECT * FROM file WHERE digest = ? AND {self._unused}', digest):  # noqa: S608
            if not row['reference']:
                self.store.files.discard(row['digest'], row['suffix'])
            connection.execute('DELETE FROM file WHERE id = ?', (row['id'],))
