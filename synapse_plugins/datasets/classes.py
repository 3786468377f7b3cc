"""The class map: one for a whole dataset, the same for every split and on every machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError
from .files import read_text
from .names import nfc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from .report import Report

__all__ = [
    'CLASSES_FILE',
    'ClassNames',
    'class_list',
    'configured_classes',
    'merged_numbers',
    'read_classes',
    'write_classes',
]

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


def configured_classes(configuration: Any, tools: Collection[str] | None = None) -> list[str]:
    """Return the classes that a project's configuration gives, in its order, each once.

    Both shapes are read: ``{tool: [name, ...]}`` and ``{tool: {'classification_schema': [{'code': name},
    ...]}}``, alone or under ``classification``.

    Args:
        configuration: The project's configuration, or the part of it about classes.
        tools: Take the classes of these tools only.

    Raises:
        DatasetError: If it is neither.
    """
    if isinstance(configuration, dict) and isinstance(configuration.get('classification'), dict):
        configuration = configuration['classification']
    if not isinstance(configuration, dict):
        raise DatasetError(
            f'{configuration!r:.80} is no configuration of classes; it should be an object by tool.'
        )
    names: list[str] = []
    for tool, given in configuration.items():
        if tools is None or tool in tools:
            names.extend(_configured(tool, given))
    return list(dict.fromkeys(name for name in (nfc(name.strip()) for name in names) if name))


def _configured(tool: str, given: Any) -> list[str]:
    schema = given.get('classification_schema') or [] if isinstance(given, dict) else given
    if isinstance(schema, list):
        names: list[Any] = [item.get('code') if isinstance(item, dict) else item for item in schema]
        if all(isinstance(name, str) for name in names):
            return names
    raise DatasetError(
        f'The configuration of {tool!r} holds no class names: it should be a list of names, or an object with '
        "'classification_schema', a list of objects with 'code'."
    )


def read_classes(root: Path) -> list[str] | None:
    """Return the class map that lies in a dataset, None when there is none.

    It is what this package wrote there, ``{"classes": [...]}``, or a project's configuration of either
    shape, put there by hand.

    Raises:
        DatasetError: If it is neither.
    """
    path = root / CLASSES_FILE
    try:
        data = json.loads(read_text(path))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as exc:
        raise DatasetError(
            f'{path} is not a class map; it should read {{"classes": ["first", "second"]}}.'
        ) from exc
    names = data.get('classes') if isinstance(data, dict) else None
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    if isinstance(data, dict) and data and 'classes' not in data:
        try:
            return configured_classes(data)
        except DatasetError as exc:
            raise DatasetError(f'{path} is not a class map. {exc}') from exc
    raise DatasetError(f'{path} is not a class map: "classes" should be a list of names.')


def write_classes(root: Path, classes: list[str]) -> None:
    """Write the class map of a dataset."""
    text = json.dumps({'classes': classes}, ensure_ascii=False, indent=2)
    (root / CLASSES_FILE).write_text(text + '\n', encoding='utf-8')
