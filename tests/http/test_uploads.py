"""What is on its way in, where several servers take it into one store."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.backends.server.uploads import ChunkRange, Uploads
from synapse_plugins.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK = 4096
SEND = """
import sys
from pathlib import Path
from synapse_plugins.backends.server.uploads import ChunkRange, Uploads
from synapse_plugins.errors import ParamsError

folder, upload, source, size, word = sys.argv[1:]
uploads, content, size, taken = Uploads(Path(folder)), Path(source).read_bytes(), int(size), 0
print('go', flush=True)
sys.stdin.readline()
while (at := uploads.state(upload)['offset']) < len(content):
    piece = content[at:at + size]
    chunk = Path(source).with_name(f'{word}.chunk')
    chunk.write_bytes(piece)
    try:
        uploads.append(upload, chunk, ChunkRange(f'bytes {at}-{at + len(piece) - 1}/{len(content)}'))
        taken += 1
    except ParamsError as exc:
        assert 'comes next' in str(exc) or 'as long as' in str(exc), exc
print(taken, flush=True)
"""


def test_two_servers_take_each_chunk_once(tmp_path: Path, start: Callable[..., Any], rounds: int) -> None:
    folder, source = tmp_path / 'uploads', tmp_path / 'source'
    count = max(rounds * 3, 200)
    content = b''.join(number.to_bytes(4, 'big') * (CHUNK // 4) for number in range(count))
    source.write_bytes(content)
    uploads = Uploads(folder)
    upload = uploads.begin('a.bin', len(content))
    processes = [start(SEND, folder, upload, source, CHUNK, word) for word in ('one', 'other')]
    for process in processes:
        assert process.stdout.readline() == 'go\n', process.stderr.read()
    for process in processes:
        process.stdin.write('\n')
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert sum(int(out) for out, _ in answers) == count, answers
    done = uploads.finish(upload, hashlib.md5(content, usedforsecurity=False).hexdigest())
    assert done['status'] == 2
    assert uploads.taken_file(upload).read_bytes() == content


def test_a_server_that_died_while_it_finished_an_upload_is_gone_on_with(tmp_path: Path) -> None:
    uploads, chunk = Uploads(tmp_path / 'uploads'), tmp_path / 'chunk'
    chunk.write_bytes(b'abc')
    upload = uploads.begin('a.bin', 3)
    uploads.append(upload, chunk, ChunkRange('bytes 0-2/3'))
    place = tmp_path / 'uploads' / upload
    (place / 'file').mkdir()
    (place / 'data').rename(place / 'file' / 'a.bin')  # and no word yet that it is complete
    again = Uploads(tmp_path / 'uploads')
    assert again.finish(upload, hashlib.md5(b'abc', usedforsecurity=False).hexdigest())['status'] == 2
    assert again.taken_file(upload).read_bytes() == b'abc'


def test_an_upload_that_was_taken_is_gone(tmp_path: Path) -> None:
    uploads, chunk = Uploads(tmp_path / 'uploads'), tmp_path / 'chunk'
    chunk.write_bytes(b'abc')
    upload = uploads.begin('a.bin', 3)
    uploads.drop(tmp_path / 'uploads' / upload / 'data')
    with pytest.raises(NotFoundError):
        uploads.append(upload, chunk, ChunkRange('bytes 0-2/3'))
    with pytest.raises(NotFoundError):
        uploads.finish(upload, '0' * 32)
