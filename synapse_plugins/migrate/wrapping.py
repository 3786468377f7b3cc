"""Writes the action class that calls a plain function or class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['NotWrapped', 'Wrapped', 'wrap']

_TEMPLATE = '''

class {params_name}(BaseModel):
    """Parameters of the action `{action}`."""

{body}

class {class_name}(BaseAction[{params_name}]):
    """Runs `{target}`."""

    action_name = {action!r}

    def execute(self) -> Any:
        """Call it with the parameters."""
{call}
'''


class NotWrapped(Exception):  # noqa: N818 - says what it is, and never leaves this package
    """Something that is no action and cannot be made one without its author."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Wrapped:
    """A module with an action class more.

    Attributes:
        content: The module.
        class_name: The class.
    """

    content: bytes
    class_name: str


@dataclass(frozen=True)
class _Field:
    name: str
    annotation: str
    default: str | None

    def __str__(self) -> str:
        end = '' if self.default is None else f' = {self.default}'
        return f'    {self.name}: {self.annotation}{end}\n'


def wrap(content: bytes, action: str, target: str) -> Wrapped | None:
    """Return the module with an action class that calls *target*; None if that is no plain function or class.

    Raises:
        NotWrapped: If it is one, but how to call it cannot be told.
    """
    try:
        wrapper = MetadataWrapper(cst.parse_module(content))
    except cst.ParserSyntaxError:
        return None
    definition = next(
        (
            node
            for node in wrapper.module.body
            if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.name.value == target
        ),
        None,
    )
    if definition is None or (isinstance(definition, cst.ClassDef) and _bases(definition)):
        return None
    position: Any = wrapper.resolve(PositionProvider)[definition.name]
    words = action.replace('-', '_').replace('.', '_').split('_')
    stem = ''.join(word.title() for word in words)
    class_name, params_name = f'{stem}Action', f'{stem}Params'
    if not class_name.isidentifier() or _defines(wrapper.module, class_name, params_name):
        told = f'write an action class that calls it; {class_name} cannot be its name'
        raise NotWrapped(told, position.start.line)
    try:
        fields, call, keeps_others = _plan(definition)
    except NotWrapped as exc:
        raise NotWrapped(str(exc), position.start.line) from exc
    body = ''.join(map(str, fields))
    if keeps_others:
        body = "    model_config = ConfigDict(extra='allow', protected_namespaces=())\n" + (
            f'\n{body}' if body else ''
        )
    text = _TEMPLATE.format(
        class_name=class_name, params_name=params_name, action=action, target=target, body=body, call=call
    )
    return Wrapped(_with_class(wrapper.module, text, keeps_others), class_name)


def _with_class(module: cst.Module, text: str, keeps_others: bool) -> bytes:
    """Return the module with a class at its end and the imports that it needs."""
    added = cst.parse_module(text, config=module.config_for_parsing)
    first = added.body[0].with_changes(leading_lines=[cst.EmptyLine(indent=False)] * 2)
    changed = module.with_changes(body=[*module.body, first, *added.body[1:]], has_trailing_newline=True)
    context = CodemodContext()
    needed = [('typing', 'Any'), ('pydantic', 'BaseModel'), ('synapse_plugins', 'BaseAction')]
    for source, name in [*needed, *([('pydantic', 'ConfigDict')] if keeps_others else [])]:
        AddImportsVisitor.add_needed_import(context, source, name)
    return AddImportsVisitor(context).transform_module(changed).bytes


def _plan(definition: cst.FunctionDef | cst.ClassDef) -> tuple[list[_Field], str, bool]:
    """Return the parameters, the lines of the call, and whether further parameters are passed on."""
    if definition.decorators:
        raise NotWrapped('it is decorated; write an action class that calls it')
    if isinstance(definition, cst.FunctionDef):
        fields, others = _parameters(definition)
        arguments = '**self.params.model_dump()' if fields or others else ''
        return fields, f'        return {definition.name.value}({arguments})', others
    return _plan_class(definition)


