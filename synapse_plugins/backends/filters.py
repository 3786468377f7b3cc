"""Filter keys are checked on our side: a server ignores one that it does not know, and answers with everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ParamsError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['EVENT_FILTERS', 'PAGING', 'as_list', 'category_of', 'check_keys', 'split_of']

PAGING = frozenset(
    {'page', 'page_size', 'ordering', 'pagination', 'fields', 'expand', 'response_mode', 'url_host'}
)
"""Keys that choose how rows are returned, and not which."""

EVENT_FILTERS = frozenset({
    'ground_truth_dataset_versions', 'ground_truth_dataset_version', 'category', 'categories', 'classes', 'task',
    'ground_truth', 'ids', 'ids_ex', 'search',
})  # fmt: skip
"""Keys that choose ground-truth events, as the platform knows them."""

_CATEGORIES = {
    'train': 'train',
    'valid': 'validation',
    'val': 'validation',
    'validation': 'validation',
    'test': 'test',
}
_SPLITS = {'validation': 'valid'}


def category_of(split: str | None) -> str | None:
    """Return what a backend calls a split: ``valid`` is ``validation`` there."""
    return split if split is None else _CATEGORIES.get(split, split)


def split_of(category: str | None) -> str | None:
    """Return the name of the split of a category; the reverse of `category_of`."""
    return category if category is None else _SPLITS.get(category, category)


def check_keys(params: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse keys that nobody knows.

    Raises:
        UnknownNameError: With close matches.
    """
    names = frozenset(known)
    for key in params:
        if key not in names:
            raise UnknownNameError('filter', key, names, f'It was given for {what}.')


def as_list(value: Any, key: str) -> list[Any]:
    """Return the values of a filter that takes one or several: a list, one value, or a text with commas."""
    if value is None:
        raise ParamsError(f'The filter {key} has no value.')
    if isinstance(value, str):
        return [part.strip() for part in value.split(',') if part.strip()]
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
