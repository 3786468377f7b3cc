"""What a download keeps for its next try, and whose it is meanwhile."""

from __future__ import annotations

import pytest

from synapse_plugins.backends.harvest import harvest_in


def test_what_is_there_stays_after_a_failure_and_goes_after_a_success(tmp_path):
    folder = tmp_path / 'downloads' / 'key'

    def fail() -> None:
        with harvest_in(folder) as place:
            assert place == folder
            (place / 'a').write_bytes(b'x')
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with harvest_in(folder) as place:
        assert (place / 'a').read_bytes() == b'x'
    assert not folder.exists()


def test_two_at_once_have_a_folder_each(tmp_path):
    folder = tmp_path / 'key'
    with harvest_in(folder) as first, harvest_in(folder) as second:
        assert first == folder
        assert second != folder
        assert second.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_living_process_keeps_its_folder_and_a_dead_one_leaves_it(tmp_path, start):
    folder = tmp_path / 'key'
    code = (
        'import sys\nfrom pathlib import Path\nfrom synapse_plugins.backends.harvest import harvest_in\n'
        'with harvest_in(Path(sys.argv[1])) as place:\n'
        "    (place / 'theirs').touch()\n    print('in', flush=True)\n    sys.stdin.readline()\n"
    )
    process = start(code, folder)
    assert process.stdout.readline() == 'in\n'
    with harvest_in(folder) as place:
        assert place != folder
    process.kill()
    process.wait()
    with harvest_in(folder) as place:
        assert place == folder
        assert (place / 'theirs').exists()
