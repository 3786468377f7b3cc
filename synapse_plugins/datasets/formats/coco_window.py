"""Annotation records of a COCO file, some at a time, put together by image; in any process."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ...errors import DatasetError, FormatError
from ..encoded import encoded
from .coco_records import seen_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .coco_records import Seen

__all__ = ['Groups', 'Id', 'InexactIdError', 'by_image', 'field_of', 'id_of', 'read_window']

Id = int | float | str | None
"""What an image may be numbered with."""

_MOST = (1 << 63) - 1
_LEAST = -_MOST - 1


class InexactIdError(FormatError):
    """An id is a number that the fast reader rounds: one beyond 64 bits comes of it as a float."""


class Groups(NamedTuple):
    """Annotation records, put together by image; all as one text, which travels faster than many.

    Attributes:
        numbers: The ids of the images.
        sizes: How many bytes the records of each take, a JSON list.
        content: Those lists, one after the other.
    """

    numbers: list[Id]
    sizes: list[int]
    content: bytes

    def places(self) -> Iterator[tuple[Id, int, int]]:
        """Yield the id of each image, and where its records begin and end."""
        ends = list(accumulate(self.sizes))
        return zip(self.numbers, [0, *ends], ends, strict=False)


def read_window(content: bytes) -> tuple[set[Seen], Groups] | None:
    """Return what a survey has to know of some records, and the records of each image; None if that cannot be told.

    Args:
        content: A JSON list of records, if it is one.
    """
    try:
        records = orjson.loads(content)
        if not all(type(record) is dict for record in records):
            return None
        return seen_in(records), by_image(records, '')
    except (ValueError, TypeError, DatasetError):  # whoever reads it without others tells what is wrong
        return None


def by_image(records: Sequence[dict[str, Any]], path: object, *, exact: bool = False) -> Groups:
    """Return the records of each image.

    Args:
        records: The records.
        path: The file that they stand in.
        exact: Their numbers are as they are written, of any length.

    Raises:
        FormatError: If one says no image.
        InexactIdError: If one says an image whose number may have been rounded.
        DatasetError: If one cannot be written as JSON.
    """
    groups: dict[Id, list[dict[str, Any]]] = {}
    for record in records:
        number = record.get('image_id')
        if type(number) is not int or not _LEAST <= number <= _MOST:
            number = id_of(record, 'image_id', path, exact=exact)
        group = groups.get(number)
        if group is None:
            groups[number] = [record]
        else:
            group.append(record)
    try:
        texts = list(map(orjson.dumps, groups.values()))
    except TypeError:  # nested deeper than it writes
        texts = [encoded(group, str(path)) for group in groups.values()]
    return Groups(list(groups), list(map(len, texts)), b''.join(texts))


def field_of(record: dict[str, Any], field: str, path: object) -> Any:
    """Return a field that a record must have.

    Raises:
        FormatError: If it has none, or one of several values.
    """
    value = record.get(field)
    if value is None or isinstance(value, list | dict):
        raise FormatError(f'{path}: a record has no usable {field!r}: {str(record)[:120]}.')
    return value


def id_of(record: dict[str, Any], field: str, path: object, *, exact: bool = False) -> Id:
    """Return an id such that equal ones are equal in memory and in a database, and no others.

    Raises:
        FormatError: If there is none.
        InexactIdError: If it may have been rounded, and *exact* does not say that none was.
    """
    value: Any = field_of(record, field, path)
    if not exact and isinstance(value, float) and abs(value) > _MOST:
        raise InexactIdError(f'{path}: {field} {value!r} is beyond 64 bits.')
    if (isinstance(value, float) and value.is_integer()) or isinstance(value, bool):
        value = int(value)
    found: Id = f'{value}!' if isinstance(value, int) and not _LEAST <= value <= _MOST else value
    return found
