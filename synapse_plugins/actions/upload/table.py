"""Reads metadata of files from a CSV or Excel file, without trusting it."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from contextlib import closing
from datetime import date, datetime, time
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...errors import MissingExtraError, ParamsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ['read_table']

_KEYS = frozenset(('filename', 'file_name'))
_MOST_ROWS = 1_000_000
_MOST_COLUMNS = 500
_MOST_BYTES = 200 * 1024 * 1024
_MOST_UNPACKED = 1024 * 1024 * 1024
_ENCODINGS = ('utf-8-sig', 'cp949')
"""What spreadsheets write: Excel says UTF-8 with a mark, or in Korea the older code page."""


def read_table(path: Path) -> dict[str, dict[str, Any]]:
    """Return file name -> column -> value: a text, or of Excel a number or a truth value too. Empty cells are left out.

    Dates and times of Excel become texts in the form of ISO 8601, because metadata is kept and sent as JSON.

    Args:
        path: A ``.csv`` or ``.xlsx`` file; its first column is ``filename`` or ``file_name``.

    Raises:
        ParamsError: If it is no such table, is too large, or names a file twice; with the row.
        MissingExtraError: If it is an Excel file and openpyxl is not installed.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ParamsError(f'{path} has more than {_MOST_BYTES // 1024**2} MiB; split it.')
    rows = _excel(path) if path.suffix.lower() in {'.xlsx', '.xlsm'} else iter(_csv(path))
    header = [_text(cell) for cell in next(rows, ())]
    if not header or header[0].lower() not in _KEYS:
        first = header[0] if header else ''
        raise ParamsError(f'{path}: its first column is {first!r}; it must be filename or file_name.')
    columns = _columns(path, header)
    table: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(islice(rows, _MOST_ROWS + 1), 2):
        if number > _MOST_ROWS + 1:
            raise ParamsError(f'{path} has more than {_MOST_ROWS} rows; split it.')
        cells = list(row)
        if not any(_text(cell) for cell in cells):
            continue
        name = unicodedata.normalize('NFC', _text(cells[0]))
        if not name:
            raise ParamsError(f'{path}, row {number}: it names no file.')
        if name in table:
            raise ParamsError(f'{path}, row {number}: {name!r} is there a second time.')
        if len(cells) > len(header) and any(_text(cell) for cell in cells[len(header) :]):
            raise ParamsError(f'{path}, row {number}: it has more cells than the header.')
        table[name] = {
            column: cell for column, cell in zip(columns, cells[1:], strict=False) if _text(cell) != ''
        }
    return table


def _columns(path: Path, header: Sequence[str]) -> list[str]:
    columns = list(header[1:])
    if len(columns) > _MOST_COLUMNS:
        raise ParamsError(f'{path} has more than {_MOST_COLUMNS} columns.')
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ParamsError(f'{path}: the column {twice[0]!r} is there twice.')
    if '' in columns:
        raise ParamsError(f'{path}: column {columns.index("") + 2} has no name.')
    return columns


def _csv(path: Path) -> Iterable[list[str]]:
    for encoding in _ENCODINGS:
        try:
            text = path.read_bytes().decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            # Only the ends of lines end a row: a cell may hold other characters that Python splits lines at.
            return list(csv.reader(io.StringIO(text, newline=None), strict=True))
        except csv.Error as exc:
            raise ParamsError(f'{path} is no CSV file: {exc}.') from exc
    raise ParamsError(f'{path} is neither UTF-8 nor CP949; save it as "CSV UTF-8".')


def _excel(path: Path) -> Iterator[Sequence[Any]]:
    if find_spec('openpyxl') is None:
        raise MissingExtraError(
            f'{path.name} is an Excel file, and openpyxl is not installed. Type: pip install openpyxl  (or save it as '
            'CSV)'
        )
    import openpyxl

    _check_unpacked(path)
    try:
        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)) as book:
            for row in book.worksheets[0].iter_rows(values_only=True):
                yield [_plain(cell) for cell in row]
    except Exception as exc:  # openpyxl raises whatever its parts do, while rows are read too
        raise ParamsError(f'{path} cannot be read as an Excel file: {exc}.') from exc


def _check_unpacked(path: Path) -> None:
    """Refuse what a few bytes unpack to more than memory takes; an Excel file is a zip archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError) as exc:
        raise ParamsError(f'{path} cannot be read as an Excel file: {exc}.') from exc
    if unpacked > _MOST_UNPACKED:
        raise ParamsError(
            f'{path} unpacks to more than {_MOST_UNPACKED // 1024**2} MiB; split it, or save it as CSV.'
        )


def _plain(cell: Any) -> Any:
    """Return a cell as JSON can hold it."""
    if cell is None or isinstance(cell, (str, bool, int, float)):
        return cell
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()  # a day alone comes as its midnight
    return cell.isoformat() if isinstance(cell, (datetime, date, time)) else str(cell)


def _text(cell: Any) -> str:
    return '' if cell is None else str(cell).strip()
