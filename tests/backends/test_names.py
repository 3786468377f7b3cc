from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.backends.names import safe_file_name


@pytest.mark.parametrize(
    ('name', 'safe'),
    [
        ('a.jpg', 'a.jpg'),
        ('세포 1.JPG', '세포 1.JPG'),
        ('../../etc/passwd', 'passwd'),
        ('C:\\temp\\a.png', 'a.png'),
        ('a:b?.png', 'a_b_.png'),
        ('con.jpg', '_con.jpg'),
        ('NUL', '_NUL'),
        ('lpt1.tar.gz', '_lpt1.tar.gz'),
        ('console.jpg', 'console.jpg'),
        ('a\x00\n.jpg', 'a.jpg'),
        ('a\u202egpj.exe', 'agpj.exe'),
        ('  a. .jpg', 'a.jpg'),
        ('.jpg', 'event-7.jpg'),
        ('.hidden.png', 'hidden.png'),
        ('...', 'event-7'),
        ('', 'event-7'),
        ('dir/', 'event-7'),
        ('e\u0301.png', '\u00e9.png'),
    ],
)
def test_names_stay_as_near_as_possible(name, safe):
    assert safe_file_name(name, 'event-7') == safe


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_name_becomes_one_file_name_everywhere(name):
    safe = safe_file_name(name, 'fallback')
    assert safe
    assert len(safe.encode()) <= 210
    assert not set(safe) & set('<>:"/\\|?*')
    assert safe not in {'.', '..'}
    assert safe == Path(safe).name
    assert safe[-1] not in ' .'
    assert safe[0] not in ' .'
    assert not any(unicodedata.category(char) in {'Cc', 'Cf', 'Cs'} for char in safe)
    assert safe.split('.')[0].strip().casefold() not in {'con', 'prn', 'aux', 'nul', 'com1', 'lpt9'}
    assert safe_file_name(safe, 'fallback') == safe


def test_a_name_is_found_in_whatever_form_it_is_typed(backend, dataset, tmp_path):
    composed, decomposed = (unicodedata.normalize(form, '한글') for form in ('NFC', 'NFD'))
    assert composed != decomposed
    version = backend.import_dataset(dataset, decomposed)
    assert version['name'] == composed
    for ref in (decomposed, f'{decomposed}@1', f' {composed} '):
        assert backend.get_dataset(ref)['id'] == version['id']
        assert backend.resolve_dataset(ref) == version['id']
    (tmp_path / 'm.pt').write_bytes(b'weights')
    model = backend.create_model({'name': decomposed, 'file': tmp_path / 'm.pt'})
    assert backend.get_model(decomposed)['id'] == backend.resolve_model(decomposed) == model['id']
    assert [found['id'] for found in backend.list_models({'name': decomposed})['results']] == [model['id']]
    assert backend.remove_dataset(decomposed) == [f'{composed}@1']
    assert backend.remove_model(decomposed) == composed
