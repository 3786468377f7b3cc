"""Tells whether a path lies on a network file system, where SQLite's locks and shared memory cannot be trusted."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ['network_file_system']

MOUNTS = Path('/proc/self/mountinfo')
"""Where Linux lists what is mounted; other systems have no such file, and are not checked."""

NETWORK = frozenset({
    '9p', 'acfs', 'afs', 'beegfs', 'ceph', 'cifs', 'coda', 'davfs', 'gfs2', 'glusterfs', 'gpfs', 'lustre',
    'ncpfs', 'nfs', 'nfs4', 'ocfs2', 'orangefs', 'pvfs2', 'smb', 'smb2', 'smb3', 'smbfs',
})  # fmt: skip
NETWORK_FUSE = frozenset({
    'ceph', 'davfs', 'davfs2', 'gcsfuse', 'glusterfs', 'goofys', 'juicefs', 'mount.davfs', 'rclone', 's3fs',
    'smbnetfs', 'sshfs',
})  # fmt: skip


def network_file_system(path: Path) -> str | None:
    """Return the type of the network file system that holds *path*, or None if it is local or not known."""
    try:
        lines = MOUNTS.read_text(encoding='utf-8', errors='surrogateescape').splitlines()
    except OSError:
        return None
    kind = _kind_of_mount(path.resolve(), lines)  # a link may lead to another file system
    family, _, helper = kind.partition('.')
    if kind in NETWORK or (family == 'fuse' and helper in NETWORK_FUSE):
        return kind
    return None


def _kind_of_mount(path: Path, lines: list[str]) -> str:
    """Return the type of the deepest mount above *path*; of two on one place the later one is what is seen."""
    best, best_depth = '', -1
    for line in lines:
        fields, _, rest = line.partition(' - ')
        columns, kinds = fields.split(' '), rest.split(' ')
        if len(columns) < 5 or not kinds[0]:
            continue
        point = Path(_unescape(columns[4]))
        depth = len(point.parts)
        if depth >= best_depth and path.is_relative_to(point):
            best, best_depth = kinds[0], depth
    return best


def _unescape(text: str) -> str:
    r"""Undo the kernel's octal escapes of blank, tab, newline and backslash (``\040``)."""
    return re.sub(r'\\([0-7]{3})', lambda match: chr(int(match[1], 8)), text)
