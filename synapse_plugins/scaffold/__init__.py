"""Makes plugin projects and packs from this package's templates, and brings them forward later.

The templates are copier's; copier is the extra ``templates`` and loaded when it is needed.
"""

from __future__ import annotations

from .new import NewProject, new_project
from .source import templates_root
from .update import Update, update_project

__all__ = ['NewProject', 'Update', 'new_project', 'templates_root', 'update_project']
