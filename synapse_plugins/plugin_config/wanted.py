"""What config.yaml should say of each action, by its code."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from ..errors import SynapsePluginsError
from .code import is_ours
from .formkit import Form, form_of
from .vocabulary import FORM_PARAMETERS, METHODS_BY_NAME, WIRING_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['form_for', 'merge_items', 'wanted_entry']

_FACTS = ('$formkit', 'value', 'placeholder', 'required', 'min', 'max', 'step', 'number', 'options')
"""What the model says of an item; `label` and `help` are the author's where the model is silent."""
_SAME_VALUES = (
    {'select', 'radio', 'dropdown', 'autocomplete'},
    {'number', 'range', 'slider'},
    {'text', 'textarea', 'email', 'tel', 'url', 'password'},
    {'checkbox', 'toggle'},
)
"""Inputs that hold the same values; which one is a matter of taste, so the file's stays."""


def form_for(name: str, cls: Any) -> tuple[Form, str] | None:
    """Return the form of an action and the key it stands under; None for an action that has no form.

    Raises:
        SynapsePluginsError: If the parameters of its providers cannot be told.
    """
    from ..actions.train import BaseTrainAction
    from ..actions.upload import BaseUploadAction

    if issubclass(cls, BaseTrainAction) or name in {'train', 'tune'}:
        model = cls.params_model_for({})
        leave_out = FORM_PARAMETERS | (WIRING_PARAMETERS - set(cls.params_model.model_fields))
        return form_of(model, leave_out=leave_out, all_required=True), 'train_ui_schemas'
    if issubclass(cls, BaseUploadAction) or name == 'upload':
        return form_of(cls.params_model), 'ui_schema'
    return None


def wanted_entry(name: str, cls: Any, reference: str, entry: Any) -> tuple[dict[str, Any], list[str]]:
    """Return what an action's entry should say, made from what it says, and what an author should know.

    Args:
        name: The action's name.
        cls: Its class.
        reference: Where the class is.
        entry: Its entry, a mapping or only an entrypoint; None where it has none.
    """
    wanted = deepcopy(entry) if isinstance(entry, dict) else {}
    notes: list[str] = []
    wanted['entrypoint'] = reference
    method = getattr(cls, 'method', None) or METHODS_BY_NAME.get(name)
    if method is None and 'method' not in wanted:
        method = 'job' if _is_long(cls) else 'task'
    if method is not None:
        wanted['method'] = str(method)
    for key in ('input_type', 'output_type'):
        kind = getattr(cls, key, None)
        told = kind if isinstance(kind, str) else getattr(kind, 'name', None)
        if told:
            wanted[key] = str(told)
    try:
        found = form_for(name, cls)
    except SynapsePluginsError as exc:
        return wanted, [f'{name}: its form cannot be made: {exc}']
    if found is not None:
        _place_form(name, wanted, *found, notes)
    return wanted, notes


def _is_long(cls: Any) -> bool:
    from ..actions.export import BaseExportAction, BaseExporter
    from ..actions.train import BaseTrainAction
    from ..actions.upload import BaseUploadAction

    kinds = (BaseTrainAction, BaseExportAction, BaseExporter, BaseUploadAction)
    return is_ours(cls) and issubclass(cls, kinds)


def _place_form(name: str, wanted: dict[str, Any], form: Form, key: str, notes: list[str]) -> None:
    """Put the form under its key; without items an entry that has none gets none."""
    place: Any = wanted.get('hyperparameters') if key == 'train_ui_schemas' else wanted
    if not isinstance(place, dict):
        place = {}
    present = place.get(key)
    if present is not None and not isinstance(present, list):
        notes.append(f'{name}: {key} is not a list; it was left as it is')
        return
    items = merge_items(present or [], form)
    if items:
        place[key] = items
        if key == 'train_ui_schemas':
            wanted['hyperparameters'] = place
    known = {item['name'] for item in form.items}
    strange = [item['name'] for item in items if item['name'] not in known] if items else []
    if strange:
        notes.append(f'{name}: the form asks for {", ".join(strange)}, which the parameters do not have')
    for parameter, kind in form.without.items():
        notes.append(
            f'{name}: no input can hold {parameter} ({kind}), so the form does not ask for it; '
            "give it json_schema_extra={'formkit': ...} to say which"
        )


def merge_items(present: list[Any], form: Form) -> list[dict[str, Any]]:
    """Return the items of a form: the model's, in its order, each with what only the file says of it.

    Items of the file that the model has no parameter for stay, at the end: something may read them.
    """
    old = {
        item['name']: item for item in present if isinstance(item, dict) and isinstance(item.get('name'), str)
    }
    merged = [_merge(old.get(item['name']), item, form.given[item['name']]) for item in form.items]
    names = {item['name'] for item in form.items} | form.hidden
    return merged + [item for name, item in old.items() if name not in names]


def _merge(old: Mapping[str, Any] | None, new: dict[str, Any], given: set[str]) -> dict[str, Any]:
    if old is None:
        return new
    kept = {key: value for key, value in old.items() if key in new or key not in _FACTS}
    merged = {**kept, **new}
    for key in ('label', 'help'):
        if key in old and key not in given:
            merged[key] = old[key]
    if '$formkit' not in given and any(
        {old.get('$formkit'), new['$formkit']} <= same for same in _SAME_VALUES
    ):
        merged['$formkit'] = old['$formkit']
    if 'options' not in given and 'options' in old and _values(old['options']) == _values(new.get('options')):
        merged['options'] = old['options']
    if 'placeholder' not in given and 'placeholder' in old and old['placeholder'] != old.get('value'):
        merged['placeholder'] = old['placeholder']
    return merged


def _values(options: Any) -> list[Any] | None:
    """Return the values to choose from, however they are labelled."""
    if isinstance(options, dict):
        return list(options)
    if not isinstance(options, list):
        return None
    return [option.get('value') if isinstance(option, dict) else option for option in options]
