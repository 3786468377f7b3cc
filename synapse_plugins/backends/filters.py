"""Filter keys are checked on our side: a server ignores one that it does not know, and answers with everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..datasets.names import SPLIT_RULE, is_split_name, split_name
from ..errors import DatasetError, ParamsError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    'EVENT_FILTERS', 'PAGING', 'as_list', 'category_of', 'check_keys', 'chooses_nothing', 'folder_split', 'given_of',
    'split_of',
]  # fmt: skip

PAGING = frozenset(
    {'page', 'page_size', 'ordering', 'pagination', 'fields', 'expand', 'response_mode', 'url_host'}
)
"""Keys that choose how rows are returned, and not which."""

EVENT_FILTERS = frozenset({
    'ground_truth_dataset_versions', 'ground_truth_dataset_version', 'category', 'categories', 'classes', 'task',
    'ground_truth', 'ids', 'ids_ex', 'search',
})  # fmt: skip
"""Keys that choose ground-truth events, as the platform knows them."""

_NARROWER = frozenset({'search', 'ids_ex'})
"""Filters that leave all rows in when they are empty."""

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


def folder_split(category: Any) -> str | None:
    """Return the split whose folder an item of this category goes into; None if it has no category.

    Raises:
        DatasetError: If no split may be called so. A category may come from a server, and name any place.
    """
    if category is None or category == '':
        return None
    split = split_name(category) if isinstance(category, str) else category
    if not is_split_name(split):
        raise DatasetError(f'its category is {category!r}, which no split may be called: {SPLIT_RULE}')
    return str(split)


def check_keys(params: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse keys that nobody knows, and filters without a value, which a server would leave out of account.

    Raises:
        UnknownNameError: With close matches.
        ParamsError: If a filter is None.
    """
    names = frozenset(known)
    for key, value in params.items():
        if key not in names:
            raise UnknownNameError('filter', key, names, f'It was given for {what}.')
        if value is None and key not in PAGING:
            raise _no_value(key)


def given_of(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is asked for, without the keys of paging that are None."""
    return {key: value for key, value in (params or {}).items() if value is not None or key not in PAGING}


def chooses_nothing(params: Mapping[str, Any]) -> bool:
    """Tell whether a filter is an empty list or text, so that no row can match it.

    A server is not asked then: it sees no filter in it, and answers with everything.
    """
    return any(
        not as_list(value, key) for key, value in params.items() if key not in PAGING and key not in _NARROWER
    )


def _no_value(key: str) -> ParamsError:
    return ParamsError(f'The filter {key} has no value. Name one, or leave it out.')


def as_list(value: Any, key: str) -> list[Any]:
    """Return the values of a filter that takes one or several: a list, one value, or a text with commas."""
    if value is None:
        raise _no_value(key)
    if isinstance(value, str):
        return [part.strip() for part in value.split(',') if part.strip()]
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
