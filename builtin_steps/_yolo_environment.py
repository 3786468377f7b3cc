"""The environment of the training process: a configuration of its own, nothing switched on unasked."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._yolo_callbacks import SPEC_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['child_environment', 'write_settings']

_ON_BY_REQUEST = ('tensorboard', 'wandb')
"""Trackers that are off in ultralytics unless its user switched them on."""


def child_environment(config: Path, fonts: Path) -> dict[str, str]:
    """Return the variables of the training process: those of this one, with what concerns ultralytics set.

    Args:
        config: Configuration folder of this run.
        fonts: Where matplotlib may keep its list of fonts.
    """
    environment = {name: value for name, value in os.environ.items() if name != SPEC_VARIABLE}
    environment.setdefault('MPLCONFIGDIR', str(fonts))
    environment.update(
        YOLO_CONFIG_DIR=str(config),
        YOLO_OFFLINE='true',
        YOLO_AUTOINSTALL='false',
        PYTHONUTF8='1',
        PYTHONUNBUFFERED='1',
        MPLBACKEND='Agg',
    )
    environment.pop('PYTHONSAFEPATH', None)
    if root := _import_root():
        environment['PYTHONPATH'] = os.pathsep.join(filter(None, (root, os.environ.get('PYTHONPATH'))))
    return environment


def _import_root() -> str | None:
    """Return the folder that this package is imported from, unless every Python process looks there anyway."""
    root = Path(__file__).resolve().parent.parent
    installed = {Path(sysconfig.get_paths()[kind]).resolve() for kind in ('purelib', 'platlib')}
    return None if root in installed else str(root)


def write_settings(config: Path, folder: Path, trackers: Iterable[str]) -> None:
    """Write ultralytics' settings of this run: nothing is sent anywhere, no tracker runs unasked.

    Args:
        config: Configuration folder of this run.
        folder: Where the run's files go.
        trackers: Trackers that the run asked for; those that the user switched on in their own settings of
            ultralytics stay on too.
    """
    wanted = {*trackers, *_trackers_of_the_user()}
    settings: dict[str, Any] = {
        'settings_version': '0.0.8',
        'datasets_dir': str(folder / 'datasets'),
        'weights_dir': str(folder / 'weights'),
        'runs_dir': str(folder / 'runs'),
        'uuid': '0' * 64,
        'sync': False,
        'api_key': '',
        'openai_api_key': '',
        'vscode_msg': False,
        'openvino_msg': False,
    }
    for tracker in ('clearml', 'comet', 'dvc', 'mlflow', 'raytune', 'tensorboard', 'wandb'):
        settings[tracker] = tracker in wanted
    target = config / 'Ultralytics' / 'settings.json'
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(settings, indent=2, ensure_ascii=False), encoding='utf-8')


def _trackers_of_the_user() -> set[str]:
    try:
        settings = json.loads(_settings_of_the_user().read_text(encoding='utf-8'))
        return {name for name in _ON_BY_REQUEST if settings.get(name) is True}
    except (OSError, ValueError, AttributeError):  # none, or not ours to judge
        return set()


def _settings_of_the_user() -> Path:
    if folder := os.environ.get('YOLO_CONFIG_DIR'):
        root = Path(folder).expanduser()
    elif sys.platform == 'win32':
        root = Path.home() / 'AppData' / 'Roaming'
    elif sys.platform == 'darwin':
        root = Path.home() / 'Library' / 'Application Support'
    else:
        root = Path(os.environ.get('XDG_CONFIG_HOME') or Path.home() / '.config')
    return root / 'Ultralytics' / 'settings.json'
