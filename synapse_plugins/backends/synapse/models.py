"""Models: sent in chunks, fetched to the cache."""

from __future__ import annotations

import re
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ParamsError, RequestError, suggestion
from ...store import file_digest
from ...store.archive import pack_folder
from ..names import safe_file_name
from .chunked import ChunkedUpload
from .fetching import fetch_once
from .part import SLOW, ClientPart, checked_fields, path_id
from .transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ['Models']

_FIELDS = (
    'name', 'file', 'category', 'configuration', 'metrics', 'description', 'checkpoint', 'plugin', 'version',
    'chunked_upload',
)  # fmt: skip
_CHANGEABLE = ('configuration', 'metrics', 'description', 'category')
_FILTERS = ('category', 'name', 'search')


class Models(ClientPart):
    """Models."""

    def create_model(
        self,
        data: Mapping[str, Any],
        *,
        file: str | Path | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> dict[str, Any]:
        """Register a model, see `synapse_plugins.backends.Backend`.

        Its file goes in chunks; a call that was cut short goes on where it was, in another process too. A folder is
        packed into a zip archive first. `metrics` become part of the configuration, where the platform keeps them.

        Args:
            data: What is known of it.
            file: Its file or folder, unless *data* says it.
            progress: Called with the bytes that the server has, and how many there are.

        Raises:
            ParamsError: If something is missing, unknown, or not there.
            RequestError: If the server refuses it; a name that is taken, for example.
        """
        given = checked_fields({**data, **({} if file is None else {'file': file})}, _FIELDS, 'model')
        if not str(given.get('name') or '').strip():
            raise ParamsError("A model needs a name: create_model({'name': ..., 'file': path}).")
        source = given.pop('file', None)
        metrics = given.pop('metrics', None)
        if metrics:
            given['configuration'] = {'metrics': metrics, **(given.get('configuration') or {})}
        if 'chunked_upload' not in given:
            given['chunked_upload'] = self._upload(source, progress)
        look = self._look_for(given)
        model: dict[str, Any] = self.transport.ask(
            Request('POST', 'models/', json=given, timeout=SLOW, look=look)
        )
        return model

    def _upload(self, source: Any, progress: Callable[[int, int], object] | None) -> Any:
        """Send the file of a model, and return the id of the upload."""
        if source is None:
            raise ParamsError("A model needs a file: create_model({'name': ..., 'file': path}).")
        path = Path(source).expanduser()
        if not path.exists():
            raise ParamsError(f'The file of the model, {path}, does not exist.')
        if not path.is_file() and not path.is_dir():
            raise ParamsError(f'The file of the model, {path}, is neither a file nor a folder.')
        notes = self._cache_root / 'uploads'
        if not path.is_dir():
            return ChunkedUpload(self.transport, path, notes=notes, progress=progress).run()['id']
        with tempfile.TemporaryDirectory(prefix='model-') as folder:
            packed = pack_folder(path, Path(folder) / f'{path.name}.zip')
            # The same content packs to the same archive, elsewhere each time.
            content = file_digest(packed)[0]
            upload = ChunkedUpload(self.transport, packed, notes=notes, content=content, progress=progress)
            return upload.run()['id']

    def _look_for(self, given: Mapping[str, Any]) -> Callable[[], dict[str, Any] | None] | None:
        """Return what looks for a model whose registration was not answered; None where that cannot be told.

        One that had the name before is not it. A server may put a number behind a name that is taken.
        """
        name = re.compile(rf'{re.escape(str(given["name"]))}(-\d+)?')

        def named() -> list[dict[str, Any]]:
            return [dict(model) for model in self._all() if name.fullmatch(str(model.get('name')))]

        try:
            before = {model['id'] for model in named()}
        except RequestError:
            return None

        def look() -> dict[str, Any] | None:
            wanted = given.get('configuration') or {}
            new = [model for model in named() if model['id'] not in before]
            return next((model for model in new if (model.get('configuration') or {}) == wanted), None)

        return look

    def get_model(
        self,
        model_id: int | str,
        *,
        params: Mapping[str, Any] | None = None,
        url_conversion: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a model; `file` is the path of its file in the cache, fetched unless it is there.

        Raises:
            NotFoundError: If there is none.
            BackendError: If its file cannot be had whole.
        """
        model = self.describe_model(model_id, params=params)
        if url := model.get('file'):
            model.setdefault('file_name', str(url).partition('?')[0].rpartition('/')[2])
            model['file'] = str(self._fetched_model(model, str(url)))
        return model

    def describe_model(
        self, model_id: int | str, *, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what is known of a model; its file is not fetched, and `file` is an address."""
        wanted = self.resolve_model(model_id)
        model: dict[str, Any] = self.transport.get(f'models/{path_id(wanted, "model")}/', params)
        return model

    def _fetched_model(self, model: Mapping[str, Any], url: str) -> Path:
        size, checksum = model.get('size'), model.get('checksum')
        # The same address without its signature is the same file; a checksum tells better.
        what = f'{self.transport.url}\n{model["id"]}\n{checksum or url.partition("?")[0]}'
        folder = self._cache_root / 'models' / sha256(what.encode()).hexdigest()[:32]
        target = folder / safe_file_name(str(model['file_name']), 'model')

        def renew() -> str:
            return str(self.describe_model(model['id'])['file'])

        return fetch_once(self.transport, url, target, size=size, checksum=checksum, renew=renew)

    def list_models(self, params: Mapping[str, Any] | None = None, *, list_all: bool = False) -> Any:
        """Return models; their files are not fetched, and `file` is an address."""
        return self._listing('models/', params, _FILTERS, list_all=list_all)

    def update_model(self, model_id: int | str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is known of a model.

        Args:
            model_id: Its id or name.
            data: ``description``, ``category``; of ``configuration`` and ``metrics`` the entries that change.
        """
        changes = checked_fields(data, _CHANGEABLE, 'model that can change')
        model = self.describe_model(model_id)
        for key in ('configuration', 'metrics'):
            if key in changes:
                changes[key] = {**(model.get(key) or {}), **changes[key]}
        changed: dict[str, Any] = self.transport.ask(Request('PATCH', f'models/{model["id"]}/', json=changes))
        return changed

    def add_evaluation(self, model_id: int | str, evaluation: Mapping[str, Any]) -> dict[str, Any]:
        """Add the figures of an evaluation to those kept with a model, under ``evaluations`` of its configuration."""
        known = (self.describe_model(model_id).get('configuration') or {}).get('evaluations') or []
        others = [other for other in known if other.get('run') != evaluation.get('run')]
        return self.update_model(model_id, {'configuration': {'evaluations': [*others, dict(evaluation)]}})

    def delete_model(self, model_id: int) -> None:
        """Remove a model.

        Raises:
            NotFoundError: If there is none.
        """
        self.transport.ask(Request('DELETE', f'models/{path_id(model_id, "model")}/'))

    def remove_model(self, ref: int | str) -> str:
        """Remove a model by id or name, and return its name.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        model = self.describe_model(ref)
        self.delete_model(model['id'])
        return str(model.get('name'))

    def resolve_model(self, ref: int | str) -> int:
        """Return the id of the model that an id (digits always are one) or a name means.

        Raises:
            NotFoundError: If there is none, with close matches.
        """
        text = str(ref).strip()
        if text.isdecimal():
            return int(text)
        names: list[str] = []
        for model in self._all():
            names.append(str(model.get('name')))
            if names[-1] == text:
                return int(model['id'])
        raise NotFoundError(
            f'There is no model {text!r} at {self.transport.url}. {suggestion(text, names)}'.rstrip()
        )

    def _all(self) -> Any:
        return self.list_models({'page_size': 100}, list_all=True)[0]
