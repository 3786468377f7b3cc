"""Starts the training process, follows it, stops it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from ._yolo_environment import child_environment, write_settings
from ._yolo_events import JsonTail, LineTail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ['Outcome', 'WorkerProcess']

POLL = 0.1
"""Seconds between two looks at the process."""

LAST_LINES = 8
"""How many of its last lines an error quotes."""

_STOPPED = 3
_ANSI = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')


class Outcome(NamedTuple):
    """How the process ended.

    Attributes:
        state: ``done``, ``stopped`` (because the run was cancelled) or ``failed``.
        error: What failed, for a person; empty otherwise.
        cause: The traceback of what it raised, if it did.
    """

    state: str
    error: str = ''
    cause: RuntimeError | None = None


class WorkerProcess:
    """One training or evaluation in a process of its own.

    Args:
        folder: Where its files are: the specification, events, log, configuration. It must exist.
        spec: What the worker shall do, see `builtin_steps.yolo_worker`; places in *folder* are added.
        fonts: Where matplotlib may keep its list of fonts from one run to the next.
    """

    def __init__(self, folder: Path, spec: dict[str, Any], *, fonts: Path | None = None) -> None:
        self.folder = folder
        self.log_file = folder / 'train.log'
        self._cancel_file = folder / 'cancel'
        self._spec_file = folder / 'spec.json'
        self._config = folder / 'config'
        self._fonts = fonts or folder / 'fonts'
        self._events = JsonTail(folder / 'events.jsonl')
        self._lines = LineTail(self.log_file)
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._failure: dict[str, Any] = {}
        self._spec = {
            'trackers': [],
            **spec,
            'events': str(folder / 'events.jsonl'),
            'cancel': str(self._cancel_file),
            'kept': str(folder / 'kept' / 'last.pt'),
        }

    def run(
        self,
        on_event: Callable[[dict[str, Any]], None],
        on_line: Callable[[str], None],
        cancelled: Callable[[], bool],
        grace: float,
    ) -> Outcome:
        """Run the process to its end; whatever happens here, it does not outlive this call.

        Args:
            on_event: Gets each event that the process tells.
            on_line: Gets each line that it prints.
            cancelled: Whether the run was cancelled. The process then has until the end of the epoch, at
                most *grace* seconds, before it is terminated, and a few more before it is killed.
            grace: See *cancelled*.
        """
        process = self._start()
        try:
            self._follow(process, on_event, on_line, cancelled, grace)
        finally:
            self._end(process)
        self._look(on_event, on_line)
        if rest := self._lines.rest():
            self._line(rest, on_line)
        return self._outcome(process.returncode, cancelled())

    # -- start and end --------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[bytes]:
        write_settings(self._config, self.folder, self._spec['trackers'])
        spec = {**self._spec, 'parent': os.getpid()}
        self._spec_file.write_text(json.dumps(spec, indent=2, ensure_ascii=False), encoding='utf-8')
        # A group of its own: Ctrl-C at a terminal goes to the whole group, and the process shall end its epoch.
        group: dict[str, Any] = (
            {'creationflags': getattr(subprocess, 'CREATE_NEW_PROCESS_GROUP', 0)}
            if sys.platform == 'win32'
            else {'start_new_session': True}
        )
        with self.log_file.open('wb') as log:
            return subprocess.Popen(
                [sys.executable, '-m', 'builtin_steps.yolo_worker', str(self._spec_file)],
                stdin=subprocess.PIPE,  # never written to: its end tells the process that we are gone
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=child_environment(self._config, self._fonts),
                **group,
            )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for force in (False, True):
            if process.poll() is None:
                _signal(process, force=force)
                try:
                    process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    continue
        if process.stdin is not None:
            process.stdin.close()

    # -- following ------------------------------------------------------------------------------------

    def _follow(
        self,
        process: subprocess.Popen[bytes],
        on_event: Callable[[dict[str, Any]], None],
        on_line: Callable[[str], None],
        cancelled: Callable[[], bool],
        grace: float,
    ) -> None:
        deadline: float | None = None
        while True:
            try:
                process.wait(timeout=POLL)
            except subprocess.TimeoutExpired:
                pass
            else:
                return
            self._look(on_event, on_line)
            if deadline is None and cancelled():
                deadline = time.monotonic() + grace
                self._cancel_file.touch()
            if deadline is not None and time.monotonic() > deadline:
                return

    def _look(self, on_event: Callable[[dict[str, Any]], None], on_line: Callable[[str], None]) -> None:
        for line in self._lines.lines():
            self._line(line, on_line)
        for event in self._events.events():
            if event['kind'] == 'failed':
                self._failure = event
            on_event(event)

    def _line(self, text: str, on_line: Callable[[str], None]) -> None:
        line = _ANSI.sub('', text.rstrip('\r').rpartition('\r')[2]).rstrip()
        if line:
            self._last_lines.append(line)
            on_line(line)

    # -- the outcome ----------------------------------------------------------------------------------

    def _outcome(self, code: int, cancelled: bool) -> Outcome:
        if code == 0:
            return Outcome('done')
        if code == _STOPPED or cancelled:
            return Outcome('stopped')
        if failure := self._failure:
            error = _ANSI.sub('', f'{failure["type"]}: {failure["error"]}')
            return Outcome('failed', error + self._quote(), RuntimeError(failure['traceback']))
        if code < 0:
            error = f'the training process was ended by {_signal_name(-code)}'
            if -code == getattr(signal, 'SIGKILL', None):
                error += '; it may have run out of memory: try a smaller `batch` or `imgsz`'
        else:
            error = f'the training process ended with code {code}'
        return Outcome('failed', error + self._quote())

    def _quote(self) -> str:
        if not self._last_lines:
            return ''
        return '\nIts last lines were:\n' + '\n'.join(f'  {line}' for line in self._last_lines)


def _signal(process: subprocess.Popen[bytes], *, force: bool) -> None:
    """End the process and those it started."""
    try:
        if sys.platform == 'win32':
            process.kill() if force else process.terminate()
        else:
            os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
    except ProcessLookupError:
        pass


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'
