"""Makes the form of an action's parameters, in the FormKit shape that the platform renders."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from .inputs import input_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ['Form', 'form_of']

_TOLD = ('options', 'help', 'required', 'step', 'min', 'max', 'label', 'placeholder')
"""What ``json_schema_extra`` of a field may say of its input, beside ``formkit`` and ``exclude_from_ui``."""


@dataclass
class Form:
    """The inputs for the parameters of a model.

    Attributes:
        items: One FormKit item a parameter, in the order of the model.
        given: Parameter -> those keys of its item that the model says itself, not derived from its name.
        hidden: Parameters that the model keeps out of the form.
        without: Parameters that no input can hold, each with its type.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    given: dict[str, set[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    without: dict[str, str] = field(default_factory=dict)


def form_of(model: type[BaseModel], *, leave_out: Collection[str] = (), all_required: bool = False) -> Form:
    """Return the form for a model.

    Numbers become numbers with their bounds, texts texts, truth values checkboxes; a `Literal` or an `Enum` becomes
    a select of its values, a list of such a type a group of checkboxes. ``json_schema_extra`` of a field may say
    otherwise: ``formkit``, ``options``, ``help``, ``required``, ``min``, ``max``, ``step``, ``label``,
    ``placeholder``, and ``exclude_from_ui``, which may also stand on the model.

    Args:
        model: The parameters.
        leave_out: Parameters that the platform fills in elsewhere.
        all_required: Ask for every parameter that may not be None, also for those with a default.
    """
    form = Form()
    told = model.model_config.get('json_schema_extra')
    if isinstance(told, dict) and told.get('exclude_from_ui'):
        form.hidden = set(model.model_fields)
        return form
    for name, info in model.model_fields.items():
        extra = _extra(info.json_schema_extra)
        if extra.get('exclude_from_ui'):
            form.hidden.add(name)
        elif name not in leave_out:
            _add(form, _spoken(name, info), info, extra, all_required)
    return form


def _add(form: Form, name: str, info: FieldInfo, extra: dict[str, Any], all_required: bool) -> None:
    found = input_for(info.annotation)
    kind = extra.get('formkit') or found.kind
    if not kind:
        form.without[name] = str(info.annotation).replace('typing.', '')
        return
    item: dict[str, Any] = {'$formkit': kind, 'name': name}
    item['label'] = info.title or name.replace('_', ' ').title()
    default = None if info.is_required() or kind == 'password' else _plain(info.default)
    if default is not None:
        item['value'] = default
        if not found.choices:
            item['placeholder'] = default
    if info.description:
        item['help'] = info.description
    # A checkbox always has a value; to require it would mean that it has to be ticked.
    asked_for = all_required and not found.optional and kind != 'checkbox'
    if info.is_required() or asked_for:
        item['required'] = True
    item.update(_bounds([*info.metadata, *found.bounds], whole=found.whole))
    if kind == 'number':
        item['number'] = True
    if found.choices:
        item['options'] = found.options()
    item.update({key: _plain(extra[key]) for key in _TOLD if key in extra})
    form.items.append(item)
    form.given[name] = {
        key
        for key, said in (
            ('label', info.title or 'label' in extra),
            ('help', info.description or 'help' in extra),
            ('$formkit', 'formkit' in extra),
            ('options', 'options' in extra),
            ('placeholder', 'placeholder' in extra),
        )
        if said
    }


def _spoken(name: str, info: FieldInfo) -> str:
    """Return the name that the parameter is given by."""
    alias = info.validation_alias if isinstance(info.validation_alias, str) else info.alias
    return alias or name


def _bounds(metadata: list[Any], *, whole: bool) -> dict[str, Any]:
    """Return the bounds as FormKit takes them; it knows no exclusive ones, so those of whole numbers move by one."""
    bounds: dict[str, Any] = {}
    for part in metadata:
        for name, key, shift in (
            ('ge', 'min', 0),
            ('gt', 'min', 1),
            ('le', 'max', 0),
            ('lt', 'max', -1),
            ('multiple_of', 'step', 0),
        ):
            value = getattr(part, name, None)
            if value is not None and _plain(value) is not None:
                bounds[key] = _plain(value) + (shift if whole else 0)
    return bounds


def _extra(extra: Any) -> dict[str, Any]:
    if callable(extra):
        told: dict[str, Any] = {}
        extra(told)
        return told
    return dict(extra or {})


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; None for one that it does not know."""
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value)
    except PydanticSerializationError:
        return None
    return None if isinstance(plain, float) and not isfinite(plain) else plain
