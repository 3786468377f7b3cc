"""What the pages say is so."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import parse

from synapse_plugins import hookspecs

if TYPE_CHECKING:
    from types import ModuleType

PROJECT = Path(__file__).resolve().parent.parent
PAGES = [PROJECT / 'README.md', PROJECT / 'CONTRIBUTING.md', *sorted((PROJECT / 'docs').glob('*.md'))]
CODE = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [code for found, code in CODE.findall(page.read_text(encoding='utf-8')) if found == language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """A working directory with a dataset `my-dataset`, as the pages assume."""
    from PIL import Image

    for split in ('train', 'valid'):
        for part in ('json', 'original_files'):
            (tmp_path / 'my-dataset' / split / part).mkdir(parents=True)
        Image.new('RGB', (32, 24), 'white').save(
            tmp_path / 'my-dataset' / split / 'original_files' / f'{split}.png'
        )
        box = {'id': 'a', 'classification': '지게차', 'attrs': [], 'data': [2, 3, 10, 8]}
        document = json.dumps({'images': [{'bounding_box': [box]}]}, ensure_ascii=False)
        (tmp_path / 'my-dataset' / split / 'json' / f'{split}.json').write_text(document, encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    'page', [page for page in PAGES if blocks(page, 'python')], ids=lambda page: page.name
)
def test_the_python_of_a_page_runs(page: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {'__name__': 'page'}
    for number, code in enumerate(blocks(page, 'python')):
        exec(
            compile(code, f'{page.name}[{number}]', 'exec', dont_inherit=True), names
        )  # as a reader would paste it
    printed = capsys.readouterr().out
    for line in re.findall(r'print\(error\)  # (.*)', page.read_text(encoding='utf-8')):
        assert line in printed


def test_the_transform_of_the_page_changes_a_conversion(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.datasets import convert

    (code,) = [
        code for code in blocks(PROJECT / 'docs' / 'formats.md', 'python') if 'def without_small' in code
    ]
    (folder / 'changes_of_the_page.py').write_text(code, encoding='utf-8')
    document = folder / 'my-dataset' / 'train' / 'json' / 'train.json'
    document.write_text(document.read_text(encoding='utf-8').replace('10, 8', '10, 3'), encoding='utf-8')
    monkeypatch.syspath_prepend(str(folder))
    transforms = ['changes_of_the_page:without_small_boxes']
    made = convert('my-dataset', 'large-boxes', to='yolo', transforms=transforms)
    assert made.count == 1
    assert [(one.kind, one.count) for one in made.report.left_out] == [('image', 1)]


def test_the_function_of_the_page_puts_boxes_that_count_from_zero_right(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.datasets import convert, open_dataset

    (code,) = [
        code for code in blocks(PROJECT / 'docs' / 'formats.md', 'python') if 'boxes_from_zero' in code
    ]
    (folder / 'fixes_of_the_page.py').write_text(code, encoding='utf-8')
    voc = convert('my-dataset', 'voc', to='pascal_voc').path
    for path in (voc / 'Annotations').iterdir():
        text = path.read_text(encoding='utf-8')
        for corner, value in (('xmin', 0), ('ymin', 3), ('xmax', 12), ('ymax', 11)):
            text = re.sub(f'<{corner}>[^<]*', f'<{corner}>{value}', text)
        path.write_text(text, encoding='utf-8')
    monkeypatch.syspath_prepend(str(folder))
    made = convert(voc, 'right', to='dm_v2', transforms=['fixes_of_the_page:boxes_from_zero'])
    boxes = [annotation.data for sample in open_dataset(made.path) for annotation in sample.annotations]
    assert boxes == [[0, 3, 12, 8]] * 2
    assert [one.count for one in made.report.noted if 'boxes count from 0' in one.reason] == [2]


def test_the_format_of_the_page_keeps_what_formats_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from synapse_plugins.datasets import formats

    module, test = blocks(PROJECT / 'docs' / 'writing-a-format.md', 'python')
    (tmp_path / 'my_boxes.py').write_text(module, encoding='utf-8')
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Any] = {}
    exec(compile(test, 'writing-a-format.md', 'exec', dont_inherit=True), names)
    importlib.import_module('my_boxes').synapse_register_formats(formats.add)
    try:
        names['test_it_keeps_what_formats_promise']()
    finally:
        formats.discard('boxes')
        sys.modules.pop('my_boxes', None)


def test_the_pack_of_the_page_can_be_installed(tmp_path: Path) -> None:
    """The files side by side, as the page has them, built as ``pip install -e .`` does."""
    if not any(parse(one.version) >= parse('77') for one in distributions(name='setuptools')):
        pytest.skip('no setuptools')
    page = PROJECT / 'docs' / 'writing-a-format.md'
    files = dict(zip(('my_boxes.py', 'test_my_boxes.py'), blocks(page, 'python'), strict=True))
    (files['pyproject.toml'],) = blocks(page, 'toml')
    (tmp_path / 'pack').mkdir()
    for name, text in files.items():
        (tmp_path / 'pack' / name).write_text(text, encoding='utf-8')
    build = "import setuptools.build_meta as backend; backend.build_editable('..')"
    python(build, tmp_path / 'pack')
    (wheel,) = tmp_path.glob('*.whl')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / 'site')
    listed = (
        f'import site, sys; site.addsitedir({str(tmp_path / "site")!r})\n'
        "from synapse_plugins.cli import main; sys.exit(main(['formats', 'boxes']))"
    )
    assert 'A CSV file of boxes a picture' in python(listed, tmp_path)


def python(code: str, folder: Path) -> str:
    """Run a piece of Python in a folder, with this package, and return what it prints."""
    done = subprocess.run(
        [sys.executable, '-c', code],
        check=False,
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': str(Path(hookspecs.__file__).parents[1])},
        capture_output=True,
        text=True,
        encoding='utf-8',
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_hook_is_described_with_its_arguments() -> None:
    described = re.findall(
        r'^### `(\w+)\((.*)\)`$', (PROJECT / 'docs' / 'packs.md').read_text(encoding='utf-8'), re.MULTILINE
    )
    hooks = [
        (name, ', '.join(inspect.signature(hook).parameters))
        for name, hook in vars(hookspecs).items()
        if name.startswith('synapse_')
    ]
    assert described == hooks


def test_every_link_leads_somewhere() -> None:
    dead = [
        f'{page.name}: {target}'
        for page in PAGES
        for target in re.findall(r'\]\((?!https?:)([^)#]+)', page.read_text(encoding='utf-8'))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_readme_names_every_extra_and_says_things_once() -> None:
    readme = (PROJECT / 'README.md').read_text(encoding='utf-8')
    extras = tomllib.loads((PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))['project'][
        'optional-dependencies'
    ]
    assert [extra for extra in extras if f'`{extra}`' not in readme and f'[{extra}]' not in readme] == []
    rows = re.findall(r'^\| (A Synapse server|Python|Backend|A store)\b', readme, re.MULTILINE)
    assert len(rows) == len(set(rows))


# -- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def render_cli() -> ModuleType:
    spec = importlib.util.spec_from_file_location('render_cli', PROJECT / 'docs' / 'render_cli.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['render_cli'] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def helps(render_cli: ModuleType) -> dict[tuple[str, ...], Any]:
    return {found.path: found for found in render_cli.walk()}


@pytest.mark.skipif(
    parse(version('typer')) < parse('0.29'), reason='the page shows arguments as typer 0.29 and later do'
)
def test_the_reference_page_is_what_help_says(
    render_cli: ModuleType, helps: dict[tuple[str, ...], Any]
) -> None:
    page = (PROJECT / 'docs' / 'cli.md').read_text(encoding='utf-8')
    sections = dict(re.findall(r'^## `([^`\n]*)`\n(.*?)(?=^## |\Z)', page, re.MULTILINE | re.DOTALL))
    assert list(sections) == [found.title for found in helps.values()], 'run: python docs/render_cli.py'
    for found in helps.values():
        listed = re.findall(r'^\| `((?:[^`|]|\\\|)*)` \|', sections[found.title], re.MULTILINE)
        assert listed == [name for name, _ in found.rows], f'{found.title}: run: python docs/render_cli.py'


def test_every_command_says_what_it_does(helps: dict[tuple[str, ...], Any]) -> None:
    for found in helps.values():
        assert found.summary.endswith('.'), found.title
        silent = [name for entries in found.entries.values() for name, said in entries if not said]
        assert silent == [], found.title


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_exist(
    page: Path, render_cli: ModuleType, helps: dict[tuple[str, ...], Any]
) -> None:
    for line in re.findall(r'synapse-plugins ((?:[a-z]+ ?)+[^`\n]*)', '\n'.join(blocks(page, 'sh'))):
        words = line.partition('#')[0].split()
        path = max((path for path in helps if tuple(words[: len(path)]) == path), key=len)
        assert path, f'no such command: synapse-plugins {line}'
        options = {name for entry, _ in helps[path].entries['Options'] for name in render_cli.names(entry)}
        assert {word for word in words if word.startswith('-')} <= options, line


def test_the_readme_and_the_help_agree_on_how_long_the_demo_takes(helps: dict[tuple[str, ...], Any]) -> None:
    readme = (PROJECT / 'README.md').read_text(encoding='utf-8')
    assert 'In about a minute' in readme
    assert 'in about a minute' in helps['demo',].summary
