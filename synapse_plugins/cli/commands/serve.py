"""``serve``: the store of this machine, for clients of the platform."""

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from .. import output
from ..options import new_app, settings_of

if TYPE_CHECKING:
    from ...backends.server import Served

app = new_app()

_TOKEN_VARIABLE = 'SYNAPSE_PLUGINS_SERVE_TOKEN'  # noqa: S105 - its name


@app.command()
def serve(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option('--host', metavar='ADDRESS', help='The address to listen on.', show_default=True)
    ] = '127.0.0.1',
    port: Annotated[
        int, typer.Option('--port', metavar='PORT', help='The port; 0 takes a free one.', min=0, max=65535)
    ] = 8765,
    no_token: Annotated[
        bool, typer.Option('--no-token', help='Let everybody on this machine in; only on a loopback address.')
    ] = False,
) -> None:
    """Serve the store to clients of the platform over HTTP.

    Ctrl-C ends it. A client needs the token that is printed, or the one in $SYNAPSE_PLUGINS_SERVE_TOKEN.
    """
    from ...backends.server import Served, check_address, new_token

    token = None if no_token else os.environ.get(_TOKEN_VARIABLE) or new_token()
    check_address(host, token)
    settings = settings_of(ctx)
    with settings.backend(existing=False) as backend:
        served = Served(backend, host=host, port=port, token=token)
        _say(served, str(backend.store.home), host)
        with suppress(KeyboardInterrupt):  # how it is meant to end; whether it arrives here is chance
            served.serve()
        output.say('', 'Stopped.')


def _say(served: 'Served', home: str, host: str) -> None:
    from ...backends.server import is_loopback

    output.say(f'Serving {home} at {served.url}')
    if served.token is None:
        output.say('Without a token: every program on this machine can read and change it.')
        command = f'synapse-plugins run ACTION --backend {served.url}'
    elif _TOKEN_VARIABLE in os.environ:
        output.say(f'Token: that of ${_TOKEN_VARIABLE}')
        command = f'SYNAPSE_ACCESS_TOKEN=${_TOKEN_VARIABLE} synapse-plugins run ACTION --backend {served.url}'
    else:
        output.say(f'Token: {served.token}')
        command = f'SYNAPSE_ACCESS_TOKEN={served.token} synapse-plugins run ACTION --backend {served.url}'
    if not is_loopback(host):
        output.say(
            'It is not encrypted: in a network that others share, put a proxy with TLS in front of it.'
        )
    output.commands('Use it:', [command])
    sys.stdout.flush()  # whoever waits in a pipe for the token shall have it now
