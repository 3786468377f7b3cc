"""A YAML file is changed where it has to be, and nowhere else."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from synapse_plugins.errors import ConfigError
from synapse_plugins.plugin_config.yaml_text import ForeignValue, edit, read, same

PATH = Path('config.yaml')
CONFIG = dedent(
    """\
    # 머리말
    name: "My plugin"   # the name
    variant:
    tags: []
    unknown: {a: 1, b: [x, 'y']}
    actions:
      # training
      train:   # here
        entrypoint: plugin.train:Train   # colon
        hyperparameters:
          train_ui_schemas:
          # how long
          - $formkit: number
            name: epochs   # e
            value: 10

          # how much
          - name: lr
            $formkit: number
            value: 0.1
            help: |
              long
              text
        note: >-
          folded
          text
      other: plugin.other.Other

    # tail
    """
)


def changed(text: str, change: Any) -> tuple[str, Any]:
    wanted = yaml.safe_load(text)
    change(wanted)
    after = edit(text, PATH, wanted)
    assert same(yaml.safe_load(after), wanted)
    return after, wanted


def comments(text: str) -> list[str]:
    return sorted(line.partition('#')[2].strip() for line in text.splitlines() if '#' in line)


def test_nothing_to_change_changes_nothing() -> None:
    assert changed(CONFIG, lambda wanted: None)[0] == CONFIG


def test_one_value_changes_one_line() -> None:
    def change(wanted: Any) -> None:
        wanted['actions']['train']['entrypoint'] = 'plugin.train.Train'

    after, _ = changed(CONFIG, change)
    assert after == CONFIG.replace('plugin.train:Train', 'plugin.train.Train')


def test_new_keys_come_last_and_comments_stay() -> None:
    def change(wanted: Any) -> None:
        wanted['actions']['train']['method'] = 'job'
        wanted['actions']['new'] = {'entrypoint': 'a.B', 'ui_schema': [{'name': '이름'}]}
        wanted['variant'] = 'x'
        wanted['tags'] = ['a']

    after, _ = changed(CONFIG, change)
    assert '      text\n    method: job\n  other: plugin.other.Other\n  new:\n    entrypoint: a.B\n' in after
    assert 'variant: x\n' in after
    assert 'tags:\n  - a\n' in after
    assert '이름' in after
    assert comments(after) == comments(CONFIG)


def test_a_plain_entrypoint_becomes_a_mapping() -> None:
    def change(wanted: Any) -> None:
        wanted['actions']['other'] = {'entrypoint': 'plugin.other.Other', 'method': 'task'}

    after, _ = changed(CONFIG, change)
    assert '  other:\n    entrypoint: plugin.other.Other\n    method: task\n\n# tail\n' in after


def test_items_are_changed_moved_added_and_removed_with_their_comments() -> None:
    def change(wanted: Any) -> None:
        items = wanted['actions']['train']['hyperparameters']['train_ui_schemas']
        items[1]['value'] = 0.2
        items[0]['min'] = 1
        size = {'$formkit': 'select', 'name': 'size', 'options': ['s', {'label': "l'", 'value': 1}]}
        wanted['actions']['train']['hyperparameters']['train_ui_schemas'] = [items[1], size, items[0]]

    after, _ = changed(CONFIG, change)
    order = [
        after.index(text)
        for text in ('# how much', 'name: lr', 'name: size', '# how long', 'name: epochs   # e')
    ]
    assert order == sorted(order)
    assert comments(after) == comments(CONFIG)

    def remove(wanted: Any) -> None:
        del wanted['actions']['train']['hyperparameters']['train_ui_schemas'][0]

    after, _ = changed(CONFIG, remove)
    assert comments(after) == sorted(set(comments(CONFIG)) - {'e'})


@pytest.mark.parametrize('style', ['crlf', 'no end', 'tabs in comments', 'mark'])
def test_other_styles_of_files(style: str) -> None:
    text = {
        'crlf': CONFIG.replace('\n', '\r\n'),
        'no end': CONFIG.rstrip().removesuffix('# tail').rstrip(),
        'tabs in comments': CONFIG.replace('# tail', '#\ttail'),
        'mark': '\ufeff' + CONFIG,
    }[style]

    def change(wanted: Any) -> None:
        wanted['actions']['train']['method'] = 'job'
        wanted['actions']['other'] = {'entrypoint': 'x.Y'}
        wanted['actions']['train']['hyperparameters']['train_ui_schemas'].pop()
        wanted['last'] = 1

    after, _ = changed(text, change)
    if style == 'crlf':
        assert after.count('\n') == after.count('\r\n')


def test_a_flow_mapping_stays_one() -> None:
    text = 'name: x\nactions: {train: {entrypoint: a.B}, other: a.C}  # short\n'

    def change(wanted: Any) -> None:
        wanted['actions']['train']['method'] = 'job'

    after, _ = changed(text, change)
    assert after == 'name: x\nactions: {train: {entrypoint: a.B, method: job}, other: a.C}  # short\n'


def test_what_cannot_be_changed_in_its_place_is_refused() -> None:
    text = 'a: &shared {entrypoint: x}\nactions:\n  one: *shared\n  two:\n    <<: *shared\n'
    wanted = yaml.safe_load(text)
    wanted['actions']['two']['entrypoint'] = 'y'
    wanted['actions']['one']['entrypoint'] = 'z'
    with pytest.raises(ConfigError, match='anchors'):
        edit(text, PATH, wanted)


@pytest.mark.parametrize('text', ['- a\n', '{a: 1}\n', 'just text\n', ''])
def test_what_is_no_block_mapping_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        edit(text, PATH, {'a': 2})


@pytest.mark.parametrize('text', ['a: [\n', 'a: !!binary x\n', 'a: 2001-99-99\n', 'a: !unknown x\n', '\x00'])
def test_what_is_no_yaml_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=r'config\.yaml cannot be read'):
        read(text, PATH)


def test_python_objects_are_told_and_can_be_replaced() -> None:
    text = 'name: x\nitems:\n- name: size\n  value: !!python/object/apply:plugin.Size\n  - small\n- name: b\n'
    _, value = read(text, PATH)
    foreign = value['items'][0]['value']
    assert isinstance(foreign, ForeignValue)
    assert (foreign.tag, foreign.line) == ('!!python/object/apply:plugin.Size', 4)
    value['items'][0]['value'] = 'small'
    after = edit(text, PATH, value)
    assert yaml.safe_load(after) == {
        'name': 'x',
        'items': [{'name': 'size', 'value': 'small'}, {'name': 'b'}],
    }


# -- whatever stands there ------------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=('Cs', 'Cc')), max_size=12),
    st.sampled_from(
        ['yes', 'no', '0o7', '1e3', '- a', 'a: b', '# x', "it's", '한글', ' x ', '', '~', 'line\nline\n']
    ),
)
keys = st.text('abcdefg_-가나', min_size=1, max_size=5)
names = st.sampled_from(['epochs', 'lr', 'size', '이름'])
items = st.lists(
    st.fixed_dictionaries(
        {'name': names}, optional={'value': scalars, 'help': scalars, 'options': st.lists(scalars)}
    ),
    unique_by=lambda item: item['name'],
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3), items),
)
documents = st.dictionaries(keys, values, min_size=1, max_size=5)


@given(documents, documents, st.booleans(), st.booleans())
def test_any_document_can_be_made_any_other(
    before: dict[str, Any], wanted: dict[str, Any], indented: bool, commented: bool
) -> None:
    text = yaml.safe_dump(
        before, allow_unicode=True, sort_keys=False, default_flow_style=None if indented else False
    )
    assume(not text.startswith('{'))  # as a whole it has to be in block style
    if commented:
        text = '# first\n' + text + '# last\n'
    assume(same(yaml.safe_load(text), before))
    after = edit(text, PATH, deepcopy(wanted))
    assert same(yaml.safe_load(after), wanted)
    if commented:
        assert after.startswith('# first\n')
        assert after.endswith('# last\n')
