"""The dataset engine: readers and writers of formats, around one neutral sample.

>>> from synapse_plugins import datasets
>>> datasets.convert('blood', 'blood_yolo', to='yolo').config_path  # doctest: +SKIP
PosixPath('/home/me/blood_yolo/dataset.yaml')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import dm, formats
    from .classes import configured_classes
    from .conversion import Conversion, convert
    from .detection import detect_format, open_dataset
    from .digest import fingerprint, seal
    from .formats.class_folders import class_folders
    from .given import transform_names
    from .inspection import Inspection, inspect
    from .opened import Dataset, LabelledImage, LabelledPose, open  # noqa: A004 - `datasets.open`, as in `Image.open`
    from .reader import Evidence, Reader, Survey, Unit, UnitReader
    from .report import Report
    from .sample import Annotation, ImageFile, Sample
    from .transforms import transforms_digest
    from .writer import Writer

__all__ = [
    'Annotation',
    'Conversion',
    'Dataset',
    'Evidence',
    'ImageFile',
    'Inspection',
    'LabelledImage',
    'LabelledPose',
    'Reader',
    'Report',
    'Sample',
    'Survey',
    'Unit',
    'UnitReader',
    'Writer',
    'class_folders',
    'configured_classes',
    'convert',
    'detect_format',
    'dm',
    'fingerprint',
    'formats',
    'inspect',
    'open',
    'open_dataset',
    'seal',
    'transform_names',
    'transforms_digest',
]

_MODULES = {
    'Annotation': 'sample',
    'Conversion': 'conversion',
    'Dataset': 'opened',
    'Evidence': 'reader',
    'ImageFile': 'sample',
    'Inspection': 'inspection',
    'LabelledImage': 'opened',
    'LabelledPose': 'opened',
    'Reader': 'reader',
    'Report': 'report',
    'Sample': 'sample',
    'Survey': 'reader',
    'Unit': 'reader',
    'UnitReader': 'reader',
    'Writer': 'writer',
    'class_folders': 'formats.class_folders',
    'configured_classes': 'classes',
    'convert': 'conversion',
    'detect_format': 'detection',
    'fingerprint': 'digest',
    'inspect': 'inspection',
    'open': 'opened',
    'open_dataset': 'detection',
    'seal': 'digest',
    'transform_names': 'given',
    'transforms_digest': 'transforms',
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
    if name in ('dm', 'formats'):
        return import_module(f'{__name__}.{name}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted(__all__)
