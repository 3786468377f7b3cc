"""Metadata of files, read from a table."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synapse_plugins.actions.upload import table
from synapse_plugins.actions.upload.table import read_table
from synapse_plugins.errors import MissingExtraError, ParamsError

if TYPE_CHECKING:
    from pathlib import Path

CELLS = st.text(st.characters(exclude_categories=('Cs', 'Cc')), max_size=8).map(str.strip)
NAMES = st.text('가나다abc ,"-', min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.tuples(CELLS, CELLS), max_size=6))
def test_what_was_written_is_read(tmp_path: Path, rows: dict[str, tuple[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([['file_name', 'a', '나'], *([name, *cells] for name, cells in rows.items())])
    (tmp_path / 't.csv').write_text(text.getvalue(), encoding='utf-8', newline='')
    wanted = {
        name: {column: cell for column, cell in zip(('a', '나'), cells, strict=True) if cell}
        for name, cells in rows.items()
    }
    assert read_table(tmp_path / 't.csv') == wanted


@pytest.mark.parametrize(
    ('text', 'told'),
    [
        ('', "first column is ''"),
        ('name,a\nx,1', "first column is 'name'"),
        ('filename,a\nx,1\nx,2', "row 3: 'x' is there a second time"),
        ('filename,a\n,1', 'row 2: it names no file'),
        ('filename,a,a\nx,1,2', "column 'a' is there twice"),
        ('filename,,b\nx,1,2', 'column 2 has no name'),
        ('filename,a\nx,1,2', 'row 2: it has more cells'),
        ('filename,a\n"x,1', 'is no CSV file'),
    ],
)
def test_what_is_wrong_is_told_with_its_row(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / 't.csv').write_text(text, encoding='utf-8')
    with pytest.raises(ParamsError, match=told):
        read_table(tmp_path / 't.csv')


@pytest.mark.parametrize('mark', ['\u2028', '\x0c', '\x1c', '\x85', '\v'])
def test_only_the_end_of_a_line_ends_a_row(tmp_path: Path, mark: str) -> None:
    (tmp_path / 't.csv').write_text(f'filename,a,b\nx,1{mark}2,3\n"y","1\n2",3\n', encoding='utf-8')
    assert read_table(tmp_path / 't.csv') == {'x': {'a': f'1{mark}2', 'b': '3'}, 'y': {'a': '1\n2', 'b': '3'}}


def test_the_code_page_of_korean_spreadsheets_is_read(tmp_path: Path) -> None:
    (tmp_path / 't.csv').write_bytes('FileName,비고\n가.png,좋음\n'.encode('cp949'))
    assert read_table(tmp_path / 't.csv') == {'가.png': {'비고': '좋음'}}
    (tmp_path / 't.csv').write_bytes(b'filename\n\xff\xff\n')
    with pytest.raises(ParamsError, match='neither UTF-8 nor CP949'):
        read_table(tmp_path / 't.csv')


def test_an_excel_file_is_read_where_openpyxl_is(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip('openpyxl')
    book = openpyxl.Workbook()
    for row in (['filename', '수'], ['가.png', 3], [None, None], ['나.png', None]):
        book.active.append(row)
    book.save(tmp_path / 't.xlsx')
    assert read_table(tmp_path / 't.xlsx') == {'가.png': {'수': 3}, '나.png': {}}
    (tmp_path / 'bad.xlsx').write_bytes(b'PK no')
    with pytest.raises(ParamsError, match='cannot be read as an Excel file'):
        read_table(tmp_path / 'bad.xlsx')


def test_dates_of_an_excel_file_become_texts(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip('openpyxl')
    cells = {
        'when': (datetime(2026, 1, 2, 3, 4), '2026-01-02T03:04:00'),  # noqa: DTZ001 - Excel has no time zones
        'day': (date(2026, 1, 2), '2026-01-02'),
        'at': (time(3, 4), '03:04:00'),
        'for': (timedelta(hours=3), '3:00:00'),
        'n': (1.5, 1.5),
        'yes': (True, True),
    }
    book = openpyxl.Workbook()
    book.active.append(['filename', *cells])
    book.active.append(['x.png', *(cell for cell, _ in cells.values())])
    book.save(tmp_path / 't.xlsx')
    found = read_table(tmp_path / 't.xlsx')['x.png']
    assert found == {name: wanted for name, (_, wanted) in cells.items()}
    assert json.loads(json.dumps(found)) == found


def test_an_excel_file_with_a_sheet_cut_short_is_refused(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip('openpyxl')
    book = openpyxl.Workbook()
    for row in ['filename', 'a'], ['x.png', 'b'], ['y.png', 'c']:
        book.active.append(row)
    book.save(tmp_path / 'whole.xlsx')
    with zipfile.ZipFile(tmp_path / 'whole.xlsx') as whole, zipfile.ZipFile(tmp_path / 't.xlsx', 'w') as cut:
        for name in whole.namelist():
            content = whole.read(name)
            cut.writestr(name, content[: len(content) // 2] if 'sheet1' in name else content)
    with pytest.raises(ParamsError, match='cannot be read as an Excel file'):
        read_table(tmp_path / 't.xlsx')


def test_without_it_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('synapse_plugins.actions.upload.table.find_spec', lambda name: None)
    (tmp_path / 't.xlsx').write_bytes(b'PK')
    with pytest.raises(MissingExtraError, match='pip install openpyxl'):
        read_table(tmp_path / 't.xlsx')


def test_an_excel_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('openpyxl')
    bomb = tmp_path / 'bomb.xlsx'
    with zipfile.ZipFile(bomb, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('xl/sharedStrings.xml', bytes(3_000_000))
    monkeypatch.setattr(table, '_MOST_UNPACKED', 2_000_000)
    with pytest.raises(ParamsError, match='unpacks to more than'):
        read_table(bomb)
