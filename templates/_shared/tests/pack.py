"""The pack is found once it is installed, and what it registers can be used."""

from __future__ import annotations

from synapse_plugins.testing import assert_pack_ok


def test_the_pack_is_found_and_whole() -> None:
    record = assert_pack_ok('{{ distribution }}')
    assert record.name == '{{ name }}'
    assert record.state == 'loaded'
