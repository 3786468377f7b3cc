"""The logger that people watch: progress bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any, Protocol

from .base_logger import BaseLogger
from .levels import LogLevel, level_of

if TYPE_CHECKING:
    from .records import LogRecord

__all__ = ['ConsoleLogger']

_STATE = frozenset({'progress', 'steps', 'step'})


class _View(Protocol):
    def show(self, record: LogRecord) -> None: ...

    def close(self) -> None: ...


class ConsoleLogger(BaseLogger):
    """Shows a run to people.

    On a terminal: one bar for each step, one for the whole run with the time left, messages above them.
    Elsewhere: plain lines, progress at most every few seconds. Text that the stream cannot show is escaped, and
    a stream that goes away is given up; neither harms the run.

    Args:
        stream: Where to write; by default standard error as it is at the first record.
        level: The least level that is shown.
        bars: Whether to draw bars; by default if the stream is a terminal that can.
    """

    def __init__(
        self, stream: IO[str] | None = None, *, level: Any = LogLevel.INFO, bars: bool | None = None
    ) -> None:
        super().__init__()
        self._stream = stream
        self._severity = level_of(level).severity
        self._bars = bars
        self._view: _View | None = None

    def emit(self, record: LogRecord) -> None:
        """Show one record."""
        if self._view is None:
            self._view = self._make_view()
        # What moves the bars has no level of its own.
        if record.kind in _STATE or level_of(record.level).severity >= self._severity:
            self._view.show(record)

    def _make_view(self) -> _View:
        stream = SafeStream(self._stream if self._stream is not None else sys.stderr)
        bars = self._bars
        if bars is None:
            bars = stream.isatty() and os.environ.get('TERM') != 'dumb'
        if bars:
            from .console_bars import BarsView

            return BarsView(stream)
        from .console_lines import LinesView

        return LinesView(stream)

    def _on_finish(self) -> None:
        if self._view is not None:
            self._view.close()


class SafeStream:
    """A text stream that never raises: what it cannot encode is escaped, and once it is gone it stays silent."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        """The stream's encoding."""
        return getattr(self._stream, 'encoding', None) or 'utf-8'

    def write(self, text: str) -> int:
        """Write *text* as far as the stream can."""
        if self._stream is not None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                self.write(text.encode(self.encoding, 'backslashreplace').decode(self.encoding))
            except (OSError, ValueError):  # a closed pipe, a closed file
                self._stream = None
        return len(text)

    def flush(self) -> None:
        """Bring what was written on its way."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None

    def isatty(self) -> bool:
        """Tell whether the stream is a terminal."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (AttributeError, ValueError):
            return False

    def fileno(self) -> int:
        """Return the stream's descriptor."""
        if self._stream is None:
            raise OSError('the stream is gone')
        return self._stream.fileno()
