"""What comes from elsewhere is not trusted: archives, models, certificates."""

from __future__ import annotations

import http.server
import io
import shutil
import ssl
import stat
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

from synapse_plugins.actions import BaseTrainAction
from synapse_plugins.actions.checkpoint import fetch_checkpoint
from synapse_plugins.actions.train import BaseTrainParams
from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries
from synapse_plugins.errors import (
    BackendError,
    ConfigError,
    MissingObjectError,
    StepFailedError,
    StoreError,
    TLSError,
)
from synapse_plugins.testing import recording_runtime, run_action

# -- checkpoints --------------------------------------------------------------------------------------------


class GoOn(BaseTrainAction[BaseTrainParams]):
    target_format = 'yolo'

    def execute(self, data_path, checkpoint):
        raise AssertionError('it trains')


def _model(client, path: Path) -> int:
    return client.create_model({'name': f'from-{path.stem}', 'file': path})['id']


def _link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo('best.pt')
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, '/etc/passwd')


@pytest.mark.parametrize(
    ('fill', 'why'),
    [
        (lambda archive: archive.writestr('../evil.pt', b'x'), 'leads outside'),
        (lambda archive: archive.writestr('/evil.pt', b'x'), 'leads outside'),
        (lambda archive: archive.writestr('a\\..\\evil.pt', b'x'), 'leads outside'),
        (lambda archive: archive.writestr('C:evil.pt', b'x'), 'leads outside'),
        (_link, 'leads outside'),
        (lambda archive: [archive.writestr('a.pt', b'x'), archive.writestr('./a.pt', b'y')], 'twice'),
    ],
)
def test_archives_that_lead_elsewhere(fill, why, client, tmp_path):
    path = tmp_path / 'model.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        fill(archive)
    with pytest.raises(StoreError, match=why):
        fetch_checkpoint(client, _model(client, path), recording_runtime(tmp_path / 'run', client=client))
    assert not list(tmp_path.rglob('evil.pt'))
    assert not [folder for folder in (tmp_path / 'run').rglob('checkpoint/*') if any(folder.iterdir())]


def test_an_archive_that_grows_beyond_all_measure(client, tmp_path, monkeypatch):
    path = tmp_path / 'bomb.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive, archive.open('best.pt', 'w') as writing:
        for _ in range(300):
            writing.write(bytes(1024 * 1024))
    with pytest.raises(StoreError, match='would grow from'):
        fetch_checkpoint(client, _model(client, path), recording_runtime(tmp_path / 'run', client=client))


def test_an_archive_that_lies_about_its_sizes(client, tmp_path):
    path = tmp_path / 'liar.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('best.pt', bytes(5_000_000))
    content = path.read_bytes()
    path.write_bytes(content.replace((5_000_000).to_bytes(4, 'little'), (10).to_bytes(4, 'little')))
    with pytest.raises(StoreError, match='cannot be unpacked'):
        fetch_checkpoint(client, _model(client, path), recording_runtime(tmp_path / 'run', client=client))
    assert sum(file.stat().st_size for file in (tmp_path / 'run').rglob('*') if file.is_file()) < 1000


def _zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w') as archive:
        for name in names:
            archive.writestr(name, b'x' * 300)
    return content.getvalue()


PAGE = b'\n<!DOCTYPE html><html><body>Please log in</body></html>'
TORCH = _zipped('best/data.pkl', 'best/data/0')


