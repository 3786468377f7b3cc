"""Checks a plugin's config.yaml, and brings it in line with the code."""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .code import CodeAction, find_actions, is_ours, load_entry, make_importable, reference_of
from .findings import findings, foreign_values
from .wanted import wanted_entry
from .yaml_text import edit, read, same

__all__ = ['CONFIG_NAMES', 'ConfigReport', 'check', 'find_config', 'sync']

CONFIG_NAMES = ('config.yaml', 'synapse.yaml')
"""The names that the platform looks for, in this order."""


@dataclass
class ConfigReport:
    """What was found out about a config.yaml.

    Attributes:
        path: The file.
        problems: What keeps the plugin from working on the platform.
        notes: What its author should know.
        changes: What `sync` changes, in words.
        before: The text of the file.
        after: The text that is in line with the code.
        written: Whether the file holds that text now.
    """

    path: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    before: str = ''
    after: str = ''
    written: bool = False

    @property
    def ok(self) -> bool:
        """Whether the file is in line with the code, and nothing is wrong with it."""
        return not self.problems and (self.before == self.after or self.written)

    def diff(self) -> str:
        """Return the changes as a unified diff."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = unified_diff(before, after, f'a/{self.path.name}', f'b/{self.path.name}')
        return ''.join(line if line.endswith('\n') else f'{line}\n' for line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            'path': str(self.path),
            'ok': self.ok,
            'problems': self.problems,
            'notes': self.notes,
            'changes': self.changes,
            'diff': self.diff(),
            'written': self.written,
        }


def find_config(root: Path) -> Path:
    """Return the configuration file of a plugin project.

    Raises:
        ConfigError: If there is none.
    """
    for name in CONFIG_NAMES:
        if (root / name).is_file():
            return root / name
    near = next((name for name in ('config.yml', 'synapse.yml') if (root / name).is_file()), None)
    if near:
        raise ConfigError(f'The platform does not look for {near}; rename it to config.yaml.')
    raise ConfigError(
        f'{root} is not a plugin project of the platform: it has no config.yaml. The guide to plugins '
        '(docs/migrating.md) shows a small one.'
    )


def check(root: str | Path) -> ConfigReport:
    """Compare the config.yaml of a project with its code; nothing is changed.

    The project's modules are imported for it.

    Raises:
        ConfigError: If the file is not there, cannot be read, or cannot be changed in its place.
    """
    folder = Path(root).resolve()
    path = find_config(folder)
    report = ConfigReport(path)
    try:
        report.before = path.read_bytes().decode('utf-8')
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f'{path} cannot be read: {exc}') from exc
    _, value = read(report.before, path)
    if not isinstance(value, dict):
        raise ConfigError(f'{path} is not a mapping; see the example in docs/migrating.md.')
    make_importable(folder)
    wanted = _wanted(value, folder, report)
    problems, notes = findings(wanted, folder)
    unreadable = any(foreign_values(wanted))
    report.after = report.before if unreadable or same(value, wanted) else edit(report.before, path, wanted)
    report.problems[:0] = problems
    report.notes[:0] = notes
    return report


def sync(root: str | Path) -> ConfigReport:
    """Bring the config.yaml of a project in line with its code: entrypoints, methods, types and forms.

    Everything else stays as it is written, comments included. The file is replaced whole.

    Raises:
        ConfigError: As `check` does.
    """
    report = check(root)
    if report.after != report.before:
        place = report.path.resolve()  # of a link what it leads to is written, and the link stays
        temporary = place.with_name(f'.{place.name}.{os.getpid()}')
        try:
            temporary.write_bytes(report.after.encode('utf-8'))
            temporary.chmod(place.stat().st_mode)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
    report.written = True
    return report


def _wanted(value: dict[Any, Any], root: Path, report: ConfigReport) -> dict[Any, Any]:
    """Return what the file should say; tells in *report* what that changes, and what is wrong."""
    wanted = deepcopy(value)
    entries = wanted.get('actions')
    if entries is None:
        entries = wanted['actions'] = {}
    if not isinstance(entries, dict):
        report.problems.append('actions is not a mapping of names to entries')
        return value
    in_code, problems = find_actions(root)
    report.problems.extend(problems)
    for name, cls, reference in _matched(entries, in_code, report):
        entry, notes = wanted_entry(name, cls, reference, entries.get(name))
        _say_changes(name, entries.get(name), entry, report)
        report.notes.extend(notes)
        entries[name] = entry
    if not entries and value.get('actions') is None:
        return value
    return wanted


def _matched(
    entries: dict[Any, Any], in_code: list[CodeAction], report: ConfigReport
) -> list[tuple[Any, Any, str]]:
    """Return name, class and reference of every action on this package, those of the file first."""
    matched: list[tuple[Any, Any, str]] = []
    by_name = {action.name: action for action in in_code}
    for name, entry in entries.items():
        loaded = load_entry(entry)
        if is_ours(loaded.found):
            matched.append((name, loaded.found, loaded.reference))
        elif loaded.is_vendors:
            report.notes.append(f'{name} is on synapse-sdk and was left as it is')
        elif name in by_name:
            matched.append((name, by_name[name].cls, by_name[name].reference))
        else:
            report.problems.append(f'action {name!r}: {loaded.problem}')
    known = {reference_of(cls) for _, cls, _ in matched}
    taken = set(entries)
    for action in in_code:
        if action.reference in known:
            continue
        if action.name in taken:
            report.notes.append(f'{action.reference} is an action named {action.name!r}, as another one is')
            continue
        taken.add(action.name)
        matched.append((action.name, action.cls, action.reference))
    return matched


def _say_changes(name: str, old: Any, new: dict[str, Any], report: ConfigReport) -> None:
    if old is None:
        report.changes.append(f'{name}: new, {new["entrypoint"]}')
        return
    before = old if isinstance(old, dict) else {'entrypoint': old}
    for key in ('entrypoint', 'method', 'input_type', 'output_type'):
        if before.get(key) != new.get(key):
            report.changes.append(f'{name}: {key} {before.get(key) or "(none)"} -> {new.get(key)}')
    for key, place in (('train_ui_schemas', 'hyperparameters'), ('ui_schema', None)):
        was, is_now = (
            (entry if place is None else entry.get(place) or {}).get(key) for entry in (before, new)
        )
        if not same(was, is_now):
            report.changes.append(
                f'{name}: {key} asks for {", ".join(item["name"] for item in is_now or [])}'
            )
