"""Where datasets, models and job reports live: the embedded backend, later also a Synapse server.

`open` gives one; every one has the methods of `Backend`, so that no step can tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BackendError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from .local import LocalBackend
    from .protocol import Backend

__all__ = ['Backend', 'LocalBackend', 'open']


def open(target: str = 'local', *, home: Path | str | None = None) -> LocalBackend:  # noqa: A001 - backends.open()
    """Open a backend.

    Args:
        target: ``local``, the embedded backend, which needs no server.
        home: The home folder of its store; None: see `synapse_plugins.store.default_home`.

    Raises:
        BackendError: If *target* is an address: this version speaks to no server yet.
        UnknownNameError: If there is no such backend.
        StoreError: If the store cannot be used.
    """
    if target == 'local':
        from ..store import open_store
        from .local import LocalBackend

        return LocalBackend(open_store(home))
    if '://' in target:
        raise BackendError(
            f'{target} is the address of a server; this version has the embedded backend only, HTTP comes in a '
            "later one. Use 'local'."
        )
    raise UnknownNameError('backend', target, ['local'])


def __getattr__(name: str) -> Any:
    if name == 'LocalBackend':
        from .local import LocalBackend

        return LocalBackend
    if name == 'Backend':
        from .protocol import Backend

        return Backend
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted(__all__)
