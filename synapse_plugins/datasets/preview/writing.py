"""Writes the contact sheet."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..single_file import MARK, write_whole
from .sheet import contact_sheet

if TYPE_CHECKING:
    from ..inspection.record import Inspection
    from .choice import Choice
    from .fonts import Lettering
    from .painter import Painter

__all__ = ['write_preview']


def write_preview(
    target: Path, record: Inspection, choice: Choice, painter: Painter, lettering: Lettering
) -> None:
    """Write the contact sheet of a dataset; what its numbers stand for is also in the file's text ``Legend``."""
    from PIL.PngImagePlugin import PngInfo

    images = f'{record.images:,} image{"" if record.images == 1 else "s"}'
    annotations = f'{record.annotations:,} annotation{"" if record.annotations == 1 else "s"}'
    classes = [(figures.name, figures.annotations) for figures in record.classes]
    title = Path(record.path).resolve().name
    sheet = contact_sheet(
        choice.chosen(), painter, lettering, title, f'{record.format}, {images}, {annotations}', classes
    )
    about = PngInfo()
    about.add_text('Software', MARK)
    if painter.numbered:
        about.add_itxt('Legend', '\n'.join(f'#{number} {name}' for name, number in painter.numbered.items()))
    content = BytesIO()
    sheet.save(content, 'PNG', pnginfo=about)
    write_whole(target, content.getvalue())
