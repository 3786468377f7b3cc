"""How an exception becomes a paragraph and an exit code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.cli.errors import guarded
from synapse_plugins.cli.settings import Settings
from synapse_plugins.errors import ConfigError, SynapsePluginsError

if TYPE_CHECKING:
    from pathlib import Path


def raising(error: BaseException) -> int:
    def call() -> None:
        raise error

    return guarded(call, settings=Settings())


@pytest.mark.parametrize(
    ('error', 'code'),
    [
        (SystemExit(0), 0),
        (SystemExit(None), 0),
        (SystemExit(2), 2),
        (SystemExit('words'), 1),
    ],
)
def test_exits_pass_through_quietly(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(error) == code
    assert capsys.readouterr() == ('', '')


def test_ctrl_c_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ('', 'Stopped.\n')


def test_our_errors_are_one_paragraph(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(ConfigError('설정 파일이 없습니다.')) == 1
    assert capsys.readouterr() == ('', 'Error: 설정 파일이 없습니다.\n')


def test_an_error_without_words_says_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(SynapsePluginsError()) == 1
    assert capsys.readouterr().err == 'Error: SynapsePluginsError\n'


def test_a_traceback_is_shown_when_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> None:
        raise ConfigError('x') from KeyError('the cause')

    assert guarded(call, settings=Settings(traceback=True)) == 1
    err = capsys.readouterr().err
    assert 'Traceback' in err
    assert 'the cause' in err
    assert err.endswith('Error: x\n')


@pytest.mark.parametrize(
    'number', [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EIO]
)
def test_faults_of_the_machine_are_one_paragraph(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(OSError(number, 'It is so', '/데이터')) == 1
    err = capsys.readouterr().err
    assert err.startswith('Error: It is so: /데이터. ')
    assert err.count('\n') == 1


def test_a_copy_without_room_names_where_it_should_go(capsys: pytest.CaptureFixture[str]) -> None:
    raising(OSError(errno.ENOSPC, 'No space left on device', '/from', None, '/to'))
    assert capsys.readouterr().err.startswith('Error: No space left on device: /to. ')


def test_a_name_that_is_too_long_is_one_paragraph(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('copier')
    monkeypatch.chdir(tmp_path)
    assert 'File name too long' in cli('new', 'x' * 300, '--defaults').paragraph
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'error', [ValueError('a bug'), OSError(errno.ENOENT, 'No such file'), OSError('odd')]
)
def test_bugs_show_where_they_are(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == 1
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('Traceback (most recent call last)')
    assert str(error) in err
    assert 'Please report it' in err


def test_a_closed_pipe_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call() -> None:
        sys.stdout.write('lost')
        raise BrokenPipeError(errno.EPIPE, 'Broken pipe')

    with (tmp_path / 'out').open('w', encoding='utf-8') as stream:
        monkeypatch.setattr(sys, 'stdout', stream)
        assert guarded(call, settings=Settings()) == 1
    assert (tmp_path / 'out').read_text(encoding='utf-8') == '', 'the rest went nowhere'
    assert capsys.readouterr().err == ''


def test_an_error_is_a_document_too_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> None:
        raise ConfigError('설정이 틀렸습니다.')

    assert guarded(call, settings=Settings(as_json=True)) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        'error': {'type': 'ConfigError', 'message': '설정이 틀렸습니다.', 'exit_code': 1}
    }
    assert err == 'Error: 설정이 틀렸습니다.\n'


@pytest.mark.parametrize('arguments', [['runs', 'show', 'none'], ['run', 'none'], ['models', 'show', '7']])
def test_every_command_tells_its_error_in_json(cli: Any, arguments: list[str]) -> None:
    outcome = cli(*arguments, '--json')
    assert outcome.code == 1
    assert set(outcome.json) == {'error'}
    assert outcome.json['error']['message'] in outcome.err


def test_a_reader_that_leaves_early_is_no_failure(program_into: Any) -> None:
    """Tens of thousands of bytes into a pipe that is closed: `formats --json | head -1`."""
    code, err = program_into('formats', '--json')
    assert (code, err) == (0, '')


@pytest.fixture
def program_into(home: Path, importable: None) -> Any:
    """Run the program with a stdout that nobody reads any more."""

    def run(*arguments: str) -> tuple[int, str]:
        read, write = os.pipe()
        os.close(read)
        try:
            command = [sys.executable, '-m', 'synapse_plugins', *arguments]
            done = subprocess.run(
                command, stdout=write, stderr=subprocess.PIPE, encoding='utf-8', check=False, timeout=60
            )
        finally:
            os.close(write)
        return done.returncode, done.stderr

    return run
