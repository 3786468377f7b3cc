"""The neutral form."""

from __future__ import annotations

from synapse_plugins.datasets.sample import Annotation, groups_of


def test_keypoints_of_one_object_are_found_by_their_group() -> None:
    def point(label: str, group: object) -> Annotation:
        return Annotation('keypoint', label, [1, 2], extra={'group_id': group})

    nose, eye, other, junk = point('nose', 'g'), point('eye', 'g'), point('nose', 7), point('ear', ['x'])
    alone = Annotation('keypoint', 'nose', [3, 4])
    box = Annotation('bounding_box', 'person', [0, 0, 9, 9], extra={'group_id': 'g'})
    found = groups_of([nose, box, other, eye, alone, junk])
    assert found == {'g': [nose, eye], 7: [other], None: [alone, junk]}
    assert groups_of([nose, box], 'bounding_box') == {'g': [box]}
