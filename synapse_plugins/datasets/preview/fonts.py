"""Fonts of this system, and text in any script drawn with the ones that have its letters."""

from __future__ import annotations

import os
import sys
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import bidirectional, category

from .cmap import Coverage, read_coverage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.ImageDraw import ImageDraw

__all__ = ['FONT_VARIABLE', 'Lettering', 'font_folders']

FONT_VARIABLE = 'SYNAPSE_PLUGINS_FONT'
"""Names a font file to use before all others."""

_MOST_FILES = 5000
_SUFFIXES = frozenset(('.ttf', '.otf', '.ttc', '.otc'))
_PREFERRED = (
    'notosanskr', 'notosanscjk', 'pretendard', 'nanumgothic', 'nanumbarungothic', 'applesdgothicneo', 'malgun',
    'sourcehansans', 'notosans-regular', 'notosans', 'segoeui', 'dejavusans', 'arialunicode', 'arial', 'helvetica',
    'liberationsans', 'roboto', 'nanum', 'gulim', 'unbatang', 'wqy', 'unifont',
)  # fmt: skip
_PLAIN_VARIANTS = ('regular', 'medium', 'book')
_ODD_VARIANTS = ('bold', 'italic', 'oblique', 'light', 'thin', 'black', 'heavy', 'mono', 'coding', 'condensed', 'serif',
                 'emoji', 'math', 'nanumbrush', 'nanumpen')  # fmt: skip
_SHOW_BOXES = ('lastresort', 'blank', 'tofu', 'fallback')
"""Fonts that have a box for everything, on purpose."""

_RIGHT_TO_LEFT = frozenset(('R', 'AL', 'AN'))


def font_folders() -> list[Path]:
    """Return the folders in which fonts are on this system."""
    home = Path.home()
    if sys.platform == 'win32':
        local = os.environ.get('LOCALAPPDATA', str(home / 'AppData' / 'Local'))
        return [
            Path(os.environ.get('WINDIR', 'C:/Windows'), 'Fonts'),
            Path(local, 'Microsoft', 'Windows', 'Fonts'),
        ]
    if sys.platform == 'darwin':
        return [Path('/System/Library/Fonts'), Path('/Library/Fonts'), home / 'Library' / 'Fonts']
    data = os.environ.get('XDG_DATA_DIRS') or '/usr/local/share:/usr/share'
    mine = os.environ.get('XDG_DATA_HOME') or str(home / '.local' / 'share')
    return [
        *(Path(folder, 'fonts') for folder in data.split(':') if folder),
        Path(mine, 'fonts'),
        home / '.fonts',
    ]


class _Face(NamedTuple):
    path: Path | None  # None: the font that Pillow brings along
    coverage: Coverage


