"""Which model a run trains: tasks, the names of models, and what of them is on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from synapse_plugins.errors import ParamsError, suggestion

from ._yolo_arguments import ultralytics_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['TASKS', 'default_model', 'find_weights', 'named_task', 'resolve_model', 'task_of']


TASKS: Mapping[str, str] = {
    'detect': '',
    'segment': '-seg',
    'pose': '-pose',
    'obb': '-obb',
    'classify': '-cls',
}
"""The tasks of YOLO models, each with what its models' names end on."""

_SUFFIX = re.compile(r'-(seg|pose|obb|cls)(?=-|\.|$)')
_SCALE = re.compile(r'(\d+)([nslmx])(?=-|\.|$)')
_WEIGHTS_PAGE = 'https://github.com/ultralytics/assets/releases'


def default_model(task: str) -> str:
    """Return the model that a run trains when none was named: the smallest, from scratch."""
    return f'yolo11n{TASKS[task]}.yaml'


def named_task(model: str) -> str | None:
    """Return the task that a model's name tells by its suffix, or None."""
    match = _SUFFIX.search(Path(model).name)
    return next((task for task, suffix in TASKS.items() if match and suffix == match[0]), None)


def task_of(model: str | None, task: str | None) -> str:
    """Return the task of a run: the one that was asked for, else what the model's name tells, else detect.

    Raises:
        ParamsError: If there is no such task, or the model is for another.
    """
    named = named_task(model) if model else None
    chosen = task or named or 'detect'
    if chosen not in TASKS:
        raise ParamsError(f'Unknown task {chosen!r}. {suggestion(chosen, TASKS)}'.rstrip())
    if model and named and named != chosen:
        raise ParamsError(f'The model {model!r} is for the task {named!r}, not {chosen!r}; leave `task` out.')
    if model and not named and chosen != 'detect' and _is_packaged(model):
        fitting = re.sub(r'\.ya?ml$', f'{TASKS[chosen]}.yaml', model)
        raise ParamsError(f"The model {model!r} is for the task 'detect'; for {chosen!r} take {fitting!r}.")
    return chosen


def resolve_model(model: str) -> str:
    """Return the model as the trainer can load it without a network.

    An existing file becomes an absolute path; the name of a configuration that ships with ultralytics stays.

    Raises:
        ParamsError: If the model is not on this machine, or is nothing that can be trained.
    """
    path = Path(model).expanduser()
    if path.suffix not in {'.yaml', '.yml', '.pt'}:
        raise ParamsError(
            f'The model {model!r} is neither a configuration (.yaml) nor weights (.pt). '
            f'{suggestion(model, _packaged_names())}'.rstrip()
        )
    if path.is_file():
        return str(path.resolve())
    if path.suffix == '.pt':
        raise ParamsError(_missing_weights(model))
    if not _is_packaged(model):
        raise ParamsError(
            f'The model {model!r} is neither a file nor a configuration that ultralytics has. '
            f'{suggestion(model, _packaged_names())}'.rstrip()
        )
    return model


def find_weights(checkpoint: str | Path) -> Path:
    """Return the weights of a checkpoint: the file itself, or of a folder ``best.pt``, else ``last.pt``.

    Raises:
        ParamsError: If there are none.
    """
    path = Path(checkpoint)
    if path.is_file():
        return path.resolve()
    for candidate in ('best.pt', 'last.pt', 'weights/best.pt', 'weights/last.pt'):
        if (path / candidate).is_file():
            return (path / candidate).resolve()
    others = sorted(path.glob('*.pt')) if path.is_dir() else []
    if len(others) == 1:
        return others[0].resolve()
    found = f'{len(others)} of other names' if others else 'none'
    raise ParamsError(
        f'The checkpoint {path} has no weights: best.pt or last.pt was looked for, {found} found.'
    )


def _missing_weights(model: str) -> str:
    configuration = Path(model).with_suffix('.yaml').name
    text = (
        f'The weights {model!r} are not on this machine, and training downloads nothing. Get them from '
        f'{_WEIGHTS_PAGE} and give their path as `model`'
    )
    if _is_packaged(configuration):
        text += f', or train the same model from scratch: model={configuration}'
    return text + '.'


def _is_packaged(model: str) -> bool:
    """Tell whether ultralytics has this configuration; one file of it serves all scales of a model."""
    names = _packaged_files()
    return '/' not in model and '\\' not in model and (model in names or _SCALE.sub(r'\1', model) in names)


def _packaged_files() -> set[str]:
    return {path.name for path in (ultralytics_folder() / 'cfg' / 'models').rglob('*.yaml')}


def _packaged_names() -> list[str]:
    """Return the names a person would type: those of files that need a scale, with each of them."""
    names = _packaged_files()
    unscaled = [name for name in names if re.match(r'yolo(v8|11|12|26)(-|\.)', name)]
    scaled = {re.sub(r'^(yolov?\d+)', rf'\g<1>{scale}', name) for name in unscaled for scale in 'nsmlx'}
    return sorted(scaled | (names - set(unscaled)))
