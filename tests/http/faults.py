"""The faults that `faulty.py` makes, as the tests name them."""

from __future__ import annotations

RESET = {'fault': 'reset'}
LOST = {'fault': 'lose_answer'}
MID = {'fault': 'reset_mid_body'}
STALL = {'fault': 'stall', 'seconds': 1.5}
SHORT = {'fault': 'truncate', 'honest': False}
SILENT = {'fault': 'truncate', 'honest': True}
CORRUPT = {'fault': 'corrupt'}


def status(number, **more):
    return {'fault': 'status', 'status': number, **more}


PASSING = [
    RESET, LOST, MID, STALL, SHORT, SILENT, status(429), status(429, after='0'), status(502), status(503), status(504),
]  # fmt: skip
NAMES = [
    'reset', 'lost answer', 'reset mid-body', 'stalled body', 'truncated, right length', 'truncated, wrong length',
    '429', '429 with Retry-After', '502', '503', '504',
]  # fmt: skip
