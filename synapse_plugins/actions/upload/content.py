"""Looks into a file: whether it is what its name says, whole, and nothing that a program would run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.parsers import expat

from ...errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['problem_of']

_HEAD = 512
_SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    '.jpg': ((0, b'\xff\xd8\xff'),),
    '.png': ((0, b'\x89PNG\r\n\x1a\n'),),
    '.gif': ((0, b'GIF87a'), (0, b'GIF89a')),
    '.bmp': ((0, b'BM'),),
    '.webp': ((8, b'WEBP'),),
    '.tif': ((0, b'II*\0'), (0, b'MM\0*'), (0, b'II+\0'), (0, b'MM\0+')),
    '.pdf': ((0, b'%PDF'),),
    '.zip': ((0, b'PK'),),
    '.mp4': ((4, b'ftyp'),),
    '.mov': ((4, b'ftyp'), (4, b'moov'), (4, b'mdat'), (4, b'wide'), (4, b'free')),
    '.avi': ((8, b'AVI '),),
    '.wav': ((8, b'WAVE'),),
    '.mkv': ((0, b'\x1aE\xdf\xa3'),),
    '.webm': ((0, b'\x1aE\xdf\xa3'),),
    '.flac': ((0, b'fLaC'),),
    '.ogg': ((0, b'OggS'),),
    '.ply': ((0, b'ply'),),
    '.las': ((0, b'LASF'),),
    '.laz': ((0, b'LASF'),),
}
"""Extension -> what such files have at which place; one of them."""
_SAME = {'.jpeg': '.jpg', '.tiff': '.tif', '.m4v': '.mp4', '.m4a': '.mp4'}
_PROGRAMS = (
    b'\x7fELF',
    b'\xfe\xed\xfa\xce',
    b'\xfe\xed\xfa\xcf',
    b'\xce\xfa\xed\xfe',
    b'\xcf\xfa\xed\xfe',
    b'#!',
)
_PICTURES = frozenset(('.jpg', '.png', '.gif', '.bmp', '.webp', '.tif'))


def problem_of(path: Path, file_type: str) -> str | None:
    """Return what is wrong with a file, None if nothing is.

    Args:
        path: The file.
        file_type: Its specification's: ``image``, ``video``, ``audio``, ``text``, ``pcd`` or ``data``.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open('rb') as file:
        head = file.read(_HEAD)
    if not head:
        return 'it is empty'
    if head.startswith(_PROGRAMS) or _is_windows_program(path, head):
        return 'it is a program'
    suffix = _SAME.get(path.suffix.lower(), path.suffix.lower())
    expected = _SIGNATURES.get(suffix)
    if expected and not any(head[at:].startswith(mark) for at, mark in expected):
        return f'its content is not {suffix.lstrip(".")}{_really(head)}'
    if suffix in _PICTURES or file_type == 'image':
        return _picture_problem(path)
    if suffix == '.json':
        return _json_problem(path)
    if suffix == '.xml':
        return _xml_problem(path)
    if file_type == 'text' or suffix in {'.txt', '.csv', '.md'}:
        return _text_problem(path)
    return None


def _really(head: bytes) -> str:
    for suffix, marks in _SIGNATURES.items():
        if any(head[at:].startswith(mark) for at, mark in marks):
            return f', it is {suffix.lstrip(".")}'
    return ''


def _is_windows_program(path: Path, head: bytes) -> bool:
    """Tell by both marks: a text may begin with the letters of the first one."""
    if not head.startswith(b'MZ') or len(head) < 64:
        return False
    at = int.from_bytes(head[60:64], 'little')
    with path.open('rb') as file:
        file.seek(at)
        return file.read(4) == b'PE\0\0'


def _picture_problem(path: Path) -> str | None:
    from ...datasets.cut import is_cut_short
    from ...datasets.images import probe

    try:
        if not probe(path).complete and is_cut_short(path):
            return 'the picture is cut short'
    except DatasetError as exc:
        return f'it is no whole picture: {exc}'
    return None


def _json_problem(path: Path) -> str | None:
    try:
        with path.open(encoding='utf-8-sig') as file:
            json.load(file)
    except (ValueError, RecursionError) as exc:  # a wrong encoding is a ValueError too
        return f'it is no JSON: {exc}'
    return None


def _xml_problem(path: Path) -> str | None:
    parser = expat.ParserCreate()
    try:
        with path.open('rb') as file:
            parser.ParseFile(file)
    except expat.ExpatError as exc:
        return f'it is no XML: {exc}'
    return None


def _text_problem(path: Path) -> str | None:
    with path.open('rb') as file:
        while piece := file.read(1024 * 1024):
            if b'\0' in piece:
                return 'it is no text: it has zero bytes'
    return None
