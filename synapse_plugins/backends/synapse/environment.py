"""What the environment says of connections: whose certificates are trusted, and how long is waited."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ...errors import ConfigError
from .answers import CA_VARIABLE

__all__ = ['ca_bundle', 'timeout_of_environment']

_CA_VARIABLES = (CA_VARIABLE, 'REQUESTS_CA_BUNDLE')


def ca_bundle() -> str:
    """Return the file of the authorities that are trusted.

    Raises:
        ConfigError: If a variable names a file that is not there, or holds no certificates.
    """
    for variable in _CA_VARIABLES:
        if path := os.environ.get(variable):
            if not Path(path).exists():
                raise ConfigError(
                    f'${variable} names {path}, which is not there. Name the file of the authority.'
                )
            if Path(path).is_file():
                _check_certificates(variable, path)
            return path
    # Told by name, because the library would ask further variables otherwise.
    return DEFAULT_CA_BUNDLE_PATH


def _check_certificates(variable: str, path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as exc:  # those of TLS among them
        raise ConfigError(
            f'${variable} names {path}, and no certificates can be read from it: {exc.strerror or exc}. Name the file '
            'of the authority, in the form PEM.'
        ) from exc


def timeout_of_environment() -> tuple[float, float]:
    """Return the seconds to connect and to wait for an answer that the environment says.

    Raises:
        ConfigError: If a variable holds no such number.
    """
    found = []
    for variable, default in (
        ('SYNAPSE_BACKEND_V2_TIMEOUT_CONNECT', 5.0),
        ('SYNAPSE_BACKEND_V2_TIMEOUT_READ', 30.0),
    ):
        text = os.environ.get(variable) or str(default)
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < 86400:
            raise ConfigError(f'${variable} is {text!r}; it is a number of seconds.')
        found.append(seconds)
    return found[0], found[1]
