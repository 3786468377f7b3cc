"""Tells whether a process of before still lives.

A process id alone does not: ids are used again. So a process is its id, when it started, and on which boot of
which machine, as far as the system says so.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

__all__ = ['PATIENCE', 'ProcessId', 'is_alive', 'this_process']

PATIENCE = 600.0
"""Seconds of silence after which a process that cannot be seen counts as gone; a run gives a sign every half minute."""


@dataclass(frozen=True)
class ProcessId:
    """What makes a process itself; as text it fits into a file name.

    Attributes:
        pid: Its number.
        machine: Digest of where the number means something: host and process-id namespace.
        start: Digest of when it started, and of the boot of the machine.
    """

    pid: int
    machine: str
    start: str

    def __str__(self) -> str:
        return f'{self.pid}-{self.machine}-{self.start}'

    @classmethod
    def parse(cls, text: str) -> ProcessId:
        """Read what `str` wrote.

        Raises:
            ValueError: If it is something else.
        """
        pid, machine, start = text.strip().split('-')
        return cls(int(pid), machine, start)


def this_process() -> ProcessId:
    """Return the identity of the calling process, also after a fork."""
    return _identity(os.getpid())


@lru_cache(maxsize=2)
def _identity(pid: int) -> ProcessId:
    return ProcessId(pid, _machine(), _start(started_at(pid) or ''))


def is_alive(process: ProcessId, *, silent_for: float = 0.0, patience: float = PATIENCE) -> bool:
    """Tell whether *process* still runs.

    Of one of another machine or container nobody here can tell: it counts as alive until it was silent for too long.

    Args:
        process: The process.
        silent_for: Seconds since there was a sign of it.
        patience: Seconds of silence after which one that cannot be seen from here counts as gone.
    """
    if process.machine != _machine():
        return silent_for < patience
    started = started_at(process.pid)
    return started is not None and _start(started) == process.start


def started_at(pid: int) -> str | None:
    """Return when the process *pid* started, or None if there is none."""
    if sys.platform == 'win32':
        return _started_windows(pid)
    if Path('/proc/self/stat').exists():
        return _started_proc(pid)
    return started_ps(pid)


def _started_proc(pid: int) -> str | None:
    try:
        stat = Path(f'/proc/{pid}/stat').read_text(encoding='utf-8', errors='replace')
    except OSError:
        return None
    # The second field is the command in parentheses and may hold anything; the 22nd is the start time.
    fields = stat.rpartition(')')[2].split()
    return None if fields[0] in {'Z', 'X'} else fields[19]


def started_ps(pid: int) -> str | None:
    """Ask ``ps``, which every other Unix has."""
    asked = subprocess.run(
        ['ps', '-o', 'lstart=', '-p', str(pid)],
        capture_output=True,
        encoding='utf-8',
        check=False,
        env={**os.environ, 'LC_ALL': 'C', 'TZ': 'UTC'},
    )
    return asked.stdout.strip() or None


def _started_windows(pid: int) -> str | None:
    import ctypes
    from ctypes import wintypes

    # Signal 0 would *end* a process on Windows, so its handle is asked for instead.
    kernel32 = ctypes.WinDLL('kernel32', use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    kernel32.OpenProcess.restype = wintypes.HANDLE
    query_limited_information, still_active = 0x1000, 259
    handle = kernel32.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return None
    try:
        code = wintypes.DWORD()
        times = [wintypes.FILETIME() for _ in range(4)]
        kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        known = kernel32.GetProcessTimes(handle, *(ctypes.byref(time) for time in times))
        if code.value != still_active:
            return None
        return str((times[0].dwHighDateTime << 32) | times[0].dwLowDateTime) if known else ''
    finally:
        kernel32.CloseHandle(handle)


@lru_cache(maxsize=1)
def _machine() -> str:
    try:
        namespace = str(Path('/proc/self/ns/pid').readlink())
    except OSError:
        namespace = ''
    return _digest(f'{platform.node()} {namespace}')


def _start(started: str) -> str:
    return _digest(f'{_boot()} {started}')


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        return Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()
    except OSError:
        return ''


def _digest(text: str) -> str:
    return sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:12]
