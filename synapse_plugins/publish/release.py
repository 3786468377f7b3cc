"""What a release of a plugin consists of."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from ..plugin_config import check, form_of
from ..plugin_config.code import is_ours, load_entry
from .archive import pack
from .ignore import choose_files

__all__ = ['Release', 'make_release']

_SECRETS = (
    '.env',
    '.env.*',
    '*.pem',
    '*.key',
    'id_rsa',
    'id_ed25519',
    '.netrc',
    '.pypirc',
    '*credentials*.json',
)
_MUCH = 50_000_000
"""Bytes of an archive that a person should know of."""


@dataclass
class Release:
    """A release as it would be sent.

    Attributes:
        fields: The fields of the request beside the file: `plugin`, `version`, `config`, `debug`, `requirements`.
        files: The files in the archive, each with its size.
        left_out: File or folder -> which rule leaves it out.
        size: Bytes of the archive.
        sha256: Digest of the archive.
        problems: What the platform would refuse, or could not run.
        notes: What the author should know.
    """

    fields: dict[str, Any]
    files: dict[str, int]
    left_out: dict[str, str]
    size: int = 0
    sha256: str = ''
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            'fields': self.fields,
            'files': self.files,
            'left_out': self.left_out,
            'size': self.size,
            'sha256': self.sha256,
            'problems': self.problems,
            'notes': self.notes,
        }


def make_release(root: str | Path, *, archive: Path | None = None) -> Release:
    """Check a project and pack it as it would be sent; the project is only read.

    Args:
        root: Its folder.
        archive: Where to leave the archive; None: nowhere.

    Raises:
        ConfigError: If there is no plugin, it cannot be read, or *archive* exists.
    """
    folder = Path(root).resolve()
    report = check(folder)
    chosen = choose_files(folder)
    config = yaml.safe_load(report.before) if not report.problems else _lenient(report.before)
    release = Release(
        fields=_fields(config, folder),
        files={name: (folder / name).stat().st_size for name in chosen.files},
        left_out=chosen.left_out,
        problems=list(report.problems),
        notes=[*report.notes, *chosen.notes],
    )
    if report.before != report.after:
        release.notes.append(
            'config.yaml is not in line with the code: run  synapse-plugins config sync  first'
        )
    if report.path.name not in chosen.files:
        rule = chosen.left_out.get(report.path.name)
        release.problems.append(f'{report.path.name} is left out ({rule}); the platform needs it')
    release.notes += [
        f'{name} looks like a secret, and would be sent; name it in .synapseignore'
        for name in chosen.files
        if any(fnmatch(name.rpartition('/')[2], pattern) for pattern in _SECRETS)
    ]
    _pack(folder, chosen.files, archive, release)
    return release


def _pack(root: Path, files: list[str], archive: Path | None, release: Release) -> None:
    if archive is not None and archive.exists():
        raise ConfigError(f'{archive} exists; name another file, or remove it.')
    if archive is not None:
        archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix='publish-', dir=None if archive is None else archive.absolute().parent
    ) as place:
        packed = Path(place) / 'plugin.zip'
        pack(root, files, packed)
        with packed.open('rb') as stream:
            release.sha256 = hashlib.file_digest(stream, 'sha256').hexdigest()
        release.size = packed.stat().st_size
        if archive is not None:
            packed.rename(archive)
    if release.size > _MUCH:
        release.notes.append(
            'it is large; name in .synapseignore what the plugin does not need to run, such as datasets and weights'
        )


def _lenient(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return {}


def _fields(config: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return the fields of the request that makes a release."""
    fields: dict[str, Any] = {
        'plugin': config.get('code'),
        'version': config.get('version', '0.1.0'),
        'config': _config(config),
        'debug': False,
    }
    if (root / 'requirements.txt').is_file():
        fields['requirements'] = (root / 'requirements.txt').read_text(encoding='utf-8-sig', errors='replace')
    return fields


def _config(config: dict[str, Any]) -> dict[str, Any]:
    """Return what the platform is told of the plugin beside the archive."""
    told: dict[str, Any] = {
        'name': config.get('name'),
        'code': config.get('code'),
        'version': config.get('version', '0.1.0'),
        'category': config.get('category', 'custom'),
        'description': config.get('description') or '',
        'readme': config.get('readme', 'README.md'),
    }
    told.update({key: config[key] for key in ('data_type', 'tasks') if config.get(key)})
    entries = config.get('actions')
    told['actions'] = {
        str(name): _action(entry) for name, entry in (entries if isinstance(entries, dict) else {}).items()
    }
    return told


def _action(entry: Any) -> dict[str, Any]:
    entry = entry if isinstance(entry, dict) else {'entrypoint': entry}
    told: dict[str, Any] = {'entrypoint': entry.get('entrypoint'), 'method': entry.get('method', 'task')}
    keys = ('description', 'input_type', 'output_type', 'hyperparameters', 'serve_options')
    told.update({key: entry[key] for key in keys if entry.get(key) is not None})
    found = load_entry(entry).found
    if is_ours(found):
        form = form_of(found.params_model).items
        if 'hyperparameters' not in told and form:
            told['hyperparameters'] = {'train_ui_schemas': form}
        result: Any = getattr(found, 'result_model', None)
        if hasattr(result, 'model_fields') and (items := form_of(result).items):
            told['result_schema'] = items
    return told
