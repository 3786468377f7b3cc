"""What became of every item of an export or upload, for people (CSV) and programs (JSON)."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ['write_summary']

_FORMULA = ('=', '+', '-', '@', '\t', '\r')


def write_summary(
    folder: Path,
    name: str,
    facts: Mapping[str, Any],
    items_key: str,
    items: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
) -> Path:
    """Write ``<name>.json``, with the facts and every item, and ``<name>.csv``, a row an item.

    Items are written one by one, so that a million of them needs no memory.

    Args:
        folder: Where to.
        name: Of the two files, without suffix.
        facts: What holds of the whole.
        items_key: What the items are called in the JSON document.
        items: The items.
        columns: The keys of an item that become columns, in order.

    Returns:
        The JSON file.
    """
    place = folder / f'{name}.json'
    head = json.dumps(dict(facts), ensure_ascii=False, indent=2, default=str)
    with (
        place.open('w', encoding='utf-8', newline='\n') as document,
        # The mark makes spreadsheets read Hangul as what it is.
        (folder / f'{name}.csv').open('w', encoding='utf-8-sig', newline='') as table,
    ):
        writer = csv.writer(table)
        writer.writerow(columns)
        document.write(f'{head[:-1].rstrip()}{"," if facts else ""}\n  {json.dumps(items_key)}: [')
        separator = '\n    '
        for item in items:
            document.write(separator + json.dumps(dict(item), ensure_ascii=False, default=str))
            writer.writerow([_cell(item.get(column)) for column in columns])
            separator = ',\n    '
        document.write('\n  ]\n}\n')
    return place


def _cell(value: Any) -> Any:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ''
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
