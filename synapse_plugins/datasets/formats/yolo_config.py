"""What describes a YOLO dataset as a whole: its YAML file, or where there is none, its folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import FormatError
from ..litter import visible
from ..names import SPLIT_ORDER, nfc, order_splits, spellings, split_name
from ..skeletons import PERSON_17, Skeleton, is_flip

__all__ = [
    'Joints',
    'config_file',
    'detect',
    'is_elsewhere_for_trainers',
    'joints_of_config',
    'label_of',
    'label_path',
    'load_config',
    'plain_folders',
    'read_names',
]

_CONFIGS = ('dataset.yaml', 'data.yaml', 'dataset.yml', 'data.yml')
_MOST_JOINTS = 10_000
_IMAGES, _LABELS = f'{os.sep}images{os.sep}', f'{os.sep}labels{os.sep}'


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    if config_file(root) is not None:
        return None
    if not plain_folders(root):
        return 'it holds neither a dataset.yaml nor images/ beside labels/'
    return None


def config_file(root: Path) -> Path | None:
    """Return the YAML file that describes the dataset."""
    for name in _CONFIGS:
        if (root / name).is_file():
            return root / name
    others = sorted(
        path for path in visible(root) if path.suffix.lower() in ('.yaml', '.yml') and path.is_file()
    )
    described = [path for path in others if 'names' in (load_config(path, strict=False) or ())]
    return described[0] if len(described) == 1 else None


def load_config(path: Path, *, strict: bool = True) -> dict[str, Any] | None:
    """Return what a YAML file says; None, where it need not be one (*strict*), if it is none.

    Raises:
        FormatError: If it has to be one and is not.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8-sig'))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        if not strict:
            return None
        raise FormatError(f'{path} is not valid YAML: {exc}') from exc
    if not isinstance(content, dict):
        if not strict:
            return None
        raise FormatError(f'{path} should hold names: and the splits train:, val: and test:.')
    return content


def plain_folders(root: Path) -> dict[str | None, list[Path]]:
    """Return split -> folders of pictures: ``<split>/images``, ``images/<split>`` or ``images``.

    Beside a split of a usual name, any other folder that has labels is a split too.
    """
    named: dict[str, list[Path]] = {}
    for outer, inner in ((root, 'images'), (root / 'images', '')):
        for folder in sorted(visible(outer)) if outer.is_dir() else ():
            name = split_name(folder.name)
            if (folder / inner).is_dir():
                if not Path(label_path(f'{folder / inner}{os.sep}x.jpg', os.fspath(root))).parent.is_dir():
                    continue
                named.setdefault(name, []).append(folder / inner)
    if not named.keys().isdisjoint(SPLIT_ORDER):
        return {name: named[name] for name in order_splits(set(named))}
    if (root / 'images').is_dir() and (root / 'labels').is_dir():
        return {None: [root / 'images']}
    return {}


def label_of(image: str, root: str) -> str:
    """Return the label file of a picture, whichever way it is spelled in Unicode; the first where there is none."""
    label = label_path(image, root)
    if label.isascii():
        return label
    folder, _, name = label.rpartition(os.sep)
    found = (f'{folder}{os.sep}{spelled}' for spelled in spellings(name))
    return next((path for path in found if os.path.exists(path)), label)  # noqa: PTH110 - one of many small files


def label_path(image: str, root: str) -> str:
    """Return the label file of a picture: the last ``images`` on its way is ``labels``, the suffix ``.txt``.

    Its way begins at *root*: wherever a dataset lies, its labels are in it.
    """
    start = _start(image, root)
    before, found, after = f'{os.sep}{image[start:]}'.rpartition(_IMAGES)
    moved = f'{image[:start]}{before[1:]}{_LABELS[not before :]}{after}' if found else image
    return f'{moved.rpartition(".")[0]}.txt'


def is_elsewhere_for_trainers(image: str, root: str) -> bool:
    """Tell whether a trainer that replaces the last ``images`` of the whole path leaves the dataset by that."""
    inside = f'{os.sep}{image[_start(image, root) :]}'
    return _IMAGES not in inside and _IMAGES in os.path.abspath(image)  # noqa: PTH100 - one of many small files


def _start(image: str, root: str) -> int:
    """Return where in the path of a picture that below the dataset's folder begins."""
    return len(root) + 1 if image.startswith(f'{root}{os.sep}') else 0


def read_names(names: Any) -> dict[int, str]:
    """Return number -> name, in order of the numbers; empty if *names* are none."""
    if isinstance(names, list):
        names = dict(enumerate(names))
    # only plain values are names: the text of a nested one may have no end
    if not isinstance(names, dict) or not all(isinstance(name, str | int | float) for name in names.values()):
        return {}
    try:
        found = {int(number): str(name) for number, name in names.items()}
    except (TypeError, ValueError):
        return {}
    return {number: found[number] for number in sorted(found)}


@dataclass(frozen=True)
class Joints:
    """The keypoints of a pose dataset.

    Attributes:
        skeleton: Their names, in order.
        dimensions: 2 for x and y, 3 with the visibility.
    """

    skeleton: Skeleton
    dimensions: int

    @property
    def columns(self) -> int:
        """How many numbers stand behind the box."""
        return len(self.skeleton.joints) * self.dimensions


def joints_of_config(content: dict[str, Any]) -> Joints | None:
    """Return the keypoints of a pose dataset, None for other datasets.

    Their names are ``kpt_names``; without, seventeen are those of a person, unless ``flip_idx`` says otherwise.
    """
    flip = content.get('flip_idx')
    match content.get('kpt_shape'):
        case [int(count), (2 | 3) as dimensions] if 0 < count <= _MOST_JOINTS:
            names = _joint_names(content.get('kpt_names'), count)
            own = tuple(flip or ()) if is_flip(flip, count) else ()
            is_person = own in ((), tuple(PERSON_17.flip)) and count == len(PERSON_17.joints)
            if names == list(PERSON_17.joints) or (names is None and is_person):
                return Joints(PERSON_17, dimensions)
            joints = names or [f'joint_{place}' for place in range(count)]
            return Joints(Skeleton('object', tuple(joints), declared_flip=own), dimensions)
        case _:
            return None


def _joint_names(given: Any, count: int) -> list[str] | None:
    names = next(iter(given.values()), None) if isinstance(given, dict) else given
    if isinstance(names, list) and len(names) == count and all(isinstance(name, str | int) for name in names):
        found = [nfc(str(name).strip()) for name in names]
        return found if len(set(found)) == count else None
    return None
