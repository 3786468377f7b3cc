"""Reads the plugin project in a folder: its actions, and the pack that it will be once installed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, PackError
from ..hookspecs import PROJECT
from ..providers import resolve
from .base import check_action_class

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['PluginProject', 'load_action_class', 'read_project']

_ACTIONS = re.compile(r'^[{\s]*["\']?actions["\']?\s*:', re.MULTILINE)
_CONFIG_NAMES = ('config.yaml', 'config.yml', 'synapse.yaml', 'synapse.yml')


@dataclass(frozen=True)
class PluginProject:
    """A plugin project.

    Attributes:
        root: Its folder.
        name: Its name, for people.
        version: Its version.
        actions: Name of an action -> reference to its class (``pkg.mod:Class``).
        packs: Modules that its pyproject declares as packs.
        config: The content of its config.yaml; empty where it has none.
    """

    root: Path
    name: str
    version: str
    actions: dict[str, str] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)


def read_project(root: Path) -> PluginProject | None:
    """Read the plugin project in *root*: config.yaml in the platform's format, and pyproject.toml.

    Returns:
        None if there is neither an action nor a pack in the folder. A config.yaml without ``actions`` is
        somebody else's, and is not even parsed.

    Raises:
        ConfigError: If a file cannot be read, or is not what it should be.
    """
    config_path = next((root / name for name in _CONFIG_NAMES if _has_actions(root / name)), None)
    config = _read_yaml(config_path) if config_path else {}
    pyproject = _read_toml(root / 'pyproject.toml') if (root / 'pyproject.toml').is_file() else {}
    project = _table(pyproject, 'project', root)
    actions = _actions_of_config(config, config_path) if config_path else {}
    tool = _table(_table(pyproject, 'tool', root), 'synapse-plugins', root)
    actions.update({str(name): str(reference) for name, reference in _table(tool, 'actions', root).items()})
    packs = tuple(map(str, _table(_table(project, 'entry-points', root), PROJECT, root).values()))
    if not actions and not packs:
        return None
    return PluginProject(
        root=root,
        name=str(config.get('name') or project.get('name') or root.name),
        version=str(config.get('version') or project.get('version') or '0'),
        actions=actions,
        packs=packs,
        config=config,
    )


def load_action_class(reference: str) -> Any:
    """Import an action's class; ``pkg.mod:Class`` and ``pkg.mod.Class`` are both understood.

    Raises:
        PackError: If it cannot be imported.
        ConfigError: If it is not an action.
    """
    if ':' not in reference:
        module, _, name = reference.rpartition('.')
        reference = f'{module}:{name}'
    try:
        found = resolve(reference)
    except PackError as exc:
        missing = getattr(exc.__cause__, 'name', None) or ''
        if missing.partition('.')[0] != 'synapse_sdk':
            raise
        raise ConfigError(
            f'{reference} is based on synapse_sdk, which is not installed: it is not supported here. Let '
            '`synapse-plugins migrate .` change its imports, or install synapse-sdk (Python 3.12 or later).'
        ) from exc
    check_action_class(found, reference)
    return found


def _actions_of_config(config: dict[str, Any], path: Path) -> dict[str, str]:
    actions = config.get('actions') or {}
    if not isinstance(actions, dict):
        raise ConfigError(f'{path}: actions is not a mapping of names to entrypoints.')
    references = {}
    for name, entry in actions.items():
        reference = entry.get('entrypoint') if isinstance(entry, dict) else entry
        if not isinstance(reference, str):
            raise ConfigError(
                f'{path}: action {name!r} has no entrypoint; add  entrypoint: package.module.Class'
            )
        references[str(name)] = reference
    return references


def _has_actions(path: Path) -> bool:
    """Tell whether a file speaks of actions; by its text, for a file of another tool may not even be plain YAML."""
    try:
        return path.is_file() and _ACTIONS.search(path.read_text(encoding='utf-8')) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _table(parent: dict[str, Any], name: str, root: Path) -> dict[str, Any]:
    """Return a table of pyproject.toml; empty if it is not there."""
    found = parent.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f'{root / "pyproject.toml"}: {name} is {found!r}; it is a table.')
    return found


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ConfigError(f'{path} cannot be read: {exc}') from exc
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f'{path} is not a mapping; docs/actions.md shows what it looks like.')
    return content or {}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f'{path} cannot be read: {exc}') from exc
