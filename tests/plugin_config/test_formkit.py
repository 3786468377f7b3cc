"""Which input a parameter gets, and what it says."""

from __future__ import annotations

import importlib.util
import json
import warnings
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, SecretStr

from synapse_plugins.plugin_config import form_of


class Size(StrEnum):
    SMALL = 'small'
    LARGE = 'large'


class Depth(IntEnum):
    SHALLOW = 18
    VERY_DEEP = 101


class Odd(Enum):
    A = 1
    B = 'b'


def item(annotation: Any, default: Any = ..., **kwargs: Any) -> dict[str, Any]:
    namespace = {'__annotations__': {'value': annotation}, 'value': Field(default, **kwargs)}
    model = type('Model', (BaseModel,), namespace)
    (only,) = form_of(model).items
    return only


@pytest.mark.parametrize(
    ('annotation', 'kind'),
    [
        (int, 'number'),
        (float, 'number'),
        (Decimal, 'number'),
        (int | float, 'number'),
        (bool, 'checkbox'),
        (str, 'text'),
        (Path, 'text'),
        (int | str, 'text'),
        (date, 'date'),
        (SecretStr, 'password'),
        (AnyUrl, 'url'),
        (str | None, 'text'),
        (Annotated[int, Field(ge=1)] | None, 'number'),
        (Literal['a', 'b'], 'select'),
        (Literal['a'] | Size | None, 'select'),
        (Literal['auto'] | int, 'text'),
        (Size, 'select'),
        (Depth, 'select'),
        (list[Size], 'checkbox'),
        (tuple[Literal['a', 'b'], ...], 'checkbox'),
        (set[Literal[1, 2]], 'checkbox'),
    ],
)
def test_the_kind_of_input(annotation: Any, kind: str) -> None:
    assert item(annotation)['$formkit'] == kind


@pytest.mark.parametrize(
    'annotation', [dict[str, int], list[int], list, tuple[int, int], BaseModel, Any, bytes]
)
def test_what_no_input_can_hold_is_told_and_left_out(annotation: Any) -> None:
    model = type('Model', (BaseModel,), {'__annotations__': {'value': annotation}})
    form = form_of(model)
    assert form.items == []
    assert list(form.without) == ['value']


def test_a_field_may_say_its_input_itself() -> None:
    made = item(list[int], json_schema_extra={'formkit': 'repeater', 'label': '목록', 'placeholder': '1, 2'})
    assert made == {
        '$formkit': 'repeater',
        'name': 'value',
        'label': '목록',
        'required': True,
        'placeholder': '1, 2',
    }


def test_choices_keep_their_types_and_are_never_python_objects() -> None:
    assert item(Size, Size.LARGE) == {
        '$formkit': 'select',
        'name': 'value',
        'label': 'Value',
        'value': 'large',
        'options': ['small', 'large'],
    }
    assert type(item(Size, Size.LARGE)['value']) is str
    assert item(Depth, Depth.VERY_DEEP)['options'] == [
        {'label': 'Shallow', 'value': 18},
        {'label': 'Very Deep', 'value': 101},
    ]
    assert item(Literal[320, 640], 640)['options'] == [
        {'label': '320', 'value': 320},
        {'label': '640', 'value': 640},
    ]
    assert item(Odd, Odd.B)['value'] == 'b'
    assert item(list[Size], [Size.SMALL])['value'] == ['small']


def test_bounds() -> None:
    assert item(int, ge=1, le=9, multiple_of=2) == {
        '$formkit': 'number',
        'name': 'value',
        'label': 'Value',
        'required': True,
        'min': 1,
        'max': 9,
        'step': 2,
        'number': True,
    }
    whole = item(int, gt=0, lt=10)
    assert (whole['min'], whole['max']) == (1, 9)
    fraction = item(float, gt=0, lt=1)
    assert (fraction['min'], fraction['max']) == (0, 1)
    inner = item(Annotated[int, Field(ge=1, le=5)] | None, None)
    assert (inner['min'], inner['max']) == (1, 5)


def test_what_is_required() -> None:
    class Model(BaseModel):
        given: int
        with_default: int = 3
        may_be_none: int | None = None
        yes_or_no: bool = False

    def required(**kwargs: Any) -> list[str]:
        return [found['name'] for found in form_of(Model, **kwargs).items if found.get('required')]

    assert required() == ['given']
    assert required(all_required=True) == ['given', 'with_default']


def test_what_is_kept_out() -> None:
    class Model(BaseModel):
        shown: int = 1
        hidden: int = Field(2, json_schema_extra={'exclude_from_ui': True})
        elsewhere: int = 3

    form = form_of(Model, leave_out={'elsewhere'})
    assert [found['name'] for found in form.items] == ['shown']
    assert form.hidden == {'hidden'}

    class Secret(Model):
        model_config = ConfigDict(json_schema_extra={'exclude_from_ui': True})

    assert form_of(Secret).items == []


def test_defaults_that_json_does_not_know_are_left_out() -> None:
    assert 'value' not in item(float, float('nan'))
    assert 'value' not in item(float, float('inf'))
    assert 'value' not in item(SecretStr, SecretStr('geheim'))
    assert 'geheim' not in json.dumps(item(SecretStr, SecretStr('geheim')))
    assert 'value' not in item(str, None)


def test_the_name_is_what_the_parameter_is_given_by() -> None:
    assert item(int, 1, alias='lambda')['name'] == 'lambda'


@pytest.fixture(scope='module')
def theirs() -> Any:
    if importlib.util.find_spec('synapse_sdk') is None:
        pytest.skip(
            'synapse-sdk is not installed: `pip install synapse-sdk` (Python 3.12 or later) to test with it'
        )
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        from synapse_sdk.plugins.utils import pydantic_to_ui_schema
    return pydantic_to_ui_schema


def test_plain_parameters_get_the_form_that_theirs_makes(theirs: Any) -> None:
    class Model(BaseModel):
        epochs: int = Field(default=10, ge=1, le=1000, description='Number of epochs')
        rate: float = Field(default=0.1, gt=0, le=1)
        steps: int = Field(multiple_of=8)
        name: str = 'x'
        title: str | None = None
        flag: bool = True
        kind: str = Field(
            'b', json_schema_extra={'formkit': 'select', 'options': ['a', 'b'], 'help': 'which'}
        )
        학습률: float = 0.5

    assert form_of(Model).items == theirs(Model)
