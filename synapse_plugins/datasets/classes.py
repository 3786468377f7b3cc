"""The class map: one for a whole dataset, the same for every split and on every machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..errors import DatasetError
from .names import nfc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .report import Report

__all__ = ['CLASSES_FILE', 'ClassNames', 'class_list', 'merged_numbers', 'read_classes', 'write_classes']

CLASSES_FILE = 'classes.json'
"""Where a written dataset keeps its class map: ``{"classes": [...]}``, a class's number is its place."""


class ClassNames:
    """Brings class names to one spelling: trimmed, Unicode NFC. What it changed is noted in the report."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._known: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return the one spelling of *name*."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = nfc(name.strip())
            if known != name:
                self._report.note('class', 'the name was trimmed or normalised (NFC)', repr(known))
        return known


def class_list(declared: Iterable[str], observed: Iterable[str], spell: ClassNames) -> list[str]:
    """Return the classes in order: the declared ones as they come, then the other observed ones sorted."""
    names = dict.fromkeys(spell(name) for name in declared)
    names.update(dict.fromkeys(sorted({spell(name) for name in sorted(observed)}.difference(names))))
    names.pop('', None)
    return list(names)


def merged_numbers(names: Mapping[int, str]) -> frozenset[int]:
    """Return the numbers whose class has the name of one before it: the two become one class."""
    first: dict[str, int] = {}
    return frozenset(
        number for number, name in names.items() if first.setdefault(nfc(name.strip()), number) != number
    )


def read_classes(root: Path) -> list[str] | None:
    """Return the class map that lies in a dataset, None when there is none.

    Raises:
        DatasetError: If it is not one.
    """
    path = root / CLASSES_FILE
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
        names = data['classes']
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as exc:
        raise DatasetError(
            f'{path} is not a class map; it should read {{"classes": ["first", "second"]}}.'
        ) from exc
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DatasetError(f'{path}: "classes" should be a list of names.')
    return names


def write_classes(root: Path, classes: list[str]) -> None:
    """Write the class map of a dataset."""
    text = json.dumps({'classes': classes}, ensure_ascii=False, indent=2)
    (root / CLASSES_FILE).write_text(text + '\n', encoding='utf-8')
