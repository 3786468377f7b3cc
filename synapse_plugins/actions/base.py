"""The class that actions are written from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, NoBackendError, ParamsError, suggestion
from ..steps import BaseStepContext, Orchestrator, StepRegistry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

__all__ = ['ActionContext', 'BaseAction', 'NoParams', 'NoResult', 'P', 'params_error']

P = TypeVar('P', bound=BaseModel)


class NoParams(BaseModel):
    """The parameters of an action that has none."""


class NoResult:
    """Stands for "no result model"."""

    @classmethod
    def model_validate(cls, result: Any) -> Any:
        """Accept any result: other packages' executors ask every `result_model`."""
        return result


@dataclass
class ActionContext(BaseStepContext):
    """What the steps of an action share.

    Attributes:
        params: The action's parameters as plain data; steps do not change them.
        typed_params: The same as the validated pydantic model.
    """

    params: dict[str, Any] = field(default_factory=dict)
    typed_params: Any = None

    @property
    def work_dir(self) -> Path:
        """A folder for the run's own files; it lives as long as the run's record.

        A run that has no record gets a temporary folder.
        """
        return work_dir_of(self.runtime_ctx)


class BaseAction(Generic[P]):
    """What a user runs: parameters in, steps wired, result out.

    A subclass names its parameters as the generic argument and gives either `setup_steps`, for an action made
    of steps, or `execute`, for a simple one.

    Attributes:
        action_name: The name by which it is run; the configuration's name where it is None.
        category: The platform's category of the plugin.
        input_type: What kind of data it takes.
        output_type: What kind of data it makes.
        params_model: The pydantic model of the parameters; by default the generic argument.
        result_model: A pydantic model of the result; a result that does not fit it is warned of.
        params: The validated parameters.
        ctx: The runtime context: logger, client, job.
    """

    action_name: ClassVar[str | None] = None
    category: ClassVar[Any] = None
    input_type: ClassVar[Any] = None
    output_type: ClassVar[Any] = None
    params_model: ClassVar[type[BaseModel]] = NoParams
    result_model: ClassVar[type[Any]] = NoResult

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the parameters' model from the generic argument."""
        super().__init_subclass__(**kwargs)
        if 'params_model' in cls.__dict__:
            return
        for base in cls.__dict__.get('__orig_bases__', ()):
            origin = get_origin(base)
            if not (isinstance(origin, type) and issubclass(origin, BaseAction)):
                continue
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, BaseModel):
                    # BaseModel itself stands for "no parameters"; pydantic makes no instance of it.
                    cls.params_model = NoParams if argument is BaseModel else argument
                    return

    def __init__(self, params: P, ctx: Any) -> None:
        self.params = params
        self.ctx = ctx
        self._registry: StepRegistry[Any] | None = None

    # -- the way in -----------------------------------------------------------------------------------

    @classmethod
    def params_model_for(cls, params: Mapping[str, Any]) -> type[BaseModel]:  # noqa: ARG003 - for subclasses
        """Return the model that validates *params*; an action may extend it by what its providers take."""
        return cls.params_model

    @classmethod
    def from_params(cls, params: Mapping[str, Any], ctx: Any, *, name: str | None = None) -> Self:
        """Validate *params* and make the action; *name* is the one it was asked for by, for messages.

        Raises:
            ParamsError: If they are wrong; a `ValueError` that says which, and why.
        """
        model = cls.params_model_for(params)
        try:
            validated = model.model_validate(dict(params), context={'client': getattr(ctx, 'client', None)})
        except ValidationError as exc:
            raise params_error(name or cls.action_name or cls.__name__, exc, model) from exc
        _tell_dropped(params, model, ctx)
        return cls(validated, ctx)  # type: ignore[arg-type]  # the model is P, or a subclass of it

    @classmethod
    def dispatch(cls, params: dict[str, Any], ctx: Any) -> Any:
        """Validate *params*, make the action and run it: what executors call.

        Raises:
            ParamsError: If the parameters are wrong.
        """
        return cls.from_params(params, ctx).run()

    def run(self) -> Any:
        """Run the steps that `setup_steps` registers; without any, run `execute`."""
        registry = self.build_registry()
        if not registry:
            return self.execute()
        context = self.create_context()
        return {**self.run_steps(registry, context), **self.result_of(context)}

    # -- what subclasses give -------------------------------------------------------------------------

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work of an action without steps.

        It is called without arguments; the `execute` of a train action gets ``(data_path, checkpoint)``.
        """
        raise NotImplementedError(
            f'{type(self).__name__} has neither steps nor an execute(): register steps in setup_steps(registry), '
            'or write execute().'
        )

    def setup_steps(self, registry: StepRegistry[Any]) -> None:
        """Register the steps of the action; none by default."""

    def create_context(self) -> Any:
        """Make what the steps share."""
        return ActionContext(self.ctx, params=self.params.model_dump(), typed_params=self.params)

    def result_of(self, context: Any) -> dict[str, Any]:
        """Return what joins the orchestrator's result, read from the context after the last step."""
        return {}

    # -- steps ----------------------------------------------------------------------------------------

    def build_registry(self) -> StepRegistry[Any]:
        """Return the steps that `setup_steps` registers, asked once; nothing is run."""
        if self._registry is None:
            registry: StepRegistry[Any] = StepRegistry()
            self.setup_steps(registry)
            self._registry = registry
        return self._registry

    def run_steps(self, registry: StepRegistry[Any], context: Any) -> dict[str, Any]:
        """Run the steps with the journal and the observers of the runtime context."""
        return Orchestrator(
            registry,
            context,
            journal=getattr(self.ctx, 'journal', None),
            observers=getattr(self.ctx, 'observers', None) or (),
        ).execute()

    @property
    def work_dir(self) -> Path:
        """A folder for the run's own files, e.g. the weights; it lives as long as the run's record.

        A run that has no record gets a temporary folder.
        """
        return work_dir_of(self.ctx)

    # -- reporting ------------------------------------------------------------------------------------

    @property
    def logger(self) -> Any:
        """The runtime context's logger."""
        return self.ctx.logger

    @property
    def client(self) -> Any:
        """The backend of this run.

        Raises:
            NoBackendError: If the run has none.
        """
        client = getattr(self.ctx, 'client', None)
        if client is None:
            raise NoBackendError(
                f'{type(self).__name__} has no backend. Give it one: '
                "RuntimeContext(client=synapse_plugins.backends.open('local')), or start it with "
                '`synapse-plugins run`.'
            )
        return client

    def log(self, event: str, data: dict[str, Any], file: str | None = None) -> None:
        """Report an event, with the path of a file that belongs to it if there is one."""
        self.ctx.log(event, data, file)

    def set_progress(
        self, current: int, total: int, step: str | None = None, *, category: str | None = None
    ) -> None:
        """Report progress of *step*, or of the whole run; *category* is an older name of *step*."""
        self.ctx.set_progress(current, total, step if step is not None else category)

    def set_metrics(self, value: dict[str, Any], step: str) -> None:
        """Report metrics of *step*."""
        self.ctx.set_metrics(value, step)

    def log_metric(self, category: str, key: str, value: float, **metrics: Any) -> None:
        """Report metrics at a point, e.g. ``log_metric('train', 'epoch', 3, loss=0.1)``."""
        self.ctx.log_metric(category, key, value, **metrics)

    def log_visualization(self, category: str, group: str, index: int, image_path: str, **meta: Any) -> None:
        """Report a picture."""
        self.ctx.log_visualization(category, group, index, image_path, **meta)

    def log_message(self, message: Any, level: Any = None, **kwargs: Any) -> None:
        """Report a message that a person reads."""
        if level is None:
            self.ctx.log_message(message, **kwargs)
        else:
            self.ctx.log_message(message, level, **kwargs)

    @classmethod
    def get_log_message_code_class(cls) -> Any:
        """Return the enumeration of the plugin's own message codes, for plugins that have one."""
        raise NotImplementedError(f'{cls.__name__} has no message codes of its own.')


