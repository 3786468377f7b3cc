"""Keeps tokens and signatures out of messages, tracebacks and logs."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['clean_chain', 'clean_text', 'hide_in_logs', 'shown_url']

_QUERY = re.compile(r'\?[^\s\'")>\]]+')
_LIBRARY = 'urllib3.connectionpool'


def shown_url(url: str) -> str:
    """Return an address without its query, where a signature may be."""
    return urlsplit(url)._replace(query='', fragment='').geturl()


def clean_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the queries of addresses, and without secrets."""
    for secret in secrets:
        if len(secret) > 3:  # shorter ones are parts of words
            text = text.replace(secret, '***')
    return _QUERY.sub('?...', text)


def clean_chain(error: BaseException, secrets: Iterable[str] = ()) -> BaseException:
    """Clean an exception of a library, and all that it came from, so that a traceback can show it."""
    secrets = tuple(secrets)
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        waiting += [found.__cause__, found.__context__, getattr(found, 'reason', None), *found.args]
        found.args = tuple(clean_text(arg, secrets) if isinstance(arg, str) else arg for arg in found.args)
    return error


class _Filter(logging.Filter):
    """Takes the queries out of what the library logs of each request, at its lowest level."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(clean_text(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


_FILTER = _Filter()


def hide_in_logs() -> None:
    """Keep signatures out of the log of the HTTP library; calling it again changes nothing."""
    logging.getLogger(_LIBRARY).addFilter(_FILTER)
