"""What is wrong with the content of a config.yaml, or worth knowing, whatever its code says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import suggestion
from .vocabulary import ACTION_KEYS, CHOICES, KEYS, MISTAKEN_KEYS
from .yaml_text import ForeignValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ['findings', 'foreign_values']

_VERSION = re.compile(r'(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)')
_TASK = re.compile(r'[a-z_]+\.[\w-]+')


def findings(config: dict[Any, Any], root: Path) -> tuple[list[str], list[str]]:
    """Return what keeps the plugin from working on the platform, and what its author should know."""
    problems = [*_missing(config), *_wrong_values(config), *foreign_values(config)]
    notes = [*_unknown_keys(config), *_doubts(config, root), *_out_of_reach(config, root)]
    return problems, notes


def _missing(config: dict[Any, Any]) -> Iterator[str]:
    for key in ('name', 'code'):
        if not isinstance(config.get(key), str) or not config[key].strip():
            yield f'{key} is missing, or is not a text' + ('; put it into quotes' if config.get(key) else '')
    if config.get('category') == 'neural_net' and not config.get('data_type'):
        yield 'data_type is missing: a neural_net plugin says what it works on; add  data_type: image'
    if not config.get('actions'):
        yield 'there are no actions: add  actions:  with  NAME: {entrypoint: package.module.Class}'


def _wrong_values(config: dict[Any, Any]) -> Iterator[str]:
    for key, choices in CHOICES.items():
        values = config.get(key)
        for value in values if isinstance(values, list) else [values]:
            if value is not None and value not in choices:
                yield f'{key}: {value!r} is not one of {", ".join(choices)}'
    version = config.get('version')
    if version is not None and not isinstance(version, str):
        yield f'version: {version!r} is a number to YAML; put it into quotes'
    actions = config.get('actions')
    for name, entry in actions.items() if isinstance(actions, dict) else ():
        method = entry.get('method') if isinstance(entry, dict) else None
        if method is not None and method not in CHOICES['method']:
            yield f'action {name!r}: method {method!r} is not one of {", ".join(CHOICES["method"])}'


def foreign_values(value: Any, place: str = '') -> Iterator[str]:
    """Find Python objects: they come from an Enum default, and make the file unreadable."""
    if isinstance(value, ForeignValue):
        yield f'line {value.line}: {place} is a Python object ({value.tag}), which nobody can load; write its value'
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from foreign_values(item, f'{place}.{name}' if place else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from foreign_values(item, f'{place}[{number}]')


def _unknown_keys(config: dict[Any, Any]) -> Iterator[str]:
    for key in config:
        if key in MISTAKEN_KEYS:
            yield f'{key} is not read by the platform; it reads {MISTAKEN_KEYS[key]}'
        elif key not in KEYS:
            yield f'{key} is not read by the platform. {suggestion(str(key), KEYS)}'.rstrip()
    actions = config.get('actions')
    for name, entry in actions.items() if isinstance(actions, dict) else ():
        for key in entry if isinstance(entry, dict) else ():
            if key not in ACTION_KEYS:
                yield f'{name}.{key} is not read by the platform. {suggestion(str(key), ACTION_KEYS)}'.rstrip()


def _out_of_reach(config: dict[Any, Any], root: Path) -> Iterator[str]:
    """Find entrypoints in ``src``: the platform starts a plugin in its folder, and Python looks there only."""
    environment = config.get('env')
    if isinstance(environment, dict) and 'src' in str(environment.get('PYTHONPATH') or ''):
        return
    requirements = root / 'requirements.txt'
    lines = (
        requirements.read_text(encoding='utf-8-sig', errors='replace').split('\n')
        if requirements.is_file()
        else []
    )
    if any(line.strip() in {'.', './', '-e .'} for line in lines):
        return
    actions = config.get('actions')
    for name, entry in actions.items() if isinstance(actions, dict) else ():
        reference = str(entry.get('entrypoint') if isinstance(entry, dict) else entry)
        package = reference.replace(':', '.').partition('.')[0]
        inside, beside = root / 'src' / package, root / package
        if inside.is_dir() and not beside.is_dir():
            yield (
                f'{name}: {package} lies in src/, where the platform does not look; add  env: {{PYTHONPATH: src}}  '
                'or install it by a line  .  in requirements.txt'
            )


def _doubts(config: dict[Any, Any], root: Path) -> Iterator[str]:
    version = config.get('version')
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        yield f'version {version!r} is not X.Y.Z; the platform will refuse such versions'
    for task in config.get('tasks') or []:
        if not _TASK.fullmatch(str(task)):
            yield f'task {task!r} is not written as DATA_TYPE.TASK, e.g. image.object_detection'
    readme = str(config.get('readme') or 'README.md')
    if not (root / readme).is_file():
        yield f'{readme} is not there'
