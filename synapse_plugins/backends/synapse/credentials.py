"""Who asks, and whom: an argument comes before the environment, that before the configuration file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import ConfigError, ParamsError
from .config_file import config_path, read_config

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['DEFAULT_HOST', 'Credentials', 'Setting', 'base_url', 'find_credentials', 'origin']

DEFAULT_HOST = 'https://api.synapse.sh'

_VARIABLES: dict[str, tuple[str, ...]] = {
    'host': ('SYNAPSE_HOST',),
    'access_token': ('SYNAPSE_ACCESS_TOKEN', 'SYNAPSE_BACKEND_V2_ACCESS_TOKEN'),
    'user_token': ('SYNAPSE_PLUGIN_RUN_USER_TOKEN', 'SYNAPSE_BACKEND_V2_DRF_TOKEN'),
    'tenant': ('SYNAPSE_PLUGIN_RUN_TENANT', 'SYNAPSE_BACKEND_V2_TENANT'),
    'agent_token': ('SYNAPSE_AGENT_TOKEN',),
    'url_host': ('SYNAPSE_PLUGIN_RUN_URL_HOST',),
}
_SECRET = ('access_token', 'user_token', 'agent_token')


@dataclass(frozen=True, repr=False)
class Setting:
    """A value, and where it came from. Its `repr` does not show the value.

    Attributes:
        value: The value.
        source: For people: ``argument``, ``$VARIABLE``, or a file.
    """

    value: str
    source: str

    def __repr__(self) -> str:
        return f'<Setting from {self.source}>'


@dataclass(frozen=True, repr=False)
class Credentials:
    """What requests to one server bring.

    Attributes:
        host: The server's address.
        access_token: Stands for a person or a program.
        user_token: Stands for a person, within a tenant; it wins over an access token that was not given with it.
        tenant: The tenant's code.
        agent_token: Stands for an agent.
        url_host: Which network the addresses of files shall be good for.
        outdone: The access token that is not sent, because a user token counts more.
        withheld: Why a token that is there is not sent; empty if none is.
    """

    host: Setting
    access_token: Setting | None = None
    user_token: Setting | None = None
    tenant: Setting | None = None
    agent_token: Setting | None = None
    url_host: Setting | None = None
    outdone: Setting | None = None
    withheld: str = ''

    def headers(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        named = {
            'Synapse-Access-Token': self.access_token,
            'Authorization': self.user_token,
            'Synapse-Tenant': self.tenant,
            'SYNAPSE-Agent': self.agent_token,
        }
        return {
            name: f'Token {_bare(setting.value)}' for name, setting in named.items() if setting is not None
        }

    def secrets(self) -> list[str]:
        """Return what must appear nowhere."""
        return [_bare(setting.value) for name in _SECRET if (setting := getattr(self, name)) is not None]

    def sources(self) -> dict[str, str]:
        """Return where each value came from, by its name; no value."""
        names = ('host', 'access_token', 'user_token', 'tenant', 'agent_token', 'url_host')
        return {name: setting.source for name in names if (setting := getattr(self, name)) is not None}

    def __repr__(self) -> str:
        told = ', '.join(f'{name} from {source}' for name, source in self.sources().items())
        return f'<Credentials for {self.host.value}: {told}>'


def find_credentials(
    url: str | None = None,
    *,
    access_token: str | None = None,
    user_token: str | None = None,
    tenant: str | None = None,
    environ: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Credentials:
    """Gather what requests bring.

    Args:
        url: The server; None: as the environment says, else the configuration file, else `DEFAULT_HOST`.
        access_token: An access token.
        user_token: A user token, which goes with *tenant*.
        tenant: A tenant's code.
        environ: The environment; None: that of the process.
        config: What the configuration file says; None: it is read.

    Raises:
        ParamsError: If the address is none, or a value cannot stand in a header.
        ConfigError: If the configuration file is needed and broken.
    """
    environ = os.environ if environ is None else environ
    given = {'host': url, 'access_token': access_token, 'user_token': user_token, 'tenant': tenant}
    found = {name: Setting(value, 'argument') for name, value in given.items() if value}
    for name, variables in _VARIABLES.items():
        variable = next((variable for variable in variables if environ.get(variable)), None)
        if name not in found and variable is not None:
            found[name] = Setting(environ[variable], f'${variable}')
    has_token = 'access_token' in found or 'user_token' in found
    withheld = _take_config(found, config, needed=not has_token or 'host' not in found)
    found.setdefault('host', Setting(DEFAULT_HOST, 'the default'))
    found['host'] = Setting(base_url(found['host'].value), found['host'].source)
    # As the platform has it: in a run the user token is what counts, and the access token stays at home.
    both = 'access_token' in found and 'user_token' in found
    outdone = None
    if both and not access_token:
        outdone = found.pop('access_token')
    elif both and not user_token:
        del found['user_token']
    for name, setting in found.items():
        _check_text(name, setting)
    return Credentials(**found, outdone=outdone, withheld=withheld)


def _take_config(found: dict[str, Setting], config: Mapping[str, Any] | None, *, needed: bool) -> str:
    """Add what only the configuration file says; return why a token of it is left out."""
    source = str(config_path())
    try:
        told: Mapping[str, Any] = read_config() if config is None else config
    except ConfigError:
        if needed:
            raise
        return ''
    told = _flat(told)
    host = Setting(str(told['host']), source) if told.get('host') else None
    if 'host' not in found and host is not None:
        found['host'] = host
    if 'access_token' in found or 'user_token' in found:
        return ''
    names = [name for name in ('access_token', 'user_token', 'tenant') if told.get(name)]
    if not names:
        return ''
    asked = found.get('host')
    if (
        asked is not None
        and host is not None
        and origin(base_url(asked.value)) != origin(base_url(host.value))
    ):
        # A token goes to the server that it was saved for, and to no other that somebody names.
        return f'{source} holds a token for {host.value}; it is not sent to {asked.value}'
    for name in names:
        found.setdefault(name, Setting(str(told[name]), source))
    return ''


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file's own keys, and for what they lack those of its default environment."""
    environments = told.get('environments')
    named = environments.get(told.get('default_environment')) if isinstance(environments, dict) else None
    chosen = named if isinstance(named, dict) else {}
    below = {
        'host': chosen.get('backend_url'),
        **{key: chosen.get(key) for key in ('access_token', 'tenant')},
    }
    own = {key: told.get(key) for key in ('host', 'access_token', 'user_token', 'tenant')}
    return {key: own.get(key) or below.get(key) for key in own}


