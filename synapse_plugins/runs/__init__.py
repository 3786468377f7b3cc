"""Records of runs: what was run, how far it came, what it left. The record is the truth about a run.

`RunStore` finds and starts them, `RunJournal` is the one of a run at work, `RunRecord` is what is read.
"""

from __future__ import annotations

from .journal import RunJournal
from .record import RunRecord
from .store import RunStore

__all__ = ['RunJournal', 'RunRecord', 'RunStore']
