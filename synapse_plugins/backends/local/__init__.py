"""The embedded backend: datasets, models, jobs and uploaded data in the store, without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .collections import Collections
from .events import Events
from .exports import Exports
from .jobs import Jobs
from .releases import Releases
from .removals import Removals
from .upkeep import Upkeep
from .work import Work

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ['LocalBackend']


class LocalBackend(Exports, Events, Jobs, Collections, Removals, Releases, Work, Upkeep):
    """The methods of `synapse_plugins.backends.Backend`, and what only a backend on this machine can do.

    Threads and processes may use one store at once.

    Args:
        store: An open store.
    """

    @property
    def name(self) -> str:
        """``local``."""
        return 'local'

    @property
    def identity(self) -> str:
        """The store's own id, which stays when its folder is moved."""
        return f'local:{self.store.id}'

    @property
    def cache_dir(self) -> Path:
        """Where steps may keep what can be made again."""
        return self.store.cache_dir

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
