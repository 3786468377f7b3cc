"""What happens before a run: find the action, resolve names to ids, check every parameter.

Nothing is changed here, so that bad input leaves no trace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..actions.importable import add_folder, make_importable
from ..actions.project import load_action_class, read_project
from ..context import RuntimeContext
from ..errors import DatasetError, NotFoundError, ParamsError, UnknownNameError, suggestion
from ..packs import get_manager
from ..providers import resolve
from .namesakes import meant_by, registered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..actions.project import PluginProject
    from ..packs import PackManager

__all__ = ['FoundAction', 'Prepared', 'find_action', 'list_actions', 'prepare', 'resolve_names']

_ANY_ID = 1
"""Stands for an id that is not known yet, where parameters are only checked."""


@dataclass(frozen=True)
class FoundAction:
    """An action by its name.

    Attributes:
        name: What the user typed.
        cls: The class.
        defaults: Parameters that the name sets.
        origin: Where it comes from: a distribution, a project, or an import path.
    """

    name: str
    cls: Any
    defaults: Mapping[str, Any]
    origin: str


@dataclass
class Prepared:
    """An action that is ready to run; nothing was changed to make it so.

    Attributes:
        found: The action.
        params: Its parameters, names resolved to ids.
        action: The instance; None for an action on the vendor's class, which makes its own.
        ctx: The runtime context.
        dataset: What the backend says of the dataset, if there is one.
        folder: The folder that was given as the dataset, if it has yet to be registered.
        notes: What to tell of the dataset before the work starts, each with its level.
    """

    found: FoundAction
    params: dict[str, Any]
    action: Any
    ctx: RuntimeContext
    dataset: dict[str, Any] | None
    folder: Path | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)

    def complete_params(self) -> dict[str, Any]:
        """Return the parameters with their defaults, as plain data."""
        if self.action is None:
            return dict(self.params)
        complete: dict[str, Any] = self.action.params.model_dump(mode='json')
        return complete if self.folder is None else {**complete, 'dataset': str(self.folder)}

    def register_folder(self) -> None:
        """Register the folder that was given as the dataset; after this the action knows it by its id."""
        if self.folder is None:
            return
        client, expected = self.ctx.client, self.dataset or {}
        self.params['dataset'] = client.resolve_dataset(str(self.folder))
        self.dataset = client.get_ground_truth_version(self.params['dataset'])
        if note := registered(self.folder, expected, self.dataset):
            self.notes.append((note, 'info'))
        self.folder = None
        if self.action is not None:
            self.action = _make(self.found, self.params, self.ctx)


def prepare(
    name: str,
    params: Mapping[str, Any],
    *,
    client: Any,
    plugin: str | Path | None = None,
    cache_dir: Path | None = None,
) -> Prepared:
    """Find an action and check that it can run with these parameters.

    Args:
        name: An action of the project in *plugin*, of a pack, or an import path ``pkg.mod:Class``.
        params: The parameters; `dataset` and `checkpoint` may be names.
        client: The backend.
        plugin: Folder of the plugin project; None: the current one.
        cache_dir: Where steps keep what can be made again.

    Raises:
        UnknownNameError: If there is no such action, format or provider.
        NotFoundError: If there is no such dataset or checkpoint.
        RequestError: If the backend is a server that does not answer, or does not take the token.
        ParamsError: If a parameter is unknown or wrong.
        ProviderError: If a role has no provider, or several.
        MissingExtraError: If a module that is needed is not installed.
        DatasetError: If nothing in the dataset is annotated and it is to be trained on.
    """
    packs = get_manager()
    found = find_action(name, plugin, packs)
    ctx = RuntimeContext(client=client, packs=packs, cache_dir=cache_dir, observers=tuple(packs.observers()))
    given = {**found.defaults, **params}
    is_ours = not is_vendor_action(found.cls)
    if is_ours:
        check_names(found, given)
        _make(found, {**given, **dict.fromkeys(_named(given), _ANY_ID)}, None)
    if hasattr(client, 'check'):  # a server: better known now than after the training
        client.check()
    meant = meant_by(given.get('dataset'), client)
    resolved, folder = resolve_names(
        {**given, 'dataset': str(meant.folder)} if meant.folder else given, client
    )
    action = _make(found, resolved, ctx) if is_ours else None
    dataset = None
    if resolved.get('dataset') is not None:
        dataset = (
            client.inspect_folder(folder) if folder else client.get_ground_truth_version(resolved['dataset'])
        )
        _check_annotated(action, dataset)
    notes = [(meant.note, 'warning' if meant.is_warning else 'info')] if meant.note else []
    return Prepared(found, resolved, action, ctx, dataset, folder, notes)


def _make(found: FoundAction, params: Mapping[str, Any], ctx: RuntimeContext | None) -> Any:
    """Make the action, and with a context wire its steps, so that all that can be refused is refused."""
    action = found.cls.from_params(params, ctx, name=found.name)
    if ctx is not None:
        action.build_registry()
    return action


def _check_annotated(action: Any, dataset: Mapping[str, Any]) -> None:
    """Refuse a dataset in which nothing is annotated where it would be converted to train on it.

    Raises:
        DatasetError: Before any data moves; the conversion would say so later.
    """
    if action is None or dataset.get('classes') != []:
        return
    claims = [claim for step in action.build_registry() if (claim := getattr(step, 'claim', None))]
    if any(claim.provider.role == 'dataset.convert' for claim in claims):
        raise DatasetError(
            f'{dataset.get("name") or "The dataset"} has {dataset.get("count")} pictures and no annotations, so that '
            'nothing can be trained on it. Annotate it and import it again, or choose another dataset.'
        )


def _named(params: Mapping[str, Any]) -> list[str]:
    """Return the parameters that hold a name where an id is meant."""
    return [name for name in ('dataset', 'checkpoint') if isinstance(params.get(name), str | Path)]


def find_action(name: str, plugin: str | Path | None, packs: PackManager) -> FoundAction:
    """Return the action of this name: an import path, the project's own, else a pack's.

    Raises:
        UnknownNameError: If there is none.
        PackConflictError: If two packs claim the name.
    """
    project = _project(plugin, packs)
    if project is not None and name in project.actions:
        cls = load_action_class(project.actions[name])
        if getattr(cls, 'action_name', None) is None:
            cls.action_name = name
        return FoundAction(name, cls, {}, f'{project.name} ({project.root})')
    if ':' in name:
        if project is None:  # no project, but a module of this folder may be meant all the same
            add_folder(Path(plugin or '.').resolve())
        return FoundAction(name, load_action_class(name), {}, name)
    try:
        claim = packs.action(name)
    except UnknownNameError as exc:
        known = [*(project.actions if project else ()), *(claim.provider.name for claim in packs.actions())]
        hint = packs.who_brings('actions', name) or (
            'See `synapse-plugins actions`; run a class of your own as `synapse-plugins run package.module:Class`.'
        )
        raise UnknownNameError('action', name, known, hint) from exc
    return FoundAction(name, resolve(claim.provider.action), claim.provider.defaults, claim.pack.origin)


def list_actions(plugin: str | Path | None = None) -> list[dict[str, Any]]:
    """Return every action that can be run here by name: `name`, `origin`, `summary`, `action` (a reference)."""
    packs = get_manager()
    project = _project(plugin, packs)
    rows: list[dict[str, Any]] = []
    if project is not None:
        origin = f'{project.name} (this project)'
        rows.extend(
            {'name': name, 'origin': origin, 'summary': '', 'action': reference}
            for name, reference in project.actions.items()
        )
    rows.extend(
        {
            'name': claim.provider.name,
            'origin': claim.pack.origin,
            'summary': claim.provider.summary,
            'action': claim.provider.action,
        }
        for claim in packs.actions()
    )
    return rows


def check_names(found: FoundAction, params: Mapping[str, Any]) -> None:
    """Refuse parameters that nothing reads.

    A provider's model that allows further names checks them itself.

    Raises:
        ParamsError: Naming each, with close matches.
    """
    model = found.cls.params_model_for(params)
    known = set(model.model_fields) | {
        field.alias for field in model.model_fields.values() if field.alias is not None
    }
    unknown = sorted(set(params) - known)
    if not unknown or _checks_names_itself(model):
        return
    told = ' '.join(f'{name}: {suggestion(name, known)}'.rstrip() for name in unknown)
    raise ParamsError(
        f'{found.name} has no parameter {", ".join(map(repr, unknown))}. {told} '
        f'See `synapse-plugins actions {found.name}`.'
    )


def is_vendor_action(cls: Any) -> bool:
    """Tell whether an action is still based on the vendor's class."""
    return any(base.__module__.partition('.')[0] == 'synapse_sdk' for base in getattr(cls, '__mro__', ()))


