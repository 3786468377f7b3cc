"""`nox` checks everything; `nox -l` lists the sessions, `nox -s tests -- -k rollback` hands arguments on."""

from __future__ import annotations

import os

import nox

nox.needs_version = '>=2025.5.1'
nox.options.default_venv_backend = 'uv|virtualenv'
nox.options.sessions = ['lint', 'types', 'tests']

PYPROJECT = nox.project.load_toml('pyproject.toml')
SYNAPSE_PLUGINS = [place for place in [os.environ.get('SYNAPSE_PLUGINS')] if place]
"""Where synapse-plugins is installed from, in place of the package index: a folder, an archive or git+URL."""


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*group('lint'))
    session.run('ruff', 'check')
    session.run('ruff', 'format', '--check')


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.install('-e', '.', *SYNAPSE_PLUGINS, *group('test'), *group('types'))
    session.run('mypy')


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests against the newest synapse-plugins."""
    session.install('-e', '.', *SYNAPSE_PLUGINS, *group('test'))
    session.run('pytest', *session.posargs)


@nox.session(name='tests-oldest')
def tests_oldest(session: nox.Session) -> None:
    """Run the tests against the oldest synapse-plugins that pyproject.toml allows."""
    if SYNAPSE_PLUGINS:
        session.skip('SYNAPSE_PLUGINS says which synapse-plugins to take; without it, the oldest is tested')
    (required,) = (line for line in PYPROJECT['project']['dependencies'] if line.startswith('synapse-plugins'))
    oldest = required.partition(',')[0].replace('>=', '==')
    session.install('-e', '.', oldest, *group('test'))
    session.run('pytest', *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist and the wheel into dist/."""
    session.install(*group('build'))
    session.run('python', '-m', 'build')
