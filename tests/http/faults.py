"""The faults that `faulty.py` makes, as the tests and the page of faults name them."""

from __future__ import annotations

from pathlib import Path

REFUSED = 'connection refused'
EXPIRED = 'presigned address that has expired'
CHANGING = 'a list that changes while it is walked'
FULL = 'the disk fills up'
KILLED = 'SIGKILL of the client at a random instant'
LABELS = {
    'reset': 'connection reset before the answer',
    'lose_answer': 'answer lost after the work was done',
    'finalize': 'answer to the end of an upload lost',
    'slow_answer': 'answer that does not come in time',
    'done_but': 'work done, and answered with 502 or 504',
    'reset_mid_body': 'connection reset in the middle of the body',
    'stall': 'body that stalls',
    'truncate False': 'body cut short, the right length told',
    'truncate True': 'body cut short, the wrong length told',
    'corrupt': 'wrong checksum',
    'short_write': 'a chunk of which the server writes a half',
    'repeat_page': 'a page with rows of the page before',
    'redirect': 'sent on to another place',
    'status 429': '429',
    'status 429 after': '429 with Retry-After',
    'status 500': '500',
    'status 502': '502',
    'status 503': '503',
    'status 504': '504',
}
"""What a rule does -> its line on the page."""


PAGE = Path(__file__).parents[2] / 'docs' / 'faults.md'
FAULTS = [REFUSED, *LABELS.values(), EXPIRED, CHANGING, FULL, KILLED]
HEAD = """\
# Faults that were tried

<!-- Written by the tests: SYNAPSE_PLUGINS_WRITE_FAULTS=1 pytest tests/http --rounds 1000; do not edit. -->

The tests of the client put a server that fails on purpose, in another process, between it and the served backend.
*Tried* is how often; *survived* is how often nothing was lost and nothing done twice: it came through, or it was told
and the next run completed with what was missing. What happens in each case: [Synapse servers](servers.md).

| fault | tried | survived |
|---|---|---|
"""


def label_of(rule):
    """Return the line on the page that a rule of a script belongs to, None for what is no fault."""
    name = rule['fault']
    if name == 'lose_answer' and rule['match'].startswith('POST /chunked_upload'):
        name = 'finalize'
    elif name == 'truncate':
        name = f'truncate {rule["honest"]}'
    elif name == 'status':
        name = f'status {rule["status"]}{" after" if "after" in rule else ""}'
        if rule['status'] == 403 and '/media/' in rule['match']:
            return EXPIRED
    return LABELS.get(name)


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
