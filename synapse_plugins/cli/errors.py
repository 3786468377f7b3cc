"""How an exception becomes a paragraph on stderr and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import SynapsePluginsError
from .output import emit_json, note, prose
from .streams import silence_stdout, stdout

if TYPE_CHECKING:
    from collections.abc import Callable

    from .settings import Settings

__all__ = ['guarded', 'print_error']

_INTERRUPTED = 130
_BUG = (
    'This is a bug of synapse-plugins, or of a pack or plugin whose files are named above. '
    'Please report it with these lines: https://github.com/synapse-plugins/synapse-plugins/issues'
)
_SURROUNDINGS = {
    errno.ENOSPC: 'Free some space there and run the command again.',
    errno.EACCES: 'Check who owns it, or name another place.',
    errno.EPERM: 'Check who owns it, or name another place.',
    errno.EROFS: 'Name a place that can be written to.',
    errno.ENAMETOOLONG: 'Name a shorter one.',
    errno.ENOTDIR: 'A part of that path is a file; name another place.',
    errno.ELOOP: 'Links there lead in a circle; name another place.',
    errno.EIO: 'The disk or its connection has a fault; see what the system says of it.',
    errno.EMFILE: 'Let this shell open more files (ulimit -n 4096) and run the command again.',
    errno.ENFILE: 'Close other programs and run the command again.',
    getattr(errno, 'EDQUOT', -1): 'Free some of your quota there and run the command again.',
}
"""Faults of the machine that are no bug of anybody's, and what to do."""
_OF_THE_TARGET = (errno.ENOSPC, errno.EROFS, getattr(errno, 'EDQUOT', -1))


def guarded(call: Callable[[], object], *, settings: Settings, wants_json: bool = False) -> int:
    """Run *call* and return its exit code; what it raises on purpose becomes one paragraph on stderr.

    Anything else is a bug, and is shown with its traceback. With ``--json`` the error is a document on stdout too.

    Args:
        call: The command; it may raise SystemExit.
        settings: What the command line says, once it has been read.
        wants_json: Whether ``--json`` stands in it, which nobody has read where it is bad usage.
    """
    try:
        code = _exit_code(call)
        if settings.interrupted:
            code = _say_stopped(settings)
        elif settings.refusal is not None and (settings.as_json or wants_json):
            _emit_error('UsageError', settings.refusal, code)
    except KeyboardInterrupt:
        code = _say_stopped(settings)
    except BrokenPipeError:
        code = 1
        silence_stdout()
    except Exception as exc:  # noqa: BLE001 - the last place where it can be told
        code = _tell(exc, settings)
    try:
        stdout().flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does; the command did its work
        silence_stdout()
    except OSError as exc:  # there is no room for what was printed
        silence_stdout()
        code = code or _tell(exc, settings)
    return code


def _tell(error: Exception, settings: Settings) -> int:
    """Say what went wrong, and return the exit code."""
    code, text, with_traceback = 1, _BUG, True
    if isinstance(error, SynapsePluginsError):
        code, text, with_traceback = error.exit_code, str(error), settings.traceback
    elif isinstance(error, OSError) and error.errno in _SURROUNDINGS:
        text, with_traceback = _surroundings(error), settings.traceback
    elif fault := _fault_of_pack(error):
        text, with_traceback = f'{fault} --traceback shows how it came to that.', settings.traceback
    if settings.as_json:
        _emit_error(type(error).__name__, str(error) if text is _BUG else text, code)
    print_error(error, text, with_traceback=with_traceback)
    return code


def _fault_of_pack(error: Exception) -> str:
    """Return what to say of an error that the code of a pack raised; empty if another's did."""
    from ..packs import get_manager

    try:
        return get_manager().fault(error)
    except SynapsePluginsError:  # as strict as the user wants it; that is told of elsewhere
        return ''


def _say_stopped(settings: Settings) -> int:
    note(settings.when_stopped)
    if settings.as_json:
        _emit_error('KeyboardInterrupt', settings.when_stopped, _INTERRUPTED)
    return _INTERRUPTED


def _emit_error(kind: str, message: str, code: int) -> None:
    with suppress(OSError):  # that stdout has no room may be the error itself
        emit_json({'error': {'type': kind, 'message': message, 'exit_code': code}})


def _exit_code(call: Callable[[], object]) -> int:
    try:
        call()
    except SystemExit as exc:
        if isinstance(exc.code, int):
            return exc.code
        return 1 if exc.code else 0
    return 0


def print_error(
    error: BaseException, text: str, *, with_traceback: bool = False, head: str = 'Error'
) -> None:
    """Print *text* about an error as one paragraph on stderr, after its traceback when that is wanted."""
    if with_traceback:
        traceback.print_exception(error)
    prose(f'{head}: {text.strip() or type(error).__name__}', sys.stderr)


def _surroundings(error: OSError) -> str:
    # Of a copy that failed there are two files, and it is the one to be written that had no room.
    file = error.filename2 or error.filename if error.errno in _OF_THE_TARGET else error.filename
    where = f': {file}' if file else ''
    return f'{error.strerror}{where}. {_SURROUNDINGS[error.errno or 0]}'
