"""Where the templates lie on this machine, and where a project finds their next version."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import ConfigError

__all__ = ['DISTRIBUTION', 'installed_from', 'repository_ref', 'repository_url', 'templates_root']

DISTRIBUTION = 'synapse-plugins'
_PACKAGE = Path(__file__).resolve().parent.parent
_RELEASE = re.compile(r'\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?')


def templates_root() -> Path:
    """Return the folder with copier.yml and templates/: the installed package's own copy, else the checkout's root.

    Raises:
        ConfigError: If there is neither.
    """
    for root in (_PACKAGE / '_templates', _PACKAGE.parent):
        if (root / 'copier.yml').is_file() and (root / 'templates').is_dir():
            return root
    raise ConfigError(
        f'{_PACKAGE} came without its templates. Install synapse-plugins again, from a wheel or from its repository.'
    )


def repository_url() -> str | None:
    """Return the URL that a project is updated from, as this package's metadata has it."""
    distribution = _distribution()
    entries = distribution.metadata.get_all('Project-URL') if distribution else None
    urls = dict(entry.split(', ', 1) for entry in entries or ())
    url = urls.get('Source') or urls.get('Repository')
    return f'git+{url.removesuffix("/").removesuffix(".git")}.git' if url else None


def repository_ref() -> str | None:
    """Return what of that repository this package's templates are: a release's tag, or a commit.

    None if nobody can know: they come from somebody's folder.
    """
    distribution = _distribution()
    if distribution is None or templates_root() == _PACKAGE.parent:
        return None
    origin = json.loads(distribution.read_text('direct_url.json') or '{}')
    if 'vcs_info' in origin:
        return str(origin['vcs_info']['commit_id'])
    if 'dir_info' in origin or not _RELEASE.fullmatch(distribution.version):
        return None
    return f'v{distribution.version}'


def installed_from() -> str | None:
    """Return what pip takes to install this very package where no index has it; None if it came from an index.

    That is a folder, an archive, or a repository at a commit.
    """
    root = _PACKAGE.parent
    if (root / 'pyproject.toml').is_file() and templates_root() == root:
        return str(root)
    distribution = _distribution()
    origin = json.loads(distribution.read_text('direct_url.json') or '{}') if distribution else {}
    url = str(origin.get('url') or '')
    if 'vcs_info' in origin:
        return f'{origin["vcs_info"]["vcs"]}+{url}@{origin["vcs_info"]["commit_id"]}'
    if url.startswith('file:'):
        path = Path(url2pathname(urlsplit(url).path))
        return str(path) if path.exists() else None
    return url or None


def _distribution() -> metadata.Distribution | None:
    try:
        return metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
