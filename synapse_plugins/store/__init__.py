"""The home folder: databases with schema versions, files by content, work and cache folders.

One user's, several processes at once, on a file system of this machine. `open_store` is the way in.
"""

from __future__ import annotations

from .database import Database
from .files import Batch, FileStore, StoredFile, file_digest, stored_suffix
from .home import Store, default_home, open_store
from .space import free_space, require_space

__all__ = [
    'Batch',
    'Database',
    'FileStore',
    'Store',
    'StoredFile',
    'default_home',
    'file_digest',
    'free_space',
    'open_store',
    'require_space',
    'stored_suffix',
]