def _checks_names_itself(model: Any) -> bool:
    """Tell whether a model allows further names, other than by being a `BaseTrainParams`, which always does."""
    from ..actions.train import BaseTrainParams

    return any(
        getattr(base, 'model_config', {}).get('extra') == 'allow'
        for base in model.__mro__
        if not issubclass(base, BaseTrainParams) and base is not BaseTrainParams
    )


def resolve_names(params: Mapping[str, Any], client: Any) -> tuple[dict[str, Any], Path | None]:
    """Turn the names of a dataset and a checkpoint into their ids; digits are an id already.

    Returns:
        The parameters, and the folder if that is what the dataset is and the backend does not know it: nothing
        is registered here, and any id stands in for it.

    Raises:
        ParamsError: If one is neither an id nor a name, or the backend knows no names.
        NotFoundError: If there is none of that name.
    """
    resolved = dict(params)
    for parameter in ('checkpoint', 'dataset'):
        if isinstance(params.get(parameter), bool | float):
            raise ParamsError(f'{parameter}={params[parameter]!r} is neither an id nor a name.')
    if resolved.get('checkpoint') is not None:
        resolved['checkpoint'] = _ask(client, 'resolve_model', 'checkpoint', resolved['checkpoint'])
    reference = resolved.get('dataset')
    if reference is None:
        return resolved, None
    try:
        resolved['dataset'] = _ask(client, 'resolve_dataset', 'dataset', reference, register_folder=False)
    except NotFoundError:
        folder = Path(str(reference)).expanduser()
        if isinstance(reference, int) or str(reference).isdecimal() or not folder.is_dir():
            raise
        return {**resolved, 'dataset': _ANY_ID}, folder.resolve()
    return resolved, None


def _ask(client: Any, method: str, parameter: str, reference: Any, **options: Any) -> int:
    resolver = getattr(client, method, None)
    if resolver is not None:
        return int(resolver(reference, **options))
    if isinstance(reference, int) or str(reference).isdecimal():
        return int(reference)
    raise ParamsError(f'{parameter}={reference!r}: this backend knows its id only; give the number.')


def _project(plugin: str | Path | None, packs: PackManager) -> PluginProject | None:
    """Read the project at hand and load the packs that it declares."""
    root = Path(plugin) if plugin is not None else Path.cwd()
    if plugin is not None and not root.is_dir():
        raise ParamsError(f'{root} is not a folder; --plugin names the folder of a plugin project.')
    project = read_project(root.resolve())
    if project is None:
        if plugin is not None:
            raise ParamsError(
                f'{root} is not a plugin project: it has no config.yaml with actions, and no pyproject.toml that '
                'declares a pack or [tool.synapse-plugins.actions].'
            )
        return None
    make_importable(project.root)
    for module in project.packs:
        packs.add_module(module, distribution=project.name, version=project.version)
    return project
