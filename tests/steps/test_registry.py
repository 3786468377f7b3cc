"""The ordered steps of a run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st


def names(registry: Any) -> list[str]:
    return [step.name for step in registry.get_steps()]


def test_steps_keep_their_order_and_can_be_put_anywhere(lab: Any) -> None:
    registry = lab.registry(lab.step('load'), lab.step('process'), lab.step('save'))
    registry.insert_before('process', lab.step('validate'))
    registry.insert_after('process', lab.step('audit'))
    registry.insert_before('load', lab.step('first'))
    registry.insert_after('save', lab.step('last'))
    assert names(registry) == ['first', 'load', 'validate', 'process', 'audit', 'save', 'last']
    assert registry.get_step_orders() == {name: place for place, name in enumerate(names(registry))}
    registry.unregister('validate')
    assert 'validate' not in registry
    assert 'audit' in registry
    assert len(registry) == 6
    assert [step.name for step in registry] == names(registry)


def test_two_steps_of_one_name_are_refused(lab: Any) -> None:
    registry = lab.registry(lab.step('훈련'))
    for add in (
        registry.register,
        lambda step: registry.insert_before('훈련', step),
        lambda step: registry.insert_after('훈련', step),
    ):
        with pytest.raises(ValueError, match="'훈련' is registered already"):
            add(lab.step('훈련'))
    assert len(registry) == 1


@pytest.mark.parametrize('method', ['insert_before', 'insert_after', 'unregister'])
def test_an_unknown_name_is_an_error_with_close_matches(lab: Any, method: str) -> None:
    registry = lab.registry(lab.step('process'), lab.step('save'))
    arguments = ('proces',) if method == 'unregister' else ('proces', lab.step('x'))
    with pytest.raises(ValueError, match=r"Step 'proces' not found\. Did you mean 'process'\?"):
        getattr(registry, method)(*arguments)
    assert names(registry) == ['process', 'save']


def test_an_unknown_name_in_an_empty_registry_is_a_plain_error(lab: Any) -> None:
    with pytest.raises(ValueError, match=r"^Step 'a' not found\.$"):
        lab.registry().unregister('a')


def test_the_list_of_steps_is_the_callers_own(lab: Any) -> None:
    registry = lab.registry(lab.step('a'))
    registry.get_steps().clear()
    assert len(registry) == 1


def test_a_registry_is_true_when_it_holds_something(lab: Any) -> None:
    assert not lab.registry()
    assert lab.registry(lab.step('a'))


def test_weights_and_proportions(lab: Any) -> None:
    class Vendors:
        name, progress_weight, progress_proportion = 'train', 0.5, 75

    class Bare:
        name, progress_weight = 'bare', 0.125

    registry = lab.registry(lab.step('a', 0.3), lab.step('none', 0), Vendors(), Bare(), lab.step('heavy', 7))
    assert registry.total_weight == pytest.approx(0.3 + 0.5 + 0.125 + 7)
    assert registry.get_step_proportions() == {'a': 30, 'train': 75, 'bare': 12, 'heavy': 100}
    assert lab.registry().total_weight == 0


@given(st.lists(st.text(min_size=1, max_size=3), max_size=8, unique=True), st.data())
def test_any_order_of_insertions_gives_what_a_list_gives(new_lab: Any, given_names: Any, data: Any) -> None:
    lab = new_lab()
    registry, model = lab.registry(), []
    for name in given_names:
        if model and data.draw(st.booleans()):
            anchor = data.draw(st.sampled_from(model))
            after = data.draw(st.booleans())
            (registry.insert_after if after else registry.insert_before)(anchor, lab.step(name))
            model.insert(model.index(anchor) + after, name)
        else:
            registry.register(lab.step(name))
            model.append(name)
    assert names(registry) == model
