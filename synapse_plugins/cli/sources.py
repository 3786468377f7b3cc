"""What is said of a source folder that is not there."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..errors import FormatError, SynapsePluginsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .settings import Settings

__all__ = ['hinting_at_the_store']


@contextmanager
def hinting_at_the_store(settings: Settings, sources: Iterable[Path]) -> Iterator[None]:
    """Tell of datasets in the store where a source is called like one and is no folder.

    The store is opened only when the work has failed: what reads folders needs none.
    """
    try:
        yield
    except FormatError as exc:
        hints = [hint for source in sources if not source.exists() and (hint := _hint(settings, source))]
        if not hints:
            raise
        raise FormatError(' '.join((str(exc), *hints))) from exc


def _hint(settings: Settings, source: Path) -> str | None:
    from ..backends.local import LocalBackend
    from ..store import open_store

    name = str(source)
    with (
        suppress(SynapsePluginsError, OSError),
        LocalBackend(open_store(settings.home, create=False)) as backend,
    ):
        backend.resolve_dataset(name, register_folder=False)
        command = settings.hint('datasets', 'export', name, 'DST')
        return f'{name} is a dataset in the store; `{command}` writes it to a folder.'
    return None
