from __future__ import annotations

import inspect

import pytest

from synapse_plugins import backends
from synapse_plugins.backends import Backend, LocalBackend, SynapseBackend
from synapse_plugins.errors import ParamsError, StoreError, UnknownNameError


def methods():
    return [name for name, _ in inspect.getmembers(Backend, inspect.isfunction) if not name.startswith('_')]


@pytest.mark.parametrize('kind', [LocalBackend, SynapseBackend])
@pytest.mark.parametrize('name', methods())
def test_every_backend_takes_what_the_protocol_says(name, kind):
    """Same parameters, same kinds, same defaults; more may be added behind."""
    promised = list(inspect.signature(getattr(Backend, name)).parameters.values())
    taken = {item.name: item for item in inspect.signature(getattr(kind, name)).parameters.values()}
    for parameter in promised:
        assert parameter.name in taken
        assert (parameter.kind, parameter.default) == (
            taken[parameter.name].kind,
            taken[parameter.name].default,
        )
    for extra in list(taken)[len(promised) :]:
        assert taken[extra].default is not inspect.Parameter.empty


def test_the_protocol_is_more_than_a_few_methods():
    assert len(methods()) >= 18


def test_the_embedded_backend_is_one(backend):
    assert isinstance(backend, Backend)
    assert backend.name == 'local'
    assert backend.identity == f'local:{backend.store.id}'


def test_the_client_of_a_server_is_one(tmp_path):
    with backends.open('https://api.example.org/', home=tmp_path) as client:
        assert isinstance(client, Backend)
        assert client.name == client.identity == 'https://api.example.org'
        assert not list(tmp_path.iterdir())


def test_two_stores_are_two_backends(backend, tmp_path):
    with (
        backends.open('local', home=tmp_path / 'other') as other,
        backends.open(home=backend.store.home) as same,
    ):
        assert other.identity != backend.identity == same.identity


def test_what_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(ParamsError, match='no address of a server'):
        backends.open('ftp://api.synapse.sh', home=tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean 'local'"):
        backends.open('lokal', home=tmp_path)
    with pytest.raises(UnknownNameError, match=r'named by its address.* http://127\.0\.0\.1:3333$'):
        backends.open('127.0.0.1:3333', home=tmp_path)
    (tmp_path / 'file').write_text('x', encoding='utf-8')
    with pytest.raises(StoreError):
        backends.open('local', home=tmp_path / 'file')
