"""``login``, ``doctor``, ``serve``, ``publish`` and ``run --backend``, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
import requests


def test_login_saves_what_the_server_takes(synapse_server, program, user_folder, monkeypatch):
    token = synapse_server.token
    monkeypatch.delenv('SYNAPSE_ACCESS_TOKEN')
    monkeypatch.delenv('SYNAPSE_HOST')
    refused = program('login', '--host', synapse_server.url, input='wrong\n')
    assert refused.returncode == 1
    assert '401' in refused.stderr
    assert not (user_folder / '.synapse').exists()
    done = program('login', '--host', synapse_server.url, input=f'{token}\n')
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr
    saved = json.loads((user_folder / '.synapse' / 'config.json').read_text(encoding='utf-8'))
    assert saved == {'host': synapse_server.url, 'access_token': token}
    told = program('doctor', '--json')
    assert told.returncode == 0, told.stdout
    found = {check['name']: check['found'] for check in json.loads(told.stdout)['checks']}
    assert found['backend'] == 'it answers, and takes the token'
    assert found['access token'] == f'from {user_folder / ".synapse" / "config.json"}'
    assert token not in told.stdout


def test_login_writes_a_broken_file_anew(synapse_server, program, user_folder, monkeypatch):
    monkeypatch.delenv('SYNAPSE_ACCESS_TOKEN')
    monkeypatch.delenv('SYNAPSE_HOST')
    path = user_folder / '.synapse' / 'config.json'
    path.parent.mkdir(mode=0o700)
    path.write_text('{"host": ', encoding='utf-8')
    unnamed = program('login', input=f'{synapse_server.token}\n')
    assert unnamed.returncode == 1  # it may have been meant for the server that the file names
    assert 'synapse-plugins login --host URL' in unnamed.stderr
    done = program('login', '--host', synapse_server.url, input=f'{synapse_server.token}\n')
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text(encoding='utf-8'))['host'] == synapse_server.url


@pytest.mark.parametrize('given', ['', '\n'])
def test_login_without_a_token(program, given):
    done = program('login', '--host', 'http://127.0.0.1:9', '--no-check', input=given)
    assert done.returncode == 1
    assert 'nothing was given' in done.stderr


def test_doctor_says_where_each_value_comes_from(synapse_server, program, monkeypatch):
    told = json.loads(program('doctor', '--json').stdout)
    found = {check['name']: check for check in told['checks']}
    assert found['access token']['found'] == 'from $SYNAPSE_ACCESS_TOKEN'
    assert found['server']['found'] == f'{synapse_server.url}, from $SYNAPSE_HOST'
    assert found['backend']['state'] == 'ok'
    assert synapse_server.token not in json.dumps(told)
    monkeypatch.setenv('SYNAPSE_ACCESS_TOKEN', 'wrong-token-here')
    wrong = program('doctor')
    assert wrong.returncode == 1
    assert '401' in wrong.stdout
    assert 'wrong-token-here' not in wrong.stdout + wrong.stderr


def test_doctor_tells_what_a_run_would_stumble_over(synapse_server, program, monkeypatch):
    monkeypatch.setenv('SYNAPSE_PLUGIN_RUN_USER_TOKEN', synapse_server.token)
    monkeypatch.setenv('SYNAPSE_BACKEND_V2_TIMEOUT_READ', 'soon')
    told = program('doctor', '--json')
    assert told.returncode == 1
    found = {check['name']: check for check in json.loads(told.stdout)['checks'] if check['state'] != 'ok'}
    assert '$SYNAPSE_ACCESS_TOKEN is not sent' in found['access token']['found']
    assert "$SYNAPSE_BACKEND_V2_TIMEOUT_READ is 'soon'" in found['server']['found']


@pytest.mark.skipif(os.name == 'nt', reason='no such modes')
def test_a_file_that_others_can_read_is_one_line(synapse_server, program, user_folder, monkeypatch):
    monkeypatch.delenv('SYNAPSE_ACCESS_TOKEN')
    program('login', '--host', synapse_server.url, input=f'{synapse_server.token}\n')
    path = user_folder / '.synapse' / 'config.json'
    path.chmod(0o644)
    done = program('run', 'absent', '--backend', synapse_server.url)
    warned = [line for line in done.stderr.splitlines() if 'holds tokens' in line]
    assert [line.startswith(f'Warning: {path} holds tokens') for line in warned] == [True]
    assert 'credentials.py' not in done.stderr


def test_doctor_without_a_server(program):
    told = program('doctor', '--json')
    found = {check['name']: check for check in json.loads(told.stdout)['checks']}
    assert found['server']['state'] == 'note'
    assert 'backend' not in found


CONFIG = """\
name: 지게차
code: forklift
version: 0.2.0
category: custom
actions: {go: {entrypoint: mod.Go, method: task}}
"""
CODE = """\
from pydantic import BaseModel
from synapse_plugins import BaseAction


