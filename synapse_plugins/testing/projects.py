"""Makes a project in the embedded backend whose pictures are annotated: units, tasks, assignments."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .drawings import make_dataset

if TYPE_CHECKING:
    from ..backends import LocalBackend

__all__ = ['make_project']

_SPECIFICATIONS = [
    {'name': 'data_1', 'file_type': 'data', 'is_required': False, 'is_primary': False},
    {'name': 'image_1', 'file_type': 'image', 'is_required': True, 'is_primary': True},
]


def make_project(
    backend: LocalBackend, project: int = 1, *, task: str = 'detect', count: int = 4
) -> dict[str, Any]:
    """Make a project with pictures as `make_dataset` draws them, each a data unit, a task and an assignment.

    A unit has a picture and a file beside it; the annotations of an assignment are a Datamaker document of version 1,
    as on the platform.

    Args:
        backend: The embedded backend.
        project: The id of the project; the embedded backend keeps nothing else of one.
        task: What is drawn, see `make_dataset`.
        count: How many pictures.

    Returns:
        ``project`` (its id), ``data_collection``, ``data_units``, ``tasks``, ``assignments``.
    """
    wanted = {'name': f'project {project}', 'file_specifications': _SPECIFICATIONS}
    collection = backend.create_data_collection(wanted)
    units, documents = [], []
    with TemporaryDirectory() as folder:
        root = make_dataset(Path(folder) / 'dm', 'dm_v1', task, splits={None: count})
        for picture in sorted((root / 'original_files').iterdir()):
            beside = Path(folder) / f'{picture.stem}.json'
            beside.write_text(json.dumps({'taken': picture.stem}), encoding='utf-8')
            paths = {'data_1': beside, 'image_1': picture}
            files = {
                name: {'checksum': backend.create_data_file(path)['checksum'], 'path': path.name}
                for name, path in paths.items()
            }
            units.append({'data_collection': collection['id'], 'files': files})
            document = root / 'json' / f'{picture.stem}.json'
            documents.append(json.loads(document.read_text(encoding='utf-8')))
    made = backend.create_data_units(units)
    tasks = backend.create_tasks({'project': project, 'data': [{'data_unit': unit['id']} for unit in made]})
    pairs = zip(tasks, documents, strict=True)
    annotated = [{'task': row['id'], 'data': document} for row, document in pairs]
    assignments = backend.create_assignments({'project': project, 'data': annotated})
    return {
        'project': project,
        'data_collection': collection,
        'data_units': made,
        'tasks': tasks,
        'assignments': assignments,
    }