class Lettering:
    """Draws text with fonts that have its letters, and says when no font has them.

    Args:
        folders: Where fonts are; by default where this system has them.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._folders = font_folders() if folders is None else folders
        self._faces: dict[Path, _Face | None] = {}
        self._of_character: dict[str, _Face | None] = {}
        self._fonts: dict[tuple[Path | None, int], Any] = {}

    # -- what can be drawn ----------------------------------------------------------------------------

    def can(self, text: str) -> bool:
        """Tell whether every letter of a text can be drawn."""
        return all(self._face(character) is not None for character in text if not _is_silent(character))

    def safe(self, text: str) -> str:
        """Return a text with a star for each stretch of letters that cannot be drawn."""
        parts = groupby(text, lambda character: _is_silent(character) or self._face(character) is not None)
        return ''.join(''.join(part) if drawable else '*' for drawable, part in parts)

    def _face(self, character: str) -> _Face | None:
        if character not in self._of_character:
            needs_shaping = bidirectional(character) in _RIGHT_TO_LEFT or category(character) in {'Mn', 'Mc'}
            found = None
            if not needs_shaping or _shapes():
                found = next((face for face in self._all_faces() if character in face.coverage), None)
            self._of_character[character] = found
        return self._of_character[character]

    def _all_faces(self) -> Iterator[_Face]:
        for path in self._files:
            if path not in self._faces:
                coverage = read_coverage(path)
                self._faces[path] = _Face(path, coverage) if coverage else None
            face = self._faces[path]
            if face is not None:
                yield face
        yield _Face(None, Coverage([(0x21, 0x7E)]))

    @cached_property
    def _files(self) -> list[Path]:
        found = [
            path
            for folder in self._folders
            for path in _font_files(folder)
            if not any(word in path.name.casefold() for word in _SHOW_BOXES)
        ]
        found = sorted(found[:_MOST_FILES], key=_rank)
        named = os.environ.get(FONT_VARIABLE)
        return [Path(named), *found] if named else found

    # -- drawing --------------------------------------------------------------------------------------

    def width(self, text: str, size: int) -> int:
        """Return how wide a text is, in pixels; *size* is the height of the font."""
        lengths: list[float] = [self._font(face, size).getlength(part) for face, part in self._runs(text)]
        return round(sum(lengths))

    def draw(self, pen: ImageDraw, place: tuple[float, float], text: str, size: int, fill: Any) -> None:
        """Draw a text, its left end on the base line at *place*; what cannot be drawn is a star."""
        x, y = place
        for face, part in self._runs(text):
            font = self._font(face, size)
            pen.text((x, y), part, fill=fill, font=font, anchor='ls')
            x += font.getlength(part)

    def shortened(self, text: str, size: int, width: int) -> str:
        """Return a text that fits into *width* pixels, cut with dots where it does not."""
        if self.width(text, size) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(f'{text[:middle]}...', size) <= width:
                low = middle
            else:
                high = middle - 1
        return f'{text[:low]}...'

    def _runs(self, text: str) -> list[tuple[_Face, str]]:
        """Return the parts of a text, each with its font: one for all of it where there is one."""
        text = ''.join(
            character for character in self.safe(text) if character == ' ' or not _is_silent(character)
        )
        letters = set(text) - {' '}
        base = self._face('*')
        faces = [face for face in (self._face(letter) for letter in sorted(letters)) if face is not None]
        for face in dict.fromkeys((*faces, base)):
            if face is not None and all(letter in face.coverage for letter in letters):
                return [(face, text)]
        runs: list[tuple[_Face, str]] = []
        for character in text:
            found = self._face(character) if character != ' ' else (runs[-1][0] if runs else base)
            if found is None:
                continue
            if runs and runs[-1][0] is found:
                runs[-1] = (found, runs[-1][1] + character)
            else:
                runs.append((found, character))
        return runs

    def _font(self, face: _Face, size: int) -> Any:
        from PIL import ImageFont

        key = face.path, size
        if key not in self._fonts:
            if face.path is None:
                self._fonts[key] = ImageFont.load_default(size)
            else:
                self._fonts[key] = ImageFont.truetype(face.path, size)
        return self._fonts[key]


def _font_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if Path(name).suffix.casefold() in _SUFFIXES)


def _rank(path: Path) -> tuple[bool, int, bool, str]:
    name = path.stem.casefold()
    preferred = next(
        (place for place, start in enumerate(_PREFERRED) if name.startswith(start)), len(_PREFERRED)
    )
    plain = name.endswith(_PLAIN_VARIANTS)
    return any(variant in name for variant in _ODD_VARIANTS), preferred, not plain, str(path)


def _is_silent(character: str) -> bool:
    """Tell whether a character leaves no ink: spaces, joiners, variation selectors, control characters."""
    return character.isspace() or category(character) in {'Cc', 'Cf'} or '\ufe00' <= character <= '\ufe0f'


@lru_cache(maxsize=1)
def _shapes() -> bool:
    """Tell whether Pillow can join letters and write from right to left here."""
    from PIL import features

    return bool(features.check('raqm'))
