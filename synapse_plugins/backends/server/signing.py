"""Addresses that are good for one thing and for a while, as an object storage gives them out."""

from __future__ import annotations

import hmac
import time
from secrets import token_bytes
from urllib.parse import quote

__all__ = ['Signer']


class Signer:
    """Signs addresses and checks them; a signature holds for one method, one path, and until a time.

    Args:
        lifetime: Seconds that an address is good for.
        secret: What signs; None: a new one, so that what another server signed is not good here.
    """

    def __init__(self, lifetime: float = 3600.0, secret: bytes | None = None) -> None:
        self.lifetime = lifetime
        self._secret = secret or token_bytes(32)

    def sign(self, path: str, method: str = 'GET', lifetime: float | None = None) -> str:
        """Return a path, quoted, with what lets its bearer do *method* there."""
        expires = f'{time.time() + (self.lifetime if lifetime is None else lifetime):.3f}'
        return f'{quote(path)}?expires={expires}&signature={self._signature(method, path, expires)}'

    def refusal(self, path: str, method: str, expires: str, signature: str) -> str | None:
        """Return why a request is refused, None if it is not."""
        if not hmac.compare_digest(self._signature(method, path, expires).encode(), signature.encode()):
            return 'The signature does not match.'
        if float(expires) < time.time():
            return 'Request has expired.'
        return None

    def _signature(self, method: str, path: str, expires: str) -> str:
        method = 'GET' if method == 'HEAD' else method
        text = f'{method}\n{path}\n{expires}'
        return hmac.digest(self._secret, text.encode('utf-8', 'surrogateescape'), 'sha256').hex()
