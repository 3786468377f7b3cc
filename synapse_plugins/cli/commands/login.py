"""``login``: the token of a server into the configuration file."""

import os
import sys
from typing import Annotated

import typer

from .. import output
from ..options import JsonOption, new_app

app = new_app()


@app.command()
def login(
    host: Annotated[
        str | None,
        typer.Option(
            '--host',
            metavar='URL',
            help='The server; by default $SYNAPSE_HOST, else what is saved, else the platform.',
            show_default=False,
        ),
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            '--email',
            metavar='EMAIL',
            help='Log in with a password, which is asked for and not kept; needs --tenant.',
            show_default=False,
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            '--tenant', metavar='CODE', help='The tenant that a login belongs to.', show_default=False
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option('--check/--no-check', help='Ask the server whether it takes it.')
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Save the token of a server in ~/.synapse/config.json.

    The file is readable to you alone. The token is asked for, or read from standard input; without --email it is an
    access token.
    """
    from ...backends.synapse.config_file import write_config
    from ...errors import ParamsError

    if (email is None) != (tenant is None):
        raise ParamsError('--email and --tenant go together: a user token is good within a tenant.')
    server = _server(host)
    if email is None:
        kind, token = 'access_token', _secret('Access token')
    else:
        kind, token = 'user_token', _user_token(server, email, _secret('Password'))
    if check:
        _check(server, kind, token, tenant)
    saved = {'host': server, 'access_token': None, 'user_token': None, 'tenant': tenant, kind: token}
    path = write_config(saved)
    if as_json:
        output.emit_json({'path': str(path), 'host': server, 'saved': kind})
    else:
        output.say(f'Saved the {kind.replace("_", " ")} for {server} in {path}.')


def _server(host: str | None) -> str:
    from ...backends.synapse import find_credentials
    from ...backends.synapse.credentials import base_url

    named = host or os.environ.get('SYNAPSE_HOST')
    # The file is not asked for what is named: a broken one is written anew by this command.
    return base_url(named) if named else find_credentials().host.value


def _secret(what: str) -> str:
    """Ask without showing what is typed, or read one line of what is piped in."""
    from ...errors import ParamsError

    asked = sys.stdin.isatty()
    given = str(typer.prompt(what, hide_input=True, err=True)) if asked else sys.stdin.readline()
    if not given.strip():
        raise ParamsError(f'{what}: nothing was given. Type it when you are asked, or pipe it in.')
    return given.strip()


def _user_token(server: str, email: str, password: str) -> str:
    from ...backends.synapse import Credentials, SynapseBackend
    from ...backends.synapse.credentials import Setting

    with SynapseBackend(credentials=Credentials(Setting(server, '--host'))) as client:
        return client.login(email, password)


def _check(server: str, kind: str, token: str, tenant: str | None) -> None:
    from ...backends.synapse import Credentials, Retries, SynapseBackend
    from ...backends.synapse.credentials import Setting

    access, user = (
        Setting(token, 'login') if kind == name else None for name in ('access_token', 'user_token')
    )
    credentials = Credentials(
        Setting(server, '--host'), access, user, Setting(tenant, '--tenant') if tenant else None
    )
    with SynapseBackend(credentials=credentials, retries=Retries(attempts=2)) as client:
        client.check()
