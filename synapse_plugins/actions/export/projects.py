"""Which project the items of an export are of: the one that its parameters name, else all, and that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...context.message_codes import ExportLogMessageCode
from ...errors import ParamsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import ExportContext
    from .targets import ExportTargetHandler

__all__ = ['in_project', 'project_of', 'tell_of_all']

_CHOOSES = frozenset({'project', 'ids', 'tasks', 'data_unit'})
"""Filters that say which items are meant, so that nobody is surprised by those of other projects."""


def project_of(params: Mapping[str, Any]) -> int | None:
    """Return the project that the parameters of an export name, directly or among the further ones; None if none."""
    for given in (params, params.get('extra_params') or {}):
        project = given.get('project')
        if isinstance(project, int) and not isinstance(project, bool):
            return project
    return None


def in_project(
    filters: dict[str, Any], params: Mapping[str, Any], handler: ExportTargetHandler
) -> dict[str, Any]:
    """Return the filters with the project that the parameters name, where items are of one.

    Raises:
        ParamsError: If the filters name another one.
    """
    project = project_of(params)
    if project is None or not getattr(handler, 'of_project', False):
        return filters
    if str(filters.get('project', project)) != str(project):
        raise ParamsError(
            f'project={project}, and the filter says project={filters["project"]!r}. Name one of the two.'
        )
    return {**filters, 'project': project}


def tell_of_all(context: ExportContext, filters: Mapping[str, Any]) -> None:
    """Say that the items of all projects are taken, where nothing chooses among them; and of how many, if known."""
    handler = context.handler
    if not getattr(handler, 'of_project', False) or _CHOOSES & filters.keys() or not context.total_count:
        return
    count_projects = getattr(context.client, 'count_projects', None)
    projects = None if count_projects is None else count_projects(handler.target, filters)
    if projects == 1:
        return
    code = (
        ExportLogMessageCode.EXPORT_ALL_PROJECTS if projects is None else ExportLogMessageCode.EXPORT_PROJECTS
    )
    context.log_message(
        code, count=context.total_count, **({} if projects is None else {'projects': projects})
    )
