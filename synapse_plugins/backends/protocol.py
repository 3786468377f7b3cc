"""What every backend can do, method by method, as the Synapse client names it.

Results are plain dictionaries with the fields of the platform's REST API (v1), ids are integers. A ``list_``
method returns a page, ``{'count', 'next', 'previous', 'results'}``; with ``list_all=True`` it returns an
iterator over all rows, which asks for them page by page, and how many there are. Filter keys that a backend
does not know are an error: a server would ignore them and answer with everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    Row: TypeAlias = dict[str, Any]
    Rows: TypeAlias = tuple[Iterator[Row], int]
    Params: TypeAlias = Mapping[str, Any]

__all__ = ['Backend']


@runtime_checkable
class Backend(Protocol):
    """A place of datasets, models, jobs and uploaded data."""

    @property
    def name(self) -> str:
        """What a person calls it: ``local``, or the server's address."""

    @property
    def identity(self) -> str:
        """What tells this backend from every other one; part of cache keys, without secrets."""

    # -- ground truth ---------------------------------------------------------------------------------

    def list_ground_truth_events(
        self,
        params: Params | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
    ) -> Row | Rows:
        """Return the events of a dataset version.

        Args:
            params: ``ground_truth_dataset_versions`` (the version's id) and further filters: ``category``
                (``train``, ``validation``, ``test``), ``classes``, ``ids``, ``search`` ...; ``fields`` names
                what is wanted of ``id``, ``pgh_id``, ``category``, ``data``, ``files``.
            url_conversion: Anything true: fetch the files, and give each a ``path`` in place of its ``url``.
            list_all: Return an iterator and a count in place of a page.
            page_size: Rows a page.
        """

    def list_ground_truth_versions(self, params: Params | None = None) -> Row:
        """Return a page of dataset versions; filters: ``ground_truth_dataset``, ``is_archived``."""

    def get_ground_truth_version(self, version_id: int) -> Row:
        """Return one dataset version."""

    # -- models ---------------------------------------------------------------------------------------

    def get_model(
        self,
        model_id: int,
        *,
        params: Params | None = None,
        url_conversion: Mapping[str, Any] | None = None,
    ) -> Row:
        """Return a model; its ``file`` is the path of its file on this machine."""

    def list_models(self, params: Params | None = None, *, list_all: bool = False) -> Row | Rows:
        """Return models."""

    def create_model(self, data: Mapping[str, Any], *, file: str | Path | None = None) -> Row:
        """Register a model.

        Args:
            data: ``name``, and if wanted ``file``, ``description``, ``configuration``, ``checkpoint`` (id of
                the model it was trained from), ``plugin``, ``version``.
            file: Its file or folder, unless *data* says it.
        """

    def delete_model(self, model_id: int) -> None:
        """Remove a model."""

    # -- uploaded data --------------------------------------------------------------------------------

    def get_data_collection(self, collection_id: int) -> Row:
        """Return a data collection with its ``file_specifications``."""

    def list_data_collections(self, params: Params | None = None, *, list_all: bool = False) -> Row | Rows:
        """Return data collections."""

    def create_data_file(
        self,
        file_path: str | Path,
        *,
        use_chunked_upload: bool | None = None,
        read_timeout: int | None = None,
    ) -> Row:
        """Upload a file; the result has its ``id`` and ``checksum``."""

    def create_data_units(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Create data units of uploaded files, all or none.

        Args:
            data: One or several of ``{data_collection, files: {specification: {checksum, path}}, meta?,
                groups?}``.
        """

    def delete_data_file(self, file_id: int) -> None:
        """Remove an uploaded file; one that is not there is no error.

        Raises:
            NeededError: If a data unit needs it.
        """

    def delete_data_unit(self, unit_id: int) -> None:
        """Remove a data unit, not its files; one that is not there is no error."""

    def list_data_units(
        self,
        params: Params | None = None,
        *,
        url_conversion: Mapping[str, Any] | None = None,
        list_all: bool = False,
        page_size: int = 100,
        timeout: int = 60,
    ) -> Row | Rows:
        """Return data units; filter: ``data_collection``."""

    # -- jobs -----------------------------------------------------------------------------------------

    def create_job(self, data: Mapping[str, Any]) -> Row:
        """Create a job: ``action``, ``params``."""

    def get_job(self, job_id: int | str, *, params: Params | None = None) -> Row:
        """Return a job with its status and records."""

    def list_jobs(self, params: Params | None = None) -> Row:
        """Return a page of jobs; filter: ``status``."""

    def update_job(self, job_id: int | str, data: Mapping[str, Any]) -> Row:
        """Change a job: ``status`` (``PENDING``, ``RUNNING``, ``STOPPED``, ``SUCCEEDED``, ``FAILED``),
        ``progress_record``, ``metrics_record``, ``console_logs``, ``result``, ``meta``; each replaces what was.
        """  # noqa: D205

    def create_logs(self, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Add log entries: ``job``, ``event``, ``data``, ``datetime``, and if wanted ``step``, ``level``, ``file``."""

    def list_logs(
        self, params: Params | None = None, *, list_all: bool = False, page_size: int = 100
    ) -> Row | Rows:
        """Return log entries in their order; filters: ``job``, ``event``, ``step``."""
