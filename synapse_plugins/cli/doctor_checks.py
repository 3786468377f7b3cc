"""What `doctor` looks at. Each check is cheap, and nothing heavy is imported for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from ..errors import SynapsePluginsError
from . import output
from .finding import Check
from .settings import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .settings import Settings

__all__ = ['LICENCES', 'Check', 'checks']

LICENCES = (
    'synapse-plugins is Apache-2.0; the yolo extra installs ultralytics, which is AGPL-3.0, and no part of the core '
    'imports it. The templates extra brings copier, and with it one GPL-3.0 package.'
)
_OLDEST_PYTHON = (3, 11)
_LOW_SPACE = 2_000_000_000
_LONG = 60
_EXTRAS = {
    'yolo': (('ultralytics', 'torch'), 'yolo.train and yolo.val need it'),
    'templates': (('copier',), 'new and update need it'),
    'migrate': (('libcst',), 'migrate needs it'),
    'server': (('starlette', 'uvicorn'), 'serve needs it'),
}
"""Extra -> what it installs, and who needs that."""
_BROUGHT = {'jinja2-ansible-filters': 'comes with copier, extra templates'}
"""What an extra brings whose licence people ask about."""


def checks(settings: Settings) -> Iterator[Check]:
    """Make all checks; one that goes wrong itself is a fault, and the others go on."""
    from .server_checks import server_checks

    parts: dict[str, Callable[[], Iterator[Check]]] = {
        'python': _python,
        'extras': _extras,
        'gpu': _gpu,
        'store': lambda: _store(settings),
        'packs': _packs,
        'server': server_checks,
        'licences': _licences,
    }
    for name, part in parts.items():
        try:
            yield from part()
        except SynapsePluginsError as exc:
            yield Check(name, 'fault', str(exc))


def _python() -> Iterator[Check]:
    version = '.'.join(map(str, sys.version_info[:3]))
    good = sys.version_info >= _OLDEST_PYTHON
    yield Check(
        'python',
        'ok' if good else 'fault',
        f'{version}, {sys.executable}',
        '' if good else 'Use 3.11 or later.',
    )
    yield Check(PROGRAM, 'ok', _version(PROGRAM) or 'runs from a folder, not installed')


def _extras() -> Iterator[Check]:
    for extra, (distributions, purpose) in _EXTRAS.items():
        found = {name: _version(name) for name in distributions}
        told = ', '.join(f'{name} {version}' for name, version in found.items() if version)
        missing = ' and '.join(name for name, version in found.items() if not version)
        if not missing:
            yield Check(f'extra {extra}', 'ok', told)
        elif told:  # of the others, one part may have come with something else
            state = 'fault' if extra == 'yolo' else 'note'
            yield Check(f'extra {extra}', state, f'{told} without {missing}', _install(extra))
        else:
            yield Check(f'extra {extra}', 'note', f'not installed; {purpose}', _install(extra))


def _licences() -> Iterator[Check]:
    """Tell the licences of what is installed beside the core: of the extras, of what they bring, and of the packs."""
    from ..packs import get_manager

    extras = {name: f'extra {extra}' for extra, (names, _) in _EXTRAS.items() for name in names}
    packs = {record.distribution: 'a pack' for record in get_manager().records if not record.is_builtin}
    for name, why in {**extras, **_BROUGHT, **packs}.items():
        if licence := _licence(name):
            yield Check(f'licence {name}', 'ok', f'{licence} ({why})')


def _licence(distribution: str) -> str:
    """Return the licence that a distribution names, in a few words; empty if it is not installed."""
    try:
        found = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return ''
    classifiers = [
        line.rpartition(':: ')[2]
        for line in found.get_all('Classifier') or ()
        if line.startswith('License :: ')
    ]
    headers: list[str] = []
    for name in ('License-Expression', 'License'):
        headers.extend(found.get_all(name) or [])
    told = next(filter(None, headers), ', '.join(classifiers))
    if len(told) > _LONG or '\n' in told:
        told = ', '.join(classifiers) or f'{told.splitlines()[0][:_LONG].rpartition(" ")[0]} ...'
    return told.strip() or 'it names none'


def _gpu() -> Iterator[Check]:
    program = shutil.which('nvidia-smi')
    if program is None:
        yield Check('gpu', 'note', 'none found; training runs on the processor')
        return
    try:
        query = [program, '--query-gpu=name,memory.total,driver_version', '--format=csv,noheader']
        told = subprocess.run(
            query, capture_output=True, timeout=10, check=True, encoding='utf-8', errors='replace'
        )
    except (OSError, subprocess.SubprocessError) as exc:
        yield Check('gpu', 'fault', f'{program} fails: {exc}', 'Check the driver: nvidia-smi')
        return
    for line in told.stdout.splitlines():
        yield Check('gpu', 'ok', line.strip())


def _store(settings: Settings) -> Iterator[Check]:
    from ..store import default_home, free_space, open_store

    home = (settings.home or default_home()).expanduser().absolute()
    if not home.exists():
        yield Check('store', 'ok', f'{home}, not made yet')
        return
    with open_store(home, create=False):
        pass
    free = free_space(home)
    low = free < _LOW_SPACE
    advice = (
        f'Free some space, or clear what can be made again: {settings.hint("cache", "clear")}' if low else ''
    )
    yield Check(
        'store', 'fault' if low else 'ok', f'{home}, can be written, {output.size(free)} free', advice
    )


def _packs() -> Iterator[Check]:
    from ..packs import get_manager

    for record in get_manager().records:
        state = 'ok' if record.state == 'loaded' else 'note' if record.state == 'disabled' else 'fault'
        found = f'{record.version}, {record.state}'
        if record.needs:
            found = f'{found}, asks for synapse-plugins {record.needs}'
        advice = ''
        if record.state == 'broken' and record.error:
            found = f'{found}: {output.shown(record.error)}'
            advice = (
                f'pip uninstall {record.distribution}, or set SYNAPSE_PLUGINS_DISABLE={record.distribution}'
            )
        elif record.error:  # it says itself what to type
            advice = output.shown(record.error)
        yield Check(f'pack {record.distribution}', state, found, advice)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _install(extra: str) -> str:
    return f"pip install '{PROGRAM}[{extra}]'"
