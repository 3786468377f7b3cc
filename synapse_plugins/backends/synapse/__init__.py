"""The client of a Synapse server, and of an embedded backend that is served."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Self

from ...errors import BackendError
from .collections import Collections
from .credentials import Credentials, find_credentials
from .events import Events
from .jobs import Jobs, Releases
from .models import Models
from .transport import Request, Retries, Transport
from .work import Work

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ['Credentials', 'Retries', 'SynapseBackend', 'find_credentials']


class SynapseBackend(Events, Models, Collections, Jobs, Releases, Work):
    """The methods of `synapse_plugins.backends.Backend`, over HTTP.

    Threads may use one at once.

    Args:
        url: The server's address; None: as the environment or the configuration file says.
        access_token: An access token; None: as they say.
        user_token: A user token, which goes with *tenant*.
        tenant: A tenant's code.
        cache_dir: Where fetched files go; None: the cache of the default home.
        timeout: Seconds to connect, and to wait for each piece of an answer.
        retries: How often and when a request is repeated.
        credentials: All of who asks and whom, in place of the arguments before.

    Raises:
        ParamsError: If the address is none.
        ConfigError: If the configuration is broken.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        access_token: str | None = None,
        user_token: str | None = None,
        tenant: str | None = None,
        cache_dir: Path | None = None,
        timeout: tuple[float, float] | None = None,
        retries: Retries | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.credentials = credentials or find_credentials(
            url, access_token=access_token, user_token=user_token, tenant=tenant
        )
        transport = Transport(self.credentials, timeout=timeout, retries=retries)
        super().__init__(transport, _cache_dir(cache_dir) / 'http' / _digest(transport.url))

    @property
    def name(self) -> str:
        """The server's address."""
        return self.transport.url

    @property
    def identity(self) -> str:
        """The server's address; it holds no secret."""
        return self.transport.url

    @property
    def cache_dir(self) -> Path:
        """Where fetched files and exports are kept."""
        return self._cache_root

    def check(self) -> None:
        """See that the server answers, and knows who asks.

        Raises:
            RequestError: If not.
        """
        attempts = min(2, self.transport.retries.attempts)  # somebody waits for the answer
        self.transport.ask(Request('GET', 'models/', params={'page_size': 1}, attempts=attempts))

    def login(self, email: str, password: str) -> str:
        """Return the user token that a name and a password give.

        Raises:
            RequestError: If the server does not take them.
            BackendError: If it tells no token.
        """
        body = {'email': email, 'password': password}
        told = self.transport.ask(Request('POST', 'users/login/', json=body, repeatable=True))
        if not isinstance(told, dict) or not told.get('token'):
            raise BackendError(
                f'{self.name} told no token. Check that the address is that of the API, or log in with an access token.'
            )
        return str(told['token'])

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f'<SynapseBackend {self.name}>'


def _cache_dir(given: Path | None) -> Path:
    if given is not None:
        return given
    from ...store import default_home

    return default_home() / 'cache'


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
