"""Filters of any value: rows or a refusal in words, never another failure."""

from __future__ import annotations

from contextlib import suppress
from inspect import signature
from typing import Any

import numpy as np
import pytest

from synapse_plugins.errors import SynapsePluginsError
from synapse_plugins.testing import make_dataset, make_project

ODD: list[Any] = [
    None, True, 0, -1, 1.5, float('nan'), float('inf'), 2**70, '', 'x', '\ud800', 'a\x00b', b'x', [], [None], [[]],
    [{}], [1, 'x'], ['\ud800'], {}, {'a': 1}, {1}, (), object(), np.int64(1), np.array([1, 2]),
]  # fmt: skip
KEYS = {
    'list_ground_truth_events': [
        'ground_truth_dataset_versions', 'ground_truth_dataset_version', 'category', 'categories', 'classes', 'ids',
        'ids_ex', 'ground_truth', 'search', 'task', 'ordering', 'fields', 'page', 'page_size', 'expand', 'unknown',
    ],
    'list_ground_truth_versions': ['ground_truth_dataset', 'is_archived', 'page', 'unknown'],
    'list_models': ['category', 'name', 'page', 'page_size', 'unknown'],
    'list_jobs': ['status', 'action', 'page'],
    'list_logs': ['job', 'event', 'step', 'level', 'page'],
    'list_data_collections': ['page', 'name'],
    'list_data_units': ['data_collection', 'page'],
    'list_tasks': ['project', 'data_unit', 'ids', 'page', 'page_size'],
    'list_assignments': ['project', 'tasks', 'users', 'status_label', 'ids', 'page'],
    'list_plugin_releases': ['plugin', 'version', 'page'],
}  # fmt: skip


@pytest.mark.parametrize('method', KEYS)
def test_filters_of_any_value(backend: Any, method: str, tmp_path: Any) -> None:
    backend.import_dataset(make_dataset(tmp_path / 'data'), 'data')
    make_project(backend, 1, count=1)
    lister = getattr(backend, method)
    with_all = 'list_all' in signature(lister).parameters
    for key in KEYS[method]:
        for value in ODD:
            with suppress(SynapsePluginsError):  # anything else is a failure
                list(lister({key: value})['results'])
            with suppress(SynapsePluginsError):
                list(lister({key: value}, list_all=True)[0] if with_all else ())