def base_url(url: str) -> str:
    """Return an address without the slash at its end.

    Raises:
        ParamsError: If it is no address of a server.
    """
    try:
        parts = urlsplit(url.strip())
        is_one = parts.scheme in {'http', 'https'} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half an address of version 6
        is_one = False
    if not is_one:
        raise ParamsError(
            f'{_without_user(url)!r} is no address of a server; write it as https://api.example.org'
        )
    if parts.username or parts.password:
        raise ParamsError(
            'The address of the server holds a name or a password. Leave them out; a token comes by '
            'SYNAPSE_ACCESS_TOKEN or `synapse-plugins login`.'
        )
    return parts._replace(query='', fragment='').geturl().rstrip('/')


def origin(url: str) -> tuple[str, str, int | None]:
    """Return what makes two addresses the same server: scheme, host, port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or '', parts.port or {'http': 80, 'https': 443}.get(parts.scheme)


def _without_user(url: str) -> str:
    return url.rpartition('@')[2][:80]


def _bare(token: str) -> str:
    return token.strip().removeprefix('Token ').strip()


def _check_text(name: str, setting: Setting) -> None:
    """Refuse what would break a header, before a library puts it into a message."""
    if not setting.value.strip().isprintable() or not setting.value.isascii():
        raise ParamsError(
            f'The {name} from {setting.source} has characters that cannot be sent; copy it again.'
        )
