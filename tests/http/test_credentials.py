"""Where credentials come from, which wins, and that they appear nowhere."""

from __future__ import annotations

import json
import logging
import os
import pickle
import stat
import traceback

import pytest

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries, find_credentials
from synapse_plugins.backends.synapse.config_file import config_path, read_config, write_config
from synapse_plugins.errors import ConfigError, NoAnswerError, ParamsError, RequestError

SECRET = 'syn_0123456789abcdef'


def test_arguments_come_before_the_environment_and_that_before_the_file():
    config = {'host': 'https://file.example', 'access_token': 'of-file', 'tenant': 't-file'}
    environ = {'SYNAPSE_HOST': 'https://env.example/', 'SYNAPSE_ACCESS_TOKEN': 'of-env'}
    found = find_credentials('https://arg.example', access_token='of-arg', environ=environ, config=config)
    assert (found.host.value, found.access_token.value) == ('https://arg.example', 'of-arg')
    found = find_credentials(environ=environ, config=config)
    assert (found.host.value, found.access_token.value) == ('https://env.example', 'of-env')
    assert found.sources() == {'host': '$SYNAPSE_HOST', 'access_token': '$SYNAPSE_ACCESS_TOKEN'}
    found = find_credentials(environ={}, config=config)
    assert (found.host.value, found.access_token.value, found.tenant.value) == (
        'https://file.example',
        'of-file',
        't-file',
    )
    assert find_credentials(environ={}, config={}).host.value == 'https://api.synapse.sh'


@pytest.mark.parametrize(
    ('environ', 'headers'),
    [
        ({'SYNAPSE_ACCESS_TOKEN': 'a'}, {'Synapse-Access-Token': 'Token a'}),
        ({'SYNAPSE_ACCESS_TOKEN': 'Token a'}, {'Synapse-Access-Token': 'Token a'}),
        (
            {'SYNAPSE_PLUGIN_RUN_USER_TOKEN': 'u', 'SYNAPSE_PLUGIN_RUN_TENANT': 't'},
            {'Authorization': 'Token u', 'Synapse-Tenant': 'Token t'},
        ),
        ({'SYNAPSE_PLUGIN_RUN_USER_TOKEN': 'u', 'SYNAPSE_ACCESS_TOKEN': 'a'}, {'Authorization': 'Token u'}),
        ({'SYNAPSE_BACKEND_V2_ACCESS_TOKEN': 'a'}, {'Synapse-Access-Token': 'Token a'}),
        (
            {'SYNAPSE_BACKEND_V2_DRF_TOKEN': 'u', 'SYNAPSE_BACKEND_V2_TENANT': 't'},
            {'Authorization': 'Token u', 'Synapse-Tenant': 'Token t'},
        ),
        ({'SYNAPSE_AGENT_TOKEN': 'g'}, {'SYNAPSE-Agent': 'Token g'}),
    ],
)
def test_every_documented_variable_becomes_its_header(environ, headers):
    assert find_credentials(environ=environ, config={}).headers() == headers


def test_arguments_are_sent_together():
    found = find_credentials(access_token='a', user_token='u', tenant='t', environ={}, config={})
    assert found.headers() == {
        'Synapse-Access-Token': 'Token a',
        'Authorization': 'Token u',
        'Synapse-Tenant': 'Token t',
    }


def test_a_saved_token_goes_to_its_own_server_only():
    config = {'host': 'https://saved.example', 'access_token': SECRET}
    found = find_credentials('https://other.example', environ={}, config=config)
    assert found.headers() == {}
    assert 'https://saved.example' in found.withheld
    assert SECRET not in found.withheld
    assert find_credentials('https://saved.example:443/', environ={}, config=config).headers()


def test_the_default_environment_of_the_file():
    config = {
        'default_environment': 'work',
        'environments': {'work': {'backend_url': 'https://work.example', 'access_token': 'w', 'tenant': 't'}},
    }
    found = find_credentials(environ={}, config=config)
    assert (found.host.value, found.headers()['Synapse-Access-Token']) == ('https://work.example', 'Token w')
    assert find_credentials(environ={}, config={**config, 'access_token': 'own'}).access_token.value == 'own'


