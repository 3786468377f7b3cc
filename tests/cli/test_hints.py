"""Command lines for a person to paste."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.cli.hints import command_line, folded, short_path

if TYPE_CHECKING:
    import pytest

WORDS = st.lists(
    st.text(st.characters(exclude_categories=('Cs', 'Cc')), min_size=1, max_size=12), min_size=1, max_size=10
)


@given(WORDS, st.integers(20, 120))
def test_a_folded_line_is_the_same_words_to_a_shell(words: list[str], width: int) -> None:
    line = shlex.join(words)
    read = '\n'.join(folded(line, width)).replace('\\\n', '')  # as a shell does; shlex does not
    assert shlex.split(read) == words


@given(WORDS)
def test_a_short_line_stays_whole(words: list[str]) -> None:
    line = shlex.join(words)
    assert folded(line, len(line)) == [line]


def test_an_option_stays_with_its_value() -> None:
    line = 'synapse-plugins run yolo.val -p dataset=shapes -p checkpoint=1 --home synapse-plugins-demo/home'
    assert folded(line, 60) == [
        'synapse-plugins run yolo.val -p dataset=shapes \\',
        '    -p checkpoint=1 --home synapse-plugins-demo/home',
    ]


def test_a_hint_can_be_pasted() -> None:
    done = subprocess.run(
        command_line('--version'), shell=True, capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout.startswith('synapse-plugins ')
    assert done.stderr == ''


def test_paths_below_the_current_folder_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / '가' / 'b') == str(Path('가') / 'b')
    assert short_path(Path(sys.executable)) == sys.executable
