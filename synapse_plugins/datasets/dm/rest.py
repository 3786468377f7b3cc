"""What of a version 2 document does not survive the way through version 1, so that it can go along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .backward import to_v1
from .forward import to_v2

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['keep_rest', 'with_rest']


def keep_rest(data: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what has to lie beside a version 1 document so that version 2 can be had back; None: nothing.

    Args:
        data: The version 2 document.
        document: What `to_v1` made of it.
    """
    return None if to_v2(document).data == data else {'v2': dict(data)}


def with_rest(document: Mapping[str, Any], rest: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a version 1 document as version 2, every item that was not changed as it was in `rest`."""
    data = to_v2(document).data
    before = (rest or {}).get('v2')
    if not isinstance(before, dict):
        return data
    made = to_v1(before)
    if {**made, 'extra': None} == {**document, 'extra': None}:  # sizes of pictures say nothing of annotations
        return before
    plain = to_v2(made).data  # how the old items look after the way through version 1
    for container, found in data.items():
        if container == 'classification':
            continue
        for place, tools in enumerate(found):
            for tool, items in tools.items():
                known = _by_id(before, container, place, tool)
                looks = _by_id(plain, container, place, tool)
                items[:] = [
                    known[name]
                    if (name := str(item.get('id'))) in known and looks.get(name) == item
                    else item
                    for item in items
                ]
    return {**{name: value for name, value in before.items() if name not in data}, **data}


def _by_id(data: Mapping[str, Any], container: str, place: int, tool: str) -> dict[str, dict[str, Any]]:
    found = data.get(container) or []
    items = found[place].get(tool) if place < len(found) else None
    return {str(item.get('id')): item for item in items or () if isinstance(item, dict)}
