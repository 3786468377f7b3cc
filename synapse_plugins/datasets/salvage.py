"""What can still be read of an annotation file that is broken: enough to count what is lost with it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ['salvage_json']

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_CLOSERS = {'[': ']', '{': '}'}


def salvage_json(content: bytes) -> Any:
    """Return the part of a JSON document that comes before its first error; None if nothing does.

    What is open there is closed, so that of a list cut short the whole items remain, and of the last one as much
    as was complete.
    """
    text = content.decode('utf-8-sig', 'replace')
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        text = text[: exc.pos]
    except (ValueError, RecursionError):
        return None
    end, closers = _last_whole(text)
    try:
        return json.loads(text[:end] + closers)
    except (ValueError, RecursionError):
        return None


def _last_whole(text: str) -> tuple[int, str]:
    """Return where the last whole value ends, and what closes all that is open there."""
    is_open: list[str] = []
    end, closers = 0, ''
    for token in _TOKENS.finditer(text):
        match token[0]:
            case '[' | '{' as opener:
                is_open.append(_CLOSERS[opener])
                end = token.end()
            case ']' | '}':
                is_open.pop()
                end = token.end()
            case ',':
                end = token.start()
            case _:
                continue
        closers = ''.join(reversed(is_open))
    return end, closers