class P(BaseModel):
    pass


class Go(BaseAction[P]):
    action_name = 'go'

    def execute(self):
        return {}
"""


@pytest.fixture
def plugin(tmp_path):
    root = tmp_path / 'plugin'
    root.mkdir()
    (root / 'config.yaml').write_text(CONFIG, encoding='utf-8')
    (root / 'mod.py').write_text(CODE, encoding='utf-8')
    return root


def test_publish_sends(synapse_server, local_backend, program, plugin):
    shown = program('publish', '--plugin', plugin, '--dry-run')
    assert 'Nothing was sent.' in shown.stdout, shown.stderr
    assert local_backend.list_plugin_releases()['count'] == 0
    done = program('publish', '--plugin', plugin)
    assert f'Sent forklift@0.2.0 to {synapse_server.url}' in done.stdout, done.stderr
    assert local_backend.get_plugin_release('forklift@0.2.0')['config']['name'] == '지게차'
    again = program('publish', '--plugin', plugin)
    assert again.returncode == 1
    assert 'was released already' in again.stderr


def test_a_run_against_a_server(synapse_server, local_backend, version, program, tmp_path):
    done = program(
        '--home', tmp_path / 'own', 'run', 'synapse_plugins.actions.dataset:DatasetAction',
        '--backend', synapse_server.url,
        '-p', 'dataset=pets', '-p', f'output_dir={tmp_path / "out"}', '--json',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told['backend'] == synapse_server.url
    exported = sorted(path.name for path in (tmp_path / 'out').rglob('*.png'))
    assert len(exported) == version['count']
    assert synapse_server.token not in done.stdout + done.stderr


def test_serve_until_it_is_interrupted(program, synapse_home):
    command = [sys.executable, '-u', '-m', 'synapse_plugins', 'serve', '--port', '0']
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8'
    ) as process:
        try:
            first, second = process.stdout.readline(), process.stdout.readline()
            url, token = first.split()[-1], second.split()[-1]
            assert first.startswith(f'Serving {synapse_home} at http://127.0.0.1:')
            headers = {'Synapse-Access-Token': f'Token {token}'}
            assert requests.get(f'{url}/models/', headers=headers, timeout=20).json()['count'] == 0
            assert requests.get(f'{url}/models/', timeout=5).status_code == 401
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert 'Stopped.' in out
    assert not err


@pytest.mark.parametrize('arguments', [('--host', '0.0.0.0', '--no-token'), ('--host', '::', '--no-token')])
def test_serve_refuses_other_machines_without_a_token(program, arguments):
    done = program('serve', '--port', '0', *arguments)
    assert done.returncode == 1
    assert 'without a token' in done.stderr


def test_serve_refuses_a_short_token_elsewhere(program):
    done = program(
        'serve', '--host', '0.0.0.0', '--port', '0', env={**os.environ, 'SYNAPSE_PLUGINS_SERVE_TOKEN': 'abc'}
    )
    assert done.returncode == 1
    assert 'needs 16 or more' in done.stderr
