"""The process that trains: ``python -m builtin_steps.yolo_worker SPEC``.

Ultralytics prints to standard output, changes environment variables and patches libraries of the process it
runs in; so it runs in one of its own. What to do is in a JSON file, what happens is appended to another.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from . import _yolo_callbacks as callbacks
from ._yolo_lifeline import tie_to_parent
from ._yolo_offline import forbid_network, provide_fonts

__all__ = ['main']


def main(spec_file: str) -> int:
    """Do what a specification says.

    Returns:
        0 when it was done, 1 when it failed, 3 when it was stopped because the run was cancelled.
    """
    os.environ[callbacks.SPEC_VARIABLE] = spec_file
    spec = callbacks.spec()
    tie_to_parent(spec['parent'], alone=not _on_several_devices(spec))
    callbacks.tell('process', process=os.getpid())
    try:
        if not spec['trackers']:
            forbid_network()
        _draw_any_script(spec)
        {'train': _train, 'val': _validate}[spec['mode']](spec)
    except callbacks.Stopped:
        return 3
    except Exception as exc:  # noqa: BLE001 - whatever it is, the parent is told and quotes it
        callbacks.tell('failed', type=type(exc).__name__, error=str(exc), traceback=traceback.format_exc())
        return 1
    return 0


def _train(spec: dict[str, Any]) -> None:
    model = _load(spec)
    for event, function in callbacks.TRAINING.items():
        model.add_callback(event, function)
    model.train(**spec['arguments'])
    callbacks.tell('done', save_dir=str(model.trainer.save_dir), names=_names(model.trainer.data['names']))


def _validate(spec: dict[str, Any]) -> None:
    model = _load(spec)
    _check_classes(list(model.names.values()), spec['classes'])
    for event, function in callbacks.VALIDATION.items():
        model.add_callback(event, function)
    found = model.val(**spec['arguments'])
    callbacks.tell('final', metrics=callbacks.numbers(found.results_dict), per_class=found.summary())
    callbacks.tell('done', save_dir=str(found.save_dir), names=_names(model.names))


def _check_classes(of_model: list[str], of_dataset: list[str]) -> None:
    """Refuse a dataset whose class numbers mean something else to the model: its figures would be worthless."""
    if of_dataset and of_dataset != of_model:
        raise ValueError(
            f'the model knows the classes {", ".join(of_model)}; the dataset has {", ".join(of_dataset)}. '
            'They have to be the same, in the same order'
        )


def _load(spec: dict[str, Any]) -> Any:
    _calm_progress_bars()
    from ultralytics import YOLO, __version__

    callbacks.tell('started', ultralytics=__version__)
    model = YOLO(spec['model'], task=None if spec['model'].endswith('.pt') else spec['task'])
    if spec['task'] and model.task != spec['task']:
        raise ValueError(
            f'the weights {spec["model"]} are for the task {model.task!r}, not {spec["task"]!r}: '
            f'run it with task={model.task}'
        )
    return model


def _draw_any_script(spec: dict[str, Any]) -> None:
    """Provide fonts; where this machine has none for the names at hand, pictures show boxes, and we say so once."""
    warnings.filterwarnings('ignore', message=r'Glyph \d+ .* missing from')
    has_hangul_font = provide_fonts(Path(os.environ['YOLO_CONFIG_DIR']) / 'Ultralytics')
    if not has_hangul_font and _has_hangul(Path(spec['arguments'].get('data') or '')):
        note = 'No font with Hangul is installed: in pictures such names are drawn as boxes.'
        callbacks.tell('note', text=note, level='info')


def _has_hangul(file: Path) -> bool:
    return file.is_file() and any('\uac00' <= one <= '\ud7a3' for one in file.read_text(encoding='utf-8'))


def _calm_progress_bars() -> None:
    """Make ultralytics write each progress bar once, when it is full, not ten times a second."""
    from ultralytics.utils import tqdm

    tqdm.is_noninteractive_console = lambda: True


def _on_several_devices(spec: dict[str, Any]) -> bool:
    device = spec['arguments'].get('device')
    return len(device) > 1 if isinstance(device, list) else ',' in str(device)


def _names(names: dict[int, str]) -> dict[str, str]:
    return {str(index): str(name) for index, name in sorted(names.items())}


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
