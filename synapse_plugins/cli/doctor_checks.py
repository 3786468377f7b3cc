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


def checks(settings: Settings) -> Iterator[Check]:
    """Make all checks; one that goes wrong itself is a fault, and the others go on."""
    from .server_checks import server_checks

    parts: tuple[Callable[[], Iterator[Check]], ...] = (
        _python,
        _extras,
        _gpu,
        lambda: _store(settings),
        _packs,
        server_checks,
    )
    for part in parts:
        try:
            yield from part()
        except SynapsePluginsError as exc:
            yield Check('error', 'fault', str(exc))


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
    ultralytics, torch = _version('ultralytics'), _version('torch')
    if ultralytics and torch:
        yield Check('extra yolo', 'ok', f'ultralytics {ultralytics}, torch {torch}')
    elif ultralytics:
        yield Check('extra yolo', 'fault', f'ultralytics {ultralytics} without torch', _install('yolo'))
    else:
        yield Check('extra yolo', 'note', 'not installed; yolo.train and yolo.val need it', _install('yolo'))


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
