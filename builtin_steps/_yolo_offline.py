"""Keeps the training process off the network. Runs in the child, before ultralytics is imported.

Its own switch (`YOLO_OFFLINE`) stops telemetry and updates, but not every download. So the fonts that it would
fetch are put where it looks for them, and whatever else tries to reach another machine gets an error.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

__all__ = ['forbid_network', 'provide_fonts']

_LATIN, _ANY_SCRIPT = 'Arial.ttf', 'Arial.Unicode.ttf'
_FONTS_WITH_HANGUL = (
    'Noto Sans CJK KR', 'Noto Sans KR', 'NanumGothic', 'Malgun Gothic', 'Apple SD Gothic Neo', 'AppleGothic',
    'Arial Unicode MS', 'UnDotum', 'Baekmuk Gulim',
)  # fmt: skip
_LOCAL = {'localhost', '127.0.0.1', '::1', ''}


def provide_fonts(folder: Path) -> bool:
    """Put the two fonts that ultralytics draws with into its configuration folder.

    Names in Latin script are drawn with the font that comes with matplotlib. For other scripts a font of this
    machine that has Hangul is taken if there is one; otherwise pictures show boxes instead of such names.

    Returns:
        Whether there is a font with Hangul.
    """
    from matplotlib import font_manager, get_data_path

    shipped = Path(get_data_path()) / 'fonts' / 'ttf' / 'DejaVuSans.ttf'
    installed = {font.name: font.fname for font in font_manager.fontManager.ttflist}
    any_script = next((installed[name] for name in _FONTS_WITH_HANGUL if name in installed), None)
    folder.mkdir(parents=True, exist_ok=True)
    for name, font in ((_LATIN, shipped), (_ANY_SCRIPT, any_script or shipped)):
        target = folder / name
        try:
            target.symlink_to(font)
        except OSError:  # a system or a disk without links
            shutil.copyfile(font, target)
    return any_script is not None


def forbid_network() -> None:
    """Make every attempt of this process to reach another machine a `ConnectionError`; it cannot be undone."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == 'socket.connect':
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ''  # a path: a socket of this machine
    elif event in {'socket.getaddrinfo', 'socket.gethostbyname'}:
        host = arguments[0] or ''
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host not in _LOCAL:
        raise ConnectionError(f'training is offline: a connection to {host} was refused')