def work_dir_of(ctx: Any) -> Path:
    """Return the folder for the own files of a run; where the runtime has none, a temporary one, made once."""
    folder = getattr(ctx, 'work_dir', None)
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix='synapse-plugins-'))
        if ctx is not None:
            ctx.work_dir = folder
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)


def params_error(action: str, error: ValidationError, model: type[BaseModel]) -> ParamsError:
    """Turn pydantic's report into one line a parameter: which, why, and what was meant perhaps."""
    known = list(model.model_fields)
    lines = []
    for problem in error.errors(include_url=False):
        name = '.'.join(map(str, problem['loc']))
        message = problem['msg'].removeprefix('Value error, ')
        if problem['type'] == 'extra_forbidden':
            message = f'there is no such parameter. {suggestion(name, known)}'.rstrip()
        elif problem['type'] == 'missing':
            message = f'it is required; add  -p {name}=VALUE'
        elif name:
            message = f'{message} (it is {problem["input"]!r})'
        lines.append(f'{name}: {message}' if name else message)
    return ParamsError(f'The parameters of {action} are wrong. ' + '; '.join(lines))


def _tell_dropped(params: Mapping[str, Any], model: type[BaseModel], ctx: Any) -> None:
    """Warn of parameters that the model leaves out.

    `synapse-plugins run` has refused them before. The platform may send more than an action declares, and the vendor's
    actions drop that, so a job does not fail by it here either; but it is told.
    """
    fields = model.model_fields
    known = set(fields) | {field.alias for field in fields.values() if field.alias is not None}
    unknown = sorted(map(str, set(params) - known))
    if not unknown or model.model_config.get('extra') == 'allow' or not hasattr(ctx, 'log_message'):
        return
    told = ' '.join(f'{name}: {suggestion(name, known)}'.rstrip() for name in unknown)
    further = ' What is for code of your own goes into extra_params.' if 'extra_params' in fields else ''
    ctx.log_message(f'Parameters that nothing reads are left out. {told}{further}', 'warning')


def check_action_class(found: Any, reference: str) -> None:
    """Refuse what is not an action.

    Raises:
        ConfigError: If *found* has no `dispatch`.
    """
    if not callable(getattr(found, 'dispatch', None)):
        raise ConfigError(
            f'{reference} is not an action: it has no dispatch(params, ctx). '
            'Make it a subclass of synapse_plugins.BaseAction, BaseTrainAction, BaseExportAction or BaseUploadAction.'
        )
