"""What `doctor` says of the server: where each credential comes from, never its value, and whether it answers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import RequestError
from .finding import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..backends.synapse import Credentials

__all__ = ['server_checks']

_TIMEOUT = (3.0, 10.0)
_LOGIN = 'synapse-plugins login'
_TOKENS = ('access_token', 'user_token', 'tenant', 'agent_token')


def server_checks() -> Iterator[Check]:
    """Check the credentials of the server, and ask it."""
    from ..backends.synapse import find_credentials
    from ..backends.synapse.config_file import config_path, exposed_to

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # told below
        found = find_credentials()
    path = config_path()
    if others := exposed_to(path):
        yield Check('config', 'fault', f'{path} holds tokens, and {others} can read it', f'chmod 600 {path}')
    sources = found.sources()
    if sources['host'] == 'the default' and not any(name in sources for name in _TOKENS):
        advice = f'Only for a server: {_LOGIN}'
        yield Check('server', 'note', 'none is named; the store of this machine needs none', advice)
        return
    yield Check('server', 'ok', f'{found.host.value}, from {found.host.source}')
    for name in _TOKENS:
        if name in sources:
            yield Check(name.replace('_', ' '), 'ok', f'from {sources[name]}')
    if found.outdone is not None:
        yield Check(
            'access token', 'note', f'that from {found.outdone.source} is not sent: the user token counts'
        )
    if found.withheld:
        yield Check('token', 'fault', found.withheld, f'{_LOGIN} --host {found.host.value}')
    yield _asked(found)


def _asked(credentials: Credentials) -> Check:
    from ..backends.synapse import Retries, SynapseBackend
    from ..backends.synapse.environment import timeout_of_environment

    timeout_of_environment()  # runs use it; here nobody waits that long
    if not credentials.headers():
        return Check('backend', 'fault', 'there is no token for it', f'{_LOGIN}, or set SYNAPSE_ACCESS_TOKEN')
    with SynapseBackend(credentials=credentials, timeout=_TIMEOUT, retries=Retries(attempts=1)) as client:
        try:
            client.check()
        except RequestError as exc:
            return Check('backend', 'fault', str(exc))
    host = urlsplit(credentials.host.value)
    if host.scheme == 'http' and host.hostname not in {'localhost', '127.0.0.1', '::1'}:
        return Check(
            'backend', 'note', 'it answers; the token travels unencrypted', 'Use an https:// address.'
        )
    return Check('backend', 'ok', 'it answers, and takes the token')