@pytest.mark.parametrize(
    'url',
    [
        'api.example',
        'ftp://x',
        'https://',
        'file:///etc/passwd',
        f'https://u:{SECRET}@host',
        'http://a:99999',
        'http://a:port',
        'http://[::1',
        'http://a:0',
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(ParamsError) as caught:
        find_credentials(url, environ={}, config={})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize('token', ['a\nb: c', 'a\x00', '토큰', 'a\r'])
def test_a_token_that_would_break_a_header_is_refused(token):
    with pytest.raises(ParamsError, match=r'\$SYNAPSE_ACCESS_TOKEN') as caught:
        find_credentials(environ={'SYNAPSE_ACCESS_TOKEN': f'{token}{SECRET}'}, config={})
    assert SECRET not in str(caught.value)


# -- the file -----------------------------------------------------------------------------------------------


def test_it_is_written_for_its_owner_alone(user_folder):
    path = write_config({'host': 'https://a.example', 'access_token': SECRET})
    assert path == config_path() == user_folder / '.synapse' / 'config.json'
    if os.name != 'nt':
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    told = json.loads(path.read_text(encoding='utf-8'))
    told['agent'] = {'id': 3}
    path.write_text(json.dumps(told), encoding='utf-8')
    write_config({'access_token': None, 'user_token': 'u'})
    assert read_config() == {'host': 'https://a.example', 'agent': {'id': 3}, 'user_token': 'u'}


@pytest.mark.skipif(os.name == 'nt', reason='no such modes')
@pytest.mark.parametrize(('mode', 'who'), [(0o644, 'everybody'), (0o640, 'others of its group')])
def test_a_file_that_others_can_read_is_warned_of(mode, who):
    path = write_config({'access_token': SECRET})
    path.chmod(mode)
    with pytest.warns(UserWarning, match=who) as caught:
        assert find_credentials().access_token.value == SECRET
    assert SECRET not in str(caught[0].message)
    write_config({'tenant': 't'})  # mends it
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize('text', ['{"access_token": "%s"', '["%s"]', '"%s"'])
def test_a_broken_file_is_told_without_what_it_holds(text):
    path = write_config({})
    path.write_text(text % SECRET, encoding='utf-8')
    with pytest.raises(ConfigError, match='synapse-plugins login') as caught:
        find_credentials()
    assert SECRET not in ''.join(traceback.format_exception(caught.value))
    found = find_credentials('https://a.example', access_token='a')  # it is not needed
    assert found.headers()


def test_a_broken_file_is_put_aside_when_it_is_written_anew():
    path = write_config({})
    path.write_text(f'{{"access_token": "{SECRET}"', encoding='utf-8')
    path.chmod(0o644)
    write_config({'host': 'https://a.example'})
    assert read_config() == {'host': 'https://a.example'}
    kept = path.with_name('config.json.broken')
    assert SECRET in kept.read_text(encoding='utf-8')
    if os.name != 'nt':
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


# -- secrecy ------------------------------------------------------------------------------------------------


def test_nothing_shows_a_token(caplog):
    caplog.set_level(logging.DEBUG)
    client = SynapseBackend(
        'http://127.0.0.1:9', access_token=SECRET, user_token=SECRET[::-1], retries=Retries(attempts=1)
    )
    with client, pytest.raises(NoAnswerError) as caught:
        client.get_job(1, params={'signature': SECRET[3:]})
    shown = [
        repr(client), repr(client.credentials), str(client.credentials), repr(client.credentials.access_token),
        caplog.text, *traceback.format_exception(caught.value), repr(pickle.loads(pickle.dumps(caught.value))),
    ]  # fmt: skip
    for text in shown:
        assert SECRET not in text
        assert SECRET[::-1] not in text
        assert SECRET[3:] not in text


def test_an_answer_that_repeats_the_token_is_cleaned(synapse_server):
    with (
        SynapseBackend(synapse_server.url, access_token=synapse_server.token) as client,
        pytest.raises(RequestError) as caught,
    ):
        client.get_plugin_release(f'x@{synapse_server.token}')
    assert synapse_server.token not in str(caught.value).partition(' was answered')[2]
    assert synapse_server.token not in repr(caught.value.detail)


def test_a_file_that_cannot_be_replaced_leaves_no_other(user_folder):
    path = user_folder / '.synapse' / 'config.json'
    with pytest.raises(TypeError):
        write_config({'host': 'https://api.example.org', 'access_token': object()}, path)
    assert not list(path.parent.iterdir())