def _plan_class(definition: cst.ClassDef) -> tuple[list[_Field], str, bool]:
    methods = [node for node in definition.body.body if isinstance(node, cst.FunctionDef)]
    public = [node for node in methods if not node.name.value.startswith('_') and not node.decorators]
    if len(public) != 1:
        raise NotWrapped('it does not have one public method; write an action class that calls it')
    made_by = next((node for node in methods if node.name.value == '__init__'), None)
    options, others = ([], False) if made_by is None else _parameters(made_by, method=True)
    values, more = _parameters(public[0], method=True)
    if more or {field.name for field in options} & {field.name for field in values}:
        raise NotWrapped('which parameters are whose cannot be told; write an action class that calls it')
    names = [field.name for field in values]
    given = ', '.join(f'{name}=self.params.{name}' for name in names)
    name, method = definition.name.value, public[0].name.value
    if not options and not others:
        return values, f'        return {name}().{method}({given})', False
    exclude = f'exclude={set(names)!r}' if len(names) < 2 else f'exclude={{{", ".join(map(repr, names))}}}'
    lines = [
        f'        options = self.params.model_dump({exclude if names else ""})',
        f'        return {name}(**options).{method}({given})',
    ]
    return [*values, *options], '\n'.join(lines), others


def _parameters(function: cst.FunctionDef, *, method: bool = False) -> tuple[list[_Field], bool]:
    """Return the parameters of a function, those it takes out of its ``**kwargs`` too, and whether it has such."""
    if function.asynchronous is not None:
        raise NotWrapped('it is asynchronous; write an action class that awaits it')
    listed = function.params
    if isinstance(listed.star_arg, cst.Param) or listed.posonly_params:
        raise NotWrapped('it takes parameters by their place; write an action class that calls it')
    plain = [*listed.params[1 if method else 0 :], *listed.kwonly_params]
    fields = [_field(parameter) for parameter in plain]
    if listed.star_kwarg is not None:
        known = {field.name for field in fields}
        fields += [
            field for field in _taken_out(function, listed.star_kwarg.name.value) if field.name not in known
        ]
    if any(field.name.startswith('_') for field in fields):
        raise NotWrapped(
            'a parameter has a name with a leading underscore; write an action class that calls it'
        )
    # Those without a default come first, as pydantic allows any order and people expect this one.
    return sorted(fields, key=lambda field: field.default is not None), listed.star_kwarg is not None


def _field(parameter: cst.Param) -> _Field:
    code = cst.Module([]).code_for_node
    annotation = 'Any' if parameter.annotation is None else code(parameter.annotation.annotation)
    return _Field(
        parameter.name.value, annotation, None if parameter.default is None else code(parameter.default)
    )


def _taken_out(function: cst.FunctionDef, kwargs: str) -> Sequence[_Field]:
    """Return what a function takes out of its keyword arguments: ``kwargs.get('name', default)``."""
    gets = m.findall(function, m.Call(func=m.Attribute(m.Name(kwargs), m.Name('get') | m.Name('pop'))))
    fields: dict[str, _Field] = {}
    for call in gets:
        assert isinstance(call, cst.Call)
        if not call.args or not isinstance(call.args[0].value, cst.SimpleString):
            continue
        name = call.args[0].value.evaluated_value
        default = call.args[1].value if len(call.args) > 1 else cst.Name('None')
        if isinstance(name, str) and name.isidentifier() and name not in fields and _is_literal(default):
            fields[name] = _Field(name, _type_of(default), cst.Module([]).code_for_node(default))
    return list(fields.values())


def _is_literal(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.SimpleString | cst.Integer | cst.Float) or m.matches(
        value, m.Name('True') | m.Name('False') | m.Name('None')
    )


def _type_of(value: cst.BaseExpression) -> str:
    if m.matches(value, m.Name('True') | m.Name('False')):
        return 'bool'
    if isinstance(value, cst.SimpleString):
        return 'str'
    return {'Integer': 'int', 'Float': 'float'}.get(type(value).__name__, 'Any')


def _bases(definition: cst.ClassDef) -> bool:
    return any(not m.matches(argument.value, m.Name('object')) for argument in definition.bases)


def _defines(module: cst.Module, *names: str) -> bool:
    return any(m.findall(module, m.Name(name)) for name in names)
