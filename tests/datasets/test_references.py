"""Relations and groups that refer to annotations which a conversion takes out do not go on referring to them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Annotation, ImageFile, Sample, convert, dm, open_dataset
from synapse_plugins.datasets.dm.carried import META
from synapse_plugins.datasets.references import let_go
from synapse_plugins.datasets.report import Report
from synapse_plugins.errors import LossError

if TYPE_CHECKING:
    from pathlib import Path

INSIDE, OUTSIDE = [4, 6, 20, 10], [200, 6, 20, 10]
"""Boxes in a picture of 64 x 48, and out of it."""

BOXES = {'a': INSIDE, 'b': INSIDE, 'x': OUTSIDE, 'y': OUTSIDE}
LABELS = {'a': 'cat', 'b': 'cat', 'x': 'dog', 'y': 'dog'}

NESTED = [
    {'annotationId': 'x', 'children': [
        {'annotationId': 'a', 'children': [{'annotationId': 'y', 'children': []}]},
        {'annotationId': 'y', 'children': [{'annotationId': 'b', 'children': []}]},
    ]},
]  # fmt: skip
LIFTED = [{'annotationId': 'a', 'children': []}, {'annotationId': 'b', 'children': []}]

GROUPS = [
    {'id': 'flat', 'annotationIds': ['a', 'x', 'b']},
    {'id': 'flat gone', 'annotationIds': ['x', 'y']},
    {'id': 'nested', 'tool': 'annotationGroup', 'annotationList': NESTED},
    {'id': 'nested gone', 'annotationList': [{'annotationId': 'x', 'children': [{'annotationId': 'y'}]}]},
    {'id': 'whole', 'annotationIds': ['a', 'b']},
    {'id': 'empty', 'annotationIds': []},
    {'id': 'of nothing', 'annotationIds': ['never was', 'a']},
]
LEFT = [
    {'id': 'flat', 'annotationIds': ['a', 'b']},
    {'id': 'nested', 'tool': 'annotationGroup', 'annotationList': LIFTED},
    *GROUPS[4:],
]
RELATIONS = [
    {'id': 'r1', 'tool': 'relation', 'annotationId': 'a', 'targetAnnotationId': 'b'},
    {'id': 'r2', 'tool': 'relation', 'annotationId': 'a', 'targetAnnotationId': 'x'},
    {'id': 'r3', 'tool': 'relation', 'annotationId': 'y', 'targetAnnotationId': 'b'},
]
DROP = {'bounds': 'drop'}


def version_1() -> dict[str, Any]:
    tools = [
        {'id': name, 'tool': 'bounding_box', 'classification': {'class': LABELS[name]}} for name in BOXES
    ]
    tools.append({'id': 'own', 'tool': 'relation', 'classification': {'class': 'near'}})
    corners = ('x', 'y', 'width', 'height')
    data: list[dict[str, Any]] = [
        {'id': name, 'coordinate': dict(zip(corners, box, strict=True))} for name, box in BOXES.items()
    ]
    data.append({'id': 'own', 'annotationId': 'b', 'targetAnnotationId': 'y'})
    return {
        'extra': {'image_1': {'width': 64, 'height': 48}},
        'annotations': {'image_1': tools},
        'annotationsData': {'image_1': data},
        'relations': {'image_1': deepcopy(RELATIONS)},
        'annotationGroups': {'image_1': deepcopy(GROUPS)},
        'assignmentId': 7,
    }


def version_2() -> dict[str, Any]:
    def item(name: str, data: Any, label: str = '') -> dict[str, Any]:
        return {'id': name, 'classification': label, 'attrs': [], 'data': data}

    return {
        'images': [
            {
                'bounding_box': [item(name, box, LABELS[name]) for name, box in BOXES.items()],
                'relation': [item('r1', ['a', 'b']), item('r2', ['x', 'a']), item('r3', ['b', 'r2'])],
                'group': [
                    item('g1', ['a', 'x', 'b']),
                    item('g2', ['x', 'y', 'r3']),
                    item('g3', ['a', 'never was']),
                    item('g4', ['b', 'g2']),
                    item('g5', []),
                ],
            }
        ]
    }


def lay(root: Path, content: dict[str, Any], make: Any) -> Path:
    make.picture(root / 'original_files/p.jpg')
    (root / 'json').mkdir()
    (root / 'json/p.json').write_text(json.dumps(content), encoding='utf-8')
    return root


def read(root: Path, folder: str = 'json') -> Any:
    return json.loads((root / folder / 'p.json').read_text('utf-8'))


def counted(entries: Any) -> dict[str, tuple[int, list[str]]]:
    return {entry.kind: (entry.count, entry.examples) for entry in entries}


@pytest.mark.parametrize(
    'way', [DROP, {'classes': ['cat']}, {'transforms': ['tests_of_references:without_dogs']}], ids=str
)
def test_version_1_lets_go_of_both_shapes_of_groups(
    way: dict[str, Any], tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'tests_of_references.py').write_text(
        'def without_dogs(sample):\n'
        '    sample.annotations = [one for one in sample.annotations if one.label != "dog"]\n'
        '    return sample\n',
        encoding='utf-8',
    )
    monkeypatch.syspath_prepend(tmp_path)
    source = lay(tmp_path / 'in', version_1(), make)
    made = convert(source, tmp_path / 'there', to='dm_v2', **way)
    one = convert(source, tmp_path / 'same', to='dm_v1', **way)
    back = convert(tmp_path / 'there', tmp_path / 'back', to='dm_v1')
    for root in (tmp_path / 'same', tmp_path / 'back'):
        document = read(root)
        assert document['annotationGroups'] == {'image_1': LEFT}
        assert document['relations'] == {'image_1': RELATIONS[:1]}
        assert [found['id'] for found in document['annotations']['image_1']] == ['a', 'b']
        assert [found['id'] for found in document['annotationsData']['image_1']] == ['a', 'b']
    assert not back.report.losses
    meta = read(tmp_path / 'there', 'meta')
    assert (meta['annotationGroups'], meta['relations']) == ({'image_1': LEFT}, {'image_1': RELATIONS[:1]})
    for report in (made.report, one.report):
        if way == DROP:
            assert counted(report.changed) == {'annotationGroup': (2, ['p'])}
            dropped = {'bounding_box': (2, ['p']), 'relation': (3, ['p']), 'annotationGroup': (2, ['p'])}
            assert counted(report.dropped) == dropped
        else:
            assert not report.losses
            left_out = counted(report.left_out)
            assert left_out['annotationGroup'] == (2, ['p'])
            assert sum(entry.count for entry in report.left_out if entry.kind == 'relation') == 3
            assert counted(report.noted)['annotationGroup'] == (2, ['p'])


def test_version_2_lets_go_too(tmp_path: Path, make: Any) -> None:
    source = lay(tmp_path / 'in', version_2(), make)
    made = convert(source, tmp_path / 'out', to='dm_v2', **DROP)
    tools = read(tmp_path / 'out')['images'][0]
    assert {item['id']: item['data'] for item in tools['relation']} == {'r1': ['a', 'b']}
    groups = {item['id']: item['data'] for item in tools['group']}
    assert groups == {'g1': ['a', 'b'], 'g3': ['a', 'never was'], 'g4': ['b'], 'g5': []}
    assert counted(made.report.changed) == {'group': (2, ['p'])}
    assert counted(made.report.dropped) == {
        'bounding_box': (2, ['p']),
        'relation': (2, ['p']),
        'group': (1, ['p']),
    }
    assert made.report.kept == {'bounding_box': 2, 'relation': 1, 'group': 2, 'image': 1}
    convert(source, tmp_path / 'first', to='dm_v1', **DROP)
    document = read(tmp_path / 'first')
    named = {group['id']: group['annotationList'] for group in document['annotationGroups']['image_1']}
    assert {name: [node['annotationId'] for node in nodes] for name, nodes in named.items()} == groups
    again = convert(tmp_path / 'first', tmp_path / 'again', to='dm_v2')
    assert not again.report.losses
    assert read(tmp_path / 'again')['images'] == read(tmp_path / 'out')['images']


def test_a_document_that_has_a_group_twice_counts_it_once(tmp_path: Path, make: Any) -> None:
    first = convert(lay(tmp_path / 'in', version_2(), make), tmp_path / 'first', to='dm_v1').path
    made = convert(first, tmp_path / 'out', to='dm_v2', **DROP)
    assert counted(made.report.changed) == {'group': (2, ['p'])}
    assert counted(made.report.dropped)['group'] == (1, ['p'])
    assert 'annotationGroup' not in counted(made.report.dropped)
    groups = read(tmp_path / 'out', 'meta')['annotationGroups']['image_1']
    assert [[node['annotationId'] for node in group['annotationList']] for group in groups] == [
        ['a', 'b'],
        ['a', 'never was'],
        ['b'],
        [],
    ]


def test_losses_of_references_can_be_an_error_and_may_be_allowed(tmp_path: Path, make: Any) -> None:
    source = lay(tmp_path / 'in', version_1(), make)
    with pytest.raises(LossError, match='annotationGroup'):
        convert(
            source, tmp_path / 'out', to='dm_v1', on_loss='error', allow=['bounding_box', 'relation'], **DROP
        )
    kinds = ['bounding_box', 'relation', 'annotationGroup']
    convert(source, tmp_path / 'out', to='dm_v1', on_loss='error', allow=kinds, **DROP)


def test_nothing_is_let_go_where_nothing_goes(tmp_path: Path, make: Any) -> None:
    content = version_1()
    content['annotationGroups']['image_1'].append({'id': 'x', 'annotationIds': 'no list'})
    content['relations']['image_1'] = [*RELATIONS, 'no relation', None, {'id': [1]}]
    source = lay(tmp_path / 'in', content, make)
    convert(source, tmp_path / 'out', to='dm_v1')
    assert read(tmp_path / 'out') == content


def test_the_same_comes_of_a_remembered_conversion_and_of_several_processes(
    tmp_path: Path, make: Any
) -> None:
    source = lay(tmp_path / 'in', version_1(), make)
    first = convert(source, tmp_path / 'out', to='dm_v1', remember=True, **DROP)
    again = convert(source, tmp_path / 'out', to='dm_v1', overwrite=True, reuse=tmp_path / 'out', **DROP)
    assert again.reused == 1
    assert again.report.to_dict() == first.report.to_dict()


def sample_of(version: int) -> Sample:
    """Return a sample as the reader makes it."""
    data, meta = dm.to_v2(version_1()) if version == 1 else (version_2(), {})
    found = [
        Annotation(tool, item['classification'], item['data'], item['id'], item['attrs'])
        for tool, items in data['images'][0].items()
        for item in items
    ]
    return Sample('p', None, ImageFile('p.jpg', 64, 48), found, {META: meta} if meta else {})


def refers_to(sample: Sample) -> set[Any]:
    """Return every id that something in a sample refers to."""
    found = {name for one in sample.annotations if one.tool in ('relation', 'group') for name in one.data}
    document = sample.meta.get(META, {})
    pending = [document.get('relations', {}), document.get('annotationGroups', {})]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            found |= {value[key] for key in ('annotationId', 'targetAnnotationId') if key in value}
            found |= set(value.get('annotationIds') or ())
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return found


@pytest.mark.parametrize('version', [1, 2])
def test_whatever_goes_nothing_refers_to_it(version: int, rounds: int) -> None:
    names = sorted(one.id or '' for one in sample_of(version).annotations)

    @settings(max_examples=rounds)
    @given(st.sets(st.sampled_from(names)), st.booleans())
    def whatever(gone: set[str], chosen: bool) -> None:
        sample, report = sample_of(version), Report()
        before, referred = list(sample.annotations), refers_to(sample)
        sample.annotations = [one for one in before if one.id not in gone]
        let_go(sample, before, report, chosen=chosen)
        left = {one.id for one in sample.annotations}
        away = {one.id for one in before} - left
        assert refers_to(sample).isdisjoint(away)
        assert referred - refers_to(sample) <= {
            *away,
            *_reached_by(away, before),
            'a',
            'b',
            'x',
            'y',
            'never was',
        }
        assert report.losses is False or not chosen
        if not gone:
            assert report.to_dict() == Report().to_dict()

    whatever()


def _reached_by(away: set[Any], before: list[Annotation]) -> set[Any]:
    return {name for one in before if one.id in away and isinstance(one.data, list) for name in one.data}


def test_deep_groups_do_no_harm() -> None:
    nodes: list[Any] = []
    for name in ['a', 'x'] * 5_000:
        nodes = [{'annotationId': name, 'children': nodes}]
    sample = sample_of(1)
    sample.meta[META] = {
        **sample.meta[META],
        'annotationGroups': {'image_1': [{'id': 'g', 'annotationList': nodes}]},
    }
    before = list(sample.annotations)
    sample.annotations = [one for one in before if one.id != 'x']
    let_go(sample, before, Report())
    (group,) = sample.meta[META]['annotationGroups']['image_1']
    depth, nodes = 0, group['annotationList']
    while nodes:
        (node,) = nodes
        assert node['annotationId'] == 'a'
        depth, nodes = depth + 1, node['children']
    assert depth == 5_000
    assert {one.id for one in sample.annotations} == {'a', 'b', 'y', 'own'}


def test_parts_of_a_polygon_go_with_it(tmp_path: Path, make: Any) -> None:
    rings = [[[1, 1], [9, 1], [9, 9]], [[100, 1], [109, 1], [109, 9]]]
    items = [
        {'id': name, 'classification': 'cat', 'attrs': [], 'data': ring, 'group_id': 'p'}
        for name, ring in zip(('p', 'p-2'), rings, strict=True)
    ]
    group = {'id': 'g', 'classification': '', 'attrs': [], 'data': ['p', 'p-2', 'q']}
    other = {'id': 'q', 'classification': 'cat', 'attrs': [], 'data': rings[0]}
    content = {'images': [{'polygon': [*items, other], 'group': [group]}]}
    convert(lay(tmp_path / 'in', content, make), tmp_path / 'out', to='dm_v2', **DROP)
    assert [one.id for one in next(iter(open_dataset(tmp_path / 'out'))).annotations] == ['q', 'g']
    assert read(tmp_path / 'out')['images'][0]['group'][0]['data'] == ['q']
