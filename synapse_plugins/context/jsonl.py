"""A logger that writes one JSON object a line."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .base_logger import BaseLogger

if TYPE_CHECKING:
    import os

    from .records import LogRecord

__all__ = ['JsonLinesLogger']


class JsonLinesLogger(BaseLogger):
    """Writes every record as one line of JSON: `time`, `kind`, `level`, `event`, `step`, `order`, `data`, `file`.

    Lines are added to what a file holds already. Numbers that JSON does not know become the texts ``NaN``,
    ``Infinity`` and ``-Infinity``, objects their `str`.

    Args:
        target: Path of the file, made with its folders at the first record; or an open text stream, which
            stays open.
    """

    def __init__(self, target: str | os.PathLike[str] | IO[str]) -> None:
        super().__init__()
        self._stream: IO[str] | None = target if hasattr(target, 'write') else None  # type: ignore[assignment]
        self._path = Path(target) if self._stream is None else None  # type: ignore[arg-type]

    def emit(self, record: LogRecord) -> None:
        """Write one line."""
        stream = self._open()
        stream.write(_line(record))
        if record.kind != 'progress':  # these come by the thousand, and the next record brings them along
            stream.flush()

    def _open(self) -> IO[str]:
        if self._stream is None:
            assert self._path is not None
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # backslashreplace: a file name that is not UTF-8 holds lone surrogates; so they become JSON escapes.
            self._stream = self._path.open('a', encoding='utf-8', errors='backslashreplace', newline='\n')
        return self._stream

    def _on_finish(self) -> None:
        if self._stream is None:
            return
        self._stream.flush()
        if self._path is not None:
            self._stream.close()


def _line(record: LogRecord) -> str:
    document = {
        'time': record.time.isoformat(),
        'kind': record.kind,
        'level': record.level,
        'event': record.event,
        'step': record.step,
        'order': record.order,
        'data': record.data,
        'file': record.file,
    }
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, default=str)
    except (ValueError, TypeError):  # a number or a key that JSON does not know
        text = json.dumps(_plain(document), ensure_ascii=False, default=str)
    return text + '\n'


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return {'inf': 'Infinity', '-inf': '-Infinity'}.get(str(float(value)), 'NaN')
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