@pytest.mark.parametrize(
    ('name', 'content', 'why'),
    [
        ('best.pt', PAGE, 'is a web page'),
        ('best.onnx', b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'is a web page'),
        ('model.zip', PAGE, 'is a web page'),
        ('model.zip', b'this is no archive', 'is no zip archive'),
        ('model.zip', _zipped('best.pt')[:200], 'cut short'),
        ('best.pt', TORCH[:-30], 'cut short'),
        ('best.pt', b'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'Git LFS'),
        ('best.pth', b'', 'is empty'),
        ('w.safetensors', (900).to_bytes(8, 'little') + b'{"a":', 'safetensors'),
        ('w.h5', b'not it', 'HDF5'),
        ('model.zip', _zipped('classes.json', 'params.json'), 'no weights in model.zip, only classes.json'),
        ('model.zip', _zipped(), 'no weights in model.zip, only nothing'),
    ],
)
@pytest.mark.parametrize('which', ['local', 'serve'])
def test_checkpoints_that_are_not_what_they_claim(
    which, name, content, why, local_backend, client, version, tmp_path
):
    """Refused before anything is trained, in one paragraph, and nothing is registered."""
    backend = local_backend if which == 'local' else client
    path = tmp_path / 'given' / name
    path.parent.mkdir()
    path.write_bytes(content)
    wrong = _model(local_backend, path)
    with pytest.raises(StepFailedError, match=why) as caught:
        run_action(GoOn, dataset=version['id'], checkpoint=wrong, client=backend)
    assert '\n' not in str(caught.value)
    assert 'from another' in str(caught.value)
    assert local_backend.list_models()['count'] == 1


def test_a_checkpoint_that_changed_in_the_store(local_backend, version, tmp_path):
    path = tmp_path / 'best.pt'
    path.write_bytes(TORCH)
    model = local_backend.create_model({'name': 'good', 'file': path})
    own = Path(model['file'])
    own.chmod(0o600)
    own.write_bytes(TORCH.replace(b'x', b'y'))
    with pytest.raises(StepFailedError, match=r'model 1 \(good\) has changed: its sha256 is'):
        run_action(GoOn, dataset=version['id'], checkpoint=model['id'], client=local_backend)


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('best.pt', TORCH),
        ('best.pt', b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'),
        ('best.pt', b'what its own trainer calls so'),
        ('model.zip', _zipped('weights.bin')),
        ('model.json', b'{}'),
    ],
)
def test_other_checkpoints_are_handed_over(name, content, client, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    told = fetch_checkpoint(client, _model(client, path), recording_runtime(tmp_path / 'run', client=client))
    assert any(Path(told['path']).iterdir())


def test_a_model_that_is_not_what_was_registered(client, local_backend, tmp_path):
    path = tmp_path / 'best.pt'
    path.write_bytes(b'good' * 100)
    model_id = _model(client, path)
    own = Path(local_backend.get_model(model_id)['file'])
    own.chmod(0o600)
    for changed in (b'evil' * 100, b'longer' * 100, b'short'):
        own.write_bytes(changed)
        with pytest.raises(BackendError, match=r'has changed|bytes came'):
            client.get_model(model_id)
    own.write_bytes(b'good' * 100)
    assert Path(client.get_model(model_id)['file']).read_bytes() == b'good' * 100


# -- certificates -------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself, and its key."""
    if shutil.which('openssl') is None:
        pytest.skip('needs openssl to make a certificate')
    folder = tmp_path_factory.mktemp('tls')
    subprocess.run(
        [
            'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
            '-addext', 'subjectAltName=DNS:localhost', '-keyout', folder / 'key.pem', '-out', folder / 'ca.pem',
        ],
        capture_output=True,
        check=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def secure(certificate):
    """The address of a server with that certificate, which answers everything with an empty list."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header('Content-Type', 'application/json')
            self.end_headers()
            self.wfile.write(b'{"count": 0, "next": null, "previous": null, "results": []}')

        def log_message(self, *_):
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / 'ca.pem', certificate / 'key.pem')
    with Quiet(('127.0.0.1', 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        yield f'https://localhost:{server.server_address[1]}'
        server.shutdown()
        thread.join()


def _list(url: str) -> int:
    with SynapseBackend(url, access_token='t' * 20, retries=Retries(attempts=3, first=5.0)) as client:
        return int(client.list_models()['count'])


def test_a_private_authority_is_trusted_by_its_variable_only(secure, certificate, monkeypatch):
    with pytest.raises(TLSError, match='SYNAPSE_CA_BUNDLE') as caught:
        _list(secure)
    assert 'localhost' in str(caught.value)
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(certificate / 'ca.pem'))
    assert _list(secure) == 0
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(certificate / 'absent.pem'))
    monkeypatch.setenv('SYNAPSE_CA_BUNDLE', str(certificate / 'ca.pem'))
    assert _list(secure) == 0  # ours comes first
    monkeypatch.setenv('SYNAPSE_CA_BUNDLE', str(certificate / 'absent.pem'))
    with pytest.raises(ConfigError, match=r'\$SYNAPSE_CA_BUNDLE names .*absent.pem, which is not there'):
        _list(secure)


@pytest.mark.parametrize(
    'variable', ['SYNAPSE_VERIFY', 'CURL_CA_BUNDLE', 'PYTHONHTTPSVERIFY', 'SYNAPSE_VERIFY_SSL']
)
def test_nothing_turns_the_check_off(secure, variable, monkeypatch):
    for value in ('0', 'false', ''):
        monkeypatch.setenv(variable, value)
        with pytest.raises(TLSError):
            _list(secure)


@pytest.mark.parametrize('variable', ['SYNAPSE_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'])
def test_a_file_without_certificates_is_named(secure, variable, tmp_path, monkeypatch):
    (tmp_path / 'ca.pem').write_text('no certificate', encoding='utf-8')
    monkeypatch.setenv(variable, str(tmp_path / 'ca.pem'))
    with pytest.raises(ConfigError, match=rf'\${variable} names .*ca\.pem'):
        _list(secure)


def test_plain_http_is_told_from_a_wrong_certificate(synapse_server):
    with pytest.raises(TLSError, match='may speak plain HTTP'):
        _list(synapse_server.url.replace('http:', 'https:'))


def test_another_name_is_not_trusted(secure, certificate, monkeypatch):
    monkeypatch.setenv('SYNAPSE_CA_BUNDLE', str(certificate / 'ca.pem'))
    with pytest.raises(TLSError, match=r'127\.0\.0\.1'):
        _list(secure.replace('localhost', '127.0.0.1'))


def test_proxies_come_by_the_usual_variables(synapse_server, monkeypatch):
    monkeypatch.setenv('HTTP_PROXY', synapse_server.url)
    monkeypatch.setenv('NO_PROXY', '')
    with (
        SynapseBackend('http://api.example.invalid', access_token=synapse_server.token) as client,
        pytest.raises(MissingObjectError),  # the server stands in for a proxy, and is none
    ):
        client.list_models()
    monkeypatch.setenv('NO_PROXY', 'example.invalid')
    retries = Retries(attempts=1)
    with (
        SynapseBackend('http://api.example.invalid', access_token='t', retries=retries) as client,
        pytest.raises(BackendError, match='cannot be reached'),
    ):
        client.list_models()
