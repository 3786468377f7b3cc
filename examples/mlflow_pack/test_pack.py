"""After `pip install -e .`: the pack is found, and what it provides can be used."""

from synapse_plugins.testing import assert_pack_ok


def test_the_pack():
    assert assert_pack_ok('synapse-plugins-mlflow').provides == {'loggers': ['mlflow']}
