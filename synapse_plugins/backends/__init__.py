"""Where datasets, models and job reports live: the embedded backend, or a Synapse server.

`open` gives one; every one has the methods of `Backend`, so that no step can tell them apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from ..errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    from .local import LocalBackend
    from .protocol import Backend
    from .synapse import SynapseBackend

__all__ = ['Backend', 'LocalBackend', 'SynapseBackend', 'open']


@overload
def open(target: Literal['local'] = 'local', *, home: Path | str | None = None) -> LocalBackend: ...  # noqa: A001


@overload
def open(target: str, *, home: Path | str | None = None) -> LocalBackend | SynapseBackend: ...  # noqa: A001


def open(target: str = 'local', *, home: Path | str | None = None) -> LocalBackend | SynapseBackend:  # noqa: A001
    """Open a backend.

    Args:
        target: ``local``, the embedded backend, which needs no server, or the address of a server. Who asks there is
            told by the environment or ``~/.synapse/config.json``, see `synapse_plugins.backends.synapse`.
        home: The home folder of the store, where a client of a server keeps its cache; None: see
            `synapse_plugins.store.default_home`.

    Returns:
        A `LocalBackend` or a `SynapseBackend`; both have the methods of `Backend`, and are context managers.

    Raises:
        ParamsError: If an address is none.
        ConfigError: If the configuration file is broken.
        UnknownNameError: If there is no such backend.
        StoreError: If the store cannot be used.
    """
    if target == 'local':
        from ..store import open_store
        from .local import LocalBackend

        return LocalBackend(open_store(home))
    if '://' in target:
        from pathlib import Path

        from .synapse import SynapseBackend

        return SynapseBackend(target, cache_dir=None if home is None else Path(home).expanduser() / 'cache')
    address = f'http://{target}' if {*'.:'} & {*target} else 'http://HOST:PORT'
    hint = f'A server is named by its address, with http:// or https:// in front: {address}'
    raise UnknownNameError('backend', target, ['local'], hint)


def __getattr__(name: str) -> Any:
    if name == 'LocalBackend':
        from .local import LocalBackend

        return LocalBackend
    if name == 'Backend':
        from .protocol import Backend

        return Backend
    if name == 'SynapseBackend':
        from .synapse import SynapseBackend

        return SynapseBackend
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted(__all__)
