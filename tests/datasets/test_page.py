"""The page of an inspection: it needs nothing else, everybody can read it, and nothing in it is taken for code."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import datasets
from synapse_plugins.datasets.page.charts import Bar, bars, columns, grid, shares
from synapse_plugins.testing.drawings import draw

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

VOID = {'meta', 'img', 'br', 'link', 'input', 'hr'}


class Page(HTMLParser):
    """Takes a page apart and sees that its tags are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ''
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(root: Path, **options: Any) -> tuple[Page, str]:
    target = root.parent / 'page.html'
    datasets.inspect(root, report=target, **options)
    text = target.read_text(encoding='utf-8')
    return Page(text), text


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    kinds = ['detect', 'segment', 'obb', 'mask', 'pose', 'classify']
    root = draw(tmp_path / '데이터', kinds, splits={'train': 4, 'valid': 2}, size=(96, 64))
    files = root / 'train' / 'original_files'
    shutil.copy(files / 'train_0.png', files / 'train_2.png')
    return root


def test_it_needs_nothing_else(everything: Path) -> None:
    page, text = page_of(everything)
    named = [
        attributes[name] for _, attributes in page.tags for name in ('src', 'href') if attributes.get(name)
    ]
    assert len(named) == 7  # six pictures, and what the copies show
    assert all(name is not None and name.startswith('data:image/jpeg;base64,') for name in named)
    assert page.all('script') == page.all('link') == []
    assert 'url(' not in text
    assert '@import' not in text
    policy = next(tag for tag in page.all('meta') if tag.get('http-equiv') == 'Content-Security-Policy')
    assert policy['content'] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_it_can_be_read_without_seeing_it(everything: Path) -> None:
    page, _ = page_of(everything)
    assert page.all('html')[0]['lang'] == 'en'
    assert all(tag.get('alt') for tag in page.all('img'))
    assert len(page.all('svg')) == 5
    assert all(tag['role'] == 'img' and tag['aria-label'] for tag in page.all('svg'))
    assert len(page.all('table')) >= 6  # beside every chart, what it shows
    assert all(tag.get('scope') in {'col', 'row'} for tag in page.all('th'))
    assert [tag for tag in page.all('meta') if tag.get('name') == 'viewport']


def test_it_says_what_was_found(everything: Path) -> None:
    page, text = page_of(everything, pictures=2)
    assert len(page.all('img')) == 3
    for word in (
        '데이터',
        '상자',
        'ball',
        'Files that are copies of another',
        'masks',
        'rotated boxes',
        'nose',
    ):
        assert word in page.text
    assert 'prefers-color-scheme: dark' in text


def test_it_shows_what_is_wrong_and_where(tmp_path: Path, make: SimpleNamespace) -> None:
    good, flat = make.box('x', 5, 5, 20, 20), make.box('x', 30, 30, 0, 9)
    items = {f'{number}.png': {'bounding_box': [good, flat]} for number in range(4)}
    page, _ = page_of(make.dm(tmp_path / 'flat', items), pictures=1)
    assert [tag['alt'] for tag in page.all('img')][:2] == ['0: 2 x', '1: 2 x']
    assert '0: x (30, 30, 0, 9)' in page.text


def test_attributes_are_shown(tmp_path: Path, make: SimpleNamespace) -> None:
    boxes = [
        make.box('x', 5, 5, 9, 9, attrs=[{'name': f'{name}<b>', 'value': f'<i>{value}'}])
        for name in range(120)
        for value in range(2)
    ]
    items = {f'{split}/{split}.png': {'bounding_box': boxes} for split in ('train', 'valid')}
    page, _ = page_of(make.dm(tmp_path / 'attributes', items), pictures=1)
    text = ' '.join(page.text.split())
    assert '0<b>42<i>0 (2), <i>1 (2)' in text
    assert 'and 20 rarer attributes, which --json has' in text
    assert 'Annotations in train' in text
    assert page.all('b') == page.all('i') == []


def test_copies_are_shown(everything: Path) -> None:
    page, _ = page_of(everything, pictures=1)
    assert page.all('img')[-1]['alt'] == 'What they show'
    assert 'train/original_files/train_2.png' in page.text


def test_names_are_never_taken_for_code(tmp_path: Path, make: SimpleNamespace) -> None:
    bad = '</svg><script>alert("1")</script>&amp; \'x\''
    point = {'id': 'k', 'classification': bad, 'attrs': [], 'data': [5, 6], 'group_id': 'g'}
    items = {
        'bounding_box': [make.box(bad, 1, 1, 0, 9), make.box(f'{bad} ', 1, 1, 9, 9)],
        'keypoint': [point],
    }
    root = make.dm(tmp_path / '<b>data', {'train/a&<i>.png': items, 'valid/b.png': items})
    page, text = page_of(root)
    assert page.all('script') == page.all('b') == page.all('i') == []
    assert '<script>' not in text
    assert 'alert("1")' in page.text


def test_charts_of_nothing_and_of_much() -> None:
    assert Page(bars([], 'none') + columns([], [], 'none') + shares([], 'none') + grid([], 'none')).all('svg')
    drawn = bars([Bar('a' * 100, 10**9, '#112233'), Bar('b', 0)], 'said "so"')
    assert 'aria-label="said &quot;so&quot;"' in drawn
    assert f'{"a" * 40}…' in drawn
    widths = [float(width) for width in re.findall(r'width="([\d.]+)"', drawn)]
    assert max(widths) < 300  # there is room for the number behind it
    assert '1.2M' in columns([0, 1, None], [1_230_000, 34_000], 'x')
    assert '34k' in columns([0, 1, None], [1_230_000, 34_000], 'x')


BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
MEASURE = '<script>parent.postMessage(document.documentElement.scrollWidth, "*")</script></body>'
FRAME = (
    '<title>none</title><script>onmessage = found => document.title = "wide " + found.data</script>'
    '<iframe src="measured.html" width="{}" height="800" style="border:0"></iframe>'
)


@pytest.mark.parametrize('width', [360, 1200])
def test_it_fits_the_width_of_a_phone(tmp_path: Path, width: int) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip('no chromium to look at the page with')
    classes = ['상자' * 40, 'x' * 120, *(f'class {number}' for number in range(28))]
    root = draw(
        tmp_path / ('data' * 30), ['detect', 'pose'], splits={'train': 30, 'v' * 60: 2}, classes=classes
    )
    _, text = page_of(root, pictures=3)
    measured = tmp_path / 'measured.html'
    measured.write_text(
        re.sub(r'<meta http-equiv[^>]*>', '', text)
        .replace('<details', '<details open')
        .replace('</body>', MEASURE),
        encoding='utf-8',
    )
    frame = tmp_path / 'frame.html'  # a window of the browser would not be made as narrow as a phone
    frame.write_text(FRAME.format(width), encoding='utf-8')
    options = ['--headless=new', '--no-sandbox', '--disable-gpu', f'--user-data-dir={tmp_path / "profile"}']
    done = subprocess.run(
        [browser, *options, '--window-size=1400,900', '--dump-dom', frame.as_uri()],
        capture_output=True,
        encoding='utf-8',
        timeout=120,
        check=True,
    )
    found = re.search(r'<title>wide (\d+)</title>', done.stdout)
    assert found is not None
    assert int(found[1]) <= width
